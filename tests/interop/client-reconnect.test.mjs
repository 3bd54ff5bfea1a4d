// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Vireo's Socket.IO client when the connection is lost, or cannot be had: C04, C05, C06, C14, C16,
// C17, C18, C20, C23, C28, C32, and the volatile flag (S) on the client's side. A relay stands
// between it and the servers.

import test, { before, after } from "node:test";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { once } from "node:events";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import { startServer, forEachKind } from "../js/server.mjs";
import { startClients } from "../js/driver.mjs";
import { startRelay } from "../js/relay.mjs";

const quick = { delay: 10, delayMax: 50 };

const modes = {
  "websocket only": { transports: "websocket" },
  "polling only": { transports: "polling" },
};

/** An official server inside the test. */
async function official(t, options = {}) {
  const http = createServer();
  const io = new Server(http, options);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => { io.close(); http.closeAllConnections?.(); });
  return { io, url: `http://127.0.0.1:${http.address().port}`, port: http.address().port };
}

forEachKind("client, reconnection", (kind) => {
  let server;
  before(async () => { server = await startServer(kind); });
  after(() => server.stop());

  for (const [mode, options] of Object.entries(modes)) {
    test(`${mode}: a lost connection is made again, with its events (C04, C05)`, async (t) => {
      const relay = await startRelay(t, server.port);
      const a = startClients(t).connect("a", relay.url, { ...options, ...quick });
      const first = await a.next("connect");
      relay.refusing = true;
      relay.cut();
      const lost = await a.next("disconnect");
      assert.equal(lost.reason, mode === "polling only" ? "transport error" : "transport close");
      assert.equal(lost.active, true);
      assert.equal((await a.next("reconnect_attempt")).attempt, 1);
      const error = await a.next("reconnect_error");
      assert.equal(error.message, mode === "polling only" ? "xhr poll error" : "websocket error");
      assert.notEqual(error.code, "OK");
      assert.equal((await a.next("reconnect_attempt")).attempt, 2);
      relay.refusing = false;
      const { attempt } = await a.next("reconnect");
      assert.ok(attempt >= 2);
      const second = await a.next("connect");
      assert.notEqual(first.id, second.id);
      assert.deepEqual((await a.call("ack", 1)).args, [1]);
      const closes = a.seen("open", "close").map((e) => e.event);
      assert.deepEqual(closes, ["open", "close", "open"]);
    });

    test(`${mode}: what is emitted meanwhile is sent in order (C14)`, async (t) => {
      const relay = await startRelay(t, server.port);
      const a = startClients(t).connect("a", relay.url, { ...options, ...quick, outgoing: true });
      await a.next("connect");
      a.emit("echo", "before");
      await a.next("event", { type: "echo" });
      relay.refusing = true;
      relay.cut();
      await a.next("disconnect");
      for (let i = 0; i < 20; i++) a.emit("echo", i);
      a.do("emit", { event: "echo", args: ["lost"], volatile: true });
      a.do("emit", { event: "echo", args: [20], binary: "b" });
      assert.equal((await a.state()).buffered, 21);
      assert.equal(a.seen("outgoing").length, 1); // it is told when it is sent
      relay.refusing = false;
      await a.next("connect");
      await a.call("ack");
      const echoes = a.seen("event").filter((e) => e.type === "echo").map((e) => e.args[1]);
      assert.deepEqual(echoes, ["before", ...Array.from({ length: 21 }, (_, i) => i)]);
      assert.equal(a.seen("outgoing").filter((e) => e.type === "echo").length, 22);
    });

    test(`${mode}: what is sent and not answered fails with the connection, what waits does not (C18)`, async (t) => {
      const relay = await startRelay(t, server.port);
      const a = startClients(t).connect("a", relay.url, { ...options, ...quick });
      await a.next("connect");
      const sent = a.call("no such event");
      await a.next("event", { type: "any" }); // it has arrived, and will not be answered
      relay.refusing = true;
      relay.cut();
      assert.equal((await sent).status, "VIREO_ECLOSED");
      const waiting = a.call("ack", "waited");
      const timed = await a.call("ack", "late", { timeout: 20 });
      assert.equal(timed.status, "VIREO_ETIMEDOUT");
      assert.equal((await a.state()).buffered, 1); // what nobody waits for is not sent
      relay.refusing = false;
      assert.deepEqual((await waiting).args, ["waited"]);
    });
  }

  test("it gives up after so many attempts, and goes on when it is told to (C04)", async (t) => {
    const relay = await startRelay(t, server.port);
    relay.refusing = true;
    const a = startClients(t).connect("a", relay.url, { ...quick, attempts: 3 });
    await a.next("reconnect_failed");
    await a.next("reconnect_error"); // of the last one, as the official client tells it
    assert.deepEqual(a.seen("reconnect_attempt").map((e) => e.attempt), [1, 2, 3]);
    assert.equal(a.seen("reconnect_error").length, 3);
    assert.equal(a.seen("connect_error").length, 4);
    assert.equal(a.seen("error").length, 4);
    relay.refusing = false;
    a.do("open");
    await a.next("connect");
  });

  test("no reconnection when it is not wanted", async (t) => {
    const relay = await startRelay(t, server.port);
    const all = startClients(t);
    const a = all.connect("a", relay.url, { ...quick, transports: "websocket", noReconnect: true });
    await a.next("connect");
    relay.cut();
    await a.next("disconnect");
    const b = all.connect("b", server.url);
    await b.next("connect");
    await b.call("ack");
    assert.equal(a.seen("reconnect_attempt").length, 0);
    a.do("reconnection", { on: true });
    a.do("open");
    await a.next("connect");
    relay.cut();
    await a.next("reconnect");
  });

  for (const what of ["disconnect", "drop"])
    test(`${what} inside the handlers of a reconnection`, async (t) => {
      const relay = await startRelay(t, server.port);
      const all = startClients(t);
      relay.refusing = true;
      const a = all.connect("a", relay.url, { ...quick, onReconnectAttempt: what });
      const b = all.connect("b", relay.url, { ...quick, forceNew: true, onConnectError: what });
      const c = all.connect("c", relay.url, { ...quick, transports: "websocket", forceNew: true,
        onDisconnect: what });
      await a.next("reconnect_attempt");
      await b.next("connect_error");
      relay.refusing = false;
      await c.next("connect");
      relay.cut();
      await c.next("disconnect");
      const d = all.connect("d", server.url, { forceNew: true });
      await d.next("connect");
      for (let i = 0; i < 3; i++) await d.call("ack");
      for (const x of [a, b]) assert.equal(x.seen("connect").length, 0);
      assert.equal(c.seen("connect").length, 1);
    });

  test("a server that is silent: the attempt's time-out (C06)", async (t) => {
    const relay = await startRelay(t, server.port);
    relay.mute = true;
    const a = startClients(t).connect("a", relay.url, { ...quick, timeout: 50 });
    const error = await a.next("connect_error");
    assert.equal(error.message, "timeout");
    assert.equal(error.code, "VIREO_ETIMEDOUT");
    relay.mute = false;
    await a.next("connect");
  });

  test("attempts go to one URL after the other (C32)", async (t) => {
    const other = await startServer(kind);
    t.after(() => other.stop());
    const one = await startRelay(t, server.port), two = await startRelay(t, other.port);
    const a = startClients(t).connect("a", one.url, { ...quick, moreUrls: [two.url] });
    await a.next("connect");
    const first = one.accepted > 0 ? one : two, second = first === one ? two : one;
    first.refusing = true;
    first.cut();
    await a.next("connect");
    assert.ok(second.accepted > 0);
    first.refusing = false;
    second.refusing = true;
    second.cut();
    await a.next("connect");
    assert.deepEqual((await a.call("ack", 1)).args, [1]);
  });

  test("500 clients whose server is killed and started again, and how long they wait (C04)", { timeout: 120000 }, async (t) => {
    const mortal = await startServer(kind);
    const relay = await startRelay(t, mortal.port);
    const all = startClients(t);
    const peers = Array.from({ length: 500 }, (_, i) => all.connect(`c${i}`, relay.url,
      { transports: "websocket", forceNew: true, delay: 1000, delayMax: 4000 }));
    const count = (event, n) => all.until(() =>
      all.seen.filter((e) => e.event === event).length >= n ? true : undefined, `${n} times ${event}`);
    await count("connect", 500);
    await mortal.kill();
    await count("disconnect", 500);
    await count("reconnect_attempt", 500);
    const next = await startServer(kind);
    t.after(() => next.stop());
    relay.target = next.port;
    await count("connect", 1000);
    assert.deepEqual((await peers[499].call("ack", 1)).args, [1]);

    // The n-th wait is 1000 * 2^(n-1) ms, a half more or less, and they do not all come at the same moment. A busy machine makes
    // them longer; and some a little shorter, as they count from the beginning of the loop's turn.
    const waits = { 1: [], 2: [] };
    for (const peer of peers) {
      let since;
      for (const e of peer.seen("disconnect", "reconnect_error", "reconnect_attempt")) {
        if (e.event === "reconnect_attempt") waits[e.attempt]?.push(e.at - since);
        else since = e.at;
      }
      assert.deepEqual(peer.seen("disconnect").map((e) => e.reason), ["transport close"]);
    }
    assert.equal(waits[1].length, 500);
    assert.ok(waits[2].length > 0);
    for (const [n, list] of Object.entries(waits))
      assert.ok(list.filter((ms) => ms < 500 * 2 ** (n - 1)).length <= list.length / 5, `attempt ${n}: ${list}`);
    const share = (fits) => waits[1].filter(fits).length / 500;
    assert.ok(share((ms) => ms < 900) > 0.2 && share((ms) => ms > 1100) > 0.2, String(waits[1]));
  });
});

test("retries: sent until it is acknowledged, one after the other (C16, C17)", async (t) => {
  const { io, url } = await official(t);
  const got = [];
  let ignored = 0;
  io.on("connection", (s) => s.on("work", (n, ack) => {
    got.push(n);
    if (n === 1 && ignored++ < 2) return;
    ack("done", n);
  }));
  const a = startClients(t).connect("a", url, { retries: 3, ackTimeout: 60 });
  a.do("emit", { event: "work", args: [1], ack: "one" });
  a.do("emit", { event: "work", args: [2], ack: "two" });
  await a.next("ack", { ack: "two" });
  assert.deepEqual(got, [1, 1, 1, 2]);
  const [one, two] = a.seen("ack");
  assert.deepEqual([one.ack, one.status, one.args], ["one", "OK", ["done", 1]]); // no answer is an error
  assert.deepEqual([two.ack, two.args], ["two", ["done", 2]]);
});

test("retries: what waits in the queue is limited too (C16)", async (t) => {
  const { io, url } = await official(t);
  io.on("connection", (s) => s.on("work", () => {}));
  const a = startClients(t).connect("a", url, { retries: 1, maxQueuedBytes: 1000 });
  await a.next("connect");
  a.emit("work", "x".repeat(987)); // 42["work",".."]: 1,000 bytes
  assert.equal((await a.state()).queued, 1000);
  a.emit("work");
  assert.equal((await a.next("emit failed")).error, "VIREO_EFULL");
});

test("retries: given up after the last try; a new connection is a try too (C16)", async (t) => {
  const { io, url, port } = await official(t);
  const relay = await startRelay(t, port);
  const got = [];
  io.on("connection", (s) => s.on("work", (n) => got.push(n)));
  const a = startClients(t).connect("a", relay.url, { ...quick, transports: "websocket", retries: 1 });
  a.do("emit", { event: "work", args: [1], ack: "one" });
  await a.next("connect");
  await waitFor(() => got.length === 1);
  relay.cut();
  await a.next("connect");
  await waitFor(() => got.length === 2);
  relay.cut();
  const { status } = await a.next("ack", { ack: "one" });
  assert.equal(status, "VIREO_ECLOSED");
  assert.ok(url);
});

async function waitFor(condition) {
  for (let i = 0; i < 1000 && !condition(); i++) await new Promise((r) => setTimeout(r, 5));
  assert.ok(condition());
}

test("a server that stops to ping is left (C20)", async (t) => {
  const { port } = await official(t, { pingInterval: 50, pingTimeout: 50 });
  const relay = await startRelay(t, port);
  for (const options of Object.values(modes)) {
    const a = startClients(t).connect("a", relay.url, { ...options, ...quick });
    await a.next("ping");
    relay.stalled = true;
    assert.equal((await a.next("disconnect")).reason, "ping timeout");
    relay.stalled = false;
    await a.next("connect");
  }
});

test("the program sleeps longer than the server waits (C20)", async (t) => {
  const { io } = await official(t, { pingInterval: 500, pingTimeout: 500 });
  const all = startClients(t);
  const a = all.connect("a", `http://127.0.0.1:${io.httpServer.address().port}`, quick);
  await a.next("connect");
  all.signal("SIGSTOP");
  await new Promise((resolve) => io.sockets.sockets.values().next().value.once("disconnect", resolve));
  all.signal("SIGCONT");
  const { reason } = await a.next("disconnect");
  assert.match(reason, /^(ping timeout|transport close|transport error)$/);
  await a.next("connect");
});

test("a server of Socket.IO 2 is told from others, in the official client's words (C28)", async (t) => {
  const http = createServer();
  const io2 = createRequire(import.meta.url)("socket.io-2")(http);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => io2.close());
  const url = `http://127.0.0.1:${http.address().port}`;
  const all = startClients(t);
  for (const transport of ["websocket", "polling"]) {
    const theirs = io(url, { transports: [transport], reconnection: false, forceNew: true });
    t.after(() => theirs.disconnect());
    const [error] = await once(theirs, "connect_error");
    const ours = all.connect(transport, url, { transports: transport, attempts: 1 });
    const refusal = await ours.next("connect_error");
    const reached = transport === "websocket"; // else Engine.IO's answers differ already
    assert.deepEqual([refusal.message, refusal.refused], [error.message, reached]);
    assert.equal((await ours.state()).active, !reached);
  }
});

test("what is wrong is told in detail (C23)", async (t) => {
  const http = createServer((req, res) => { res.statusCode = 503; res.end("not now"); });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => { http.close(); http.closeAllConnections?.(); });
  const all = startClients(t);
  const url = `http://127.0.0.1:${http.address().port}`;
  const a = all.connect("a", url, { ...quick, attempts: 1 });
  const error = await a.next("connect_error");
  assert.deepEqual([error.message, error.status, error.refused], ["xhr poll error", 503, false]);
  assert.match(error.description, /503 Service Unavailable/);
  const b = all.connect("b", url, { ...quick, attempts: 1, transports: "websocket" });
  const other = await b.next("connect_error");
  assert.equal(other.message, "websocket error");
  assert.match(other.description, /503/);
  const c = all.connect("c", "http://no-such-host.invalid", { ...quick, attempts: 1 });
  const third = await c.next("connect_error");
  assert.match(third.description, /no-such-host/);
  const d = all.connect("d", "http://[", {});
  assert.match((await d.next("no socket")).text, /URL/);
});
