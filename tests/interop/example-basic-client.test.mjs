// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// examples/basic-client (X09): Socket.IO on a plain WebSocket, at our server and at the official one.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { test } from "node:test";
import { Server } from "socket.io";
import { connected } from "../js/client.mjs";
import { Example } from "../js/example.mjs";
import { within } from "../js/wait.mjs";

const url = (server) => server.url.replace("http", "ws");

/** The official server; `io` is set up by `prepare`. */
async function official(t, prepare, options = {}) {
  const server = http.createServer();
  const io = new Server(server, options);
  prepare(io);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => io.close());
  return { io, url: `http://127.0.0.1:${server.address().port}` };
}

/** A client that listens until it is told to end. */
function listen(t, server) {
  const example = Example.run("basic-client", [url(server)]);
  t.after(() => example.stop());
  return example;
}

/** What the client prints that sends one event, but for the id that it is told; and its exit status. */
async function ask(server, event) {
  const example = Example.run("basic-client", [url(server), event]);
  const { code } = await within(example.exited, "the client's end");
  const lines = example.lines.map((line) => line.replace(/^joined \{"sid":"[\w-]{20}"\}$/, "joined"));
  return { code, lines, stderr: example.stderr };
}

test("X09: it asks our server, and prints the answer", async (t) => {
  const server = await Example.start(t, "events");
  assert.deepEqual(await ask(server, '["greet","Ada \u001b"]'.replace("\u001b", "\\u001b")),
    { code: 0, lines: ["joined", String.raw`answer [{"text":"Hello, Ada \u001b!"}]`], stderr: "" });
});

test("X09: it asks the official server, and prints the answer", async (t) => {
  const server = await official(t, (io) => io.on("connection", (socket) =>
    socket.on("add", (a, b, answer) => { socket.emit("note", a); answer(a + b, { done: true }); })));
  assert.deepEqual(await ask(server, '["add",20,22]'),
    { code: 0, lines: ["joined", 'event ["note",20]', 'answer [42,{"done":true}]'], stderr: "" });
});

test("X09: it prints the events of our server, and those with an acknowledgement", async (t) => {
  const server = await Example.start(t, "events");
  const listener = listen(t, server);
  server.guests.push(() => listener.stop());
  await listener.line(/^joined /);
  const socket = await connected(t, server);
  socket.emit("shout", "hey");
  await listener.line(new RegExp(`^event \\["shout",\\{"from":"${socket.id}","text":"hey"\\}\\]$`));
});

test("X09: it answers the pings, and events that want an answer are shown as well", async (t) => {
  let pongs = 0;
  const server = await official(t, (io) => io.on("connection", (socket) => {
    socket.conn.on("packet", ({ type }) => { if (type === "pong" && ++pongs === 3) socket.emit("alive"); });
    socket.emit("question", 1, () => {});
  }), { pingInterval: 50, pingTimeout: 10000 });
  const listener = listen(t, server);
  await listener.line(/^event \["question",1\]$/);
  await listener.line(/^event \["alive"\]$/);
});

test("X09: it connects again when the connection is lost", async (t) => {
  let count = 0;
  const server = await official(t, (io) => io.on("connection", (socket) => {
    if (++count === 1) socket.conn.transport.socket._socket.destroy();
    else socket.emit("again", count);
  }));
  const listener = listen(t, server);
  await listener.line(/^event \["again",2\]$/);
});

test("X09: what ends it is told", async (t) => {
  const refusing = await official(t, (io) => io.use((socket, next) => next(new Error("not you"))));
  assert.deepEqual(await ask(refusing, '["a"]'), { code: 1, lines: ['refused {"message":"not you"}'], stderr: "" });
  const parting = await official(t, (io) => io.on("connection", (socket) => socket.disconnect()));
  assert.deepEqual(await ask(parting, '["a"]'), { code: 1, lines: ["joined", "disconnected -"], stderr: "" });
  const silent = http.createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  const nobody = { url: `http://127.0.0.1:${silent.address().port}` };
  silent.close();
  const { code, stderr } = await ask(nobody, '["a"]');
  assert.equal(code, 1);
  assert.match(stderr, /Connection refused/);
  for (const args of [[], ["--help"], ["ws://a", "b", "c"], ["no url"]]) {
    const wrong = Example.run("basic-client", args);
    assert.notEqual((await wrong.exited).code, 0);
    assert.match(wrong.stderr, /./);
  }
});
