// Draws a text with its entities. Offsets count UTF-16 units, as JavaScript's strings do.

import { el } from "./dom.js";

const SAFE = /^(https?:|mailto:|tg:)/i;

// A block stands on lines of its own: the line break beside it is not drawn again.
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const withoutBreak = (text, pattern) => (pattern ? text.replace(pattern, "") : text);

const plain = {
  bold: () => el("strong"),
  italic: () => el("em"),
  underline: () => el("u"),
  strikethrough: () => el("s"),
  code: () => el("code"),
  pre: () => el("pre"),
  blockquote: () => el("blockquote"),
  expandable_blockquote: () => el("blockquote"),
  custom_emoji: () => el("span"),
};

function spoiler() {
  const reveal = (event) => event.currentTarget.classList.add("seen");
  return el("button", { type: "button", class: "spoiler", onclick: reveal, "aria-label": "Hidden text, press to show" });
}

function link(url) {
  if (!SAFE.test(url)) return el("span");
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" });
}

function elementFor(entity, covered, actions) {
  if (entity.type in plain) return plain[entity.type]();
  if (entity.type === "spoiler") return spoiler();
  if (entity.type === "text_link") return link(entity.url);
  if (entity.type === "url") return link(covered);
  if (entity.type === "email") return link(`mailto:${covered}`);
  if (entity.type === "bot_command") {
    return el("button", { type: "button", class: "command", onclick: () => actions.say(covered) });
  }
  return el("span");
}

function drawn(text, start, end, entities, actions) {
  const nodes = [];
  let position = start;
  let index = 0;
  while (index < entities.length) {
    const entity = entities[index];
    const from = Math.max(entity.offset, position);
    const to = Math.min(entity.offset + entity.length, end);
    let next = index + 1;
    while (next < entities.length && entities[next].offset < to) next += 1;
    if (from < to) {
      const isBlock = BLOCKS.has(entity.type);
      if (from > position) nodes.push(withoutBreak(text.slice(position, from), isBlock ? /\n$/ : null));
      const element = elementFor(entity, text.slice(from, to), actions);
      element.append(...drawn(text, from, to, entities.slice(index + 1, next), actions));
      nodes.push(element);
      position = isBlock && text[to] === "\n" ? to + 1 : to;
    }
    index = next;
  }
  if (position < end) nodes.push(text.slice(position, end));
  return nodes;
}

export function formatted(text, entities, actions) {
  const sorted = [...(entities ?? [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return drawn(text, 0, text.length, sorted, actions);
}
