// PouchDB with its LevelDB, and express-pouchdb as the server: a relay, a writer and a reader, each a process.
//
//   node pouchdb.mjs relay DIR          says where it listens
//   node pouchdb.mjs writer DIR URL RECORDS
//   node pouchdb.mjs reader DIR URL
//
// A document's history is not what is replicated: the reader gets the last revision of each.

import express from "express";
import expressPouchDB from "express-pouchdb";
import PouchDB from "pouchdb";
import { edit, records, say, serve, write } from "./talk.mjs";

const [role, dir, url, file] = process.argv.slice(2);

/** Documents in one request, as fast as any number was. */
const AT_ONCE = { batch_size: 500 };

async function relay() {
  const Server = PouchDB.defaults({ prefix: `${dir}/` });
  const app = express();
  app.use("/", expressPouchDB(Server, { mode: "minimumForPouchDB", logPath: `${dir}/log.txt`, inMemoryConfig: true }));
  const server = app.listen(0, "127.0.0.1", () => say({ listening: server.address().port }));
  const here = new Server("records");
  await serve({ count: async () => ({ records: (await here.info()).doc_count }) });
}

async function writer() {
  const here = new PouchDB(`${dir}/writer`);
  let documents = [];
  const save = async (some) => {
    const saved = await here.bulkDocs(some);
    saved.forEach(({ rev }, at) => (some[at]._rev = rev));
  };
  const send = () => PouchDB.replicate(here, url, AT_ONCE);
  await serve({
    write: async () => {
      const all = await records(file);
      documents = all.map(({ id }) => ({ _id: id }));
      for (let at = 0; at < all[0].changes.length; at += 1) {
        documents.forEach((document, number) => write(document, all[number].changes[at]));
        await save(documents);
      }
      await send();
    },
    change: async (count) => {
      const some = documents.slice(-Number(count));
      some.forEach(edit);
      await save(some);
      await send();
    },
  });
}

async function reader() {
  const here = new PouchDB(`${dir}/reader`);
  const count = async () => (await here.info()).doc_count;
  await serve({
    first: async () => {
      await PouchDB.replicate(url, here, AT_ONCE);
      return { records: await count() };
    },
    idle: async () => {
      const { push, pull } = await PouchDB.sync(here, url, AT_ONCE);
      return { pushed: push.docs_written, pulled: pull.docs_written };
    },
    change: async (number) => {
      const { rows } = await here.allDocs({ include_docs: true });
      const untouched = rows.map(({ doc }) => doc).slice(0, Number(number));
      untouched.forEach(edit);
      await here.bulkDocs(untouched);
    },
  });
}

await { relay, writer, reader }[role]();
