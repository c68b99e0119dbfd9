// A round video of somebody who does what the bot asked for, without a camera.

import { drawn, get, quietly } from "./api.js";
import { byId, el, fill } from "./dom.js";

// Signs that bots put before what they ask for, whatever the language.
const ACTS = [
  ["turn_left", "\u2b05", "Turn left"], ["turn_right", "\u27a1", "Turn right"],
  ["blink_twice", "\u{1f440}", "Blink twice"], ["open_mouth", "\u{1f62e}", "Open the mouth"],
  ["come_closer", "\u{1f50d}", "Come closer"],
];

function asked(messages) {
  for (const { from, text } of messages.toReversed()) {
    const found = from.is_bot && text ? ACTS.map(([act, sign]) => [text.indexOf(sign), act]).filter(([at]) => at >= 0) : [];
    if (found.length) return found.sort(([a], [b]) => a - b).map(([, act]) => act);
  }
  return ["turn_left", "blink_twice", "open_mouth"];
}

function choice(wanted, number) {
  return el("label", {}, `${number + 1}.`, el("select", { name: "acts", "aria-label": `Movement ${number + 1}` },
    ACTS.map(([act, , label]) => el("option", { value: act, selected: act === wanted }, label))));
}

export class Acting {
  constructor(send) {
    this.send = send;
    byId("acting-cancel").onclick = () => byId("acting").close();
    byId("acting-form").onsubmit = quietly((event) => this.record(event));
  }

  async ask(person) {
    this.person = person;
    const { messages } = await get(`/people/${person.id}/chat`);
    fill(byId("acting-acts"), asked(messages).map(choice));
    byId("acting").showModal();
  }

  async record(event) {
    event.preventDefault();
    const given = new FormData(event.target);
    const kind = given.get("kind");
    given.delete("kind");
    if (!given.get("portrait").size) given.delete("portrait");
    byId("acting").close();
    const film = await drawn(`/people/${this.person.id}/specimens/video_note`, [...given.entries()]);
    await this.send(kind, new File([film], "note.mp4", { type: "video/mp4" }));
  }
}
