// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// L03: vireo serve: a folder, an echo, a chat, with TLS if wanted; asked by the official clients.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { io } from "socket.io-client";
import { WebSocket } from "ws";
import { Certs } from "../js/certs.mjs";
import { vireo } from "../js/command.mjs";
import { Example } from "../js/example.mjs";
import { next, within } from "../js/wait.mjs";

async function serve(t, ...args) {
  const server = Example.run("vireo", ["serve", "--port", "0", "--host", "127.0.0.1", ...args]);
  t.after(() => server.stop());
  [, server.url] = await server.line(/^vireo: listening on (https?:\/\/.+:\d+)$/);
  return server;
}

async function socket(t, server, url = server.url, options = {}) {
  const s = io(url, { forceNew: true, ...options });
  t.after(() => s.disconnect());
  server.guests.push(() => s.disconnect());
  await next(s, "connect");
  return s;
}

async function raw(t, server, pathname) {
  const ws = new WebSocket(server.url.replace("http", "ws") + pathname);
  server.guests.push(() => ws.terminate());
  await next(ws, "open");
  return ws;
}

test("L03: a folder", async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "vireo-serve-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, "index.html"), "<p>hello");
  writeFileSync(path.join(folder, ".secret"), "no");
  const server = await serve(t, folder, "--log", "--cors", "https://a.example");
  const page = await fetch(server.url, { headers: { origin: "https://a.example" } });
  assert.equal(await page.text(), "<p>hello");
  assert.equal(page.headers.get("access-control-allow-origin"), "https://a.example");
  assert.equal((await fetch(`${server.url}/.secret`)).status, 404);
  assert.equal((await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`)).status, 404);
  await server.line(/GET \/\.secret 404/);
});

test("L03: --echo answers Socket.IO clients, in all namespaces, binary too", async (t) => {
  const server = await serve(t, "--echo");
  for (const where of ["", "/any/name"]) {
    const s = await socket(t, server, server.url + where);
    const back = next(s, "chat");
    const answer = await within(s.emitWithAck("chat", { a: 1 }, Buffer.from([1, 2])), "the answer");
    assert.deepEqual(answer, { a: 1 });
    assert.deepEqual(await back, [{ a: 1 }, Buffer.from([1, 2])]);
  }
});

test("L03: --echo answers raw WebSockets", async (t) => {
  const ws = await raw(t, await serve(t, "--echo"), "/echo");
  for (const [sent, binary] of [["hello", false], [Buffer.from([0, 255]), true]]) {
    const come = next(ws, "message");
    ws.send(sent);
    const [data, isBinary] = await come;
    assert.deepEqual([data, isBinary], [Buffer.from(sent), binary]);
  }
});

test("L03: --chat tells all others, sockets and raw WebSockets alike", async (t) => {
  const server = await serve(t, "--chat");
  const [a, b] = [await socket(t, server), await socket(t, server)];
  const [w, v] = [await raw(t, server, "/chat"), await raw(t, server, "/chat")];
  const own = [];
  a.onAny((...event) => own.push(event));
  let come = Promise.all([next(b, "chat"), next(w, "message"), next(v, "message")]);
  assert.deepEqual(await a.emitWithAck("chat", "hi", 2), { reached: 3 });
  let [[...args], [one], [two]] = await come;
  assert.deepEqual(args, ["hi", 2]);
  assert.deepEqual([String(one), String(two)], Array(2).fill('["chat","hi",2]'));
  assert.deepEqual(own, []);

  come = Promise.all([next(a, "news"), next(b, "news"), next(v, "message")]);
  w.send('["news", {"x":1}, "€"]');
  [args, , [two]] = await come;
  assert.deepEqual(args, [{ x: 1 }, "€"]);
  assert.equal(String(two), '["news", {"x":1}, "€"]');

  for (const text of ["just words", '["disconnect"]', "[]", "[1]"]) { // no events, or forbidden ones
    come = next(a, "message");
    w.send(text);
    assert.deepEqual(await come, [text]);
  }
  come = next(a, "message");
  w.send(Buffer.from([7]));
  assert.deepEqual(await come, [Buffer.from([7])]);
});

test("L03: --chat has a page", async (t) => {
  const server = await serve(t, "--chat");
  const page = await (await fetch(server.url)).text();
  assert.match(page, /socket\.io\.min\.js/);
  assert.equal((await fetch(`${server.url}/socket.io/socket.io.min.js`)).status, 200);
});

test("L03: --cert and --key make it https", async (t) => {
  const certs = new Certs();
  t.after(() => certs.remove());
  const { cert, key } = certs.make("a", "IP:127.0.0.1");
  const server = await serve(t, "--echo", "--cert", cert, "--key", key);
  assert.match(server.url, /^https:/);
  const agent = new https.Agent({ ca: certs.ca });
  t.after(() => agent.destroy());
  const s = await socket(t, server, server.url, { agent, transports: ["polling"] });
  assert.equal(await s.emitWithAck("x", 1), 1);
});

test("L03: a message over --max-message ends its connection", async (t) => {
  const server = await serve(t, "--echo", "--max-message", "1k");
  const ws = await raw(t, server, "/echo");
  const end = next(ws, "close");
  ws.send("a".repeat(1001));
  assert.equal((await end)[0], 1009);
  const other = await raw(t, server, "/echo");
  const come = next(other, "message");
  other.send("a".repeat(1000));
  assert.equal((await come)[0].length, 1000);
});

test("L03: what cannot be served is told", async (t) => {
  const server = await serve(t, "--echo");
  const port = new URL(server.url).port;
  const cases = [
    [["/no/such"], 1, /"\/no\/such" is no folder/],
    [["--echo", "--chat"], 2, /not both/],
    [["--key", "k.pem"], 2, /--key wants --cert/],
    [["--cert", "/no/such.pem"], 1, /no\/such\.pem/],
    [["--port", port, "--host", "127.0.0.1", "--echo"], 1, /vireo: .*in use/],
    [["--max-message", "0"], 2, /--max-message/],
  ];
  for (const [args, code, text] of cases) {
    const run = await vireo(["serve", ...args]);
    assert.equal(run.code, code, run.stderr);
    assert.match(run.stderr, text);
  }
});
