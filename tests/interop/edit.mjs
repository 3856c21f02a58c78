// The JavaScript side: opens an exported record with the published library, edits it, saves it.
//
// node edit.mjs REQUEST.json prints one line of JSON. The request names a file, the actor to edit under, the
// message its changes carry, whether to begin a new document with the same content, another file to merge first, the edits, and where to save:
// {"file", "copy"?, "actor"?, "message"?, "merge"?, "edits": [{"set": [path, value]} | {"text": [path, value]} |
// {"unset": path}], "out"}. "set" writes a text as one value, "text" as the library's own shared text.

import { readFileSync, writeFileSync } from "node:fs";
import * as Automerge from "@automerge/automerge";

const request = JSON.parse(readFileSync(process.argv[2], "utf8"));

function place(doc, path) {
  return path.slice(0, -1).reduce((at, key) => at[key], doc);
}

function apply(doc, edit) {
  const path = (edit.set ?? edit.text ?? [edit.unset])[0];
  const key = path[path.length - 1];
  if (edit.unset) delete place(doc, path)[key];
  else if (edit.text) place(doc, path)[key] = edit.text[1];
  else {
    const value = edit.set[1];
    place(doc, path)[key] = typeof value === "string" ? new Automerge.ImmutableString(value) : value;
  }
}

function copied(value) {
  if (typeof value === "string") return new Automerge.ImmutableString(value);
  if (value instanceof Uint8Array || value instanceof Automerge.ImmutableString) return value;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inside]) => [key, copied(inside)]));
}

let doc = Automerge.load(readFileSync(request.file), { actor: request.actor });
if (request.copy) doc = Automerge.from(copied(Automerge.toJS(doc)));
const before = Automerge.toJS(doc);
if (request.merge) doc = Automerge.merge(doc, Automerge.load(readFileSync(request.merge)));
for (const edit of request.edits ?? []) {
  doc = Automerge.change(doc, { message: request.message }, (draft) => apply(draft, edit));
}
if (request.out) writeFileSync(request.out, Automerge.save(doc));
const plain = (value) => JSON.parse(JSON.stringify(value, (_, held) => (held instanceof Uint8Array ? [...held] : held)));
console.log(JSON.stringify({ before: plain(before), after: plain(Automerge.toJS(doc)), heads: Automerge.getHeads(doc).sort() }));
