// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// T29, W15: a page in Chromium that comes over HTTP/2, and all that it opens: scripts, requests,
// Socket.IO's polling, and WebSockets, which the browser puts on the connection that it has.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { Certs } from "../js/certs.mjs";
import { startServer } from "../js/server.mjs";
import { launch } from "./chat.mjs";

const PAGE = `<!doctype html><meta charset="utf-8"><title>HTTP/2</title>
<script src="/socket.io/socket.io.js"></script><p>here`;
let certs, folder, browser;

before(async () => {
  certs = new Certs();
  folder = mkdtempSync(path.join(tmpdir(), "vireo-http2-"));
  writeFileSync(path.join(folder, "index.html"), PAGE);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  certs.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function visit(t) {
  const { cert, key } = certs.make("site", "DNS:localhost,IP:127.0.0.1");
  const server = await startServer("vireo", ["--cert", cert, "--key", key, "--folder", folder], "http2");
  t.after(() => server.stop());
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(`${server.url}/files/`);
  return { server, page };
}

test("T29: the page, its script and its requests come over h2", async (t) => {
  const { page } = await visit(t);
  const protocols = await page.evaluate(async () => {
    await (await fetch("/echo", { method: "POST", body: "x".repeat(200000) })).text();
    return performance.getEntries().filter((e) => e.nextHopProtocol !== undefined)
      .map((e) => `${new URL(e.name).pathname} ${e.nextHopProtocol}`);
  });
  for (const path of ["/files/", "/socket.io/socket.io.js", "/echo"])
    assert.ok(protocols.includes(`${path} h2`), protocols.join(", "));
});

test("T29: an EventSource", async (t) => {
  const { page } = await visit(t);
  const said = await page.evaluate(() => new Promise((resolve) => {
    const events = new EventSource("/events");
    events.addEventListener("hello", (e) => { events.close(); resolve(e.data); });
  }));
  assert.equal(said, "there");
});

test("W15: a WebSocket of the page is a stream of its connection", async (t) => {
  const { server, page } = await visit(t);
  const got = await page.evaluate(() => new Promise((resolve, reject) => {
    const ws = new WebSocket(`wss://${location.host}/ws`);
    const seen = [];
    ws.onopen = () => { ws.send("alpn"); ws.send("x".repeat(100000)); };
    ws.onmessage = ({ data }) => {
      seen.push(data);
      if (seen.length === 2) ws.close(4002, "done");
    };
    ws.onerror = () => reject(new Error("it failed"));
    ws.onclose = ({ code, wasClean }) => resolve({ seen, code, wasClean });
  }));
  assert.equal(got.seen[0], "h2");
  assert.equal(got.seen[1].length, 100000);
  assert.equal(got.code, 4002);
  assert.equal(got.wasClean, true);
  await server.observe({ event: "ws close", code: 4002, reason: "done" });
});

test("T29, W15: Socket.IO: polling, its upgrade, WebSocket alone", async (t) => {
  const { page } = await visit(t);
  const run = (transports) => page.evaluate((list) => new Promise((resolve, reject) => {
    const socket = window.io({ transports: list, forceNew: true });
    socket.on("connect_error", reject);
    socket.on("connect", async () => {
      const engine = socket.io.engine;
      if (list.length > 1) await new Promise((upgraded) => engine.once("upgrade", upgraded));
      const answer = await new Promise((done) => socket.emit("echo", { n: 1 }, (...args) => done(args)));
      socket.close();
      resolve(answer);
    });
  }), transports);
  assert.deepEqual(await run(["polling"]), [{ n: 1 }, "polling", "h2"]);
  assert.deepEqual(await run(["polling", "websocket"]), [{ n: 1 }, "websocket", "h2"]);
  assert.deepEqual(await run(["websocket"]), [{ n: 1 }, "websocket", "h2"]);
});
