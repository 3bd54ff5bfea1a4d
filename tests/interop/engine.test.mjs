// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The engine alone, with the official engine.io-client and by hand.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Socket } from "engine.io-client";
import { Polling, webSocketSession } from "../js/raw.mjs";
import { forEachKind, startServer, workers } from "../js/server.mjs";
import { collect, next, nextN } from "../js/wait.mjs";

const PATH = "/engine.io/";
const modes = {
  "polling only": { transports: ["polling"] },
  "websocket only": { transports: ["websocket"] },
  "polling then upgrade": { transports: ["polling", "websocket"] },
};

forEachKind("engine", (kind) => {
  let server;
  before(async () => { server = await startServer(kind, [], "engine"); });
  after(() => server.stop());

  async function opened(t, options) {
    const socket = new Socket(server.url, options);
    t.after(() => socket.close());
    await next(socket, "open");
    return socket;
  }

  for (const [mode, options] of Object.entries(modes)) {
    test(`${mode}: text and binary come back (T01 T02 T03)`, async (t) => {
      const socket = await opened(t, options);
      const messages = ["a", "é 🐦 한글", "x".repeat(100000), Buffer.from([0, 1, 255]),
        Buffer.alloc(0), Buffer.alloc(70000, 7)];
      for (const message of messages) {
        const come = next(socket, "message");
        socket.send(message);
        assert.deepEqual((await come)[0], message);
      }
    });

    test(`${mode}: a thousand messages in order (S24 T04)`, async (t) => {
      const socket = await opened(t, options);
      const come = nextN(socket, "message", 1000);
      for (let i = 0; i < 1000; i++) socket.send(i % 3 ? String(i) : Buffer.from(String(i)));
      const got = (await come).map(([m], i) => (assert.equal(typeof m === "string", i % 3 !== 0),
      m.toString()));
      assert.deepEqual(got, Array.from({ length: 1000 }, (_, i) => String(i)));
    });

    test(`${mode}: open and close at the server (S17)`, async (t) => {
      const socket = await opened(t, options);
      const { id } = socket;
      const open = await server.observe({ event: "open", id });
      assert.equal(open.transport, options.transports[0]);
      socket.close();
      assert.equal((await server.observe({ event: "close", id })).reason, "transport close");
    });

    test(`${mode}: send callbacks, in order, each once (T37)`, async (t) => {
      const socket = await opened(t, options);
      const { id } = socket;
      const come = nextN(socket, "message", 2);
      socket.send("callback");
      assert.deepEqual(await come, [["first"], ["second"]]);
      await server.observe({ event: "sent", id, text: "second" });
      assert.deepEqual(server.seen({ event: "sent", id }).map((o) => o.text), ["first", "second"]);
    });

    test(`${mode}: the callback of the last of many (T37)`, async (t) => {
      const socket = await opened(t, options);
      const come = nextN(socket, "message", 500);
      socket.send("burst 500");
      await come;
      await server.observe({ event: "burst-sent", id: socket.id });
      assert.equal(server.seen({ event: "burst-sent", id: socket.id }).length, 1);
    });

    test(`${mode}: the server closes after what it has queued (T16)`, async (t) => {
      const socket = await opened(t, options);
      const { id } = socket;
      const got = collect(socket, "message");
      const gone = next(socket, "close");
      socket.send("one");
      socket.send("burst 20");
      socket.send("close");
      await gone;
      assert.deepEqual(got, ["one", ...Array.from({ length: 20 }, (_, i) => String(i))]);
      assert.equal((await server.observe({ event: "close", id })).reason, "forced close");
    });

    test(`${mode}: the server closes at once (T16)`, async (t) => {
      const socket = await opened(t, options);
      const { id } = socket;
      const gone = next(socket, "close");
      socket.send("discard");
      await gone;
      assert.equal((await server.observe({ event: "close", id })).reason, "forced close");
    });
  }

  test("the upgrade is told on both sides (T04)", async (t) => {
    const socket = new Socket(server.url, {});
    t.after(() => socket.close());
    const [transport] = await next(socket, "upgrade");
    assert.equal(transport.name, "websocket");
    assert.equal((await server.observe({ event: "upgrade", id: socket.id })).transport, "websocket");
    const come = next(socket, "message");
    socket.send("after");
    assert.deepEqual(await come, ["after"]);
  });

  test("two hundred sessions at once (T03)", async (t) => {
    const sockets = await Promise.all(Array.from({ length: 200 }, () =>
      opened(t, { transports: ["websocket"] })));
    const come = sockets.map((s) => next(s, "message"));
    sockets.forEach((s, i) => s.send(`to ${i}`));
    assert.deepEqual(await Promise.all(come), sockets.map((_, i) => [`to ${i}`]));
  });

  // The close never shares a payload with messages: the client would drop them with the session.
  async function polledToTheEnd(session, first) {
    const bodies = [first];
    while (!/^(6\x1e)?1$/.test(bodies.at(-1))) {
      assert.doesNotMatch(bodies.at(-1), /(^|\x1e)1$/, "the close stands alone");
      bodies.push(await session.get());
    }
    return bodies;
  }

  test("an orderly polling close with a poll pending ends it with 1 (T16)", async () => {
    const session = await Polling.open(server, { path: PATH });
    const pending = session.get();
    await session.post("4close");
    // Of several workers one may read the poll after another has handled the message, as if it had come later.
    assert.match(await pending, workers ? /^(6\x1e)?1$/ : /^1$/);
    assert.equal((await server.observe({ event: "close", id: session.sid })).reason, "forced close");
  });

  test("an orderly polling close sends what is queued first (T16)", async () => {
    const session = await Polling.open(server, { path: PATH });
    const pending = session.get();
    await session.post("4burst 2\x1e4close");
    const bodies = await polledToTheEnd(session, await pending);
    assert.equal(bodies.slice(0, -1).join("\x1e"), "40\x1e41");
    await server.observe({ event: "close", id: session.sid });
  });

  test("an orderly polling close without a poll waits for the next ones (T16)", async () => {
    const session = await Polling.open(server, { path: PATH });
    await session.post("4burst 2\x1e4close");
    assert.deepEqual(server.seen({ event: "close", id: session.sid }), []);
    assert.deepEqual(await polledToTheEnd(session, await session.get()), ["40\x1e41", "6\x1e1"]);
    assert.equal((await server.observe({ event: "close", id: session.sid })).reason, "forced close");
    assert.equal((await session.poll()).status, 400);
  });

  test("a send callback waits for the poll that takes the message (T37)", async () => {
    const session = await Polling.open(server, { path: PATH });
    await session.post("4callback");
    assert.deepEqual(server.seen({ event: "sent", id: session.sid }), []);
    assert.equal(await session.get(), "4first\x1e4second");
    await server.observe({ event: "sent", id: session.sid, text: "second" });
  });

  test("send callbacks over WebSocket by hand (T37)", async (t) => {
    const wire = await webSocketSession(t, server, { path: PATH });
    wire.sendText("4callback");
    assert.deepEqual([await wire.readText(), await wire.readText()], ["4first", "4second"]);
    await server.observe({ event: "sent", id: wire.handshake.sid, text: "second" });
  });
}, { concurrency: 6 });

forEachKind("engine, with options", (kind) => {
  const run = (name, args, body) => test(name, async (t) => {
    const server = await startServer(kind, args, "engine");
    t.after(() => server.stop());
    await body(t, server);
  });

  run("pings come and the session stays (T13)", ["--ping-interval", 50, "--ping-timeout", 2000],
    async (t, server) => {
      for (const options of Object.values(modes)) {
        const socket = new Socket(server.url, options);
        t.after(() => socket.close());
        await nextN(socket, "ping", 5);
        assert.deepEqual(server.seen({ event: "close", id: socket.id }), []);
        socket.close();
      }
    });

  run("another path (T09)", ["--path", "/deep/er"], async (t, server) => {
    const socket = new Socket(server.url, { path: "/deep/er/" });
    t.after(() => socket.close());
    await next(socket, "open");
  });

  run("SIGTERM closes every session (R18)", [], async (t, server) => {
    const sockets = Object.values(modes).map((options) => new Socket(server.url, options));
    await Promise.all(sockets.map((s) => next(s, "open")));
    await next(sockets[2], "upgrade");
    const gone = sockets.map((s) => next(s, "close"));
    assert.deepEqual(await server.kill("SIGTERM"), { code: 0, signal: null });
    for (const g of gone) assert.equal((await g)[0], "transport close");
  });
}, { concurrency: 3 });
