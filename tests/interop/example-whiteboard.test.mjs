// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// examples/whiteboard (X04): with the official client, and drawn on in Chromium.

import assert from "node:assert/strict";
import { test } from "node:test";
import { client, connected } from "../js/client.mjs";
import { Example } from "../js/example.mjs";
import { pagesOf, shot } from "../js/page.mjs";
import { collect, next, nextN } from "../js/wait.mjs";

const line = (number, more = {}) => ({ x0: 0, y0: 0.25, x1: number / 20000, y1: 1, color: "red", ...more });

/** What a newcomer is shown. */
async function board(t, example) {
  const socket = client(t, example, { transports: ["websocket"] });
  const [lines] = await next(socket, "board");
  socket.disconnect();
  return lines;
}

test("X04: what one draws the others see, and who comes later; then it is wiped", async (t) => {
  const example = await Example.start(t, "whiteboard");
  const [a, b] = await Promise.all([connected(t, example), connected(t, example, { transports: ["websocket"] })]);
  assert.deepEqual(await board(t, example), []);
  const own = collect(a, "drawing");
  const seen = nextN(b, "drawing", 3);
  for (const number of [1, 2, 3]) a.emit("drawing", line(number));
  assert.deepEqual((await seen).map(([l]) => l), [1, 2, 3].map((n) => line(n)));
  assert.deepEqual(own, []);
  assert.deepEqual(await board(t, example), [1, 2, 3].map((n) => line(n)));
  const wiped = next(b, "clear");
  a.emit("clear");
  await wiped;
  assert.deepEqual(await board(t, example), []);
});

test("X04: what is no line reaches nobody", async (t) => {
  const example = await Example.start(t, "whiteboard");
  const [a, b] = await Promise.all([connected(t, example), connected(t, example)]);
  const seen = next(b, "drawing");
  for (const drawing of [null, 7, "line", [], line(1, { x0: -0.1 }), line(1, { y1: 1.1 }), line(1, { x1: "0" }),
    line(1, { y0: undefined }), line(1, { color: "x".repeat(16) })]) a.emit("drawing", drawing);
  a.emit("drawing", line(1, { color: 7 }));
  assert.deepEqual(await seen, [line(1, { color: "black" })]);
});

test("X04: the board keeps the last ten thousand lines", async (t) => {
  const example = await Example.start(t, "whiteboard");
  const a = await connected(t, example, { transports: ["websocket"] });
  const b = await connected(t, example, { transports: ["websocket"] });
  const all = nextN(b, "drawing", 10002);
  for (let number = 0; number < 10002; number++) a.emit("drawing", line(number));
  await all;
  const lines = await board(t, example);
  assert.equal(lines.length, 10000);
  assert.deepEqual([lines[0], lines.at(-1)], [line(2), line(10001)]);
});

/** Whether anything stands in this part (from 0 to 1) of the page's canvas. */
const inked = (page, x, y) => page.waitForFunction(([px, py]) => {
  const canvas = document.querySelector("canvas");
  const size = 6;
  const { data } = canvas.getContext("2d").getImageData(px * canvas.width - size / 2, py * canvas.height - size / 2, size, size);
  return data.some((value) => value !== 0);
}, [x, y]);

test("X04: the page: drawn with the mouse, seen elsewhere, in a window of another size", async (t) => {
  const example = await Example.start(t, "whiteboard");
  const [one, two] = await pagesOf(t, example, 2);
  await two.setViewportSize({ width: 450, height: 450 });
  await one.getByLabel("red").check();
  const stroke = async (...points) => {
    await one.mouse.move(...points[0]);
    await one.mouse.down();
    for (const point of points) await one.mouse.move(...point, { steps: 5 });
    await one.mouse.up();
  };
  await stroke([90, 60], [450, 300], [810, 60]);
  for (const page of [one, two]) for (const place of [[0.5, 0.5], [0.9, 0.1]]) await inked(page, ...place);
  await stroke([200, 400], [700, 400]);
  await inked(two, 0.5, 400 / 600);
  await shot(two, "whiteboard");
  await two.reload();
  await inked(two, 0.5, 0.5);
  await two.getByRole("button", { name: "Clear" }).click();
  await one.waitForFunction(() => {
    const canvas = document.querySelector("canvas");
    return !canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value !== 0);
  });
});
