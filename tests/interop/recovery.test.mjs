// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Connection state recovery (V01 to V05), seen through the official client. The last suite is
// Vireo's alone: what it does better than the original, and its limits.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import io2 from "socket.io-client-2";
import { call, client, connected } from "../js/client.mjs";
import { forEachKind, kinds, startServer } from "../js/server.mjs";
import { collect, next, until } from "../js/wait.mjs";

const transports = { websocket: { transports: ["websocket"] }, polling: { transports: ["polling"] } };
const websocket = transports.websocket;

/** A client that notes all it hears, as [event, args..]. */
async function listener(t, server, options = websocket, namespace) {
  const socket = client(t, server, options, namespace);
  socket.heard = [];
  socket.onAny((...args) => socket.heard.push(args.filter((x) => typeof x !== "function")));
  await next(socket, "connect");
  return socket;
}

/** What it heard, without the offsets. */
const events = (socket) => socket.heard.map((args) => args.slice(0, -1));
const names = (socket) => socket.heard.map(([name]) => name);

/** Its connection breaks; the server knows. */
async function vanish(server, ...sockets) {
  await Promise.all(sockets.map(async (socket) => {
    const { id } = socket;
    const before = server.seen({ event: "disconnect", id }).length;
    const gone = next(socket, "disconnect");
    socket.io.engine.close();
    await gone;
    await server.observe((o) => o.event === "disconnect" && o.id === id &&
      server.seen({ event: "disconnect", id }).length > before, `the end of ${id}`);
  }));
}

/** It connects again. Resolves to the server's observation of that. */
async function comeBack(server, socket) {
  const before = server.seen({ event: "connect" });
  const done = next(socket, "connect");
  socket.connect();
  await done;
  return server.observe((o) => o.event === "connect" && o.id === socket.id && !before.includes(o));
}

for (const [transport, options] of Object.entries(transports))
  forEachKind(`recovery over ${transport}`, (kind) => {
    let server;
    before(async () => { server = await startServer(kind, [], "recovery"); });
    after(() => server.stop());

    async function pair(t) {
      return [await listener(t, server, options), await connected(t, server, websocket)];
    }

    test("V01: the reply holds a pid", async (t) => {
      const a = client(t, server, options);
      const packets = [];
      a.io.on("packet", (packet) => packets.push(packet));
      await next(a, "connect");
      const { data } = packets.find(({ type }) => type === 0);
      assert.deepEqual(Object.keys(data), ["sid", "pid"]);
      assert.match(data.pid, /^[\w-]{20}$/);
      assert.notEqual(data.pid, data.sid);
    });

    test("V01: each event has another offset, in its last argument", async (t) => {
      const [a, b] = await pair(t);
      const bytes = Buffer.from([1, 2]);
      const sent = [["one", 1, 2], ["two", "x"], ["three", bytes], ["four"]];
      a.emit("say", "one", 1, 2);
      await next(a, "one");
      await call(b, "emit-to", { rooms: [a.id] }, "two", "x");
      await call(b, "emit-to", {}, "three", bytes);
      await call(b, "others", "four");
      await call(a, "ack");
      assert.deepEqual(events(a), sent);
      const offsets = a.heard.map((args) => args.at(-1));
      assert.equal(new Set(offsets).size, sent.length);
      for (const offset of offsets) assert.match(offset, /^[\w.-]+$/);
    });

    test("V01: an event with an acknowledgement has none, it ends in a function", async (t) => {
      const [a] = await pair(t);
      a.emit("ask", "question", "x");
      const args = await next(a, "question");
      assert.equal(args.length, 2);
      assert.equal(args[0], "x");
      assert.equal(typeof args[1], "function");
    });

    test("V02: what was missed comes in order, and nothing else", async (t) => {
      const [a, b] = await pair(t);
      await call(a, "join", "in");
      await call(a, "join", "in too");
      await call(a, "join", "left");
      await call(a, "leave", "left");
      a.emit("say", "first", 1);
      await next(a, "first");
      const { id } = a;
      a.heard.length = 0;
      await vanish(server, a);
      const bytes = Buffer.from([1, 2, 3]);
      await call(b, "emit-to", { rooms: [id] }, "to-one", 1);
      await call(b, "emit-to", { rooms: ["in"] }, "to-room", { x: "y" });
      await call(b, "emit-to", { rooms: ["left"] }, "left");
      await call(b, "emit-to", { rooms: ["another"] }, "another");
      await call(b, "emit-to", { rooms: ["another", "in", "in too"] }, "to-rooms", "text");
      await call(b, "emit-to", {}, "to-all", bytes, bytes);
      await call(b, "emit-to", { except: ["another"] }, "not-excepted");
      await call(b, "emit-to", { except: ["in too"] }, "excepted");
      await call(b, "emit-to", { rooms: ["in"], except: [id] }, "excepted-itself");
      await call(b, "emit-to", { rooms: ["in"], flags: ["volatile"] }, "volatile");
      await call(b, "others", "to-others");
      await comeBack(server, a);
      assert.deepEqual(events(a), [["to-one", 1], ["to-room", { x: "y" }], ["to-rooms", "text"],
        ["to-all", bytes, bytes], ["not-excepted"], ["to-others"]]);
    });

    test("V02 V03: it is the same socket: id, rooms, data; both sides know", async (t) => {
      const [a, b] = await pair(t);
      assert.ok(!a.recovered);
      await call(a, "join", "a");
      await call(a, "join", "b");
      await call(a, "set-data", "mine");
      a.emit("say", "first");
      await next(a, "first");
      const { id } = a;
      await vanish(server, a);
      assert.deepEqual(await comeBack(server, a),
        { event: "connect", id, recovered: true, data: "mine", rooms: ["a", "b"] });
      assert.equal(a.id, id);
      assert.equal(a.recovered, true);
      a.heard.length = 0;
      await call(b, "emit-to", { rooms: ["b"] }, "to-b");
      await call(b, "emit-to", { rooms: [id] }, "to-own");
      await call(a, "ack");
      assert.deepEqual(names(a), ["to-b", "to-own"]);
    });

    test("V02: it can happen again and again", async (t) => {
      const [a, b] = await pair(t);
      a.emit("say", "first");
      await next(a, "first");
      const { id } = a;
      for (let i = 0; i < 5; i++) {
        await vanish(server, a);
        await call(b, "emit-to", { rooms: [id] }, "missed", i);
        assert.equal((await comeBack(server, a)).recovered, true);
      }
      assert.deepEqual(events(a).slice(1), [0, 1, 2, 3, 4].map((i) => ["missed", i]));
    });

    test("V02: what was missed is written before the CONNECT reply", async (t) => {
      const [a, b] = await pair(t);
      a.emit("say", "first");
      await next(a, "first");
      const { id } = a;
      await vanish(server, a);
      await call(b, "emit-to", { rooms: [id] }, "missed");
      const types = [];
      const note = ({ type }) => types.push(type);
      a.io.on("packet", note);
      await comeBack(server, a);
      assert.deepEqual(types, [2, 0]);
    });

    test("V02: not after the server has disconnected it, nor after it has left", async (t) => {
      const [a, b] = await pair(t);
      for (const end of [() => b.emit("kick", a.id), () => a.disconnect()]) {
        a.emit("say", "first");
        await next(a, "first");
        const { id } = a;
        const gone = next(a, "disconnect");
        end();
        await gone;
        await server.observe({ event: "disconnect", id });
        const seen = await comeBack(server, a);
        assert.deepEqual([seen.recovered, a.recovered, seen.id === id], [false, false, false]);
      }
    });

    test("V02: a wrong pid, an unknown offset: a new socket, and no error", async (t) => {
      const [a, b] = await pair(t);
      await call(a, "join", "room");
      for (const spoil of [() => { a._pid = "AAAAAAAAAAAAAAAAAAAA"; }, () => { a._pid = "x"; },
        () => { a._lastOffset = "unknown"; }, () => { a._lastOffset = ""; }]) {
        a.emit("say", "first");
        await next(a, "first");
        const { id } = a;
        await vanish(server, a);
        await call(b, "emit-to", { rooms: [id] }, "missed");
        a.heard.length = 0;
        spoil();
        const seen = await comeBack(server, a);
        assert.deepEqual([seen.recovered, seen.rooms, seen.id === id], [false, [], false]);
        assert.equal(a.recovered, false);
        await call(a, "ack");
        assert.deepEqual(a.heard, []);
      }
    });
  });

forEachKind("recovery", (kind) => {
  let server;
  before(async () => { server = await startServer(kind, [], "recovery"); });
  after(() => server.stop());

  test("V04: guards are not asked for a recovered socket", async (t) => {
    const a = await listener(t, server);
    a.emit("say", "first");
    await next(a, "first");
    const guards = () => server.seen({ event: "guard" }).length;
    const before = guards();
    await vanish(server, a);
    assert.equal((await comeBack(server, a)).recovered, true);
    assert.equal(guards(), before);
  });

  test("V02: each namespace by itself", async (t) => {
    const a = await listener(t, server);
    const other = await listener(t, server, websocket, "/other");
    const b = await connected(t, server, websocket, "/other");
    for (const socket of [a, other]) {
      socket.emit("say", "first");
      await next(socket, "first");
    }
    const ids = [a.id, other.id];
    await vanish(server, a, other);
    await call(b, "emit-to", {}, "to-other");
    assert.equal((await comeBack(server, a)).recovered, true);
    assert.equal((await comeBack(server, other)).recovered, true);
    assert.deepEqual([a.id, other.id], ids);
    assert.deepEqual([names(a), names(other)], [["first"], ["first", "to-other"]]);
  });

  test("V02: many at a time, each gets its own", async (t) => {
    const all = await Promise.all(Array.from({ length: 40 }, (_, i) =>
      listener(t, server, i % 4 === 0 ? transports.polling : websocket)));
    const b = await connected(t, server, websocket);
    for (const [i, socket] of all.entries()) {
      await call(socket, "join", i % 2 ? "odd" : "even");
      socket.emit("say", "first");
      await next(socket, "first");
    }
    const ids = all.map(({ id }) => id);
    await vanish(server, ...all);
    for (let i = 0; i < 3; i++) {
      await call(b, "emit-to", { rooms: ["odd"] }, "odd", i);
      await call(b, "emit-to", { rooms: ["even"] }, "even", i);
      for (const id of ids) await call(b, "emit-to", { rooms: [id] }, id, i);
    }
    await Promise.all(all.map((socket) => comeBack(server, socket)));
    for (const [i, socket] of all.entries()) {
      const room = i % 2 ? "odd" : "even";
      assert.equal(socket.recovered, true);
      assert.deepEqual(events(socket).slice(1),
        [0, 1, 2].flatMap((n) => [[room, n], [ids[i], n]]));
    }
  });
});

forEachKind("recovery with guards", (kind) => {
  let server;
  before(async () => { server = await startServer(kind, ["--ask-guards"], "recovery"); });
  after(() => server.stop());

  test("V04: guards are asked if that is wanted, and may refuse; then it may try again", async (t) => {
    const a = await listener(t, server);
    await call(a, "set-data", "mine");
    a.emit("say", "first");
    await next(a, "first");
    const { id } = a;
    const guards = () => server.seen({ event: "guard", id }).length;
    const before = guards();
    await vanish(server, a);
    a.auth = { refuse: true };
    a.connect();
    const [err] = await next(a, "connect_error");
    assert.equal(err.message, "refused");
    a.auth = {};
    const seen = await comeBack(server, a);
    assert.deepEqual([seen.recovered, seen.id, seen.data], [true, id, "mine"]);
    assert.equal(guards(), before + 2);
  });

  test("V04: what a guard emits comes too", async (t) => {
    const a = await listener(t, server);
    a.emit("say", "first");
    await next(a, "first");
    const { id } = a;
    const b = await connected(t, server, websocket);
    await vanish(server, a);
    await call(b, "emit-to", { rooms: [id] }, "missed");
    a.auth = { greet: true };
    a.heard.length = 0;
    assert.equal((await comeBack(server, a)).recovered, true);
    // The official server sends to who is in a room, and nobody is before the guards have decided:
    // it is missed, and comes the next time.
    const late = kind === "node";
    assert.deepEqual(names(a), late ? ["missed"] : ["early", "missed"]);
    await vanish(server, a);
    a.auth = {};
    a.heard.length = 0;
    assert.equal((await comeBack(server, a)).recovered, true);
    assert.deepEqual(names(a), late ? ["early"] : []);
  });
});

forEachKind("recovery that is too late", (kind) => {
  let server;
  before(async () => { server = await startServer(kind, ["--recovery-ms", 1], "recovery"); });
  after(() => server.stop());

  test("V05: after the time it is a new socket", async (t) => {
    const a = await listener(t, server);
    await call(a, "set-data", "mine");
    a.emit("say", "first");
    await next(a, "first");
    const { id } = a;
    await vanish(server, a);
    if (kind === "vireo")
      assert.deepEqual(await server.observe({ event: "expired", id }), { event: "expired", id, data: "mine" });
    else await pause(20); // the time itself is what is tested: it is over after 1 ms
    const seen = await comeBack(server, a);
    assert.deepEqual([seen.recovered, seen.id === id, seen.data], [false, false, ""]);
    assert.equal(a.recovered, false);
  });
});

/** `server` with `args`, for one test. */
async function started(t, ...args) {
  const server = await startServer("vireo", args, "recovery");
  t.after(() => server.stop());
  return server;
}

const info = async (socket) => (await call(socket, "info"))[0];

/** As a client that knows no more of its session than its pid, and perhaps this offset. */
const claim = (t, server, pid, offset) => client(t, server, { ...websocket, auth: { pid, offset } });

test("recovery: better than the original", { skip: !kinds.includes("vireo") }, async (t) => {
  const server = await started(t);
  const b = await connected(t, server, websocket);

  for (const [transport, options] of Object.entries(transports)) {
    await t.test(`who never received an event comes back all the same, over ${transport}`, async (t) => {
      const a = await listener(t, server, options);
      const { id } = a;
      assert.deepEqual(a.heard, [], "nothing was sent for that");
      await vanish(server, a);
      await call(b, "emit-to", { rooms: [id] }, "missed", 1);
      assert.equal((await comeBack(server, a)).recovered, true);
      assert.deepEqual([a.recovered, a.id, events(a)], [true, id, [["missed", 1]]]);
    });
  }

  await t.test("also with an offset of a session that it had before", async (t) => {
    const a = await listener(t, server);
    for (const offset of ["Q7zQkPL.0", "AAAAAAB", undefined]) {
      a.emit("say", "first");
      await next(a, "first");
      await vanish(server, a);
      a._pid = "AAAAAAAAAAAAAAAAAAAA";
      if (offset !== undefined) a._lastOffset = offset;
      assert.equal((await comeBack(server, a)).recovered, false);
      const { id } = a;
      a.heard.length = 0;
      await vanish(server, a);
      await call(b, "emit-to", { rooms: [id] }, "missed");
      assert.equal((await comeBack(server, a)).recovered, true);
      assert.deepEqual(names(a), ["missed"]);
      a.heard.length = 0;
    }
  });

  await t.test("no text that was sent is taken for an offset", async (t) => {
    const a = await listener(t, server);
    const { id } = a;
    const poison = [
      () => call(b, "emit-to", { rooms: [id], flags: ["volatile"] }, "volatile", "a text"),
      () => call(b, "emit-to", { flags: ["volatile"] }, "to-all", 1, "a text"),
      () => call(b, "emit-to", { rooms: [id], flags: ["volatile"] }, "only-a-name"),
      () => call(b, "emit-to", { rooms: [id] }, "kept", "a text"),
      () => { a.emit("ask", "question", "a text"); },
      () => { a.emit("ask", "question"); },
    ];
    for (const give of poison) {
      a.heard.length = 0;
      give();
      await until(async () => { await call(a, "ack"); return a.heard.length > 0; }, "what it may not keep");
      a.heard.length = 0;
      await vanish(server, a);
      await call(b, "emit-to", { rooms: [id] }, "missed", 1);
      assert.equal((await comeBack(server, a)).recovered, true);
      assert.deepEqual(events(a), [["missed", 1]]);
    }
  });

  await t.test("what a guard emits is no poison either", async (t) => {
    const a = client(t, server, { ...websocket, auth: { greet: true } });
    const early = collect(a, "early");
    await next(a, "connect");
    assert.equal(early.length, 1);
    await vanish(server, a);
    assert.equal((await comeBack(server, a)).recovered, true);
    assert.equal(early.length, 1, "it does not come twice");
  });

  await t.test("what was sent to a room before it was joined is not missed", async (t) => {
    const a = await listener(t, server);
    const offset = async () => {
      a.emit("say", "first");
      return (await next(a, "first")).at(-1);
    };
    const old = await offset();
    await call(b, "emit-to", { rooms: ["secret"] }, "before", 1);
    const marked = next(a, "mark");
    await call(b, "emit-to", {}, "mark");
    await marked; // so that what was sent before is over on a's worker, too
    await call(a, "join", "secret");
    await vanish(server, a);
    await call(b, "emit-to", { rooms: ["secret"] }, "after", 2);
    a._lastOffset = old;
    a.heard.length = 0;
    assert.equal((await comeBack(server, a)).recovered, true);
    assert.deepEqual(events(a), [["mark"], ["after", 2]]);
  });

  await t.test("nor what was sent before the client came", async (t) => {
    const first = await listener(t, server);
    first.emit("say", "first");
    const old = (await next(first, "first")).at(-1);
    await call(b, "emit-to", {}, "before");
    const a = await listener(t, server);
    await vanish(server, a);
    a._lastOffset = old;
    assert.equal((await comeBack(server, a)).recovered, true);
    assert.deepEqual(a.heard, []);
  });

  await t.test("one that is back before its end was noticed", async (t) => {
    const a = await listener(t, server);
    await call(a, "join", "room");
    await call(a, "set-data", "mine");
    a.emit("say", "first");
    const offset = (await next(a, "first")).at(-1);
    const { id } = a;
    const again = claim(t, server, a._pid, offset);
    const missed = collect(again, "lost");
    const connected = next(again, "connect");
    await call(b, "emit-to", { rooms: [id] }, "lost", 1); // as if it had not arrived
    await connected;
    assert.equal(again.id, id);
    assert.equal((await server.observe({ event: "disconnect", id })).reason, "transport close");
    assert.deepEqual(await server.observe({ event: "connect", id, recovered: true }),
      { event: "connect", id, recovered: true, data: "mine", rooms: ["room"] });
    await call(b, "emit-to", { rooms: ["room"] }, "lost", 2);
    await call(again, "ack");
    assert.deepEqual(missed.map(([n]) => n), [1, 2]);
  });

  await t.test("clients of Socket.IO 2 see nothing of it", async (t) => {
    const old = io2(server.url, { transports: ["websocket"], forceNew: true, reconnection: false });
    t.after(() => old.close());
    const heard = collect(old, "news");
    const packets = [];
    const { onpacket } = old;
    old.onpacket = (packet) => { packets.push(packet); onpacket.call(old, packet); };
    await next(old, "connect");
    await call(b, "emit-to", {}, "news", 1);
    old.emit("say", "news", 2);
    await next(old, "news");
    while (heard.length < 2) await next(old, "news");
    assert.deepEqual(heard, [1, 2]);
    assert.ok(!JSON.stringify(packets).includes("pid"));
  });

  await t.test("counters", async (t) => {
    const before = await info(b);
    const a = await listener(t, server);
    await vanish(server, a);
    assert.equal((await info(b)).away, before.away + 1);
    await comeBack(server, a);
    await vanish(server, a);
    a._pid = "AAAAAAAAAAAAAAAAAAAA";
    await comeBack(server, a);
    const after = await info(b);
    assert.deepEqual([after.recovered, after.unknown, after.expired, after.away],
      [before.recovered + 1, before.unknown + 1, before.expired, before.away + 1]);
    assert.ok(after.awayBytes > before.awayBytes);
  });
});

test("recovery: its limits", { skip: !kinds.includes("vireo") }, async (t) => {
  await t.test("V05: memory for events: the oldest go, and who needs them is unknown", async (t) => {
    const server = await started(t, "--bytes", 2000);
    const b = await connected(t, server, websocket);
    const [late, early, quiet] = await Promise.all([1, 2, 3].map(() => listener(t, server)));
    await vanish(server, late, quiet);
    const text = "x".repeat(300);
    for (let i = 0; i < 10; i++) await call(b, "emit-to", { rooms: [late.id ?? "nobody"] }, "e", text);
    const { events: kept, eventBytes } = await info(b);
    assert.ok(kept >= 3 && kept <= 5, `${kept} events`);
    assert.ok(eventBytes <= 2000, `${eventBytes} bytes`);
    assert.equal((await comeBack(server, late)).recovered, false);
    assert.equal((await comeBack(server, quiet)).recovered, false);
    // Nothing was sent to it before it left, and what came since is all there.
    await vanish(server, early);
    await call(b, "emit-to", {}, "e", text);
    assert.equal((await comeBack(server, early)).recovered, true);
    assert.deepEqual(events(early), [["e", text]]);
  });

  await t.test("V05: who has all that was sent to it comes back, however long ago that was", async (t) => {
    const server = await started(t, "--bytes", 2000);
    const b = await connected(t, server, websocket);
    const a = await listener(t, server);
    a.emit("say", "first");
    await next(a, "first");
    for (let i = 0; i < 10; i++) await call(b, "emit-to", { rooms: ["nobody"] }, "e", "x".repeat(300));
    await vanish(server, a);
    assert.equal((await comeBack(server, a)).recovered, true);
  });

  await t.test("V05: an event larger than all memory for them", async (t) => {
    const server = await started(t, "--bytes", 2000);
    const b = await connected(t, server, websocket);
    const [a, c] = [await listener(t, server), await listener(t, server)];
    const text = "x".repeat(3000);
    await call(b, "emit-to", {}, "huge", text);
    await call(a, "ack");
    assert.deepEqual(events(a), [["huge", text]], "it is sent all the same");
    await vanish(server, a, c);
    assert.equal((await comeBack(server, a)).recovered, true, "a has it");
    await call(b, "emit-to", {}, "huge", text);
    assert.equal((await comeBack(server, c)).recovered, false, "c has missed it");
  });

  await t.test("V05: clients that are away: who left first goes", async (t) => {
    const server = await started(t, "--clients", 2);
    const all = [];
    for (let i = 0; i < 3; i++) {
      all.push(await listener(t, server));
      await call(all[i], "set-data", `data ${i}`);
    }
    const ids = all.map(({ id }) => id);
    for (const socket of all) await vanish(server, socket);
    assert.equal((await server.observe({ event: "expired", id: ids[0] })).data, "data 0");
    assert.equal(server.seen({ event: "expired" }).length, 1);
    const back = [];
    for (const socket of all) back.push((await comeBack(server, socket)).recovered);
    assert.deepEqual(back, [false, true, true]);
  });

  await t.test("V05: memory for clients that are away", async (t) => {
    const server = await started(t, "--client-bytes", 2000);
    const b = await connected(t, server, websocket);
    const all = await Promise.all([1, 2, 3].map(() => listener(t, server)));
    for (let i = 0; i < 4; i++) await call(all[0], "join", `${i}`.repeat(200));
    for (let i = 0; i < 4; i++) await call(all[1], "join", `${i}`.repeat(200));
    for (let i = 0; i < 10; i++) await call(all[2], "join", `${i}`.repeat(200));
    await vanish(server, all[0]);
    await vanish(server, all[1]);
    assert.equal((await info(b)).away, 1, "both together need too much");
    const { id } = all[2];
    await vanish(server, all[2]);
    assert.equal(server.seen({ event: "disconnect", id })[0].recoverable, false, "alone too much");
    const back = [];
    for (const socket of all) back.push((await comeBack(server, socket)).recovered);
    assert.deepEqual(back, [false, true, false]);
  });

  await t.test("V05: a namespace of clients that are away is not cleaned up", async (t) => {
    const server = await started(t, "--cleanup");
    const a = await listener(t, server, websocket, "/dyn-1");
    await call(a, "set-data", "mine");
    await vanish(server, a);
    const seen = await comeBack(server, a);
    assert.deepEqual([seen.recovered, seen.data], [true, "mine"]);
  });

  await t.test("V05: a namespace is cleaned up when nobody can come back any more", async (t) => {
    const server = await started(t, "--cleanup", "--recovery-ms", 1);
    const a = await listener(t, server, websocket, "/dyn-1");
    const { id } = a;
    await vanish(server, a);
    await server.observe({ event: "expired", id });
    assert.equal((await comeBack(server, a)).recovered, false);
  });

  await t.test("the data of who is away is given back at the server's end", async () => {
    const server = await startServer("vireo", [], "recovery");
    const a = await listener({ after() {} }, server);
    const { id } = a;
    await call(a, "set-data", "mine");
    await vanish(server, a);
    await server.stop();
    assert.deepEqual(server.seen({ event: "expired" }), [{ event: "expired", id, data: "mine" }]);
  });
});
