// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Vireo's Socket.IO client against the official server and against our own: C01, C02, C03, C15,
// C19, C24, C28, C31, N10, N14 on the client's side.

import test, { before, after } from "node:test";
import assert from "node:assert/strict";
import { startServer, forEachKind } from "../js/server.mjs";
import { startClients } from "../js/driver.mjs";

const modes = {
  "websocket only": { transports: "websocket" },
  "polling only": { transports: "polling" },
  "polling then upgrade": {},
};

forEachKind("client", (kind) => {
  let server;
  before(async () => { server = await startServer(kind); });
  after(() => server.stop());

  for (const [mode, options] of Object.entries(modes)) {
    test(`${mode}: connects, sends, receives, acknowledges both ways, disconnects (C31)`, async (t) => {
      const all = startClients(t);
      const a = all.connect("a", server.url, { ...options, auth: { greet: true } });
      const { id, transport } = await a.next("connect");
      assert.match(id, /^[\w-]{20}$/);
      assert.equal(transport, options.transports ?? "polling");
      const seen = await server.observe({ event: "connect", id });
      assert.equal(seen.nsp, "/");
      assert.deepEqual((await a.next("event", { type: "welcome" })).args, ["welcome", id]);

      a.emit("echo", 1, "zwei", { drei: [null, true] });
      assert.deepEqual((await a.next("event", { type: "echo" })).args,
        ["echo", 1, "zwei", { drei: [null, true] }]);

      const answer = await a.call("ack", { x: 1 });
      assert.equal(answer.status, "OK");
      assert.deepEqual(answer.args, [{ x: 1 }]);

      a.emit("ask", "why?");
      assert.deepEqual((await a.next("event", { type: "answered" })).args, ["answered", "got", "why?"]);

      a.do("disconnect");
      const gone = await a.next("disconnect");
      assert.equal(gone.reason, "io client disconnect");
      assert.equal(gone.active, false);
      const end = await server.observe({ event: "disconnect", id });
      assert.equal(end.reason, "client namespace disconnect");
    });

    test(`${mode}: binary both ways (C24)`, async (t) => {
      const all = startClients(t);
      const a = all.connect("a", server.url, options);
      await a.next("connect");
      a.do("emit", { event: "echo", args: [{ n: 1 }], binary: "bytes" });
      const data = [...Buffer.from("bytes")];
      assert.deepEqual((await a.next("event", { type: "echo" })).args,
        ["echo", { n: 1 }, { type: "Buffer", data }]);
      const answer = await a.call("ack", "x", { binary: "more" });
      assert.deepEqual(answer.args, ["x", { type: "Buffer", data: [...Buffer.from("more")] }]);
    });

    test(`${mode}: thousands of events in order, large ones too`, async (t) => {
      const all = startClients(t);
      const a = all.connect("a", server.url, options);
      await a.next("connect");
      a.emit("burst", 3000);
      a.emit("big", 500000);
      const big = await a.next("event", { type: "big" });
      assert.equal(big.args[1].length, 500000);
      const numbers = a.seen("event").filter((e) => e.type === "burst").map((e) => e.args[1]);
      assert.deepEqual(numbers, Array.from({ length: 3000 }, (_, i) => i));
      for (let i = 0; i < 500; i++) a.emit("echo", i);
      await a.next("event", { type: "echo", args: ["echo", 499] });
      const echoes = a.seen("event").filter((e) => e.type === "echo").map((e) => e.args[1]);
      assert.deepEqual(echoes, Array.from({ length: 500 }, (_, i) => i));
    });

    test(`${mode}: base64 for binary (C24)`, async (t) => {
      const all = startClients(t);
      const a = all.connect("a", server.url, { ...options, forceBase64: true });
      await a.next("connect");
      a.do("emit", { event: "echo", args: [0], binary: "\u0001bytes" });
      assert.deepEqual((await a.next("event", { type: "echo" })).args[2].data,
        [...Buffer.from("\u0001bytes")]);
    });
  }

  test("the upgrade is told, and what is sent during it arrives in order", async (t) => {
    const all = startClients(t);
    const a = all.connect("a", server.url, { onConnect: "emit" });
    const { transport } = await a.next("connect");
    assert.equal(transport, "polling");
    for (let i = 0; i < 100; i++) a.emit("echo", i);
    assert.equal((await a.next("upgrade")).transport, "websocket");
    for (let i = 100; i < 200; i++) a.emit("echo", i);
    await a.all.until(() => a.seen("event").find((e) => e.args[1] === 199), "the last echo");
    const echoes = a.seen("event").filter((e) => e.type === "echo").map((e) => e.args[1]);
    assert.deepEqual(echoes, Array.from({ length: 200 }, (_, i) => i));
    assert.equal((await a.state()).transport, "websocket");
  });

  test("no upgrade when it is not wanted (C09)", async (t) => {
    const all = startClients(t);
    const a = all.connect("a", server.url, { noUpgrade: true });
    await a.next("connect");
    for (let i = 0; i < 5; i++) await a.call("ack");
    assert.equal((await a.state()).transport, "polling");
    assert.equal(a.seen("upgrade").length, 0);
  });

  test("namespaces share a connection, each with its auth and its end (C01, C02, N10)", async (t) => {
    const all = startClients(t);
    const a = all.connect("a", server.url);
    const b = all.connect("b", `${server.url}/admin`, { auth: { token: "secret" } });
    const c = all.connect("c", `${server.url}/chat`);
    const d = all.connect("d", `${server.url}/chat`); // the same namespace once more: a connection of its own
    const ids = [];
    for (const client of [a, b, c, d]) ids.push((await client.next("connect")).id);
    assert.equal(new Set(ids).size, 4);
    assert.deepEqual((await b.call("info")).args[0].nsp, "/admin");
    assert.deepEqual((await c.call("info")).args[0].nsp, "/chat");
    b.do("disconnect");
    await b.next("disconnect");
    assert.deepEqual((await a.call("ack", 1)).args, [1]);
    assert.deepEqual((await c.call("ack", 2)).args, [2]);
    a.do("disconnect", { close: true });
    assert.equal((await a.next("disconnect")).reason, "io client disconnect");
    assert.equal((await c.next("disconnect")).reason, "forced close");
    assert.deepEqual((await d.call("ack", 3)).args, [3]);
  });

  test("a refusal is told with its data, and not tried again (N14, C19)", async (t) => {
    const all = startClients(t);
    const a = all.connect("a", `${server.url}/admin`, { auth: { token: "wrong" }, delay: 1 });
    const error = await a.next("connect_error");
    assert.equal(error.message, "not authorized");
    assert.deepEqual(error.data, { code: 401, hint: "token" });
    assert.equal(error.refused, true);
    const state = await a.state();
    assert.equal(state.active, false);
    assert.equal(state.connected, false);
    a.do("auth", { value: { token: "secret" } });
    a.do("open");
    await a.next("connect");
    assert.equal(a.seen("reconnect_attempt").length, 0);
  });

  test("a namespace that does not exist", async (t) => {
    const all = startClients(t);
    const a = all.connect("a", `${server.url}/nowhere`);
    const error = await a.next("connect_error");
    assert.equal(error.message, "Invalid namespace");
    assert.equal(error.refused, true);
  });

  test("auth is asked for before each CONNECT, and may come later (C30)", async (t) => {
    const all = startClients(t);
    const a = all.connect("a", `${server.url}/admin`, { askAuth: true, authLater: true });
    await a.next("auth");
    a.do("auth", { value: { token: "wrong" } });
    assert.equal((await a.next("connect_error")).message, "not authorized");
    a.do("open");
    await a.next("auth");
    a.do("auth", { value: { token: "secret" } });
    await a.next("connect");
  });

  test("what comes before the CONNECT reply waits for it (C15)", async (t) => {
    const all = startClients(t);
    const a = all.connect("a", `${server.url}/early`, { transports: "websocket" });
    await a.next("connect");
    const told = a.seen().map((e) => e.event === "event" ? e.type : e.event)
      .filter((e) => e === "early" || e === "connect");
    assert.deepEqual(told, ["early", "connect"]);
    assert.equal(a.seen("event")[0].connected, true);
  });

  test("the server ends a namespace: no reconnection by itself (C03)", async (t) => {
    const all = startClients(t);
    const a = all.connect("a", server.url);
    const first = await a.next("connect");
    a.emit("disconnect-me", false);
    const gone = await a.next("disconnect");
    assert.equal(gone.reason, "io server disconnect");
    assert.equal(gone.active, false);
    assert.equal(gone.id, "");
    a.do("open");
    const second = await a.next("connect");
    assert.notEqual(first.id, second.id);
  });

  test("it does not connect before it is told to (C03)", async (t) => {
    const all = startClients(t);
    const a = all.connect("a", server.url, { noConnect: true });
    const before = await a.state();
    assert.deepEqual([before.active, before.connected], [false, false]);
    a.emit("echo", "kept");
    assert.equal((await a.state()).buffered, 1);
    a.do("open");
    await a.next("connect");
    assert.deepEqual((await a.next("event", { type: "echo" })).args, ["echo", "kept"]);
    assert.equal((await a.state()).buffered, 0);
  });

  for (const transports of ["polling", "websocket"])
    test(`${transports}: who closes a connection is seen to close it, by all that share it (C03)`, async (t) => {
      const all = startClients(t);
      const a = all.connect("a", server.url, { transports });
      const b = all.connect("b", `${server.url}/chat`, { transports });
      const ids = [(await a.next("connect")).id, (await b.next("connect")).id];
      await b.call("ack");
      a.do("disconnect", { close: true });
      const ends = await Promise.all(ids.map((id) => server.observe({ event: "disconnect", id })));
      assert.deepEqual(ends.map((end) => end.reason), ["client namespace disconnect", "transport close"]);
    });

  test("acknowledgements that we give later, once", async (t) => {
    const all = startClients(t);
    const a = all.connect("a", server.url, { ackLater: true });
    await a.next("connect");
    a.emit("ask", "later");
    await a.next("event", { type: "question" });
    a.do("answer", { value: { at: "last" } });
    assert.deepEqual((await a.next("event", { type: "answered" })).args, ["answered", { at: "last" }]);
  });

  test("what belongs to servers is refused", async (t) => {
    const all = startClients(t);
    const a = all.connect("a", server.url);
    await a.next("connect");
    a.do("misuse");
    const { ns, join, admit, refuse, all: broadcast, each } = await a.next("misuse");
    assert.deepEqual([ns, join, admit, refuse, broadcast, each],
      [false, "VIREO_EINVAL", "VIREO_EINVAL", "VIREO_EREFUSED", "VIREO_EINVAL", 0]);
    assert.deepEqual((await a.call("ack", 1)).args, [1]);
  });

  for (const what of ["disconnect", "close", "drop"])
    for (const when of ["onConnect", "onEvent", "onOpen", "onAck", "onUpgrade"])
      test(`${what} inside ${when}`, async (t) => {
        const all = startClients(t);
        const key = when === "onOpen" ? "on_open" : when;
        const a = all.connect("a", server.url, { [key]: what });
        const b = all.connect("b", `${server.url}/chat`, { forceNew: true });
        await b.next("connect");
        a.emit("echo", 1);
        a.do("emit", { event: "ack", args: [1], ack: "x" });
        if (when === "onOpen") {
          await a.next("open");
          // it never joined, and the other goes on
          await b.call("ack");
          assert.equal(a.seen("connect").length, 0);
          return;
        }
        assert.equal((await a.next("disconnect")).reason, "io client disconnect");
        await b.call("ack");
        assert.equal(a.seen("disconnect").length, 1);
      });
});
