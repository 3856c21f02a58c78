// How these programs are led: a line on stdin names a piece of work, a line of JSON on stdout says that it is done.

import { createInterface } from "node:readline";
import { createReadStream } from "node:fs";

/** Answers each line with what the work of that name gives; ends with its input. */
export async function serve(works) {
  for await (const line of createInterface({ input: process.stdin })) {
    const [name, ...rest] = line.trim().split(" ");
    const begun = performance.now();
    const said = (await works[name](...rest)) ?? {};
    say({ done: name, ms: performance.now() - begun, ...said });
  }
  process.exit(0);
}

export function say(what) {
  process.stdout.write(JSON.stringify(what) + "\n");
}

/** The records of a file, one a line. */
export async function records(file) {
  const all = [];
  for await (const line of createInterface({ input: createReadStream(file) })) all.push(JSON.parse(line));
  return all;
}

/** Writes a change into a document: values as they are, entries of sets beside those that are there. */
export function write(document, change) {
  for (const [key, value] of Object.entries(change)) {
    if (typeof value === "object") {
      document[key] ??= {};
      Object.assign(document[key], value);
    } else document[key] = value;
  }
}

/** What somebody changes of a record while the other side is offline. */
export function edit(document, number) {
  document.dusun = `Sumber ${number}`;
}

export const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));

/** Waits until something holds; looked at so seldom that looking takes no time from those who work. */
export async function until(holds) {
  while (!(await holds())) await pause(200);
}
