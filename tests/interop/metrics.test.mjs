// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// O01: what a server counts while the official clients use it: under /metrics for Prometheus, and for the program.

import assert from "node:assert/strict";
import http from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import WebSocket from "ws";
import { call, connected, modes, upgraded } from "../js/client.mjs";
import { readMetrics, valueOf, valuesOf } from "../js/prometheus.mjs";
import { fetchRaw, Polling, Wire } from "../js/raw.mjs";
import { kinds, startServer, workers } from "../js/server.mjs";
import { next, within } from "../js/wait.mjs";

const FIRST = { path: "/socket.io" }, SECOND = { path: "/second" };

if (kinds.includes("vireo")) describe("metrics [vireo]", () => {
  let server;
  before(async () => { server = await startServer("vireo", ["--host", "127.0.0.1"], "metrics"); });
  after(() => server.stop());
  beforeEach(() => quiet());

  async function readSamples() {
    const res = await fetchRaw(server, "GET", "/metrics");
    assert.equal(res.status, 200);
    assert.equal(res.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    return readMetrics(res.body);
  }
  async function read() {
    const samples = await readSamples();
    const get = (name, labels) => valueOf(samples, name, labels);
    get.all = (name) => valuesOf(samples, name);
    return get;
  }

  /** What the program itself reads of the first server; of several workers, what they read together. */
  async function stats() {
    if (!workers) return JSON.parse((await fetchRaw(server, "GET", "/stats")).body);
    const samples = await readSamples();
    const sum = (name, labels = {}) => valuesOf(samples, name, { ...FIRST, ...labels }).reduce((a, b) => a + b, 0);
    return {
      sessions: sum("vireo_sessions"), polling: sum("vireo_sessions", { transport: "polling" }),
      websocket: sum("vireo_sessions", { transport: "websocket" }), sockets: sum("vireo_sockets"),
      opened: sum("vireo_sessions_opened_total"), closed: sum("vireo_sessions_closed_total"),
      connected: sum("vireo_sockets_connected_total"), disconnected: sum("vireo_sockets_disconnected_total"),
      received: sum("vireo_events_received_total"), sent: sum("vireo_events_sent_total"),
      dropped: sum("vireo_events_dropped_total"), slow: sum("vireo_sessions_too_slow_total"),
    };
  }

  /** Waits until `holds`, a function of what `read` returns, does. */
  async function until(holds, what) {
    let over = false;
    await within((async () => { while (!over && !holds(await read())); })(), what).finally(() => { over = true; });
  }
  const untilIs = (name, labels, value) => until((get) => get(name, labels) === value, `${name} ${value}`);

  /** Waits until the clients of the test before have gone. */
  const quiet = () => until((get) => [FIRST, SECOND].every((path) => ["polling", "websocket"].every((transport) =>
    get("vireo_sessions", { ...path, transport }) === 0)), "the end of all sessions");

  test("sessions by transport, upgrades (O01)", async (t) => {
    const before = await read();
    const polling = await connected(t, server, modes["polling only"]);
    await connected(t, server, modes["websocket only"]);
    await upgraded(t, server);
    await untilIs("vireo_sessions", { ...FIRST, transport: "websocket" }, 2);
    const now = await read();
    assert.equal(now("vireo_sessions", { ...FIRST, transport: "polling" }), 1);
    assert.equal(now("vireo_sessions", { ...SECOND, transport: "polling" }), 0);
    assert.equal(now("vireo_sessions_opened_total", FIRST) - before("vireo_sessions_opened_total", FIRST), 3);
    assert.equal(now("vireo_upgrades_total", FIRST) - before("vireo_upgrades_total", FIRST), 1);
    const own = await stats();
    assert.deepEqual([own.sessions, own.polling, own.websocket, own.sockets], [3, 1, 2, 3]);
    polling.disconnect();
    await untilIs("vireo_sessions", { ...FIRST, transport: "polling" }, 0);
  });

  test("namespaces and their sockets; those of a pattern together (O01)", async (t) => {
    await connected(t, server, {}, "/extra");
    await connected(t, server, {}, "/room-1");
    await connected(t, server, {}, "/room-\"2\"");
    await connected(t, server, SECOND);
    await untilIs("vireo_namespaces", FIRST, 4);
    const now = await read();
    assert.equal(now("vireo_namespaces", SECOND), 1);
    assert.equal(now("vireo_sockets", { ...FIRST, namespace: "/extra" }), 1);
    assert.equal(now("vireo_sockets", { ...FIRST, namespace: "/_0" }), 2);
    assert.equal(now("vireo_sockets", { ...SECOND, namespace: "/" }), 1);
  });

  test("events in and out, for each receiver (O01)", async (t) => {
    const before = await stats();
    const [a, b, c] = await Promise.all([1, 2, 3].map(() => connected(t, server, modes["websocket only"])));
    await call(a, "say", "hello");
    await call(b, "say", { to: "all" });
    await untilIs("vireo_events_sent_total", FIRST, before.sent + 2 * 3 + 2); // the acknowledgements too
    const now = await stats();
    assert.equal(now.connected - before.connected, 3);
    assert.equal(now.received - before.received, 2);
    assert.equal(now.sent - before.sent, 2 * 3 + 2);
    assert.equal((await read())("vireo_events_received_total", FIRST), now.received);
    for (const socket of [a, b, c]) socket.disconnect();
  });

  test("the ends of sockets and sessions, by reason (O01)", async (t) => {
    const before = await read();
    const counts = (get) => ["client namespace disconnect", "server namespace disconnect", "transport close"]
      .map((reason) => get("vireo_sockets_disconnected_total", { ...FIRST, reason }));
    const by = await connected(t, server, modes["websocket only"]);
    by.disconnect();
    const of = await connected(t, server, modes["websocket only"]);
    of.emit("leave");
    await next(of, "disconnect");
    const lost = await connected(t, server, modes["websocket only"]);
    lost.io.engine.close();
    const [x, y, z] = counts(before);
    await untilIs("vireo_sockets_disconnected_total", { ...FIRST, reason: "transport close" }, z + 1);
    await untilIs("vireo_sockets_disconnected_total", { ...FIRST, reason: "client namespace disconnect" }, x + 1);
    assert.deepEqual(counts(await read()), [x + 1, y + 1, z + 1]);
    await untilIs("vireo_sessions", { ...FIRST, transport: "websocket" }, 0);
    const own = await stats();
    assert.equal(own.opened - own.closed, own.sessions);
    assert.equal(own.connected - own.disconnected, own.sockets);
  });

  test("recoveries (O01)", async (t) => {
    const before = await read();
    const results = (get) => ["recovered", "expired", "unknown"].map((result) => get("vireo_recoveries_total", { ...FIRST, result }));
    const socket = await connected(t, server, { ...modes["websocket only"], reconnection: true, reconnectionDelay: 10 });
    await call(socket, "say", "an event with an offset");
    socket.io.engine.close();
    await next(socket, "connect");
    assert.equal(socket.recovered, true);
    const stranger = await connected(t, server, { auth: { pid: "nobody", offset: "nothing" } });
    assert.equal(stranger.recovered, false);
    assert.deepEqual(results(await read()), results(before).map((n, i) => n + [1, 0, 1][i]));
    socket.disconnect();
    assert.equal((await read())("vireo_recoveries_total", { ...SECOND, result: "recovered" }), 0);
  });

  test("requests that are refused, by code; replies by status (O01)", async (t) => {
    const before = await read();
    const codes = (get) => [0, 1, 2].map((code) => get("vireo_sessions_refused_total", { ...FIRST, code: String(code) }));
    await fetchRaw(server, "GET", "/socket.io/?EIO=4&transport=smoke");
    await fetchRaw(server, "GET", "/socket.io/?EIO=4&transport=polling&sid=nobody");
    const wire = await Wire.open(t, server);
    await wire.upgrade("/socket.io/?EIO=4&transport=websocket&sid=nobody");
    await fetchRaw(server, "PUT", "/socket.io/?EIO=4&transport=polling");
    assert.equal((await fetchRaw(server, "GET", "/nothing")).status, 404);
    const now = await read();
    assert.deepEqual(codes(now), codes(before).map((n, i) => n + [1, 2, 1][i]));
    const status = (code) => now("vireo_http_requests_total", { code }) - before("vireo_http_requests_total", { code });
    assert.deepEqual([status("400"), status("404"), status("200")], [4, 1, 1]);
  });

  test("volatile events that are dropped, and clients that are too slow (O01)", async (t) => {
    const before = await stats();
    const polling = await Polling.open(server); // no GET is pending: nothing can be taken
    await polling.join();
    await polling.post("421[\"flood\",50]");
    const dropped = (await stats()).dropped - before.dropped;
    assert.equal(dropped, 50);
    await polling.post("42[\"fill\"]"); // which ends the session
    const now = await stats();
    assert.equal(now.slow - before.slow, 1);
  });

  test("what is queued, and gone again (O01)", async () => {
    const polling = await Polling.open(server, { path: "/second/" });
    await polling.join();
    await untilIs("vireo_queued_bytes", {}, 0);
    await polling.post(`421["say","${"x".repeat(10000)}"]`);
    const queued = (await read())("vireo_queued_bytes");
    assert.ok(queued > 10000 && queued < 11000, `${queued} bytes are queued`);
    await polling.poll();
    await untilIs("vireo_queued_bytes", {}, 0);
    await polling.post(`421["say","${"x".repeat(10000)}"]`);
    await polling.post("1"); // closes, and what is queued goes with it
    await untilIs("vireo_queued_bytes", {}, 0);
  });

  test("bytes, WebSockets and event streams (O01)", async (t) => {
    const before = await read();
    const ws = new WebSocket(`ws://127.0.0.1:${server.port}/ws`);
    t.after(() => ws.terminate());
    await next(ws, "open");
    const req = http.get(`http://127.0.0.1:${server.port}/events`);
    t.after(() => req.destroy());
    await next(req, "response");
    ws.send("x".repeat(5000));
    await untilIs("vireo_event_streams", {}, 1);
    const now = await read();
    assert.equal(now("vireo_websockets"), 1);
    assert.equal(now("vireo_websockets_opened_total"), 1);
    assert.equal(now("vireo_event_streams_opened_total"), 1);
    assert.equal(now("vireo_http_requests_total", { code: "101" }) - before("vireo_http_requests_total", { code: "101" }), 1);
    assert.ok(now("vireo_connections") >= 3);
    assert.ok(now("vireo_sent_bytes_total") - before("vireo_sent_bytes_total") > 1000);
    await until((get) => get("vireo_received_bytes_total") - before("vireo_received_bytes_total") > 5000, "5,000 bytes");
    ws.close();
    req.destroy();
    await untilIs("vireo_websockets", {}, 0);
    await untilIs("vireo_event_streams", {}, 0);
  });

  test("the loop's lag, and the process (O01)", async (t) => {
    const socket = await connected(t, server, modes["websocket only"]);
    const start = await read();
    await call(socket, "block", 1200); // two of its measurements
    await until((get) => Math.max(...get.all("vireo_loop_lag_max_seconds")) > 0.5, "the lag"); // of one of the workers
    assert.ok(start("process_resident_memory_bytes") > 1e6);
    assert.ok(start("process_cpu_seconds_total") > 0);
    assert.equal(start("vireo_build_info"), 1);
    assert.equal(start("vireo_draining"), 0);
  });
});
