// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The reference server for the engine alone: the official engine.io package behind the contract
// below; interop/engine-server.c keeps the same one on Vireo's engine.
//
// Command line: --port --host --path (/engine.io) --ping-interval --ping-timeout --upgrade-timeout
// --max-payload --transports --no-upgrades, as in reference.mjs; --allow-eio3, --initial-packet TEXT;
// --admit: allow_request and the ids are decided later, by the query's "admit" ("no": denied with the
// message "not you") and "name" (the id; "bad" is none); SIGTERM closes every session.
//
// Messages of the client
//   "callback"      sends "first" and "second", each with a send callback (observations "sent")
//   "close"         closes the session once everything queued is sent
//   "discard"       sends "lost", then closes without sending what is queued
//   "burst N"       sends "0" .. "N-1" and prints the observation "burst-sent" from the last one's
//                   send callback
//   any other       goes back as it came, text as text and binary as binary
//
// Observations: one JSON object per line on stdout
//   open {id,transport}   upgrade {id,transport}   close {id,reason,description}
//   sent {id,text}        burst-sent {id}
//   refused {code,message,key,value}   a request that got no session

import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Server } from "engine.io";
import { endOnSignal } from "../js/ends.mjs";

const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    host: { type: "string", default: "127.0.0.1" },
    path: { type: "string", default: "/engine.io" },
    "ping-interval": { type: "string" },
    "ping-timeout": { type: "string" },
    "upgrade-timeout": { type: "string" },
    "max-payload": { type: "string" },
    transports: { type: "string" },
    "no-upgrades": { type: "boolean", default: false },
    "allow-eio3": { type: "boolean", default: false },
    "initial-packet": { type: "string" },
    admit: { type: "boolean", default: false },
  },
});

const observe = (event, fields) => process.stdout.write(JSON.stringify({ event, ...fields }) + "\n");
const engineOptions = { allowUpgrades: !options["no-upgrades"] };
const numbers = {
  pingInterval: "ping-interval", pingTimeout: "ping-timeout", upgradeTimeout: "upgrade-timeout",
  maxHttpBufferSize: "max-payload",
};
for (const [key, name] of Object.entries(numbers))
  if (options[name] !== undefined) engineOptions[key] = Number(options[name]);
engineOptions.allowEIO3 = options["allow-eio3"];
if (options["initial-packet"] !== undefined) engineOptions.initialPacket = options["initial-packet"];
if (options.admit)
  engineOptions.allowRequest = (req, done) => setImmediate(() =>
    req._query.admit === "no" ? done("not you", false) : done(null, true));
if (options.transports !== undefined) engineOptions.transports = options.transports.split(",");

function onMessage(socket, data) {
  const id = socket.id;
  const burst = /^burst (\d+)$/.exec(typeof data === "string" ? data : "");
  if (burst) {
    const n = Number(burst[1]);
    for (let i = 0; i < n; i++)
      socket.send(String(i), {}, i === n - 1 ? () => observe("burst-sent", { id }) : undefined);
  } else if (data === "callback") {
    for (const text of ["first", "second"])
      socket.send(text, {}, () => observe("sent", { id, text }));
  } else if (data === "close") {
    socket.close();
  } else if (data === "discard") {
    socket.send("lost");
    socket.close(true);
  } else {
    socket.send(data);
  }
}

const httpServer = createServer((req, res) => res.writeHead(404).end());
const engine = new Server(engineOptions);
engine.attach(httpServer, { path: options.path });
if (options.admit)
  engine.generateId = (req) => new Promise((resolve, reject) => setImmediate(() =>
    req._query.name === "bad" ? reject(new Error("no id")) : resolve(req._query.name)));
engine.on("connection_error", ({ code, message, context }) => {
  const [key, value] = Object.entries(context)[0];
  observe("refused", { code, message, key, value: String(value) });
});
engine.on("connection", (socket) => {
  const id = socket.id;
  observe("open", { id, transport: socket.transport.name });
  socket.on("message", (data) => onMessage(socket, data));
  socket.on("upgrade", (transport) => observe("upgrade", { id, transport: transport.name }));
  socket.on("close", (reason, description) =>
    observe("close", { id, reason, description: description?.message ?? null }));
});

endOnSignal(httpServer, () => {
  engine.close();
  httpServer.close(() => process.exit(0));
}, 500);

httpServer.listen(Number(options.port), options.host, () =>
  process.stdout.write(`listening on http://${options.host}:${httpServer.address().port}\n`));
