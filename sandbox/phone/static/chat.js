// The list of messages: new ones, edits, deletions, and whether the bot is typing.

import { post, quietly } from "./api.js";
import { byId, el, fill } from "./dom.js";
import { dayOf, fromSeconds } from "./format.js";
import { Checkout } from "./checkout.js";
import { drawMessage } from "./message.js";
import { alertBox, toast } from "./notices.js";

const DOING = { typing: "typing…", upload_photo: "sending a photo…", upload_document: "sending a file…" };
const ANSWER_WAIT = 15_000;

export class Chat {
  constructor(composer) {
    this.composer = composer;
    this.log = byId("log");
    this.pressed = new Map();
    this.checkout = new Checkout();
  }

  show(person, chat) {
    this.person = person;
    this.bot = chat.bot;
    this.blocked = chat.blocked;
    this.messages = new Map(chat.messages.map((message) => [message.message_id, message]));
    byId("bot-name").textContent = chat.bot.first_name;
    byId("bot-avatar").textContent = chat.bot.first_name.charAt(0);
    this.rest();
    this.redraw();
    this.setBlocked(chat.blocked);
  }

  get actions() {
    return {
      say: quietly((text) => post(`/people/${this.person.id}/say`, { text })),
      fileUrl: (id) => `api/people/${this.person.id}/files/${encodeURIComponent(id)}`,
      pay: (message) => this.checkout.open(this.person, message),
      press: quietly((message, button, element) => this.press(message, button, element)),
      copy: (text) => navigator.clipboard.writeText(text).then(() => toast("Copied")),
      reply: (message) => this.composer.reply(message),
      edit: (message) => this.composer.edit(message),
    };
  }

  isOwn(message) {
    return message.from.id === this.person.id;
  }

  redraw() {
    const drawn = [];
    let day = "";
    for (const message of this.messages.values()) {
      const its = dayOf(fromSeconds(message.date));
      if (its !== day) drawn.push(el("p", { class: "day" }, its));
      day = its;
      drawn.push(drawMessage(message, this.isOwn(message), this.actions));
    }
    fill(this.log, drawn.length ? drawn : el("p", { class: "empty" },
      "No messages yet. Press Start: that is how every chat with a bot begins."));
    this.lastDay = day;
    this.toEnd();
  }

  add(message) {
    if (this.messages.size === 0) this.log.replaceChildren();
    this.messages.set(message.message_id, message);
    const day = dayOf(fromSeconds(message.date));
    if (day !== this.lastDay) this.log.append(el("p", { class: "day" }, day));
    this.lastDay = day;
    const article = drawMessage(message, this.isOwn(message), this.actions);
    article.classList.add("new");
    this.log.append(article);
    if (!this.isOwn(message)) this.rest();
    this.toEnd();
  }

  change(message) {
    this.messages.set(message.message_id, message);
    const old = byId(`m${message.message_id}`);
    const atEnd = this.isAtEnd();
    old?.replaceWith(drawMessage(message, this.isOwn(message), this.actions));
    if (atEnd) this.toEnd();
  }

  remove(id) {
    this.messages.delete(id);
    byId(`m${id}`)?.remove();
  }

  isAtEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 120;
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    for (const image of this.log.querySelectorAll("article:last-child img.photo")) {
      image.addEventListener("load", () => { this.log.scrollTop = this.log.scrollHeight; }, { once: true });
    }
  }

  doing(action) {
    byId("bot-status").textContent = DOING[action] ?? "busy…";
    byId("bot-status").classList.add("busy");
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.rest(), 5000);
  }

  rest() {
    clearTimeout(this.resting);
    byId("bot-status").textContent = "bot";
    byId("bot-status").classList.remove("busy");
  }

  async press(message, button, element) {
    element.classList.add("waiting");
    setTimeout(() => element.classList.remove("waiting"), ANSWER_WAIT);
    try {
      const body = { message_id: message.message_id, data: button.callback_data };
      const done = await post(`/people/${this.person.id}/press`, body);
      this.pressed.set(done.query_id, element);
      if (this.early?.query_id === done.query_id) this.answered(this.early);
    } catch (error) {
      element.classList.remove("waiting");
      throw error;
    }
  }

  // The bot's answer may overtake the answer to our own request.
  answered(event) {
    this.early = event;
    this.pressed.get(event.query_id)?.classList.remove("waiting");
    this.pressed.delete(event.query_id);
    if (event.text && this.spoken !== event.query_id) {
      this.spoken = event.query_id;
      if (event.show_alert) alertBox(event.text);
      else toast(event.text);
    }
  }

  setBlocked(blocked) {
    this.blocked = blocked;
    byId("block").textContent = blocked ? "Unblock" : "Block";
    byId("block").setAttribute("aria-pressed", String(blocked));
  }

  block(blocked) {
    return post(`/people/${this.person.id}/block`, { blocked });
  }
}
