// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The options of Vireo's Socket.IO client, as the official server and proxies see them: C01, C07,
// C08, C10, C11, C12, C13, C21, C26, and T's rows on the client's side.

import test from "node:test";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createServer as createSecure } from "node:https";
import { once } from "node:events";
import net from "node:net";
import { Server } from "socket.io";
import { startClients } from "../js/driver.mjs";
import { httpProxy, socksProxy } from "../js/proxies.mjs";
import { Certs } from "../js/certs.mjs";

const quick = { delay: 10, delayMax: 50 };

/** An official server inside the test, and all requests that it was sent. */
async function official(t, options = {}, http = createServer(), where = [0, "127.0.0.1"]) {
  const io = new Server(http, options);
  const requests = [];
  http.prependListener("request", (req) => requests.push(req));
  if (options.transports?.includes("websocket") !== false) // else Node itself turns upgrades away
    http.prependListener("upgrade", (req) => requests.push(req));
  http.listen(...where);
  await once(http, "listening");
  t.after(() => { io.close(); http.closeAllConnections?.(); });
  const { port } = http.address();
  io.on("connection", (s) => {
    s.on("ack", (...args) => args.pop()(...args));
    s.on("echo", (...args) => s.emit("echo", ...args));
  });
  return { io, requests, port, url: `http://127.0.0.1:${port}` };
}

test("the URL: path is the namespace, query is the query (C01)", async (t) => {
  const { io, requests, port } = await official(t);
  const joined = once(io.of("/a/b"), "connection");
  const all = startClients(t);
  const a = all.connect("a", `ws://127.0.0.1:${port}/a/b?x=1&y=%C3%A4`);
  await a.next("connect");
  const [socket] = await joined;
  assert.equal(socket.handshake.query.x, "1");
  assert.equal(socket.handshake.query.y, "ä");
  assert.match(requests[0].url, /^\/socket\.io\/\?x=1&y=%C3%A4&EIO=4&transport=polling&t=[0-9a-z]{8}$/);
  const c = all.connect("c", `http://${"x".repeat(8000)}`);
  assert.match((await c.next("no socket")).text, /8,000/);
  const d = all.connect("d", `http://127.0.0.1:${port}/a,b`);
  assert.match((await d.next("no socket")).text, /comma/);
});

test("the query as a list of its own (C10)", async (t) => {
  const { io, url } = await official(t);
  const joined = once(io, "connection");
  const a = startClients(t).connect("a", url,
    { query: ["k", "v & w", "z", ""] });
  await a.next("connect");
  const [socket] = await joined;
  assert.equal(socket.handshake.query.k, "v & w");
  assert.equal(socket.handshake.query.z, "");
});

test("headers of all requests, of one transport's (C10)", async (t) => {
  const { requests, url } = await official(t);
  const a = startClients(t).connect("a", url, {
    headers: ["X-All", "1"], pollingHeaders: ["X-Poll", "2"], websocketHeaders: ["X-Ws", "3"] });
  await a.next("upgrade");
  for (const r of requests) {
    const ws = r.headers.upgrade === "websocket";
    assert.equal(r.headers["x-all"], "1");
    assert.equal(r.headers["x-poll"], ws ? undefined : "2");
    assert.equal(r.headers["x-ws"], ws ? "3" : undefined);
  }
  assert.ok(requests.some((r) => r.headers.upgrade === "websocket"));
});

test("a path of its own, with and without its slash; timestamps (C13)", async (t) => {
  const { requests, url } = await official(t, { path: "/my/io" });
  const a = startClients(t).connect("a", url, { path: "/my/io/", noTimestamps: true });
  await a.next("upgrade");
  assert.ok(requests.every((r) => /^\/my\/io\/\?EIO=4&transport=(polling|websocket)(&sid=[\w-]+)?$/.test(r.url)),
    requests.map((r) => r.url).join("\n"));
  const plain = await official(t, { path: "/io", addTrailingSlash: false });
  const b = startClients(t).connect("b", plain.url, { path: "/io", noTrailingSlash: true,
    timestampParam: "now", websocketTimestamps: true });
  await b.next("upgrade");
  assert.ok(plain.requests.every((r) => /^\/io\?EIO=4&transport=\w+&now=[0-9a-z]{8}/.test(r.url)));
});

test("the next transport when the first cannot be had (C07)", async (t) => {
  const all = startClients(t);
  const { url } = await official(t, { transports: ["websocket"] });
  const a = all.connect("a", url, { tryAll: true, noReconnect: true });
  assert.equal((await a.next("connect")).transport, "websocket");
  const polling = await official(t, { transports: ["polling"] });
  const b = all.connect("b", polling.url, { tryAll: true, transports: "websocket,polling", noReconnect: true });
  assert.equal((await b.next("connect")).transport, "polling");
  const c = all.connect("c", polling.url, { forceNew: true, transports: "websocket,polling", noReconnect: true });
  assert.equal((await c.next("connect_error")).message, "websocket error");
  const d = all.connect("d", polling.url, { forceNew: true, transports: "pigeon" });
  assert.match((await d.next("no socket")).text, /transports/);
});

test("it begins with the WebSocket that worked the last time (C08)", async (t) => {
  const { requests, url } = await official(t);
  const all = startClients(t);
  const a = all.connect("a", url, { rememberUpgrade: true, forceNew: true });
  assert.equal((await a.next("connect")).transport, "polling");
  await a.next("upgrade");
  requests.length = 0;
  const b = all.connect("b", url, { rememberUpgrade: true, forceNew: true });
  assert.equal((await b.next("connect")).transport, "websocket");
  assert.equal(requests.length, 1);
});

test("cookies of a session (C11)", async (t) => {
  const { io, requests, url } = await official(t, { cookie: { name: "io", path: "/" } });
  io.engine.on("headers", (headers) => { headers["set-cookie"] = ["b=\"2\"; Path=/", "gone=1; Max-Age=0", "old=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "long=3; max-age=3600"]; });
  const all = startClients(t);
  const a = all.connect("a", url, { cookies: true });
  await a.next("upgrade");
  assert.equal(requests[0].headers.cookie, undefined);
  for (const r of requests.slice(2)) assert.match(r.headers.cookie, /b=2; long=3$/);
  assert.match(requests.at(-1).headers.cookie, /b=2; long=3$/);
  requests.length = 0;
  const b = all.connect("b", url, { forceNew: true });
  await b.next("upgrade");
  assert.ok(requests.every((r) => r.headers.cookie === undefined));
});

test("no more in a POST than the server takes (C21)", async (t) => {
  const { io, requests, url } = await official(t, { maxHttpBufferSize: 1000 });
  const got = [];
  io.on("connection", (s) => s.on("part", (n) => got.push(n)));
  const a = startClients(t).connect("a", url, { transports: "polling" });
  await a.next("connect");
  const arg = "y".repeat(280);
  const before = requests.filter((r) => r.method === "POST").length;
  for (let i = 0; i < 20; i++) a.do("emit", { event: "part", args: [`${i}${arg}`] });
  await a.call("ack");
  assert.deepEqual(got.map((n) => parseInt(n)), Array.from({ length: 20 }, (_, i) => i));
  const posts = requests.filter((r) => r.method === "POST").length - before;
  assert.ok(posts >= 7 && posts <= 21, `${posts} POSTs`);
  assert.ok(requests.filter((r) => r.method === "POST").every((r) => Number(r.headers["content-length"]) <= 1000));
});

test("a poll has a time-out if it is wanted (C26)", async (t) => {
  const { url } = await official(t);
  const a = startClients(t).connect("a", url, { ...quick, transports: "polling", requestTimeout: 100 });
  await a.next("connect");
  const { reason } = await a.next("disconnect");
  assert.equal(reason, "transport error");
  await a.next("connect");
});

test("what waits is limited", async (t) => {
  const { url } = await official(t);
  const a = startClients(t).connect("a", url, { noConnect: true, maxQueuedBytes: 1000 });
  // 42["m","..."]: with the frame's type 943 bytes exactly, and 57 more
  a.emit("m", "x".repeat(990 - 7));
  a.emit("m", "");
  assert.equal((await a.next("emit failed")).error, "VIREO_EFULL");
  assert.equal((await a.state()).buffered, 1);
});

test("TLS: the certificate is verified (C12)", async (t) => {
  const certs = new Certs();
  t.after(() => certs.remove());
  certs.make("good", "DNS:localhost");
  const { port } = await official(t, {},
    createSecure({ cert: certs.text("good.pem"), key: certs.text("good.key") }));
  const ca = String(certs.ca);
  const all = startClients(t);
  for (const transports of ["polling,websocket", "websocket"]) {
    const a = all.connect(`a${transports}`, `https://localhost:${port}`, { transports, ca, forceNew: true });
    await a.next("connect");
    assert.deepEqual((await a.call("ack", 1)).args, [1]);
    const b = all.connect(`b${transports}`, `https://localhost:${port}`, { transports, forceNew: true, attempts: 1, ...quick });
    const error = await b.next("connect_error");
    assert.equal(error.code, "VIREO_ETLS");
    const c = all.connect(`c${transports}`, `localhost:${port}`, { transports, insecure: true, forceNew: true });
    await c.next("connect"); // without a scheme: https
  }
});

test("through proxies (C12)", async (t) => {
  const { port } = await official(t);
  const http = await httpProxy(t, { port, user: "me:secret" });
  const socks = await socksProxy(t, { port });
  const all = startClients(t);
  for (const transports of ["polling", "websocket"]) {
    const a = all.connect(`h${transports}`, "http://far.example:8000",
      { transports, forceNew: true, proxy: `http://me:secret@127.0.0.1:${http.port}` });
    await a.next("connect");
    assert.deepEqual((await a.call("ack", 1)).args, [1]);
    const b = all.connect(`s${transports}`, "http://far.example:8000",
      { transports, forceNew: true, proxy: `socks5://127.0.0.1:${socks.port}` });
    await b.next("connect");
    assert.deepEqual((await b.call("ack", 1)).args, [1]);
  }
  assert.ok(http.asked.every((line) => line.startsWith("CONNECT far.example:8000")));
});

test("over a unix socket; user and password of the URL", async (t) => {
  const path = `/tmp/vireo-client-${process.pid}.sock`;
  const { requests } = await official(t, {}, createServer(), [path]);
  const a = startClients(t).connect("a", "http://me:s%20t@inside", { unixPath: path });
  await a.next("upgrade");
  const wanted = `Basic ${Buffer.from("me:s t").toString("base64")}`;
  assert.ok(requests.every((r) => r.headers.authorization === wanted));
});

test("compression of the WebSocket (S)", async (t) => {
  const { io, requests, url } = await official(t, { perMessageDeflate: { threshold: 0 } });
  const a = startClients(t).connect("a", url, { transports: "websocket", deflate: true });
  await a.next("connect");
  assert.match(requests[0].headers["sec-websocket-extensions"], /permessage-deflate/);
  const text = "abc".repeat(10000);
  a.emit("echo", text);
  assert.equal((await a.next("event", { type: "echo" })).args[1], text);
  assert.ok(io);
});

test("an upgrade that fails harms nobody", async (t) => {
  // a proxy that lets no upgrade through
  const { port } = await official(t);
  const http = createServer((req, res) => {
    const far = net.connect(port, "127.0.0.1");
    far.on("error", () => res.destroy());
    const headers = Object.entries(req.headers).map(([k, v]) => `${k}: ${v}\r\n`).join("")
      .replace(/connection: .*\r\n/, "connection: close\r\n");
    far.write(`${req.method} ${req.url} HTTP/1.1\r\n${headers}\r\n`);
    req.pipe(far, { end: false });
    far.pipe(req.socket);
    req.socket.on("error", () => {}).once("close", () => far.destroy());
  });
  http.on("upgrade", (req, socket) => socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => { http.close(); http.closeAllConnections?.(); });
  const a = startClients(t).connect("a", `http://127.0.0.1:${http.address().port}`);
  const { message, description } = await a.next("upgrade_error");
  assert.equal(message, "probe error");
  assert.match(description, /403 Forbidden/);
  for (let i = 0; i < 5; i++) assert.deepEqual((await a.call("ack", i)).args, [i]);
  assert.equal((await a.state()).transport, "polling");
  assert.equal(a.seen("disconnect", "upgrade", "upgrading").length, 0);
});
