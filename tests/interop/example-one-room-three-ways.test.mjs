// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// examples/one-room-three-ways: whatever is said on one way is heard on all three (E03, W08).

import assert from "node:assert/strict";
import { test } from "node:test";
import { EventSource } from "eventsource";
import { WebSocket } from "ws";
import { launch } from "../browser/chat.mjs";
import { client } from "../js/client.mjs";
import { Example } from "../js/example.mjs";
import { next, within } from "../js/wait.mjs";

const NAME = "one-room-three-ways";

test("sockets, WebSockets and event streams hear each other", async (t) => {
  const example = await Example.start(t, NAME);
  const socket = client(t, example);
  const ws = new WebSocket(`${example.url.replace("http", "ws")}/ws`);
  const source = new EventSource(`${example.url}/events`);
  example.guests.push(() => { source.close(); ws.terminate(); socket.disconnect(); });
  const opened = within(new Promise((resolve) => source.addEventListener("open", resolve)), "the stream");
  await Promise.all([next(socket, "connect"), next(ws, "open"), opened]);

  const heard = async (say) => {
    const all = Promise.all([
      next(socket, "said").then(([said]) => said),
      next(ws, "message").then(([data]) => JSON.parse(data)),
      within(new Promise((resolve) => source.addEventListener("said", ({ data }) => resolve(JSON.parse(data)), { once: true })), "said"),
    ]);
    say();
    return all;
  };
  for (const [way, say] of [
    ["Socket.IO", (text) => socket.emit("say", text)],
    ["WebSocket", (text) => ws.send(text)],
    ["HTTP", (text) => fetch(`${example.url}/say`, { method: "POST", body: text })],
  ]) {
    const said = { way, text: `hello by ${way}, é🐦\n"quoted"` };
    assert.deepEqual(await heard(() => say(said.text)), [said, ["said", said], said]);
  }
});

test("the page shows all three", async (t) => {
  const example = await Example.start(t, NAME);
  const browser = await launch();
  example.guests.push(() => browser.close());
  const page = await browser.newPage();
  await page.goto(example.url);
  await page.waitForFunction("socket.connected && ws.readyState === 1 && events.readyState === 1");
  for (const id of ["socketio", "websocket", "sse"]) {
    await page.fill(`#${id} input`, `<b>${id}</b>`);
    await page.press(`#${id} input`, "Enter");
    await page.waitForFunction((text) => [...document.querySelectorAll("ul")].every((list) => list.textContent.includes(text)), `<b>${id}</b>`);
  }
  assert.equal(await page.locator("section li").count(), 9);
});
