// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The reference of parser.test.mjs: the official server with another parser, behind the contract
// below, which parser-server.c keeps on Vireo's public API.
//
// Command line: --parser msgpack (default), json, or hooks: JSON that revives "12n" as {big:12},
//   writes {big:12} as "12n", and lets no "secret" in and no "password" out
// First line on stdout: "listening on http://127.0.0.1:PORT". SIGTERM: status 0.
// maxHttpBufferSize 200000. Vireo only: at most 1000 values in a packet; /raw is a WebSocket in the
// room "guests" of "/".
//
// Namespaces / and /admin; a guard refuses auth.refuse with "refused", data {auth}. On connection
// the event "hello" {auth} is emitted.
//
// Events
//   echo list      echo with the list's elements as arguments
//   ack x          acks x and the bytes 01 02 03
//   ask x          the client is asked "question" with x; what it answers comes back as "answered"
//                  with the list of its answer's arguments
//   join room      joins, acks nothing
//   room name x    to(name).emit("room", x) to all in it
//   volatile name x  the same, volatile, as "volatile"
//   bye            disconnects the socket
//
// Observations, of "/" only: disconnect {nsp,reason}, error {message}

import { parseArgs } from "node:util";
import { createServer } from "node:http";
import { Server } from "socket.io";
import * as defaultParser from "socket.io-parser";
import msgpackParser from "socket.io-msgpack-parser";

const { values: options } = parseArgs({ options: { parser: { type: "string", default: "msgpack" } } });
const observe = (event, fields) => process.stdout.write(JSON.stringify({ event, ...fields }) + "\n");

const replacer = (key, value) => key === "password" ? undefined
  : value && typeof value.big === "number" && value.big >= 0 ? `${value.big}n` : value;
const reviver = (key, value) => key === "secret" ? undefined
  : typeof value === "string" && /^\d+n$/.test(value) ? { big: Number(value.slice(0, -1)) } : value;
const hooks = {
  Encoder: class extends defaultParser.Encoder { constructor() { super(replacer); } },
  Decoder: class extends defaultParser.Decoder { constructor() { super({ reviver }); } },
};

const httpServer = createServer((req, res) => res.writeHead(404).end());
const io = new Server(httpServer, {
  parser: { msgpack: msgpackParser, json: defaultParser, hooks }[options.parser],
  maxHttpBufferSize: 200000,
});

for (const nsp of [io.of("/"), io.of("/admin")]) {
  nsp.use((s, next) => {
    if (s.handshake.auth.refuse === undefined) return next();
    next(Object.assign(new Error("refused"), { data: { auth: s.handshake.auth } }));
  });
  nsp.on("connection", (s) => {
    s.emit("hello", { auth: s.handshake.auth });
    s.on("echo", (list) => s.emit("echo", ...list));
    s.on("ack", (x, ack) => ack(x, Buffer.from([1, 2, 3])));
    s.on("ask", (x) => s.emit("question", x, (...args) => s.emit("answered", args)));
    s.on("join", (room, ack) => { s.join(room); ack(); });
    s.on("room", (name, x) => nsp.to(name).emit("room", x));
    s.on("volatile", (name, x) => nsp.to(name).volatile.emit("volatile", x));
    s.on("bye", () => s.disconnect());
    if (nsp.name !== "/") return;
    s.on("disconnect", (reason) => observe("disconnect", { nsp: nsp.name, reason }));
    s.on("error", (err) => observe("error", { message: err.message }));
  });
}

httpServer.listen(0, "127.0.0.1", () =>
  console.log(`listening on http://127.0.0.1:${httpServer.address().port}`));
process.on("SIGTERM", () => io.close(() => process.exit(0)));
