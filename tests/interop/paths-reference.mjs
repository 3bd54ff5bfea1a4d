// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Two official servers attached to one HTTP server; interop/paths-server.c keeps the same contract.
//
// Command line: --port --host. Server "one" on the path /one has the namespaces "/" and "/extra"; server "two" on /two takes
// WebSockets only, does not serve the client, and has "/" and all that match ^/room-[0-9]+$. Beside them: GET /hello is answered
// "hello", /echo is a WebSocket that echoes.
//
// Each socket gets "who" {server, namespace, address, forwarded} on connection. "say" ..: all in the namespace get "said" .., the
// acknowledgement is the server's name. "count": acknowledged with the number of sockets in the server's "/", and its path.
//
// Vireo only: --trust ADDRESSES (whose X-Forwarded-For is believed), --proxy yes (the PROXY protocol).

import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Server } from "socket.io";
import { WebSocketServer } from "ws";

const { values: options } = parseArgs({
  options: { port: { type: "string", default: "0" }, host: { type: "string", default: "127.0.0.1" } },
});
const httpServer = createServer((req, res) =>
  req.url === "/hello" ? res.end("hello") : res.writeHead(404).end());
const echo = new WebSocketServer({ noServer: true });
echo.on("connection", (ws) => ws.on("message", (data, isBinary) => ws.send(data, { binary: isBinary })));
httpServer.on("upgrade", (req, socket, head) => {
  if (req.url === "/echo") echo.handleUpgrade(req, socket, head, (ws) => echo.emit("connection", ws));
});

function serve(server, name, path) {
  return (socket) => {
    socket.emit("who", { server: name, namespace: socket.nsp.name, address: socket.handshake.address,
      forwarded: socket.handshake.headers["x-forwarded-for"] ?? null });
    socket.on("say", (...args) => {
      const done = args.pop();
      socket.nsp.emit("said", ...args);
      done(name);
    });
    socket.on("count", (done) => done(server.of("/").sockets.size, path));
  };
}

const one = new Server(httpServer, { path: "/one" });
const two = new Server(httpServer, { path: "/two", transports: ["websocket"], serveClient: false });
for (const namespace of ["/", "/extra"]) one.of(namespace).on("connection", serve(one, "one", "/one"));
for (const namespace of ["/", /^\/room-[0-9]+$/]) two.of(namespace).on("connection", serve(two, "two", "/two"));

httpServer.listen(Number(options.port), options.host, () =>
  process.stdout.write(`paths: listening on http://${options.host}:${httpServer.address().port}\n`));
process.on("SIGTERM", () => two.close(() => one.close(() => process.exit(0))));
