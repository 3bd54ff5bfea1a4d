// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The reference of flow.test.mjs: what lies between a packet and its handler, on both ways, of the
// official server: middleware of events, acknowledgements that come later, catch-all listeners of
// what is sent. flow-server.c keeps the same contract on Vireo's public API.
//
// First line on stdout: "listening on http://127.0.0.1:PORT". SIGTERM: status 0.
//
// Every event: the catch-all listener prints "any" {name}, two guards in order "guard" {n,name}, the
// handler "handled" {name}; an error "error" {message}. All with {id}.
//   deny text            guard 1 refuses with this text
//   deny-second          guard 2 refuses with "second"
//   hold ms verdict      guard 1 decides after ms milliseconds: "pass", or refuses with "held"
//   ack x                acks x
//   later ms x           acks x after ms milliseconds
//   never                has an acknowledgement and never calls it
//   ask ms x             emits "question" x with an acknowledgement; ms > 0: with that time-out.
//                        Prints "answer" {count,x}, or after the time-out "no-answer" {message}
//   out-listen           adds catch-all listeners a and b of what is sent, then c in front of them;
//                        acks how many there are. Each prints "out" {letter,name,count,x}
//   out-unlisten letter  removes it; "" removes all. Acks how many are left
//   say x                emits "said" x
//   say-all x            to the whole namespace
//   say-room room x      to a room
//   join room            joins; acks nothing
//
// In observations x is the first of |count| arguments; for a binary one {bytes}, how many.

import { createServer } from "node:http";
import { Server } from "socket.io";
import { endOnSignal } from "../js/ends.mjs";

const observe = (event, fields) => process.stdout.write(JSON.stringify({ event, ...fields }) + "\n");

const httpServer = createServer((req, res) => res.writeHead(404).end());
const io = new Server(httpServer);

const shown = (args) =>
  ({ count: args.length, x: Buffer.isBuffer(args[0]) ? { bytes: args[0].length } : args[0] ?? null });

const handlers = {
  hold: (s, args, ack) => ack?.("passed"),
  ack: (s, [x], ack) => ack?.(x),
  later: (s, [ms, x], ack) => setTimeout(() => ack(x), ms),
  never: () => {},
  ask: (s, [ms, x]) => {
    const answered = (...got) => observe("answer", { id: s.id, ...shown(got) });
    if (ms > 0)
      s.timeout(ms).emit("question", x, (err, ...got) =>
        err ? observe("no-answer", { id: s.id, message: err.message }) : answered(...got));
    else s.emit("question", x, answered);
  },
  "out-listen": (s, args, ack) => {
    const out = (letter) => (name, ...got) =>
      observe("out", { id: s.id, letter, name, ...shown(got.filter((x) => typeof x !== "function")) });
    s.data.out = { a: out("a"), b: out("b"), c: out("c") };
    s.onAnyOutgoing(s.data.out.a);
    s.onAnyOutgoing(s.data.out.b);
    s.prependAnyOutgoing(s.data.out.c);
    ack(s.listenersAnyOutgoing().length);
  },
  "out-unlisten": (s, [letter], ack) => {
    s.offAnyOutgoing(s.data.out[letter]);
    ack(s.listenersAnyOutgoing().length);
  },
  say: (s, [x]) => s.emit("said", x),
  "say-all": (s, [x]) => s.nsp.emit("said", x),
  "say-room": (s, [room, x]) => s.nsp.to(room).emit("said", x),
  join: (s, [room], ack) => { s.join(room); ack(); },
};

io.on("connection", (s) => {
  const id = s.id;
  observe("connect", { id });
  s.on("disconnect", (reason, description) => observe("disconnect",
    { id, reason, description: description?.message ?? null }));
  s.on("error", (err) => observe("error", { id, message: err.message }));
  s.onAny((name) => observe("any", { id, name }));
  s.use(([name, ...args], next) => {
    observe("guard", { id, n: 1, name });
    if (name === "deny") next(new Error(args[0]));
    else if (name === "hold")
      setTimeout(() => next(args[1] === "pass" ? undefined : new Error("held")), args[0]);
    else next();
  });
  s.use(([name], next) => {
    observe("guard", { id, n: 2, name });
    next(name === "deny-second" ? new Error("second") : undefined);
  });
  for (const [name, handle] of Object.entries(handlers))
    s.on(name, (...args) => {
      const ack = typeof args.at(-1) === "function" ? args.pop() : undefined;
      observe("handled", { id, name });
      handle(s, args, ack);
    });
});

endOnSignal(httpServer, () => io.close().then(() => process.exit(0)));
httpServer.listen(0, "127.0.0.1", () =>
  process.stdout.write(`listening on http://127.0.0.1:${httpServer.address().port}\n`));
