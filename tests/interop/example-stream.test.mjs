// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// examples/stream (X05): posts that the server pushes, followed by topic, with the official client and in
// Chromium.

import assert from "node:assert/strict";
import { test } from "node:test";
import { call, connected } from "../js/client.mjs";
import { Example } from "../js/example.mjs";
import { pagesOf, shot, shows } from "../js/page.mjs";
import { collect, next, nextN } from "../js/wait.mjs";

const start = (t, every) => Example.start(t, "stream", "127.0.0.1", "0", ["--every", String(every)]);

test("X05: who follows a topic gets its last posts, then each new one, and no others", async (t) => {
  const example = await start(t, 20);
  const [a, b] = await Promise.all([connected(t, example, { transports: ["websocket"] }),
    connected(t, example, { transports: ["websocket"] })]);
  const silent = collect(b, "post");
  const fresh = nextN(a, "post", 4);
  await call(a, "follow", "birds");
  const posts = (await fresh).map(([post]) => post);
  for (const post of posts) {
    assert.equal(post.topic, "birds");
    assert.match(post.text, /\w/);
  }
  const numbers = posts.map((post) => post.number);
  assert.deepEqual(numbers, numbers.map((_, i) => numbers[0] + 3 * i), "each third one, none left out");
  assert.deepEqual(silent, [], "who follows nothing hears nothing");

  const [last] = await call(b, "follow", "birds");
  assert.ok(last.length >= 4, "what was pushed before");
  const [then] = await next(b, "post");
  assert.deepEqual([...last, then].map((post) => post.number),
    [...last, then].map((_, i) => last[0].number + 3 * i), "nothing is missing between the last ones and the next");
});

test("X05: who unfollows hears no more; an unknown topic has no posts", async (t) => {
  const example = await start(t, 20);
  const a = await connected(t, example, { transports: ["websocket"] });
  await call(a, "follow", "trains");
  await next(a, "post");
  a.emit("unfollow", "trains");
  assert.deepEqual(await call(a, "follow", "stars"), [[]]); // and what was on its way has come
  const after = collect(a, "post");
  const b = await connected(t, example, { transports: ["websocket"] });
  await call(b, "follow", "trains");
  await nextN(b, "post", 2);
  assert.deepEqual(await call(a, "follow", 7), [[]]);
  assert.deepEqual(after, []);
});

test("X05: no more than the last thirty posts are kept", async (t) => {
  const example = await start(t, 1);
  const a = await connected(t, example, { transports: ["websocket"] });
  await call(a, "follow", "weather");
  const [[first]] = [await nextN(a, "post", 40)];
  const [last] = await call(a, "follow", "weather");
  assert.equal(last.length, 10, "of each of three topics");
  assert.ok(last[0].number > first[0].number);
});

test("X05: the page: posts of the topics that are ticked", async (t) => {
  const example = await start(t, 100);
  const [page] = await pagesOf(t, example, 1);
  await shows(page, "#posts li", "birds");
  assert.equal(await page.locator("#posts li").filter({ hasText: "trains" }).count(), 0);
  await page.getByLabel("trains").check();
  await shows(page, "#posts li", "trains");
  await shot(page, "stream");
  await page.getByLabel("birds").uncheck();
  await page.locator("#posts li").filter({ hasText: "birds" }).first().waitFor({ state: "detached" });
});
