// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// What a server asks of many sockets at once (R08 to R13, R16, R17), with official clients.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { ask } from "../js/ask.mjs";
import { call, connected } from "../js/client.mjs";
import { joinedSession } from "../js/raw.mjs";
import { forEachKind, startServer } from "../js/server.mjs";
import { next } from "../js/wait.mjs";

const websocket = { transports: ["websocket"] };
const polling = { transports: ["polling"] };
const sorted = (list) => [...list].sort();
const byId = (list) => [...list].sort((a, b) => a.id < b.id ? -1 : 1);

/** A client that answers "q" with `answer`, and sees what it was asked. */
async function answering(t, server, options, answer) {
  const socket = await connected(t, server, options);
  socket.asked = [];
  socket.on("q", (...args) => {
    const ack = args.pop();
    socket.asked.push(args);
    if (answer !== undefined) ack(answer, "a second value is not passed on");
  });
  return socket;
}

forEachKind("all sockets of one server", (kind) => {
  let server;
  before(async () => { server = await startServer(kind, [], "remote"); });
  after(() => server.stop());

  /** Three clients in a room of their own. */
  async function three(t, answers) {
    const room = randomUUID();
    const sockets = await Promise.all([websocket, polling, websocket].map((options, i) =>
      answering(t, server, options, answers[i])));
    for (const s of sockets) await call(s, "join", room);
    return { sockets, room };
  }

  test("a broadcast collects the first value of each answer (R08)", async (t) => {
    const { sockets: [a, b, c], room } = await three(t, ["a", { b: [1] }, Buffer.from([7, 8])]);
    const [error, responses] = await ask(a, "ask-all", { rooms: [room] }, 5000, "q", 1, { x: "y" });
    assert.equal(error, null);
    assert.equal(responses.length, 3);
    for (const one of ["a", { b: [1] }, Buffer.from([7, 8])])
      assert.ok(responses.some((r) => JSON.stringify(r) === JSON.stringify(one)), JSON.stringify(one));
    assert.deepEqual([a, b, c].map((s) => s.asked), Array(3).fill([[1, { x: "y" }]]));
  });

  test("with binary in the question (R08)", async (t) => {
    const { sockets: [a, b], room } = await three(t, ["a", "b", "c"]);
    const [error, responses] = await ask(a, "ask-all", { rooms: [room] }, 5000, "q", Buffer.from([1]));
    assert.deepEqual([error, sorted(responses)], [null, ["a", "b", "c"]]);
    assert.deepEqual(b.asked, [[Buffer.from([1])]]);
  });

  test("who is excepted is not asked (R08 R04)", async (t) => {
    const { sockets: [a, b, c], room } = await three(t, ["a", "b", "c"]);
    const [error, responses] =
      await ask(a, "ask-all", { rooms: [room], except: [c.id] }, 5000, "q");
    assert.deepEqual([error, sorted(responses)], [null, ["a", "b"]]);
    assert.deepEqual(c.asked, []);
    assert.deepEqual(b.asked, [[]]);
  });

  test("at the time-out there are the answers so far (R08)", async (t) => {
    const { sockets: [a, b], room } = await three(t, ["a", undefined, "c"]);
    const [error, responses] = await ask(a, "ask-all", { rooms: [room] }, 300, "q");
    assert.deepEqual([error, sorted(responses)], ["timeout", ["a", "c"]]);
    assert.deepEqual(b.asked, [[]]);
  });

  test("catch-all listeners see the question (R08 S13)", async (t) => {
    const { sockets: [a, b], room } = await three(t, ["a", "b", "c"]);
    await call(b, "watch");
    const [error] = await ask(a, "ask-all", { rooms: [room] }, 5000, "q", 1);
    assert.equal(error, null);
    await server.observe({ event: "out", id: b.id, name: "q" });
  });

  test("nobody to ask: an empty list at once (R08)", async (t) => {
    const a = await answering(t, server, websocket, "a");
    assert.deepEqual(await ask(a, "ask-all", { rooms: ["nobody is in here"] }, 60000, "q"), [null, []]);
  });

  test("an answer without a value (R08)", async (t) => {
    const a = await connected(t, server, websocket);
    a.on("q", (ack) => ack());
    assert.deepEqual(await ask(a, "ask-all", { rooms: [a.id] }, 5000, "q"), [null, [null]]);
  });

  test("one may answer only once, and only who was asked (R08)", async (t) => {
    const { sockets: [a, b, c], room } = await three(t, ["a", undefined, "c"]);
    let number;
    b.io.engine.on("message", (text) => { number ??= /^2(\d+)\["q"/.exec(text)?.[1]; });
    const answer = (socket, value) =>
      socket.io._packet({ type: 3, nsp: "/", id: Number(number), data: [value] });
    const asked = next(b, "q");
    const result = ask(a, "ask-all", { rooms: [room], except: [c.id] }, 5000, "q");
    await asked;
    answer(c, "from one who was not asked");
    await call(c, "ack");
    answer(b, "b");
    answer(b, "b again");
    const [error, responses] = await result;
    assert.deepEqual([error, sorted(responses)], [null, ["a", "b"]]);
  });

  test("one socket is asked by its id (R10)", async (t) => {
    const { sockets: [a, b, c] } = await three(t, ["a", { b: Buffer.from([2]) }, "c"]);
    assert.deepEqual(await ask(a, "ask-one", b.id, 5000, "q", 5), [null, { b: Buffer.from([2]) }]);
    assert.deepEqual([b.asked, c.asked], [[[5]], []]);
    assert.deepEqual(await ask(a, "ask-one", "no such id", 5000, "q"), ["not found", null]);
  });

  test("one socket that does not answer in time (R10)", async (t) => {
    const { sockets: [a, b] } = await three(t, ["a", undefined, "c"]);
    assert.deepEqual(await ask(a, "ask-one", b.id, 200, "q"), ["timeout", null]);
  });

  test("fetchSockets tells id, rooms, data and handshake (R09)", async (t) => {
    const room = randomUUID();
    const a = await connected(t, server, { ...websocket, auth: { token: "x", n: [1, null] },
      query: { "a b": "ü&=", c: "" }, extraHeaders: { "x-mine": "yes" } });
    await call(a, "join", [room, "with \"quotes\""]);
    await call(a, "set-data", "the data");
    const [error, [one, ...rest]] = await ask(a, "fetch", { rooms: [room] }, 1000);
    assert.deepEqual([error, rest], [null, []]);
    assert.deepEqual([one.id, sorted(one.rooms), one.data],
      [a.id, sorted([a.id, room, "with \"quotes\""]), { v: "the data" }]);
    assert.deepEqual(sorted(Object.keys(one)), ["data", "handshake", "id", "rooms"]);
    const h = one.handshake;
    assert.deepEqual(sorted(Object.keys(h)), ["address", "auth", "headers", "issued", "query", "secure", "time", "url", "xdomain"]);
    assert.deepEqual(h.auth, { token: "x", n: [1, null] });
    assert.equal(h.query["a b"], "ü&=");
    assert.equal(h.query.c, "");
    assert.equal(h.query.EIO, "4");
    assert.equal(h.headers["x-mine"], "yes");
    assert.equal(h.headers.host, new URL(server.url).host);
    assert.deepEqual([h.address, h.secure, h.xdomain], ["127.0.0.1", false, false]);
    assert.ok(h.url.startsWith("/socket.io/?"), h.url);
    assert.equal(Math.floor(Date.parse(h.time) / 1000), Math.floor(h.issued / 1000));
    assert.match(h.time, /^\w{3} \w{3} \d\d \d{4} \d\d:\d\d:\d\d GMT[+-]\d{4} \(.+\)$/);
  });

  test("fetchSockets with filters (R09)", async (t) => {
    const { sockets: [a, b, c], room } = await three(t, []);
    const [, list] = await ask(a, "fetch", { rooms: [room], except: [b.id] }, 1000);
    assert.deepEqual(byId(list).map((s) => [s.id, s.data]),
      byId([{ id: a.id }, { id: c.id }]).map((s) => [s.id, {}]));
    assert.deepEqual(await ask(a, "fetch", { rooms: ["empty"] }, 1000), [null, []]);
  });

  test("all ids (R13)", async (t) => {
    const { sockets, room } = await three(t, []);
    const [error, ids] = await ask(sockets[0], "all-sockets", { rooms: [room] }, 1000);
    assert.deepEqual([error, sorted(ids)], [null, sorted(sockets.map((s) => s.id))]);
    const [, everybody] = await ask(sockets[0], "all-sockets", {}, 1000);
    for (const s of sockets) assert.ok(everybody.includes(s.id));
  });

  test("all in a room join and leave others (R11)", async (t) => {
    const { sockets: [a, b, c], room } = await three(t, []);
    await call(a, "sockets-join", { rooms: [room], except: [c.id] }, [`${room}-x`, `${room}-y`]);
    assert.deepEqual((await call(b, "leave", "nothing"))[0],
      sorted([b.id, room, `${room}-x`, `${room}-y`]));
    assert.deepEqual((await call(c, "leave", "nothing"))[0], sorted([c.id, room]));
    await call(a, "sockets-leave", { rooms: [`${room}-x`] }, room);
    assert.deepEqual((await call(a, "leave", "nothing"))[0], sorted([a.id, `${room}-x`, `${room}-y`]));
    assert.deepEqual((await call(c, "leave", "nothing"))[0], sorted([c.id, room]));
  });

  test("all in a room are disconnected (R12)", async (t) => {
    const { sockets: [a, b, c], room } = await three(t, []);
    const ends = [a, b].map((s) => next(s, "disconnect"));
    a.emit("disconnect-sockets", { rooms: [room], except: [c.id] }, false);
    assert.deepEqual((await Promise.all(ends)).map(([reason]) => reason),
      ["io server disconnect", "io server disconnect"]);
    assert.deepEqual((await call(c, "leave", "nothing"))[0], sorted([c.id, room]));
  });

  test("and their connections closed (R12)", async (t) => {
    const { sockets: [a, b, c], room } = await three(t, []);
    const closes = [a, b, c].map((s) => next(s.io.engine, "close"));
    a.emit("disconnect-sockets", { rooms: [room] }, true);
    await Promise.all(closes);
    for (const s of [a, b, c]) assert.ok(!s.connected);
  });

  test("the rooms and their sizes can be read (R17)", async (t) => {
    const { sockets: [a, b, c], room } = await three(t, []);
    await call(a, "join", b.id);
    const [rooms] = await call(a, "rooms");
    assert.deepEqual([rooms[room], rooms[a.id], rooms[b.id], rooms[c.id]], [3, 1, 2, 1]);
    const id = b.id;
    const gone = next(b, "disconnect");
    a.emit("disconnect-sockets", { rooms: [c.id, id], except: [a.id] }, false);
    await gone;
    const [then] = await call(a, "rooms");
    assert.deepEqual([then[room], then[id], then[c.id]], [1, 1, undefined]);
  });

  test("who is alone has nobody to tell (R16)", async (t) => {
    const a = await connected(t, server, websocket);
    a.emit("server-emit", "tell", 1);
    assert.deepEqual(await call(a, "reserved"), [["connect", "connection", "new_namespace"]]);
    if (kind === "vireo") // the official server has no answer without an adapter
      assert.deepEqual(await ask(a, "server-ask", 60000, "who"), [null, []]);
  });

  test("a client that goes before it has answered (R08)", async (t) => {
    const { sockets: [a, b, c], room } = await three(t, ["a", undefined, "c"]);
    b.on("q", () => b.io.engine.close());
    const [error, responses] = await ask(a, "ask-all", { rooms: [room] }, kind === "vireo" ? 60000 : 300, "q");
    // The official server waits for its time-out.
    assert.deepEqual([error, sorted(responses)],
      [kind === "vireo" ? "the connection is closed" : "timeout", ["a", "c"]]);
    assert.ok(c.connected);
  });
}, { concurrency: 6 });

forEachKind("numbers of acknowledgements", (kind) => {
  test("are counted per namespace from 0, the same for all who are asked (R08 S06)", async (t) => {
    const server = await startServer(kind, [], "remote");
    t.after(() => server.kill()); // raw clients do not answer its close frames
    const a = await joinedSession(t, server);
    const b = await joinedSession(t, server);
    a.sendText('42["ask-all","t",{"rooms":[]},5000,"q"]');
    for (const wire of [a, b]) {
      assert.equal(await wire.readText(), '420["q"]');
      wire.sendText('43["an answer without a number is none"]');
      wire.sendText('430["x"]');
    }
    assert.equal(await a.readText(), '42["result","t",null,["x","x"]]');
    a.sendText(`42["ask-one","u","${b.id}",5000,"q"]`);
    assert.equal(await b.readText(), '421["q"]');
    b.sendText("40/dyn-1,");
    assert.match(await b.readText(), /^40\/dyn-1,/);
    b.sendText('42/dyn-1,["ask-all","v",{"rooms":[]},5000,"q"]');
    assert.equal(await b.readText(), '42/dyn-1,0["q"]');
  });
});
