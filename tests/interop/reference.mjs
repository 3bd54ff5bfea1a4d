// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The reference server of the interop and wire tests: the official socket.io and ws packages behind
// the contract below. interop/server/ keeps the same contract on Vireo's public API, so one test
// runs against both, and what it asserts about Vireo is first confirmed by the official server.
//
// Command line (both servers)
//   --port N (0: the system chooses)   --host A (127.0.0.1)      --path P (/socket.io)
//   --ping-interval MS                 --ping-timeout MS         --upgrade-timeout MS
//   --connect-timeout MS               --max-payload BYTES       --transports polling,websocket
//   --no-upgrades                      --header-timeout MS (time to send a request's head)
//   --queue-limit BYTES (Vireo only: what may wait for one client that does not read)
// First line on stdout: "listening on http://127.0.0.1:PORT" (a name may stand before it).
// SIGTERM and SIGINT: graceful close, exit status 0.
//
// Namespaces
//   /        everything in the table of events
//   /chat    the same
//   /admin   the same, behind a guard: auth.token must be "secret", else the connection is refused
//            with message "not authorized" and data {"code":401,"hint":"token"}
//   /early   the same; its guard joins the room "early-room" and emits "early" 1 before the
//            connection is accepted
//   In every namespace a socket whose auth has "greet":true is sent "welcome" with its id as soon
//   as it is connected.
//
// Events, client to server ("acks X" = calls the acknowledgement with X)
//   echo ...args              emits "echo" with the same arguments to the sender
//   ack ...args               acks the same arguments
//   ack-twice                 acks 1, then tries to ack 2
//   message ...args           sends them back with send()
//   1234 ...args              (the number) emits "numeric" with the arguments
//   both ...args              emits "both" with the arguments (the catch-all speaks first)
//   <no handler> ...args      the catch-all emits "any" with the event's name and the arguments.
//                             The catch-all sees every event, and stays silent for the other events
//                             of this table, except "both"
//   ask ...args               emits "question" with the arguments and an acknowledgement; emits
//                             "answered" with what the client answered
//   ask-timeout ms ...args    the same with that time-out; emits "unanswered" when it has passed
//                             (ack, ask, ask-timeout and emit-to carry at most ten arguments)
//   handshake headers queries acks {address,issued,secure,xdomain,url,auth,headers,query}; the
//                             last two hold the headers and query values of the given names, null
//                             for what is absent
//   info                      acks {id,nsp,connected,transport,rooms} (rooms sorted)
//   data-set v / data-get     keeps the text v in the socket's own data / acks it (null: never set)
//   join room|[rooms]         joins; acks the sorted rooms
//   leave room                leaves; acks the sorted rooms
//   emit-to {via,rooms,except,flags} ev ...args
//                             via "io": from the namespace; via "socket": all but the sender.
//                             flags: any of "local", "volatile". Emits ev; acks nothing
//   broadcast ...args         socket.broadcast.emit("broadcast", ...args)
//   all ...args               namespace.emit("all", ...args)
//   operators a b             op = namespace.to(a); op.to(b) emits "op" "both"; op.except(b) emits
//                             "op" "a without b"; op itself emits "op" "a"
//   reserved                  acks the sorted reserved names that emit() refused
//   burst n                   emits "burst" 0 .. n-1
//   big n                     emits "big" with a text of n times "x"
//   flood n size              emits n times "flood" with a text of `size` times "x"
//   listen                    adds catch-all listeners a and b, then c in front of them; acks how
//                             many of the three there are; each emits "heard" its letter for "probe"
//   unlisten letter           removes that one; acks how many are left
//   probe                     emits "heard" "handler"
//   late                      emits "late" "table"
//   late-on                   adds to "late" a handler that emits "late" "on", and one that does it
//                             only once and emits "late" "once"
//   late-off                  removes the first of the two
//   mark ...args              only prints the observation "mark"
//   disconnect-me close       socket.disconnect(close); a "mark" "after-disconnect" joins a room and
//                             emits afterwards, both without effect
//
// Observations: one JSON object per line on stdout, key "event" first
//   connect       {nsp,id,transport}
//   disconnecting {nsp,id,reason,rooms}            rooms sorted, still filled
//   disconnect    {nsp,id,reason,rooms,description} rooms empty; description: text or null
//   error         {nsp,id,message}
//   upgrade       {id,transport}                   id: of the socket in "/"
//   mark          {nsp,id}
//   create-room, delete-room {nsp,room}; join-room, leave-room {nsp,room,id}
//
// Raw WebSocket on the same port
//   /echo    every message goes back: same opcode, same payload
//            the text "close:CODE:REASON" is answered by closing with that code and reason,
//            "ping:TEXT" by a ping with that payload; a pong is answered by the text "pong:PAYLOAD"
//   /bcast   every message goes to all connections of /bcast, the sender included
//   Both print raw-open {path}, raw-close {path,code,reason}.

import { ServerResponse, createServer } from "node:http";
import { parseArgs } from "node:util";
import { Server } from "socket.io";
import { WebSocketServer } from "ws";
import { endOnSignal } from "../js/ends.mjs";

const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    host: { type: "string", default: "127.0.0.1" },
    path: { type: "string", default: "/socket.io" },
    "ping-interval": { type: "string" },
    "ping-timeout": { type: "string" },
    "upgrade-timeout": { type: "string" },
    "connect-timeout": { type: "string" },
    "max-payload": { type: "string" },
    transports: { type: "string" },
    "no-upgrades": { type: "boolean", default: false },
    "header-timeout": { type: "string" },
    "queue-limit": { type: "string" },
  },
});

const RESERVED = ["connect", "connect_error", "disconnect", "disconnecting", "newListener",
  "removeListener"];
const observe = (event, fields) => process.stdout.write(JSON.stringify({ event, ...fields }) + "\n");
const sorted = (rooms) => [...rooms].sort();

function serverOptions() {
  const out = { path: options.path, allowUpgrades: !options["no-upgrades"] };
  const numbers = {
    pingInterval: "ping-interval", pingTimeout: "ping-timeout", upgradeTimeout: "upgrade-timeout",
    connectTimeout: "connect-timeout", maxHttpBufferSize: "max-payload",
  };
  for (const [key, name] of Object.entries(numbers))
    if (options[name] !== undefined) out[key] = Number(options[name]);
  if (options.transports !== undefined) out.transports = options.transports.split(",");
  return out;
}

function target(socket, { via = "io", rooms = [], except = [], flags = [] }) {
  let op = via === "io" ? socket.nsp.to(rooms) : socket.to(rooms);
  op = op.except(except);
  for (const flag of flags) op = op[flag];
  return op;
}

const handlers = {
  echo: (s, args) => s.emit("echo", ...args),
  ack: (s, args, ack) => ack(...args),
  "ack-twice": (s, args, ack) => { ack(1); ack(2); },
  message: (s, args) => s.send(...args),
  1234: (s, args) => s.emit("numeric", ...args),
  both: (s, args) => s.emit("both", ...args),
  ask: (s, args) => s.emit("question", ...args, (...answer) => s.emit("answered", ...answer)),
  "ask-timeout": (s, [ms, ...args]) => s.timeout(ms).emit("question", ...args, (err, ...answer) =>
    err ? s.emit("unanswered") : s.emit("answered", ...answer)),
  handshake: (s, [headerNames, queryNames], ack) => {
    const { headers, query, address, issued, secure, xdomain, url, auth } = s.handshake;
    const pick = (from, names) => Object.fromEntries(names.map((name) => [name, from[name] ?? null]));
    ack({ address, issued, secure, xdomain, url, auth,
      headers: pick(headers, headerNames), query: pick(query, queryNames) });
  },
  info: (s, args, ack) => ack({
    id: s.id, nsp: s.nsp.name, connected: s.connected,
    transport: s.conn.transport.name, rooms: sorted(s.rooms),
  }),
  "data-set": (s, [value], ack) => { s.data.value = value; ack?.(); },
  "data-get": (s, args, ack) => ack(s.data.value ?? null),
  join: (s, [rooms], ack) => { s.join(rooms); ack?.(sorted(s.rooms)); },
  leave: (s, [room], ack) => { s.leave(room); ack?.(sorted(s.rooms)); },
  "emit-to": (s, [where, event, ...args], ack) => {
    target(s, where).emit(event, ...args);
    ack?.();
  },
  broadcast: (s, args) => s.broadcast.emit("broadcast", ...args),
  all: (s, args) => s.nsp.emit("all", ...args),
  operators: (s, [a, b]) => {
    const op = s.nsp.to(a);
    op.to(b).emit("op", "both");
    op.except(b).emit("op", "a without b");
    op.emit("op", "a");
  },
  reserved: (s, args, ack) => ack(RESERVED.filter((name) => {
    try {
      s.emit(name);
      return false;
    } catch {
      return true;
    }
  })),
  burst: (s, [n]) => { for (let i = 0; i < n; i++) s.emit("burst", i); },
  big: (s, [n]) => s.emit("big", "x".repeat(n)),
  flood: (s, [n, size]) => {
    const text = "x".repeat(size);
    for (let i = 0; i < n; i++) s.emit("flood", text);
  },
  listen: (s, args, ack) => {
    const heard = (letter) => (name) => { if (name === "probe") s.emit("heard", letter); };
    s.data.letters = { a: heard("a"), b: heard("b"), c: heard("c") };
    s.onAny(s.data.letters.a);
    s.onAny(s.data.letters.b);
    s.prependAny(s.data.letters.c);
    ack(s.listenersAny().length - 1); // without the contract's own catch-all
  },
  unlisten: (s, [letter], ack) => {
    s.offAny(s.data.letters[letter]);
    ack(s.listenersAny().length - 1);
  },
  probe: (s) => s.emit("heard", "handler"),
  late: (s) => s.emit("late", "table"),
  "late-on": (s) => {
    s.data.late = () => s.emit("late", "on");
    s.on("late", s.data.late);
    s.once("late", () => s.emit("late", "once"));
  },
  "late-off": (s) => s.off("late", s.data.late),
  mark: (s) => observe("mark", { nsp: s.nsp.name, id: s.id }),
  "disconnect-me": (s, [close]) => {
    s.disconnect(close === true);
    s.join("after-disconnect");
    s.emit("mark", "after-disconnect");
  },
};

function onConnection(socket) {
  const who = { nsp: socket.nsp.name, id: socket.id };
  observe("connect", { ...who, transport: socket.conn.transport.name });
  socket.onAny((name, ...args) => {
    if (name === undefined) return; // an EVENT without a list
    if (typeof args.at(-1) === "function") args.pop();
    if (name === "both" || !Object.hasOwn(handlers, name)) socket.emit("any", name, ...args);
  });
  for (const [name, handler] of Object.entries(handlers))
    socket.on(name, (...args) => {
      const ack = typeof args.at(-1) === "function" ? args.pop() : undefined;
      handler(socket, args, ack);
    });
  socket.on("error", (err) => observe("error", { ...who, message: err?.message ?? String(err) }));
  socket.on("disconnecting", (reason) =>
    observe("disconnecting", { ...who, reason, rooms: sorted(socket.rooms) }));
  socket.on("disconnect", (reason, description) => {
    const text = description?.message?.replace(/^\w+Error: /, "");
    observe("disconnect",
      { ...who, reason, rooms: sorted(socket.rooms), description: text ?? null });
  });
  if (who.nsp === "/")
    socket.conn.on("upgrade", (transport) =>
      observe("upgrade", { id: socket.id, transport: transport.name }));
  if (socket.handshake.auth.greet === true) socket.emit("welcome", socket.id);
}

function watchRooms(nsp) {
  for (const event of ["create-room", "delete-room", "join-room", "leave-room"])
    nsp.adapter.on(event, (room, id) => observe(event, { nsp: nsp.name, room, id }));
}

// Without the websocket transport the engine does not listen to "upgrade", and a Node server that has
// no listener for it treats the request as an ordinary one; the listener below must not change that.
function asRequest(req, socket) {
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  res.on("finish", () => socket.end());
  httpServer.emit("request", req, res);
}

function rawSockets(httpServer) {
  const echo = new WebSocketServer({ noServer: true, maxPayload: 1e6 });
  const bcast = new WebSocketServer({ noServer: true, maxPayload: 1e6 });
  echo.on("connection", (ws) => {
    ws.on("message", (data, binary) => {
      const text = binary ? "" : data.toString();
      const close = /^close:(\d+):(.*)$/s.exec(text);
      if (close) ws.close(Number(close[1]), close[2]);
      else if (text.startsWith("ping:")) ws.ping(text.slice(5));
      else ws.send(data, { binary });
    });
    ws.on("pong", (data) => ws.send("pong:" + data.toString()));
  });
  bcast.on("connection", (ws) => ws.on("message", (data, binary) => {
    for (const other of bcast.clients) other.send(data, { binary });
  }));
  for (const [path, wss] of [["/echo", echo], ["/bcast", bcast]])
    wss.on("connection", (ws) => {
      observe("raw-open", { path });
      ws.on("error", () => {});
      ws.on("close", (code, reason) =>
        observe("raw-close", { path, code, reason: reason.toString() }));
    });
  httpServer.on("upgrade", (req, socket, head) => {
    const wss = { "/echo": echo, "/bcast": bcast }[req.url.split("?")[0]];
    if (wss) wss.handleUpgrade(req, socket, head, (ws) => wss.emit("connection", ws, req));
    else if (!io.engine.opts.transports.includes("websocket")) asRequest(req, socket);
  });
  return [echo, bcast];
}

const httpServer = createServer((req, res) => res.writeHead(404).end());
if (options["header-timeout"] !== undefined) {
  httpServer.headersTimeout = Number(options["header-timeout"]);
  httpServer.connectionsCheckingInterval = 100;
}
const io = new Server(httpServer, serverOptions());
const raw = rawSockets(httpServer);

io.of("/admin").use((socket, next) => {
  if (socket.handshake.auth.token === "secret") return next();
  const err = new Error("not authorized");
  err.data = { code: 401, hint: "token" };
  next(err);
});
io.of("/early").use((socket, next) => {
  socket.join("early-room");
  socket.emit("early", 1);
  next();
});
for (const name of ["/", "/chat", "/admin", "/early"]) {
  io.of(name).on("connection", onConnection);
  watchRooms(io.of(name));
}

endOnSignal(httpServer, () => {
  for (const wss of raw) for (const ws of wss.clients) ws.close(1001);
  io.close().then(() => process.exit(0)); // timers of half-closed sessions may run 30 s longer
}, 500);

httpServer.listen(Number(options.port), options.host, () =>
  process.stdout.write(`listening on http://${options.host}:${httpServer.address().port}\n`));
