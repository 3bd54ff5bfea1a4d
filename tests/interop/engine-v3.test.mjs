// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Engine.IO v3 (T31) and JSONP polling (T07): with engine.io-client 3, as Socket.IO 2 brings it, and
// by hand. What is decided later about a request (T11, T20), and what is told of refused ones (T19).

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createRequire } from "node:module";
import { Socket as Socket4 } from "engine.io-client";
import { fetchRaw, frame, webSocketSession, Wire } from "../js/raw.mjs";
import { forEachKind, startServer } from "../js/server.mjs";
import { next, nextN } from "../js/wait.mjs";

const client3 = createRequire(import.meta.url)("engine.io-client-3");
const PATH = "/engine.io/";
const POLL = `${PATH}?EIO=3&transport=polling`;
const text = (res) => res.body;

const modes = {
  "polling only": { transports: ["polling"] },
  "polling only, base64": { transports: ["polling"], forceBase64: true },
  "websocket only": { transports: ["websocket"] },
  "websocket only, base64": { transports: ["websocket"], forceBase64: true },
  "polling then upgrade": { transports: ["polling", "websocket"] },
};

forEachKind("Engine.IO v3", (kind) => {
  let server;
  const args = ["--allow-eio3", "--ping-interval", "300", "--ping-timeout", "10000"];
  before(async () => { server = await startServer(kind, args, "engine"); });
  after(() => server.stop());

  async function opened(t, options) {
    const socket = client3(server.url, options);
    t.after(() => socket.close());
    await next(socket, "open");
    return socket;
  }

  for (const [mode, options] of Object.entries(modes)) {
    test(`${mode}: text and binary come back (T31)`, async (t) => {
      const socket = await opened(t, options);
      for (const message of ["a", "é 🐦 한글", "x".repeat(50000), Buffer.from([0, 1, 255]), Buffer.alloc(9000, 7)]) {
        const come = next(socket, "message");
        socket.send(message);
        const [got] = await come;
        assert.deepEqual(typeof got === "string" ? got : Buffer.from(got), message);
      }
    });

    test(`${mode}: many messages in order (T31)`, async (t) => {
      const socket = await opened(t, options);
      const come = nextN(socket, "message", 300);
      for (let i = 0; i < 300; i++) socket.send(i % 3 ? `${i}é🐦` : Buffer.from(String(i)));
      const got = (await come).map(([m]) => parseInt(m.toString(), 10));
      assert.deepEqual(got, Array.from({ length: 300 }, (_, i) => i));
    });

    test(`${mode}: the client pings, the server answers (T31)`, async (t) => {
      const socket = await opened(t, options);
      await next(socket, "pong");
      await next(socket, "pong");
      assert.equal(socket.readyState, "open");
    });
  }

  test("v4 clients are served beside them (T31)", async (t) => {
    const socket = new Socket4(server.url);
    t.after(() => socket.close());
    await next(socket, "open");
    const come = next(socket, "message");
    socket.send("hi");
    assert.equal((await come)[0], "hi");
  });

  const open3 = async (query = "", path = POLL) => {
    const res = await fetchRaw(server, "GET", path + query);
    assert.equal(res.status, 200);
    const [, length, packet] = /^(\d+):0(.*)$/s.exec(text(res));
    assert.equal(packet.length + 1, Number(length));
    return { ...JSON.parse(packet), res };
  };

  test("payloads of text and of octets, by hand (T31)", async () => {
    const { sid } = await open3();
    const target = `${POLL}&sid=${sid}`;
    const octets = Buffer.from([0, 3, 255, 0x34, 0x68, 0x69, 1, 4, 255, 4, 1, 2, 3]);
    let res = await fetchRaw(server, "POST", target, { body: octets, headers: { "Content-Type": "application/octet-stream" } });
    assert.deepEqual([res.status, text(res)], [200, "ok"]);
    res = await fetchRaw(server, "GET", target);
    assert.equal(res.headers["content-type"], "application/octet-stream");
    assert.deepEqual(res.bytes, octets);
    res = await fetchRaw(server, "POST", target, { body: "3:4€é1:2" });
    assert.equal(text(res), "ok");
    res = await fetchRaw(server, "GET", target);
    assert.equal(text(res), "3:4€é1:3");
    assert.equal(res.headers["content-type"], "text/plain; charset=UTF-8");
  });

  for (const body of ["", "x", "4:4hi", "1:7", "3:4hi2"])
    test(`a bad payload ${JSON.stringify(body)} ends the session (T31)`, async () => {
      const { sid } = await open3();
      await fetchRaw(server, "POST", `${POLL}&sid=${sid}`, { body }).catch(() => {});
      assert.equal((await server.observe({ event: "close", id: sid })).reason, "parse error");
    });

  test("a PONG of the client is a fault (T31)", async () => {
    const { sid } = await open3();
    await fetchRaw(server, "POST", `${POLL}&sid=${sid}`, { body: "1:3" });
    const closed = await server.observe({ event: "close", id: sid });
    assert.deepEqual([closed.reason, closed.description], ["transport error", "invalid heartbeat direction"]);
  });

  test("another protocol than the session's is refused (T18)", async () => {
    const { sid } = await open3();
    const res = await fetchRaw(server, "GET", `${PATH}?EIO=4&transport=polling&sid=${sid}`);
    assert.equal(res.status, 400);
    assert.deepEqual(JSON.parse(text(res)), { code: 3, message: "Bad request" });
    const seen = await server.observe({ event: "refused", value: "PROTOCOL_MISMATCH" });
    assert.deepEqual([seen.code, seen.key], [3, "name"]);
  });

  test("JSONP: scripts and forms (T07)", async () => {
    const first = await fetchRaw(server, "GET", `${POLL}&j=3`);
    const [, payload] = /^___eio\[3\]\("(.*)"\);$/s.exec(text(first));
    assert.equal(first.headers["content-type"], "text/plain; charset=UTF-8");
    const { sid } = JSON.parse(JSON.parse(`"${payload}"`).replace(/^\d+:0/, ""));
    const target = `${POLL}&j=3&sid=${sid}`;
    const form = (body) => fetchRaw(server, "POST", target,
      { body, headers: { "Content-Type": "application/x-www-form-urlencoded" } });
    assert.equal(text(await form(`d=${encodeURIComponent("6:4\u2028\\n\\\\nx")}`)), "ok");
    assert.equal(text(await fetchRaw(server, "GET", target)), "___eio[3](\"6:4\\u2028\\n\\\\nx\");");
  });

  test("JSONP with EIO 4 (T07)", async () => {
    const first = await fetchRaw(server, "GET", `${PATH}?EIO=4&transport=polling&j=12`);
    const [, payload] = /^___eio\[12\]\("0(.*)"\);$/s.exec(text(first));
    const { sid } = JSON.parse(JSON.parse(`"${payload}"`));
    const target = `${PATH}?EIO=4&transport=polling&j=12&sid=${sid}`;
    await fetchRaw(server, "POST", target, { body: "d=4a%1e4b", headers: { "Content-Type": "application/x-www-form-urlencoded" } });
    assert.equal(text(await fetchRaw(server, "GET", target)), "___eio[12](\"4a\\u001e4b\");");
  });

  test("binary frames carry their type (T31)", async (t) => {
    const wire = await Wire.open(t, server);
    await wire.upgrade(`${PATH}?EIO=3&transport=websocket`);
    assert.match(await wire.readText(), /^0\{/);
    wire.write(frame(2, Buffer.from([4, 9])));
    assert.deepEqual((await wire.readFrame()).payload, Buffer.from([4, 9]));
    wire.write(frame(1, "b4CQ=="));
    assert.deepEqual((await wire.readFrame()).payload, Buffer.from([4, 9]));
    for (const ping of ["2", "2probe"]) { // which probes nothing here
      wire.write(frame(1, ping));
      assert.equal(await wire.readText(), "3");
    }
  });
});

forEachKind("silence of Engine.IO v3", (kind) => {
  test("a client that does not ping is given up after interval and time-out together (T31)", async (t) => {
    const server = await startServer(kind, ["--allow-eio3", "--ping-interval", 200, "--ping-timeout", 400], "engine");
    t.after(() => server.stop());
    const wire = await Wire.open(t, server);
    await wire.upgrade(`${PATH}?EIO=3&transport=websocket`);
    const { sid } = JSON.parse((await wire.readText()).slice(1));
    const began = performance.now();
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 250)); // longer than the interval alone
      wire.sendText("2");
      assert.equal(await wire.readText(), "3");
    }
    await wire.readClose();
    assert.ok(performance.now() - began > 3 * 250 + 590, "interval and time-out");
    assert.equal((await server.observe({ event: "close", id: sid })).reason, "ping timeout");
  });
});

forEachKind("who is let in, later", (kind) => {
  let server;
  before(async () => { server = await startServer(kind, ["--admit", "--initial-packet", "welcome"], "engine"); });
  after(() => server.stop());
  const target = (query) => `${PATH}?EIO=4&transport=polling&${query}`;

  test("an id that comes later, and a first message with the handshake (T11, T12, T20)", async () => {
    const res = await fetchRaw(server, "GET", target("name=late-id-1"));
    const [open, message] = text(res).split("\x1e");
    assert.equal(JSON.parse(open.slice(1)).sid, "late-id-1");
    assert.equal(message, "4welcome");
  });

  test("the same over WebSocket (T11, T12, T20)", async (t) => {
    const wire = await webSocketSession(t, server, { path: PATH, query: "&name=late-id-2" });
    assert.equal(wire.handshake.sid, "late-id-2");
    assert.equal(await wire.readText(), "4welcome");
  });

  test("denied later, with words (T20, T17)", async () => {
    const res = await fetchRaw(server, "GET", target("admit=no"));
    assert.equal(res.status, 403);
    assert.deepEqual(JSON.parse(text(res)), { code: 4, message: "not you" });
    const seen = await server.observe({ event: "refused", code: 4 });
    assert.deepEqual([seen.message, seen.key, seen.value], ["Forbidden", "message", "not you"]);
  });

  test("an id that cannot be (T11)", async () => {
    const res = await fetchRaw(server, "GET", target("name=bad"));
    assert.equal(res.status, 400);
    assert.deepEqual(JSON.parse(text(res)), { code: 3, message: "Bad request" });
    const seen = await server.observe({ event: "refused", code: 3 });
    assert.deepEqual([seen.key, seen.value], ["name", "ID_GENERATION_ERROR"]);
  });

  for (const [what, method, query, seen] of [
    ["an unknown transport", "GET", "EIO=4&transport=pigeon", [0, "Transport unknown", "transport", "pigeon"]],
    ["an unknown session", "GET", "EIO=4&transport=polling&sid=nobody", [1, "Session ID unknown", "sid", "nobody"]],
    ["a handshake by POST", "POST", "EIO=4&transport=polling", [2, "Bad handshake method", "method", "POST"]],
    ["no upgrade", "GET", "EIO=4&transport=websocket", [3, "Bad request", "name", "TRANSPORT_HANDSHAKE_ERROR"]],
    ["version 3", "GET", "EIO=3&transport=polling", [5, "Unsupported protocol version", "protocol", "3"]],
  ])
    test(`told of ${what} (T19)`, async () => {
      assert.equal((await fetchRaw(server, method, `${PATH}?${query}`)).status, 400);
      const { code, message, key, value } = await server.observe({ event: "refused", code: seen[0], value: seen[3] });
      assert.deepEqual([code, message, key, value], seen);
    });

  test("told of a poll to a session that is a WebSocket (T19)", async (t) => {
    const { handshake } = await webSocketSession(t, server, { path: PATH, query: "&name=of-a-websocket" });
    const res = await fetchRaw(server, "GET", `${PATH}?EIO=4&transport=polling&sid=${handshake.sid}`);
    assert.deepEqual([res.status, text(res)], [400, '{"code":3,"message":"Bad request"}']);
    const { code, key } = await server.observe({ event: "refused", value: "TRANSPORT_MISMATCH" });
    assert.deepEqual([code, key], [3, "name"]);
  });
});
