// The inbox of text messages.

import { post, quietly } from "./api.js";
import { byId, el, fill } from "./dom.js";
import { momentOf } from "./format.js";

export class Sms {
  constructor() {
    this.log = byId("sms-log");
    byId("sms-form").onsubmit = quietly((event) => this.write(event));
  }

  show(person, messages, number) {
    this.person = person;
    this.messages = new Map(messages.map((message) => [message.sid, message]));
    byId("sms-number").textContent = `With ${number}`;
    this.redraw();
  }

  // True when this message has just arrived on the phone.
  take(message) {
    const isOwn = message.from === this.person.phone;
    if (!isOwn && message.status !== "delivered") return false;
    const isNew = !this.messages.has(message.sid);
    this.messages.set(message.sid, message);
    this.redraw();
    return isNew && !isOwn;
  }

  redraw() {
    const drawn = [...this.messages.values()].map((message) => {
      const isOwn = message.from === this.person.phone;
      const when = new Date(message.date_sent ?? message.date_created);
      return el("article", { class: `message ${isOwn ? "own" : "theirs"}` },
        el("div", { class: "bubble-row" },
          el("div", { class: "bubble" },
            el("span", { class: "visually-hidden" }, isOwn ? "You: " : `${message.from}: `),
            el("div", { class: "text", dir: "auto" }, message.body),
            el("p", { class: "foot" }, el("time", { dateTime: when.toISOString() }, momentOf(when))))));
    });
    fill(this.log, drawn.length ? drawn : el("p", { class: "empty" },
      "No text messages. Codes and reminders arrive here."));
    this.log.scrollTop = this.log.scrollHeight;
  }

  async write(event) {
    event.preventDefault();
    const input = byId("sms-text");
    const body = input.value;
    input.value = "";
    await post(`/people/${this.person.id}/sms`, { body });
  }
}
