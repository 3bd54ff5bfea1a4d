// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// O05: a Socket.IO server driven by HTTP, seen by the official client.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connected } from "../js/client.mjs";
import { fetchRaw } from "../js/raw.mjs";
import { kinds, startServer } from "../js/server.mjs";
import { collect, next } from "../js/wait.mjs";

if (kinds.includes("vireo")) describe("the HTTP API [vireo]", () => {
  let server;
  before(async () => { server = await startServer("vireo", ["--host", "127.0.0.1"], "api"); });
  after(() => server.stop());

  const authorized = { Authorization: "Bearer secret" };
  async function get(target) {
    const res = await fetchRaw(server, "GET", `/api${target}`, { headers: authorized });
    return [res.status, JSON.parse(res.body)];
  }
  async function post(what, body, headers = authorized) {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const res = await fetchRaw(server, "POST", `/api/${what}`,
      { headers: { ...headers, "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) }, body: text });
    return [res.status, res.status === 200 ? JSON.parse(res.body) : res.body];
  }
  const person = (t, name, namespace) => connected(t, server, { auth: { name } }, namespace);

  test("emit: to all, to rooms, without some (O05)", async (t) => {
    const [ann, bob, other] = [await person(t, "ann"), await person(t, "bob"), await person(t, "x", "/other")];
    const heard = [ann, bob, other].map((socket) => collect(socket, "news"));
    assert.deepEqual(await post("emit", { event: "news", args: [1, { a: "é" }] }), [200, { sent: 2 }]);
    assert.deepEqual(await post("emit", { event: "news", args: ["ann"], rooms: [ann.id] }), [200, { sent: 1 }]);
    assert.deepEqual(await post("emit", { event: "news", args: ["bob"], except: [ann.id], volatile: true, local: true }),
      [200, { sent: 1 }]);
    assert.deepEqual(await post("emit", { event: "news", namespace: "/other" }), [200, { sent: 1 }]);
    assert.deepEqual(await post("emit", { event: "news", rooms: ["nobody"] }), [200, { sent: 0 }]);
    const ends = Promise.all([ann, bob, other].map((socket) => next(socket, "end"))); // behind all of it
    for (const namespace of ["/", "/other"]) await post("emit", { event: "end", namespace });
    await ends;
    assert.deepEqual(heard, [[[1, { a: "é" }], "ann"], [[1, { a: "é" }], "bob"], [[]]]);
  });

  test("join and leave (O05)", async (t) => {
    const [ann, bob] = [await person(t, "ann"), await person(t, "bob")];
    assert.deepEqual(await post("join", { rooms: [ann.id], join: ["a", "b"] }), [200, { ok: true }]);
    assert.deepEqual(await post("join", { all: true, join: ["c"] }), [200, { ok: true }]);
    const count = async (room) => (await get(`/sockets?room=${room}`))[1].sockets.length;
    assert.deepEqual([await count("a"), await count("b"), await count("c")], [1, 1, 2]);
    assert.deepEqual(await post("leave", { rooms: ["c"], except: [bob.id], leave: ["b", "c"] }), [200, { ok: true }]);
    assert.deepEqual([await count("a"), await count("b"), await count("c")], [1, 0, 1]);
  });

  test("sockets with their rooms and data, and not what their handshakes brought (O05)", async (t) => {
    const ann = await person(t, "ann");
    const [status, answer] = await get(`/sockets?room=${ann.id}`);
    assert.deepEqual([status, answer],
      [200, { sockets: [{ id: ann.id, rooms: [ann.id], data: { name: "ann" } }], complete: true }]);
    assert.deepEqual(await get("/sockets?namespace=/other&room=nobody"), [200, { sockets: [], complete: true }]);
    const [, { namespaces }] = await get("/namespaces");
    assert.deepEqual(namespaces.map(({ name }) => name).sort(), ["/", "/other"]);
    assert.ok(namespaces.find(({ name }) => name === "/").sockets >= 1);
  });

  test("disconnect (O05)", async (t) => {
    const [ann, bob] = [await person(t, "ann"), await person(t, "bob")];
    const ends = [ann, bob].map((socket) => next(socket, "disconnect"));
    assert.deepEqual(await post("disconnect", { rooms: [ann.id] }), [200, { ok: true }]);
    assert.equal((await ends[0])[0], "io server disconnect");
    assert.equal(bob.connected, true);
    assert.deepEqual(await post("disconnect", { all: true, close: true }), [200, { ok: true }]);
    await ends[1];
  });

  test("nobody gets in without being asked (O05)", async (t) => {
    const ann = await person(t, "ann");
    for (const what of ["emit", "join", "leave", "disconnect"])
      for (const headers of [{}, { Authorization: "Bearer guess" }])
        assert.equal((await post(what, { event: "x", all: true }, headers))[0], 403, what);
    for (const target of ["/api/sockets", "/api/namespaces", "/api", "/api/x"])
      assert.equal((await fetchRaw(server, "GET", target)).status, 403, target);
    assert.equal((await fetchRaw(server, "GET", "/open/sockets")).status, 404);
    assert.equal(ann.connected, true);
  });

  const wrong = [
    ["no JSON", "emit", "{", 422], ["no object", "emit", "[]", 422], ["no event", "emit", {}, 422],
    ["an event that is no text", "emit", { event: 1 }, 422], ["args that are no list", "emit", { event: "a", args: {} }, 422],
    ["a reserved event", "emit", { event: "disconnect" }, 422], ["rooms that are no list", "emit", { event: "a", rooms: "b" }, 422],
    ["no room in rooms", "emit", { event: "a", rooms: [] }, 422], ["a room that is no text", "emit", { event: "a", rooms: [1] }, 422],
    ["an empty name", "emit", { event: "a", rooms: [""] }, 422], ["a name of 256 bytes", "emit", { event: "a", except: ["x".repeat(256)] }, 422],
    ["another namespace", "emit", { event: "a", namespace: "/none" }, 404],
    ["all, without saying so", "disconnect", {}, 422], ["all, by an empty list", "disconnect", { rooms: [] }, 422],
    ["nothing to join", "join", { all: true }, 422], ["nobody to leave", "leave", { leave: ["a"] }, 422],
    ["too much", "emit", { event: "x".repeat(1000) }, 413],
  ];
  for (const [what, route, body, status] of wrong)
    test(`refused: ${what} (O05)`, async (t) => {
      const ann = await person(t, "ann");
      assert.equal((await post(route, body))[0], status);
      assert.equal(ann.connected, true);
    });
  test("a room's name of 255 bytes, a body of 1,000 (O05)", async () => {
    assert.deepEqual(await post("emit", { event: "a", rooms: ["x".repeat(255)] }), [200, { sent: 0 }]);
    const body = JSON.stringify({ event: "a" }).padEnd(1000, " ");
    assert.equal((await post("emit", body))[0], 200);
    assert.equal((await post("emit", `${body} `))[0], 413);
    assert.equal((await fetchRaw(server, "GET", "/api/sockets?namespace=/none", { headers: authorized })).status, 404);
  });
});
