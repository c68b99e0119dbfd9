// The sandbox's time: shown, ticking, and moved on.

import { post, quietly } from "./api.js";
import { byId } from "./dom.js";
import { dayOf, momentOf, timeOf } from "./format.js";

const MOVES = {
  hour: () => ({ hours: 1 }),
  day: () => ({ days: 1 }),
  next_due: (person) => ({ to: "next_due", person_id: person.id }),
};

export class Clock {
  constructor() {
    this.ahead = 0;
    this.buttons = [...document.querySelectorAll("[data-move]")];
    for (const button of this.buttons) {
      button.onclick = quietly(() => this.move(MOVES[button.dataset.move](this.person)));
    }
    setInterval(() => this.tick(), 1000);
  }

  show(person, now) {
    this.person = person;
    this.set(new Date(now));
  }

  set(instant) {
    this.ahead = instant.getTime() - Date.now();
    this.tick();
  }

  tick() {
    const now = new Date(Date.now() + this.ahead);
    byId("clock-time").textContent = timeOf(now);
    byId("clock-time").dateTime = now.toISOString();
    byId("clock-day").textContent = dayOf(now);
    byId("status-time").textContent = timeOf(now);
  }

  async move(wanted) {
    this.walking(true);
    byId("clock-status").textContent = "Time is walking on…";
    try {
      const { now } = await post("/clock/move", wanted);
      this.set(new Date(now));
      byId("clock-status").textContent = `It is ${momentOf(new Date(now))} now.`;
    } catch (error) {
      byId("clock-status").textContent = error.message;
      throw error;
    } finally {
      this.walking(false);
    }
  }

  // Progress comes to every open page, whoever has moved the clock.
  take(event) {
    this.set(new Date(event.now));
    this.walking(event.done !== null && event.done < 1);
    if (event.done !== null) byId("clock-progress").value = event.done;
  }

  walking(isWalking) {
    const progress = byId("clock-progress");
    progress.hidden = !isWalking;
    if (!isWalking) progress.value = 0;
    for (const button of this.buttons) button.disabled = isWalking;
  }
}
