// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// How connections end: reasons as both sides see them, heartbeat, limits, graceful close, and the
// client's return after a crash.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { call, client, connected, modes, settle, upgraded } from "../js/client.mjs";
import { Polling, joinedSession, webSocketSession } from "../js/raw.mjs";
import { forEachKind, startServer } from "../js/server.mjs";
import { collect, deferred, next, nextN, within } from "../js/wait.mjs";

async function sees(server, id, reason, description) {
  const leaving = await server.observe({ event: "disconnecting", id });
  assert.equal(leaving.reason, reason);
  assert.ok(leaving.rooms.includes(id), "its rooms are still filled");
  const gone = await server.observe({ event: "disconnect", id });
  assert.equal(gone.reason, reason);
  assert.deepEqual(gone.rooms, [], "its rooms are left");
  if (description !== undefined) assert.equal(gone.description, description);
  assert.equal(server.seen({ event: "disconnect", id }).length, 1);
  assert.equal(server.seen({ event: "disconnecting", id }).length, 1);
}

forEachKind("disconnecting", (kind) => {
  let server;
  before(async () => { server = await startServer(kind); });
  after(() => server.stop());

  for (const [mode, options] of Object.entries(modes)) {
    test(`${mode}: the client leaves (S15 S16 S17)`, async (t) => {
      const socket = await connected(t, server, options);
      const { id } = socket;
      const gone = next(socket, "disconnect");
      socket.emit("mark", "last words");
      socket.disconnect();
      assert.equal((await gone)[0], "io client disconnect");
      await sees(server, id, "client namespace disconnect");
      const marks = server.observations.filter((o) => o.id === id).map((o) => o.event);
      assert.ok(marks.indexOf("mark") < marks.indexOf("disconnecting"), "what was sent before counts");
    });

    test(`${mode}: the client's connection closes (S16 S17)`, async (t) => {
      const socket = await connected(t, server, options);
      const { id } = socket;
      const gone = next(socket, "disconnect");
      socket.io.engine.close();
      assert.equal((await gone)[0], "forced close");
      await sees(server, id, "transport close");
    });

    test(`${mode}: the server disconnects a client from one namespace (S15 S17)`, async (t) => {
      const socket = await connected(t, server, options);
      const chat = socket.io.socket("/chat");
      await next(chat, "connect");
      const { id } = chat;
      const gone = next(chat, "disconnect");
      chat.emit("disconnect-me", false);
      assert.equal((await gone)[0], "io server disconnect");
      await sees(server, id, "server namespace disconnect");
      assert.deepEqual(await call(socket, "ack", "the other stays"), ["the other stays"]);
      chat.connect();
      await next(chat, "connect");
      assert.notEqual(chat.id, id);
    });

    test(`${mode}: the server disconnects a client wholly (S15 S17)`, async (t) => {
      const socket = await connected(t, server, options);
      const chat = socket.io.socket("/chat");
      await next(chat, "connect");
      const ids = [socket.id, chat.id];
      const closed = next(socket.io, "close");
      const gone = [next(socket, "disconnect"), next(chat, "disconnect")];
      socket.emit("disconnect-me", true);
      for (const g of gone) assert.equal((await g)[0], "io server disconnect");
      await closed;
      for (const id of ids) await sees(server, id, "server namespace disconnect");
    });

    test(`${mode}: nothing is sent or handled after a disconnection (S25)`, async (t) => {
      const other = await connected(t, server);
      const socket = await connected(t, server, options);
      const { id } = socket;
      const late = collect(socket, "mark");
      const gone = next(socket, "disconnect");
      socket.emit("disconnect-me", false);
      socket.emit("mark", "too late");
      await gone;
      await sees(server, id, "server namespace disconnect");
      await settle(other);
      assert.deepEqual(server.seen({ event: "mark", id }), []);
      assert.deepEqual(server.seen({ event: "create-room", room: "after-disconnect" }), []);
      assert.deepEqual(late, []);
    });
  }

  test("a WebSocket cut without a close frame (S17)", async (t) => {
    const wire = await joinedSession(t, server);
    wire.socket.resetAndDestroy();
    await server.observe({ event: "disconnect", id: wire.id });
    assert.match(server.seen({ event: "disconnect", id: wire.id })[0].reason,
      /^transport (close|error)$/);
  });

  test("polling: the client posts close (S17 T16)", async () => {
    const session = await Polling.open(server);
    const id = await session.join();
    const pending = session.get();
    await session.post("1");
    assert.equal(await pending, "6");
    await sees(server, id, "transport close");
    assert.equal((await session.poll()).status, 400);
  });

  test("polling: two polls at once (S17 T15)", async () => {
    const session = await Polling.open(server);
    const id = await session.join();
    const answers = await Promise.all([session.poll(), session.poll()]);
    const [bad, good] = answers.sort((a, b) => b.status - a.status);
    assert.deepEqual([bad.status, bad.body, good.status, good.body], [400, "", 200, "1"]);
    await sees(server, id, "transport error", "overlap from client");
  });

  test("polling: a poll is cut (S17 T15)", async () => {
    const session = await Polling.open(server);
    const id = await session.join();
    const cut = new AbortController();
    const pending = session.poll({ signal: cut.signal });
    await session.post("420[\"ack\"]"); // answered over the poll: it had arrived
    assert.equal((await pending).body, "430[]");
    const second = session.poll({ signal: cut.signal });
    second.catch(() => {});
    await session.post("42[\"mark\",\"a request behind the poll\"]");
    await server.observe({ event: "mark", id });
    cut.abort();
    await assert.rejects(second);
    await sees(server, id, "transport error", "poll connection closed prematurely");
    assert.equal((await session.poll()).body, '{"code":1,"message":"Session ID unknown"}');
  });

  test("polling: a content type of bytes (S17 T15)", async () => {
    const session = await Polling.open(server);
    const id = await session.join();
    const answer = await session.push("42[\"mark\"]",
      { headers: { "Content-Type": "application/octet-stream" } });
    assert.equal(answer.status, 400);
    await sees(server, id, "transport error", "invalid content");
    assert.deepEqual(server.seen({ event: "mark", id }), []);
  });

  test("a heartbeat in the wrong direction (S17 T13)", async (t) => {
    const wire = await joinedSession(t, server);
    wire.sendText("2");
    await wire.readClose();
    await sees(server, wire.id, "transport error", "invalid heartbeat direction");
  });

  test("a packet of no known type (S17 S18)", async (t) => {
    const wire = await joinedSession(t, server);
    wire.sendText("abc");
    await wire.readClose();
    await sees(server, wire.id, "parse error");
  });

  test("a message that is no Socket.IO packet (S17 S18 S25)", async (t) => {
    const wire = await joinedSession(t, server);
    wire.sendText("42{}");
    await wire.readClose();
    assert.equal((await server.observe({ event: "error", id: wire.id })).message, "invalid payload");
    await sees(server, wire.id, "forced close");
  });

  test("polling: a packet out of place, no poll pending (S17)", async () => {
    const session = await Polling.open(server);
    const id = await session.join();
    await session.push("40");
    await sees(server, id, "forced server close");
  });

  test("WebSocket: a message over the limit, at the client (T14 S17)", async (t) => {
    const socket = await connected(t, server, { transports: ["websocket"] });
    const { id } = socket;
    const gone = next(socket, "disconnect");
    socket.emit("echo", "x".repeat(1000001));
    const [reason, details] = await gone;
    assert.equal(reason, "transport close");
    assert.equal(details.context.code, 1009);
    await sees(server, id, "transport error", "Max payload size exceeded");
  });

  test("polling: a message over the limit, at the client (T14 S17)", async (t) => {
    const socket = await connected(t, server, { transports: ["polling"] });
    const gone = next(socket, "disconnect");
    socket.emit("echo", "x".repeat(1000001));
    const [reason, details] = await gone;
    assert.equal(reason, "transport error");
    assert.equal(details.description, 413);
  });

  test("many that vanish at once end one by one (S17)", async (t) => {
    const sockets = await Promise.all(Array.from({ length: 50 }, () =>
      connected(t, server, { transports: ["websocket"] })));
    const ids = sockets.map((s) => s.id);
    for (const s of sockets) s.io.engine.close();
    for (const id of ids) await sees(server, id, "transport close");
  });
}, { concurrency: 6 });

forEachKind("heartbeat", (kind) => {
  let server;
  const pingTimeout = 900;
  before(async () => {
    server = await startServer(kind, ["--ping-interval", 200, "--ping-timeout", pingTimeout]);
  });
  after(() => server.stop());

  for (const [mode, options] of Object.entries(modes))
    test(`${mode}: pings come and the connection stays (T13)`, async (t) => {
      const socket = await connected(t, server, options);
      await nextN(socket.io, "ping", 6);
      assert.equal(socket.connected, true);
      assert.deepEqual(await call(socket, "ack", 1), [1]);
    });

  test("WebSocket: who does not answer is dropped (T13 S17)", async (t) => {
    const wire = await joinedSession(t, server);
    assert.equal(await wire.readText(), "2");
    assert.deepEqual(await wire.readClose(), { code: 1005, reason: "" });
    await sees(server, wire.id, "ping timeout");
  });

  test("polling: who does not answer is dropped (T13 S17)", async () => {
    const session = await Polling.open(server);
    const id = await session.join();
    assert.equal(await session.get(), "2");
    assert.equal(await session.get(), "1");
    await sees(server, id, "ping timeout");
  });

  test("polling: a pong by POST keeps the session (T13)", async () => {
    const session = await Polling.open(server);
    const id = await session.join();
    for (let i = 0; i < 3; i++) {
      assert.equal(await session.get(), "2");
      await session.post("3");
    }
    assert.deepEqual(server.seen({ event: "disconnect", id }), []);
    await session.post("1");
  });

  test("another packet prolongs the wait for the pong, once (T13)", async (t) => {
    const wire = await joinedSession(t, server);
    assert.equal(await wire.readText(), "2");
    const asked = performance.now();
    const chatter = setInterval(() => wire.sendText("42[\"mark\"]"), pingTimeout / 3);
    t.after(() => clearInterval(chatter));
    await wire.readClose({ skip: true });
    clearInterval(chatter);
    const took = performance.now() - asked;
    assert.ok(took > pingTimeout * 1.2, `after ${took} ms`);
    await sees(server, wire.id, "ping timeout");
  });

  for (const [mode, options] of Object.entries(modes))
    test(`${mode}: a client notices a server that has stopped (T13)`, async (t) => {
      const stopped = await startServer(kind, ["--ping-interval", 100, "--ping-timeout", 300]);
      t.after(() => stopped.kill());
      const socket = await (mode === "polling then upgrade" ? upgraded : connected)(t, stopped, options);
      const gone = next(socket, "disconnect");
      process.kill(stopped.pid, "SIGSTOP");
      assert.equal((await gone)[0], "ping timeout");
    });
}, { concurrency: 8 });

forEachKind("limits", (kind) => {
  let server;
  before(async () => { server = await startServer(kind, ["--max-payload", 2000]); });
  after(() => server.stop());

  test("the announced limit holds exactly: polling (T14 T10)", async () => {
    const session = await Polling.open(server);
    assert.equal(session.handshake.maxPayload, 2000);
    await session.join();
    const body = (n) => `42["echo","${"x".repeat(n - 13)}"]`;
    await session.post(body(2000));
    assert.equal(await session.get(), body(2000));
    const over = await session.push(body(2001));
    assert.deepEqual([over.status, over.body], [413, ""]);
    await session.post("420[\"ack\",\"the session stays\"]");
    assert.equal(await session.get(), "430[\"the session stays\"]");
    await session.post("1");
  });

  test("the announced limit holds exactly: WebSocket (T14)", async (t) => {
    const wire = await joinedSession(t, server);
    const text = (n) => `42["echo","${"x".repeat(n - 13)}"]`;
    wire.sendText(text(2000));
    assert.equal(await wire.readText(), text(2000));
    wire.sendFrame(1, text(1500), { fin: false });
    wire.sendFrame(0, "x".repeat(501));
    assert.equal((await wire.readClose()).code, 1009);
    await sees(server, wire.id, "transport error", "Max payload size exceeded");
  });

  test("the client splits its polling payloads at the limit (T14)", async (t) => {
    const socket = await connected(t, server, { transports: ["polling"] });
    const come = nextN(socket, "echo", 30);
    for (let i = 0; i < 30; i++) socket.emit("echo", i, "x".repeat(500));
    assert.deepEqual((await come).map(([n]) => n), Array.from({ length: 30 }, (_, i) => i));
  });
}, { concurrency: 4 });

forEachKind("the end of the server", (kind) => {
  test("SIGTERM: everyone is told, the process ends by itself (R18 S17)", async (t) => {
    const server = await startServer(kind);
    t.after(() => server.kill());
    const polling = await connected(t, server, { transports: ["polling"] });
    const socket = await connected(t, server, { transports: ["websocket"] });
    const chat = socket.io.socket("/chat");
    await next(chat, "connect");
    const all = [polling, socket, chat];
    const ids = all.map((s) => s.id);
    const gone = all.map((s) => next(s, "disconnect"));
    assert.deepEqual(await server.kill("SIGTERM"), { code: 0, signal: null });
    for (const g of gone) assert.equal((await g)[0], "transport close");
    for (const id of ids) await sees(server, id, "server shutting down");
    const [err] = await next(client(t, server, { transports: ["polling"] }), "connect_error");
    assert.equal(err.message, "xhr poll error");
  });

  test("SIGTERM on the wire: a pending poll ends with 1, a WebSocket with its close frame, no DISCONNECT (R18 T16)",
    async (t) => {
      const server = await startServer(kind);
      t.after(() => server.kill());
      const session = await Polling.open(server);
      await session.join();
      const fresh = await Polling.open(server);
      const polls = [session.get(), fresh.get()];
      const wires = [await joinedSession(t, server), await webSocketSession(t, server)];
      for (let i = 0; i < 3; i++) await fresh.push("3"); // some requests later the polls are there
      const end = server.kill("SIGTERM");
      assert.deepEqual(await Promise.all(polls), ["1", "1"]);
      for (const wire of wires) {
        assert.equal((await wire.readClose()).code, 1005);
        wire.sendFrame(8);
      }
      assert.deepEqual(await end, { code: 0, signal: null });
    });

  test("SIGINT ends it as well (R18)", async (t) => {
    const server = await startServer(kind);
    t.after(() => server.kill());
    const socket = await upgraded(t, server);
    const gone = next(socket, "disconnect");
    assert.deepEqual(await server.kill("SIGINT"), { code: 0, signal: null });
    assert.equal((await gone)[0], "transport close");
  });

  for (const [mode, options] of Object.entries(modes))
    test(`${mode}: killed and started again, the client comes back (S17 S24)`, async (t) => {
      let server = await startServer(kind);
      t.after(() => server.stop());
      const socket = client(t, server, { ...options, reconnection: true, reconnectionDelay: 50,
        reconnectionDelayMax: 100 });
      await next(socket, "connect");
      if (mode === "polling then upgrade" && socket.io.engine.transport.name !== "websocket")
        await next(socket.io.engine, "upgrade");
      const { id } = socket;
      const gone = next(socket, "disconnect");
      const tries = deferred();
      socket.io.on("reconnect_error", () => tries.resolve());
      await server.kill("SIGKILL");
      const [reason] = await gone;
      assert.match(reason, mode === "polling only" ? /^transport error$/ : /^transport close$/);
      await within(tries.promise, "a failed attempt to reconnect");
      for (let i = 0; i < 5; i++) socket.emit("echo", i);
      const back = nextN(socket, "echo", 5);
      server = await startServer(kind, ["--port", server.port]);
      assert.deepEqual(await back, [[0], [1], [2], [3], [4]]);
      assert.equal(socket.connected, true);
      assert.notEqual(socket.id, id);
      assert.deepEqual(await call(socket, "ack", "as before"), ["as before"]);
    });
}, { concurrency: 3 });
