// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Several Socket.IO servers on paths of one application, with routes and WebSocket endpoints beside them (T28); and whose
// address the handshake tells (T30).

import assert from "node:assert/strict";
import net from "node:net";
import { after, before, describe, test } from "node:test";
import WebSocket from "ws";
import { call, client, connected, modes } from "../js/client.mjs";
import { fetchRaw, KEY, request, Wire } from "../js/raw.mjs";
import { forEachKind, kinds, startServer } from "../js/server.mjs";
import { collect, next, within } from "../js/wait.mjs";

const HERE = ["--host", "127.0.0.1"];
const WEBSOCKET = { path: "/two", transports: ["websocket"] };

forEachKind("servers on paths of their own", (kind) => {
  let server;
  before(async () => { server = await startServer(kind, HERE, "paths"); });
  after(() => server.stop());

  for (const [mode, options] of Object.entries(modes))
    test(`clients of both at once, ${mode} (T28)`, async (t) => {
      const one = client(t, server, { path: "/one", ...options });
      const two = client(t, server, WEBSOCKET);
      const who = await Promise.all([next(one, "who"), next(two, "who")]);
      assert.deepEqual(who.map(([w]) => [w.server, w.namespace]), [["one", "/"], ["two", "/"]]);
      const said = [collect(one, "said"), collect(two, "said")];
      assert.deepEqual(await call(one, "say", "to one"), ["one"]);
      assert.deepEqual(await call(two, "say", "to two"), ["two"]);
      assert.deepEqual(said, [["to one"], ["to two"]]);
      assert.deepEqual(await call(one, "count"), [1, "/one"]);
      assert.deepEqual(await call(two, "count"), [1, "/two"]);
    });

  test("each has namespaces of its own (T28)", async (t) => {
    const extra = client(t, server, { path: "/one" }, "/extra");
    const room = client(t, server, WEBSOCKET, "/room-7");
    const who = await Promise.all([next(extra, "who"), next(room, "who")]);
    assert.deepEqual(who.map(([w]) => [w.server, w.namespace]), [["one", "/extra"], ["two", "/room-7"]]);
    for (const [options, name] of [[WEBSOCKET, "/extra"], [{ path: "/one" }, "/room-7"]]) {
      const [error] = await next(client(t, server, options, name), "connect_error");
      assert.equal(error.message, "Invalid namespace");
    }
  });

  test("each has options of its own (T08 T28)", async () => {
    const one = await fetchRaw(server, "GET", "/one/?EIO=4&transport=polling");
    const two = await fetchRaw(server, "GET", "/two/?EIO=4&transport=polling");
    assert.deepEqual([one.status, two.status, JSON.parse(two.body)],
      [200, 400, { code: 0, message: "Transport unknown" }]);
    assert.equal((await fetchRaw(server, "GET", "/one/socket.io.min.js")).status, 200);
    assert.equal((await fetchRaw(server, "GET", "/two/socket.io.min.js")).status, 400);
  });

  test("a session of one is unknown to the other (T28)", async (t) => {
    const one = await connected(t, server, { path: "/one", transports: ["websocket"] });
    const wire = await Wire.open(t, server);
    const res = await wire.upgrade(`/two/?EIO=4&transport=websocket&sid=${one.io.engine.id}`);
    assert.deepEqual([res.status, res.body], [400, "Session ID unknown"]);
  });

  test("what is not theirs reaches routes and WebSocket endpoints (T28)", async (t) => {
    await connected(t, server, { path: "/one" });
    assert.equal((await fetchRaw(server, "GET", "/hello")).body, "hello");
    for (const target of ["/socket.io/?EIO=4&transport=polling", "/one", "/onelook/?EIO=4"])
      assert.equal((await fetchRaw(server, "GET", target)).status, 404, target);
    const ws = new WebSocket(`ws://${server.host}:${server.port}/echo`);
    t.after(() => ws.terminate());
    await next(ws, "open");
    ws.send("one room");
    const [data] = await next(ws, "message");
    assert.equal(data.toString(), "one room");
  });

  test("an upgrade that nobody answers ends (T28)", async (t) => {
    const wire = await Wire.open(t, server);
    wire.write(request("GET", "/hello/there", { Host: "x", Connection: "Upgrade", Upgrade: "websocket",
      "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": KEY }));
    // The official server ends the connection after a second without an answer.
    if (kind === "node") assert.equal((await wire.readEnd()).length, 0);
    else assert.equal((await wire.readResponse()).status, 404);
  });
});

/** What "who" says to a client whose requests carry `headers`. */
async function who(t, server, headers = {}, options = {}) {
  const socket = client(t, server, { path: "/one", extraHeaders: headers, ...options });
  const [said] = await next(socket, "who");
  return [said.address, said.forwarded];
}

forEachKind("the client's address", (kind) => {
  let server;
  before(async () => { server = await startServer(kind, HERE, "paths"); });
  after(() => server.stop());

  for (const [mode, options] of Object.entries(modes))
    test(`is the peer's, and X-Forwarded-For is the program's to read, ${mode} (T30)`, async (t) => {
      assert.deepEqual(await who(t, server, {}, options), ["127.0.0.1", null]);
      assert.deepEqual(await who(t, server, { "X-Forwarded-For": "203.0.113.7, 198.51.100.1" }, options),
        ["127.0.0.1", "203.0.113.7, 198.51.100.1"]);
    });
});

/** A load balancer for TCP, which puts `head` in front of each connection. */
async function balancer(t, server, head) {
  const proxy = net.createServer((from) => {
    const to = net.connect(server.port, server.host);
    to.write(head);
    from.pipe(to).pipe(from);
    for (const socket of [from, to]) socket.on("error", () => { from.destroy(); to.destroy(); });
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  t.after(() => proxy.close());
  return { url: `http://127.0.0.1:${proxy.address().port}` };
}

if (kinds.includes("vireo")) describe("the client's address behind proxies [vireo]", () => {
  for (const [mode, options] of Object.entries(modes)) {
    test(`trusted ones are believed, others not, ${mode} (T30 H13)`, async (t) => {
      const server = await startServer("vireo", [...HERE, "--trust", "loopback, 198.51.100.0/24"], "paths");
      t.after(() => server.stop());
      const rows = [
        ["203.0.113.7", "203.0.113.7"],
        ["203.0.113.7, 198.51.100.1", "203.0.113.7"],
        ["192.0.2.66, 203.0.113.7, 198.51.100.1", "203.0.113.7"],
        ["2001:db8::7", "2001:db8::7"],
      ];
      for (const [header, address] of rows)
        assert.deepEqual(await who(t, server, { "X-Forwarded-For": header }, options), [address, header]);
      assert.deepEqual(await who(t, server, {}, options), ["127.0.0.1", null]);
    });

    test(`the PROXY protocol tells it, ${mode} (T30 W14)`, async (t) => {
      const server = await startServer("vireo", [...HERE, "--proxy", "yes"], "paths");
      t.after(() => server.stop());
      const proxy = await balancer(t, server, "PROXY TCP4 203.0.113.7 198.51.100.1 56324 443\r\n");
      assert.deepEqual(await within(who(t, proxy, { "X-Forwarded-For": "192.0.2.1" }, options), "who"),
        ["203.0.113.7", "192.0.2.1"]);
    });
  }
});
