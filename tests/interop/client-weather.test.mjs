// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Vireo's Socket.IO clients behind a relay that delays, cuts, stalls and changes bytes, by chance:
// over polling, WebSocket and the change between them, with TLS and without (C04, C05, C06, C18,
// C20). However the storm goes, each connect has its disconnect, each question its one answer, and
// when it is over all come back. With TLS nothing false is ever delivered; without it, nothing that
// is no JSON of valid UTF-8. VIREO_SEED repeats the decisions.

import test from "node:test";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { createServer as createSecure } from "node:https";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "socket.io";
import { Certs } from "../js/certs.mjs";
import { startClients } from "../js/driver.mjs";
import { choicesFrom } from "../js/random.mjs";
import { startRelay } from "../js/relay.mjs";

const seed = Number(process.env.VIREO_SEED ?? 20240607);
const STORM_MS = Number(process.env.VIREO_STORM_MS ?? 4000);
const sum = (text) => createHash("sha256").update(text).digest("hex").slice(0, 16);

const weathers = {
  "delays and cuts": { delay: 15, cut: 0.03 },
  "stalls": { delay: 3, stall: 0.02 },
  "bytes change": { delay: 2, corrupt: 0.05 },
};

/** The official server, which sends numbered events with their sums, and answers with them. */
async function talker(t, http) {
  const io = new Server(http, { pingInterval: 1000, pingTimeout: 1000, connectTimeout: 2000, upgradeTimeout: 2000 });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  let n = 0;
  io.on("connection", (s) => {
    s.on("ask", (text, answer) => { if (typeof answer === "function") answer(text, sum(String(text))); });
    s.on("error", () => {});
  });
  const timer = setInterval(() => {
    const text = `ä€😀 ${"x".repeat(n % 200)}`;
    io.emit("news", ++n, text, sum(text), Buffer.from(text));
  }, 20);
  t.after(() => { clearInterval(timer); io.close(); http.closeAllConnections?.(); });
  return http.address().port;
}

/** What must hold of all that was told to one client. */
function checkLaw(client) {
  let open = false, connected = false;
  for (const e of client.seen()) {
    if (e.event === "open") { assert.equal(open, false); open = true; }
    if (e.event === "close") { assert.equal(open, true); open = false; }
    if (e.event === "connect") { assert.deepEqual([open, connected], [true, false]); connected = true; }
    if (e.event === "disconnect") { assert.equal(connected, true); connected = false; }
    if (e.event === "event") assert.equal(connected || e.connected, true);
  }
}

/** With TLS: as it was sent, in its order. Without: at least texts that are texts. */
function checkNews(client, secure) {
  let last = 0;
  for (const { type, args } of client.seen("event")) {
    assert.doesNotMatch(JSON.stringify(args), /\ufffd/);
    if (!secure) continue;
    assert.equal(type, "news");
    const [, n, text, expected, bytes] = args;
    assert.ok(n > last);
    last = n;
    assert.equal(sum(text), expected);
    assert.equal(Buffer.from(bytes.data).toString(), text);
  }
}

/** Who comes back is answered; what was under way in the storm may be lost once more. */
async function answerOf(client) {
  for (;;) {
    const { status, args } = await client.call("ask", "now?", { timeout: 2000 });
    if (status === "OK") return args;
  }
}

for (const [weather, storm] of Object.entries(weathers))
  test(`${weather} (seed ${seed})`, { timeout: 120000 }, async (t) => {
    const certs = new Certs();
    t.after(() => certs.remove());
    certs.make("good", "DNS:localhost");
    const tls = createSecure({ cert: certs.text("good.pem"), key: certs.text("good.key") });
    tls.on("tlsClientError", () => {});
    const relays = [await startRelay(t, await talker(t, createServer())), await startRelay(t, await talker(t, tls))];
    const all = startClients(t);
    const clients = [];
    for (const transports of ["polling", "websocket", "polling,websocket"])
      for (const [i, relay] of relays.entries())
        for (const n of [1, 2]) {
          const url = i === 0 ? relay.url : `https://localhost:${relay.port}`;
          const client = all.connect(`${transports} ${i === 0 ? "plain" : "tls"} ${n}`, url, { transports, forceNew: true,
            ca: String(certs.ca), delay: 10, delayMax: 60, timeout: 2000, comeBack: true, noAck: true, maxMessageBytes: 100000 });
          client.secure = i === 1;
          clients.push(client);
        }
    for (const client of clients) await client.next("connect");

    const choices = choicesFrom(seed);
    for (const relay of relays) relay.storm = { choices, ...storm };
    const asked = [];
    const end = Date.now() + STORM_MS;
    while (Date.now() < end) {
      for (const client of clients)
        asked.push({ client, answer: client.call("ask", `question ${asked.length}`, { timeout: 300 }) });
      await sleep(50);
    }
    for (const relay of relays) { relay.storm = null; relay.cut(); } // a router that was replaced

    for (const { client, answer } of asked) {
      const { status, args } = await answer;
      assert.match(status, /^(OK|VIREO_ETIMEDOUT|VIREO_ECLOSED)$/);
      if (status === "OK" && client.secure) assert.equal(sum(args[0]), args[1]);
    }
    for (const client of clients) {
      assert.deepEqual(await answerOf(client), ["now?", sum("now?")]);
      checkLaw(client);
      checkNews(client, client.secure);
    }
    assert.deepEqual(all.seen.filter((e) => e.event === "emit failed"), []); // what cannot be sent waits
    const answers = all.seen.filter((e) => e.event === "ack");
    assert.equal(new Set(answers.map((e) => e.ack)).size, answers.length);
    assert.ok(all.seen.filter((e) => e.event === "disconnect").length > 0, "nothing has happened");
    assert.equal(relays.every((r) => r.corrupted > 0), storm.corrupt > 0);
  });
