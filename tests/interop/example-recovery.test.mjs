// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// examples/recovery (X06): a broken connection mended, with the official client and in Chromium.

import assert from "node:assert/strict";
import { test } from "node:test";
import { call, client, connected } from "../js/client.mjs";
import { Example } from "../js/example.mjs";
import { pagesOf, shot, shows } from "../js/page.mjs";
import { collect, next, nextN } from "../js/wait.mjs";

const start = (t, ...args) => Example.start(t, "recovery", "127.0.0.1", "0", args.map(String));
const websocket = { transports: ["websocket"] };

test("X06: no tick is missed, and the note is there", async (t) => {
  const example = await start(t, "--every", 20);
  const a = client(t, example, websocket);
  const ticks = collect(a, "tick");
  const [[hello]] = await Promise.all([next(a, "hello"), next(a, "connect")]);
  assert.deepEqual(hello, { came: 1, note: null });
  await call(a, "note", "mine");
  await next(a, "tick");
  const { id } = a;
  const gone = next(a, "disconnect");
  a.io.engine.close();
  await gone;
  await example.line(new RegExp(`^${id} is away: transport close$`));
  await nextN(await connected(t, example, websocket), "tick", 4);
  const [[again]] = await Promise.all([next(a, "hello"), a.connect()]);
  assert.deepEqual([again, a.recovered, a.id], [{ came: 2, note: "mine" }, true, id]);
  await example.line(new RegExp(`^${id} is back$`));
  await nextN(a, "tick", 2);
  const numbers = ticks.map(([n]) => n);
  assert.ok(numbers.length > 6);
  assert.deepEqual(numbers, numbers.map((_, i) => numbers[0] + i), "none left out, none twice");
});

test("X06: who does not come back in time is somebody new", async (t) => {
  const example = await start(t, "--away", 1);
  const a = await connected(t, example, websocket);
  await call(a, "note", "mine");
  const { id } = a;
  a.io.engine.close();
  await example.line(new RegExp(`^${id} did not come back$`));
  const [[hello]] = await Promise.all([next(a, "hello"), a.connect()]);
  assert.deepEqual([hello, a.recovered], [{ came: 1, note: null }, false]);
});

test("X06: who leaves has left", async (t) => {
  const example = await start(t);
  const a = await connected(t, example, websocket);
  const { id } = a;
  a.disconnect();
  await example.line(new RegExp(`^${id} has left: client namespace disconnect$`));
});

test("X06: the page", async (t) => {
  const example = await start(t, "--every", 50);
  const [page] = await pagesOf(t, example, 1);
  await shows(page, "#log li", /^new: /);
  await page.getByRole("button", { name: "keep it" }).click();
  await shows(page, "#log li", /^kept$/);
  await page.getByRole("button", { name: "break the connection" }).click();
  await shows(page, "#log li", /^away: /);
  await page.getByRole("button", { name: "mend it" }).click();
  await shows(page, "#log li", /^back: /);
  await shows(page, "#log li", /^came 2 times, noted: remember me$/);
  await shot(page, "recovery");
});
