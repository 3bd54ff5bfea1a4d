// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// examples/custom-parser (X07, S21): the official client with the parser that its page has, in Node
// and in Chromium, and the bytes on the wire.

import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocket } from "ws";
import * as parser from "../../examples/custom-parser/public/parser.js";
import { launch } from "../browser/chat.mjs";
import { call, connected, modes } from "../js/client.mjs";
import { Example } from "../js/example.mjs";
import { next } from "../js/wait.mjs";

for (const [mode, options] of Object.entries(modes))
  test(`${mode}: events, acknowledgements, the four bytes (X07 S21)`, async (t) => {
    const example = await Example.start(t, "custom-parser");
    const [anna, bert] = await Promise.all([1, 2].map(() => connected(t, example, { ...options, parser })));
    example.guests.push(() => anna.disconnect(), () => bert.disconnect());
    for (const place of [{ x: 0, y: 65535 }, { x: 640, y: 480 }]) {
      const moved = next(bert, "move");
      anna.emit("move", place);
      assert.deepEqual(await moved, [place]);
    }
    const said = next(anna, "said");
    assert.deepEqual(await call(bert, "say", "Grüße \u{1f600}"), [1]);
    assert.deepEqual(await said, ["Grüße \u{1f600}"]);
    const refused = await connected(t, example, { ...options, parser }, "/none").catch((err) => err);
    assert.equal(refused.message, "Invalid namespace");
  });

test("the bytes on the wire, and what closes the connection (X07 S21)", async (t) => {
  const example = await Example.start(t, "custom-parser");
  const mover = await connected(t, example, { parser });
  example.guests.push(() => mover.disconnect());
  for (const bad of [Buffer.alloc(3), `4{"type":2}x`, `4{"type":9,"nsp":"/"}`, `4{"nsp":"/"}`, `42["say",1]`]) {
    const ws = new WebSocket(`${example.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
    const got = [];
    ws.on("message", (data, binary) => got.push(binary ? data : String(data)));
    t.after(() => ws.terminate());
    await next(ws, "open");
    ws.send(`4{"type":0,"nsp":"/"}`);
    while (got.length < 2) await next(ws, "message");
    assert.match(got[1], /^4\{"type":0,"nsp":"\/","data":\{"sid":"[\w-]{20}"\},"id":-1\}$/);
    mover.emit("move", { x: 258, y: 772 });
    await next(ws, "message");
    assert.deepEqual(got[2], Buffer.from([1, 2, 3, 4]));
    ws.send(bad);
    await next(ws, "close");
  }
});

test("its page, twice (X07)", async (t) => {
  const example = await Example.start(t, "custom-parser");
  const browser = await launch();
  t.after(() => browser.close());
  const pages = await Promise.all([1, 2].map(() => browser.newPage()));
  example.guests.push(() => browser.close());
  for (const page of pages) {
    await page.goto(example.url);
    await page.waitForSelector("body[data-state=connected]");
  }
  for (let x = 100; ; x++) {
    await pages[0].mouse.move(x, 120);
    const left = await pages[1].$eval("#other", (e) => e.style.left);
    if (left.endsWith("px") && Number.parseInt(left) >= 100) break;
    assert.ok(x < 600, "the other's cursor never came");
  }
});
