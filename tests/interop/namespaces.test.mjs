// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Dynamic namespaces and guards that answer later (O06: also with VIREO_WORKERS), with the official client and on the wire, against
// Vireo and the official server (the contract stands in namespaces-reference.mjs).

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { call, client, connected, modes } from "../js/client.mjs";
import { joinedSession, webSocketSession } from "../js/raw.mjs";
import { forEachKind, startServer, workers } from "../js/server.mjs";
import { collect, next } from "../js/wait.mjs";

const start = (kind, ...args) => startServer(kind, args, "namespaces");

/** A trip to the server and back over "/", on the same connection. */
const settle = (socket) => call(socket, "exists", "/");

/** The programs that are this server: each worker has namespaces of its own. */
const workersOf = (server) => (server.kind === "vireo" && workers) || 1;

/** All of them have announced the namespace `name` so often, and not more often. */
async function announced(server, name, event = "new-namespace", times = 1) {
  const all = times * workersOf(server);
  await server.observe(() => server.seen({ event, name }).length >= all, `${event} of ${name}`);
  assert.equal(server.seen({ event, name }).length, all);
}

/** The connect_error of a client that must not get in. */
async function refusalOf(t, server, name, options = {}) {
  const socket = client(t, server, options, name);
  let connectedAfterAll = false;
  socket.on("connect", () => { connectedAfterAll = true; });
  const [err] = await next(socket, "connect_error");
  assert.equal(connectedAfterAll, false);
  return err;
}

forEachKind("dynamic namespaces", (kind) => {
  let server;
  before(async () => { server = await start(kind); });
  after(() => server.stop());

  for (const [mode, options] of Object.entries(modes))
    test(`${mode}: a name that a pattern matches comes to life (N03 N07)`, async (t) => {
      const name = `/dyn-1${Object.keys(modes).indexOf(mode)}`;
      const socket = await connected(t, server, options, name);
      assert.deepEqual(await call(socket, "whoami"), [{ nsp: name, parent: "digits" }]);
      await server.observe({ event: "new-namespace", name });
      const second = await connected(t, server, options, name);
      assert.deepEqual(await call(second, "whoami"), [{ nsp: name, parent: "digits" }]);
      await announced(server, name);
      const order = server.observations.filter((o) => o.name === name || o.nsp === name);
      assert.equal(order[0].event, "new-namespace", "before the first connect");
    });

  test("parents are asked in the order of registration (N03 N04)", async (t) => {
    const rows = [["/dyn-2", "digits"], ["/dyn-2x", "rest"], ["/fn-yes-1", "decided"],
      ["/fn-no-1", "rest"]];
    for (const [nsp, parent] of rows) {
      const socket = await connected(t, server, {}, nsp);
      assert.deepEqual(await call(socket, "whoami"), [{ nsp, parent }]);
    }
  });

  test("a function that fails is a no, and the next parent is asked (N04)", async (t) => {
    const socket = await connected(t, server, {}, "/fn-error");
    assert.deepEqual(await call(socket, "whoami"), [{ nsp: "/fn-error", parent: "rest" }]);
  });

  test("nobody allows the name: Invalid namespace (N03 N04 N12)", async (t) => {
    for (const name of ["/fn", "/fn-later-1-no", "/fn-maybe", "/Dyn-1", "/x/dyn-1", "/_0"]) {
      const err = await refusalOf(t, server, name);
      assert.equal(err.message, "Invalid namespace", name);
      assert.equal(err.data, undefined);
    }
    assert.equal(server.seen({ event: "new-namespace", name: "/fn-maybe" }).length, 0);
  });

  test("a function sees what the client gave as its auth (N04 N10)", async (t) => {
    const socket = await connected(t, server, { auth: { allow: true } }, "/fn-with-auth");
    assert.deepEqual(await call(socket, "whoami"), [{ nsp: "/fn-with-auth", parent: "decided" }]);
  });

  test("a function may answer later; others are served meanwhile (N04)", async (t) => {
    const wire = await webSocketSession(t, server);
    wire.sendText("40/fn-later-60-yes,");
    wire.sendText("40");
    assert.match(await wire.readText(), /^40\{"sid"/);
    assert.match(await wire.readText(), /^40\/fn-later-60-yes,\{"sid"/);
    wire.sendText(`42/fn-later-60-yes,1["whoami"]`);
    assert.equal(await wire.readText(),
      `43/fn-later-60-yes,1[{"nsp":"/fn-later-60-yes","parent":"decided"}]`);
  });

  test("two who wait for the same name get the same namespace (N04)", async (t) => {
    const name = "/fn-later-40-yes";
    const [a, b] = [client(t, server, {}, name), client(t, server, {}, name)];
    await Promise.all([next(a, "connect"), next(b, "connect")]);
    await announced(server, name);
    await call(b, "join", "b");
    const got = next(b, "all");
    await call(a, "emit-room", name, "b", "both");
    assert.deepEqual(await got, ["both"]);
  });

  test("a client that goes before the answer leaves nothing behind (N04)", async (t) => {
    const main = await connected(t, server, {});
    const gone = await joinedSession(t, server);
    gone.sendText("40/fn-later-30-yes-gone,"); // ends in -gone: not answered later, refused
    gone.sendText("40/fn-later-401-yes,");
    gone.socket.destroy();
    const other = await connected(t, server, {}, "/fn-later-600-yes");
    assert.deepEqual(await call(main, "exists", "/fn-later-401-yes"), [kind === "node"],
      "the official server makes the namespace all the same");
    assert.equal(server.seen({ event: "connect", nsp: "/fn-later-401-yes" }).length, 0);
    assert.equal((await call(other, "whoami"))[0].parent, "decided");
  });

  test("what a client sends to a namespace that is being decided ends its session (N04)", async (t) => {
    const wire = await joinedSession(t, server);
    wire.sendText("40/fn-later-5000-yes,");
    wire.sendText(`42/fn-later-5000-yes,["whoami"]`);
    assert.equal((await wire.readClose()).code, 1005);
  });

  test("children have their parent's guard (N05)", async (t) => {
    const err = await refusalOf(t, server, "/dyn-31", { auth: { refuse: true } });
    assert.equal(err.message, "refused");
    await connected(t, server, {}, "/dyn-31");
  });

  test("a refusal without data has none on the wire (N08)", async (t) => {
    const wire = await webSocketSession(t, server);
    wire.sendText(`40/dyn-32,{"refuse":true}`);
    assert.equal(await wire.readText(), `44/dyn-32,{"message":"refused"}`);
  });

  test("what a parent sends reaches all its children, and no one else (N05)", async (t) => {
    const [a, b, rest, main] = await Promise.all(["/dyn-41", "/dyn-42", "/dyn-41x", "/"].map(
      (name) => connected(t, server, { transports: ["websocket"] }, name)));
    const others = [rest, main].map((socket) => collect(socket, "all"));
    const inside = [a, b].map((socket) => collect(socket, "all"));
    const mark = { mark: `hello ${a.id}`, bytes: Buffer.from([1, 2]) };
    a.emit("parent-all", mark);
    await settle(a); // the server has sent it to all
    await Promise.all([b, rest, main].map(settle));
    const mine = (got) => got.filter((x) => x.mark === mark.mark);
    assert.deepEqual(inside.map(mine), [[mark], [mark]]);
    assert.deepEqual(others.map(mine), [[], []]);
  });

  test("a parent's rooms are those of its children (N05)", async (t) => {
    const [a, b, c] = await Promise.all(["/dyn-51", "/dyn-52", "/dyn-52"].map(
      (name) => connected(t, server, { transports: ["websocket"] }, name)));
    await Promise.all([call(a, "join", "blue"), call(b, "join", "blue")]);
    const all = [a, b, c].map((socket) => collect(socket, "all"));
    const mark = `to blue ${c.id}`;
    c.emit("parent-room", "blue", mark);
    await settle(c);
    await Promise.all([a, b].map(settle));
    assert.deepEqual(all.map((got) => got.filter((x) => x === mark).length), [1, 1, 0]);
  });

  test("a namespace registered by hand under a matching name is a child too (N05)", async (t) => {
    const byHand = await connected(t, server, {}, "/dyn-777");
    const child = await connected(t, server, {}, "/dyn-61");
    const got = collect(byHand, "all");
    const mark = `by hand ${child.id}`;
    child.emit("parent-all", mark);
    await settle(child);
    await settle(byHand);
    assert.ok(got.includes(mark));
    await announced(server, "/dyn-777");
  });

  test("registered namespaces are announced too, except the main one (N07)", async () => {
    await announced(server, "/slow");
    assert.equal(server.seen({ event: "new-namespace", name: "/" }).length, 0);
  });

  test("an empty child stays, unless clean-up is asked for (N06)", async (t) => {
    const main = await connected(t, server);
    const child = await connected(t, server, {}, "/dyn-71");
    child.disconnect();
    await server.observe({ event: "disconnect", nsp: "/dyn-71" });
    assert.deepEqual(await call(main, "exists", "/dyn-71"), [true]);
    await connected(t, server, {}, "/dyn-71");
    await announced(server, "/dyn-71");
  });
}, { concurrency: 8 });

forEachKind("dynamic namespaces with clean-up", (kind) => {
  let server;
  before(async () => { server = await start(kind, "--cleanup"); });
  after(() => server.stop());

  test("a child goes with its last socket, and comes again (N06)", async (t) => {
    const main = await connected(t, server);
    const [a, b] = [await connected(t, server, {}, "/dyn-1"), await connected(t, server, {}, "/dyn-1")];
    const [first, second] = [a.id, b.id];
    a.disconnect();
    await server.observe({ event: "disconnect", id: first });
    assert.deepEqual(await call(main, "exists", "/dyn-1"), [true], "one is still there");
    b.io.engine.close();
    await server.observe({ event: "disconnect", id: second });
    assert.deepEqual(await call(main, "exists", "/dyn-1"), [false]);
    const again = await connected(t, server, {}, "/dyn-1");
    assert.deepEqual(await call(again, "whoami"), [{ nsp: "/dyn-1", parent: "digits" }]);
    await server.observe({ event: "connect", id: again.id });
    await announced(server, "/dyn-1", "new-namespace", 2);
    if (kind === "vireo") await announced(server, "/dyn-1", "namespace-gone");
  });

  test("also when the only client was refused (N06)", async (t) => {
    const main = await connected(t, server);
    await refusalOf(t, server, "/dyn-2", { auth: { refuse: true } });
    assert.deepEqual(await call(main, "exists", "/dyn-2"), [false]);
    await server.observe({ event: "new-namespace", name: "/dyn-2" });
    // A worker may hear of the end before it has made its own.
    const times = server.seen({ event: "new-namespace", name: "/dyn-2" }).length;
    assert.ok(times <= workersOf(server), `${times} times`);
    if (kind === "vireo")
      await server.observe(() => server.seen({ event: "namespace-gone", name: "/dyn-2" }).length >= times,
        "the end of /dyn-2");
  });

  test("who leaves and comes back on the same connection finds a new one (N06)", async (t) => {
    const wire = await joinedSession(t, server);
    wire.sendText("40/dyn-3,");
    assert.match(await wire.readText(), /^40\/dyn-3,\{"sid"/);
    wire.sendText("41/dyn-3,");
    if (kind === "node") { // which looks at the DISCONNECT a little later than at the CONNECT
      wire.sendText(`420["exists","/dyn-3"]`);
      assert.equal(await wire.readText(), "430[false]");
    }
    wire.sendText("40/dyn-3,");
    assert.match(await wire.readText(), /^40\/dyn-3,\{"sid"/);
    wire.sendText(`42/dyn-3,1["whoami"]`);
    assert.equal(await wire.readText(), `43/dyn-3,1[{"nsp":"/dyn-3","parent":"digits"}]`);
  });

  test("registered namespaces are never cleaned up (N06)", async (t) => {
    const main = await connected(t, server);
    for (const name of ["/slow"]) {
      const socket = await connected(t, server, {}, name);
      socket.disconnect();
      await server.observe({ event: "disconnect", nsp: name });
      assert.deepEqual(await call(main, "exists", name), [true], name);
    }
  });
}, { concurrency: 4 });

forEachKind("guards that answer later", (kind) => {
  let server;
  before(async () => { server = await start(kind); });
  after(() => server.stop());

  for (const [mode, options] of Object.entries(modes)) {
    test(`${mode}: the client is in when the last guard has let it in (N08)`, async (t) => {
      const socket = client(t, server, { ...options, auth: { ms: 30 } }, "/slow");
      const early = next(socket, "early");
      await next(socket, "connect");
      assert.deepEqual(await early, [1]);
      assert.deepEqual(await call(socket, "whoami"), [{ nsp: "/slow", parent: null }]);
    });

    for (const n of [1, 2, 3])
      test(`${mode}: guard ${n} refuses with its data (N08 N14)`, async (t) => {
        const err = await refusalOf(t, server, "/slow", { ...options, auth: { ms: 10, stop: n } });
        assert.equal(err.message, `stopped at ${n}`);
        assert.deepEqual(err.data, { guard: n });
      });
  }

  test("guards are asked in order, and none behind one that refuses (N08)", async (t) => {
    const fresh = await start(kind);
    t.after(() => fresh.stop());
    const asked = () => fresh.seen({ event: "guard" }).map((o) => o.n);
    await refusalOf(t, fresh, "/slow", { auth: { stop: 2 } });
    assert.deepEqual(asked(), [1, 2]);
    await connected(t, fresh, {}, "/slow");
    assert.deepEqual(asked(), [1, 2, 1, 2, 3]);
  });

  test("what guards emit precedes the CONNECT reply (N08)", async (t) => {
    const wire = await webSocketSession(t, server);
    wire.sendText(`40/slow,{"ms":20}`);
    assert.equal(await wire.readText(), `42/slow,["early",1]`);
    assert.match(await wire.readText(), /^40\/slow,\{"sid":"[\w-]{20}"\}$/);
  });

  test("a client that is not in yet is not reached by its rooms (N08)", async (t) => {
    const main = await connected(t, server);
    const wire = await webSocketSession(t, server);
    wire.sendText(`40/slow,{"ms":1000}`);
    assert.equal(await wire.readText(), `42/slow,["early",1]`);
    await call(main, "emit-room", "/slow", "early-room", "too early");
    assert.match(await wire.readText(), /^40\/slow,\{"sid"/);
    await call(main, "emit-room", "/slow", "early-room", "now");
    assert.equal(await wire.readText(), `42/slow,["all","now"]`);
  });

  for (const [what, packet] of [["an event", `42/slow,["whoami"]`], ["an acknowledgement", `43/slow,0[]`],
    ["a DISCONNECT", "41/slow,"]])
    test(`${what} before the answer ends the session (N08 S25)`, async (t) => {
      const wire = await webSocketSession(t, server);
      wire.sendText(`40/slow,{"ms":5000}`);
      assert.equal(await wire.readText(), `42/slow,["early",1]`);
      wire.sendText(packet);
      assert.equal((await wire.readClose()).code, 1005);
    });

  test("other namespaces go on while a guard is waited for (N02 N08)", async (t) => {
    const wire = await joinedSession(t, server);
    wire.sendText(`40/slow,{"ms":400}`);
    wire.sendText(`421["whoami"]`);
    assert.deepEqual([await wire.readText(), await wire.readText()].sort(),
      [`42/slow,["early",1]`, `431[{"nsp":"/","parent":null}]`]);
    assert.match(await wire.readText(), /^40\/slow,\{"sid"/);
  });

  test("a client that goes before the answer was never there (N08)", async (t) => {
    const fresh = await start(kind);
    t.after(() => fresh.stop());
    const wire = await webSocketSession(t, fresh);
    wire.sendText(`40/slow,{"ms":400}`);
    assert.equal(await wire.readText(), `42/slow,["early",1]`);
    wire.socket.destroy();
    await fresh.observe({ event: "answered" });
    await connected(t, fresh, {}, "/slow");
    assert.equal(fresh.seen({ event: "connect", nsp: "/slow" }).length, 1);
    assert.equal(fresh.seen({ event: "disconnect", nsp: "/slow" }).length, 0);
  });

  test("a client that asks again before the answer (N08)", async (t) => {
    const fresh = await start(kind);
    t.after(() => fresh.stop());
    const wire = await joinedSession(t, fresh);
    wire.sendText(`40/slow,{"ms":300}`);
    wire.sendText(`40/slow,{"ms":600}`);
    for (let i = 0; i < 2; i++) assert.equal(await wire.readText(), `42/slow,["early",1]`);
    await fresh.observe(() => fresh.seen({ event: "answered" }).length === 2, "two answers");
    wire.sendText(`420["exists","/slow"]`);
    const got = [];
    while (got.at(-1) !== "430[true]") got.push(await wire.readText());
    const replies = got.filter((text) => text.startsWith("40/slow,")).length;
    // The official server lets both in, though its client is one; we let in the newer one.
    assert.equal(replies, kind === "node" ? 2 : 1);
    const lets = () => fresh.seen({ event: "connect", nsp: "/slow" }).length;
    await fresh.observe(() => lets() === replies, `${replies} times on_connect`);
  });
}, { concurrency: 8 });

if (process.env.VIREO_KINDS !== "node")
  test("limits of dynamic namespaces and guards", { concurrency: 4 }, async (t) => {
    const server = await start("vireo", "--max-children", 3, "--guard-timeout", 500);
    t.after(() => server.stop());

    await t.test("as many children as the limit, and not one more (N03)", async (t) => {
      for (const name of ["/dyn-1", "/dyn-2", "/dyn-3"]) await connected(t, server, {}, name);
      assert.equal((await refusalOf(t, server, "/dyn-4")).message, "Too many namespaces");
      await connected(t, server, {}, "/dyn-3");
      await connected(t, server, {}, "/dyn-777");
    });

    await t.test("a name of 512 bytes is tried, a longer one is not (N03)", async (t) => {
      const wire = await webSocketSession(t, server);
      const name = (length) => `/fn-yes${"x".repeat(length - 7)}`;
      wire.sendText(`40${name(512)},`);
      assert.equal(await wire.readText(), `44${name(512)},{"message":"Too many namespaces"}`);
      wire.sendText(`40${name(513)},`);
      assert.equal(await wire.readText(), `44${name(513)},{"message":"Invalid namespace"}`);
      wire.sendText("40/dyn-1\0,");
      assert.equal((await wire.readClose()).code, 1005, "a name that ends early for C");
    });

    await t.test("a guard that takes too long is a refusal (N08)", async (t) => {
      const err = await refusalOf(t, server, "/slow", { auth: { ms: 1500 } });
      assert.equal(err.message, "operation has timed out");
      await server.observe({ event: "answered" });
      assert.equal(server.seen({ event: "connect", nsp: "/slow" }).length, 0);
      await connected(t, server, { auth: { ms: 1 } }, "/slow");
    });

    await t.test("a decision that takes too long is a no (N04)", async (t) => {
      const err = await refusalOf(t, server, "/fn-later-1500-yes");
      assert.equal(err.message, "Invalid namespace");
    });

    await t.test("the server ends while answers are owed (N04 N08)", async (t) => {
      const ending = await start("vireo", "--cleanup");
      const wire = await webSocketSession(t, ending);
      wire.sendText(`40/slow,{"ms":60000}`);
      wire.sendText("40/fn-later-60000-yes,");
      assert.equal(await wire.readText(), `42/slow,["early",1]`);
      const child = await connected(t, ending, {}, "/dyn-1");
      assert.ok(child.connected);
      await announced(ending, "/dyn-1");
      await ending.stop();
      for (const name of ["/dyn-1", "/slow"])
        assert.equal(ending.seen({ event: "namespace-gone", name }).length, workersOf(ending));
    });
  });
