// A photo from this computer's camera, where there is one and the person agrees.

import { byId, el } from "./dom.js";
import { toast } from "./notices.js";

export async function takePhoto() {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: 1280, height: 960 } });
  } catch {
    toast("No camera here. Choose a photo from a file.");
    return null;
  }
  const dialog = byId("camera");
  const view = byId("camera-view");
  view.srcObject = stream;
  dialog.showModal();
  const taken = await new Promise((resolve) => {
    byId("camera-shot").onclick = () => resolve(true);
    byId("camera-cancel").onclick = () => resolve(false);
    dialog.oncancel = () => resolve(false);
  });
  const photo = taken ? await still(view) : null;
  for (const track of stream.getTracks()) track.stop();
  dialog.close();
  return photo;
}

function still(view) {
  const canvas = el("canvas", { width: view.videoWidth, height: view.videoHeight });
  canvas.getContext("2d").drawImage(view, 0, 0);
  return new Promise((resolve) => {
    canvas.toBlob((blob) => resolve(new File([blob], "camera.jpg", { type: "image/jpeg" })), "image/jpeg", 0.95);
  });
}
