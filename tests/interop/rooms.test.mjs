// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Rooms and broadcasts with the official client.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { call, connected, settle } from "../js/client.mjs";
import { forEachKind, startServer, workers } from "../js/server.mjs";
import { collect, next } from "../js/wait.mjs";

const websocket = { transports: ["websocket"] };
const polling = { transports: ["polling"] };
const sorted = (list) => [...list].sort();

forEachKind("rooms", (kind) => {
  let server;
  before(async () => { server = await startServer(kind); });
  after(() => server.stop());

  /** Three clients, one of them polling, that collect "news", and a name for this test's rooms. */
  async function three(t) {
    const sockets = await Promise.all([websocket, polling, websocket].map((options) =>
      connected(t, server, options)));
    const mark = randomUUID().slice(0, 8);
    return { sockets, got: sockets.map((s) => collect(s, "news")), room: (name) => `${mark}-${name}` };
  }

  /** Everything sent so far has arrived everywhere. */
  async function everywhere(sockets) {
    await settle(...sockets);
    await settle(...sockets);
  }

  test("a socket is in the room of its own id and no other (R01 R02)", async (t) => {
    const socket = await connected(t, server);
    assert.deepEqual((await call(socket, "info"))[0].rooms, [socket.id]);
  });

  test("join and leave, one and several (R01)", async (t) => {
    const { sockets: [a], room } = await three(t);
    assert.deepEqual(await call(a, "join", room("x")), [sorted([a.id, room("x")])]);
    assert.deepEqual(await call(a, "join", [room("y"), room("z")]),
      [sorted([a.id, room("x"), room("y"), room("z")])]);
    assert.deepEqual(await call(a, "join", room("y")),
      [sorted([a.id, room("x"), room("y"), room("z")])], "joining twice is one membership");
    assert.deepEqual(await call(a, "leave", room("y")), [sorted([a.id, room("x"), room("z")])]);
    assert.deepEqual(await call(a, "leave", room("never joined")),
      [sorted([a.id, room("x"), room("z")])]);
  });

  test("a room's members get what is sent to it, the others do not (R03)", async (t) => {
    const { sockets: [a, b, c], got, room } = await three(t);
    await call(b, "join", room("x"));
    await call(c, "emit-to", { rooms: [room("x")] }, "news", 1, { two: [Buffer.from([3])] });
    await everywhere([a, b, c]);
    assert.deepEqual(got, [[], [[1, { two: [Buffer.from([3])] }]], []]);
  });

  test("who has left gets nothing more (R01)", async (t) => {
    const { sockets: [a, b, c], got, room } = await three(t);
    await call(a, "join", room("x"));
    await call(b, "join", room("x"));
    await call(a, "leave", room("x"));
    await call(c, "emit-to", { rooms: [room("x")] }, "news", "after");
    await everywhere([a, b, c]);
    assert.deepEqual(got, [[], ["after"], []]);
  });

  test("several rooms are a union, each socket once (R03)", async (t) => {
    const { sockets: [a, b, c], got, room } = await three(t);
    await call(a, "join", [room("x"), room("y"), room("z")]);
    await call(b, "join", [room("y")]);
    await call(c, "emit-to", { rooms: [room("x"), room("y"), room("z"), room("empty")] }, "news", 1);
    await everywhere([a, b, c]);
    assert.deepEqual(got, [[1], [1], []]);
  });

  test("twelve rooms in one broadcast (R03)", async (t) => {
    const { sockets: [a, b, c], got, room } = await three(t);
    const rooms = Array.from({ length: 12 }, (_, i) => room(i));
    await call(a, "join", rooms[11]);
    await call(b, "join", rooms);
    await call(c, "emit-to", { rooms }, "news", "x");
    await everywhere([a, b, c]);
    assert.deepEqual(got, [["x"], ["x"], []]);
  });

  test("except takes rooms out (R04)", async (t) => {
    const { sockets: [a, b, c], got, room } = await three(t);
    for (const s of [a, b, c]) await call(s, "join", room("x"));
    await call(b, "join", room("muted"));
    await call(a, "emit-to", { rooms: [room("x")], except: [room("muted"), room("empty")] }, "news", 1);
    await call(a, "emit-to", { rooms: [room("x")], except: [c.id] }, "news", 2);
    await everywhere([a, b, c]);
    assert.deepEqual(got, [[1, 2], [2], [1]]);
  });

  test("socket.to leaves the sender out, io.to does not (R05)", async (t) => {
    const { sockets: [a, b, c], got, room } = await three(t);
    for (const s of [a, b]) await call(s, "join", room("x"));
    await call(a, "emit-to", { via: "socket", rooms: [room("x")] }, "news", "others");
    await call(a, "emit-to", { via: "io", rooms: [room("x")] }, "news", "all of it");
    await everywhere([a, b, c]);
    assert.deepEqual(got, [["all of it"], ["others", "all of it"], []]);
  });

  test("who is in the room of the sender's id is left out with it (R04 R05)", async (t) => {
    const { sockets: [a, b, c], got, room } = await three(t);
    for (const s of [a, b, c]) await call(s, "join", room("x"));
    await call(b, "join", a.id);
    await call(a, "emit-to", { via: "socket", rooms: [room("x")] }, "news", "others");
    await call(a, "emit-to", { via: "io", rooms: [room("x")] }, "news", "all of it");
    const broadcast = [b, c].map((s) => collect(s, "broadcast"));
    a.emit("broadcast", room("x"));
    await everywhere([a, b, c]);
    assert.deepEqual(got, [["all of it"], ["all of it"], ["others", "all of it"]]);
    assert.deepEqual(broadcast.map((list) => list.includes(room("x"))), [false, true]);
  });

  test("a private message to a socket's id, and to one's own (R02)", async (t) => {
    const { sockets: [a, b, c], got } = await three(t);
    await call(a, "emit-to", { rooms: [b.id] }, "news", "for b");
    await call(a, "emit-to", { rooms: [a.id] }, "news", "for me");
    await call(a, "emit-to", { via: "socket", rooms: [a.id] }, "news", "nobody");
    await everywhere([a, b, c]);
    assert.deepEqual(got, [["for me"], ["for b"], []]);
  });

  test("io.emit reaches all, socket.broadcast all others (R05 R06)", async (t) => {
    const { sockets, room } = await three(t);
    const all = sockets.map((s) => collect(s, "all"));
    const broadcast = sockets.map((s) => collect(s, "broadcast"));
    sockets[0].emit("all", room("all"), Buffer.from("é"));
    sockets[1].emit("broadcast", room("others"));
    await everywhere(sockets);
    const mine = (list) => list.filter((x) => [x].flat()[0] === room("all") || x === room("others"));
    assert.deepEqual(all.map(mine), Array(3).fill([[room("all"), Buffer.from("é")]]));
    assert.deepEqual(broadcast.map(mine), [[room("others")], [], [room("others")]]);
  });

  test("local and volatile broadcasts reach who is ready (R07)", async (t) => {
    const { sockets: [a, b, c], got, room } = await three(t);
    for (const s of [a, c]) await call(s, "join", room("x"));
    await call(b, "emit-to", { rooms: [room("x"), b.id], flags: ["local"] }, "news", "local");
    await call(b, "emit-to", { rooms: [room("x")], flags: ["volatile", "local"] }, "news", "volatile");
    await everywhere([a, b, c]);
    assert.deepEqual(got[1], ["local"]);
    for (const list of [got[0], got[2]]) // of several workers, those are local that b's has
      assert.deepEqual(list, workers && list.length === 0 ? [] : ["local", "volatile"]);
  });

  test("operators do not change each other (R15)", async (t) => {
    const { sockets: [a, b, c], room } = await three(t);
    const got = [a, b, c].map((s) => collect(s, "op"));
    await call(a, "join", room("a"));
    await call(b, "join", room("b"));
    await call(c, "join", [room("a"), room("b")]);
    a.emit("operators", room("a"), room("b"));
    await everywhere([a, b, c]);
    assert.deepEqual(got, [["both", "a without b", "a"], ["both"], ["both", "a"]]);
  });

  test("rooms of different namespaces are apart (R01 N02)", async (t) => {
    const { sockets: [a, b], got, room } = await three(t);
    const chat = a.io.socket("/chat");
    await next(chat, "connect");
    const chatGot = collect(chat, "news");
    await call(chat, "join", room("x"));
    await call(b, "join", room("x"));
    await call(b, "emit-to", { rooms: [room("x")] }, "news", "main");
    await call(chat, "emit-to", { rooms: [room("x")] }, "news", "chat");
    await everywhere([a, b, chat]);
    assert.deepEqual([got[0], got[1], chatGot], [[], ["main"], ["chat"]]);
  });

  test("room events: create before join, leave before delete (R14)", async (t) => {
    const { sockets: [a, b], room } = await three(t);
    const name = room("events");
    await call(a, "join", name);
    await call(b, "join", name);
    await call(a, "join", name);
    await call(a, "leave", name);
    const id = b.id;
    b.disconnect();
    await server.observe({ event: "disconnect", id });
    const told = server.observations.filter((o) => o.room === name).map((o) => [o.event, o.nsp, o.id ?? null]);
    const create = ["create-room", "/", null], remove = ["delete-room", "/", null];
    const each = told.filter(([event]) => event === "create-room").length > 1; // worker has the room as long as it needs it
    assert.deepEqual(told, [
      create, ["join-room", "/", a.id], ...(workers && each ? [create] : []), ["join-room", "/", id],
      ["leave-room", "/", a.id], ...(workers && each ? [remove] : []), ["leave-room", "/", id], remove,
    ]);
    assert.deepEqual(server.observations.filter((o) => o.room === id).map((o) => o.event),
      ["create-room", "join-room", "leave-room", "delete-room"], "its own room has events too");
  });

  test("what happens at the beginning and the end, in order (R14 S16)", async (t) => {
    const { sockets: [a], room } = await three(t);
    const { id } = a;
    await call(a, "join", room("x"));
    a.disconnect();
    await server.observe({ event: "disconnect", id });
    const mine = server.observations.filter((o) => o.id === id || o.room === id || o.room === room("x"));
    assert.deepEqual(mine.map((o) => o.room === room("x") ? `${o.event} x` : o.event), [
      "create-room", "join-room", "connect", "create-room x", "join-room x", "disconnecting",
      "leave-room", "delete-room", "leave-room x", "delete-room x", "disconnect"]);
  });

  test("a disconnected socket's rooms are gone (R01 S16)", async (t) => {
    const { sockets: [a, b], got, room } = await three(t);
    await call(a, "join", [room("x"), room("y")]);
    const id = a.id;
    a.disconnect();
    const leaving = await server.observe({ event: "disconnecting", id });
    assert.deepEqual(leaving.rooms, sorted([id, room("x"), room("y")]));
    assert.deepEqual((await server.observe({ event: "disconnect", id })).rooms, []);
    await call(b, "emit-to", { rooms: [room("x"), id] }, "news", "to nobody");
    await settle(b);
    assert.deepEqual(got[0], []);
  });

  test("room names of every kind (R01)", async (t) => {
    const { sockets: [a, b], got } = await three(t);
    const names = ["a b", "🐦 새", "/", "__proto__", "constructor", "x".repeat(255)];
    await call(a, "join", names);
    for (const name of names) await call(b, "emit-to", { rooms: [name] }, "news", name);
    await everywhere([a, b]);
    assert.deepEqual(got[0], names);
  });

  test("a room of a hundred members, each served once (R03 T38)", async (t) => {
    const { room } = await three(t);
    const sockets = await Promise.all(Array.from({ length: 100 }, (_, i) =>
      connected(t, server, i % 5 ? websocket : polling)));
    await Promise.all(sockets.map((s) => call(s, "join", room("big"))));
    const got = sockets.map((s) => collect(s, "news"));
    await call(sockets[0], "emit-to", { rooms: [room("big")] }, "news", "안녕", Buffer.from([9]));
    await everywhere(sockets);
    assert.deepEqual(got, sockets.map(() => [["안녕", Buffer.from([9])]]));
  });
}, { concurrency: 6 });
