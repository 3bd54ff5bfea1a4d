// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The reference server of remote.test.mjs: several official servers in one process, joined by an
// adapter that passes messages on in memory. interop/remote-server.c keeps the same contract.
//
// Command line
//   --nodes N              servers in this process; 1 (the default): no adapter
//   --heartbeat-interval MS, --heartbeat-timeout MS  of the adapter
// "listening on URL" is printed for the first server, and for each the observation
//   node {index,url}
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
// The handler of the servers' event "tell" prints server-event {node,args}; "who" acks "node N",
// after two more attempts are ignored; "bytes" acks the bytes 1 2 3 and what it got; "sulk" never
// acks; "reserved" of clients acks which of connect, connection, new_namespace were refused.
//
// Faults: drop node types      messages of these types to this node are lost from now on
//         leave-node node close  this node hears and says nothing more; with close it says goodbye
//         garbage              every node gets messages that are none

import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Server } from "socket.io";
import { ClusterAdapterWithHeartbeat } from "socket.io-adapter";

const { values: options } = parseArgs({
  options: {
    port: { type: "string" },
    nodes: { type: "string", default: "1" },
    "heartbeat-interval": { type: "string", default: "5000" },
    "heartbeat-timeout": { type: "string", default: "10000" },
  },
});
const observe = (event, fields) => process.stdout.write(JSON.stringify({ event, ...fields }) + "\n");
const count = Number(options.nodes);
const adapters = [];

class LoopBack extends ClusterAdapterWithHeartbeat {
  constructor(nsp) {
    super(nsp, { heartbeatInterval: Number(options["heartbeat-interval"]),
      heartbeatTimeout: Number(options["heartbeat-timeout"]) });
    this.index = adapters.length;
    this.dropped = new Set();
    adapters.push(this);
    this.init();
  }

  #send(message, others) {
    if (this.left) return;
    for (const other of others)
      setImmediate(() => {
        if (!other.left && !other.dropped.has(message.type)) other.onMessage(structuredClone(message));
      });
  }

  doPublish(message) {
    this.#send(message, adapters.filter((a) => a !== this));
    return Promise.resolve("");
  }

  doPublishResponse(uid, message) {
    this.#send(message, adapters.filter((a) => a.uid === uid));
    return Promise.resolve();
  }

  leave(close) {
    if (close) this.close();
    this.left = true;
  }
}

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
  drop: (io, s, [node, types], ack) => { for (const type of types) adapters[node].dropped.add(type); ack(); },
  "leave-node": (io, s, [node, close], ack) => { adapters[node].leave(close); ack(); },
  garbage: (io, s, args, ack) => {
    for (const a of adapters) a.onMessage({ type: 99, uid: "x", nsp: "/" });
    ack();
  },
};

function startNode(index) {
  const httpServer = createServer();
  const io = new Server(httpServer, count > 1 ? { adapter: LoopBack } : {});
  io.on("connection", (s) => {
    for (const [name, handler] of Object.entries(handlers))
      s.on(name, (...args) => {
        const ack = typeof args.at(-1) === "function" ? args.pop() : undefined;
        handler(io, s, args, ack);
      });
  });
  io.on("tell", (...args) => observe("server-event", { node: index, args }));
  io.on("who", (ack) => { ack(`node ${index}`); ack("again"); });
  io.on("bytes", (got, ack) => ack([Buffer.from([1, 2, 3]), got]));
  io.on("sulk", () => {});
  return new Promise((resolve) => httpServer.listen(0, "127.0.0.1", () => {
    const url = `http://127.0.0.1:${httpServer.address().port}`;
    observe("node", { index, url });
    resolve({ io, url });
  }));
}

const nodes = [];
for (let i = 0; i < count; i++) nodes.push(await startNode(i));
process.stdout.write(`listening on ${nodes[0].url}\n`);
for (const signal of ["SIGTERM", "SIGINT"])
  process.on(signal, () => Promise.all(nodes.map(({ io }) => io.close())).then(() => process.exit(0)));
