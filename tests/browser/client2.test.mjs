// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// T31, T07: pages that still carry the client of Socket.IO 2, in Chromium: over JSONP, XHR polling, WebSocket
// and from one to the other; the same with the official server.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { forEachKind, startServer } from "../js/server.mjs";
import { within } from "../js/wait.mjs";
import { launch } from "./chat.mjs";

const script = readFileSync(createRequire(import.meta.url).resolve("socket.io-client-2/dist/socket.io.js"), "utf8");

const modes = {
  "JSONP": { transports: ["polling"], forceJSONP: true, jsonp: true },
  "XHR polling": { transports: ["polling"] },
  "WebSocket": { transports: ["websocket"] },
  "JSONP, then WebSocket": { forceJSONP: true },
  "XHR polling, then WebSocket": {},
};

// What JSON, a script and a form each could spoil.
const texts = ["plain", "", "\"'\\\n\r\t\\n\\\\n", "</script><!--", "\u2028\u2029", "한글 é 🐦", "a+b%20&c=d", "x".repeat(100000)];

forEachKind("the browser's client of Socket.IO 2", (kind) => {
  let server, browser;
  before(async () => { [server, browser] = await Promise.all([startServer(kind, [], "options"), launch()]); });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** A page of `origin` (something that both kinds have; what it shows does not matter) with the client in
   *  it, connected. */
  async function open(t, options, origin = server.url) {
    const context = await browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    const wrong = [];
    page.on("pageerror", (err) => wrong.push(String(err)));
    t.after(() => assert.deepEqual(wrong, []));
    await page.goto(`${origin}/socket.io/socket.io.js`);
    await page.addScriptTag({ content: script });
    const transport = page.evaluate(([url, how]) => new Promise((resolve, reject) => {
      const socket = window.socket = io(url, { reconnection: false, ...how });
      for (const event of ["connect_error", "error"]) socket.on(event, (err) => reject(new Error(String(err))));
      const last = how.transports ? 0 : "websocket";
      socket.on("connect", () => {
        const { engine } = socket.io;
        if (!last || engine.transport.name === last) resolve(engine.transport.name);
        else engine.on("upgrade", () => resolve(engine.transport.name));
      });
    }), [server.url, options]);
    assert.equal(await within(transport, "the connection", 30000), options.transports?.[0] ?? "websocket");
    return page;
  }

  for (const [mode, options] of Object.entries(modes)) {
    test(`${mode}: texts come back as they were (T31, T07)`, async (t) => {
      const page = await open(t, options);
      const back = await page.evaluate((all) => Promise.all(all.map((text) =>
        new Promise((resolve) => window.socket.emit("ask", text, resolve)))), texts);
      assert.deepEqual(back, texts);
    });

    test(`${mode}: binary, and many events in order (T31, T07)`, async (t) => {
      const page = await open(t, options);
      const got = await page.evaluate(() => new Promise((resolve) => {
        const all = [];
        window.socket.on("echo", (number, data) => {
          all.push([number, data instanceof ArrayBuffer ? [...new Uint8Array(data)] : data]);
          if (all.length === 100) resolve(all);
        });
        for (let i = 0; i < 100; i++)
          window.socket.emit("echo", i, i % 10 === 0 ? new Uint8Array([0, i, 128, 255, 10, 13]).buffer : `${i}é`);
      }));
      assert.deepEqual(got, Array.from({ length: 100 }, (_, i) => [i, i % 10 === 0 ? [0, i, 128, 255, 10, 13] : `${i}é`]));
    });

    test(`${mode}: the end, from either side (T31, T07)`, async (t) => {
      for (const [last, reason, told] of [
        ["leave", "io server disconnect", "server namespace disconnect"],
        [null, "io client disconnect", "client namespace disconnect"]]) {
        const page = await open(t, options);
        const id = await page.evaluate(() => window.socket.id);
        const heard = await page.evaluate((event) => new Promise((resolve) => {
          window.socket.on("disconnect", resolve);
          if (event) window.socket.emit(event);
          else window.socket.disconnect();
        }), last);
        assert.equal(heard, reason);
        await server.observe({ event: "disconnect", id, reason: told });
      }
    });
  }

  test("JSONP from a page of another origin, for which no CORS is needed (T07)", async (t) => {
    const here = new URL(server.url);
    here.hostname = here.hostname === "localhost" ? "127.0.0.1" : "localhost";
    const page = await open(t, modes.JSONP, here.origin);
    assert.equal(await page.evaluate(() => new Promise((resolve) => window.socket.emit("ask", "across", resolve))), "across");
    assert.ok(await page.evaluate(() => [...document.scripts].some((s) => /[?&]j=\d/.test(s.src))), "it is JSONP");
  });
});
