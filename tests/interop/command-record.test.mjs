// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// L07: vireo record and replay: what one server sends is what the other receives. Against the
// official server and npm's ws.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { vireo } from "../js/command.mjs";
import { folder, official, rawServer } from "../js/peers.mjs";
import { deferred, nextN, within } from "../js/wait.mjs";

/** A server that gathers `count` events of `ns`: [[event, ..arguments], ..], when each came, and the client. */
async function gatherer(t, count, ns = "/") {
  const all = deferred();
  const self = { got: [], times: [], all: () => within(all.promise, `${count} events`) };
  const url = await official(t, (io) => io.of(ns).on("connection", (s) => {
    self.began = Date.now();
    s.onAny((...event) => {
      if (typeof event.at(-1) === "function") event.push(event.pop()("thanks") ?? "asked");
      self.times.push(Date.now());
      if (self.got.push(event) === count) all.resolve();
    });
  }));
  self.url = url + (ns === "/" ? "" : ns);
  return self;
}

test("L07: what was recorded is replayed, in order, with its gaps", async (t) => {
  const file = path.join(folder(t), "session.ndjson");
  const a = await official(t, (io) => io.on("connection", (s) => {
    s.emit("one", 1, Buffer.from([9]));
    const look = setInterval(() => { // the second gap begins when the first line stands
      if (readFileSync(file).length === 0) return;
      clearInterval(look);
      setTimeout(() => s.emit("two", { x: "y" }), 400);
    }, 20);
  }));
  const record = await vireo(["record", a, "-o", file, "--count", "2"]);
  assert.deepEqual([record.code, record.stdout], [0, ""]);
  const lines = readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map((l) => l.event), [["one", 1, { $base64: "CQ==" }], ["two", { x: "y" }]]);
  assert(lines[1].ms - lines[0].ms >= 390, JSON.stringify(lines));
  const b = await gatherer(t, 2);
  const { code, stderr } = await vireo(["replay", file, b.url]);
  assert.deepEqual([code, stderr], [0, ""]);
  await b.all();
  assert.deepEqual(b.got, [["one", 1, Buffer.from([9])], ["two", { x: "y" }]]);
  assert(b.times[1] - b.began >= lines[1].ms - 50, `${b.times[1] - b.began}`);
});

test("L07: slower, or much faster than it was recorded", async (t) => {
  const record = (ms) => `{"ms":0,"event":["a"]}\n{"ms":${ms},"event":["b"]}\n`;
  const slow = await gatherer(t, 2);
  assert.equal((await vireo(["replay", "-", slow.url, "--speed", "0.5"], { input: record(300) })).code, 0);
  await slow.all();
  assert(slow.times[1] - slow.began >= 550);
  const fast = await gatherer(t, 2);
  assert.equal((await vireo(["replay", "-", fast.url, "--speed", "100000"], { input: record(3600000) })).code, 0);
  await fast.all();
  assert.deepEqual(fast.got, [["a"], ["b"]]);
});

test("L07: bytes anywhere in an event, half emojis, large numbers; namespaces; whole again", async (t) => {
  const sent = [
    ["deep", { list: [Buffer.from([1]), { "a\u0000b": Buffer.alloc(0) }], tail: null }, "x", Buffer.from([2, 255])],
    ["text", "\ud83d", 12345678901234567890, 1e400, { type: "Buffer", data: [1] }],
    ["none"],
  ];
  const a = await official(t, (io) => io.of("/admin").on("connection", (s) => {
    for (const event of sent) s.emit(...event);
  }));
  const { lines, stdout } = await vireo(["record", `${a}/admin`, "-n", "3"]);
  assert.deepEqual(JSON.parse(lines[0]).event[1],
    { list: [{ $base64: "AQ==" }, { "a\u0000b": { $base64: "" } }], tail: null });
  const b = await gatherer(t, 3, "/other");
  const { code, stderr } = await vireo(["replay", "-", b.url, "-s", "1000"], { input: stdout });
  assert.deepEqual([code, stderr], [0, ""]);
  await b.all();
  assert.deepEqual(b.got, [sent[0], ["text", "\ud83d", 12345678901234567890, null, sent[1][4]], ["none"]]);
});

test("L07: what asked for an acknowledgement asks for it again", async (t) => {
  const answers = [];
  const a = await official(t, (io) => io.on("connection", (s) => {
    s.emit("q", { bytes: Buffer.from([3]) }, (...answer) => answers.push(answer));
    s.emit("plain");
  }));
  const { lines, stdout } = await vireo(["record", a, "-n", "2", "--answer", "true"]);
  assert.deepEqual(lines.map((line) => JSON.parse(line).ack), [true, undefined]);
  const b = await gatherer(t, 2);
  assert.equal((await vireo(["replay", "-", b.url], { input: stdout })).code, 0);
  await b.all();
  assert.deepEqual(b.got, [["q", { bytes: Buffer.from([3]) }, "asked"], ["plain"]]);
  assert.deepEqual(answers, [[true]]);
});

test("L07: of a raw WebSocket too; what is no record is told", async (t) => {
  const wss = await rawServer(t);
  wss.on("connection", (ws) => {
    ws.on("message", (data, binary) => wss.emit("got", data, binary));
    ws.send("a\nb");
    ws.send(Buffer.from([1]));
  });
  const file = path.join(folder(t), "raw.ndjson");
  const { stdout } = await vireo(["record", wss.url, "-n", "2"]);
  writeFileSync(file, stdout);
  const come = nextN(wss, "got", 2);
  assert.equal((await vireo(["replay", file, wss.url])).code, 0);
  assert.deepEqual(await come, [[Buffer.from("a\nb"), false], [Buffer.from([1]), true]]);
  const { url } = await gatherer(t, 1);
  for (const [to, text, why] of [
    [wss.url, "x\n", /the input, line 1: value expected at byte 0; vireo record writes lines like/],
    [wss.url, "{}\n", /line 1: no "ms" is in it; vireo record writes/],
    [wss.url, '{"ms":1,"event":["a"]}\n', /line 1: it was recorded of Socket\.IO: --speak socketio/],
    [url, '{"ms":1,"text":"a"}\n', /line 1: it was recorded of a raw WebSocket: --speak ws/],
    [url, '{"ms":1,"event":["a",1,2,3,4,5,6,7,8,9]}\n', /line 1: more than 8 arguments/],
    [url, '\n', /line 1: /],
    [url, '{"ms":1,"event":[]}\n', /line 1: an event looks like/],
    [url, '{"ms":1,"event":["connect"]}\n', /line 1: reserved event name/],
  ]) {
    const run = await vireo(["replay", "-", to], { input: text });
    assert.equal(run.code, 1);
    assert.match(run.stderr, why);
  }
});
