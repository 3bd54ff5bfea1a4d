// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// L04: vireo bench. What it says must be what the server saw: counts, times that a server's delay
// lengthens, connections that are lost.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { Server } from "socket.io";
import { WebSocketServer } from "ws";
import { program, vireo } from "../js/command.mjs";
import { Example } from "../js/example.mjs";
import { Terminal } from "../js/tmux.mjs";

async function official(t, setup) {
  const http = createServer();
  const io = new Server(http);
  setup(io);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => io.close());
  return `http://127.0.0.1:${http.address().port}`;
}

async function rawServer(t, setup) {
  const wss = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  wss.on("connection", setup);
  await once(wss, "listening");
  t.after(() => {
    for (const ws of wss.clients) ws.terminate();
    wss.close();
  });
  return `ws://127.0.0.1:${wss.address().port}/`;
}

async function serve(t, ...args) {
  const server = Example.run("vireo", ["serve", "--port", "0", "--host", "127.0.0.1", ...args]);
  t.after(() => server.stop());
  [, server.url] = await server.line(/^vireo: listening on (.+)$/);
  return server;
}

async function bench(url, ...args) {
  const { code, stdout, stderr } = await vireo(["bench", url, "--json", "--threads", "2", "--duration", "1s", ...args]);
  return { code, stderr, ...(stdout && JSON.parse(stdout)) };
}

test("L04: echo at a rate: as many messages as were due, each answered", async (t) => {
  let seen = 0;
  const url = await official(t, (io) => io.on("connection", (s) => s.on("ask", (text, ack) => {
    assert.equal(text.length, 100);
    seen++;
    ack();
  })));
  const r = await bench(url, "-c", "10", "--rate", "200", "--size", "100", "--event", "ask");
  assert.equal(r.code, 0, r.stderr);
  assert.equal(r.mode, "echo");
  assert.equal(r.opened, 10);
  assert.equal(r.sent, seen);
  assert.equal(r.received, seen);
  assert(seen > 150 && seen < 500, `${seen}`); // a busy machine measures for longer than a second
  assert.equal(r.corrected, true);
  const l = r.latency_ms;
  assert(l.min <= l.p50 && l.p50 <= l.p90 && l.p90 <= l.p99 && l.p99 <= l.max && l.min > 0, JSON.stringify(l));
  assert.equal(r.lost + r.refused + r.unsent, 0);
});

test("L04: a server that stands still looks as slow as it is", async (t) => {
  const url = await rawServer(t, (ws) => {
    let stall = true;
    ws.on("message", (data, binary) => {
      if (stall) { // the whole server, once
        stall = false;
        const end = Date.now() + 600;
        while (Date.now() < end); // eslint-disable-line no-empty
      }
      ws.send(data, { binary });
    });
  });
  const r = await bench(url, "-c", "1", "--threads", "1", "--rate", "100");
  assert.equal(r.code, 0, r.stderr);
  // Sixty messages were due while it stood: had it been asked only when it answered, there were one.
  assert(r.latency_ms.max >= 590, JSON.stringify(r.latency_ms));
  assert(r.latency_ms.p90 >= 250, JSON.stringify(r.latency_ms));
});

test("L04: what is never answered counts as long as it has waited", async (t) => {
  const url = await rawServer(t, (ws) => {
    let n = 0;
    ws.on("message", (data, binary) => { if (++n <= 20) ws.send(data, { binary }); });
  });
  const r = await bench(url, "-c", "1", "--threads", "1", "--rate", "100");
  assert.equal(r.code, 0, r.stderr);
  assert.equal(r.received, 20);
  assert.equal(r.unanswered, r.sent - 20);
  // Sent for one second, and waited for half a second more: most of them for more than half of it.
  assert(r.latency_ms.p50 >= 500 && r.latency_ms.max >= 1200, JSON.stringify(r.latency_ms));
});

test("L04: echo as fast as it can, against our own server, Socket.IO and raw", async (t) => {
  const server = await serve(t, "--echo");
  for (const url of [server.url, `${server.url.replace("http", "ws")}/echo`]) {
    const r = await bench(url, "-c", "20", "--window", "4", "--pid", server.child.pid);
    assert.equal(r.code, 0, r.stderr);
    assert(r.received > 1000, `${r.received}`);
    assert(Math.abs(r.per_second * r.seconds - r.received) < 1);
    assert.equal(r.corrected, false);
    assert(r.own_load > 0 && r.own_load <= 1.1);
    assert(r.server.cpu_us_per_message > 0 && r.server.cpu_load > 0, JSON.stringify(r.server));
    // What each message costs, times how many came in a second, is the load.
    const load = r.server.cpu_us_per_message * r.per_second / 1e6;
    assert(Math.abs(load - r.server.cpu_load) < 0.01 * load, JSON.stringify(r));
  }
});

test("L04: fan-out: each broadcast reaches all others", async (t) => {
  const server = await serve(t, "--chat");
  const r = await bench(server.url, "--mode", "fanout", "-c", "21", "--rate", "20");
  assert.equal(r.code, 0, r.stderr);
  assert(r.sent >= 10);
  assert.equal(r.received, r.sent * 20);
  const raw = await bench(`${server.url.replace("http", "ws")}/chat`, "-m", "fanout", "-c", "5");
  assert.equal(raw.received, raw.sent * 4);
});

test("L04: the rate of connections, and idle ones", async (t) => {
  const server = await serve(t, "--echo");
  const r = await bench(server.url, "--mode", "connect", "-c", "200", "--pid", server.child.pid);
  assert(r.server.cpu_us_per_connection > 0, JSON.stringify(r.server));
  assert.equal(r.opened, 200);
  assert(r.connect_ms.p50 > 0 && r.per_second > 0);
  assert.equal(r.latency_ms, null);
  const idle = await bench(server.url, "--mode", "idle", "-c", "200", "--pid", server.child.pid);
  assert.equal(idle.lost, 0);
  assert(idle.seconds >= 0.9);
  assert.equal(typeof idle.server.bytes_per_connection, "number");
});

test("L04: connections that are refused or lost are told, and the exit code", async (t) => {
  const none = await bench("127.0.0.1:1", "-c", "5");
  assert.equal(none.code, 1);
  assert.match(none.stderr, /no connection: /);
  let n = 0;
  const url = await official(t, (io) => {
    io.use((s, pass) => pass(++n > 5 ? new Error("full") : undefined));
    io.on("connection", (s) => setTimeout(() => s.disconnect(), 200));
  });
  const r = await bench(url, "-c", "8", "--mode", "idle", "--threads", "1");
  assert.equal(r.code, 1);
  assert.deepEqual([r.opened, r.refused, r.lost], [5, 3, 5]);
  assert.match(r.stderr, /3 connections could not be had: full/);
  const deaf = await bench(await rawServer(t, () => {}), "-c", "1", "--duration", "200ms");
  assert.deepEqual([deaf.code, deaf.received], [1, 0]);
});

test("L04: for people: progress while it runs, a summary with bars, Ctrl-C ends it early", async (t) => {
  const server = await serve(t, "--echo");
  const at = await Terminal.start(t, [program, "bench", server.url, "-c", "4", "--threads", "2", "--duration", "1h", "--rate", "500"]);
  await at.shows(/\d+ of 3600 s: 4 of 4 connected, \d+ sent, \d+ received, \d+ per second/);
  await at.type(["C-c"]);
  await at.shows(/^echo: 4 connections of 2 threads, [\d.]+ s\n {2}messages {5}\d+ sent, \d+ answered, \d+ per second\n {2}latency {6}p50 [\d.]+ ms .* max [\d.]+\n( +below +[\d.]+ ms {2}#* [\d.]+ %\n)+ {2}connecting [^]*own load [^]*ended with 0/m);
  const silent = await vireo(["bench", server.url, "-c", "1", "--duration", "100ms", "--event", "x"]);
  assert.equal(silent.stderr, "");
  assert.match(silent.stdout, /latencies under full load/);
});
