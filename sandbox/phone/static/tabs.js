// The three apps of the phone.

import { byId } from "./dom.js";

const NAMES = ["chat", "sms", "wallet"];

export class Tabs {
  constructor() {
    this.unseen = {};
    for (const name of NAMES) {
      byId(`tab-${name}`).onclick = () => this.open(name);
      byId(`tab-${name}`).onkeydown = (event) => this.arrow(event, name);
    }
    this.open("chat");
  }

  open(name) {
    this.current = name;
    for (const other of NAMES) {
      const isOpen = other === name;
      byId(`app-${other}`).hidden = !isOpen;
      byId(`tab-${other}`).setAttribute("aria-selected", String(isOpen));
      byId(`tab-${other}`).tabIndex = isOpen ? 0 : -1;
    }
    this.mark(name, 0);
    byId("heads-up").classList.remove("shown");
    for (const log of byId(`app-${name}`).querySelectorAll(".log")) log.scrollTop = log.scrollHeight;
  }

  arrow(event, name) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = NAMES.at((NAMES.indexOf(name) + step) % NAMES.length);
    this.open(next);
    byId(`tab-${next}`).focus();
  }

  // True when the app is not the one in front.
  notice(name) {
    if (this.current === name) return false;
    this.mark(name, (this.unseen[name] ?? 0) + 1);
    return true;
  }

  mark(name, count) {
    this.unseen[name] = count;
    const badge = byId(`tab-${name}`).querySelector(".badge");
    badge.hidden = count === 0;
    badge.textContent = String(count);
  }

  clear() {
    for (const name of NAMES) this.mark(name, 0);
  }
}
