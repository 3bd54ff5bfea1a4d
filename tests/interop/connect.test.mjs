// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Connecting: transports, handshake, auth, namespaces and their guards, with the official client.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { WebSocket } from "ws";
import { call, client, connected, modes, settle, upgraded } from "../js/client.mjs";
import { forEachKind, startServer } from "../js/server.mjs";
import { collect, next, within } from "../js/wait.mjs";

const ID = /^[A-Za-z0-9_-]{20}$/;

forEachKind("connecting", (kind) => {
  let server;
  before(async () => { server = await startServer(kind); });
  after(() => server.stop());

  for (const [mode, options] of Object.entries(modes)) {
    test(`${mode}: connects and is told its id (T01 T03 N01)`, async (t) => {
      const socket = await connected(t, server, options);
      assert.match(socket.id, ID);
      assert.match(socket.io.engine.id, ID);
      assert.notEqual(socket.id, socket.io.engine.id, "the session's id stays secret");
      assert.ok(!socket.recovered);
      const seen = await server.observe({ event: "connect", id: socket.id });
      assert.equal(seen.nsp, "/");
      assert.equal(seen.transport, options.transports[0]);
    });

    test(`${mode}: the handshake object (N11)`, async (t) => {
      const started = Date.now();
      const socket = await connected(t, server, {
        ...options,
        query: { room: "a b&c=d", lang: "ü", empty: "" },
        auth: { token: "t1", deep: { list: [1, null, "é"] } },
        extraHeaders: { "X-Custom": "Value", Origin: "http://other.example" },
      });
      const [hs] = await call(socket, "handshake", ["x-custom", "origin", "host", "x-none"],
        ["room", "lang", "empty", "EIO", "transport", "none"]);
      assert.deepEqual(hs.headers, { "x-custom": "Value", origin: "http://other.example",
        host: `127.0.0.1:${server.port}`, "x-none": null });
      assert.equal(hs.xdomain, true);
      assert.equal(hs.secure, false);
      assert.equal(hs.address, "127.0.0.1");
      assert.equal(typeof hs.issued, "number");
      assert.ok(hs.issued >= started - 1 && hs.issued <= Date.now() + 1, `issued ${hs.issued}`);
      assert.deepEqual(hs.auth, { token: "t1", deep: { list: [1, null, "é"] } });
      assert.deepEqual(hs.query, { room: "a b&c=d", lang: "ü", empty: "", EIO: "4",
        transport: options.transports[0], none: null });
      assert.ok(hs.url.startsWith("/socket.io/?room=a%20b%26c%3Dd&lang=%C3%BC&empty=&EIO=4&transport="),
        hs.url);
    });
  }

  test("the handshake without Origin, query or auth (N11)", async (t) => {
    const socket = await connected(t, server, { transports: ["websocket"] });
    const [hs] = await call(socket, "handshake", ["origin", "upgrade"], ["transport", "sid"]);
    assert.equal(hs.xdomain, false);
    assert.deepEqual(hs.auth, {});
    assert.deepEqual(hs.query, { transport: "websocket", sid: null });
    assert.deepEqual(hs.headers, { origin: null, upgrade: "websocket" });
    assert.equal(hs.url, "/socket.io/?EIO=4&transport=websocket");
  });

  test("the handshake of an upgraded session is its first request's (N11 T04)", async (t) => {
    const socket = await upgraded(t, server);
    const [hs] = await call(socket, "handshake", ["upgrade"], ["transport", "sid"]);
    assert.deepEqual(hs.query, { transport: "polling", sid: null });
    assert.deepEqual(hs.headers, { upgrade: null });
  });

  test("the query is decoded as a form (N11)", async (t) => {
    const ws = new WebSocket(`${server.url.replace("http", "ws")}/socket.io/` +
      "?EIO=4&transport=websocket&plus=1+2&bare&bird=%F0%9F%90%A6%26&broken=%zz&twice=1&twice=2");
    t.after(() => ws.terminate());
    ws.on("open", () => ws.send("40"));
    const asked = `420["handshake",[],["plus","bare","bird","broken","twice","EIO"]]`;
    const ack = await within(new Promise((resolve) => ws.on("message", (data) => {
      if (data.toString().startsWith("40")) ws.send(asked);
      if (data.toString().startsWith("430")) resolve(JSON.parse(data.toString().slice(3)));
    })), "the acknowledgement");
    assert.deepEqual(ack[0].query, { plus: "1 2", bare: "", bird: "🐦&", broken: "%zz", twice: "2", EIO: "4" });
  });

  test("auth as a function is asked at every connection (N10)", async (t) => {
    let times = 0;
    const socket = await connected(t, server,
      { transports: ["websocket"], auth: (give) => give({ times: ++times }) });
    assert.deepEqual((await call(socket, "handshake", [], []))[0].auth, { times: 1 });
    socket.disconnect();
    socket.connect();
    await next(socket, "connect");
    assert.deepEqual((await call(socket, "handshake", [], []))[0].auth, { times: 2 });
  });

  test("auth decides what happens on connection (N10)", async (t) => {
    const socket = client(t, server, { auth: { greet: true } });
    const [id] = await next(socket, "welcome");
    assert.equal(id, socket.id);
  });

  for (const [mode, options] of Object.entries(modes)) {
    test(`${mode}: two namespaces on one connection (N02)`, async (t) => {
      const main = await connected(t, server, options);
      const chat = main.io.socket("/chat");
      await next(chat, "connect");
      assert.notEqual(main.id, chat.id);
      const mainGot = collect(main, "echo");
      const chatGot = collect(chat, "echo");
      main.emit("echo", "for main");
      chat.emit("echo", "for chat", Buffer.from([1, 2]));
      await settle(main, chat);
      assert.deepEqual(mainGot, ["for main"]);
      assert.deepEqual(chatGot, [["for chat", Buffer.from([1, 2])]]);
      assert.equal((await call(chat, "info"))[0].nsp, "/chat");
      const id = chat.id;
      chat.disconnect();
      const left = await server.observe({ event: "disconnect", id });
      assert.equal(left.nsp, "/chat");
      assert.equal(left.reason, "client namespace disconnect");
      assert.deepEqual(await call(main, "ack", "still here"), ["still here"]);
    });
  }

  test("a broadcast stays in its namespace (N02)", async (t) => {
    const main = await connected(t, server, { transports: ["websocket"] });
    const chat = main.io.socket("/chat");
    await next(chat, "connect");
    const mainGot = collect(main, "all");
    const mark = `only chat ${chat.id}`;
    const come = next(chat, "all");
    chat.emit("all", mark);
    assert.deepEqual(await come, [mark]);
    await settle(main);
    assert.ok(!mainGot.includes(mark));
  });

  test("all namespaces end with the connection (N02 S17)", async (t) => {
    const main = await connected(t, server, { transports: ["websocket"] });
    const chat = main.io.socket("/chat");
    await next(chat, "connect");
    const ids = [main.id, chat.id];
    main.io.engine.close();
    for (const id of ids)
      assert.match((await server.observe({ event: "disconnect", id })).reason,
        /^transport (close|error)$/);
  });

  test("a guard lets in who has the token (N08)", async (t) => {
    const socket = await connected(t, server, { auth: { token: "secret" } }, "/admin");
    assert.equal((await call(socket, "info"))[0].nsp, "/admin");
  });

  for (const [mode, options] of Object.entries(modes)) {
    test(`${mode}: a guard's refusal reaches the client with its data (N08 N14)`, async (t) => {
      const socket = client(t, server, { ...options, auth: { token: "guess" } }, "/admin");
      const [err] = await next(socket, "connect_error");
      assert.ok(err instanceof Error);
      assert.equal(err.message, "not authorized");
      assert.deepEqual(err.data, { code: 401, hint: "token" });
      assert.equal(socket.connected, false);
      assert.equal(socket.active, false);
    });
  }

  test("a refusal in one namespace leaves the others alone (N08 N02)", async (t) => {
    const main = await connected(t, server);
    const admin = main.io.socket("/admin");
    const [err] = await next(admin, "connect_error");
    assert.equal(err.message, "not authorized");
    assert.deepEqual(await call(main, "ack", 1), [1]);
    admin.auth = { token: "secret" };
    admin.connect();
    await next(admin, "connect");
    assert.deepEqual(await call(admin, "ack", 2), [2]);
  });

  test("a guard may join rooms and emit before the client is connected (N08)", async (t) => {
    const socket = client(t, server, {}, "/early");
    const order = [];
    socket.on("early", (n) => order.push(`early ${n}`));
    socket.on("connect", () => order.push("connect"));
    await next(socket, "early");
    await settle(socket);
    assert.deepEqual(order.sort(), ["connect", "early 1"]);
    const [info] = await call(socket, "info");
    assert.deepEqual(info.rooms, ["early-room", socket.id].sort());
  });

  for (const name of ["/nowhere", "/chat/below", "/Chat"])
    test(`an unknown namespace ${name} is refused (N12)`, async (t) => {
      const socket = client(t, server, {}, name);
      const [err] = await next(socket, "connect_error");
      assert.equal(err.message, "Invalid namespace");
      assert.equal(err.data, undefined);
    });

  test("a query inside the namespace is not part of its name for this client (N02)", async (t) => {
    const socket = await connected(t, server, {}, "/chat?token=1");
    assert.equal((await call(socket, "info"))[0].nsp, "/chat");
    assert.equal((await call(socket, "handshake", [], ["token"]))[0].query.token, "1");
  });
}, { concurrency: 8 });

forEachKind("connecting, with options", (kind) => {
  const run = (name, args, body) => test(name, async (t) => {
    const server = await startServer(kind, args);
    t.after(() => server.stop());
    await body(t, server);
  });

  run("an IPv4 client of a server on all addresses has its address as IPv6 writes it (N11)", ["--host", "::"],
    async (t, server) => {
      const socket = await connected(t, { url: `http://127.0.0.1:${server.port}` });
      const [hs] = await call(socket, "handshake", [], []);
      assert.equal(hs.address, "::ffff:127.0.0.1");
    });

  run("a session that joins no namespace in time is closed (N13)", ["--connect-timeout", 200],
    async (t, server) => {
      // on a busy machine it may be too slow, too
      const socket = await connected(t, server, { reconnection: true, reconnectionDelay: 20 });
      const { id } = socket;
      const { Socket } = await import("engine.io-client");
      for (const transports of [["websocket"], ["polling"]]) {
        const engine = new Socket(server.url, { path: "/socket.io", transports, upgrade: false });
        t.after(() => engine.close());
        const [reason] = await next(engine, "close");
        assert.equal(reason, "transport close");
      }
      assert.deepEqual([await call(socket, "ack", 1), socket.id], [[1], id], "a joined one, older than they, stays");
    });

  run("a session refused by its only namespace is closed in time too (N13 N08)",
    ["--connect-timeout", 200], async (t, server) => {
      const socket = client(t, server, {}, "/nowhere");
      const closed = next(socket.io, "close");
      await next(socket, "connect_error");
      await closed;
    });

  run("only the listed transports are spoken: websocket (T08)", ["--transports", "websocket"],
    async (t, server) => {
      const socket = await connected(t, server, { transports: ["websocket"] });
      assert.deepEqual(await call(socket, "ack", 1), [1]);
      const [err] = await next(client(t, server, { transports: ["polling"] }), "connect_error");
      assert.equal(err.description, 400);
    });

  run("only the listed transports are spoken: polling (T08)", ["--transports", "polling"],
    async (t, server) => {
      const socket = await connected(t, server);
      assert.deepEqual(socket.io.engine.upgrades ?? [], []);
      assert.deepEqual((await call(socket, "info"))[0].transport, "polling");
      const [err] = await next(client(t, server, { transports: ["websocket"] }), "connect_error");
      assert.equal(err.message, "websocket error");
    });

  run("without upgrades the session stays with polling (T08)", ["--no-upgrades"],
    async (t, server) => {
      const socket = client(t, server);
      const [handshake] = await next(socket.io.engine ?? await engineOf(socket), "handshake");
      assert.deepEqual(handshake.upgrades, []);
      await next(socket, "connect");
      assert.equal((await call(socket, "info"))[0].transport, "polling");
    });

  run("another path (T09)", ["--path", "/my/rt/"], async (t, server) => {
    for (const options of Object.values(modes)) {
      const socket = await connected(t, server, { ...options, path: "/my/rt" });
      assert.deepEqual(await call(socket, "ack", "there"), ["there"]);
    }
    const lost = client(t, server, { transports: ["polling"] });
    const [err] = await next(lost, "connect_error");
    assert.equal(err.description, 404);
  });

  run("a path below the path belongs to it (T09)", [], async (t, server) => {
    const socket = await upgraded(t, server, { path: "/socket.io/some/where" });
    assert.deepEqual(await call(socket, "ack", 1), [1]);
  });
}, { concurrency: 4 });

async function engineOf(socket) {
  if (!socket.io.engine) await next(socket.io, "open");
  return socket.io.engine;
}
