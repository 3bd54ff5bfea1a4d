// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The reference server of remote.test.mjs. interop/remote-server.c keeps the same contract.
//
// A target T is {rooms,except,flags}, flags any of "local" and "volatile". What has a result sends
// it later, as the event "result" with the token, an error (null, "timeout" or a text) and a value.
//
//   ack ...args                  acks the same arguments
//   join rooms / leave room      acks the sorted rooms
//   set-data v                   what fetch tells of this socket: {v}
//   emit-to T ev ...args         broadcasts
//   (all the following send at most two arguments)
//   ask-all token T ms ev ...args        broadcasts and collects the answers
//   ask-one token id ms ev ...args       the same for one socket, which may be elsewhere
//   fetch token T ms             the sockets' descriptions, in any order
//   all-sockets token T ms       their ids
//   sockets-join T rooms, sockets-leave T rooms, disconnect-sockets T close
//   rooms                        acks {room: number of its sockets here}
//   server-emit ev ...args       to the other servers
//   server-ask token ms ev ...args  the same, and collects their answers
//   reserved                     acks which of connect, connection, new_namespace a server may not emit

import { createServer } from "node:http";
import { Server } from "socket.io";

function target(io, { rooms = [], except = [], flags = [] } = {}) {
  let op = io.to(rooms).except(except);
  for (const flag of flags) op = op[flag];
  return op;
}

const problem = (err) => !err ? null : /time/.test(err.message) ? "timeout" : err.message;
const told = (s) => ({ id: s.id, rooms: [...s.rooms], data: s.data, handshake: s.handshake });

const handlers = {
  ack: (io, s, args, ack) => ack(...args),
  join: (io, s, [rooms], ack) => { s.join(rooms); ack([...s.rooms].sort()); },
  leave: (io, s, [room], ack) => { s.leave(room); ack([...s.rooms].sort()); },
  "set-data": (io, s, [v], ack) => { s.data.v = v; ack(); },
  "emit-to": (io, s, [to, event, ...args], ack) => { target(io, to).emit(event, ...args); ack(); },
  "ask-all": (io, s, [token, to, ms, event, ...args]) =>
    target(io, to).timeout(ms).emit(event, ...args, (err, responses) =>
      s.emit("result", token, problem(err), responses)),
  "ask-one": async (io, s, [token, id, ms, event, ...args]) => {
    const [one] = await io.in(id).fetchSockets();
    if (!one) return s.emit("result", token, "not found", null);
    one.timeout(ms).emit(event, ...args, (err, answer) =>
      s.emit("result", token, problem(err), err ? null : answer));
  },
  fetch: (io, s, [token, to, ms]) => target(io, to).timeout(ms).fetchSockets().then(
    (list) => s.emit("result", token, null, list.map(told)),
    (err) => s.emit("result", token, problem(err), null)),
  "all-sockets": (io, s, [token, to, ms]) => target(io, to).timeout(ms).fetchSockets().then(
    (list) => s.emit("result", token, null, list.map((x) => x.id)),
    (err) => s.emit("result", token, problem(err), null)),
  "sockets-join": (io, s, [to, rooms], ack) => { target(io, to).socketsJoin(rooms); ack(); },
  "sockets-leave": (io, s, [to, rooms], ack) => { target(io, to).socketsLeave(rooms); ack(); },
  "disconnect-sockets": (io, s, [to, close]) => target(io, to).disconnectSockets(close),
  rooms: (io, s, args, ack) => ack(Object.fromEntries(
    [...io.of("/").adapter.rooms].map(([room, ids]) => [room, ids.size]))),
  "server-emit": (io, s, [event, ...args]) => io.serverSideEmit(event, ...args),
  "server-ask": (io, s, [token, ms, event, ...args]) =>
    io.serverSideEmit(event, ...args, (err, responses) =>
      s.emit("result", token, problem(err), responses)),
  reserved: (io, s, args, ack) => ack(["connect", "connection", "new_namespace"].filter((name) => {
    try {
      io.serverSideEmit(name);
      return false;
    } catch {
      return true;
    }
  })),
};

const httpServer = createServer();
const io = new Server(httpServer);
io.on("connection", (s) => {
  for (const [name, handler] of Object.entries(handlers))
    s.on(name, (...args) => {
      const ack = typeof args.at(-1) === "function" ? args.pop() : undefined;
      handler(io, s, args, ack);
    });
});
for (const signal of ["SIGTERM", "SIGINT"])
  process.on(signal, () => io.close().then(() => process.exit(0)));
httpServer.listen(0, "127.0.0.1", () =>
  process.stdout.write(`listening on http://127.0.0.1:${httpServer.address().port}\n`));
