// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// O06: what is not Socket.IO on four workers: topics of WebSockets (W08), broadcasts of an endpoint, event streams
// and what they have missed (E02), guests of rooms (E03).

import assert from "node:assert/strict";
import http from "node:http";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { WebSocket } from "ws";
import { connected } from "../js/client.mjs";
import { startServer } from "../js/server.mjs";
import { collect, next, within } from "../js/wait.mjs";

const WORKERS = 4;

async function start(t, workers = WORKERS) {
  const server = await startServer("vireo", ["--workers", workers], "streams");
  t.after(() => server.stop());
  return server;
}

/** An open WebSocket: `worker`, and all it hears in `got`. */
async function socket(t, server) {
  const ws = new WebSocket(`${server.url.replace("http", "ws")}/ws`);
  t.after(() => ws.terminate());
  const [first] = await next(ws, "message");
  ws.worker = JSON.parse(first).worker;
  ws.got = [];
  ws.on("message", (data) => ws.got.push(String(data)));
  return ws;
}

/** An open event stream: emits "event" with { id, event, data }, and "end". */
async function stream(t, server, path, lastId) {
  const out = new EventEmitter();
  const req = http.get(server.url + path, { agent: false, headers: lastId ? { "Last-Event-ID": lastId } : {} });
  out.close = () => req.destroy();
  t.after(out.close);
  req.on("error", () => out.emit("end"));
  out.got = collect(out, "event");
  const opened = next(out, "event");
  req.on("response", (res) => {
    let text = "";
    res.on("error", () => {}).on("end", () => out.emit("end")).setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
      for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
        const seen = {};
        for (const line of text.slice(0, end).split("\n"))
          seen[line.slice(0, line.indexOf(":"))] = line.slice(line.indexOf(":") + 1).trim();
        if (seen.data !== undefined) out.emit("event", seen);
      }
    });
  });
  const [first] = await opened;
  assert.equal(first.event, "worker");
  out.worker = Number(first.data);
  out.got.shift();
  return out;
}

const many = (n, make) => Promise.all(Array.from({ length: n }, make));
const onAll = (list) => assert.deepEqual([...new Set(list.map(({ worker }) => worker))].sort(), [0, 1, 2, 3]);

/** Until each of `list` has got `n`. */
const filled = (list, event, n) => Promise.all(list.map((one) => within(new Promise((resolve) => {
  const look = () => one.got.length >= n && resolve();
  one.on(event, look);
  look();
}), `${n} of "${event}"`)));

const texts = (prefix, n) => Array.from({ length: n }, (_, i) => `${prefix}${i}`);

for (const [verb, own] of [["publish", true], ["others", false], ["all", false]]) {
  test(`W08: "${verb}" reaches the WebSockets of all workers, each message once and in order`, async (t) => {
    const server = await start(t);
    const all = await many(8, () => socket(t, server));
    onAll(all);
    for (const [i, ws] of all.entries())
      for (const text of texts(`${i}-`, 50)) ws.send(`${verb} ${text}`);
    await filled(all, "message", 50 * (own ? 8 : 7));
    for (const [i, ws] of all.entries())
      for (const from of all.keys())
        assert.deepEqual(ws.got.filter((text) => text.startsWith(`${from}-`)), own || from !== i ? texts(`${from}-`, 50) : []);
  });
}

test("W08: a large message is one for all workers", async (t) => {
  const server = await start(t);
  const all = await many(8, () => socket(t, server));
  all[0].send(`publish ${"x".repeat(900)}`);
  await filled(all, "message", 1);
  for (const { got } of all) assert.deepEqual(got, ["x".repeat(900)]);
});

test("E02: events reach the streams of all workers, in the same order and with the same ids", async (t) => {
  const server = await start(t);
  const speakers = await many(4, () => socket(t, server));
  const streams = await many(8, () => stream(t, server, "/news"));
  onAll(speakers);
  onAll(streams);
  for (let i = 0; i < 100; i++) for (const [n, ws] of speakers.entries()) ws.send(`event ${n}-${i}`);
  await filled(streams, "event", 400);
  const [first] = streams;
  assert.deepEqual(first.got.map(({ id }) => Number(id.split("-")[1])), Array.from({ length: 400 }, (_, i) => i + 1));
  for (const [n] of speakers.entries())
    assert.deepEqual(first.got.map(({ data }) => data).filter((text) => text.startsWith(`${n}-`)), texts(`${n}-`, 100));
  for (const { got } of streams) assert.deepEqual(got, first.got);
});

test("E02: rooms of event streams, and an endpoint without a history, on all workers", async (t) => {
  const server = await start(t);
  const speakers = await many(4, () => socket(t, server));
  const half = await many(8, () => stream(t, server, "/news?half=1"));
  const whole = await many(4, () => stream(t, server, "/news"));
  const plain = await many(4, () => stream(t, server, "/plain"));
  [half, whole, plain].forEach(onAll);
  for (const ws of speakers) {
    ws.send(`room for half, by ${ws.worker}`);
    ws.send(`plain for plain, by ${ws.worker}`);
    ws.send(`event for all, by ${ws.worker}`);
  }
  await Promise.all([filled(half, "event", 8), filled(whole, "event", 4), filled(plain, "event", 4)]);
  const by = (what) => [0, 1, 2, 3].map((n) => `for ${what}, by ${n}`);
  const heard = (one) => one.got.map(({ data }) => data).sort();
  for (const one of half) assert.deepEqual(heard(one), [...by("all"), ...by("half")]);
  for (const one of whole) assert.deepEqual(heard(one), by("all"));
  for (const one of plain) {
    assert.deepEqual(heard(one), by("plain"));
    assert.deepEqual(one.got.map(({ id }) => id), Array(4).fill(undefined));
  }
});

test("E02: who comes back to another worker again and again misses nothing and gets nothing twice", async (t) => {
  const server = await start(t);
  const speakers = await many(4, () => socket(t, server));
  const TOTAL = 2000;
  const workers = new Set();
  const restless = async (patience) => {
    const seen = [];
    let last = first;
    while (seen.length < TOTAL) {
      const one = await stream(t, server, "/news", last);
      workers.add(one.worker);
      const take = () => {
        for (const { event, id, data } of one.got.splice(0)) {
          assert.notEqual(event, "missed");
          seen.push(data);
          last = id;
        }
      };
      const until = Math.min(TOTAL, seen.length + patience);
      await within(new Promise((resolve) => {
        const look = () => { take(); if (seen.length >= until) resolve(); };
        one.on("event", look);
        look();
      }), `event ${until}`);
      take();
      one.close();
    }
    return seen;
  };
  const steady = await stream(t, server, "/news");
  speakers[0].send("event first");
  const [{ id: first }] = await next(steady, "event");
  const all = Promise.all([1, 7, 40, 200].map(restless));
  let sent = 0;
  const speak = setInterval(() => {
    for (let i = 0; i < 20 && sent < TOTAL; i++, sent++) speakers[sent % 4].send(`event ${sent}`);
  }, 2);
  t.after(() => clearInterval(speak));
  const lists = await all;
  await filled([steady], "event", TOTAL + 1);
  const order = steady.got.slice(1).map(({ data }) => data);
  assert.equal(new Set(order).size, TOTAL);
  for (const seen of lists) assert.deepEqual(seen, order);
  assert.equal(workers.size, 4);
});

test("E03, W08: guests of a room hear what is said on any worker, on any way", async (t) => {
  const server = await start(t);
  const sockets = await many(4, () => socket(t, server));
  const streams = await many(4, () => stream(t, server, "/guests"));
  const clients = await many(4, async () => {
    const c = await connected(t, server, { transports: ["websocket"], autoConnect: true });
    c.got = collect(c, "said");
    return c;
  });
  [sockets, streams].forEach(onAll);
  for (const [i, ws] of sockets.entries()) ws.send(`square by WebSocket ${i}`);
  for (const [i, c] of clients.entries()) c.emit("say", `by Socket.IO ${i}`);
  await Promise.all([filled(sockets, "message", 8), filled(streams, "event", 8), filled(clients, "said", 8)]);
  const said = [0, 1, 2, 3].flatMap((i) => [`by Socket.IO ${i}`, `by WebSocket ${i}`]).sort();
  for (const { got } of sockets) assert.deepEqual(got.map((text) => JSON.parse(text)[1]).sort(), said);
  for (const { got } of streams) assert.deepEqual(got.map(({ data }) => JSON.parse(data)).sort(), said);
  for (const { got } of clients) assert.deepEqual(got.sort(), said);
});

test("one worker alone is as four", async (t) => {
  const server = await start(t, 1);
  const [ws, one] = [await socket(t, server), await stream(t, server, "/news")];
  ws.send("event a");
  ws.send("publish b");
  await Promise.all([filled([one], "event", 1), filled([ws], "message", 1)]);
  assert.equal(one.got[0].data, "a");
  assert.deepEqual(ws.got, ["b"]);
});

test("O06: SIGTERM with events under way ends all workers cleanly", async (t) => {
  const server = await start(t);
  const speakers = await many(8, () => socket(t, server));
  const streams = await many(8, () => stream(t, server, "/news"));
  const timer = setInterval(() => speakers.forEach((ws) => { ws.send("event again"); ws.send("publish again"); }), 1);
  t.after(() => clearInterval(timer));
  await filled(streams, "event", 20);
  const gone = Promise.all(streams.map((one) => next(one, "end")));
  await server.stop();
  await gone;
});
