// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// E04: the client of event streams against servers of Node's http: what is read, beside what npm's
// eventsource and Chromium read; when it comes back, and with what; what ends it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import path from "node:path";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { EventSource } from "eventsource";
import { launch } from "../browser/chat.mjs";
import { within } from "../js/wait.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const build = path.resolve(process.env.VIREO_BUILD ?? path.join(here, "../../build"));

/** The program sse-dialler: see sse-dialler.c. */
class Client {
  #wake = () => {};
  #taken = 0;

  constructor(t, url, ...args) {
    const child = spawn(path.join(build, "tests/sse-dialler"), [url, ...args.map(String)]);
    this.seen = [];
    this.stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text) => { this.stderr += text; });
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.seen.push(JSON.parse(line));
      this.#wake();
    });
    this.exited = once(child, "close").then(([code, signal]) => ({ code, signal }));
    t.after(async () => {
      if (this.seen.at(-1)?.seen !== "close") child.kill("SIGTERM"); // else it ends by itself
      assert.deepEqual(await within(this.exited, "the client's end"), { code: 0, signal: null }, this.stderr);
      assert.equal(this.stderr, "");
    });
  }

  /** The next observation. */
  async any(what = "anything") {
    const come = (async () => {
      while (this.seen.length === this.#taken) await new Promise((resolve) => { this.#wake = resolve; });
    })();
    await within(come, `${what} of the client; there were ${JSON.stringify(this.seen)} ${this.stderr}`);
    return this.seen[this.#taken++];
  }

  /** The next one, which must be of that kind. */
  async next(kind) {
    const { seen, ...rest } = await this.any(kind);
    assert.equal(seen, kind, JSON.stringify(rest));
    return rest;
  }

  async nextN(kind, n) {
    const all = [];
    while (all.length < n) all.push(await this.next(kind));
    return all;
  }
}

/** A server; `answer(req, res, number)` answers the requests, which are counted from 1. */
async function serve(t, answer) {
  const requests = [];
  const server = http.createServer((req, res) => answer(req, res, requests.push(req)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => { server.close(); server.closeAllConnections?.(); });
  const { port } = server.address();
  return { url: `http://127.0.0.1:${port}`, server, port, requests };
}

const open = (res, more = {}) => res.writeHead(200, { "Content-Type": "text/event-stream", ...more });

/** Writes each piece in a turn of its own, so that it travels alone. */
async function write(res, pieces) {
  for (const piece of pieces) {
    res.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const event = (data, type = "message", id = "") => ({ type, data, id });

describe("E04: what is read", { concurrency: 4 }, () => {
  // [what, stream, the events in it]
  const table = [
    ["line feeds", "data: a\n\ndata: b\n\n", [event("a"), event("b")]],
    ["carriage returns", "data: a\r\rdata: b\r\r", [event("a"), event("b")]],
    ["both", "data: a\r\n\r\ndata: b\r\n\r\n", [event("a"), event("b")]],
    ["a mixture", "event: x\rdata: a\r\ndata: b\n\r\ndata: c\n\r", [event("a\nb", "x"), event("c")]],
    ["several lines of data", "data: a\ndata:\ndata\ndata:  b\n\n", [event("a\n\n\n b")]],
    ["no blank behind the colon", "data:a\nevent:x\nid:1\n\n", [event("a", "x", "1")]],
    ["comments", ": nothing\ndata: a\n:\n:data: b\n\n", [event("a")]],
    ["a mark in front", "\ufeffdata: a\n\n", [event("a")]],
    ["fields that nobody knows", "datas: b\nDATA: c\nx\ndata: a\n data: d\n\n", [event("a")]],
    ["no data, no event", "event: x\n\nid: 7\n\ndata: a\n\n", [event("a", "message", "7")]],
    ["empty data", "data\n\ndata:\n\n", [event(""), event("")]],
    ["ids stay, until they are emptied", "id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
      [event("a", "message", "1"), event("b", "message", "1"), event("c")]],
    ["an id with a NUL is none", "id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n",
      [event("a", "message", "1"), event("b", "message", "1")]],
    ["the type is for one event", "event: x\ndata: a\n\ndata: b\n\n", [event("a", "x"), event("b")]],
    ["other scripts", "event: 새\ndata: 노래 🐦\nid: é\n\n", [event("노래 🐦", "새", "é")]],
    ["what is not complete is no event", "data: a\n\ndata: b\n", [event("a")]],
  ];

  for (const [what, stream, expected] of table) {
    test(`${what}, cut at every place`, async (t) => {
      const bytes = Buffer.from(stream);
      const all = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
      const cuts = [[bytes], all, ...Array.from(bytes, (_, i) => [bytes.subarray(0, i), bytes.subarray(i)].filter((p) => p.length > 0))];
      const { url } = await serve(t, async (req, res, number) => {
        if (number > cuts.length) return res.writeHead(204).end();
        open(res);
        await write(res, cuts[number - 1]);
        res.end();
      });
      const client = new Client(t, url, "--retry", 1);
      for (let i = 0; i < cuts.length; i++) {
        await client.next("open");
        for (const e of expected) {
          const { id, ...rest } = await client.next("event");
          assert.deepEqual(rest, { type: e.type, data: e.data }, `cut ${i}`);
          if (i === 0) assert.equal(id, e.id);
        }
        assert.deepEqual(await client.next("retry"), { delay: 1, error: "", text: "the server has ended the stream" });
      }
      await client.next("close");
    });
  }

  const ending = "\n\nevent: end\ndata: end\n\n";
  const types = [...new Set(table.flatMap(([, , expected]) => expected.map((e) => e.type)))];

  // Whose events do not tell an id that stands in an earlier one.
  test("eventsource reads the same", async (t) => {
    const { url } = await serve(t, (req, res) => open(res).end(table[req.url.slice(1)][1] + ending));
    for (const [i, [what, , expected]] of table.entries()) {
      const source = new EventSource(`${url}/${i}`);
      t.after(() => source.close());
      const got = [];
      for (const type of types) source.addEventListener(type, (e) => got.push({ type: e.type, data: e.data }));
      await within(new Promise((resolve) => source.addEventListener("end", resolve)), "the end");
      source.close();
      assert.deepEqual(got.slice(0, expected.length), expected.map(({ type, data }) => ({ type, data })), what);
    }
  });

  test("Chromium reads the same", async (t) => {
    const { url } = await serve(t, (req, res) => req.url === "/"
      ? res.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html>")
      : open(res).end(table[req.url.slice(1)]?.[1] + ending));
    const browser = await launch();
    t.after(() => browser.close());
    const page = await browser.newPage();
    await page.goto(url);
    for (const [i, [what, , expected]] of table.entries()) {
      const got = await page.evaluate(([number, all]) => new Promise((resolve) => {
        const source = new EventSource(`/${number}`);
        const events = [];
        for (const type of all)
          source.addEventListener(type, (e) => events.push({ type, data: e.data, id: e.lastEventId }));
        source.addEventListener("end", () => { source.close(); resolve(events); });
      }), [i, types]);
      assert.deepEqual(got.slice(0, expected.length), expected, what);
    }
  });
});

describe("E04: when it comes back", { concurrency: 4 }, () => {
  test("with the newest id, as the bytes that it was", async (t) => {
    const ids = [];
    const { url } = await serve(t, (req, res, number) => {
      ids.push(req.headers["last-event-id"] && Buffer.from(req.headers["last-event-id"], "latin1").toString());
      if (number === 6) return res.writeHead(204).end();
      open(res).end(["retry: 1\n\n", "id: 1\ndata: a\n\n", "data: b\n\n", "id: é🐦\n\n", "id\n\n"][number - 1]);
    });
    const client = new Client(t, url, "--last-event-id", "where I was");
    await client.exited;
    assert.deepEqual(ids, ["where I was", "where I was", "1", "1", "é🐦", undefined]);
  });

  test("after the time that the server has told, and no other", async (t) => {
    const { url } = await serve(t, (req, res, number) => {
      if (number === 5) return res.writeHead(204).end();
      open(res).end(["data: a\n\n", "retry: 30\n\n", "retry: 1x\nretry: -1\nretry\nretry: 1.5\n\n", "retry: 007\n\n"][number - 1]);
    });
    const client = new Client(t, url, "--retry", 20);
    await client.exited;
    assert.deepEqual(client.seen.filter((o) => o.seen === "retry").map((o) => o.delay), [20, 30, 30, 7]);
  });

  test("when the connection is cut, refused, or the server is in trouble", async (t) => {
    const first = await serve(t, (req, res, number) => {
      if (number === 1) return res.writeHead(503).end("later");
      open(res).write("id: 1\ndata: a\n\n");
      setImmediate(() => res.socket.resetAndDestroy ? res.socket.resetAndDestroy() : res.socket.destroy());
      first.server.close();
    });
    const client = new Client(t, first.url, "--retry", 5, "--max-retry", 20);
    assert.deepEqual((await client.next("retry")).text, "the server answered 503 Service Unavailable");
    await client.next("open");
    assert.deepEqual(await client.next("event"), event("a", "message", "1"));
    assert.equal((await client.next("retry")).delay, 5);
    const refused = await client.next("retry");
    assert.match(refused.text, /Connection refused/);
    const asked = [];
    const again = http.createServer((req, res) => {
      asked.push(req.headers["last-event-id"]);
      open(res).write("data: b\n\n");
    });
    t.after(() => { again.close(); again.closeAllConnections?.(); });
    again.listen(first.port, "127.0.0.1");
    await once(again, "listening");
    const delays = [refused.delay];
    let seen;
    while ((seen = await client.any()).seen === "retry") delays.push(seen.delay);
    assert.equal(seen.seen, "open");
    assert.deepEqual(await client.next("event"), event("b", "message", "1"));
    assert.deepEqual(asked, ["1"]);
    for (const delay of delays) assert.ok(delay >= 2 && delay <= 30, `${delay}: twice as long each time, up to 20, and half of it more or less`);
  });

  test("when nothing has come for too long", async (t) => {
    const { url } = await serve(t, (req, res, number) => {
      open(res).write(`data: ${number}\n\n`);
    });
    const client = new Client(t, url, "--idle", 100, "--retry", 1);
    for (const data of ["1", "2", "3"]) {
      await client.next("open");
      assert.equal((await client.next("event")).data, data);
      assert.equal((await client.next("retry")).error, "VIREO_ETIMEDOUT");
    }
  });

  test("not for ever, where it was told so", async (t) => {
    const { url, requests } = await serve(t, (req, res) => res.writeHead(500).end());
    const client = new Client(t, url, "--retry", 1, "--max-retry", 1, "--attempts", 3);
    await client.nextN("retry", 3);
    assert.deepEqual(await client.next("close"),
      { error: "VIREO_EREFUSED", text: "the server answered 500 Internal Server Error" });
    assert.equal(requests.length, 4);
  });
});

describe("E04: answers", { concurrency: 4 }, () => {
  const refused = async (t, answer, text) => {
    const { url, requests } = await serve(t, answer);
    const client = new Client(t, url, "--retry", 1);
    assert.deepEqual(await client.next("close"), { error: "VIREO_EREFUSED", text });
    assert.equal(requests.length, 1);
  };

  for (const [status, text] of [[204, "No Content"], [201, "Created"], [401, "Unauthorized"], [404, "Not Found"]])
    test(`${status} ends it`, (t) => refused(t, (req, res) => res.writeHead(status).end(), `the server answered ${status} ${text}`));

  for (const type of ["text/plain", "text/event-streams", "application/json", ""])
    test(`the type "${type}" ends it`, (t) =>
      refused(t, (req, res) => res.writeHead(200, type && { "Content-Type": type }).end("data: a\n\n"),
        "the server's answer is no event stream"));

  for (const type of ["text/event-stream;charset=utf-8", "Text/Event-Stream", "text/event-stream ; charset=UTF-8"])
    test(`the type "${type}" is one`, async (t) => {
      const { url } = await serve(t, (req, res) => res.writeHead(200, { "Content-Type": type }).write("data: a\n\n"));
      const client = new Client(t, url);
      await client.next("open");
      assert.deepEqual(await client.next("event"), event("a"));
    });

  test("no coding is asked for, and one that comes all the same is refused", async (t) => {
    let asked;
    await refused(t, (req, res) => {
      asked = req.headers;
      open(res, { "Content-Encoding": "gzip" }).end(gzipSync("data: a\n\n"));
    }, "the server's answer is coded (gzip), which was not asked for");
    assert.equal(asked["accept-encoding"], "identity");
    assert.equal(asked.accept, "text/event-stream");
    assert.equal(asked["cache-control"], "no-store");
  });

  test("the coding identity is none", async (t) => {
    const { url } = await serve(t, (req, res) => open(res, { "Content-Encoding": "identity" }).write("data: a\n\n"));
    const client = new Client(t, url);
    await client.next("open");
    assert.deepEqual(await client.next("event"), event("a"));
  });

  test("redirects are followed, each time anew from the first URL", async (t) => {
    const { url, requests } = await serve(t, (req, res, number) => {
      const to = { "/1": [301, "/2?x"], "/2?x": [302, "3"], "/3": [303, "/a/../4"], "/4": [307, `${url}/5`], "/5": [308, "/end#x"] }[req.url];
      if (to) return res.writeHead(to[0], { Location: to[1] }).end("this way");
      open(res).end(`retry: 1\ndata: ${number}\n\n`);
    });
    const client = new Client(t, `${url}/1`);
    for (const number of ["6", "12"]) {
      await client.next("open");
      assert.equal((await client.next("event")).data, number);
      await client.next("retry");
    }
    assert.deepEqual(requests.slice(0, 7).map((req) => req.url), ["/1", "/2?x", "/3", "/4", "/5", "/end", "/1"]);
    for (const req of requests) assert.equal(req.headers.accept, "text/event-stream");
  });

  test("a circle of redirects ends, and is tried again later", async (t) => {
    const { url, requests } = await serve(t, (req, res) => res.writeHead(302, { Location: "/" }).end());
    const client = new Client(t, url, "--retry", 1, "--attempts", 1);
    assert.deepEqual(await client.next("retry"), { delay: 1, error: "VIREO_EREFUSED", text: "more than 10 redirects" });
    await client.next("close");
    assert.equal(requests.length, 22);
  });

  test("what is secret is not told to another server", async (t) => {
    const heard = [];
    const other = await serve(t, (req, res) => {
      heard.push(req.headers.authorization);
      open(res).write("data: a\n\n");
    });
    const { url } = await serve(t, (req, res) => {
      heard.push(req.headers.authorization);
      res.writeHead(302, { Location: `${other.url}/there` }).end();
    });
    const client = new Client(t, url, "--authorization", "Bearer secret");
    await client.next("open");
    assert.deepEqual(heard, ["Bearer secret", undefined]);
  });

  test("an event that is too large is not collected: the stream counts as lost", async (t) => {
    const { url } = await serve(t, (req, res) => open(res).write(`data: ${"x".repeat(200)}\n\n`));
    const client = new Client(t, url, "--max-event", 100, "--retry", 1);
    for (let i = 0; i < 2; i++) {
      await client.next("open");
      assert.equal((await client.next("retry")).error, "VIREO_ETOOBIG");
    }
  });
});
