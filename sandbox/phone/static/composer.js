// Where the person writes: text, commands, replies, edits, the reply keyboard, the Start button.

import { post, quietly } from "./api.js";
import { Attachments } from "./attach.js";
import { byId, el, fill } from "./dom.js";
import { summary } from "./message.js";

export class Composer {
  constructor() {
    this.area = byId("composer-area");
    this.attachments = new Attachments();
    this.mode = null;
    this.bar = el("div", { class: "mode-bar", hidden: true });
    this.menu = el("div", { class: "commands", role: "listbox", "aria-label": "Commands", hidden: true });
    this.keys = el("div", { class: "reply-keyboard", role: "group", "aria-label": "Suggested answers", hidden: true });
    this.input = el("textarea", {
      rows: 1, placeholder: "Message", maxLength: 6000, "aria-label": "Message", autocomplete: "off",
      onkeydown: (event) => this.keydown(event), oninput: () => this.typed(),
    });
    this.menuButton = el("button", {
      type: "button", class: "menu-button", "aria-expanded": "false", onclick: () => this.toggleMenu(),
    }, "Menu");
    this.form = el("form", { class: "composer-line", onsubmit: (event) => this.submit(event) },
      this.menuButton, this.attachments.button, this.input,
      el("button", { type: "submit", class: "round", "aria-label": "Send" }, el("span", { class: "glyph send" })));
    this.start = el("button", { type: "button", class: "big-button", onclick: () => this.say("/start") }, "Start");
    this.unblock = el("button", { type: "button", class: "big-button danger" }, "Unblock the bot");
    fill(this.area, this.bar, this.menu, this.form, this.keys, this.attachments.panel, this.start, this.unblock);
    this.say = quietly((text) => this.send(text));
  }

  show(person, chat, unblock) {
    this.person = person;
    this.attachments.show(person);
    this.unblock.onclick = unblock;
    this.setCommands(chat.commands);
    this.leaveMode();
    this.setKeyboard(chat.keyboard, chat.messages);
    this.setState(chat.started || chat.messages.length > 0, chat.blocked);
  }

  setState(started, blocked) {
    this.start.hidden = started || blocked;
    this.unblock.hidden = !blocked;
    this.form.hidden = blocked || !started;
    this.keys.hidden = blocked || !started || this.keys.childElementCount === 0;
  }

  async send(text) {
    const target = this.mode;
    this.leaveMode();
    if (target?.kind === "edit") {
      await post(`/people/${this.person.id}/edit`, { message_id: target.message.message_id, text });
    } else {
      await post(`/people/${this.person.id}/say`, { text, reply_to: target?.message.message_id ?? null });
    }
  }

  submit(event) {
    event.preventDefault();
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = "";
    this.typed();
    this.say(text);
    this.input.focus();
  }

  keydown(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.submit(event);
    if (event.key === "Escape") {
      this.leaveMode();
      this.openMenu(false);
    }
    if (event.key === "ArrowUp" && !this.input.value) this.editLast?.();
  }

  typed() {
    this.grow();
    const text = this.input.value;
    this.openMenu(/^\/\w*$/.test(text) && this.matching(text).length > 0, text);
  }

  grow() {
    this.input.rows = Math.min(5, this.input.value.split("\n").length);
  }

  // Replies and edits.

  reply(message) {
    this.enterMode("reply", message, "Reply to");
  }

  edit(message) {
    this.enterMode("edit", message, "Editing");
    this.input.value = message.text ?? message.caption ?? "";
    this.grow();
  }

  enterMode(kind, message, title) {
    this.mode = { kind, message };
    fill(this.bar, el("span", {}, el("strong", {}, title), el("small", {}, summary(message))),
      el("button", { type: "button", "aria-label": "Cancel", onclick: () => this.leaveMode() }, "×"));
    this.bar.hidden = false;
    this.input.focus();
  }

  leaveMode() {
    if (this.mode?.kind === "edit") this.input.value = "";
    this.mode = null;
    this.bar.hidden = true;
    this.grow();
  }

  // Commands.

  setCommands(commands) {
    this.commands = commands;
    this.menuButton.hidden = commands.length === 0;
    this.openMenu(false);
  }

  matching(text) {
    return this.commands.filter(({ command }) => `/${command}`.startsWith(text));
  }

  toggleMenu() {
    this.openMenu(this.menu.hidden);
  }

  openMenu(open, text = "/") {
    this.menu.hidden = !open;
    this.menuButton.setAttribute("aria-expanded", String(open));
    if (!open) return;
    fill(this.menu, this.matching(text).map(({ command, description }) =>
      el("button", { type: "button", role: "option", onclick: () => this.choose(command) },
        el("strong", {}, `/${command}`), el("span", {}, description))));
  }

  choose(command) {
    this.openMenu(false);
    this.input.value = "";
    this.say(`/${command}`);
  }

  // The keyboard that the bot has put below the input.

  setKeyboard(keyboard, messages) {
    this.input.placeholder = keyboard?.input_field_placeholder ?? "Message";
    const rows = keyboard?.keyboard ?? [];
    fill(this.keys, rows.map((row) => el("div", { class: "key-row" }, row.map((button) => this.key(button)))));
    this.keys.hidden = rows.length === 0;
    if (keyboard?.force_reply) {
      const asked = [...messages].find((message) => message.message_id === keyboard.message_id);
      if (asked) this.reply(asked);
    }
  }

  key(button) {
    const press = button.request_contact ? quietly(() => this.shareOwn()) : () => this.say(button.text);
    return el("button", { type: "button", class: "key", onclick: press }, button.text);
  }

  shareOwn() {
    return post(`/people/${this.person.id}/contact`, {});
  }
}
