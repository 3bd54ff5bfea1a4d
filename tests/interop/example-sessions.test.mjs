// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// examples/sessions (H10, N15, T21): the same session in pages and in Socket.IO, in memory and in Redis,
// and shared with a server on Node that has express-session.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import session from "express-session";
import { client, connected } from "../js/client.mjs";
import { Example } from "../js/example.mjs";
import { next, until, within } from "../js/wait.mjs";

const run = promisify(execFile);

/** A browser's cookie, and no more of it. */
class Visitor {
  cookie = "";

  constructor(url) { this.url = url; }

  async fetch(target, options = {}) {
    const res = await fetch(this.url + target,
      { redirect: "manual", ...options, headers: { ...options.headers, cookie: this.cookie } });
    for (const set of res.headers.getSetCookie?.() ?? [res.headers.get("set-cookie")].filter(Boolean))
      this.cookie = /=;/.test(set) ? "" : set.split(";")[0];
    return { status: res.status, text: await res.text(), headers: res.headers };
  }

  post(target, form = {}) {
    return this.fetch(target, { method: "POST", body: new URLSearchParams(form) });
  }
}

async function redis(t) {
  const folder = await mkdtemp(path.join(tmpdir(), "vireo-redis-"));
  const socket = path.join(folder, "redis.sock");
  const child = spawn("redis-server", ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder],
    { stdio: "ignore" });
  await once(child, "spawn");
  const ended = once(child, "exit");
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
    await rm(folder, { recursive: true });
  });
  await until(() => run("redis-cli", ["-s", socket, "ping"]).then(() => true, () => false), "Redis");
  return { socket, ask: async (...args) => (await run("redis-cli", ["-s", socket, ...args])).stdout.trim() };
}

function start(t, env = {}) {
  const before = { ...process.env };
  Object.assign(process.env, env);
  const example = Example.start(t, "sessions");
  for (const key of Object.keys(env)) before[key] === undefined ? delete process.env[key] : 0;
  return example;
}

async function visits(t, example) {
  const visitor = new Visitor(example.url);
  let page = await visitor.fetch("/");
  assert.match(page.text, /Who are you\?/);
  assert.equal(visitor.cookie, "", "nothing is kept of who has not logged in");
  const refused = client(t, example, { reconnection: false });
  assert.equal((await next(refused, "connect_error"))[0].message, "log in first");
  assert.equal((await visitor.post("/login")).status, 400);

  const login = await visitor.post("/login", { name: "<Ada>" });
  assert.equal(login.status, 303);
  assert.match(visitor.cookie, /^sid=s%3A[A-Za-z0-9_-]{32}\.[A-Za-z0-9%]{43,}$/);
  assert.match(login.headers.get("set-cookie"), /; Path=\/; HttpOnly; SameSite=Lax$/);
  page = await visitor.fetch("/");
  assert.match(page.text, /Hello &lt;Ada&gt;, visit 1/);
  assert.match((await visitor.fetch("/")).text, /visit 2/);
  return visitor;
}

for (const transports of [["polling"], ["websocket"]])
  test(`log in, then the same session over ${transports}; what a socket saves, pages show`, async (t) => {
    const example = await start(t);
    const visitor = await visits(t, example);
    const socket = client(t, example, { transports, extraHeaders: { cookie: visitor.cookie } });
    assert.deepEqual(await next(socket, "welcome"), [{ name: "<Ada>", visits: 2 }]);
    assert.equal(await within(socket.emitWithAck("rename", "Grace"), "the ack"), "saved");
    assert.match((await visitor.fetch("/")).text, /Hello Grace, visit 3/);

    const thief = new Visitor(example.url);
    thief.cookie = visitor.cookie;
    const old = visitor.cookie;
    assert.equal((await visitor.post("/logout")).status, 303);
    assert.equal(visitor.cookie, "");
    assert.match((await thief.fetch("/")).text, /Who are you\?/);
    const late = client(t, example, { reconnection: false, extraHeaders: { cookie: old } });
    assert.equal((await next(late, "connect_error"))[0].message, "log in first");
    // the open socket goes on, but cannot bring the session back
    await within(socket.emitWithAck("rename", "Eve"), "the ack");
    assert.match((await thief.fetch("/")).text, /Who are you\?/);
  });

test("sessions in Redis outlive the server, and a login changes the id", async (t) => {
  const { socket, ask } = await redis(t);
  let example = await start(t, { REDIS: socket, SECRET: "one" });
  const visitor = await visits(t, example);
  const before = visitor.cookie;
  await visitor.post("/login", { name: "Bob" });
  assert.notEqual(visitor.cookie, before);
  assert.equal((await ask("keys", "*")).split("\n").length, 1);
  await example.stop();
  example = await start(t, { REDIS: socket, SECRET: "one" });
  visitor.url = example.url;
  assert.match((await visitor.fetch("/")).text, /Hello Bob, visit 1/);
  await example.stop(); // before Redis goes
});

/** A store of express-session on the same Redis. */
class Store extends session.Store {
  constructor(ask) { super(); this.ask = ask; }
  get(id, done) {
    this.ask("get", `sess:${id}`).then((text) => done(null, text ? JSON.parse(text) : null), done);
  }
  set(id, value, done) {
    this.ask("set", `sess:${id}`, JSON.stringify(value), "EX", "100").then(() => done(null), done);
  }
  destroy(id, done) { this.ask("del", `sess:${id}`).then(() => done(null), done); }
}

test("a server on Node with express-session shares the visitors", async (t) => {
  const { socket, ask } = await redis(t);
  const example = await start(t, { REDIS: socket, SECRET: "shared" });
  const use = session({ store: new Store(ask), secret: "shared", name: "sid", resave: false,
    saveUninitialized: false, cookie: { maxAge: 100000 } });
  const node = http.createServer((req, res) => use(req, res, () => {
    if (req.url === "/set") req.session.name = "Node";
    res.end(JSON.stringify(req.session));
  })).listen(0, "127.0.0.1");
  await once(node, "listening");
  t.after(() => { node.closeAllConnections?.(); node.close(); });
  const there = `http://127.0.0.1:${node.address().port}`;

  const visitor = await visits(t, example);
  const here = visitor.url;
  visitor.url = there;
  const seen = JSON.parse((await visitor.fetch("/")).text);
  assert.equal(seen.name, "<Ada>");
  assert.equal(seen.visits, 2);
  assert.equal(seen.cookie.path, "/");
  await visitor.fetch("/set");
  visitor.url = here;
  assert.match((await visitor.fetch("/")).text, /Hello Node, visit 3/);

  const other = new Visitor(there); // one that begins at Node
  await other.fetch("/set");
  other.url = here;
  assert.match((await other.fetch("/")).text, /Hello Node, visit 1/);
  const greeted = await connected(t, example, { extraHeaders: { cookie: other.cookie } });
  assert.ok(greeted.connected);
  greeted.disconnect();
  await example.stop(); // before Redis goes
});
