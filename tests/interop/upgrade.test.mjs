// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The way from polling to WebSocket.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { call, client, connected, settle, upgraded } from "../js/client.mjs";
import { Polling, Wire } from "../js/raw.mjs";
import { forEachKind, startServer } from "../js/server.mjs";
import { collect, next, nextN } from "../js/wait.mjs";

const numbers = (n) => Array.from({ length: n }, (_, i) => i);

/** A WebSocket that asks to take over the polling session `sid`. */
async function probing(t, server, sid) {
  const wire = await Wire.open(t, server);
  const res = await wire.upgrade(`/socket.io/?EIO=4&transport=websocket&sid=${sid}`);
  assert.equal(res.status, 101);
  return wire;
}

/** `probing`, as far as the answered probe. */
async function probed(t, server, sid) {
  const wire = await probing(t, server, sid);
  wire.sendText("2probe");
  assert.equal(await wire.readText(), "3probe");
  return wire;
}

forEachKind("upgrade", (kind) => {
  let server;
  before(async () => { server = await startServer(kind); });
  after(() => server.stop());

  test("the transport's name before and after, and the event (S19 T04)", async (t) => {
    const socket = client(t, server);
    const seen = server.observe((o) => o.event === "upgrade" && o.id === socket.id);
    await next(socket, "connect");
    const connect = await server.observe({ event: "connect", id: socket.id });
    assert.equal(connect.transport, "polling");
    assert.equal((await seen).transport, "websocket");
    assert.equal((await call(socket, "info"))[0].transport, "websocket");
    assert.equal(server.seen({ event: "upgrade", id: socket.id }).length, 1);
  });

  test("nothing is lost or out of order under load across the upgrade (S24 T04)", async (t) => {
    const socket = client(t, server, { autoConnect: false });
    const rounds = 2000;
    const echoed = nextN(socket, "echo", rounds, 20000);
    const burst = nextN(socket, "burst", rounds, 20000);
    let back = 0;
    socket.on("echo", () => back++);
    socket.connect();
    await next(socket, "connect");
    let backThen = 0;
    socket.io.engine.once("upgrade", () => { backThen = back; });
    socket.emit("burst", rounds);
    for (let i = 0; i < rounds; i += 10) {
      for (let k = i; k < i + 10; k++)
        socket.emit("echo", k, k % 7 ? "text" : Buffer.from(`binary ${k}`));
      await new Promise(setImmediate);
    }
    assert.deepEqual((await echoed).map(([n]) => n), numbers(rounds));
    assert.deepEqual((await burst).map(([n]) => n), numbers(rounds));
    await server.observe({ event: "upgrade", id: socket.id });
    assert.ok(backThen < rounds, "the load lasted beyond the upgrade");
  });

  test("twenty clients upgrade while others send to them (S24 T04)", async (t) => {
    const sender = await connected(t, server, { transports: ["websocket"] });
    const room = `up-${sender.id}`;
    const sockets = numbers(20).map(() => client(t, server));
    const got = sockets.map((s) => collect(s, "news"));
    await Promise.all(sockets.map((s) => next(s, "connect")));
    await Promise.all(sockets.map((s) => call(s, "join", room)));
    for (let i = 0; i < 200; i++) {
      sender.emit("emit-to", { rooms: [room] }, "news", i);
      if (i % 10 === 0) await settle(sender);
    }
    await settle(sender);
    await Promise.all(sockets.map((s) => server.observe({ event: "upgrade", id: s.id })));
    await settle(...sockets);
    for (const list of got) assert.deepEqual(list, numbers(200));
  });

  test("by hand: probe, noop to the pending poll, upgrade (T04)", async (t) => {
    const session = await Polling.open(server);
    const id = await session.join();
    const pending = session.get();
    const wire = await probed(t, server, session.sid);
    assert.equal(await pending, "6");
    wire.sendText("5");
    await server.observe({ event: "upgrade", id });
    wire.sendText('420["info"]');
    assert.match(await wire.readText(), /"transport":"websocket"/);
    assert.equal((await session.poll()).body, '{"code":3,"message":"Bad request"}');
    assert.equal((await session.push('42["mark"]')).status, 400);
    wire.sendText('421["ack"]');
    assert.equal(await wire.readText(), "431[]", "the session goes on");
  });

  test("while probing, everything goes by polling (T04)", async (t) => {
    const session = await Polling.open(server);
    await session.join();
    const wire = await probed(t, server, session.sid);
    await session.post('42["echo","during the probe"]');
    assert.equal(await session.get(), '42["echo","during the probe"]');
    wire.sendText("5");
    wire.sendText('42["echo","after it"]');
    assert.equal(await wire.readText(), '42["echo","after it"]');
  });

  test("what waits for a poll when the upgrade comes goes over the WebSocket (T04 S24)", async (t) => {
    const session = await Polling.open(server);
    await session.join();
    const wire = await probed(t, server, session.sid);
    await session.post('42["burst",3]\x1e42["echo",{"b":1}]');
    wire.sendText("5");
    for (const text of ['42["burst",0]', '42["burst",1]', '42["burst",2]', '42["echo",{"b":1}]'])
      assert.equal(await wire.readText(), text);
  });

  test("a second WebSocket for an upgraded session is closed, the session stays (T05)", async (t) => {
    const socket = await upgraded(t, server);
    const second = await probing(t, server, socket.io.engine.id);
    await second.readClose();
    assert.deepEqual(await call(socket, "ack", 1), [1]);
  });

  test("a second WebSocket while the first one probes is closed (T05)", async (t) => {
    const session = await Polling.open(server);
    await session.join();
    const first = await probed(t, server, session.sid);
    const second = await probing(t, server, session.sid);
    await second.readClose();
    first.sendText("5");
    first.sendText('42["echo",1]');
    assert.equal(await first.readText(), '42["echo",1]');
  });

  // The official server keeps it until its upgrade time-out of 10 s.
  const prompt = kind === "vireo";
  test("a WebSocket for a session that began as one is closed (T05)", { skip: !prompt }, async (t) => {
    const socket = await connected(t, server, { transports: ["websocket"] });
    const second = await probing(t, server, socket.io.engine.id);
    await second.readClose();
    assert.deepEqual(await call(socket, "ack", 1), [1]);
  });

  for (const packet of ["4hello", "2", "3probe", "6", "1", "2probe2", "x", ""])
    test(`probing with ${JSON.stringify(packet)} is refused, polling goes on (T05)`, async (t) => {
      const session = await Polling.open(server);
      await session.join();
      const wire = await probing(t, server, session.sid);
      wire.sendText(packet);
      await wire.readClose();
      await session.post('42["echo","on"]');
      assert.equal(await session.get(), '42["echo","on"]');
      const again = await probed(t, server, session.sid);
      again.sendText("5");
      again.sendText('42["echo","now"]');
      assert.equal(await again.readText(), '42["echo","now"]', "a later attempt may succeed");
    });

  test("a probe that is cut leaves the session alone (T05)", async (t) => {
    const session = await Polling.open(server);
    await session.join();
    const wire = await probed(t, server, session.sid);
    wire.socket.destroy();
    await session.post('42["echo","on"]');
    let body = await session.get();
    while (body === "6") body = await session.get();
    assert.equal(body, '42["echo","on"]');
  });

  test("a session that ends during the probe ends the probe (T04)", async (t) => {
    const session = await Polling.open(server);
    const id = await session.join();
    const wire = await probed(t, server, session.sid);
    await session.post("1");
    await wire.readClose({ skip: true });
    assert.equal((await server.observe({ event: "disconnect", id })).reason, "transport close");
  });

  test("a client that disconnects during the upgrade is gone at once (T04 S17)", async (t) => {
    const socket = await connected(t, server);
    const { id } = socket;
    socket.disconnect();
    const seen = await server.observe({ event: "disconnect", id });
    assert.equal(seen.reason, "client namespace disconnect");
  });

  test("a server that disconnects during the upgrade is obeyed (T04 S15)", async (t) => {
    const socket = client(t, server);
    await next(socket, "connect");
    const gone = next(socket, "disconnect");
    socket.emit("disconnect-me", true);
    assert.equal((await gone)[0], "io server disconnect");
  });
}, { concurrency: 6 });

forEachKind("upgrade time-out", (kind) => {
  test("an upgrade that is not finished in time is given up (T05)", async (t) => {
    const server = await startServer(kind, ["--upgrade-timeout", 200]);
    t.after(() => server.stop());
    const session = await Polling.open(server);
    await session.join();
    const silent = await probing(t, server, session.sid);
    await silent.readClose();
    const wire = await probed(t, server, session.sid);
    await wire.readClose();
    await session.post('42["echo","on"]');
    assert.equal(await session.get(), '42["echo","on"]');
    const last = await probed(t, server, session.sid);
    last.sendText("5");
    last.sendText('42["echo","now"]');
    assert.equal(await last.readText(), '42["echo","now"]');
  });
});
