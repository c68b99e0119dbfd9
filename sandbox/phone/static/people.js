// Whose phone this is.

import { post, quietly } from "./api.js";
import { byId, el, fill } from "./dom.js";

const CHOSEN = "kopa-sandbox-person";

export class People {
  constructor(choose) {
    this.choose = choose;
    this.list = [];
    byId("new-person-form").onsubmit = quietly((event) => this.add(event));
  }

  // The one in the address, else the one of last time, else the first.
  first(list) {
    this.list = list;
    const wanted = Number(location.hash.slice(1) || localStorage.getItem(CHOSEN));
    return list.find((person) => person.id === wanted) ?? list[0];
  }

  show(list, current) {
    this.list = list;
    this.current = current;
    localStorage.setItem(CHOSEN, current.id);
    history.replaceState(null, "", `#${current.id}`);
    fill(byId("people"), list.map((person) => this.option(person)));
  }

  take(person) {
    if (!this.list.some((other) => other.id === person.id)) this.show([...this.list, person], this.current);
  }

  option(person) {
    const isCurrent = person.id === this.current.id;
    return el("button", {
      type: "button", class: "person", role: "radio", "aria-checked": String(isCurrent),
      tabIndex: isCurrent ? 0 : -1, onclick: () => this.choose(person),
      onkeydown: (event) => this.arrow(event),
    },
    el("span", { class: `avatar hue-${person.id % 6}`, "aria-hidden": "true" }, person.first_name.charAt(0)),
    el("span", {}, el("strong", {}, `${person.first_name} ${person.last_name}`), el("small", {}, person.phone)));
  }

  arrow(event) {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const index = this.list.findIndex((person) => person.id === this.current.id);
    const next = this.list.at((index + step) % this.list.length);
    this.choose(next).then(() => byId("people").querySelector("[aria-checked=true]").focus());
  }

  async add(event) {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target));
    if (!given.phone) delete given.phone;
    const person = await post("/people", given);
    event.target.reset();
    byId("new-person").open = false;
    await this.choose(person);
  }
}
