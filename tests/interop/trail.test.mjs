// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// What a server logs of its clients: who comes and goes (O02), and, for who debugs, packets and requests (M07).

import assert from "node:assert/strict";
import http from "node:http";
import { describe, test } from "node:test";
import WebSocket from "ws";
import { client, connected, modes, upgraded } from "../js/client.mjs";
import { fetchRaw, Polling, Wire } from "../js/raw.mjs";
import { kinds, startServer } from "../js/server.mjs";
import { next } from "../js/wait.mjs";

const HERE = ["--host", "127.0.0.1"];
const INFO = 1, DEBUG = 0;

async function start(t, ...args) {
  const server = await startServer("vireo", [...HERE, ...args], "trail");
  t.after(() => server.stop());
  return server;
}

/** `key=value` and `key="value"` as an object; the first word is the event. */
function readLine(text) {
  const [event] = text.split(" ", 1);
  const out = { event };
  let rest = text.slice(event.length);
  while (rest !== "") {
    const m = /^ ([a-z]+)=("(?:[^"\\]|\\.)*"|[^\s"]+)/.exec(rest);
    assert.ok(m, `a line that is none: ${text}`);
    out[m[1]] = m[2].startsWith("\"") ? JSON.parse(m[2]) : m[2];
    rest = rest.slice(m[0].length);
  }
  return out;
}

const formats = { text: readLine, json: JSON.parse };

/** Waits for a line whose fields are `wanted`; returns it. */
async function lineWith(server, format, wanted) {
  let line;
  await server.observe((o) => {
    if (o.event !== "log" || o.level !== INFO || o.area === "http") return false;
    line = formats[format](o.text);
    return Object.entries(wanted).every(([key, value]) => String(line[key]) === value);
  }, JSON.stringify(wanted));
  return line;
}

if (kinds.includes("vireo")) for (const format of Object.keys(formats)) describe(`the log of connections as ${format} [vireo]`, () => {
  const rows = [
    ["the client disconnects", "client", "client namespace disconnect", (s) => s.disconnect()],
    ["the client's connection ends", "client", "transport close", (s) => s.io.engine.close()],
    ["the server disconnects", "server", "server namespace disconnect", (s) => s.emit("leave")],
    ["the connection breaks", "network", null, (s) => s.io.engine.transport.ws?._socket.destroy()],
  ];
  for (const [what, by, reason, act] of rows)
    test(`${what} (O02)`, async (t) => {
      const server = await start(t, "--log", format);
      const socket = await connected(t, server, modes["websocket only"], "/chat");
      const { id } = socket;
      const came = await lineWith(server, format, { event: "connect", id });
      assert.deepEqual([came.path, came.ns, came.address, came.transport], ["/socket.io", "/chat", "127.0.0.1", "websocket"]);
      act(socket);
      const went = await lineWith(server, format, { event: "disconnect", id });
      if (reason !== null) assert.deepEqual([went.by, went.reason], [by, reason]);
      else assert.ok(["network", "client"].includes(went.by));
      assert.deepEqual([went.path, went.ns, went.address], ["/socket.io", "/chat", "127.0.0.1"]);
      assert.ok(Number(went.queued) < 100); // no more than what tells the client so
      assert.ok(Number(went.seconds) >= 0 && Number(went.seconds) < 600);
    });

  test("a WebSocket's close code (O02)", async (t) => {
    const server = await start(t, "--log", format);
    const wire = await Wire.open(t, server);
    await wire.upgrade("/socket.io/?EIO=4&transport=websocket");
    wire.sendText("40");
    await lineWith(server, format, { event: "connect", ns: "/" });
    wire.sendFrame(8, Buffer.from([0x03, 0xe9])); // 1001
    const went = await lineWith(server, format, { event: "disconnect", ns: "/" });
    assert.deepEqual([String(went.code), went.by, went.reason], ["1001", "client", "transport close"]);
  });

  test("a client that is too slow, and what was queued for it (O02)", async (t) => {
    const server = await start(t, "--log", format);
    const polling = await Polling.open(server);
    await polling.join();
    await polling.post("42[\"fill\"]");
    const went = await lineWith(server, format, { event: "disconnect" });
    assert.deepEqual([went.by, went.description, went.transport], ["server", "the client reads too slowly", "polling"]);
    assert.ok(Number(went.queued) > 0, `queued=${went.queued}`);
  });

  test("WebSockets (O02)", async (t) => {
    const server = await start(t, "--log", format);
    const url = `ws://127.0.0.1:${server.port}/ws`;
    const leaver = new WebSocket(url), left = new WebSocket(url);
    await Promise.all([next(leaver, "open"), next(left, "open")]);
    await lineWith(server, format, { event: "connect", transport: "websocket", address: "127.0.0.1" });
    leaver.close(4001, "a \"reason\" = mine");
    await lineWith(server, format, { event: "disconnect", by: "client", code: "4001", reason: "a \"reason\" = mine" });
    left.send("close");
    await lineWith(server, format, { event: "disconnect", by: "server", code: "4000" });
  });

  test("event streams (O02)", async (t) => {
    const server = await start(t, "--log", format);
    const req = http.get(`http://127.0.0.1:${server.port}/events`);
    req.on("error", () => {});
    await next(req, "response");
    await lineWith(server, format, { event: "connect", transport: "sse", address: "127.0.0.1" });
    req.destroy();
    await lineWith(server, format, { event: "disconnect", transport: "sse" });
  });
});

if (kinds.includes("vireo")) describe("the log of connections [vireo]", () => {
  test("is off by default (O02)", async (t) => {
    const server = await start(t);
    const socket = await connected(t, server, modes["websocket only"]);
    socket.disconnect();
    await fetchRaw(server, "GET", "/nothing");
    assert.deepEqual(server.seen({ event: "log", area: "socket.io" }), []);
  });

  test("goes to stderr where there is no logger (O02)", async (t) => {
    const server = await start(t, "--log", "text", "--plain", "yes");
    const socket = await connected(t, server, modes["websocket only"]);
    const { id } = socket;
    socket.emit("leave");
    await next(socket, "disconnect");
    await server.stop();
    assert.match(server.stderr, new RegExp(`^socket\\.io connect path=/socket\\.io ns=/ id=${id} address=127\\.0\\.0\\.1 transport=websocket$`, "m"));
    assert.match(server.stderr, new RegExp(`^socket\\.io disconnect .*id=${id} .*by=server reason="server namespace disconnect" queued=\\d+ seconds=\\d+\\.\\d{3}$`, "m"));
  });
});

if (kinds.includes("vireo")) describe("VIREO_DEBUG [vireo]", () => {
  /** The lines of a server whose areas are `debug`, after a client has said something. */
  async function lines(t, debug, act) {
    const before = process.env.VIREO_DEBUG;
    process.env.VIREO_DEBUG = debug;
    const starting = startServer("vireo", HERE, "trail");
    if (before === undefined) delete process.env.VIREO_DEBUG;
    else process.env.VIREO_DEBUG = before;
    const server = await starting;
    t.after(() => server.stop());
    await act(server);
    await server.stop();
    return server.seen({ event: "log", level: DEBUG });
  }
  async function chat(t, server) {
    const socket = await upgraded(t, server, { auth: { token: "open sesame" } });
    socket.emit("say", "hällo", 42);
    await next(socket, "said");
    socket.disconnect();
    return socket;
  }

  test("shows requests, sessions, packets and events, each in its area (M07)", async (t) => {
    const got = await lines(t, "*", (server) => chat(t, server));
    const has = (area, pattern) => assert.ok(got.some((l) => l.area === area && pattern.test(l.text)),
      `${area} ${pattern}\n${got.map((l) => `${l.area} ${l.text}`).join("\n")}`);
    has("http", /^GET \/socket\.io\/ 200$/);
    has("http", /^GET \/socket\.io\/ 101$/);
    has("engine", /^....\.\. opened, protocol 4, from 127\.0\.0\.1$/);
    has("engine", /^....\.\. upgraded to websocket$/);
    has("engine", /^....\.\. closed: /);
    has("engine:socket", /^....\.\. <- message 2\["say","hällo",42\]$/);
    has("engine:socket", /^....\.\. -> message 2\["said","hällo",42\]$/);
    has("socket.io:client", /^....\.\. wants to join \/$/);
    has("socket.io:socket", /^....\.\. event say, 2 arguments$/);
    has("socket.io:socket", /^....\.\. joins room$/);
    has("socket.io:socket", /^....\.\. is disconnected: client namespace disconnect$/);
  });

  test("shows no secrets (M07)", async (t) => {
    const ids = [];
    const got = await lines(t, "*", async (server) => {
      const socket = client(t, server, { auth: { token: "open sesame" }, query: { key: "swordfish" },
        extraHeaders: { cookie: "session=chocolate" } });
      await next(socket, "connect");
      ids.push(socket.id, socket.io.engine.id);
      socket.disconnect();
    });
    const all = got.map((l) => l.text).join("\n");
    assert.ok(got.length > 5);
    for (const secret of ["sesame", "swordfish", "chocolate", ...ids])
      assert.ok(!all.includes(secret), `${secret} is shown:\n${all}`);
  });

  test("shows only the areas that are wanted (M07)", async (t) => {
    const got = await lines(t, "engine*,-engine:socket", (server) => chat(t, server));
    assert.deepEqual([...new Set(got.map((l) => l.area))], ["engine"]);
  });

  test("cuts long packets, and tells what broke the rules (M07)", async (t) => {
    const got = await lines(t, "engine:socket,socket.io-parser", async (server) => {
      const polling = await Polling.open(server);
      await polling.join();
      await polling.post(`42["say","${"y".repeat(5000)}"]`);
      await polling.get();
      await polling.post("42{}");
    });
    assert.ok(got.every((l) => l.text.length < 300));
    assert.ok(got.some((l) => /<- message 2\["say","y{100,}\.\.$/.test(l.text)));
    assert.ok(got.some((l) => l.area === "socket.io-parser" && /broke the rules: invalid payload/.test(l.text)));
  });

  test("is silent by default (M07)", async (t) => {
    assert.deepEqual(await lines(t, "", (server) => chat(t, server)), []);
  });
});
