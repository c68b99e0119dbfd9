// Paying an invoice: which card, what it costs, and what became of it.

import { post, quietly } from "./api.js";
import { byId } from "./dom.js";
import { minorMoney } from "./format.js";
import { alertBox, toast } from "./notices.js";

export class Checkout {
  constructor() {
    this.dialog = byId("checkout");
    byId("checkout-cancel").onclick = () => this.dialog.close();
    byId("checkout-form").onsubmit = quietly((event) => this.pay(event));
  }

  open(person, message) {
    this.path = `/people/${person.id}/pay`;
    this.messageId = message.message_id;
    const { title, description, total_amount: total, currency } = message.invoice;
    byId("checkout-what").textContent = `${title}. ${description}`;
    byId("checkout-total").textContent = minorMoney(total, currency);
    byId("checkout-form").reset();
    this.dialog.showModal();
  }

  async pay(event) {
    event.preventDefault();
    const card = new FormData(event.target).get("card");
    this.dialog.close();
    toast("Asking the bot…");
    const { outcome, text } = await post(this.path, { message_id: this.messageId, card });
    if (outcome !== "paid") alertBox(text);
  }
}
