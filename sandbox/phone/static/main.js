// Puts the phone together and listens to what happens on it.

import { get, quietly } from "./api.js";
import { Chat } from "./chat.js";
import { Clock } from "./clock.js";
import { Composer } from "./composer.js";
import { byId } from "./dom.js";
import { money } from "./format.js";
import { summary } from "./message.js";
import { headsUp } from "./notices.js";
import { People } from "./people.js";
import { Sms } from "./sms.js";
import { Tabs } from "./tabs.js";
import { Wallet } from "./wallet.js";

const tabs = new Tabs();
const composer = new Composer();
const chat = new Chat(composer);
const sms = new Sms();
const wallet = new Wallet();
const clock = new Clock();
const people = new People(listen);
let stream = null;

composer.editLast = () => {
  const own = [...chat.messages.values()].filter((message) => chat.isOwn(message) && message.text);
  if (own.length) composer.edit(own.at(-1));
};
byId("block").onclick = quietly(() => chat.block(!chat.blocked));

const takes = {
  everything(event) {
    people.show(event.people, event.person);
    byId("status-name").textContent = event.person.first_name;
    byId("phone").setAttribute("aria-label", `Phone of ${event.person.first_name}`);
    composer.show(event.person, event.chat, quietly(() => chat.block(false)));
    chat.show(event.person, event.chat);
    sms.show(event.person, event.sms, event.sms_number);
    wallet.show(event.person, event.wallet);
    clock.show(event.person, event.now);
  },
  message({ message }) {
    chat.add(message);
    composer.setState(true, chat.blocked);
    if (!chat.isOwn(message) && tabs.notice("chat")) {
      headsUp(chat.bot.first_name, summary(message), () => tabs.open("chat"));
    }
  },
  edit: ({ message }) => chat.change(message),
  delete: ({ message_id: id }) => chat.remove(id),
  keyboard({ keyboard }) {
    composer.setKeyboard(keyboard, chat.messages.values());
    chat.toEnd();
  },
  action: ({ action }) => chat.doing(action),
  answer: (event) => chat.answered(event),
  blocked({ blocked }) {
    chat.setBlocked(blocked);
    composer.setState(chat.messages.size > 0, blocked);
  },
  menu: ({ commands }) => composer.setCommands(commands),
  sms({ message }) {
    if (sms.take(message) && tabs.notice("sms")) {
      headsUp(`SMS from ${message.from}`, message.body, () => tabs.open("sms"));
    }
  },
  wallet(event) {
    const { asked, moved } = wallet.take(event.wallet);
    const news = asked ? `Request: ${money(asked.amount, asked.currency)}`
      : moved && moved.text !== "Top-up" ? `${moved.text}: ${money(moved.amount, moved.currency)}` : null;
    if (news && tabs.notice("wallet")) headsUp("Wallet", news, () => tabs.open("wallet"));
  },
  clock: (event) => clock.take(event),
  added: ({ person }) => people.take(person),
};

// Opens one person's phone; resolves when it is drawn.
function listen(person) {
  stream?.close();
  tabs.clear();
  stream = new EventSource(`api/people/${person.id}/events`);
  return new Promise((resolve) => {
    stream.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      takes[event.kind]?.(event);
      if (event.kind === "everything") {
        document.body.dataset.ready = String(person.id);
        resolve();
      }
    };
  });
}

await listen(people.first(await get("/people")));
