// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Several servers that an adapter joins (K01 K13 K19, R16, and R03 to R13 across servers), with
// official clients: three of Vireo on one loop, three on threads of their own, and three official
// ones with the official base of adapters. What they tell each other goes through bytes.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { ask } from "../js/ask.mjs";
import { call, connected } from "../js/client.mjs";
import { kinds, startServer } from "../js/server.mjs";
import { collect, next, nextN, until } from "../js/wait.mjs";

const websocket = { transports: ["websocket"] };
const polling = { transports: ["polling"] };
const sorted = (list) => [...list].sort();

/** Starts three servers; resolves to them as [a, b, c] for client(), and `.stop()`. */
async function startCluster(kind, args = []) {
  const server = await startServer(kind, ["--servers", 3, ...args], "remote");
  const { urls } = await server.observe({ event: "servers" });
  const list = urls.map((url) => ({ url }));
  list.observe = (o) => server.observe(o);
  list.stop = () => server.stop();
  return list;
}

/** Waits until this client's server knows of `n`. */
async function knows(socket, n) {
  await until(async () => (await call(socket, "servers"))[0] === n, `${n} servers`);
}

/** A client that answers "q" with `answer`, and sees what it was asked. */
async function answering(t, server, options, answer, namespace) {
  const socket = await connected(t, server, options, namespace);
  socket.asked = [];
  socket.on("q", (...args) => {
    const ack = args.pop();
    socket.asked.push(args);
    if (answer !== undefined) ack(answer);
  });
  return socket;
}

/** A client on each server, all of them in a room of their own. */
async function oneEach(t, servers, answers = [], namespace = "/") {
  const room = randomUUID();
  const sockets = await Promise.all(servers.map((server, i) =>
    answering(t, server, i === 1 ? polling : websocket, answers[i], namespace)));
  for (const s of sockets) await call(s, "join", room);
  await knows(sockets[0], servers.length);
  return { sockets, room };
}

/** What each of them hears as `event` until "end" comes, which `from` broadcasts. */
async function heardUntilEnd(sockets, from, event, act) {
  const heard = sockets.map((s) => collect(s, event));
  const ends = sockets.map((s) => next(s, "end"));
  await act();
  await call(from, "emit-to", { rooms: sockets.map((s) => s.id) }, "end");
  await Promise.all(ends);
  return heard;
}

const places = [
  ...kinds.includes("vireo") ? [["vireo", "vireo", []], ["vireo on threads", "vireo", ["--threads"]]] : [],
  ...kinds.includes("node") ? [["node", "node", []]] : [],
];

for (const [title, kind, args] of places) describe(`three servers [${title}]`, { concurrency: 6 }, () => {
  let servers;
  before(async () => { servers = await startCluster(kind, args); });
  after(() => servers.stop());

  test("a broadcast reaches the clients of all servers (K01 R06)", async (t) => {
    const { sockets } = await oneEach(t, servers);
    const word = randomUUID();
    const heard = await heardUntilEnd(sockets, sockets[0], word, () =>
      call(sockets[0], "emit-to", {}, word, { n: 1.5, s: "ü\u2028" }));
    assert.deepEqual(heard, Array(3).fill([{ n: 1.5, s: "ü\u2028" }]));
  });

  test("a room's, with exceptions, each socket once (K01 R03 R04)", async (t) => {
    const { sockets: [a, b, c], room } = await oneEach(t, servers);
    const d = await connected(t, servers[1], websocket);
    await call(b, "join", `${room}-2`);
    await call(c, "join", `${room}-no`);
    const heard = await heardUntilEnd([a, b, c, d], a, "x", () => call(a, "emit-to",
      { rooms: [room, `${room}-2`], except: [`${room}-no`] }, "x", "y"));
    assert.deepEqual(heard, [["y"], ["y"], [], []]);
  });

  test("to one socket by its id, and to all but one (K01 R02 R04)", async (t) => {
    const { sockets, room } = await oneEach(t, servers);
    const [a, b, c] = sockets;
    const heard = await heardUntilEnd(sockets, a, "x", async () => {
      await call(a, "emit-to", { rooms: [b.id] }, "x", 1);
      await call(a, "emit-to", { rooms: [room], except: [a.id, c.id] }, "x", 2);
    });
    assert.deepEqual(heard, [[], [1, 2], []]);
  });

  test("more rooms than stand in a struct (K01 R03)", async (t) => {
    const { sockets: [a, b], room } = await oneEach(t, servers);
    const many = Array.from({ length: 12 }, (_, i) => `${room}-${i}`);
    await call(b, "join", many[11]);
    const heard = await heardUntilEnd([a, b], a, "x", () => call(a, "emit-to", { rooms: many }, "x"));
    assert.deepEqual(heard, [[], [[]]]);
  });

  test("the local flag keeps it on one server (K01 R07)", async (t) => {
    const { sockets, room } = await oneEach(t, servers);
    const heard = await heardUntilEnd(sockets, sockets[0], "x", () =>
      call(sockets[0], "emit-to", { rooms: [room], flags: ["local"] }, "x", 1));
    assert.deepEqual(heard, [[1], [], []]);
  });

  test("a volatile broadcast (K01)", async (t) => {
    const { sockets: [a, , c], room } = await oneEach(t, servers);
    const heard = next(c, "x");
    await call(a, "emit-to", { rooms: [room], flags: ["volatile"] }, "x", 1);
    assert.deepEqual(await heard, [1]);
  });

  test("binary parts come through (K01 R06)", async (t) => {
    const { sockets, room } = await oneEach(t, servers);
    const parts = [{ a: Buffer.from([1, 2]), b: "text" }, Buffer.alloc(0)];
    const heard = await heardUntilEnd(sockets, sockets[0], "x", () =>
      call(sockets[0], "emit-to", { rooms: [room] }, "x", ...parts));
    assert.deepEqual(heard, Array(3).fill([parts]));
  });

  test("what looks like a placeholder is passed on as it is (K01)", async (t) => {
    const { sockets: [a, b], room } = await oneEach(t, servers);
    const heard = next(b, "x");
    await call(a, "emit-to", { rooms: [room] }, "x", { _placeholder: true, num: 7 });
    assert.deepEqual(await heard, [{ _placeholder: true, num: 7 }]);
  });

  test("one server's broadcasts arrive in order (K01 S24)", async (t) => {
    const { sockets: [a, b, c], room } = await oneEach(t, servers);
    const N = 200;
    const got = [b, c].map((s) => nextN(s, "n", N));
    const size = (i) => i % 7 === 0 ? "x".repeat(2000) : i % 5 === 0 ? Buffer.alloc(9) : "";
    for (let i = 0; i < N; i++) a.emit("emit-to", { rooms: [room] }, "n", i, size(i), () => {});
    for (const list of await Promise.all(got))
      assert.deepEqual(list.map(([i]) => i), Array.from({ length: N }, (_, i) => i));
  });

  test("a broadcast collects the answers of all servers' clients (R08)", async (t) => {
    const { sockets, room } = await oneEach(t, servers, ["a", { b: [1] }, Buffer.from([7])]);
    const [error, responses] =
      await ask(sockets[0], "ask-all", { rooms: [room] }, 5000, "q", 1, Buffer.from([2]));
    assert.deepEqual([error, sorted(responses.map((r) => JSON.stringify(r)))],
      [null, sorted(["a", { b: [1] }, Buffer.from([7])].map((r) => JSON.stringify(r)))]);
    for (const s of sockets) assert.deepEqual(s.asked, [[1, Buffer.from([2])]]);
  });

  test("catch-all listeners see what another server sends (K01 S13)", async (t) => {
    const { sockets: [a, b], room } = await oneEach(t, servers, ["a", "b", "c"]);
    await call(b, "watch");
    await call(a, "emit-to", { rooms: [room] }, "x", 1);
    await ask(a, "ask-all", { rooms: [room] }, 5000, "q", 1);
    await servers.observe({ event: "out", id: b.id, name: "x" });
    await servers.observe({ event: "out", id: b.id, name: "q" });
  });

  test("an answer without a value (R08)", async (t) => {
    const { sockets: [a, b] } = await oneEach(t, servers);
    b.on("none", (ack) => ack());
    const [error, list] = await ask(a, "ask-all", { rooms: [b.id] }, 5000, "none");
    assert.deepEqual([error, list.length, list[0] ?? null], [null, 1, null]);
  });

  test("at the time-out there are the answers so far (R08 K19)", async (t) => {
    const { sockets: [a, b, c], room } = await oneEach(t, servers, ["a", undefined, "c"]);
    const [error, responses] = await ask(a, "ask-all", { rooms: [room] }, 700, "q");
    assert.equal(error, "timeout");
    assert.ok(responses.every((r) => r === "a" || r === "c"), JSON.stringify(responses));
    await until(async () => { await call(b, "ack"); return b.asked.length + c.asked.length === 2; },
      "the question at all of them");
  });

  test("nobody to ask anywhere: an empty list at once (R08)", async (t) => {
    const { sockets: [a] } = await oneEach(t, servers, ["a", "b", "c"]);
    assert.deepEqual(await ask(a, "ask-all", { rooms: ["nobody is in here"] }, 60000, "q"), [null, []]);
  });

  test("with the local flag only this server's are asked (R08 R07)", async (t) => {
    const { sockets: [a], room } = await oneEach(t, servers, ["a", "b", "c"]);
    assert.deepEqual(await ask(a, "ask-all", { rooms: [room], flags: ["local"] }, 700, "q")
      .then(([, responses]) => responses), ["a"]);
  });

  test("fetchSockets of all servers (R09)", async (t) => {
    const { sockets: [a, b, c], room } = await oneEach(t, servers);
    await call(b, "set-data", "b's data");
    const [error, list] = await ask(a, "fetch", { rooms: [room], except: [c.id] }, 5000);
    assert.equal(error, null);
    assert.deepEqual(sorted(list.map((s) => s.id)), sorted([a.id, b.id]));
    const far = list.find((s) => s.id === b.id);
    assert.deepEqual([sorted(far.rooms), far.data], [sorted([b.id, room]), { v: "b's data" }]);
    assert.equal(far.handshake.query.transport, "polling");
    assert.deepEqual(far.handshake.auth, {});
  });

  test("fetchSockets of one server (R09 R07)", async (t) => {
    const { sockets: [a], room } = await oneEach(t, servers);
    const [, list] = await ask(a, "fetch", { rooms: [room], flags: ["local"] }, 5000);
    assert.deepEqual(list.map((s) => s.id), [a.id]);
  });

  test("all ids (R13)", async (t) => {
    const { sockets, room } = await oneEach(t, servers);
    const [error, ids] = await ask(sockets[1], "all-sockets", { rooms: [room] }, 5000);
    assert.deepEqual([error, sorted(ids)], [null, sorted(sockets.map((s) => s.id))]);
  });

  test("a socket of another server is asked by its id (R10)", async (t) => {
    const { sockets: [a, b, c] } = await oneEach(t, servers, ["a", { b: Buffer.from([2]) }, "c"]);
    assert.deepEqual(await ask(a, "ask-one", b.id, 5000, "q", 5), [null, { b: Buffer.from([2]) }]);
    assert.deepEqual([a.asked, b.asked, c.asked], [[], [[5]], []]);
    assert.deepEqual(await ask(a, "ask-one", "no such id", 5000, "q"), ["not found", null]);
  });

  test("a socket of another server that does not answer (R10 K19)", async (t) => {
    const { sockets: [a, b] } = await oneEach(t, servers);
    assert.deepEqual(await ask(a, "ask-one", b.id, 400, "q"), ["timeout", null]);
  });

  test("sockets of all servers join and leave (R11)", async (t) => {
    const { sockets: [a, b, c], room } = await oneEach(t, servers);
    const [x, y] = [`${room}-x`, `${room}-y`];
    await heardUntilEnd([b, c], a, "x", () => call(a, "sockets-join", { rooms: [room], except: [c.id] }, [x, y]));
    assert.deepEqual((await call(b, "leave", "nothing"))[0], sorted([b.id, room, x, y]));
    assert.deepEqual((await call(c, "leave", "nothing"))[0], sorted([c.id, room]));
    await heardUntilEnd([b, c], a, "x", () => call(a, "sockets-leave", { rooms: [x] }, [room, y]));
    assert.deepEqual((await call(b, "leave", "nothing"))[0], sorted([b.id, x]));
    assert.deepEqual((await call(a, "leave", "nothing"))[0], sorted([a.id, x]));
  });

  test("sockets of all servers are disconnected (R12)", async (t) => {
    const { sockets: [a, b, c], room } = await oneEach(t, servers);
    const ends = [b, c].map((s) => next(s, "disconnect"));
    a.emit("disconnect-sockets", { rooms: [room], except: [a.id] }, false);
    assert.deepEqual((await Promise.all(ends)).map(([reason]) => reason),
      ["io server disconnect", "io server disconnect"]);
    assert.ok(a.connected);
  });

  test("and their connections closed (R12)", async (t) => {
    const { sockets: [a, b, c] } = await oneEach(t, servers);
    const closes = [b, c].map((s) => next(s.io.engine, "close"));
    a.emit("disconnect-sockets", { rooms: [b.id, c.id] }, true);
    await Promise.all(closes);
    assert.ok(a.connected);
  });

  test("an event for the other servers (R16)", async (t) => {
    const { sockets } = await oneEach(t, servers);
    const word = randomUUID();
    const mine = (list) => list.filter(([, v]) => JSON.stringify(v).includes(word));
    const heard = await heardUntilEnd(sockets, sockets[0], "told", async () =>
      sockets[0].emit("server-emit", "tell", { word, data: Buffer.from([3]) }));
    const expected = (name) => [[name, { word, data: Buffer.from([3]) }]];
    assert.deepEqual(heard.map(mine), [[], expected("b"), expected("c")]);
  });

  test("the answers of the other servers, one value of each (R16)", async (t) => {
    const { sockets: [, b] } = await oneEach(t, servers);
    const [error, list] = await ask(b, "server-ask", 5000, "who", Buffer.from([4]));
    assert.deepEqual([error, sorted(list.map((x) => x.name))], [null, ["a", "c"]]);
    for (const { got } of list) assert.deepEqual(got, Buffer.from([4]));
  });

  test("servers that do not answer (R16 K19)", async (t) => {
    const { sockets: [a] } = await oneEach(t, servers);
    // The official server always waits for 5 s.
    assert.deepEqual(await ask(a, "server-ask", 400, "nobody handles this"), ["timeout", []]);
  });

  test("dynamic namespaces are joined by their names (K01 N06)", async (t) => {
    const { sockets, room } = await oneEach(t, servers, ["a", "b", "c"], "/dyn-1");
    const other = await oneEach(t, servers, [], "/dyn-2");
    const word = randomUUID();
    const heard = await heardUntilEnd(sockets, sockets[0], word, () => call(sockets[0], "emit-to", {}, word, 1));
    assert.deepEqual(heard, [[1], [1], [1]]);
    const none = await heardUntilEnd(other.sockets, other.sockets[0], word, async () => {});
    assert.deepEqual(none, [[], [], []]);
    const [error, responses] = await ask(sockets[1], "ask-all", { rooms: [room] }, 5000, "q");
    assert.deepEqual([error, sorted(responses)], [null, ["a", "b", "c"]]);
    const [, list] = await ask(sockets[2], "server-ask", 5000, "who", 1);
    assert.deepEqual(sorted(list.map((x) => x.name)), ["a", "b"]);
  });

  test("a namespace that no other server has (K01)", async (t) => {
    const a = await answering(t, servers[0], websocket, "a", `/dyn-${Date.now()}`);
    const heard = next(a, "x");
    await call(a, "emit-to", {}, "x", 1);
    assert.deepEqual(await heard, [1]);
    assert.deepEqual(await ask(a, "server-ask", 60000, "who", 1), [null, []]);
    assert.deepEqual(await ask(a, "ask-all", {}, 60000, "q"), [null, ["a"]]);
  });
});

for (const [title, kind, args] of places) describe(`a slow adapter [${title}]`, () => {
  test("everything comes, in the order of each server (K01)", async (t) => {
    const servers = await startCluster(kind, args);
    t.after(() => servers.stop());
    const { sockets: [a, b, c], room } = await oneEach(t, servers, ["a", "b", "c"]);
    await call(a, "lag", 30);
    const N = 20;
    const got = nextN(c, "n", 2 * N);
    for (let i = 0; i < N; i++)
      for (const s of [a, b]) s.emit("emit-to", { rooms: [room] }, "n", s.id, i, () => {});
    const list = await got;
    for (const s of [a, b])
      assert.deepEqual(list.filter(([id]) => id === s.id).map(([, i]) => i),
        Array.from({ length: N }, (_, i) => i));
    const [error, responses] = await ask(b, "ask-all", { rooms: [room] }, 5000, "q");
    assert.deepEqual([error, sorted(responses)], [null, ["a", "b", "c"]]);
    const [, ids] = await ask(b, "all-sockets", { rooms: [room] }, 5000);
    assert.deepEqual(sorted(ids), sorted([a.id, b.id, c.id]));
  });
});

const quick = ["--heartbeat-ms", 300, "--silence-ms", 3000];

for (const [title, kind, args] of places) describe(`servers that leave [${title}]`, { concurrency: 4 }, () => {
  /** Three servers, of which the last leaves as `how` says while its clients are asked. */
  async function leaving(t, how, options = []) {
    const servers = await startCluster(kind, [...args, ...options]);
    t.after(() => servers.stop());
    const { sockets, room } = await oneEach(t, servers, ["a", "b", undefined]);
    return { sockets, room, leave: async () => how === "stop" ? sockets[2].emit("stop") : call(sockets[2], "cut") };
  }

  test("one that says goodbye is counted no more (K13)", async (t) => {
    const { sockets: [a], room, leave } = await leaving(t, "stop");
    await leave();
    await knows(a, 2);
    const [error, ids] = await ask(a, "all-sockets", { rooms: [room] }, 60000);
    assert.deepEqual([error, ids.length], [null, 2]);
    const [, list] = await ask(a, "server-ask", 60000, "who", 1);
    assert.deepEqual(list.map((x) => x.name), ["b"]);
  });

  test("one that falls silent is given up (K13)", async (t) => {
    const { sockets: [a], leave } = await leaving(t, "cut", quick);
    await leave();
    await knows(a, 2);
    const [, list] = await ask(a, "server-ask", 60000, "who", 1);
    assert.deepEqual(list.map((x) => x.name), ["b"]);
  });

  test("one that leaves while servers are asked for answers (R16 K19)", async (t) => {
    const { sockets: [a], leave } = await leaving(t, "cut", quick);
    await leave();
    const [error, list] = await ask(a, "server-ask", 60000, "who", 1);
    assert.deepEqual([error, list.map((x) => x.name)], [null, ["b"]]);
  });

  test("one that leaves while its sockets are fetched (R09 K19)", async (t) => {
    const { sockets: [a, b], room, leave } =
      await leaving(t, "cut", quick);
    await leave();
    const [error, ids] = await ask(a, "all-sockets", { rooms: [room] }, 60000);
    assert.deepEqual([error, sorted(ids)], [null, sorted([a.id, b.id])]);
  });

  test("one that leaves before its clients have answered (R08 K19)", async (t) => {
    const { sockets: [a, , c], room, leave } = await leaving(t, "stop");
    const asked = next(c, "q");
    // The official server waits for its time-out.
    const result = ask(a, "ask-all", { rooms: [room] }, kind === "vireo" ? 60000 : 1500, "q");
    await asked;
    await leave();
    const [error, responses] = await result;
    assert.deepEqual([error, sorted(responses)],
      [kind === "vireo" ? "the connection is closed" : "timeout", ["a", "b"]]);
  });

  test("one that leaves before it was asked (R08 K19)", async (t) => {
    const { sockets: [a], room, leave } =
      await leaving(t, "cut", quick);
    await leave();
    const [error, responses] =
      await ask(a, "ask-all", { rooms: [room] }, kind === "vireo" ? 60000 : 1000, "q");
    assert.deepEqual([error, sorted(responses)],
      [kind === "vireo" ? "the connection is closed" : "timeout", ["a", "b"]]);
  });

  test("the end of a server that waits for answers (R18)", async (t) => {
    const { sockets: [a, , c], room } = await leaving(t, "stop");
    const asked = next(c, "q");
    a.emit("ask-all", "token", { rooms: [room] }, 60000, "q");
    await asked;
    const gone = next(a, "disconnect");
    a.emit("stop");
    await gone;
    await knows(c, 2);
  });
});

// The official base of adapters has no recovery.
if (kinds.includes("vireo")) describe("connection state recovery beside other servers [vireo]", () => {
  test("who comes back has missed nothing that another server has sent (V02 K01)", async (t) => {
    const servers = await startCluster("vireo", ["--recovery-ms", 20000]);
    t.after(() => servers.stop());
    const a = await connected(t, servers[0], websocket);
    const b = await connected(t, servers[1], { ...websocket, reconnection: true, reconnectionDelay: 10 });
    await knows(a, 3);
    const { id } = b;
    const heard = collect(b, "x");
    const say = async (x, other) => {
      const first = other && next(other, "x");
      await call(a, "emit-to", { rooms: [id] }, "x", x, { n: Buffer.from([x]) });
      await first;
    };
    await say(1, b);
    const back = next(b, "connect");
    b.io.engine.transport.ws.terminate();
    for (const x of [2, 3]) await say(x);
    await back;
    assert.deepEqual([b.recovered, b.id], [true, id]);
    await say(4, b);
    assert.deepEqual(heard.map(([x, { n }]) => [x, ...n]), [[1, 1], [2, 2], [3, 3], [4, 4]]);
  });
});

/** The bytes of a message, as the loop-back carrier has them. */
function wire(json, ...parts) {
  const number = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b; };
  const piece = (data) => [number(Buffer.byteLength(data)), Buffer.from(data)];
  return Buffer.concat([...piece(typeof json === "string" ? json : JSON.stringify(json)),
    number(parts.length), ...parts.flatMap(piece)]);
}

// The bytes are ours alone: the official base has no form of its own for them.
if (kinds.includes("vireo")) describe("bytes that no server has sent (K01) [vireo]", () => {
  const opts = { rooms: [], except: [], flags: {} };
  const from = (type, data) => ({ type, data, uid: "0123456789abcdef", nsp: "/" });
  const news = (data, more = {}) => from(3, { packet: { type: 2, data }, opts, ...more });
  let servers;
  before(async () => { servers = await startCluster("vireo"); });
  after(() => servers.stop());

  /** Gives them to the other servers, then a broadcast; returns what a client there has heard. */
  async function heardAfter(t, list) {
    const { sockets: [a, b] } = await oneEach(t, servers);
    const [heard] = await heardUntilEnd([b], a, "x", async () => {
      for (const bytes of list) await call(a, "inject", bytes);
    });
    return heard;
  }

  test("an emitter's broadcast is delivered, and it is no server", async (t) => {
    const message = { type: 3, data: { packet: { type: 2, data: ["x", 1], nsp: "/" }, opts }, uid: "emitter" };
    assert.deepEqual(await heardAfter(t, [wire(message), wire({ ...message, nsp: "/" }),
      wire({ ...message, nsp: "/other" })]), [1, 1]);
    const s = await connected(t, servers[1], websocket);
    assert.deepEqual(await call(s, "servers"), [3]);
  });

  test("messages with more in them, in another order", async (t) => {
    const message = { nsp: "/", later: [1], data: { opts: { flags: { compress: true, more: {} }, x: 1,
      except: [], rooms: [] }, packet: { data: ["x", "y"], nsp: "/", id: 5 } }, uid: "emitter", type: 3 };
    assert.deepEqual(await heardAfter(t, [wire(message)]), ["y"]);
  });

  test("whatever is malformed is passed over", async (t) => {
    const good = wire(news(["x", 0]));
    const bad = [
      "", "{}", "[]", "null", "3", "{", from(0, {}), from(14, {}), from("3", {}), from(1.5, {}), from(-1, {}),
      { ...news(["x"]), uid: undefined }, { ...news(["x"]), uid: 5 }, { ...news(["x"]), uid: "" },
      { ...news(["x"]), uid: "u".repeat(65) }, { ...news(["x"]), uid: "a\0b" },
      { ...news(["x"]), nsp: 5 }, { ...news(["x"]), nsp: "/\0" },
      from(3), from(3, null), from(3, []), from(3, { opts }), from(3, { packet: ["x"], opts }),
      news("x"), news([]), news([null]), news(["connect"]), news(["disconnect"]), news({ 0: "x" }),
      news(["x"], { opts: undefined }), news(["x"], { opts: {} }), news(["x"], { opts: { rooms: [] } }),
      news(["x"], { opts: { rooms: {}, except: [] } }), news(["x"], { opts: { rooms: [null], except: [] } }),
      news(["x"], { opts: { rooms: [], except: [["a"]] } }), news(["x"], { opts: { rooms: ["a\0"], except: [] } }),
      news(["x"], { requestId: 5 }), news(["x"], { requestId: "" }), news(["x"], { requestId: "r".repeat(65) }),
      from(4, { opts }), from(4, { opts, rooms: "a" }), from(5, { opts, rooms: [{}] }), from(6, {}),
      from(7, { opts }), from(8, { requestId: "a" }), from(8, { requestId: "a", sockets: {} }),
      from(9, {}), from(9, { packet: "x" }), from(9, { packet: [] }), from(9, { packet: [1] }),
      from(10, {}), from(11, { requestId: "a" }), from(11, { requestId: "a", clientCount: -1 }),
      from(11, { requestId: "a", clientCount: 2 ** 32 }), from(11, { requestId: "a", clientCount: 1e300 }), from(12, {}),
    ].map((json) => wire(json ?? ""));
    for (let n = 0; n < good.length; n++) bad.push(good.subarray(0, n));
    bad.push(Buffer.concat([good, Buffer.from([0])]), wire(news(["x", { _placeholder: true, num: 1 }]), "part"),
      Buffer.concat([Buffer.alloc(4, 0xff), good]));
    assert.deepEqual(await heardAfter(t, [...bad, wire({ ...news(["x", "well"]), uid: "emitter" })]), ["well"]);
  });

  test("names of rooms that no socket can have are refused", async (t) => {
    const long = "r".repeat(256);
    const heard = await heardAfter(t, [wire({ ...from(4, { opts, rooms: [long, "", "fine"] }), uid: "emitter" }),
      wire({ ...from(3, { packet: { data: ["x", 1] }, opts: { ...opts, rooms: [long] } }), uid: "emitter" }),
      wire({ ...from(3, { packet: { data: ["x", 2] }, opts: { ...opts, rooms: ["fine"] } }), uid: "emitter" }),
      wire({ ...from(4, { opts, rooms: [7] }), uid: "emitter" }),
      wire({ ...from(3, { packet: { data: ["x", 3] }, opts: { ...opts, rooms: ["7"] } }), uid: "emitter" })]);
    assert.deepEqual(heard, [2, 3]);
  });

  test("answers that nobody waits for", async (t) => {
    const answers = [from(8, { requestId: "0123456789abcdef", sockets: [{ id: "a" }] }),
      from(10, { requestId: "0123456789abcdef", packet: 1 }), from(11, { requestId: "zz", clientCount: 1 }),
      from(12, { requestId: "-1", packet: 1 })];
    assert.deepEqual(await heardAfter(t, [...answers.map((m) => wire(m)),
      wire({ ...news(["x", "well"]), uid: "emitter" })]), ["well"]);
  });
});
