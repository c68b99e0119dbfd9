// Calls to the sandbox. A refusal is shown to the person and ends the action.

import { toast } from "./notices.js";

export class Refused extends Error {}

async function call(method, path, options = {}, read = (response) => response.json()) {
  let response;
  try {
    response = await fetch(`api${path}`, { method, ...options });
  } catch {
    toast("The sandbox does not answer. Is it running?");
    throw new Refused("no answer");
  }
  if (response.ok) return read(response).catch(() => ({}));
  const body = await response.json().catch(() => ({}));
  const detail = Array.isArray(body.detail) ? body.detail[0].msg : body.detail;
  const reason = body.message ?? detail ?? `Error ${response.status}`;
  const sentence = reason.charAt(0).toUpperCase() + reason.slice(1);
  toast(sentence);
  throw new Refused(sentence);
}

export const get = (path) => call("GET", path);

export const post = (path, body) =>
  call("POST", path, { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

function form(fields) {
  const form = new FormData();
  const entries = Array.isArray(fields) ? fields : Object.entries(fields);
  for (const [name, value] of entries) form.append(name, value);
  return form;
}

export function upload(path, file, fields) {
  const body = form(fields);
  body.append("file", file, file.name ?? "photo.jpg");
  return call("POST", path, { body });
}

// A picture or a film that the sandbox draws. `fields` may name one more than once.
export const drawn = (path, fields) =>
  call("POST", path, { body: form(fields) }, (response) => response.blob());

// An event handler may end in a refusal that the person has already been told about.
export const quietly = (action) => async (...given) => {
  try {
    await action(...given);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
};
