// What comes over the screen: toasts, alerts, and the notices of other apps on the phone.

import { byId, el, fill } from "./dom.js";

const later = new Map();

function showFor(element, milliseconds) {
  element.classList.add("shown");
  clearTimeout(later.get(element));
  later.set(element, setTimeout(() => element.classList.remove("shown"), milliseconds));
}

export function toast(text) {
  const element = byId("toast");
  fill(element, el("span", {}, text));
  showFor(element, 3500);
}

export function alertBox(text) {
  byId("alert-text").textContent = text;
  byId("alert").showModal();
}

export function headsUp(title, text, open) {
  const element = byId("heads-up");
  const press = () => {
    element.classList.remove("shown");
    open();
  };
  fill(element, el("button", { type: "button", onclick: press },
    el("strong", {}, title), el("span", {}, text)));
  showFor(element, 7000);
}
