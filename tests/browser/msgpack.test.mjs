// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The bundle with the msgpack parser that the server itself serves, in Chromium (S22).

import assert from "node:assert/strict";
import { test } from "node:test";
import { startServer } from "../js/server.mjs";
import { launch } from "./chat.mjs";

for (const transports of [["websocket"], ["polling"]])
  test(`socket.io.msgpack.min.js over ${transports} (S22)`, async (t) => {
    const server = await startServer("vireo", ["--parser", "msgpack"], "parser");
    t.after(() => server.stop());
    const browser = await launch();
    t.after(() => browser.close());
    const page = await browser.newPage();
    await page.goto(`${server.url}/socket.io/socket.io.msgpack.min.js`);
    await page.setContent("<p>");
    await page.addScriptTag({ url: `${server.url}/socket.io/socket.io.msgpack.min.js` });
    const got = await page.evaluate(async (options) => {
      const socket = window.io(options);
      const echoed = new Promise((resolve) => socket.on("echo", (...args) => resolve(args)));
      const text = { text: "\u{1f600}", list: [1, null, 2.5] };
      socket.emit("echo", [text, new Uint8Array([1, 2, 3]).buffer]);
      const [back, bytes] = await echoed;
      const acked = await new Promise((resolve) => socket.emit("ack", "x", (...args) => resolve(args)));
      socket.disconnect();
      return { back, bytes: [...new Uint8Array(bytes)], x: acked[0], three: [...new Uint8Array(acked[1])] };
    }, { transports });
    assert.deepEqual(got, { back: { text: "\u{1f600}", list: [1, null, 2.5] }, bytes: [1, 2, 3],
      x: "x", three: [1, 2, 3] });
  });
