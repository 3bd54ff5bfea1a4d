// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The reference of recovery.test.mjs: connection state recovery of the official server.
// recovery-server.c keeps the same contract on Vireo's public API, namespaces "/" and "/other".
//
// First line on stdout: "listening on http://127.0.0.1:PORT". SIGTERM: status 0.
//
//   --recovery-ms N   maxDisconnectionDuration
//   --ask-guards      skipMiddlewares: false
//   Vireo's own: --bytes, --clients, --client-bytes N, the limits; --cleanup and namespaces "/dyn-N"
//
// Prints "connect" {id,recovered,rooms,data}, "disconnect" {id,reason}, "guard" {id}; Vireo also
// {recoverable} with a disconnect, and "expired" {id,data}.
//
// A guard refuses who has auth.refuse with the message "refused", and emits "early" "text" to who
// has auth.greet.
//
//   ack x                       acks x
//   join room, leave room       acks nothing
//   set-data text               the socket's data; acks nothing
//   say event x..               emits it to this socket
//   ask event x..               the same with an acknowledgement
//   emit-to target event x..    broadcasts; target {rooms,except,flags: ["volatile"]}; acks nothing
//   others event x..            to all others; acks nothing
//   kick id                     disconnects that socket
//   info                        Vireo's own: acks {recovered,expired,unknown,away,awayBytes,events,
//                               eventBytes}

import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Server } from "socket.io";
import { endOnSignal } from "../js/ends.mjs";

const { values: args } = parseArgs({
  options: { "recovery-ms": { type: "string" }, "ask-guards": { type: "boolean" } },
});
const observe = (event, fields) => process.stdout.write(JSON.stringify({ event, ...fields }) + "\n");

const httpServer = createServer((req, res) => res.writeHead(404).end());
const io = new Server(httpServer, {
  connectionStateRecovery: {
    maxDisconnectionDuration: Number(args["recovery-ms"] ?? 60000),
    skipMiddlewares: !args["ask-guards"],
  },
});

function target(nsp, { rooms = [], except = [], flags = [] }) {
  const to = nsp.to(rooms).except(except);
  return flags.includes("volatile") ? to.volatile : to;
}

const handlers = {
  ack: (s, [x], ack) => ack(x),
  join: (s, [room], ack) => { s.join(room); ack(); },
  leave: (s, [room], ack) => { s.leave(room); ack(); },
  "set-data": (s, [text], ack) => { s.data.text = text; ack(); },
  say: (s, [event, ...rest]) => s.emit(event, ...rest),
  ask: (s, [event, ...rest]) => s.emit(event, ...rest, () => {}),
  "emit-to": (s, [to, event, ...rest], ack) => { target(s.nsp, to).emit(event, ...rest); ack(); },
  others: (s, [event, ...rest], ack) => { s.broadcast.emit(event, ...rest); ack(); },
  kick: (s, [id]) => s.nsp.sockets.get(id).disconnect(),
};

for (const name of ["/", "/other"])
  io.of(name).use((s, next) => {
    observe("guard", { id: s.id });
    if (s.handshake.auth.greet) s.emit("early", "text");
    next(s.handshake.auth.refuse ? new Error("refused") : undefined);
  }).on("connection", (s) => {
    observe("connect", { id: s.id, recovered: s.recovered, data: s.data.text ?? "",
      rooms: [...s.rooms].filter((room) => room !== s.id).sort() });
    s.on("disconnect", (reason) => observe("disconnect", { id: s.id, reason }));
    for (const [event, handle] of Object.entries(handlers))
      s.on(event, (...rest) => {
        const ack = typeof rest.at(-1) === "function" ? rest.pop() : undefined;
        handle(s, rest, ack);
      });
  });

endOnSignal(httpServer, () => io.close().then(() => process.exit(0)));
httpServer.listen(0, "127.0.0.1", () =>
  process.stdout.write(`listening on http://127.0.0.1:${httpServer.address().port}\n`));
