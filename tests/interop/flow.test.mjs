// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// What lies between a packet and its handler, on both ways: middleware of events, acknowledgements
// that come later, catch-all listeners of what is sent (the contract stands in flow-reference.mjs).

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { call, connected, modes } from "../js/client.mjs";
import { joinedSession } from "../js/raw.mjs";
import { forEachKind, startServer } from "../js/server.mjs";
import { collect, next } from "../js/wait.mjs";

const start = (kind, ...args) => startServer(kind, args, "flow");
const websocket = { transports: ["websocket"] };

forEachKind("middleware of events", (kind) => {
  let server;
  before(async () => { server = await start(kind); });
  after(() => server.stop());

  /** What happened to the events named `name` of this socket, in order. */
  const story = (id, name) => server.observations.filter((o) => o.id === id && o.name === name)
    .map((o) => o.event === "guard" ? `guard ${o.n}` : o.event);

  for (const [mode, options] of Object.entries(modes)) {
    test(`${mode}: catch-all, guards in order, handler (N09)`, async (t) => {
      const socket = await connected(t, server, options);
      assert.deepEqual(await call(socket, "ack", 1), [1]);
      await server.observe({ event: "handled", id: socket.id, name: "ack" });
      assert.deepEqual(story(socket.id, "ack"), ["any", "guard 1", "guard 2", "handled"]);
    });

    test(`${mode}: a refused event is an error of this socket alone, and the client hears nothing (N09 S18)`,
      async (t) => {
        const [a, b] = [await connected(t, server, options), await connected(t, server, options)];
        const got = collect(a, "error");
        let answered = false;
        a.emit("deny", "not now", () => { answered = true; });
        a.emit("deny-second");
        await server.observe({ event: "error", id: a.id, message: "not now" });
        await server.observe({ event: "error", id: a.id, message: "second" });
        assert.deepEqual(await call(a, "ack", "still here"), ["still here"]);
        await call(b, "ack");
        assert.deepEqual(story(a.id, "deny"), ["any", "guard 1"], "seen by the catch-all");
        assert.deepEqual(story(a.id, "deny-second"), ["any", "guard 1", "guard 2"]);
        assert.equal(server.seen({ event: "error", id: b.id }).length, 0);
        assert.deepEqual(got, []);
        assert.equal(answered, false);
      });
  }

  test("a guard may decide later: the event passes then, with its acknowledgement (N09)", async (t) => {
    const socket = await connected(t, server, websocket);
    assert.deepEqual(await call(socket, "hold", 20, "pass"), ["passed"]);
    await server.observe({ event: "handled", id: socket.id, name: "hold" });
    assert.deepEqual(story(socket.id, "hold"), ["any", "guard 1", "guard 2", "handled"]);
  });

  test("or is refused then (N09)", async (t) => {
    const socket = await connected(t, server, websocket);
    socket.emit("hold", 10, "fail");
    await server.observe({ event: "error", id: socket.id, message: "held" });
    assert.deepEqual(story(socket.id, "hold"), ["any", "guard 1"]);
  });

  test("what comes behind an event that is held overtakes it (N09)", async (t) => {
    const socket = await connected(t, server, websocket);
    socket.emit("hold", 60, "pass");
    socket.emit("ack");
    await server.observe({ event: "handled", id: socket.id, name: "hold" });
    const handled = server.seen({ event: "handled", id: socket.id }).map((o) => o.name);
    assert.deepEqual(handled, ["ack", "hold"]);
  });

  test("a held event of a client that has gone is dropped (N09 S25)", async (t) => {
    const [socket, other] = [await connected(t, server, websocket), await connected(t, server, websocket)];
    const id = socket.id;
    socket.emit("hold", 400, "pass", Buffer.from("with bytes"));
    await server.observe({ event: "guard", id, name: "hold" });
    socket.disconnect();
    await server.observe({ event: "disconnect", id });
    assert.deepEqual(await call(other, "hold", 400, "pass"), ["passed"]);
    assert.ok(!story(id, "hold").includes("handled"));
    assert.equal(server.seen({ event: "error", id }).length, 0);
  });
}, { concurrency: 8 });

forEachKind("acknowledgements", (kind) => {
  let server;
  before(async () => { server = await start(kind); });
  after(() => server.stop());

  for (const [mode, options] of Object.entries(modes)) {
    test(`${mode}: a handler answers after it has returned, in any order, binary too (S06)`, async (t) => {
      const socket = await connected(t, server, options);
      const order = [];
      const slow = call(socket, "later", 400, Buffer.from([1, 2, 3])).then((x) => { order.push("slow"); return x; });
      const fast = call(socket, "later", 5, "now").then((x) => { order.push("fast"); return x; });
      assert.deepEqual(await fast, ["now"]);
      assert.deepEqual(await slow, [Buffer.from([1, 2, 3])]);
      assert.deepEqual(order, ["fast", "slow"]);
    });

    test(`${mode}: the server asks, the client answers, binary both ways (S06 S07)`, async (t) => {
      const socket = await connected(t, server, options);
      let asked;
      socket.on("question", (x, ack) => { asked = x; ack(Buffer.from(x.b), 2, "three"); });
      socket.emit("ask", 0, { a: 1, b: Buffer.from("abcd") });
      const got = await server.observe({ event: "answer", id: socket.id });
      assert.deepEqual(asked, { a: 1, b: Buffer.from("abcd") });
      assert.deepEqual([got.count, got.x], [3, { bytes: 4 }]);
    });
  }

  test("what a client answers is no event: no guard is asked, no catch-all called (N09 S06 S12)", async (t) => {
    const socket = await connected(t, server, websocket);
    socket.on("question", (x, ack) => ack("the answer"));
    socket.emit("ask", 0, "?");
    await server.observe({ event: "answer", id: socket.id });
    await call(socket, "ack");
    await server.observe({ event: "handled", id: socket.id, name: "ack" });
    for (const event of ["any", "guard"])
      assert.deepEqual(new Set(server.seen({ event, id: socket.id }).map((o) => o.name)), new Set(["ask", "ack"]));
  });

  test("the answer after the client has gone does nothing (S06)", async (t) => {
    const [socket, other] = [await connected(t, server, websocket), await connected(t, server, websocket)];
    const id = socket.id;
    socket.emit("later", 400, "lost", () => assert.fail("answered"));
    socket.emit("ack");
    await server.observe({ event: "handled", id, name: "ack" });
    socket.disconnect();
    await server.observe({ event: "disconnect", id });
    assert.deepEqual(await call(other, "later", 400, "other"), ["other"]);
  });

  test("a client that is not answered has its own time-out (S08)", async (t) => {
    const socket = await connected(t, server, websocket);
    await assert.rejects(socket.timeout(50).emitWithAck("never"), { message: "operation has timed out" });
  });

  test("with a time-out: the answer in time, none in time, and one too late (S07 S08)", async (t) => {
    const socket = await connected(t, server, websocket);
    let keep;
    const late = new Promise((resolve) => { keep = resolve; });
    socket.on("question", (x, ack) => x === "in time" ? ack("yes") : keep(ack));
    socket.emit("ask", 5000, "in time");
    assert.equal((await server.observe({ event: "answer", id: socket.id })).x, "yes");
    socket.emit("ask", 30, "never");
    const none = await server.observe({ event: "no-answer", id: socket.id });
    assert.equal(none.message, "operation has timed out");
    (await late)("too late");
    assert.deepEqual(await call(socket, "ack", 1), [1], "a late answer does no harm");
    assert.equal(server.seen({ event: "answer", id: socket.id }).length, 1);
    assert.equal(server.seen({ event: "no-answer", id: socket.id }).length, 1);
  });

  test("two answers to one question: the first counts (S06)", async (t) => {
    const wire = await joinedSession(t, server);
    wire.sendText(`42["ask",0,"?"]`);
    const [, number] = /^42(\d+)\["question","\?"\]$/.exec(await wire.readText());
    wire.sendText(`43${number}["one"]`);
    wire.sendText(`43${number}["two"]`);
    wire.sendText(`43999[]`);
    wire.sendText(`43["no number"]`);
    wire.sendText(`420["ack",1]`);
    assert.equal(await wire.readText(), "430[1]");
    wire.socket.destroy();
    await server.observe({ event: "disconnect", id: wire.id }); // what was told before is there then
    assert.deepEqual(server.seen({ event: "answer", id: wire.id }).map((o) => o.x), ["one"]);
  });

  test("a client that goes without an answer (S06 S08)", async (t) => {
    const socket = await connected(t, server, websocket);
    const id = socket.id;
    socket.on("question", () => socket.disconnect());
    socket.emit("ask", kind === "node" ? 30 : 60000, "?");
    await server.observe({ event: "disconnect", id });
    // The official server waits for the time-out; we say at once that no answer will come.
    await server.observe({ event: kind === "node" ? "no-answer" : "answer-lost", id });
  });
}, { concurrency: 8 });

forEachKind("catch-all listeners of what is sent", (kind) => {
  let server;
  before(async () => { server = await start(kind); });
  after(() => server.stop());
  const out = (id, name) => server.seen({ event: "out", id, name });
  const letters = (id, name) => out(id, name).map((o) => o.letter).join("");

  for (const [mode, options] of Object.entries(modes))
    test(`${mode}: they see emits and broadcasts, in order, and not acknowledgements (S13)`, async (t) => {
      const socket = await connected(t, server, options);
      assert.deepEqual(await call(socket, "out-listen"), [3]);
      socket.emit("say", { deep: [1, "zwei", null] });
      assert.deepEqual(await next(socket, "said"), [{ deep: [1, "zwei", null] }]);
      assert.deepEqual(await call(socket, "ack", "not seen"), ["not seen"]);
      const seen = await server.observe({ event: "out", id: socket.id, letter: "b" });
      assert.equal(letters(socket.id, "said"), "cab");
      assert.deepEqual([seen.count, seen.x], [1, { deep: [1, "zwei", null] }]);
      assert.equal(server.seen({ event: "out", id: socket.id }).length, 3, "nothing else");
      assert.deepEqual(await call(socket, "out-unlisten", "a"), [2]);
      assert.deepEqual(await call(socket, "out-unlisten", "a"), [2]);
      socket.emit("say", 1);
      await next(socket, "said");
      await server.observe(() => letters(socket.id, "said") === "cabcb", "c and b once more");
      assert.deepEqual(await call(socket, "out-unlisten", ""), [0]);
      socket.emit("say", 2);
      await next(socket, "said");
      await call(socket, "ack");
      assert.equal(letters(socket.id, "said"), "cabcb");
    });

  test("each receiver of a broadcast that listens sees it, and others do not (S13)", async (t) => {
    const [a, b, c] = [await connected(t, server, websocket), await connected(t, server, websocket),
      await connected(t, server, websocket)];
    for (const s of [a, b]) await call(s, "out-listen");
    for (const s of [a, c]) await call(s, "join", "blue");
    c.emit("say-room", "blue", Buffer.alloc(7));
    await Promise.all([next(a, "said"), next(c, "said")]);
    await server.observe({ event: "out", id: a.id, letter: "b" });
    await call(b, "ack");
    assert.deepEqual(out(a.id, "said").map((o) => [o.letter, o.count, o.x]),
      ["c", "a", "b"].map((letter) => [letter, 1, { bytes: 7 }]));
    assert.deepEqual([out(b.id, "said").length, out(c.id, "said").length], [0, 0]);
  });

  test("they see questions, without what is behind them (S13)", async (t) => {
    const socket = await connected(t, server, websocket);
    await call(socket, "out-listen");
    socket.on("question", (x, ack) => ack());
    socket.emit("ask", 0, 5);
    const answer = await server.observe({ event: "answer", id: socket.id });
    assert.equal(answer.count, 0);
    assert.deepEqual(out(socket.id, "question").map((o) => [o.letter, o.count, o.x]),
      [["c", 1, 5], ["a", 1, 5], ["b", 1, 5]]);
  });
}, { concurrency: 8 });

if (process.env.VIREO_KINDS !== "node")
  test("as many answers may be owed as the limit says, and not one more", async (t) => {
    const server = await start("vireo", "--max-owed", 3);
    t.after(() => server.stop());
    const wire = await joinedSession(t, server);
    for (let i = 0; i < 3; i++) wire.sendText(`42${i}["hold",300,"pass"]`);
    wire.sendText(`423["hold",0,"pass"]`);
    const refused = await server.observe({ event: "error", id: wire.id });
    assert.equal(refused.message, "out of memory");
    for (let i = 0; i < 3; i++) assert.equal(await wire.readText(), `43${i}["passed"]`);
    wire.sendText(`424["hold",0,"pass"]`);
    assert.equal(await wire.readText(), `434["passed"]`, "room again");
  });
