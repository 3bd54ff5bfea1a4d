// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Raw WebSocket with the official ws client, and frame by frame.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { WebSocket } from "ws";
import { ACCEPT, KEY, Wire, frame, request } from "../js/raw.mjs";
import { forEachKind, startServer } from "../js/server.mjs";
import { collect, next, nextN } from "../js/wait.mjs";

forEachKind("raw WebSocket", (kind) => {
  let server;
  before(async () => { server = await startServer(kind); });
  after(() => server.stop());

  async function open(t, path = "/echo", ...rest) {
    const ws = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, ...rest);
    t.after(() => ws.terminate());
    await next(ws, "open");
    return ws;
  }

  async function wired(t, path = "/echo") {
    const wire = await Wire.open(t, server);
    assert.equal((await wire.upgrade(path)).status, 101);
    return wire;
  }

  async function echoes(ws, message) {
    const come = next(ws, "message");
    ws.send(message);
    const [data, binary] = await come;
    assert.equal(binary, typeof message !== "string");
    assert.ok(data.equals(Buffer.from(message)), `${data.length} bytes for ${message.length}`);
  }

  test("the handshake (W01)", async (t) => {
    const wire = await Wire.open(t, server);
    const res = await wire.upgrade("/echo?x=1");
    assert.equal(res.line, "HTTP/1.1 101 Switching Protocols");
    assert.equal(res.headers["sec-websocket-accept"], ACCEPT);
    assert.equal(res.headers.upgrade.toLowerCase(), "websocket");
    assert.equal(res.headers.connection.toLowerCase(), "upgrade");
    assert.equal(res.headers["sec-websocket-extensions"], undefined);
    assert.equal(res.headers["sec-websocket-protocol"], undefined);
  });

  for (const [what, headers] of [
    ["tokens among others, in any case", { Connection: "keep-alive, UPGRADE", Upgrade: "WebSocket" }],
    ["an offer of compression, declined", { "Sec-WebSocket-Extensions": "permessage-deflate" }],
  ])
    test(`the handshake takes ${what} (W01)`, async (t) => {
      const wire = await Wire.open(t, server);
      const res = await wire.upgrade("/echo", headers);
      assert.equal(res.status, 101);
      assert.equal(res.headers["sec-websocket-extensions"], undefined);
      wire.sendText("x");
      assert.equal(await wire.readText(), "x");
    });

  for (const [what, headers, statuses] of [
    ["version 12", { "Sec-WebSocket-Version": "12" }, { vireo: 426, node: 400 }],
    ["no version", { "Sec-WebSocket-Version": undefined }, { vireo: 426, node: 400 }],
    ["no key", { "Sec-WebSocket-Key": undefined }, { vireo: 400, node: 400 }],
    ["a short key", { "Sec-WebSocket-Key": "YWJj" }, { vireo: 400, node: 400 }],
    ["a key that is no base64", { "Sec-WebSocket-Key": "????????????????????????" },
      { vireo: 400, node: 400 }],
  ])
    test(`the handshake refuses ${what} (W01)`, async (t) => {
      const wire = await Wire.open(t, server);
      const res = await wire.upgrade("/echo", headers);
      // RFC 6455 4.2.2 asks for 426 with Sec-WebSocket-Version; ws answers 400 with that header.
      assert.equal(res.status, statuses[kind]);
      if (what.includes("version")) assert.match(res.headers["sec-websocket-version"], /\b13\b/);
    });

  test("text and binary of every size (W02 W04)", async (t) => {
    const ws = await open(t);
    for (const size of [0, 1, 124, 125, 126, 127, 128, 1000, 65534, 65535, 65536, 65537, 300000,
      900000]) {
      await echoes(ws, "x".repeat(size));
      await echoes(ws, Buffer.alloc(size, Buffer.from([0, 255, 128, 10])));
    }
  });

  test("the limit: a million bytes pass, one more is 1009 (W04 W10)", async (t) => {
    const ws = await open(t);
    await echoes(ws, "x".repeat(1000000));
    const gone = next(ws, "close");
    ws.send("x".repeat(1000001));
    assert.equal((await gone)[0], 1009);
  });

  test("text in every plane (W03)", async (t) => {
    const ws = await open(t);
    for (const text of ["é", "한글 새", "🐦👩‍👩‍👧‍👦", "\u0000", "\uFEFFbom", "\u{10FFFF}\uFFFF"])
      await echoes(ws, text);
  });

  test("order, with a thousand in flight (W02)", async (t) => {
    const ws = await open(t);
    const come = nextN(ws, "message", 1000);
    for (let i = 0; i < 1000; i++) ws.send(i % 2 ? `text ${i}` : Buffer.from(`bin ${i}`));
    assert.deepEqual((await come).map(([data, binary]) => [data.toString(), binary]),
      Array.from({ length: 1000 }, (_, i) => [i % 2 ? `text ${i}` : `bin ${i}`, i % 2 === 0]));
  });

  test("fragments of the client, with a ping between them (W04)", async (t) => {
    const ws = await open(t);
    const come = next(ws, "message");
    const pong = next(ws, "pong");
    ws.send("one ", { fin: false });
    ws.ping("between");
    ws.send("", { fin: false });
    ws.send("three", { fin: true });
    assert.equal((await pong)[0].toString(), "between");
    const [data, binary] = await come;
    assert.deepEqual([data.toString(), binary], ["one three", false]);
  });

  test("a message in a thousand fragments of one byte (W04)", async (t) => {
    const wire = await wired(t);
    for (let i = 0; i < 1000; i++)
      wire.sendFrame(i ? 0 : 2, Buffer.from([i & 255]), { fin: i === 999 });
    const got = await wire.readFrame();
    assert.equal(got.opcode, 2);
    assert.deepEqual([...got.payload], Array.from({ length: 1000 }, (_, i) => i & 255));
  });

  test("frames cut anywhere by the network (W02)", async (t) => {
    const wire = await wired(t);
    const bytes = Buffer.concat([frame(1, "é한🐦"), frame(9, "p"), frame(2, Buffer.alloc(200, 1))]);
    for (const byte of bytes) {
      wire.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    assert.equal(await wire.readText(), "é한🐦");
    assert.equal((await wire.readFrame()).opcode, 10);
    assert.deepEqual((await wire.readFrame()).payload, Buffer.alloc(200, 1));
  });

  test("a frame in the same segment as the handshake (W01)", async (t) => {
    const wire = await Wire.open(t, server);
    wire.write(Buffer.concat([Buffer.from(request("GET", "/echo", { Host: "x", Connection: "Upgrade",
      Upgrade: "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": KEY })),
    frame(1, "early")]));
    assert.equal((await wire.readResponse()).status, 101);
    assert.equal(await wire.readText(), "early");
  });

  test("pings are answered with their payload (W02)", async (t) => {
    const ws = await open(t);
    for (const payload of ["", "p", "x".repeat(125)]) {
      const come = next(ws, "pong");
      ws.ping(payload);
      assert.equal((await come)[0].toString(), payload);
    }
  });

  test("the server's ping, and the pong it gets (W02)", async (t) => {
    const ws = await open(t);
    const ping = next(ws, "ping");
    const answer = next(ws, "message");
    ws.send("ping:are you there");
    assert.equal((await ping)[0].toString(), "are you there");
    assert.equal((await answer)[0].toString(), "pong:are you there");
  });

  test("a pong nobody asked for is harmless (W02)", async (t) => {
    const ws = await open(t);
    const answer = next(ws, "message");
    ws.pong("unasked");
    assert.equal((await answer)[0].toString(), "pong:unasked");
  });

  for (const [code, reason] of [[1000, ""], [1000, "bye"], [1001, "Grüße"], [1011, "x".repeat(123)],
    [1012, ""], [1014, ""], [3000, "a library"], [4999, "mine"]])
    test(`the client closes with ${code} ${reason.slice(0, 10)} (W10)`, async (t) => {
      const path = `/echo?close=${code}${encodeURIComponent(reason.slice(0, 10))}`;
      const ws = await open(t, path);
      const gone = next(ws, "close");
      ws.close(code, reason);
      const [back] = await gone;
      assert.equal(back, code, "the code is echoed");
      await server.observe((o) => o.event === "raw-close" && o.code === code && o.reason === reason);
    });

  test("the client closes without a code (W10)", async (t) => {
    const wire = await wired(t);
    wire.sendFrame(8);
    assert.deepEqual(await wire.readClose(), { code: 1005, reason: "" });
    assert.equal((await wire.readEnd()).length, 0, "then the server ends the connection");
    wire.socket.end();
    await server.observe({ event: "raw-close", code: 1005 });
  });

  test("the client drops the connection (W10)", async (t) => {
    const ws = await open(t);
    ws.terminate();
    await server.observe({ event: "raw-close", code: 1006 });
  });

  for (const [code, reason] of [[1000, ""], [1000, "done"], [1003, ""], [1013, "later, 나중에"],
    [3001, ""], [4000, "x".repeat(123)]])
    test(`the server closes with ${code} ${reason.slice(0, 10)} (W10)`, async (t) => {
      const ws = await open(t);
      const gone = next(ws, "close");
      ws.send(`close:${code}:${reason}`);
      const [got, text] = await gone;
      assert.deepEqual([got, text.toString()], [code, reason]);
      await server.observe((o) => o.event === "raw-close" && o.code === code);
    });

  test("nothing is answered after a close frame (W10)", async (t) => {
    const wire = await wired(t);
    wire.sendFrame(8, Buffer.from([3, 232]));
    wire.sendText("too late");
    assert.equal((await wire.readClose()).code, 1000);
    assert.equal((await wire.readEnd()).length, 0);
  });

  test("messages queued before the server's close still arrive (W10)", async (t) => {
    const ws = await open(t);
    const got = collect(ws, "message");
    const gone = next(ws, "close");
    for (let i = 0; i < 100; i++) ws.send(`m${i}`);
    ws.send("close:1000:end");
    await gone;
    assert.deepEqual(got.map(([data]) => data.toString()),
      Array.from({ length: 100 }, (_, i) => `m${i}`));
  });

  test("/bcast: everyone gets every message once, in order (T38)", async (t) => {
    const all = await Promise.all(Array.from({ length: 30 }, () => open(t, "/bcast")));
    const come = all.map((ws) => nextN(ws, "message", 40));
    for (let i = 0; i < 20; i++) {
      all[0].send(`a${i}`);
      all[29].send(Buffer.from(`b${i}`));
    }
    for (const got of await Promise.all(come)) {
      const texts = got.map(([data]) => data.toString());
      for (const letter of ["a", "b"])
        assert.deepEqual(texts.filter((x) => x[0] === letter),
          Array.from({ length: 20 }, (_, i) => `${letter}${i}`));
      for (const [data, binary] of got) assert.equal(binary, data.toString()[0] === "b");
    }
  });
}, { concurrency: 6 });
