// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// C29: Vireo's Socket.IO client comes back as the socket that it was, with what it has missed.

import test from "node:test";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { Server } from "socket.io";
import { startServer, forEachKind } from "../js/server.mjs";
import { startClients } from "../js/driver.mjs";
import { startRelay } from "../js/relay.mjs";

async function official(t) {
  const http = createServer();
  // A client that is taken for lost before its first event has no offset yet, and cannot come back.
  const io = new Server(http, { connectionStateRecovery: {}, pingInterval: 50, pingTimeout: 2000 });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => { io.close(); http.closeAllConnections?.(); });
  return { io, port: http.address().port };
}

for (const transports of ["websocket", "polling"])
  test(`${transports}: the same id, and the events of the meantime (C29)`, async (t) => {
    const { io, port } = await official(t);
    const relay = await startRelay(t, port);
    const a = startClients(t).connect("a", relay.url,
      { transports, delay: 10, delayMax: 50, auth: { name: "a" } });
    const first = await a.next("connect");
    assert.equal(first.recovered, false);
    io.emit("news", 1);
    await a.next("event", { type: "news" });
    const gone = new Promise((resolve) => io.sockets.sockets.get(first.id).once("disconnect", resolve));
    relay.refusing = true;
    relay.cut();
    await a.next("disconnect");
    await gone;
    io.emit("news", 2);
    io.emit("news", 3);
    relay.refusing = false;
    const second = await a.next("connect");
    assert.deepEqual([second.id, second.recovered], [first.id, true]);
    io.emit("news", 4);
    await a.all.until(() => a.seen("event").find((e) => e.args[1] === 4), "the last news");
    assert.deepEqual(a.seen("event").map((e) => e.args[1]), [1, 2, 3, 4]);
    assert.equal(io.sockets.sockets.get(first.id).handshake.auth.name, "a");
    // who leaves by himself does not come back as the same
    a.do("disconnect");
    await a.next("disconnect");
  });

forEachKind("client, recovery", (kind) => {
  test("what others have said meanwhile comes in its order; who leaves by himself is a new one (C29)", async (t) => {
    const server = await startServer(kind, [], "recovery");
    t.after(() => server.stop());
    const relay = await startRelay(t, server.port);
    const all = startClients(t);
    const a = all.connect("a", relay.url, { transports: "websocket", delay: 10, delayMax: 50 });
    const b = all.connect("b", server.url, { transports: "websocket" });
    const say = (n) => {
      const said = all.answer(`said ${n}`, `the end of ${n}`);
      b.do("emit", { event: "others", args: ["news", n], ack: `said ${n}` });
      return said;
    };
    await b.next("connect");
    b.do("disconnect");
    b.do("open");
    assert.equal((await b.next("connect")).recovered, false);
    const { id } = await a.next("connect");
    await say(1);
    await a.next("event", { type: "news" });
    relay.refusing = true;
    relay.cut();
    await a.next("disconnect");
    await server.observe({ event: "disconnect", id });
    await say(2);
    await say(3);
    relay.refusing = false;
    const second = await a.next("connect");
    assert.deepEqual([second.id, second.recovered], [id, true]);
    await say(4);
    await all.until(() => a.seen("event").find((e) => e.args[1] === 4), "the last news");
    assert.deepEqual(a.seen("event").map((e) => e.args[1]), [1, 2, 3, 4]);
  });
});
