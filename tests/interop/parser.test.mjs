// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Other parsers than the JSON of Socket.IO: msgpack (S22), with the official client and on the wire,
// and JSON with hooks (S20), against Vireo and the official server (the contract stands in
// parser-reference.mjs).

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import WebSocket from "ws";
import notepack from "notepack.io";
import msgpackParser from "socket.io-msgpack-parser";
import { call, client, connected, modes } from "../js/client.mjs";
import { startClients } from "../js/driver.mjs";
import { webSocketSession } from "../js/raw.mjs";
import { forEachKind, startServer } from "../js/server.mjs";
import { next, nextN } from "../js/wait.mjs";

const start = (kind, parser) => startServer(kind, ["--parser", parser], "parser");
const msgpack = (options = {}) => ({ ...options, parser: msgpackParser });

/** A session on the wire that has joined "/": what is sent and read are packets, as values. */
async function joined(t, server, auth) {
  const wire = await webSocketSession(t, server);
  wire.sendPacket = (packet) => wire.sendFrame(2, Buffer.from(notepack.encode(packet)));
  wire.readPacket = async () => {
    const { opcode, payload } = await wire.readFrame();
    assert.equal(opcode, 2, "a binary message");
    return notepack.decode(payload);
  };
  wire.sendPacket({ type: 0, nsp: "/", data: auth });
  assert.equal((await wire.readPacket()).type, 0);
  assert.deepEqual(await wire.readPacket(),
    { type: 2, data: ["hello", { auth: auth ?? {} }], nsp: "/" });
  return wire;
}

const values = {
  nothing: [],
  numbers: [0, -1, 127, 128, 255, 256, 65535, 65536, 2 ** 32, -(2 ** 31) - 1, 2 ** 53, 0.1, -1e-7],
  texts: ["", "hello", "é中\u{1f600}", "x".repeat(40000), "line\nbreak \u0000 \u001e"],
  "null, true and false": [null, true, false],
  structures: [{ a: [1, { b: [] }], c: {} }, [[[]]], [1, [2, [3]]]],
  binary: [Buffer.from([1, 2, 3]), { deep: [Buffer.alloc(0), Buffer.alloc(70000, 7)] }],
  "twenty binary parts": Array.from({ length: 20 }, (_, i) => Buffer.from([i])),
  "what looks like a placeholder": [{ _placeholder: true, num: 0 }],
};

forEachKind("the msgpack parser", (kind) => {
  let server;
  before(async () => { server = await start(kind, "msgpack"); });
  after(() => server.stop());

  for (const [mode, options] of Object.entries(modes)) {
    test(`${mode}: values of every kind, both ways (S22 S04 S23)`, async (t) => {
      const socket = await connected(t, server, msgpack(options));
      for (const [what, list] of Object.entries(values)) {
        const answer = next(socket, "echo");
        socket.emit("echo", list);
        assert.deepEqual(await answer, list, what);
      }
    });

    test(`${mode}: acknowledgements both ways, with binary (S22 S06)`, async (t) => {
      const socket = await connected(t, server, msgpack(options));
      const x = { list: [1, Buffer.from("abc")] };
      assert.deepEqual(await call(socket, "ack", x), [x, Buffer.from([1, 2, 3])]);
      socket.on("question", (y, answer) => answer("well", y, Buffer.from([9])));
      const answered = next(socket, "answered");
      socket.emit("ask", x);
      assert.deepEqual(await answered, [["well", x, Buffer.from([9])]]);
    });

    test(`${mode}: a broadcast to a room, namespaces, auth (S22 R03 N01 N10)`, async (t) => {
      const auth = { token: "t", raw: Buffer.from([5]) };
      const one = client(t, server, msgpack({ ...options, auth }), "/admin");
      const hello = next(one, "hello");
      await next(one, "connect");
      assert.deepEqual(await hello, [{ auth }]);
      const room = `room ${mode}`;
      const two = await connected(t, server, msgpack(options), "/admin");
      const outside = await connected(t, server, msgpack(options), "/admin");
      outside.on("room", () => assert.fail("who is not in the room"));
      await Promise.all([call(one, "join", room), call(two, "join", room)]);
      const got = [next(one, "room"), next(two, "room")];
      two.emit("room", room, { x: [Buffer.from("to all")] });
      for (const args of await Promise.all(got)) assert.deepEqual(args, [{ x: [Buffer.from("to all")] }]);
      await call(outside, "ack", 1);
    });

    test(`${mode}: refused by a guard, no such namespace (S22 N06 N12)`, async (t) => {
      const refused = client(t, server, msgpack({ ...options, auth: { refuse: [1] } }));
      const [err] = await next(refused, "connect_error");
      assert.equal(err.message, "refused");
      assert.deepEqual(err.data, { auth: { refuse: [1] } });
      const [none] = await next(client(t, server, msgpack(options), "/none"), "connect_error");
      assert.equal(none.message, "Invalid namespace");
    });

    test(`${mode}: volatile, the end of a socket and of another (S22 S10 S15)`, async (t) => {
      const socket = await connected(t, server, msgpack(options));
      const other = await connected(t, server, msgpack(options));
      await call(other, "join", `volatile ${mode}`);
      const got = next(other, "volatile");
      const again = setInterval(() => socket.emit("volatile", `volatile ${mode}`, "now or never"), 20);
      t.after(() => clearInterval(again));
      assert.deepEqual(await got, ["now or never"]);
      clearInterval(again);
      const gone = next(socket, "disconnect");
      socket.emit("bye");
      assert.equal((await gone)[0], "io server disconnect");
      other.disconnect();
      await server.observe(() => server.seen({ event: "disconnect",
        reason: "client namespace disconnect" }).length > 0, "the end");
    });
  }

  for (const transports of ["websocket", "polling"])
    test(`Vireo's client over ${transports}: events, acknowledgements, binary, a refusal (S22)`, async (t) => {
      const all = startClients(t);
      const quick = { transports, msgpack: true };
      const a = all.connect("a", server.url, { ...quick, auth: { token: "t" } });
      await a.next("connect");
      assert.deepEqual((await a.next("event", { type: "hello" })).args, ["hello", { auth: { token: "t" } }]);
      a.emit("echo", [1.5, { b: [null, "\u{1f600}"] }]);
      assert.deepEqual((await a.next("event", { type: "echo" })).args, ["echo", 1.5, { b: [null, "\u{1f600}"] }]);
      const three = { type: "Buffer", data: [1, 2, 3] };
      const answer = await a.call("ack", { x: "y" });
      assert.deepEqual([answer.status, answer.args], ["OK", [{ x: "y" }, three]]);
      const refused = all.connect("b", server.url, { ...quick, auth: { refuse: 1 } });
      assert.equal((await refused.next("connect_error")).message, "refused");
    });

  test("many in flight, in order (S22 S24)", async (t) => {
    const socket = await connected(t, server, msgpack({ transports: ["websocket"] }));
    const got = nextN(socket, "echo", 200);
    for (let i = 0; i < 200; i++) socket.emit("echo", [i, Buffer.from([i])]);
    assert.deepEqual((await got).map(([i]) => i), Array.from({ length: 200 }, (_, i) => i));
  });

  test("Date and undefined arrive as they would in JSON, in Vireo (S22)", async (t) => {
    const socket = await connected(t, server, msgpack());
    const answer = next(socket, "echo");
    const date = new Date(1.7e12);
    socket.emit("echo", [date, undefined, { a: undefined, b: 1 }]);
    const [d, u, o] = await answer;
    if (kind === "node") assert.deepEqual([d, u, o], [date, undefined, { a: undefined, b: 1 }]);
    else assert.deepEqual([d, u, o], [date.toISOString(), null, { b: 1 }]);
  });

  // --- on the wire ---

  test("an event is the same bytes as the official server's (S22)", async (t) => {
    const wire = await joined(t, server);
    wire.sendPacket({ nsp: "/", id: 7, options: { compress: true }, data: ["ack", "x"], type: 2 });
    assert.deepEqual(await wire.readPacket(), { type: 3, data: ["x", Buffer.from([1, 2, 3])], id: 7, nsp: "/" });
    wire.sendPacket({ type: 2, nsp: "/", data: ["echo", ["x", 1.5, { a: [null] }]] });
    const { payload } = await wire.readFrame();
    assert.equal(payload.toString("hex"),
      notepack.encode({ type: 2, data: ["echo", "x", 1.5, { a: [null] }], nsp: "/" }).toString("hex"));
  });

  const hostile = {
    "no map": notepack.encode([1]),
    "an unknown type": notepack.encode({ type: 5, nsp: "/", data: [] }),
    "a type that is no number": notepack.encode({ type: "2", nsp: "/", data: [] }),
    "no namespace": notepack.encode({ type: 2, data: ["a"] }),
    "a namespace that is no text": notepack.encode({ type: 2, nsp: 1, data: ["a"] }),
    "an event without data": notepack.encode({ type: 2, nsp: "/" }),
    "an event whose data is no list": notepack.encode({ type: 2, nsp: "/", data: "a" }),
    "an id that is no whole number": notepack.encode({ type: 2, nsp: "/", data: ["a"], id: 1.5 }),
    "an id that is null": notepack.encode({ type: 2, nsp: "/", data: ["a"], id: null }),
    "data with a goodbye": notepack.encode({ type: 1, nsp: "/", data: {} }),
    "cut off": notepack.encode({ type: 2, nsp: "/", data: ["a"] }).subarray(0, 12),
    "bytes behind the end": Buffer.concat([notepack.encode({ type: 2, nsp: "/", data: ["a"] }), Buffer.from([0])]),
    "nothing": Buffer.alloc(0),
    "what is no msgpack": Buffer.from([0xc1]),
    "a second CONNECT": notepack.encode({ type: 0, nsp: "/" }),
  };
  for (const [what, bytes] of Object.entries(hostile))
    test(`closes the connection: ${what} (S22 S25)`, async (t) => {
      const wire = await joined(t, server);
      wire.sendFrame(2, bytes);
      assert.equal((await wire.readFrame()).opcode, 8);
    });

  test("a text closes the connection (S22 S25)", async (t) => {
    const wire = await joined(t, server);
    wire.sendText(`42["echo",[1]]`);
    assert.equal((await wire.readFrame()).opcode, 8);
  });

  if (kind === "vireo") {
    // The official parser lets them in, and so into the listeners of its own events.
    test("reserved names are refused all the same (S22 S03)", async (t) => {
      const wire = await joined(t, server);
      wire.sendPacket({ type: 2, nsp: "/", data: ["disconnect", "transport close"] });
      assert.equal((await wire.readFrame()).opcode, 8);
      await server.observe({ event: "error", message: "invalid payload" });
    });

    test("what is announced and not sent (S22 S25)", async (t) => {
      for (const hex of ["ddffffffff", "dfffffffff", "dbffffffff", "c6ffffffff", "c9ffffffff00"]) {
        const wire = await joined(t, server);
        wire.sendFrame(2, Buffer.from(hex, "hex"));
        assert.equal((await wire.readFrame()).opcode, 8);
      }
    });

    test("as many values as the limit, and one more (S22)", async (t) => {
      const wire = await joined(t, server);
      // The map, its four keys, type, nsp, id, the list, the name, the list in it
      const packet = (n) => ({ type: 2, nsp: "/", data: ["ack", Array(n).fill(0)], id: 1 });
      wire.sendPacket(packet(1000 - 11));
      assert.equal((await wire.readPacket()).type, 3);
      wire.sendPacket(packet(1000 - 10));
      assert.equal((await wire.readFrame()).opcode, 8);
      await server.observe({ event: "error", message: "too many values" });
    });

    test("guests of a room get the event as JSON (S22 E03)", async (t) => {
      const ws = new WebSocket(server.url.replace("http", "ws") + "/raw");
      t.after(() => ws.terminate());
      const heard = new Promise((resolve) => ws.once("message", (data) => resolve(String(data))));
      await next(ws, "open");
      const socket = await connected(t, server, msgpack({ transports: ["websocket"] }));
      socket.emit("room", "guests", { a: [1, "x"] });
      assert.equal(await heard, `["room",{"a":[1,"x"]}]`);
    });
  }
}, { concurrency: 6 });

forEachKind("JSON with hooks", (kind) => {
  let server;
  before(async () => { server = await start(kind, "hooks"); });
  after(() => server.stop());

  // The client has no hooks: it shows what is on the wire, and what it sent has been revived.
  const rows = [
    ["a whole argument", ["12n"], ["12n"]],
    ["deep inside", [{ a: [{ b: "7n" }] }], [{ a: [{ b: "7n" }] }]],
    ["what does not match", ["n", "12", "12nn", 12], ["n", "12", "12nn", 12]],
    ["left out on its way in", [{ secret: { a: 1 }, b: 2 }], [{ b: 2 }]],
    ["left out on its way out", [{ password: "p", b: { password: [1] } }], [{ b: {} }]],
    ["written as a text", [{ big: 5 }, { a: { big: 6 } }], ["5n", { a: "6n" }]],
    ["what the reviver made is seen by it as part of what it stands in", [{ big: "7n" }], [{ big: "7n" }]],
    ["with binary parts", [{ x: Buffer.from([1]), big: "1" }, "3n"], [{ x: Buffer.from([1]), big: "1" }, "3n"]],
  ];
  for (const [mode, options] of Object.entries(modes))
    test(`${mode}: reviver and replacer (S20)`, async (t) => {
      const socket = await connected(t, server, options);
      for (const [what, sent, expected] of rows) {
        const answer = next(socket, "echo");
        socket.emit("echo", sent);
        assert.deepEqual(await answer, expected, what);
      }
      assert.deepEqual(await call(socket, "ack", { a: "1n", password: 1 }), [{ a: "1n" }, Buffer.from([1, 2, 3])]);
    });

  test("of the auth and of an error too (S20 N10)", async (t) => {
    const auth = { refuse: "8n", secret: 1, password: 2 };
    const [err] = await next(client(t, server, { auth }), "connect_error");
    assert.deepEqual(err.data, { auth: { refuse: "8n" } });
  });

  test("a client with the same hooks (S20)", async (t) => {
    const { Encoder, Decoder } = await import("socket.io-parser");
    const replacer = (_, v) => (typeof v === "bigint" ? `${v}n` : v);
    const reviver = (_, v) => (typeof v === "string" && /^\d+n$/.test(v) ? BigInt(v.slice(0, -1)) : v);
    const parser = {
      Encoder: class extends Encoder { constructor() { super(replacer); } },
      Decoder: class extends Decoder { constructor() { super({ reviver }); } },
    };
    const socket = await connected(t, server, { parser });
    const answer = next(socket, "echo");
    socket.emit("echo", [12n, { list: [3n] }]);
    assert.deepEqual(await answer, [12n, { list: [3n] }]);
  });

  test("packets that are wrong close the connection as without hooks (S20 S25)", async (t) => {
    for (const text of ["42{}", "42[", "4", "47", `451-["a",{"_placeholder":true,"num":1}]`]) {
      const wire = await webSocketSession(t, server);
      wire.sendText("40");
      assert.match(await wire.readText(), /^40\{"sid"/);
      assert.match(await wire.readText(), /^42\["hello"/);
      wire.sendText(text.length > 1 ? text : "4");
      if (text.includes("_placeholder")) wire.sendFrame(2, Buffer.from([1]));
      assert.equal((await wire.readFrame()).opcode, 8, text);
    }
  });
}, { concurrency: 4 });

