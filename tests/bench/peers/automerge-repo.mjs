// automerge-repo over WebSocket with its file store: a relay, a writer and a reader, each a process.
//
//   node automerge-repo.mjs relay DIR          says where it listens
//   node automerge-repo.mjs writer DIR URL RECORDS
//   node automerge-repo.mjs reader DIR URL
//
// There is no way to ask which documents there are: writer and reader share a list of them in DOCUMENTS.

import { readFileSync, writeFileSync } from "node:fs";
import { Repo } from "@automerge/automerge-repo";
import { WebSocketClientAdapter, WebSocketServerAdapter } from "@automerge/automerge-repo-network-websocket";
import { NodeFSStorageAdapter } from "@automerge/automerge-repo-storage-nodefs";
import { WebSocketServer } from "ws";
import { edit, pause, records, say, serve, until, write } from "./talk.mjs";

const [role, dir, url, file] = process.argv.slice(2);
const storage = new NodeFSStorageAdapter(dir);

/** How long a line must be silent before a reconnect counts as over. */
const QUIET_MS = 1_500;

const same = (one, other) => JSON.stringify([...one].sort()) === JSON.stringify([...other].sort());

/** Whether a repository holds every document of a list with these heads. One that has not come yet cannot be found. */
async function holds(repo, list) {
  try {
    for (const [id, heads] of list) {
      const handle = await repo.find(id, { allowableStates: ["ready", "unavailable", "requesting", "loading"] });
      if (!handle.isReady() || !same(handle.heads(), heads)) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** Gets a document, and waits until it has these heads. */
async function whole(repo, id, heads) {
  const handle = await repo.find(id);
  while (!same(handle.heads(), heads)) await new Promise((changed) => handle.once("heads-changed", changed));
  return handle;
}

const listed = (documents) => JSON.parse(readFileSync(documents, "utf8"));

async function relay() {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise((listening) => server.once("listening", listening));
  const repo = new Repo({ network: [new WebSocketServerAdapter(server)], storage, sharePolicy: async () => true });
  say({ listening: server.address().port });
  await serve({
    has: async (documents) => {
      const list = listed(documents);
      await until(() => holds(repo, list));
    },
  });
}

const connect = (repo) => repo.networkSubsystem.addNetworkAdapter(new WebSocketClientAdapter(url, 100));

async function writer() {
  const repo = new Repo({ storage, sharePolicy: async () => true });
  const handles = [];
  const keep = (documents, some) => {
    writeFileSync(documents, JSON.stringify(some.map((handle) => [handle.url, handle.heads()])));
  };
  await serve({
    write: async (documents) => {
      for (const record of await records(file)) {
        const handle = repo.create();
        for (const change of record.changes) handle.change((document) => write(document, change));
        handles.push(handle);
      }
      keep(documents, handles);
      connect(repo);
    },
    change: (documents, count) => {
      const some = handles.slice(-Number(count));
      some.forEach((handle, number) => handle.change((document) => edit(document, number)));
      keep(documents, some);
    },
  });
}

async function reader() {
  const repo = new Repo({ storage, sharePolicy: async () => true });
  let handles = [];
  let line = new WebSocketClientAdapter(url, 100);
  const leave = () => {
    repo.networkSubsystem.removeNetworkAdapter(line);
    line = new WebSocketClientAdapter(url, 100);
  };
  await serve({
    first: async (documents) => {
      repo.networkSubsystem.addNetworkAdapter(line);
      await repo.networkSubsystem.whenReady();
      const list = listed(documents);
      handles = await Promise.all(list.map(([id, heads]) => whole(repo, id, heads)));
      await repo.flush();
    },
    leave: async () => {
      leave();
      await pause(200);
    },
    idle: async () => {
      repo.networkSubsystem.addNetworkAdapter(line);
      await pause(QUIET_MS);
    },
    change: (documents, count) => {
      const some = handles.slice(0, Number(count));
      some.forEach((handle, number) => handle.change((document) => edit(document, number)));
      writeFileSync(documents, JSON.stringify(some.map((handle) => [handle.url, handle.heads()])));
    },
    delta: async (documents) => {
      repo.networkSubsystem.addNetworkAdapter(line);
      const list = listed(documents);
      await until(() => holds(repo, list));
    },
    quiet: () => pause(QUIET_MS),
  });
}

await { relay, writer, reader }[role]();
