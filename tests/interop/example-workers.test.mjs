// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// examples/workers (O06, K20): the official clients on four workers, over polling without sticky sessions, on
// connections that carry the requests of several sessions, and over WebSocket.

import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";
import { call, client, connected, upgraded } from "../js/client.mjs";
import { Example } from "../js/example.mjs";
import { collect, next, within } from "../js/wait.mjs";

const start = (t) => Example.start(t, "workers", "127.0.0.1", "0", ["--workers", "4"]);

/** Everybody tells the others one thing, and hears one of each. */
async function everybodyTalks(clients) {
  const heard = clients.map((c) => collect(c, "said"));
  const all = Promise.all(clients.map((c) => within(new Promise((resolve) => {
    let count = 0;
    c.on("said", () => { if (++count === clients.length - 1) resolve(); });
  }), "what each of the others has said")));
  for (const c of clients) c.emit("say", `I am ${c.id}`);
  await all;
  for (const [i, list] of heard.entries())
    assert.deepEqual(list.map(({ from, text }) => `${from} ${text}`).sort(),
      clients.filter((c) => c !== clients[i]).map((c) => `${c.id} I am ${c.id}`).sort());
}

test("O06: a room of clients on all workers, over polling, upgraded and WebSocket", async (t) => {
  const example = await start(t);
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const clients = await Promise.all([
    ...Array.from({ length: 8 }, () => connected(t, example, { transports: ["polling"], agent })),
    ...Array.from({ length: 4 }, () => upgraded(t, example, { agent })),
    ...Array.from({ length: 4 }, () => connected(t, example, { transports: ["websocket"] })),
  ]);
  const workers = await Promise.all(clients.map((c) => call(c, "enter", "hall")));
  assert.equal(new Set(workers.flat()).size, 4, "each worker has some");
  await everybodyTalks(clients);
  const [ids] = await call(clients[3], "who");
  assert.deepEqual(ids.sort(), clients.map((c) => c.id).sort());
});

test("O06: many short messages over polling stay in order, though connections are shared", async (t) => {
  const example = await start(t);
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const pairs = await Promise.all(Array.from({ length: 6 }, async (_, i) => {
    const pair = await Promise.all([0, 1].map(() => connected(t, example, { transports: ["polling"], agent })));
    await Promise.all(pair.map((c) => call(c, "enter", `room-${i}`)));
    return pair;
  }));
  await Promise.all(pairs.map(async ([a, b]) => {
    const got = collect(b, "said");
    const last = within(new Promise((resolve) => b.on("said", ({ text }) => text === "99" && resolve())), "the last");
    for (let n = 0; n < 100; n++) {
      a.emit("say", String(n));
      if (n % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await last;
    assert.deepEqual(got.map(({ text }) => text), Array.from({ length: 100 }, (_, n) => String(n)));
  }));
});

test("O06: a rate limit counts for all workers", async (t) => {
  const example = await start(t);
  const answers = [];
  for (let i = 0; i < 14; i++) { // a connection each: they are spread over the workers
    const agent = new http.Agent();
    const status = await within(new Promise((resolve, reject) => {
      http.get(`${example.url}/hello`, { agent }, (res) => { res.resume(); resolve(res.statusCode); }).on("error", reject);
    }), "an answer");
    answers.push(status);
  }
  assert.deepEqual(answers, [...Array(10).fill(200), ...Array(4).fill(429)]);
});

test("O06: SIGTERM with traffic under way ends all workers cleanly", async (t) => {
  const example = await Example.start(t, "workers", "127.0.0.1", "0", ["--workers", "4"]);
  const clients = await Promise.all(Array.from({ length: 8 }, (_, i) =>
    connected(t, example, { transports: [i % 2 ? "polling" : "websocket"] })));
  await Promise.all(clients.map((c) => call(c, "enter", "hall")));
  const timer = setInterval(() => clients.forEach((c) => c.emit("say", "again")), 1);
  t.after(() => clearInterval(timer));
  await next(clients[0], "said");
  const gone = Promise.all(clients.map((c) => next(c, "disconnect")));
  await example.stop();
  clearInterval(timer);
  await gone;
});

test("O06: an unknown session is unknown on every worker", async (t) => {
  const example = await start(t);
  const c = client(t, example, { transports: ["polling"] });
  await next(c, "connect");
  const res = await fetch(`${example.url}/socket.io/?EIO=4&transport=polling&sid=nobodynobodynobody00`);
  assert.equal(res.status, 400);
  assert.deepEqual(await res.json(), { code: 1, message: "Session ID unknown" });
});
