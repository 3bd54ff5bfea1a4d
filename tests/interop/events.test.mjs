// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Events and acknowledgements with the official client, in its three modes.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { call, client, connected, modes, settle } from "../js/client.mjs";
import { forEachKind, startServer } from "../js/server.mjs";
import { collect, next, nextN, within } from "../js/wait.mjs";

const json = [
  ["nothing at all"],
  ["null", null],
  ["booleans", true, false],
  ["integers", 0, -1, 1, 2147483647, -2147483648, 4294967295, 9007199254740991, -9007199254740991],
  ["fractions", 0.1, -0.5, 1e-7, 1.5e300, 5e-324, 1.7976931348623157e308, 123456789.125],
  ["whole numbers beyond 2^53", 1e21, 12345678901234567000],
  ["texts", "", "a", "with \"quotes\" and \\ and / and \b\f\n\r\t", "\u0000\u0001\u001f\u007f"],
  ["lists", [], [[]], [1, [2, [3, ["four"]]]], [null]],
  ["objects", {}, { a: 1 }, { "": 0, "a b": { "é": [{}] }, "__proto__x": 1, constructor: 2 }],
  ["many", ...Array.from({ length: 200 }, (_, i) => i)],
  ["mixed", 1, "2", { three: [4, null, false] }, [5]],
  ["deep", Array.from({ length: 60 }).reduce((inner) => [inner], "bottom")],
  ["keys in order", { z: 1, a: 2, m: 3, 2: "two", 1: "one" }],
  ["like a placeholder", { num: 0 }, { _placeholder: false, num: 3 }],
];

const texts = [
  ["umlauts and Hangul", "Grüße 안녕하세요 čeština"],
  ["emoji", "🐦 👩‍👩‍👧‍👦 🏳️‍🌈"],
  ["last code point", "\u{10FFFF} \uFFFF \uFFFE \u2028 \u2029 \uFEFF"],
  ["every length of UTF-8", "\u007f\u0080\u07ff\u0800\uffff\u{10000}"],
  ["lone high surrogate", "half \ud83d bird"],
  ["lone low surrogate", "half \udc26 bird"],
  ["surrogates the wrong way round", "\udc26\ud83d"],
];

const binaries = [
  ["one", Buffer.from([1, 2, 3])],
  ["empty", Buffer.alloc(0)],
  ["every byte", Buffer.from(Array.from({ length: 256 }, (_, i) => i))],
  ["in an object", { file: { name: "x", data: Buffer.from([255, 0, 254]) } }],
  ["in a list", [Buffer.from("a"), [Buffer.from("b"), "text", Buffer.from("c")]]],
  ["several between texts", "x", Buffer.from("a"), { y: Buffer.from("b") }, 7, Buffer.from("c")],
  ["ten, the most", Array.from({ length: 10 }, (_, i) => Buffer.from([i]))],
  ["with Unicode around", { "🐦": [Buffer.from("é"), "é\ud83d"] }],
];

const atMostTen = ([, ...args]) => args.length <= 10;

forEachKind("events", (kind) => {
  let server;
  before(async () => { server = await startServer(kind); });
  after(() => server.stop());

  for (const [mode, options] of Object.entries(modes)) {
    const echoes = async (t, rows, event = "echo", back = "echo") => {
      const socket = await connected(t, server, options);
      for (const [, ...args] of rows) {
        const come = next(socket, back);
        socket.emit(event, ...args);
        assert.deepEqual(await come, args);
      }
    };

    test(`${mode}: any JSON arguments, both ways (S01)`, (t) => echoes(t, json));
    test(`${mode}: Unicode, emoji, lone surrogates (S23)`, (t) => echoes(t, texts));
    test(`${mode}: binary anywhere, both ways (S04 S05 T02)`, (t) => echoes(t, binaries));
    test(`${mode}: numeric event names (S02)`, (t) => echoes(t, json.slice(0, 3), 1234, "numeric"));
    test(`${mode}: send and message (S09)`, (t) =>
      echoes(t, [...json.slice(0, 5), ...binaries.slice(0, 3)], "message", "message"));

    test(`${mode}: acknowledgements carry any arguments (S06)`, async (t) => {
      const socket = await connected(t, server, options);
      for (const [, ...args] of [...json, ...texts, ...binaries].filter(atMostTen))
        assert.deepEqual(await call(socket, "ack", ...args), args);
    });

    test(`${mode}: the server's acknowledgements, answered by the client (S06)`, async (t) => {
      const socket = await connected(t, server, options);
      socket.on("question", (...args) => args.pop()(...args));
      for (const [, ...args] of [...json, ...binaries].filter(atMostTen)) {
        const come = next(socket, "answered");
        socket.emit("ask", ...args);
        assert.deepEqual(await come, args);
      }
    });

    test(`${mode}: the server's acknowledgement with time-out (S08 S06)`, async (t) => {
      const socket = await connected(t, server, options);
      const outcome = collect(socket, "answered");
      let late;
      socket.on("question", (what, ack) => { if (what === "answer") ack("yes"); else late = ack; });
      let come = next(socket, "answered");
      socket.emit("ask-timeout", 8000, "answer");
      assert.deepEqual(await come, ["yes"]);
      come = next(socket, "unanswered");
      socket.emit("ask-timeout", 50, "silence");
      assert.deepEqual(await come, []);
      late("too late");
      await settle(socket);
      assert.deepEqual(outcome, ["yes"], "a late answer counts no more");
    });

    test(`${mode}: many acknowledgements at once keep to their events (S06 S24)`, async (t) => {
      const socket = await connected(t, server, options);
      const answers = await Promise.all(Array.from({ length: 300 }, (_, i) => call(socket, "ack", i)));
      assert.deepEqual(answers, Array.from({ length: 300 }, (_, i) => [i]));
    });

    test(`${mode}: an acknowledgement counts once (S06)`, async (t) => {
      const socket = await connected(t, server, options);
      const got = [];
      socket.emit("ack-twice", (n) => got.push(n));
      await settle(socket);
      assert.deepEqual(got, [1]);
    });

    test(`${mode}: the client's own time-out, and a promise (S07 S08)`, async (t) => {
      const socket = await connected(t, server, options);
      assert.equal(await socket.timeout(5000).emitWithAck("ack", "x"), "x");
      await assert.rejects(socket.timeout(50).emitWithAck("mark", "never acknowledged"),
        /operation has timed out/);
    });

    test(`${mode}: a text of a million bytes, nearly (S23)`, async (t) => {
      const socket = await connected(t, server, options);
      const text = "0123456789".repeat(99990);
      assert.deepEqual(await call(socket, "ack", text), [text]);
      const wide = "한글".repeat(166000); // six bytes each on the wire
      const come = next(socket, "echo");
      socket.emit("echo", wide);
      assert.deepEqual(await come, [wide]);
    });

    test(`${mode}: large binary (S23 S04)`, async (t) => {
      const socket = await connected(t, server, options);
      const size = options.transports[0] === "polling" ? 740000 : 999000; // base64 takes 4/3
      const data = Buffer.alloc(size, Buffer.from(Array.from({ length: 251 }, (_, i) => i)));
      const [back] = await call(socket, "ack", data);
      assert.ok(data.equals(back));
    });

    test(`${mode}: what the server sends may be larger than what it accepts (S23 T14)`, async (t) => {
      const socket = await connected(t, server, options);
      const come = next(socket, "big");
      socket.emit("big", 3000000);
      assert.equal((await come)[0].length, 3000000);
    });

    test(`${mode}: a thousand events in order, both ways at once (S24)`, async (t) => {
      const socket = await connected(t, server, options);
      const bursts = nextN(socket, "burst", 1000);
      const echoed = nextN(socket, "echo", 1000);
      socket.emit("burst", 1000);
      for (let i = 0; i < 1000; i++) socket.emit("echo", i, i % 50 ? "x" : Buffer.from([i % 256]));
      assert.deepEqual((await bursts).map(([n]) => n), Array.from({ length: 1000 }, (_, i) => i));
      assert.deepEqual((await echoed).map(([n]) => n), Array.from({ length: 1000 }, (_, i) => i));
    });

    test(`${mode}: catch-all listeners (S12)`, async (t) => {
      const socket = await connected(t, server, options);
      const got = [];
      socket.onAny((...args) => got.push(args));
      socket.emit("nobody handles this", 1, { b: Buffer.from([2]) });
      socket.emit("both", "x");
      socket.emit("echo", "quiet");
      await settle(socket);
      assert.deepEqual(got, [["any", "nobody handles this", 1, { b: Buffer.from([2]) }],
        ["any", "both", "x"], ["both", "x"], ["echo", "quiet"]]);
    });
  }

  test("catch-all listeners of one socket: added, in front, removed (S12)", async (t) => {
    const [socket, other] = [await connected(t, server), await connected(t, server)];
    const heard = collect(socket, "heard");
    const notHeard = collect(other, "heard");
    const probe = async () => {
      heard.length = 0;
      socket.emit("probe");
      await settle(socket);
      return heard.join();
    };
    assert.equal(await probe(), "handler");
    assert.deepEqual(await call(socket, "listen"), [3]);
    assert.equal(await probe(), "c,a,b,handler");
    assert.deepEqual(await call(socket, "unlisten", "a"), [2]);
    assert.equal(await probe(), "c,b,handler");
    await call(socket, "unlisten", "c");
    assert.deepEqual(await call(socket, "unlisten", "b"), [0]);
    assert.equal(await probe(), "handler");
    other.emit("probe");
    await settle(other);
    assert.deepEqual(notHeard, ["handler"], "they were the other socket's");
  });

  test("handlers that come and go, behind the namespace's (S01)", async (t) => {
    const socket = await connected(t, server);
    const got = collect(socket, "late");
    const late = async () => {
      got.length = 0;
      socket.emit("late");
      await settle(socket);
      return got.join();
    };
    assert.equal(await late(), "table");
    socket.emit("late-on");
    assert.equal(await late(), "table,on,once");
    assert.equal(await late(), "table,on");
    socket.emit("late-off");
    assert.equal(await late(), "table");
  });

  test("the client refuses reserved names; so does the server (S03)", async (t) => {
    const socket = await connected(t, server);
    const names = ["connect", "connect_error", "disconnect", "disconnecting", "newListener",
      "removeListener"];
    for (const name of names) assert.throws(() => socket.emit(name), /is a reserved event name/);
    assert.deepEqual((await call(socket, "reserved"))[0], names);
    assert.equal(socket.connected, true);
  });

  test("event names of every kind (S01)", async (t) => {
    const socket = await connected(t, server, { transports: ["websocket"] });
    const names = ["", " ", "a b", "🐦", "constructor", "__proto__", "toString", "\"", "\\", "\u0000",
      "x".repeat(5000), "-1", "0", "_placeholder"];
    for (const name of names) {
      const come = next(socket, "any");
      socket.emit(name, "arg");
      assert.deepEqual(await come, [name, "arg"]);
    }
  });

  test("undefined becomes null, a Date its text (S01)", async (t) => {
    const socket = await connected(t, server);
    const at = new Date(0);
    assert.deepEqual(await call(socket, "ack", undefined, at, NaN),
      [null, "1970-01-01T00:00:00.000Z", null]);
  });

  test("a socket's data is its own and lives as long as it (S14)", async (t) => {
    const [a, b] = [await connected(t, server), await connected(t, server)];
    assert.deepEqual(await call(a, "data-get"), [null]);
    await call(a, "data-set", "first");
    await call(b, "data-set", "second");
    assert.deepEqual(await call(a, "data-get"), ["first"]);
    assert.deepEqual(await call(b, "data-get"), ["second"]);
    const chat = a.io.socket("/chat");
    await next(chat, "connect");
    assert.deepEqual(await call(chat, "data-get"), [null], "one per namespace");
    const id = a.id;
    a.disconnect();
    await server.observe({ event: "disconnect", id });
    a.connect();
    await next(a, "connect");
    assert.deepEqual(await call(a, "data-get"), [null], "a new socket begins anew");
  });

  test("an event named error reaches the server's error handler (S18)", async (t) => {
    const socket = await connected(t, server);
    socket.emit("error", "from the client");
    const seen = await server.observe({ event: "error", id: socket.id });
    assert.equal(seen.message, "from the client");
    assert.deepEqual(await call(socket, "ack", "alive"), ["alive"]);
  });

  test("the server may emit an event named error (S03)", async (t) => {
    const socket = await connected(t, server);
    const come = next(socket, "error");
    await call(socket, "emit-to", { rooms: [socket.id] }, "error", "for the client");
    assert.deepEqual(await come, ["for the client"]);
    assert.equal(socket.connected, true);
  });

  test("events emitted while not connected are sent in order (S24)", async (t) => {
    const socket = client(t, server, { autoConnect: false });
    for (let i = 0; i < 20; i++) socket.emit("echo", i);
    const come = nextN(socket, "echo", 20);
    socket.connect();
    assert.deepEqual((await come).map(([n]) => n), Array.from({ length: 20 }, (_, i) => i));
  });

  test("volatile events of a ready client arrive (S01)", async (t) => {
    const socket = await connected(t, server, { transports: ["websocket"] });
    const come = next(socket, "echo");
    socket.volatile.emit("echo", 1);
    assert.deepEqual(await come, [1]);
  });

  test("two hundred clients at once (S01)", async (t) => {
    const sockets = await Promise.all(Array.from({ length: 200 }, () =>
      connected(t, server, { transports: ["websocket"] })));
    const answers = await within(Promise.all(sockets.map((s, i) => call(s, "ack", i))), "all acks");
    assert.deepEqual(answers, sockets.map((_, i) => [i]));
    assert.equal(new Set(sockets.map((s) => s.id)).size, 200);
  });
}, { concurrency: 6 });
