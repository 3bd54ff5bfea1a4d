// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The reference of admission.test.mjs: what a request passes before it has a session, and what its
// answer's head says: allowRequest, middleware of the engine, CORS, the cookie, hooks for headers.
// admission-server.c keeps the same contract on Vireo's public API.
//
// First line on stdout: "listening on http://127.0.0.1:PORT". SIGTERM: status 0.
//
// Command line
//   --ask            allowRequest: the query's "admit" says "no", or with which words; prints
//                    "asked" {transport}. "refused" {code, message, key, value} of each refusal
//   --middleware     of the engine: sets "x-seen: yes"; a request with the header "x-stop" gets 401
//                    "stopped", one with "x-fail" fails
//   --cors WHICH     any: "*"; list: two origins and all that can be said; decide: a function that
//                    likes what ends in ".good"; pass: preflight goes on; (none without it)
//   --cookie WHICH   plain: {name: "io"}; bare: no attributes; full: all of them
//   --headers        "x-each" with every answer, "x-first" with the one that opens a session; prints
//                    "initial-headers" {}
//   --no-slash       addTrailingSlash: false
//
// Events in "/": ack x acks x.

import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Server } from "socket.io";
import { endOnSignal } from "../js/ends.mjs";

const { values: given } = parseArgs({
  options: { ask: { type: "boolean" }, middleware: { type: "boolean" }, cors: { type: "string" },
    cookie: { type: "string" }, headers: { type: "boolean" }, "no-slash": { type: "boolean" } },
});
const observe = (event, fields) => process.stdout.write(JSON.stringify({ event, ...fields }) + "\n");

const cors = {
  any: {},
  list: { origin: ["https://a.example", "https://b.example"], credentials: true, methods: "GET,POST",
    allowedHeaders: "X-One,X-Two", exposedHeaders: "X-Three", maxAge: 60 },
  decide: { origin: (origin, done) => done(null, origin?.endsWith(".good")), credentials: true },
  pass: { preflightContinue: true },
};
const cookie = {
  plain: { name: "io" },
  bare: { name: "io", path: false, httpOnly: false, sameSite: false },
  full: { name: "sticky", path: "/chat", domain: "a.example", maxAge: 3600, secure: true, partitioned: true,
    priority: "high", sameSite: "none" },
};

function allowRequest(req, done) {
  const { admit, transport } = req._query;
  observe("asked", { transport });
  done(admit === "no" ? undefined : admit, admit === undefined);
}

const httpServer = createServer((req, res) => res.writeHead(404).end());
const io = new Server(httpServer, { cors: cors[given.cors], cookie: cookie[given.cookie],
  allowRequest: given.ask && allowRequest, addTrailingSlash: !given["no-slash"] });
if (given.middleware)
  io.engine.use((req, res, next) => {
    res.setHeader("x-seen", "yes");
    if (req.headers["x-stop"]) {
      res.writeHead(401);
      res.end("stopped");
    } else next(req.headers["x-fail"] && new Error("failed"));
  });
if (given.headers) {
  io.engine.on("headers", (headers) => { headers["x-each"] = "yes"; });
  io.engine.on("initial_headers", (headers) => {
    observe("initial-headers", {});
    headers["x-first"] = "yes";
  });
}
io.engine.on("connection_error", ({ code, message, context }) => {
  const [key, value] = Object.entries(context)[0];
  observe("refused", { code, message, key, value: String(value ?? message) });
});
io.on("connection", (socket) => socket.on("ack", (x, ack) => ack(x)));

endOnSignal(httpServer, () => io.close().then(() => process.exit(0)));
httpServer.listen(0, "127.0.0.1", () =>
  process.stdout.write(`listening on http://127.0.0.1:${httpServer.address().port}\n`));
