// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The load program of bench/, in each of its modes: against bench-server, against the official
// server with the events of bench/peers, and against servers that do it wrong, which it must see.
// Nothing about speed. And what makes tables and charts of the figures.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Server } from "socket.io";
import { WebSocketServer } from "ws";
import { drawCharts } from "../../bench/chart.mjs";
import { answer } from "../../bench/peers/events.mjs";
import { asTables } from "../../bench/report.mjs";
import { isThere } from "../../bench/servers.mjs";
import { Certs } from "../js/certs.mjs";
import { Example } from "../js/example.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const build = path.resolve(process.env.VIREO_BUILD ?? path.join(here, "../../build"));

/** Runs it with a few connections; its line of JSON, its exit status, its words. */
function load(port, mode, ...args) {
  const all = [mode, "--port", port, "--connections", 20, "--seconds", 0.3, "--warm-up", 0.1, "--json", ...args];
  return new Promise((resolve) => {
    execFile(path.join(build, "bench-load"), all.map(String), (err, stdout, stderr) => {
      resolve({ code: err?.code ?? 0, stderr, ...(stdout && JSON.parse(stdout)) });
    });
  });
}

async function clean(port, mode, ...args) {
  const r = await load(port, mode, ...args);
  assert.equal(r.code, 0, `${mode}: ${r.stderr}`);
  assert.equal(r.mode, mode);
  assert.deepEqual([r.errors, r.lost, r.refused], [0, 0, 0]);
  if (!mode.endsWith("idle")) assert(r.messages > 0, mode);
  return r;
}

const portOf = (url) => Number(new URL(url).port);

const raw = ["ws-echo", "ws-bcast", "ws-connect", "ws-idle"];
const socketio = ["sio-echo", "sio-ack", "sio-bcast", "sio-room", "sio-connect", "sio-storm", "sio-idle", "poll-echo"];

test("each mode against bench-server: all comes as it must", async (t) => {
  const server = await Example.start(t, "bench-server");
  for (const mode of [...raw, ...socketio]) {
    const r = await clean(portOf(server.url), mode, "--pid", server.child.pid);
    assert(r.rss_kb > 0 && r.cpu_s >= 0, mode);
    if (mode === "sio-storm") assert.equal(r.messages, 20);
  }
});

test("several messages in flight, long ones, rooms, a rate", async (t) => {
  const server = await Example.start(t, "bench-server");
  const port = portOf(server.url);
  for (const mode of ["ws-echo", "sio-echo", "sio-ack", "poll-echo", "ws-bcast", "sio-bcast"])
    await clean(port, mode, "--window", 16);
  await clean(port, "ws-echo", "--size", 70000, "--connections", 2);
  await clean(port, "ws-echo", "--size", 0);
  await clean(port, "poll-echo", "--size", 2048, "--window", 3);
  await clean(port, "sio-room", "--rooms", 7, "--window", 16); // of three members, and two
  const paced = await clean(port, "sio-room", "--rooms", 1, "--connections", 2, "--rate", 100, "--room", "pair");
  assert(paced.per_second < 1000, `${paced.per_second}`); // about 200, where nothing holds us up; many thousands without a rate
});

test("over TLS, and compressed", async (t) => {
  const certs = new Certs();
  t.after(() => certs.remove());
  const { cert, key } = certs.make("localhost", "IP:127.0.0.1");
  const secure = await Example.start(t, "bench-server", "127.0.0.1", "0", ["--cert", cert, "--key", key]);
  for (const mode of ["ws-echo", "sio-echo"]) await clean(portOf(secure.url), mode, "--tls", "--window", 4);
  const deflating = await Example.start(t, "bench-server", "127.0.0.1", "0", ["--deflate", "1024"]);
  for (const mode of ["ws-bcast", "sio-bcast"])
    await clean(portOf(deflating.url), mode, "--deflate", "--size", 2048, "--window", 3);
});

test("two workers are one server", async (t) => {
  const server = await Example.start(t, "bench-server", "127.0.0.1", "0", ["--workers", "2"]);
  assert.equal((await clean(portOf(server.url), "sio-bcast", "--window", 4)).connections, 20);
  await clean(portOf(server.url), "sio-room", "--rooms", 7, "--window", 16);
  await clean(portOf(server.url), "poll-echo");
});

test("the bare server copies frames", async (t) => {
  const server = Example.run("bench-bare", ["0"]);
  t.after(() => server.stop());
  const [, url] = await server.line(/^bench-bare: listening on (.+)$/);
  for (const mode of raw) await clean(portOf(url), mode);
  for (const mode of ["ws-echo", "ws-bcast"]) await clean(portOf(url), mode, "--window", 16, "--size", 3000);
});

test("the official server with the peers' events keeps the contract too", async (t) => {
  const http = createServer();
  const io = new Server(http, { perMessageDeflate: { threshold: 1024 } });
  answer(io);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => io.close());
  const { port } = http.address();
  for (const mode of socketio) await clean(port, mode);
  await clean(port, "poll-echo", "--window", 8);
  await clean(port, "sio-bcast", "--deflate", "--size", 2048); // with context takeover
});

async function wrong(t, onMessage) {
  const wss = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  wss.on("connection", (ws) => {
    ws.on("error", () => {});
    ws.on("message", (data, binary) => onMessage(ws, data, binary, wss.clients));
  });
  await once(wss, "listening");
  t.after(() => {
    for (const ws of wss.clients) ws.terminate();
    wss.close();
  });
  return wss.address().port;
}

test("a server that changes a message is found out", async (t) => {
  let count = 0;
  const port = await wrong(t, (ws, data, binary) => {
    if (++count % 50 === 0) ws.send(Buffer.concat([data.subarray(1), Buffer.from("x")]), { binary });
    ws.send(data, { binary });
  });
  const r = await load(port, "ws-echo");
  assert.equal(r.code, 3, r.stderr);
  assert(r.errors > 0);
  assert.match(r.stderr, /another message was expected/);
});

test("a server that changes the order is found out", async (t) => {
  let kept;
  const port = await wrong(t, (ws, data, binary) => {
    if (kept?.ws === ws) {
      ws.send(data, { binary });
      ws.send(kept.data, { binary });
      kept = undefined;
    } else if (kept) {
      ws.send(data, { binary });
    } else {
      kept = { ws, data };
    }
  });
  const r = await load(port, "ws-echo", "--connections", 1, "--window", 4);
  assert.equal(r.code, 3, r.stderr);
  assert(r.errors > 0);
});

test("a server that drops a delivery is found out", async (t) => {
  let count = 0;
  const port = await wrong(t, (ws, data, binary, clients) => {
    count++;
    let first = true;
    for (const each of clients) {
      if (!first || count % 10 !== 0) each.send(data, { binary });
      first = false;
    }
  });
  const r = await load(port, "ws-bcast", "--window", 4);
  assert.equal(r.code, 3, r.stderr);
  assert.equal(r.errors, 0);
  assert(r.lost > 0);
});

test("a storm counts who was refused", async (t) => {
  let count = 0;
  const tcp = createTcpServer((socket) => {
    socket.on("error", () => {});
    if (++count % 2) socket.end("HTTP/1.1 503 Service Unavailable\r\n\r\n");
    else socket.destroy();
  });
  tcp.listen(0, "127.0.0.1");
  await once(tcp, "listening");
  t.after(() => tcp.close());
  const r = await load(tcp.address().port, "sio-storm");
  assert.equal(r.code, 3);
  assert.equal(r.refused, 20);
  assert.equal(r.messages, 0);
});

test("a wrong command line says what is wrong", async () => {
  for (const [args, said] of [
    [["nonsense"], /usage:/],
    [["ws-echo", "--window", "0"], /0 is not between 1 and/],
    [["ws-echo", "--port", "x"], /x is not between/],
    [["ws-echo", "--host", "example.org"], /no IPv4 address/],
    [["ws-bcast", "--size", "15"], /--size of at least 16/],
  ]) {
    const r = await new Promise((resolve) => execFile(path.join(build, "bench-load"), args,
      (err, stdout, stderr) => resolve({ code: err?.code, stderr })));
    assert.equal(r.code, 2, args.join(" "));
    assert.match(r.stderr, said);
  }
});

const run = promisify(execFile);
const bench = path.join(here, "../../bench");

test("the rounds: servers start, alternate, and a table comes out", async () => {
  const env = { ...process.env, VIREO_BUILD: build, ONLY: "ws-echo-16", AGAINST: "bare", ROUNDS: "1", SECS: "0.1", STORE: "" };
  const { stdout } = await run(process.execPath, [path.join(bench, "run.mjs")], { env });
  assert.match(stdout, /^\| WebSocket echo, 16 in flight \| bare \| [\d.]+ \| [\d.]+ \| \*\*[\d.]+\*\* \| [\d.]+ to [\d.]+ \| 1\.08 \| (not )?met \|$/m);
});

test("two builds of ours at the same time", async () => {
  const env = { ...process.env, VIREO_BUILD: build, ONLY: "sio-ack", OTHER: path.join(build, "bench-server"), TOGETHER: "1", ROUNDS: "1",
    SECS: "0.1", STORE: "" };
  const { stdout } = await run(process.execPath, [path.join(bench, "run.mjs")], { env });
  assert.equal(isThere("other"), false); // nobody has named one here
  assert.match(stdout, /\| the other build \|\n/);
  assert.match(stdout, /^\| acknowledgement \| [\d.]+ \|.*\| [\d.]+ \([\d.]+\) \|$/m);
});

const result = (values, ratios) => ({
  samples: Object.fromEntries(Object.entries(values).map(([name, all]) => [name, all.map((value) => ({ value }))])),
  ratios,
});

const results = {
  date: "2026-01-02", machine: { processor: "a <quick> one", system: "Linux", peers: "Node 20" }, rounds: 2, seconds: 1,
  rows: {
    "sio-echo": result({ vireo: [5, 4, 6], sio: [20, 22, 18], bunsio: [10] }, { sio: [0.2, 0.25, 0.3, 0.24], bunsio: [0.5] }),
    "sio-bcast": result({ vireo: [4], sio: [8] }, { sio: [0.5] }),
    "idle-ws-10000": result({ vireo: [650], ws: [6500] }, { ws: [0.1] }),
  },
};

test("attacks are met, and the bystander is answered", async (t) => {
  const server = await Example.start(t, "bench-server", "127.0.0.1", "0", ["--deflate", "1024"]);
  for (const attack of ["calm", "bomb", "slow", "flood"]) {
    const { stdout } = await run(path.join(build, "bench-bystander"), [attack, "--port", String(portOf(server.url)), "--secs", "1"]);
    const r = JSON.parse(stdout);
    assert.equal(r.attack, attack);
    assert(r.p50_ms > 0 && r.p50_ms <= r.p99_ms && r.p99_ms <= r.max_ms, stdout);
    if (attack === "calm") assert.equal(r.per_s, 0); // else it does not begin before one was met
  }
});

test("tables tell medians, spread, and whether a target is met", () => {
  const tables = asTables(results);
  assert.match(tables, /^\| Socket\.IO echo, 500 connections \| Node socket\.io \| 5\.00 \| 20\.0 \| \*\*0\.24\*\* \| 0\.20 to 0\.30 \| 0\.32 \| met \|$/m);
  assert.match(tables, /^\| Socket\.IO broadcast to 1,000 \|.*\*\*0\.50\*\*.* 0\.42 \| not met \|$/m);
  assert.match(tables, /^\| echo, 500 connections \| 5\.00 \| 20\.0 \(0\.24\) \| 10\.0 \(0\.50\) \|$/m);
  assert.match(tables, /^\| WebSocket, 10,000 \| 650 \|.* 6,500 .*\| 700 \| met \|$/m);
});

test("charts: a bar for each server, as long as its part", async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "vireo-bench-"));
  t.after(() => rmSync(folder, { recursive: true }));
  drawCharts(results, folder);
  const svg = readFileSync(path.join(folder, "socketio.svg"), "utf8");
  const width = (kind) => [...svg.matchAll(new RegExp(`width="([\\d.]+)" height="13" rx="2" class="${kind}"`, "g"))].map((m) => Number(m[1]));
  const [node] = width("node");
  assert.equal(width("node").length, 2);
  assert.equal(width("bun").length, 1);
  assert(Math.abs(width("vireo")[0] / node - 0.245) < 0.01);
  assert(Math.abs(width("bun")[0] / node - 0.49) < 0.01);
  assert.match(svg, /a &lt;quick> one/);
  assert.match(readFileSync(path.join(folder, "memory.svg"), "utf8"), /10 % · 650 bytes/);
});
