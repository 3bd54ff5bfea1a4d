// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The reference of namespaces.test.mjs: dynamic namespaces and middleware of the official server,
// behind the contract below, which namespaces-server.c keeps on Vireo's public API.
//
// Command line: --cleanup (cleanupEmptyChildNamespaces), --connect-timeout MS,
//   --guard-timeout MS and --max-children N (Vireo only)
// First line on stdout: "listening on http://127.0.0.1:PORT". SIGTERM: status 0.
//
// Namespaces
//   /                    plain
//   parent "digits"      the pattern ^/dyn-[0-9]+$; a guard refuses auth.refuse with "refused"
//   parent "decided"     a function: /fn-yes.. is allowed, /fn-no.. is not, /fn-error fails;
//                        /fn-later-MS-yes and /fn-later-MS-no are answered after MS milliseconds;
//                        with auth.allow true any /fn-.. is allowed
//   parent "rest"        the pattern ^/(dyn|fn-no|fn-error)
//   /dyn-777             registered by hand behind them
//   /slow                three guards. The first emits "early" 1 and joins "early-room". The second
//                        answers after auth.ms milliseconds. auth.stop = n: guard n refuses with
//                        message "stopped at n" and data {"guard":n}. Each prints "guard" {nsp,n}
//                        when it is asked, and the second "answered" {nsp} after its answer
//
// Events, in every namespace
//   whoami               acks {nsp,parent}
//   join room            joins, acks nothing
//   parent-all x         the parent of this namespace: emit("all", x)
//   parent-room room x   the parent: to(room).emit("all", x)
//   emit-room nsp room x io.of(nsp).to(room).emit("all", x); acks nothing
//   exists name          acks whether this namespace exists
//
// Observations: new-namespace {name}; connect, disconnect {nsp,id,reason}; guard, answered

import { parseArgs } from "node:util";
import { createServer } from "node:http";
import { Server } from "socket.io";
import { endOnSignal } from "../js/ends.mjs";

const { values: options } = parseArgs({
  options: {
    cleanup: { type: "boolean", default: false },
    "connect-timeout": { type: "string", default: "45000" },
    "guard-timeout": { type: "string" },
    "max-children": { type: "string" },
  },
});
const observe = (event, fields) => process.stdout.write(JSON.stringify({ event, ...fields }) + "\n");

const httpServer = createServer((req, res) => res.writeHead(404).end());
const io = new Server(httpServer, {
  cleanupEmptyChildNamespaces: options.cleanup,
  connectTimeout: Number(options["connect-timeout"]),
});
io.on("new_namespace", (nsp) => observe("new-namespace", { name: nsp.name }));

function onConnection(label, parent) {
  return (s) => {
    observe("connect", { nsp: s.nsp.name, id: s.id });
    s.on("disconnect", (reason) => observe("disconnect", { nsp: s.nsp.name, id: s.id, reason }));
    s.on("whoami", (ack) => ack({ nsp: s.nsp.name, parent: label }));
    s.on("join", (room, ack) => { s.join(room); ack(); });
    s.on("parent-all", (x) => parent().emit("all", x));
    s.on("parent-room", (room, x) => parent().to(room).emit("all", x));
    s.on("emit-room", (nsp, room, x, ack) => { io.of(nsp).to(room).emit("all", x); ack(); });
    s.on("exists", (name, ack) => ack(io._nsps.has(name)));
  };
}

function add(label, nsp) {
  nsp.on("connection", onConnection(label, () => nsp));
  return nsp;
}

add(null, io.of("/"));
const digits = add("digits", io.of(/^\/dyn-[0-9]+$/));
digits.use((s, next) => next(s.handshake.auth.refuse ? new Error("refused") : undefined));
add("decided", io.of((name, auth, next) => {
  const later = /^\/fn-later-(\d+)-(yes|no)$/.exec(name);
  if (later) setTimeout(() => next(null, later[2] === "yes"), Number(later[1]));
  else if (name === "/fn-error") next(new Error("cannot tell"), true);
  else next(null, name.startsWith("/fn-yes") || (name.startsWith("/fn-") && auth.allow === true));
}));
add("rest", io.of(/^\/(dyn|fn-no|fn-error)/));
io.of("/dyn-777"); // becomes a child of "digits", and has its handlers

const refusal = (n) => Object.assign(new Error(`stopped at ${n}`), { data: { guard: n } });
const slow = add(null, io.of("/slow"));
for (const n of [1, 2, 3])
  slow.use((s, next) => {
    const { ms, stop } = s.handshake.auth;
    const verdict = stop === n ? refusal(n) : undefined;
    observe("guard", { nsp: s.nsp.name, n });
    if (n === 1) {
      s.emit("early", 1);
      s.join("early-room");
    }
    if (n === 2)
      setTimeout(() => { next(verdict); observe("answered", { nsp: s.nsp.name }); }, ms ?? 0);
    else next(verdict);
  });

endOnSignal(httpServer, () => io.close().then(() => process.exit(0)));
httpServer.listen(0, "127.0.0.1", () =>
  process.stdout.write(`listening on http://127.0.0.1:${httpServer.address().port}\n`));
