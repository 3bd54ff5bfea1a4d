// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The examples of the Socket.IO client, each against the official server: on a loop of ours
// (client-hello), inside somebody else's (client-loop), on a thread of its own (client-thread).

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { test } from "node:test";
import { Server } from "socket.io";
import { Example } from "../js/example.mjs";
import { next } from "../js/wait.mjs";

async function official(t) {
  const http = createServer();
  const io = new Server(http);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => { io.close(); http.closeAllConnections?.(); });
  return { io, url: `http://127.0.0.1:${http.address().port}` };
}

test("client-hello says hello, asks, hears the news, leaves when it is told to", async (t) => {
  const { io, url } = await official(t);
  const come = next(io, "connection");
  const example = Example.run("client-hello", [url, "bird"]);
  t.after(() => example.stop());
  const [socket] = await come;
  const hello = next(socket, "hello");
  socket.on("how are you", (answer) => answer("well"));
  assert.deepEqual((await hello)[0], { from: "bird", numbers: [1, 2] });
  await example.line(/^connected as [\w-]{20}, over polling$/);
  await example.line(/^answer: well$/);
  assert.equal(await socket.timeout(5000).emitWithAck("news", "spring"), "read");
  await example.line(/^news: spring$/);
  socket.disconnect();
  await example.line(/^disconnected: io server disconnect$/);
  assert.deepEqual(await example.exited, { code: 0, signal: null }, example.stderr);
});

test("client-hello tells what is wrong", async () => {
  for (const [args, code, text] of [[[], 2, /usage/], [["http://[", "x"], 1, /the URL is no good/]]) {
    const example = Example.run("client-hello", args);
    assert.equal((await example.exited).code, code);
    assert.match(example.stderr, text);
  }
});

test("client-loop runs in a loop of libuv that is not the library's", async (t) => {
  const { io, url } = await official(t);
  const ticks = [];
  let reason;
  io.on("connection", (socket) => {
    socket.on("tick", (n) => { ticks.push(n); socket.emit("tock", n); });
    socket.on("disconnect", (why) => { reason = why; });
  });
  const example = Example.run("client-loop", [url, "20"]);
  t.after(() => example.stop());
  await example.line(/^tock 5$/);
  assert.deepEqual(await example.exited, { code: 0, signal: null }, example.stderr);
  assert.deepEqual(ticks.slice(0, 10), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.match(reason ?? "client namespace disconnect", /^(client namespace disconnect|transport close)$/);
});

test("client-thread: events and questions from a program without a loop", async (t) => {
  const { io, url } = await official(t);
  const come = next(io, "connection");
  const example = Example.run("client-thread", [url]);
  t.after(() => example.stop());
  example.child.stdin.write("before the connection\n");
  const [socket] = await come;
  const said = [];
  socket.on("say", (text) => { said.push(text); socket.emit("say", `${text} too`); });
  socket.on("ask", (text, answer) => answer(`${text} yes`));
  await example.line(/^< before the connection too$/);
  example.child.stdin.write("one\ntwo\nis it?\n");
  await example.line(/^= is it\? yes$/);
  assert.deepEqual(said, ["before the connection", "one", "two"]);
  const gone = next(socket, "disconnect");
  example.child.stdin.end();
  assert.equal((await gone)[0], "client namespace disconnect");
  assert.deepEqual(await example.exited, { code: 0, signal: null }, example.stderr);
});
