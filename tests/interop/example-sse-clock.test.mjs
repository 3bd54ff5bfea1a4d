// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// examples/sse-clock, read by npm's eventsource and by Chromium's own EventSource.

import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";
import { EventSource } from "eventsource";
import { launch } from "../browser/chat.mjs";
import { Example } from "../js/example.mjs";
import { within } from "../js/wait.mjs";

/** The next event of a type. */
const next = (source, type) => within(new Promise((resolve) => {
  source.addEventListener(type, resolve, { once: true });
}), `an event ${type}`);

function open(t, example) {
  const source = new EventSource(`${example.url}/clock`);
  t.after(() => source.close());
  example.guests.push(() => source.close());
  return source;
}

test("eventsource reads lines, JSON and ids (E01)", async (t) => {
  const example = await Example.start(t, "sse-clock");
  const source = open(t, example);
  const hello = await next(source, "hello");
  assert.equal(hello.data, "The clock\nshows UTC.");
  const tick = await next(source, "tick");
  assert.match(JSON.parse(tick.data).time, /^\d\d:\d\d:\d\d$/);
  assert.equal(JSON.parse(tick.data).readers, 1);
  assert.match(tick.lastEventId, /^[0-9a-f]{8}-\d+$/);
  source.close();
  await example.line(/^close: 127\.0\.0\.1/);
});

test("a reader that was away gets the ticks it has missed (E02)", async (t) => {
  const example = await Example.start(t, "sse-clock");
  const first = await next(open(t, example), "tick");
  await next(open(t, example), "tick"); // one more has passed at least
  const [epoch, number] = first.lastEventId.split("-");
  const texts = await within(new Promise((resolve, reject) => {
    const req = http.get(`${example.url}/clock`, { headers: { "Last-Event-ID": first.lastEventId } }, (res) => {
      let text = "";
      res.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
        if (!text.includes("event: tick")) return;
        res.destroy();
        resolve(text);
      });
    });
    req.on("error", reject);
  }), "the replay");
  assert.match(texts, new RegExp(`id: ${epoch}-${Number(number) + 1}\nevent: tick\n`));
});

test("eventsource comes back when the stream was cut (E02)", async (t) => {
  const example = await Example.start(t, "sse-clock");
  const source = open(t, example);
  await next(source, "tick");
  const { port } = new URL(example.url);
  example.guests.length = 0; // it stays while the server goes
  const lost = next(source, "error");
  await example.stop();
  await lost;
  const again = await Example.start(t, "sse-clock", "127.0.0.1", port);
  again.guests.push(() => source.close());
  assert.equal((await next(source, "hello")).data, "The clock\nshows UTC.");
  await again.line(/^open: 127\.0\.0\.1, away for long$/);
});

test("Chromium shows the time (E01)", async (t) => {
  const example = await Example.start(t, "sse-clock");
  const browser = await launch();
  t.after(() => browser.close());
  example.guests.push(() => browser.close());
  const page = await browser.newPage();
  await page.goto(example.url);
  await page.waitForFunction(() => /^\d\d:\d\d:\d\d$/.test(document.querySelector("#time").textContent));
  assert.deepEqual(await page.locator("#log li").allTextContents(), ["The clock", "shows UTC."]);
  assert.equal(await page.locator("#state").textContent(), "1 reading");
});
