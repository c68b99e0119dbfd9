// The wallet: balance, requests to answer, money to send, what has moved.

import { post, quietly } from "./api.js";
import { byId, el, fill } from "./dom.js";
import { momentOf, money } from "./format.js";
import { toast } from "./notices.js";

export class Wallet {
  constructor() {
    this.place = byId("wallet");
    this.balances = el("div", { class: "purse", "aria-live": "polite" });
    this.requests = el("div", { class: "requests", "aria-live": "polite" });
    this.movements = el("ol", { class: "movements" });
    fill(this.place, this.balances, this.requests, this.forms(),
      el("h3", {}, "Transactions"), this.movements);
  }

  forms() {
    const pay = this.form("Send by reference", "Send", [
      el("input", { name: "reference", placeholder: "Reference, e.g. your loan's", required: true, maxLength: 64, "aria-label": "Reference", autocomplete: "off" }),
    ], "payments");
    const topUp = this.form("Top up (salary arrives)", "Top up", [], "top-ups");
    return el("div", { class: "wallet-forms" }, pay, topUp);
  }

  form(title, action, extra, path) {
    const amount = el("input", {
      name: "amount", placeholder: "0.00", required: true, inputMode: "decimal", "aria-label": `Amount: ${title}`,
      pattern: "[0-9]{1,12}([.][0-9]{1,3})?", autocomplete: "off",
    });
    const submit = quietly(async (event) => {
      event.preventDefault();
      const body = Object.fromEntries(new FormData(event.target));
      await post(`/people/${this.person.id}/wallet/${path}`, { ...body, currency: this.currency });
      event.target.reset();
      toast(path === "payments" ? "Sent" : "Topped up");
    });
    return el("details", {}, el("summary", {}, title),
      el("form", { onsubmit: submit }, extra, el("div", { class: "row" }, amount, el("button", { class: "primary" }, action))));
  }

  show(person, wallet) {
    this.person = person;
    this.known = new Set(wallet.requests.map((request) => request.id));
    this.count = wallet.movements.length;
    this.update(wallet);
  }

  // What is new since the last time: for a notice on the phone.
  take(wallet) {
    const asked = wallet.requests.find((request) => !this.known.has(request.id));
    const moved = wallet.movements.length > this.count ? wallet.movements[0] : null;
    this.known = new Set(wallet.requests.map((request) => request.id));
    this.count = wallet.movements.length;
    this.update(wallet);
    return { asked, moved };
  }

  update(wallet) {
    this.currency = wallet.balances[0].currency;
    const copy = () => navigator.clipboard.writeText(wallet.account).then(() => toast("Account number copied"));
    fill(this.balances, el("p", { class: "quiet" }, "Balance"),
      wallet.balances.map((each) => el("p", { class: "balance" }, money(each.amount, each.currency))),
      el("p", { class: "account" }, el("span", {}, "Account ", el("strong", {}, wallet.account)),
        el("button", { type: "button", class: "plain", onclick: copy }, "Copy")));
    fill(this.requests, wallet.requests.map((request) => this.request(request)));
    fill(this.movements, wallet.movements.length ? wallet.movements.map((each) => this.movement(each))
      : el("li", { class: "empty" }, "Nothing has moved yet."));
  }

  request(request) {
    const answer = (answer) => quietly(() => post(`/people/${this.person.id}/wallet/requests/${request.id}`, { answer }));
    return el("article", { class: "request" },
      el("p", {}, el("strong", {}, money(request.amount, request.currency)),
        el("span", {}, request.description || "Payment request"), el("small", {}, request.reference)),
      el("div", { class: "row" },
        el("button", { type: "button", onclick: answer("decline") }, "Decline"),
        el("button", { type: "button", class: "primary", onclick: answer("accept") }, "Pay")));
  }

  movement(each) {
    const sign = each.minor > 0 ? "in" : "out";
    return el("li", { class: sign },
      el("span", { class: "direction", "aria-hidden": "true" }, each.minor > 0 ? "↓" : "↑"),
      el("span", { class: "what" }, el("strong", {}, each.text),
        el("small", {}, [momentOf(new Date(each.at)), each.transfer?.reference].filter(Boolean).join(" · "))),
      el("span", { class: "amount" }, `${each.minor > 0 ? "+" : ""}${money(each.amount, each.currency)}`));
  }
}
