// The paper clip: photos from a file or the camera, documents, films, contacts.

import { drawn, get, post, quietly, upload } from "./api.js";
import { takePhoto } from "./camera.js";
import { Acting } from "./acting.js";
import { byId, el, fill } from "./dom.js";

const KINDS = [
  ["photo", "Photo", "image/*"],
  ["document", "File", ""],
  ["video_note", "Video message", "video/*"],
  ["video", "Video", "video/*"],
  ["voice", "Voice", "audio/*"],
  ["sticker", "Sticker", "image/webp,image/png"],
];

// What the app would know about a film by itself.
function filmFacts(file) {
  return new Promise((resolve) => {
    const video = el("video", { preload: "metadata", muted: true });
    const done = (facts) => {
      clearTimeout(tooLong);
      URL.revokeObjectURL(video.src);
      resolve(facts);
    };
    const tooLong = setTimeout(() => done({}), 3000);
    video.onloadedmetadata = () => done({
      duration: Number.isFinite(video.duration) ? Math.max(1, Math.round(video.duration)) : 1,
      width: video.videoWidth, height: video.videoHeight,
      length: Math.min(video.videoWidth, video.videoHeight),
    });
    video.onerror = () => done({});
    video.src = URL.createObjectURL(file);
  });
}

export class Attachments {
  constructor() {
    this.button = el("button", {
      type: "button", class: "plain-icon", "aria-label": "Attach", "aria-expanded": "false",
      onclick: () => this.open(this.panel.hidden),
    }, el("span", { class: "glyph clip" }));
    this.panel = el("div", { class: "attach-panel", role: "group", "aria-label": "Attach", hidden: true },
      KINDS.map(([kind, label, accept]) => this.picker(kind, label, accept)),
      this.tile("camera", "Camera", quietly(() => this.shoot())),
      this.tile("contact", "Contact", quietly(() => this.chooseContact())),
      this.tile("specimen", "Specimen document", () => this.describeSpecimen()),
      this.tile("selfie", "Drawn selfie", quietly(() => this.sendDrawn("selfie", {}))),
      this.tile("acting", "Record with a specimen", quietly(() => this.act())));
    this.acting = new Acting((kind, file) => this.send(kind, file));
    byId("specimen-cancel").onclick = () => byId("specimen").close();
    byId("specimen-form").onsubmit = quietly((event) => this.sendSpecimen(event));
    byId("contact-cancel").onclick = () => byId("contact").close();
    byId("contact-form").onsubmit = quietly((event) => this.shareContact(event));
  }

  show(person) {
    this.person = person;
    this.open(false);
  }

  open(open) {
    this.panel.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
  }

  tile(kind, label, action) {
    return el("button", { type: "button", class: "tile", onclick: action },
      el("span", { class: `tile-icon for-${kind.replace("_", "-")}`, "aria-hidden": "true" }), label);
  }

  picker(kind, label, accept) {
    const input = el("input", {
      type: "file", accept, hidden: true, id: `pick-${kind}`, "aria-label": `Choose: ${label}`,
      onchange: quietly(async (event) => {
        const [file] = event.target.files;
        event.target.value = "";
        if (file) await this.send(kind, file);
      }),
    });
    return el("span", { class: "tile-place" }, input, this.tile(kind, label, () => input.click()));
  }

  async send(kind, file) {
    this.open(false);
    const facts = kind.startsWith("video") ? await filmFacts(file) : {};
    await upload(`/people/${this.person.id}/send/${kind}`, file, facts);
  }

  async shoot() {
    const photo = await takePhoto();
    if (photo) await this.send("photo", photo);
  }

  describeSpecimen() {
    this.open(false);
    const name = byId("specimen-form").elements.name;
    name.value ||= `${this.person.first_name} ${this.person.last_name}`.trim();
    byId("specimen").showModal();
  }

  async sendSpecimen(event) {
    event.preventDefault();
    const { kind, portrait, ...wanted } = Object.fromEntries(new FormData(event.target));
    byId("specimen").close();
    await this.sendDrawn(kind, portrait.size ? { ...wanted, portrait } : wanted);
  }

  async sendDrawn(kind, wanted) {
    this.open(false);
    await this.send("photo", await drawn(`/people/${this.person.id}/specimens/${kind}`, wanted));
  }

  async act() {
    this.open(false);
    await this.acting.ask(this.person);
  }

  async chooseContact() {
    this.open(false);
    this.others = await get("/people");
    fill(byId("contact-people"), this.others.map((other) =>
      el("label", { class: "choice" },
        el("input", { type: "radio", name: "who", value: other.id, checked: other.id === this.person.id }),
        el("span", {}, el("strong", {}, `${other.first_name} ${other.last_name}`), el("small", {}, other.phone)))));
    byId("contact").showModal();
  }

  async shareContact(event) {
    event.preventDefault();
    const id = Number(new FormData(event.target).get("who"));
    const chosen = this.others.find((other) => other.id === id);
    byId("contact").close();
    const body = id === this.person.id ? {}
      : { phone: chosen.phone, first_name: chosen.first_name, user_id: chosen.id };
    await post(`/people/${this.person.id}/contact`, body);
  }
}
