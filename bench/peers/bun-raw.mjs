// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// bun-raw.mjs: Bun's own WebSocket server.

import { deflate, host, port, threshold, tls } from "./setting.mjs";

const compressed = (message) => deflate && message.length >= threshold;

const server = Bun.serve({
  port,
  hostname: host,
  tls,
  fetch(request, self) {
    const broadcasts = new URL(request.url).pathname === "/bcast";
    return self.upgrade(request, { data: { broadcasts } }) ? undefined : new Response("WebSocket only", { status: 426 });
  },
  websocket: {
    perMessageDeflate: deflate,
    idleTimeout: 120,
    backpressureLimit: 16 * 1024 * 1024,
    open(ws) {
      if (ws.data.broadcasts) ws.subscribe("everyone");
    },
    message(ws, message) {
      if (ws.data.broadcasts) server.publish("everyone", message, compressed(message));
      else ws.send(message, compressed(message));
    },
  },
});
