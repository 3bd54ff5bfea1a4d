// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// ws.mjs: ws on Node.

import { WebSocketServer } from "ws";
import { listen, server } from "./node-http.mjs";
import { deflate, threshold } from "./setting.mjs";

const options = { noServer: true, perMessageDeflate: deflate && { threshold } };
const echo = new WebSocketServer(options);
const broadcast = new WebSocketServer(options);

echo.on("connection", (ws) => ws.on("message", (data, binary) => ws.send(data, { binary })));
broadcast.on("connection", (ws) => ws.on("message", (data, binary) => {
  for (const each of broadcast.clients)
    if (each.readyState === each.OPEN) each.send(data, { binary });
}));
for (const side of [echo, broadcast]) side.on("connection", (ws) => ws.on("error", () => {})); // it closes by itself

server.on("upgrade", (request, socket, head) => {
  const side = request.url === "/bcast" ? broadcast : echo;
  side.handleUpgrade(request, socket, head, (ws) => side.emit("connection", ws, request));
});
listen();
