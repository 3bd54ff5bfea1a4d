// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// What a client under test talks to, inside the test's own process; all of it goes with the test.

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { Server } from "socket.io";
import { WebSocketServer } from "ws";

/** The official server on a free port; `setup(io)` declares what it does. Returns its URL. */
export async function official(t, setup, options = {}) {
  const http = createServer();
  const io = new Server(http, options);
  setup(io);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => io.close());
  return `http://127.0.0.1:${http.address().port}`;
}

/** npm's ws on a free port; its `url` says where. */
export async function rawServer(t) {
  const wss = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(wss, "listening");
  t.after(() => {
    for (const ws of wss.clients) ws.terminate();
    wss.close();
  });
  wss.url = `ws://127.0.0.1:${wss.address().port}/`;
  return wss;
}

/** A folder for files of the test. */
export function folder(t) {
  const name = mkdtempSync(path.join(tmpdir(), "vireo-test-"));
  t.after(() => rmSync(name, { recursive: true }));
  return name;
}
