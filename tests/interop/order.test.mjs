// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// O06: a polling client sends on several connections, and several workers read them. Whoever reads first, what the client
// has sent before it goes is not lost.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { request, Wire } from "../js/raw.mjs";
import { kinds, startServer } from "../js/server.mjs";

const TARGET = "/socket.io/?EIO=4&transport=polling";
const HOST = { Host: "127.0.0.1" };
const BLOCK_MS = 300;

async function ask(wire, method, target, body = "") {
  wire.write(request(method, target, { ...HOST, "Content-Length": Buffer.byteLength(body) }, body));
  return wire.readResponse();
}

/** A connection, and the worker that has it. */
async function open(t, server) {
  const wire = await Wire.open(t, server);
  wire.worker = Number((await ask(wire, "GET", "/worker")).body);
  return wire;
}

/** A polling session that has joined "/", on a connection of its own; others of another worker, which has just been held up. */
async function scene(t, server, others) {
  const home = await open(t, server);
  const { sid } = JSON.parse((await ask(home, "GET", TARGET)).body.slice(1));
  const target = `${TARGET}&sid=${sid}`;
  await ask(home, "POST", target, "40");
  const { sid: id } = JSON.parse((await ask(home, "GET", target)).body.slice(2));
  const there = [];
  while (there.length <= others) {
    const wire = await open(t, server);
    if (wire.worker !== home.worker && (there.length === 0 || wire.worker === there[0].worker)) there.push(wire);
  }
  const blocker = there.pop();
  const blocked = server.observe({ event: "blocked", worker: blocker.worker });
  blocker.write(request("GET", `/block?ms=${BLOCK_MS}`, HOST));
  await blocked;
  return { home, target, there, id };
}

if (kinds.includes("vireo")) describe("the order of requests on several workers [vireo]", () => {
  async function start(t) {
    const server = await startServer("vireo", ["--host", "127.0.0.1"], "order");
    t.after(() => server.stop());
    return server;
  }

  test("O06: a poll that was sent before the client leaves is answered as pending", async (t) => {
    const server = await start(t);
    const { home, target, there: [wire], id } = await scene(t, server, 1);
    wire.write(request("GET", target, HOST)); // not read yet
    const left = await ask(home, "POST", target, "1");
    assert.deepEqual([left.status, left.body], [200, "ok"]);
    const polled = await wire.readResponse();
    assert.deepEqual([polled.status, polled.body], [200, "6"]);
    assert.equal((await server.observe({ event: "disconnect", id })).reason, "transport close");
    assert.equal((await ask(home, "GET", target)).status, 400);
  });

  test("O06: without a poll on its way the session ends with the POST that says so", async (t) => {
    const server = await start(t);
    const { home, target, id } = await scene(t, server, 0);
    assert.equal((await ask(home, "POST", target, "1")).body, "ok");
    assert.equal((await ask(home, "GET", target)).status, 400);
    assert.equal((await server.observe({ event: "disconnect", id })).reason, "transport close");
  });

  test("O06: a client that goes before its last words were answered has said them", async (t) => {
    const server = await start(t);
    const { home, target, there: [wire], id } = await scene(t, server, 1);
    home.write(request("GET", target, HOST));
    const words = "42[\"mark\"]";
    wire.write(request("POST", target, { ...HOST, "Content-Length": words.length }, words)); // not read yet
    home.socket.resetAndDestroy();
    assert.equal((await server.observe({ event: "disconnect", id })).reason, "transport error");
    assert.deepEqual(server.seen({ event: "mark" }), [{ event: "mark", worker: home.worker }]);
    assert.equal((await wire.readResponse()).body, "ok");
  });

  test("O06: many clients go at once", async (t) => {
    const server = await start(t);
    const { home, target, there, id } = await scene(t, server, 1);
    const more = await Promise.all(Array.from({ length: 40 }, async () => {
      const wire = await open(t, server);
      const { sid } = JSON.parse((await ask(wire, "GET", TARGET)).body.slice(1));
      return { wire, target: `${TARGET}&sid=${sid}` };
    }));
    there[0].write(request("GET", target, HOST));
    const answers = await Promise.all([{ wire: home, target }, ...more].map((m) => ask(m.wire, "POST", m.target, "1")));
    assert.deepEqual([...new Set(answers.map(({ body }) => body))], ["ok"]);
    assert.equal((await there[0].readResponse()).status, 200);
    for (const m of more) assert.equal((await ask(m.wire, "GET", m.target)).status, 400);
    await server.observe({ event: "disconnect", id });
  });

  test("O06: the server ends while a client is leaving", async (t) => {
    const server = await start(t);
    const { home, target } = await scene(t, server, 0);
    home.write(request("POST", target, { ...HOST, "Content-Length": 1 }, "1"));
    assert.deepEqual(await server.kill("SIGTERM"), { code: 0, signal: null });
  });
});
