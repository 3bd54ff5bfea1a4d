// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The official server with options that few use; interop/options-server.c keeps the same contract.
//
// Command line: --port --host. WebSockets are compressed, Socket.IO 2 clients are allowed, the cookie "sid" is set, "x-each" is
// added to every answer of the engine, "x-first" and a cookie "mine" to the one that opens a session.
//
// Namespaces "/" and "/guarded"; the latter refuses the auth token "bad", and "data" with {code: 42}.
// Events: "welcome" id, auth to the client on connection; "echo" goes back to the socket's own room,
// "ask" is acknowledged with its first argument, "leave" disconnects.
//
// Observations: connect {id}   disconnect {id, reason}

import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Server } from "socket.io";

const { values: options } = parseArgs({
  options: { port: { type: "string", default: "0" }, host: { type: "string", default: "127.0.0.1" } },
});
const observe = (event, fields) => process.stdout.write(JSON.stringify({ event, ...fields }) + "\n");

const httpServer = createServer((req, res) => res.writeHead(404).end());
const io = new Server(httpServer, { allowEIO3: true, cookie: { name: "sid" }, perMessageDeflate: true });
io.engine.on("initial_headers", (headers) => {
  headers["x-first"] = "yes";
  headers["set-cookie"] = "mine=1";
});
io.engine.on("headers", (headers) => { headers["x-each"] = "yes"; });

function onConnection(socket) {
  observe("connect", { id: socket.id });
  socket.emit("welcome", socket.id, socket.handshake.auth);
  socket.on("echo", (...args) => socket.nsp.to(socket.id).emit("echo", ...args));
  socket.on("ask", (value, done) => done(value));
  socket.on("leave", () => socket.disconnect());
  socket.on("disconnect", (reason) => observe("disconnect", { id: socket.id, reason }));
}
io.on("connection", onConnection);
io.of("/guarded").use((socket, next) => {
  const { token } = socket.handshake.auth;
  if (token === "data") return next(Object.assign(new Error("refused"), { data: { code: 42 } }));
  next(token === "bad" ? new Error("refused") : undefined);
}).on("connection", onConnection);

httpServer.listen(Number(options.port), options.host, () =>
  process.stdout.write(`options: listening on http://${options.host}:${httpServer.address().port}\n`));
process.on("SIGTERM", () => io.close(() => process.exit(0)));
