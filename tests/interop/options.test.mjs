// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The cookie (T24), hooks for headers (T22), sub-protocols (T27), and clients of Socket.IO 2 (T31).

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { connected } from "../js/client.mjs";
import { fetchRaw, Wire } from "../js/raw.mjs";
import { forEachKind, startServer } from "../js/server.mjs";
import { next, within } from "../js/wait.mjs";

const require = createRequire(import.meta.url);
const io2 = require("socket.io-client-2");
const POLL = "/socket.io/?EIO=4&transport=polling";

forEachKind("headers", (kind) => {
  let server;
  before(async () => { server = await startServer(kind, [], "options"); });
  after(() => server.stop());

  test("the cookie and first headers come once, the others always (T22 T24)", async () => {
    const first = await fetchRaw(server, "GET", POLL);
    const { sid } = JSON.parse(first.body.slice(1));
    assert.deepEqual(new Set(first.headers["set-cookie"]),
      new Set([`sid=${sid}; Path=/; HttpOnly; SameSite=Lax`, "mine=1"]));
    assert.deepEqual([first.headers["x-first"], first.headers["x-each"]], ["yes", "yes"]);
    const post = await fetchRaw(server, "POST", `${POLL}&sid=${sid}`, { body: "40" });
    const poll = await fetchRaw(server, "GET", `${POLL}&sid=${sid}`);
    for (const res of [post, poll])
      assert.deepEqual([res.headers["x-first"], res.headers["x-each"], res.headers["set-cookie"]],
        [undefined, "yes", undefined]);
  });

  test("the 101 of a WebSocket has the headers, and no cookie of the session (T22 T24)", async (t) => {
    const wire = await Wire.open(t, server);
    const res = await wire.upgrade("/socket.io/?EIO=4&transport=websocket");
    assert.deepEqual([res.headers["x-first"], res.headers["x-each"]], ["yes", "yes"]);
    assert.doesNotMatch(String(res.headers["set-cookie"]), /sid=/);
  });

  test("the first sub-protocol is taken (T27)", async (t) => {
    const wire = await Wire.open(t, server);
    const res = await wire.upgrade("/socket.io/?EIO=4&transport=websocket", { "Sec-WebSocket-Protocol": "foo, bar" });
    assert.equal(res.headers["sec-websocket-protocol"], "foo");
  });
});

forEachKind("compression", (kind) => {
  let server;
  before(async () => { server = await startServer(kind, [], "options"); });
  after(() => server.stop());

  for (const perMessageDeflate of [true, { serverNoContextTakeover: true }, { clientNoContextTakeover: true }, false])
    test(`WebSocket with ${JSON.stringify(perMessageDeflate)} (T26)`, async (t) => {
      const socket = await connected(t, server, { transports: ["websocket"], perMessageDeflate });
      const { ws } = socket.io.engine.transport;
      assert.equal(ws.extensions.startsWith("permessage-deflate"), Boolean(perMessageDeflate));
      const before = ws._socket.bytesRead;
      for (const args of [["x".repeat(100000)], ["é🐦"], [Buffer.alloc(50000, 7), { a: Buffer.from([1]) }]]) {
        const come = next(socket, "echo");
        socket.emit("echo", ...args);
        assert.deepEqual(await come, args);
      }
      const bytes = ws._socket.bytesRead - before;
      assert.ok(perMessageDeflate ? bytes < 5000 : bytes > 150000, `${bytes} bytes`);
    });

  test("the limit of a message holds for what it inflates to (T14 T26)", async (t) => {
    const socket = await connected(t, server, { transports: ["websocket"], perMessageDeflate: true });
    const { id } = socket;
    const most = "x".repeat(1000000 - `2["echo",""]`.length - 1);
    const come = next(socket, "echo");
    socket.emit("echo", most);
    assert.deepEqual(await come, [most]);
    const gone = next(socket, "disconnect");
    socket.emit("echo", `${most}x`);
    const [, details] = await gone;
    assert.equal(details.context.code, 1009);
    assert.equal((await server.observe({ event: "disconnect", id })).reason, "transport error");
  });
});

const modes = {
  "polling only": { transports: ["polling"] },
  "websocket only": { transports: ["websocket"] },
  "polling then upgrade": { transports: ["polling", "websocket"] },
};

forEachKind("Socket.IO 2 clients", (kind) => {
  let server;
  before(async () => { server = await startServer(kind, [], "options"); });
  after(() => server.stop());

  const client = (t, namespace, options) => {
    const socket = io2(server.url + namespace, { forceNew: true, reconnection: false, ...options });
    t.after(() => socket.close());
    return socket;
  };
  const both = (socket, ...names) => Promise.all(names.map((name) => next(socket, name)));
  const ask = (socket, ...args) => within(new Promise((resolve) => socket.emit("ask", ...args, resolve)), "the answer");

  for (const [mode, options] of Object.entries(modes)) {
    test(`${mode}: connects, with the id of its session (T31)`, async (t) => {
      const socket = client(t, "/", options);
      const [, [id, auth]] = await both(socket, "connect", "welcome");
      assert.equal(id, socket.io.engine.id);
      assert.equal(id, socket.id);
      assert.deepEqual(auth, {});
    });

    test(`${mode}: events, binary and acknowledgements (T31)`, async (t) => {
      const socket = client(t, "/", options);
      await next(socket, "connect");
      for (const args of [["a", 1, { b: [null] }], ["é🐦"], [Buffer.from([1, 2, 3]), { x: Buffer.from([9]) }]]) {
        const come = next(socket, "echo");
        socket.emit("echo", ...args);
        assert.deepEqual(JSON.parse(JSON.stringify(await come)), JSON.parse(JSON.stringify(args)));
      }
      assert.equal(await ask(socket, "x"), "x");
      assert.deepEqual(await ask(socket, Buffer.from([7])), Buffer.from([7]));
    });

    test(`${mode}: a namespace, with a query as its auth (T31)`, async (t) => {
      const socket = client(t, "/guarded?token=good&x=%C3%A9%20y", options);
      const [, [id, auth]] = await both(socket, "connect", "welcome");
      assert.equal(id, `/guarded#${socket.io.engine.id}`);
      assert.deepEqual(auth, { token: "good", x: "é y" });
      const come = next(socket, "echo");
      socket.emit("echo", 1);
      assert.deepEqual(await come, [1]);
    });
  }

  test("a refusal, with and without data (T31)", async (t) => {
    assert.deepEqual(await next(client(t, "/guarded?token=bad"), "error"), ["refused"]);
    assert.deepEqual(await next(client(t, "/guarded?token=data"), "error"), [{ code: 42 }]);
  });

  test("an unknown namespace (T31)", async (t) => {
    assert.deepEqual(await next(client(t, "/nowhere"), "error"), [{ message: "Invalid namespace" }]);
  });

  test("disconnected by either side (T31)", async (t) => {
    const left = client(t, "/");
    await next(left, "connect");
    const { id } = left;
    left.emit("leave");
    assert.deepEqual(await next(left, "disconnect"), ["io server disconnect"]);
    assert.equal((await server.observe({ event: "disconnect", id })).reason, "server namespace disconnect");
    const gone = client(t, "/guarded");
    await next(gone, "connect");
    const name = `/guarded#${gone.io.engine.id}`;
    gone.disconnect();
    assert.match((await server.observe({ event: "disconnect", id: name })).reason, /client namespace disconnect|transport close/);
  });
});

forEachKind("Socket.IO 2 on the wire", (kind) => {
  let server;
  before(async () => { server = await startServer(kind, [], "options"); });
  after(() => server.stop());

  const POLL3 = "/socket.io/?EIO=3&transport=polling";

  async function session() {
    const open = await fetchRaw(server, "GET", POLL3);
    const { sid } = JSON.parse(/^\d+:0(\{.*\})/.exec(open.body)[1]);
    const target = `${POLL3}&sid=${sid}`;
    // Packets may come in one payload or in several.
    let rest = open.body.slice(/^(\d+):/.exec(open.body)[0].length + Number(/^(\d+):/.exec(open.body)[1]));
    const packet = async () => {
      if (rest === "") rest = (await fetchRaw(server, "GET", target)).body;
      const [head, length] = /^(\d+):/.exec(rest);
      const found = rest.slice(head.length, head.length + Number(length));
      rest = rest.slice(head.length + Number(length));
      return found;
    };
    const post = (text) => fetchRaw(server, "POST", target, { body: `${text.length}:${text}` });
    return { sid, packet, post };
  }

  test("it is in the main namespace without asking, under the session's id (T31)", async () => {
    const { sid, packet, post } = await session();
    assert.equal(await packet(), "40");
    assert.equal(await packet(), `42["welcome","${sid}",{}]`);
    await post('420["ask","x"]');
    assert.equal(await packet(), '430["x"]');
    await post('42["leave"]');
    assert.equal(await packet(), "41");
  });

  test("other namespaces: the query is the auth, and not part of the reply (T31)", async () => {
    const { sid, packet, post } = await session();
    await packet();
    await packet();
    await post("40/guarded?token=good&x=%C3%A9,");
    assert.equal(await packet(), "40/guarded,");
    assert.equal(await packet(), `42/guarded,["welcome","/guarded#${sid}",{"token":"good","x":"é"}]`);
    await post('42/guarded?token=bad,1["ask",1]'); // is the namespace without its query
    assert.equal(await packet(), "43/guarded,1[1]");
    await post("41/guarded?token=good,");
    assert.equal((await server.observe({ event: "disconnect", id: `/guarded#${sid}` })).reason,
      "client namespace disconnect");
  });

  test("refusals: the message, or the data, or the official object (T31)", async () => {
    const { packet, post } = await session();
    await packet();
    await packet();
    for (const [name, answer] of [["/guarded?token=bad", '44/guarded,"refused"'],
      ["/guarded?token=data", '44/guarded,{"code":42}'], ["/nowhere", '44/nowhere,{"message":"Invalid namespace"}']]) {
      await post(`40${name},`);
      assert.equal(await packet(), answer);
    }
  });
});
