// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// examples/ws-client (W11), typed at by the test, against npm's ws.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocketServer } from "ws";
import { Example } from "../js/example.mjs";
import { next } from "../js/wait.mjs";

test("ws-client sends what is typed and prints what comes (W11)", async (t) => {
  const wss = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "chat" });
  t.after(() => wss.close());
  await once(wss, "listening");
  const come = next(wss, "connection");
  const example = Example.run("ws-client", [`ws://127.0.0.1:${wss.address().port}/`, "chat"]);
  t.after(() => example.stop());
  const [ws] = await come;
  await example.line(/^connected chat$/);
  const first = next(ws, "message");
  example.child.stdin.write("hel");
  example.child.stdin.write("lo\n");
  assert.equal(String((await first)[0]), "hello");
  ws.send("you too");
  await example.line(/^< you too$/);
  const end = next(ws, "close");
  example.child.stdin.end();
  assert.equal((await end)[0], 1000);
  await example.line(/^closed 1000$/);
  assert.deepEqual(await example.exited, { code: 0, signal: null }, example.stderr);
});

test("ws-client tells what is wrong with its arguments (W11)", async () => {
  for (const [args, code, text] of [[[], 2, /usage/], [["http:/x"], 1, /the URL is no good/]]) {
    const example = Example.run("ws-client", args);
    assert.equal((await example.exited).code, code);
    assert.match(example.stderr, text);
  }
});
