// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// examples/ws-topics, with npm's ws and in Chromium.

import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocket } from "ws";
import { launch } from "../browser/chat.mjs";
import { Example } from "../js/example.mjs";
import { next, within } from "../js/wait.mjs";

/** A client whose messages are read one by one. */
class Client {
  constructor(t, example, name, options = {}) {
    const url = `${example.url.replace("http", "ws")}/topics${name === undefined ? "" : `?name=${name}`}`;
    this.ws = new WebSocket(url, options);
    this.queue = [];
    this.wake = () => {};
    this.ws.on("message", (data) => { this.queue.push(JSON.parse(data)); this.wake(); });
    t.after(() => this.ws.terminate());
    example.guests.push(() => this.ws.terminate());
  }

  static async open(t, example, name, options) {
    const client = new Client(t, example, name, options);
    await next(client.ws, "open");
    assert.deepEqual(await client.read(), { welcome: name });
    return client;
  }

  async read() {
    while (this.queue.length === 0)
      await within(new Promise((resolve) => { this.wake = resolve; }), "a message");
    return this.queue.shift();
  }

  async ask(text) {
    this.ws.send(text);
    return this.read();
  }
}

test("join, say, leave (W08)", async (t) => {
  const example = await Example.start(t, "ws-topics");
  const [anna, bert] = await Promise.all(["anna", "bert"].map((name) => Client.open(t, example, name)));
  assert.deepEqual(await anna.ask("join birds"), { joined: true });
  assert.deepEqual(await bert.ask("say birds hello all"), { reached: 1 });
  assert.deepEqual(await anna.read(), { topic: "birds", from: "bert", text: "hello all" });
  await bert.ask("join birds");
  const long = "a long song ".repeat(50);
  assert.deepEqual(await bert.ask(`say birds ${long}`), { topic: "birds", from: "bert", text: long });
  assert.deepEqual(await bert.read(), { reached: 2 });
  assert.equal((await anna.read()).text, long);
  anna.ws.send("leave birds");
  assert.deepEqual(await anna.ask("say nobody is here"), { reached: 0 });
  assert.deepEqual(await anna.ask("say birds bye"), { reached: 1 });
  assert.equal((await bert.read()).from, "anna");
  bert.ws.close();
  await next(bert.ws, "close");
  assert.deepEqual(await anna.ask("say birds anybody?"), { reached: 0 });
});

test("who does not say his name, or comes from elsewhere, is refused (W09)", async (t) => {
  const example = await Example.start(t, "ws-topics");
  for (const [name, options, status] of [[undefined, {}, 400],
    ["mallory", { origin: "https://elsewhere.example" }, 403]]) {
    const { ws } = new Client(t, example, name, options);
    const [error] = await next(ws, "error");
    assert.match(error.message, new RegExp(`Unexpected server response: ${status}`));
  }
  await Client.open(t, example, "anna", { origin: example.url });
});

test("a client may join twenty topics (W08)", async (t) => {
  const example = await Example.start(t, "ws-topics");
  const anna = await Client.open(t, example, "anna");
  for (let i = 0; i < 20; i++) assert.deepEqual(await anna.ask(`join ${i}`), { joined: true });
  assert.deepEqual(await anna.ask("join 20"), { joined: false });
});

test("the page, in Chromium (W08)", async (t) => {
  const example = await Example.start(t, "ws-topics");
  const browser = await launch();
  t.after(() => browser.close());
  example.guests.push(() => browser.close());
  const page = await browser.newPage();
  await page.goto(example.url);
  const shows = (text) => page.locator("li").filter({ hasText: text }).first().waitFor({ timeout: 10000 });
  await shows("connected as guest");
  await page.locator("#join button").click();
  await shows("joined");
  const anna = await Client.open(t, example, "anna");
  assert.deepEqual(await anna.ask("say birds good morning"), { reached: 1 });
  await shows("birds: anna: good morning");
  await page.locator("#text").fill("tweet");
  await page.locator("#say button").click();
  await shows(": tweet");
});
