// One message as a bubble.

import { el } from "./dom.js";
import { formatted } from "./entities.js";
import { fromSeconds, minorMoney, size, timeOf } from "./format.js";

const summaries = {
  photo: "Photo", document: "File", video: "Video", video_note: "Video message", voice: "Voice message",
  invoice: "Invoice", successful_payment: "Payment",
  audio: "Audio", sticker: "Sticker", contact: "Contact", location: "Location", animation: "Animation",
};

export function summary(message) {
  const text = message.text ?? message.caption;
  if (text) return text;
  const kind = Object.keys(summaries).find((name) => name in message);
  return kind ? summaries[kind] : "Message";
}

function photo(message, actions) {
  const largest = message.photo.at(-1);
  const source = actions.fileUrl(largest.file_id);
  const image = el("img", {
    class: "photo", src: source, width: largest.width, height: largest.height,
    alt: message.caption ? `Photo: ${message.caption}` : "Photo", loading: "lazy",
  });
  return el("a", { href: source, target: "_blank", rel: "noopener" }, image);
}

function file(document, isProtected, actions) {
  return el("a", { class: "file", href: actions.fileUrl(document.file_id), download: document.file_name ?? "file" },
    el("span", { class: "file-icon", "aria-hidden": "true" }),
    el("span", {}, el("strong", {}, document.file_name ?? "File"),
      el("small", {}, `${size(document.file_size ?? 0)}${isProtected ? " · protected" : ""}`)));
}

function film(video, round, actions) {
  return el("video", {
    class: round ? "film round" : "film", src: actions.fileUrl(video.file_id), controls: true,
    preload: "metadata", "aria-label": round ? "Video message" : "Video",
    poster: video.thumbnail ? actions.fileUrl(video.thumbnail.file_id) : null,
  });
}

function card(title, detail) {
  return el("div", { class: "contact-card" }, el("span", { class: "avatar", "aria-hidden": "true" }, title.charAt(0)),
    el("span", {}, el("strong", {}, title), el("small", {}, detail)));
}

function contact(shared) {
  const name = [shared.first_name, shared.last_name].filter(Boolean).join(" ");
  return card(name, `+${shared.phone_number.replace(/^\+/, "")}`);
}

function invoice({ title, description, total_amount: total, currency }) {
  return el("div", { class: "invoice" }, el("strong", {}, title), el("p", {}, description),
    el("p", { class: "invoice-total" }, minorMoney(total, currency)));
}

function payment({ total_amount: total, currency }) {
  return el("p", { class: "paid" }, `You paid ${minorMoney(total, currency)} by card`);
}

function media(message, actions) {
  if (message.invoice) return invoice(message.invoice);
  if (message.successful_payment) return payment(message.successful_payment);
  if (message.photo) return photo(message, actions);
  if (message.document) return file(message.document, message.has_protected_content, actions);
  if (message.video) return film(message.video, false, actions);
  if (message.animation) return film(message.animation, false, actions);
  if (message.video_note) return film(message.video_note, true, actions);
  const sound = message.voice ?? message.audio;
  if (sound) return el("audio", { src: actions.fileUrl(sound.file_id), controls: true, preload: "metadata" });
  if (message.sticker) return el("img", { class: "sticker", src: actions.fileUrl(message.sticker.file_id), alt: "Sticker" });
  if (message.contact) return contact(message.contact);
  if (message.location) return card("Location", `${message.location.latitude}, ${message.location.longitude}`);
  return null;
}

function inlineButton(message, button, actions) {
  if (button.url) {
    return el("a", { class: "inline-button", href: button.url, target: "_blank", rel: "noopener noreferrer" }, button.text);
  }
  const press = (event) => {
    if (button.pay) actions.pay(message);
    else if (button.copy_text) actions.copy(button.copy_text.text);
    else actions.press(message, button, event.currentTarget);
  };
  return el("button", { type: "button", class: "inline-button", onclick: press },
    button.pay ? `Pay ${minorMoney(message.invoice.total_amount, message.invoice.currency)}` : button.text);
}

function inlineKeyboard(message, actions) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  return el("div", { class: "inline-keyboard" }, rows.map((row) =>
    el("div", { class: "inline-row" }, row.map((button) => inlineButton(message, button, actions)))));
}

function quote(message) {
  const replied = message.reply_to_message;
  return replied ? el("p", { class: "quote" }, summary(replied)) : null;
}

function tools(message, isOwn, actions) {
  const editable = isOwn && ("text" in message || "caption" in message);
  return el("div", { class: "tools" },
    el("button", { type: "button", title: "Reply", "aria-label": `Reply to: ${summary(message)}`, onclick: () => actions.reply(message) },
      el("span", { class: "glyph reply" })),
    editable ? el("button", { type: "button", title: "Edit", "aria-label": `Edit: ${summary(message)}`, onclick: () => actions.edit(message) },
      el("span", { class: "glyph pencil" })) : null);
}

function foot(message) {
  const when = fromSeconds(message.date);
  return el("p", { class: "foot" },
    message.has_protected_content ? el("span", { class: "glyph lock", title: "Cannot be forwarded or saved" }) : null,
    message.edit_date ? "edited " : null,
    el("time", { dateTime: when.toISOString() }, timeOf(when)));
}

export function drawMessage(message, isOwn, actions) {
  const text = message.text ?? message.caption;
  const body = text === undefined ? null
    : el("div", { class: "text", dir: "auto" }, formatted(text, message.entities ?? message.caption_entities, actions));
  const bubble = el("div", { class: "bubble" },
    el("span", { class: "visually-hidden" }, isOwn ? "You: " : "Bot: "),
    quote(message), media(message, actions), body, foot(message));
  return el("article", { class: `message ${isOwn ? "own" : "theirs"}`, id: `m${message.message_id}` },
    el("div", { class: "bubble-row" }, bubble, tools(message, isOwn, actions)),
    inlineKeyboard(message, actions));
}
