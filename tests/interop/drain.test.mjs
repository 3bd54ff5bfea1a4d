// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// O04: a server that is drained: its clients go over to another one behind the same load balancer, a few at a time, and lose
// nothing that was sent to them.

import assert from "node:assert/strict";
import http from "node:http";
import { describe, test } from "node:test";
import WebSocket from "ws";
import { balance } from "../js/balancer.mjs";
import { client, connected, modes } from "../js/client.mjs";
import { fetchRaw, Polling, Wire } from "../js/raw.mjs";
import { kinds, startServer } from "../js/server.mjs";
import { next, within } from "../js/wait.mjs";

const HERE = ["--host", "127.0.0.1"];
const CLIENTS = 200, WINDOW = 4000, LONG = 60000;

/** A server whose window is `ms`; it is ended with the test. */
async function start(t, ms, name = "a") {
  const server = await startServer("vireo", [...HERE, "--drain", ms, "--name", name], "drain");
  t.after(() => server.kill());
  return server;
}

const isHealthy = async (server) => (await fetchRaw(server, "GET", "/health")).status === 200;

async function drain(server) {
  process.kill(server.pid, "SIGTERM");
  await within((async () => { while (await isHealthy(server)); })(), "the begin of the drain");
}

if (kinds.includes("vireo")) describe("a server that is drained [vireo]", () => {
  test(`${CLIENTS} clients go over to another server (O04)`, async (t) => {
    const from = await start(t, WINDOW), to = await start(t, 0, "b");
    const front = await balance(t, [from, to]);
    const reasons = [], heard = new Map(); // of sockets' ids: their last tick
    const clients = [];
    for (let i = 0; i < CLIENTS; i++) {
      const mode = Object.values(modes)[i % 3];
      const socket = client(t, front, { ...mode, reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200 });
      socket.on("disconnect", (reason) => reasons.push(reason));
      socket.on("tick", (n) => {
        if (n !== (heard.get(socket.id) ?? 0) + 1) reasons.push(`tick ${n} behind ${heard.get(socket.id)}`);
        heard.set(socket.id, n);
      });
      clients.push(socket);
    }
    const servers = (name) => Promise.all(clients.map((socket) => new Promise((resolve) => {
      socket.on("server", function told(its) {
        if (its === name) resolve(socket.off("server", told));
      });
    })));
    await within(servers("a"), "all on the first server", LONG);
    const gone = servers("b");
    await Promise.all(clients.map((socket) => next(socket, "tick", LONG)));
    const begin = Number(process.hrtime.bigint() / 1000000n); // the same clock as the server's
    process.kill(from.pid, "SIGTERM");
    await within(gone, "all on the second server", LONG);
    assert.deepEqual(await within(from.exited, "the end of the first", LONG), { code: 0, signal: null });

    assert.deepEqual([...new Set(reasons)], ["transport close"]);
    const left = from.seen({ event: "disconnect" });
    assert.equal(left.length, CLIENTS);
    assert.deepEqual([...new Set(left.map((l) => l.reason))], ["server shutting down"]);
    const lost = left.filter(({ id, sent }) => heard.get(id) !== sent);
    assert.deepEqual(lost.map(({ id, sent }) => [sent, heard.get(id)]), []);
    const quarters = [0, 0, 0, 0];
    for (const { ms } of left) quarters[Math.min(3, Math.floor((ms - begin) / (WINDOW / 4)))]++;
    t.diagnostic(`left per quarter: ${quarters.join(", ")}`);
    // Evenly, unless the machine is busy: then later, but never before their time.
    for (let i = 0, sum = 0; i < 4; i++) {
      sum += quarters[i];
      assert.ok(sum <= CLIENTS / 4 * (i + 1), `${sum} had left after quarter ${i + 1}`);
    }
  });

  test("who asks for a new session is refused, a plain request is answered (O04)", async (t) => {
    const server = await start(t, LONG);
    const socket = await connected(t, server, { transports: ["polling"] });
    assert.equal(await isHealthy(server), true);
    await drain(server);
    const poll = await fetchRaw(server, "GET", "/socket.io/?EIO=4&transport=polling");
    assert.equal(poll.status, 503);
    assert.equal((await fetchRaw(server, "GET", "/events")).status, 503);
    for (const target of ["/socket.io/?EIO=4&transport=websocket", "/ws"]) {
      const wire = await Wire.open(t, server);
      assert.equal((await wire.upgrade(target)).status, 503, target);
    }
    assert.equal((await fetchRaw(server, "GET", "/socket.io/socket.io.js")).status, 200);
    for (const mode of Object.values(modes)) {
      const [error] = await next(client(t, server, mode), "connect_error");
      assert.match(error.message, /xhr poll error|websocket error/);
    }
    await next(socket, "tick"); // who has a session keeps it until its turn comes
  });

  test("what a client posts while it is told to leave is no error of its transport (O04)", async (t) => {
    const SESSIONS = 40; // on each worker more than one: its first leaves early
    const server = await start(t, 20000);
    const all = [];
    for (let i = 0; i < SESSIONS; i++) all.push(await Polling.open(server));
    assert.equal((await fetchRaw(server, "POST", `${all[0].target}x`, { body: "3" })).status, 400);
    const polls = all.map(async (session) => {
      for (;;) {
        const { body } = await session.poll({ ms: LONG });
        if (body !== "2") return [session, body];
      }
    });
    process.kill(server.pid, "SIGTERM");
    const [first, told] = await Promise.race(polls);
    assert.equal(told, "1");
    await first.post("3");
    assert.equal((await first.poll()).status, 400);
  });

  test("WebSockets and event streams leave too (O04)", async (t) => {
    const server = await start(t, 1000);
    const ends = [];
    for (let i = 0; i < 10; i++) {
      const ws = new WebSocket(`ws://127.0.0.1:${server.port}/ws`);
      t.after(() => ws.terminate());
      ends.push(next(ws, "close", LONG).then(([code]) => assert.equal(code, 1001)));
      await next(ws, "message");
      ends.push(new Promise((resolve) => {
        http.get(`http://127.0.0.1:${server.port}/events`, (res) => res.resume().on("end", resolve));
      }));
    }
    process.kill(server.pid, "SIGTERM");
    await within(Promise.all(ends), "the ends", LONG);
    assert.deepEqual(await within(server.exited, "the end", LONG), { code: 0, signal: null });
  });

  test("a second signal stops at once (O04)", async (t) => {
    const server = await start(t, LONG);
    const socket = await connected(t, server, { transports: ["websocket"] });
    await drain(server);
    process.kill(server.pid, "SIGTERM");
    assert.deepEqual(await next(socket, "disconnect").then(([reason]) => reason), "transport close");
    assert.deepEqual(await within(server.exited, "the end"), { code: 0, signal: null });
  });
});
