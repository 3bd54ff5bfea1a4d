// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// O06, T29, W15: four workers, HTTP/2: requests of one connection belong to sessions of several workers. The server is
// interop/http2-server.c. What holds for four workers holds for one.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { Certs } from "../js/certs.mjs";
import { call, connected } from "../js/client.mjs";
import { ask, connect, TunnelSocket } from "../js/http2.mjs";
import { startServer } from "../js/server.mjs";
import { next, until } from "../js/wait.mjs";

let certs, site, secure;
before(() => {
  certs = new Certs();
  site = certs.make("site", "DNS:localhost,IP:127.0.0.1");
  secure = { ca: certs.ca };
});
after(() => certs.remove());

async function start(t, workers, ...args) {
  process.env.VIREO_WORKERS = workers;
  const server = await startServer("vireo", ["--cert", site.cert, "--key", site.key, ...args], "http2");
  t.after(() => server.stop());
  return server;
}

const text = (answer) => answer.body.toString();
const path = (sid) => `/socket.io/?EIO=4&transport=polling${sid ? `&sid=${sid}` : ""}`;
const poll = (h2, sid, options) => ask(h2, path(sid), options);
const post = async (h2, sid, body) => assert.equal(text(await poll(h2, sid, { body })), "ok");

/** A session: `sid`, and `home`, the worker it is on. */
async function open(h2) {
  const answer = await poll(h2);
  const { sid } = JSON.parse(text(answer).slice(1));
  await post(h2, sid, "40");
  assert.match(text(await poll(h2, sid)), /^40\{"sid":/);
  return { sid, home: answer.headers["x-worker"] };
}

/** Connections until there is one on each worker: [{ h2, worker }]. */
async function spread(t, server, workers) {
  const list = [];
  for (let i = 0; i < workers; i++) {
    const h2 = await connect(t, server, secure);
    list.push({ h2, worker: text(await ask(h2, "/worker")) });
  }
  assert.equal(new Set(list.map(({ worker }) => worker)).size, workers);
  return list;
}

for (const workers of [4, 1]) describe(`${workers} workers`, () => {
  test("T29: each connection carries the requests of sessions of all workers", async (t) => {
    const server = await start(t, workers);
    const all = await spread(t, server, workers);
    const sessions = await Promise.all(all.map(({ h2 }) => open(h2)));
    assert.deepEqual(sessions.map(({ home }) => home), all.map(({ worker }) => worker));
    for (const { h2 } of all) {
      const waiting = sessions.map(({ sid }) => poll(h2, sid));
      await Promise.all(sessions.map(({ sid }, i) => post(h2, sid, `420["echo",${i}]`)));
      for (const [i, answer] of (await Promise.all(waiting)).entries()) {
        assert.equal(text(answer), `430[${i},"polling","h2"]`);
        assert.equal(answer.headers["x-worker"], sessions[i].home, "its own worker has answered");
        assert.equal(answer.headers["x-address"], "127.0.0.1");
        assert.equal(answer.headers["x-alpn"], "h2");
        assert.equal(answer.headers["x-protocol"], "https");
      }
      assert.equal((await ask(h2, "/info")).status, 200);
    }
  });

  test("T29: hundreds of requests for one session, on all connections", async (t) => {
    const server = await start(t, workers);
    const all = await spread(t, server, workers);
    const { sid } = await open(all[0].h2);
    const got = [];
    let n = 0;
    for (let round = 0; round < 60; round++) {
      const { h2 } = all[round % workers];
      const waiting = poll(all[(round + 1) % workers].h2, sid);
      await post(h2, sid, Array.from({ length: 5 }, () => `42${n}["echo",${n++}]`).join("\x1e"));
      got.push(...text(await waiting).split("\x1e"));
    }
    const left = () => got.filter((packet) => packet.startsWith("43")).length < n;
    while (left()) got.push(...text(await poll(all[0].h2, sid)).split("\x1e"));
    assert.deepEqual(got.filter((packet) => packet.startsWith("43")),
      Array.from({ length: n }, (_, i) => `43${i}[${i},"polling","h2"]`));
  });

  test("T29: large bodies, both ways, read slowly", async (t) => {
    const server = await start(t, workers);
    const all = await spread(t, server, workers);
    const { sid } = await open(all[0].h2);
    const { h2 } = all.at(-1);
    const big = randomBytes(400000).toString("hex");
    await post(h2, sid, `420["echo","${big}"]`);
    const slow = h2.request({ ":path": path(sid) });
    await next(slow, "response");
    const others = await ask(h2, "/big/100000"); // it does not keep the others waiting
    assert.equal(others.body.length, 100000);
    const chunks = [];
    slow.on("data", (d) => chunks.push(d));
    await next(slow, "end");
    assert.equal(Buffer.concat(chunks).toString(), `430["${big}","polling","h2"]`);
    const tooBig = await poll(h2, sid, { body: "4".repeat(1100000) });
    assert.equal(tooBig.status, 413);
  });

  test("T29: a poll that is given up ends its session, as with a connection that breaks", async (t) => {
    const server = await start(t, workers);
    const all = await spread(t, server, workers);
    const { sid } = await open(all[0].h2);
    const { h2 } = all.at(-1);
    const waiting = h2.request({ ":path": path(sid) });
    waiting.on("error", () => {});
    await post(h2, sid, "42[\"nobody listens\"]"); // it has come, as the poll before it
    waiting.close(8);
    await next(waiting, "close");
    await until(async () => (await poll(all[0].h2, sid, { body: "3" })).status === 400, "the end of the session");
    const answer = await poll(h2, sid);
    assert.equal(answer.status, 400);
    assert.deepEqual(JSON.parse(text(answer)), { code: 1, message: "Session ID unknown" });
  });

  test("W15: the upgrade on a connection of another worker", async (t) => {
    const server = await start(t, workers);
    const all = await spread(t, server, workers);
    const { sid, home } = await open(all[0].h2);
    const { h2 } = all.at(-1);
    const ws = await TunnelSocket.open(t, h2, `/socket.io/?EIO=4&transport=websocket&sid=${sid}`);
    assert.equal(ws.answer[":status"], 200);
    ws.send(1, "2probe");
    assert.equal((await ws.frame()).data.toString(), "3probe");
    ws.send(1, "5");
    ws.send(1, '420["worker"]');
    assert.equal((await ws.frame()).data.toString(), `430[${home}]`);
    const big = "x".repeat(60000);
    for (let i = 0; i < 20; i++) ws.send(1, `42${i}["echo","${big}"]`);
    for (let i = 0; i < 20; i++) {
      const { data } = await ws.frame();
      assert.ok(data.subarray(0, 20).toString().startsWith(`43${i}["xxx`));
    }
    assert.equal(text(await ask(h2, "/worker")), all.at(-1).worker, "on the same connection");
    ws.send(8, Buffer.from([0x03, 0xe8]));
    assert.equal((await ws.frame()).opcode, 8);
    await ws.until(() => ws.ended || ws.closed, "the end of the stream");
    await until(async () => (await poll(all[0].h2, sid)).status === 400, "the end of the session");
  });

  for (const [how, end] of [["ends", (stream) => stream.end()], ["resets", (stream) => stream.close(8)]]) {
    test(`W15: a client that ${how} the stream of a WebSocket, without a close frame, has gone`, async (t) => {
      const server = await start(t, workers);
      const all = await spread(t, server, workers);
      const { sid } = await open(all[0].h2);
      const ws = await TunnelSocket.open(t, all.at(-1).h2, `/socket.io/?EIO=4&transport=websocket&sid=${sid}`);
      ws.send(1, "2probe");
      assert.equal((await ws.frame()).data.toString(), "3probe");
      ws.send(1, "5");
      ws.send(1, '420["echo",1]');
      await ws.frame();
      end(ws.stream);
      await until(async () => (await poll(all[0].h2, sid)).status === 400, "the end of the session");
    });
  }

  test("T29: the official client on HTTP/1.1 beside it", async (t) => {
    const server = await start(t, workers);
    const all = await spread(t, server, workers);
    const clients = await Promise.all(["polling", "websocket", "polling"].map((name) =>
      connected(t, server, { ...secure, transports: [name] })));
    for (const c of clients) {
      const { sid } = { sid: c.io.engine.id };
      for (const { h2 } of all) assert.equal((await poll(h2, sid, { body: "3" })).status, c.io.engine.transport.name === "polling" ? 200 : 400);
      const [echoed] = await call(c, "echo", "still there");
      assert.equal(echoed, "still there");
    }
  });

  test("O06: SIGTERM while polls and a WebSocket are with other workers", async (t) => {
    const server = await start(t, workers);
    const all = await spread(t, server, workers);
    const sessions = await Promise.all(all.map(({ h2 }) => open(h2)));
    const polls = all.map(({ h2 }, i) => poll(h2, sessions[(i + 1) % workers].sid));
    const { sid } = await open(all[0].h2);
    const ws = await TunnelSocket.open(t, all.at(-1).h2, `/socket.io/?EIO=4&transport=websocket&sid=${sid}`);
    ws.send(1, "2probe");
    await ws.frame();
    const gone = Promise.all(all.map(({ h2 }) => next(h2, "close")));
    const answers = Promise.allSettled(polls);
    await server.stop();
    await gone;
    await answers;
    await ws.until(() => ws.closed, "the end of the WebSocket");
  });
});

test("O06: a request that is carried to another worker counts as a connection, while it lasts", async (t) => {
  const server = await start(t, 4, "--max-connections", 6);
  const all = await spread(t, server, 4);
  const { h2 } = all[3];
  const sessions = await Promise.all(all.slice(0, 3).map(({ h2: own }) => open(own)));
  const waiting = [poll(h2, sessions[0].sid), poll(h2, sessions[1].sid)]; // 5 and 6: exactly so many
  await poll(all[0].h2, sessions[0].sid, { body: "3" }); // they have come: it was sent behind them, and is answered
  const refused = await poll(h2, sessions[2].sid);
  assert.equal(refused.status, 400);
  assert.equal(JSON.parse(text(refused)).code, 1);
  for (const i of [0, 1]) await post(all[i].h2, sessions[i].sid, '420["echo",1]');
  for (const answer of await Promise.all(waiting)) assert.match(text(answer), /^430\[1,/);
  await until(async () => (await poll(h2, sessions[2].sid, { body: "3" })).status === 200, "room for another one");
});
