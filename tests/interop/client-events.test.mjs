// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// C05: what Vireo's Socket.IO client tells of its connection, beside what the official one tells of
// the same: packets, the change of transports, what has left.

import test, { before, after } from "node:test";
import assert from "node:assert/strict";
import { call, client } from "../js/client.mjs";
import { startServer, forEachKind } from "../js/server.mjs";
import { startClients } from "../js/driver.mjs";
import { startRelay } from "../js/relay.mjs";
import { next } from "../js/wait.mjs";

const types = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];

/** All that the official client's engine tells of packets, as [sent, type, data]. */
function watch(engine) {
  const packets = [];
  const note = (sent) => ({ type, data }) => packets.push([sent, String(types.indexOf(type)), data ?? ""]);
  engine.on("packet", note(false));
  engine.on("packetCreate", note(true));
  return packets;
}

/** Without what differs from connection to connection: ids, and when pings and noops come. */
const plain = (packets) => packets.filter(([, type]) => !"236".includes(type))
  .map(([sent, type, data]) => [sent, type,
    data.replace(/"(sid|pid)":"[^"]*"/g, '"$1":"*"').replace(/"[\w-]{20}"/g, '"*"')]);

forEachKind("client, events of the connection", (kind) => {
  let server;
  before(async () => { server = await startServer(kind); });
  after(() => server.stop());

  for (const transport of ["websocket", "polling"])
    test(`${transport}: each packet, as the official client tells it (C05)`, async (t) => {
      const theirs = client(t, server, { transports: [transport], auth: { greet: true } });
      const expected = watch(theirs.io.engine);
      await next(theirs, "welcome");
      theirs.emit("echo", "ä", { n: 1 });
      await next(theirs, "echo");
      await call(theirs, "ack", 7);

      const a = startClients(t).connect("a", server.url,
        { transports: transport, auth: { greet: true }, packets: true });
      await a.next("event", { type: "welcome" });
      a.emit("echo", "ä", { n: 1 });
      await a.next("event", { type: "echo" });
      await a.call("ack", 7);
      const seen = a.seen("packet").map((p) => [p.sent, p.type, p.data]);
      assert.deepEqual(plain(seen), plain(expected));
      assert.equal(seen[0][1], "0"); // the handshake, with what a tool wants to know
      assert.equal(typeof JSON.parse(seen[0][2]).pingInterval, "number");

      a.do("emit", { event: "echo", args: [1], binary: "bytes" });
      const { sent, len } = await a.next("packet", { binary: true });
      assert.deepEqual([sent, len], [true, 5]);
      assert.equal((await a.next("packet", { binary: true })).sent, false);
    });

  test("the upgrade is told in the official order (C05)", async (t) => {
    const theirs = client(t, server);
    const expected = [];
    theirs.on("connect", () => expected.push("connect"));
    for (const name of ["upgrading", "upgrade"])
      theirs.io.engine.on(name, ({ name: transport }) => expected.push([name, transport]));
    await next(theirs.io.engine, "upgrade");

    const a = startClients(t).connect("a", server.url);
    await a.next("upgrade");
    const told = a.seen("upgrading", "upgrade").map((e) => [e.event, e.transport]);
    assert.deepEqual(told, expected.filter((e) => e !== "connect"));
    assert.equal(a.seen("upgrade_error").length, 0);
  });

  test("on_drain: over polling after what was sent, over WebSocket after the server was slow", async (t) => {
    const relay = await startRelay(t, server.port);
    const all = startClients(t);
    const a = all.connect("a", server.url, { transports: "polling", drain: true });
    await a.next("connect");
    const before = a.seen("drain").length;
    await a.call("ack");
    await a.all.until(() => a.seen("drain").length > before ? true : undefined, "drain over polling");

    const b = all.connect("b", relay.url, { transports: "websocket", drain: true });
    await b.next("connect");
    relay.slow(true); // the kernel's buffers fill up
    b.do("emit", { event: "none", args: ["x".repeat(100000)], times: 150 });
    assert.ok((await b.state()).queued > 0);
    assert.equal(b.seen("drain").length, 0);
    relay.slow(false);
    await b.next("drain");
    assert.equal((await b.state()).queued, 0);
  });
});
