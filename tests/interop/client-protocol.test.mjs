// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// What servers see of Vireo's Socket.IO client on the wire, and in which order: who shares a
// connection (C02), what requests say (C10, C13, C24), the numbers of questions (C17), what is sent
// first after a connection (C14, C16), what is volatile, the good-bye (C03), errors of a POST (C23).

import test from "node:test";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { Server } from "socket.io";
import { WebSocketServer } from "ws";
import { startClients } from "../js/driver.mjs";
import { folder, rawServer } from "../js/peers.mjs";
import { startRelay } from "../js/relay.mjs";
import { until, within } from "../js/wait.mjs";

const quick = { delay: 10, delayMax: 50 };

/** An official server inside the test, and all requests that it was sent, with their bodies. */
async function official(t, options = {}, where = [0, "127.0.0.1"]) {
  const http = createServer();
  const requests = [];
  const note = (req) => {
    requests.push(req);
    req.text = "";
    if (req.method === "POST") req.on("data", (bytes) => { req.text += bytes; });
  };
  const io = new Server(http, options);
  http.prependListener("request", note);
  http.prependListener("upgrade", note);
  http.listen(...where);
  await once(http, "listening");
  t.after(() => { io.close(); http.closeAllConnections?.(); });
  io.on("connection", (s) => s.on("ack", (...args) => args.pop()(...args)));
  const { port } = http.address();
  return { io, requests, port, url: `http://127.0.0.1:${port}` };
}

test("a port that is the scheme's own makes no other server; another path or scheme does (C02)", async (t) => {
  const path = `${folder(t)}/socket`;
  const { io } = await official(t, {}, [path]);
  for (const name of ["/one", "/two", "/three"]) io.of(name);
  const all = startClients(t);
  const options = { unixPath: path, transports: "websocket" };
  await all.connect("a", "http://inside/one", options).next("connect");
  await all.connect("b", "http://inside:80/two", options).next("connect");
  assert.equal(io.engine.clientsCount, 1);
  await all.connect("c", "http://inside:81/three", options).next("connect");
  assert.equal(io.engine.clientsCount, 2);
  await all.connect("d", "http://else/three", options).next("connect");
  assert.equal(io.engine.clientsCount, 3);
});

test("requests of polling say what the official client's say (C24, 2.7)", async (t) => {
  const { requests, url } = await official(t);
  const a = startClients(t).connect("a", url, { transports: "polling", forceBase64: true });
  await a.next("connect");
  await a.call("ack");
  const gets = requests.filter((r) => r.method === "GET"), posts = requests.filter((r) => r.method === "POST");
  assert.match(gets[0].url, /&b64=1(&|$)/);
  assert.ok(posts.every((r) => r.headers["content-type"] === "text/plain;charset=UTF-8"));
  assert.ok(requests.every((r) => r.headers.accept === "*/*"));
  a.do("disconnect");
  await waitFor(() => requests.some((r) => r.method === "POST" && r.text.endsWith("1")));
});

test("binary is text over the WebSocket too, if that is wanted (C24)", async (t) => {
  const wss = await rawServer(t);
  const heard = [];
  wss.on("connection", (ws) => {
    ws.send('0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000}');
    ws.on("message", (data, binary) => {
      heard.push([binary, String(data)]);
      if (heard.length === 1) ws.send('40{"sid":"in"}');
    });
  });
  const a = startClients(t).connect("a", wss.url, { transports: "websocket", forceBase64: true });
  await a.next("connect");
  a.do("emit", { event: "x", args: [1], binary: "bytes" });
  await waitFor(() => heard.length === 3);
  assert.deepEqual(heard.slice(1), [[false, '451-["x",1,{"_placeholder":true,"num":0}]'],
    [false, `b${Buffer.from("bytes").toString("base64")}`]]);
});

test("a time-out of its own for all questions, with the queue of retries and without (C17)", async (t) => {
  const { io, url } = await official(t);
  const got = [];
  io.on("connection", (s) => s.on("work", (n) => got.push(n)));
  const all = startClients(t);
  const a = all.connect("a", url, { ackTimeout: 50 });
  assert.equal((await a.call("work", 1)).status, "VIREO_ETIMEDOUT");
  const b = all.connect("b", url, { ackTimeout: 50, retries: 2 });
  b.emit("work", 2); // nobody waits for its answer, but the queue
  await waitFor(() => got.filter((n) => n === 2).length === 3);
});

test("sub-protocols are offered (2.2)", async (t) => {
  const { requests, url } = await official(t);
  const a = startClients(t).connect("a", url, { transports: "websocket", protocols: "chat, superchat", attempts: 1, ...quick });
  await a.all.until(() => a.seen("connect", "connect_error")[0], "an answer");
  assert.equal(requests[0].headers["sec-websocket-protocol"], "chat, superchat");
});

test("questions are numbered from 0, through reconnections, for each namespace (C17)", async (t) => {
  const { port, io } = await official(t);
  io.of("/other").on("connection", (s) => s.on("ack", (...args) => args.pop()(...args)));
  const relay = await startRelay(t, port);
  const all = startClients(t);
  const a = all.connect("a", relay.url, { ...quick, transports: "websocket", packets: true });
  const b = all.connect("b", `${relay.url}/other`);
  await a.next("connect");
  await a.call("ack");
  await b.call("ack");
  await a.call("ack");
  relay.cut();
  await a.next("disconnect");
  await a.next("connect");
  await a.call("ack");
  const asked = a.seen("packet").filter((p) => p.sent && p.type === "4").map((p) => p.data.match(/^2(.*)\[/)?.[1]).filter(Boolean);
  assert.deepEqual(asked, ["0", "/other,0", "1", "2"]);
});

test("at a connection: what came early, what has waited, the queue of retries, then on_connect (C14, C16)", async (t) => {
  const { io, url } = await official(t);
  for (const [name, options] of [["/plain", {}], ["/retries", { retries: 1, ackTimeout: 5000 }]]) {
    const got = [];
    const all = startClients(t);
    const come = once(io.of(name), "connection");
    const a = all.connect("a", url + name, { ...options, noConnect: true, onConnect: "emit", outgoing: true });
    for (const n of [1, 2]) a.emit("waited", n);
    a.do("open");
    const [socket] = await come;
    socket.onAny((event, ...args) => {
      got.push(event === "waited" ? args[0] : event);
      if (typeof args.at(-1) === "function") args.at(-1)();
    });
    await a.next("outgoing", { type: "from handler" });
    await waitFor(() => got.length === 3);
    assert.deepEqual(got, [1, 2, "from handler"]);
    const told = a.seen("outgoing", "connect").map((e) => e.type ?? e.event);
    assert.equal(told[0], "waited"); // before on_connect
    assert.ok(told.indexOf("connect") > 0);
  }
});

test("volatile: it waits for a namespace that is being joined, and passes the queue of retries (2.5)", async (t) => {
  const { io, url } = await official(t);
  const got = [];
  io.on("connection", (s) => s.onAny((event) => got.push(event)));
  const a = startClients(t).connect("a", url, { transports: "websocket", on_open: "volatile", retries: 5 });
  await a.next("connect");
  await waitFor(() => got.length > 0);
  assert.deepEqual(got, ["volatile"]);
  a.emit("kept"); // is not acknowledged, and stays in front of all others
  await waitFor(() => got.length > 1);
  a.emit("behind");
  a.do("emit", { event: "passes", args: [], volatile: true });
  await waitFor(() => got.includes("passes"));
  assert.deepEqual(got, ["volatile", "kept", "passes"]);
});

test("a POST that fails (C23)", async (t) => {
  let posts = 0;
  const http = createServer((req, res) => {
    req.resume();
    if (req.method === "POST") { res.statusCode = ++posts > 1 ? 500 : 200; res.end("ok"); return; }
    if (!req.url.includes("sid=")) res.end(`0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000}`);
    else if (!http.greeted) { http.greeted = true; res.end('40{"sid":"first"}'); }
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => { http.close(); http.closeAllConnections?.(); });
  const a = startClients(t).connect("a", `http://127.0.0.1:${http.address().port}`,
    { transports: "polling", noReconnect: true });
  await a.next("connect");
  a.emit("x");
  const { reason, description } = await a.next("disconnect");
  assert.equal(reason, "transport error");
  assert.match(description, /500/);
});

/** The answers to a client's pending GET and to the POST that says good-bye: still to be ended. */
async function leaving(t) {
  const http = createServer();
  const held = new Promise((resolve) => {
    let poll, goodbye;
    http.on("request", async (req, res) => {
      if (req.method === "GET" && !req.url.includes("sid="))
        res.end('0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000}');
      else if (req.method === "GET" && !http.greeted) { http.greeted = true; res.end('40{"sid":"first"}'); }
      else if (req.method === "GET") poll = res;
      else {
        let text = "";
        for await (const bytes of req) text += bytes;
        if (text === "1") goodbye = res;
        else res.end("ok");
      }
      if (poll && goodbye) resolve([poll, goodbye]);
    });
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => { http.close(); http.closeAllConnections?.(); });
  const a = startClients(t).connect("a", `http://127.0.0.1:${http.address().port}`, { transports: "polling" });
  await a.next("connect");
  a.do("disconnect", { close: true });
  return within(held, "the good-bye");
}

test("the GET that is pending at the good-bye may be answered (C03)", async (t) => {
  const [poll, post] = await leaving(t);
  const broken = new Promise((resolve) => poll.once("close", () => resolve(!poll.writableFinished)));
  await Promise.race([broken, new Promise((r) => setTimeout(r, 100))]); // that is when it is not to come
  post.end("ok");
  poll.end("6");
  assert.equal(await within(broken, "the end of the GET"), false);
});

test("it is given up when no answer comes, as the good-bye is (C03)", async (t) => {
  const answers = await leaving(t);
  await within(Promise.all(answers.map((res) => new Promise((resolve) => res.once("close", resolve)))), "their end", 30000);
  assert.deepEqual(answers.map((res) => res.writableEnded), [false, false]);
});

test("a program that ends in the middle of an upgrade first comes to its end with it (C03)", async (t) => {
  const polls = [];
  const http = createServer((req, res) => {
    if (req.method === "POST") req.resume().on("end", () => res.end("ok"));
    else if (!req.url.includes("sid="))
      res.end('0{"sid":"x","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}');
    else if (polls.push(res) === 1) res.end('40{"sid":"first"}');
  });
  const wss = new WebSocketServer({ server: http });
  const got = [];
  const closed = new Promise((resolve) => wss.on("connection", (ws) => {
    ws.on("message", (data) => got.push(`${data}`)).on("close", resolve);
  }));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => { wss.close(); http.close(); http.closeAllConnections?.(); });
  const all = startClients(t);
  const a = all.connect("a", `http://127.0.0.1:${http.address().port}`);
  await a.next("connect");
  await until(() => polls.length === 2 && got.length === 1, "the poll that is to come to its end, and the probe");
  for (const ws of wss.clients) ws.send("3probe");
  await a.next("upgrading");
  a.emit("last");
  const ended = all.end();
  await a.next("disconnect");
  polls[1].end("6");
  assert.equal(await within(closed, "the end of the WebSocket"), 1001);
  await ended;
  assert.deepEqual(got, ["2probe", "5", '42["last"]', "41"]);
});

async function waitFor(condition) {
  for (let i = 0; i < 1000 && !condition(); i++) await new Promise((r) => setTimeout(r, 5));
  assert.ok(condition());
}
