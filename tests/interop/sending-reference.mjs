// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The reference of sending.test.mjs: in what manner events are sent: volatile, uncompressed, and
// how answers to polls are compressed. sending-server.c keeps the same contract on Vireo's public
// API.
//
// First line on stdout: "listening on http://127.0.0.1:PORT". SIGTERM: status 0.
//
// Command line: --threshold N (of the answers to polls), --no-compression (of them), --watch: prints
// "packet" {sent, type, data} of each packet of an open connection; of a binary one |data| is how
// many bytes; of a CONNECT nothing but the namespace;
// and "flush" {transport, packets, bytes} of those that are handed to the transport together.
//
//   say how x         emits "said" x to this socket; |how|: {volatile, plain}
//   say-all how x     to the whole namespace
//   fill              emits "filler", 256 KiB of noise, until its transport has not been writable for 20 ms;
//                     prints "filled" {id}
//   ack x             acks x
//   note x            prints "noted" {id, x}

import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Server } from "socket.io";
import { endOnSignal } from "../js/ends.mjs";

const { values: options } = parseArgs({
  options: { threshold: { type: "string", default: "1024" }, "no-compression": { type: "boolean", default: false },
    watch: { type: "boolean", default: false } },
});
const observe = (event, fields) => process.stdout.write(JSON.stringify({ event, ...fields }) + "\n");

const httpServer = createServer((req, res) => res.writeHead(404).end());
const io = new Server(httpServer,
  { httpCompression: options["no-compression"] ? false : { threshold: Number(options.threshold) } });

function inManner(target, how) {
  if (how.plain) target = target.compress(false);
  return how.volatile ? target.volatile : target;
}

const shown = (data) => typeof data !== "string" ? data?.length ?? "" : data.replace(/^0\{.*/, "0");

if (options.watch)
  io.engine.on("connection", (conn) => {
    const show = (sent) => ({ type, data }) => observe("packet", { sent, type, data: shown(data) });
    conn.on("packet", show(false));
    conn.on("packetCreate", show(true));
    conn.on("flush", (packets) => observe("flush", { transport: conn.transport.name, packets: packets.length,
      bytes: packets.reduce((sum, { data }) => sum + Buffer.byteLength(data ?? "") + (Buffer.isBuffer(data) ? 0 : 1), 0) }));
  });

const filler = randomBytes(192 * 1024).toString("base64");

function fill(socket, quiet) {
  if (socket.conn.transport.writable) {
    socket.emit("filler", filler);
    quiet = 0;
  }
  if (quiet < 20) setTimeout(fill, 1, socket, quiet + 1);
  else observe("filled", { id: socket.id });
}

io.on("connection", (socket) => {
  socket.on("say", (how, x) => inManner(socket, how).emit("said", x));
  socket.on("say-all", (how, x) => inManner(io, how).emit("said", x));
  socket.on("fill", () => fill(socket, 0));
  socket.on("ack", (x, ack) => ack(x));
  socket.on("note", (x) => observe("noted", { id: socket.id, x }));
  socket.on("disconnect", (reason) => observe("disconnect", { id: socket.id, reason }));
});

endOnSignal(httpServer, () => io.close().then(() => process.exit(0)));
httpServer.listen(0, "127.0.0.1", () =>
  process.stdout.write(`listening on http://127.0.0.1:${httpServer.address().port}\n`));
