// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The reference servers of remote.test.mjs and cluster.test.mjs. interop/remote-server.c keeps the
// same contract.
//
//   --servers N          so many servers on ports of their own, joined by an adapter: named a, b, ..
//   --heartbeat-ms, --silence-ms   of that adapter
//   --recovery-ms N      connection state recovery (Vireo only: the base of adapters has none)
//
// Told on stdout: {"event":"servers","urls":[..]}. Namespaces: "/" and all "/dyn-NUMBER".
//
// A target T is {rooms,except,flags}, flags any of "local" and "volatile". What has a result sends
// it later, as the event "result" with the token, an error (null, "timeout" or a text) and a value.
//
//   ack ...args                  acks the same arguments
//   join rooms / leave room      acks the sorted rooms
//   watch                        a catch-all listener prints "out" {id,name} for all that is sent to it
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
//   servers                      acks how many there are
//   stop                         ends this server, who says goodbye to the others
//   cut                          it is cut off from the others
//   lag ms                       what servers tell each other takes up to so long
//
// The servers' own events: tell v, told to the server's clients as "told" name v; who v, answered
// with {name, got: v} and a second answer; others are not answered.

import { createServer } from "node:http";
import { deserialize, serialize } from "node:v8";
import { parseArgs } from "node:util";
import { Server } from "socket.io";
import { ClusterAdapterWithHeartbeat } from "socket.io-adapter";

const { values: options } = parseArgs({ options: {
  servers: { type: "string", default: "1" },
  "heartbeat-ms": { type: "string", default: "5000" },
  "silence-ms": { type: "string", default: "10000" },
} });

// What joins the adapters of all servers: messages as bytes, in order, a while later.
const adapters = [];
const cut = new Set();
let lag = 0;

class Loopback extends ClusterAdapterWithHeartbeat {
  constructor(nsp) {
    super(nsp, { heartbeatInterval: Number(options["heartbeat-ms"]),
      heartbeatTimeout: Number(options["silence-ms"]) });
    this.inbox = new Map();
    adapters.push(this);
  }

  #deliver(to, message) {
    const bytes = serialize(message);
    const before = to.inbox.get(this.nsp.server) ?? Promise.resolve();
    to.inbox.set(this.nsp.server, before.then(async () => {
      await new Promise((resolve) => lag ? setTimeout(resolve, Math.random() * lag) : setImmediate(resolve));
      if (!cut.has(this.nsp.server) && !cut.has(to.nsp.server)) to.onMessage(deserialize(bytes));
    }));
  }

  close() {
    super.close();
    adapters.splice(adapters.indexOf(this), 1);
  }

  async doPublish(message) {
    for (const to of adapters)
      if (to.nsp.server !== this.nsp.server && to.nsp.name === this.nsp.name) this.#deliver(to, message);
    return "";
  }

  async doPublishResponse(uid, message) {
    for (const to of adapters)
      if (to.uid === uid) this.#deliver(to, message);
  }
}

function target(nsp, { rooms = [], except = [], flags = [] } = {}) {
  let op = nsp.to(rooms).except(except);
  for (const flag of flags) op = op[flag];
  return op;
}

const problem = (err) => !err ? null : /time/.test(err.message) ? "timeout" : err.message;
const told = (s) => ({ id: s.id, rooms: [...s.rooms], data: s.data, handshake: s.handshake });

const handlers = {
  ack: (nsp, s, args, ack) => ack(...args),
  join: (nsp, s, [rooms], ack) => { s.join(rooms); ack([...s.rooms].sort()); },
  leave: (nsp, s, [room], ack) => { s.leave(room); ack([...s.rooms].sort()); },
  watch: (nsp, s, args, ack) => {
    s.onAnyOutgoing((name) =>
      process.stdout.write(`${JSON.stringify({ event: "out", id: s.id, name })}\n`));
    ack();
  },
  "set-data": (nsp, s, [v], ack) => { s.data.v = v; ack(); },
  "emit-to": (nsp, s, [to, event, ...args], ack) => { target(nsp, to).emit(event, ...args); ack(); },
  "ask-all": (nsp, s, [token, to, ms, event, ...args]) =>
    target(nsp, to).timeout(ms).emit(event, ...args, (err, responses) =>
      s.emit("result", token, problem(err), responses)),
  "ask-one": async (nsp, s, [token, id, ms, event, ...args]) => {
    const [one] = await nsp.in(id).fetchSockets();
    if (!one) return s.emit("result", token, "not found", null);
    one.timeout(ms).emit(event, ...args, (err, answer) =>
      s.emit("result", token, problem(err), err ? null : answer));
  },
  fetch: (nsp, s, [token, to, ms]) => target(nsp, to).timeout(ms).fetchSockets().then(
    (list) => s.emit("result", token, null, list.map(told)),
    (err) => s.emit("result", token, problem(err), null)),
  "all-sockets": (nsp, s, [token, to, ms]) => target(nsp, to).timeout(ms).fetchSockets().then(
    (list) => s.emit("result", token, null, list.map((x) => x.id)),
    (err) => s.emit("result", token, problem(err), null)),
  "sockets-join": (nsp, s, [to, rooms], ack) => { target(nsp, to).socketsJoin(rooms); ack(); },
  "sockets-leave": (nsp, s, [to, rooms], ack) => { target(nsp, to).socketsLeave(rooms); ack(); },
  "disconnect-sockets": (nsp, s, [to, close]) => target(nsp, to).disconnectSockets(close),
  rooms: (nsp, s, args, ack) => ack(Object.fromEntries(
    [...nsp.adapter.rooms].map(([room, ids]) => [room, ids.size]))),
  "server-emit": (nsp, s, [event, ...args]) => nsp.serverSideEmit(event, ...args),
  "server-ask": (nsp, s, [token, ms, event, ...args]) =>
    nsp.serverSideEmit(event, ...args, (err, responses) =>
      s.emit("result", token, problem(err), responses)),
  reserved: (nsp, s, args, ack) => ack(["connect", "connection", "new_namespace"].filter((name) => {
    try {
      nsp.serverSideEmit(name);
      return false;
    } catch {
      return true;
    }
  })),
  servers: async (nsp, s, args, ack) => ack(await nsp.adapter.serverCount()),
  stop: (nsp) => nsp.server.close(),
  cut: (nsp, s, args, ack) => { cut.add(nsp.server); ack(); },
  lag: (nsp, s, [ms], ack) => { lag = ms; ack(); },
};

function serve(nsp, name) {
  nsp.on("tell", (v) => nsp.local.emit("told", name, v));
  nsp.on("who", (v, ack) => { ack({ name, got: v }); ack("a second answer"); });
}

function listen(name, adapter) {
  const httpServer = createServer();
  const io = new Server(httpServer, { adapter });
  serve(io.of("/"), name);
  io.on("new_namespace", (nsp) => serve(nsp, name));
  for (const nsp of [io.of("/"), io.of(/^\/dyn-\d+$/)])
    nsp.on("connection", (s) => {
      for (const [event, handler] of Object.entries(handlers))
        s.on(event, (...args) => {
          const ack = typeof args.at(-1) === "function" ? args.pop() : undefined;
          handler(s.nsp, s, args, ack);
        });
    });
  return new Promise((resolve) => httpServer.listen(0, "127.0.0.1", () => resolve({ io, httpServer })));
}

const count = Number(options.servers);
const servers = await Promise.all([..."abcd"].slice(0, count).map((name) =>
  listen(name, count > 1 ? Loopback : undefined)));
for (const signal of ["SIGTERM", "SIGINT"])
  process.on(signal, () => Promise.all(servers.map(({ io }) => io.close())).then(() => process.exit(0)));
const urls = servers.map(({ httpServer }) => `http://127.0.0.1:${httpServer.address().port}`);
process.stdout.write(`${JSON.stringify({ event: "servers", urls })}\nlistening on ${urls[0]}\n`);
