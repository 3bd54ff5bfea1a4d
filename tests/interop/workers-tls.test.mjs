// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// O06, T29, W13: four workers with TLS: a connection goes, with its keys, to the worker of the session it asks for.
// Certificates of clients, resumed sessions and reloading are the same for all. The server is interop/tls-server.c.

import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import https from "node:https";
import tls from "node:tls";
import { after, before, test } from "node:test";
import { Certs } from "../js/certs.mjs";
import { call, connected, upgraded } from "../js/client.mjs";
import { startServer } from "../js/server.mjs";
import { next, within } from "../js/wait.mjs";

process.env.VIREO_WORKERS = "4";

let certs, site, ada;
before(() => {
  certs = new Certs();
  site = certs.make("site", "DNS:localhost,IP:127.0.0.1");
  certs.make("other", "DNS:localhost,IP:127.0.0.1");
  certs.make("ada", "DNS:ada");
  ada = { ca: certs.ca, cert: certs.text("ada.pem"), key: certs.text("ada.key") };
});
after(() => certs.remove());

async function start(t, ...args) {
  const server = await startServer("vireo", ["--cert", site.cert, "--key", site.key, ...args], "tls");
  t.after(() => server.stop());
  return server;
}

/** Connections of which there is one on each worker: { ask(path, body), worker }, kept alive. */
async function spread(t, server, options = { ca: certs.ca }) {
  const list = [];
  for (let i = 0; i < 4; i++) {
    const agent = new https.Agent({ ...options, keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const one = { sockets: new Set() };
    one.ask = (path, body) => within(new Promise((resolve, reject) => {
      const req = https.request(server.url + path, { agent, method: body === undefined ? "GET" : "POST" }, (res) => {
        const chunks = [];
        res.on("data", (d) => chunks.push(d)).on("error", reject)
          .on("end", () => resolve({ status: res.statusCode, headers: res.headers, text: Buffer.concat(chunks).toString() }));
      });
      req.on("socket", (socket) => one.sockets.add(socket)).on("error", reject).end(body);
    }), path);
    one.worker = (await one.ask("/worker")).text;
    list.push(one);
  }
  assert.equal(new Set(list.map(({ worker }) => worker)).size, 4);
  return list;
}

const path = (sid) => `/socket.io/?EIO=4&transport=polling${sid ? `&sid=${sid}` : ""}`;

async function open(one) {
  const answer = await one.ask(path());
  const { sid } = JSON.parse(answer.text.slice(1));
  assert.equal((await one.ask(path(sid), "40")).text, "ok");
  assert.match((await one.ask(path(sid))).text, /^40/);
  return { sid, home: answer.headers["x-worker"] };
}

test("O06: each connection carries the requests of all sessions, and its client's certificate with it", async (t) => {
  const server = await start(t, "--client-ca", certs.file("ca.pem"));
  const all = await spread(t, server, ada);
  const sessions = await Promise.all(all.map(open));
  assert.equal(new Set(sessions.map(({ home }) => home)).size, 4);
  for (let round = 0; round < 3; round++)
    for (const one of all)
      for (const { sid, home } of sessions) {
        const text = `${round} `.repeat(round * 50000 + 1);
        const posted = await one.ask(path(sid), `420["echo","${text}"]`);
        assert.equal(posted.text, "ok");
        assert.equal(posted.headers["x-worker"], home);
        assert.equal(posted.headers["x-subject"], "CN=ada");
        assert.equal((await one.ask(path(sid))).text, `430["${text}"]`);
      }
  for (const { sockets } of all) assert.equal(sockets.size, 1, "it is one connection all the time");
  assert.equal(JSON.parse((await all[0].ask("/info")).text).subject, "CN=ada");
});

test("O06: the upgrade on a connection of its own, which another worker has accepted", async (t) => {
  const server = await start(t);
  const homes = new Set();
  const clients = await Promise.all(Array.from({ length: 12 }, () => upgraded(t, server, { ca: certs.ca })));
  for (const c of clients) {
    assert.equal(c.io.engine.transport.name, "websocket");
    const [home] = await call(c, "worker");
    homes.add(home);
    const [info] = await call(c, "info");
    assert.equal(info.secure, true);
    assert.match(info.version, /^TLSv1/);
    const big = "x".repeat(300000);
    assert.deepEqual(await call(c, "echo", big), [big]);
  }
  assert.equal(homes.size, 4);
});

test("O06: sessions of TLS are resumed by any worker", async (t) => {
  const server = await start(t);
  const dial = async (session) => {
    const socket = tls.connect({ port: server.port, host: server.host, ca: certs.ca, session });
    t.after(() => socket.destroy());
    const ticket = session ? [session] : next(socket, "session");
    await next(socket, "secureConnect");
    socket.write("GET /worker HTTP/1.1\r\nHost: a\r\n\r\n");
    const [data] = await next(socket, "data");
    return { socket, worker: String(data).at(-1), ticket: (await ticket)[0] };
  };
  const first = await dial();
  const later = [];
  for (let i = 0; i < 4; i++) later.push(await dial(first.ticket));
  assert.deepEqual(later.map(({ worker }) => worker).sort(), ["0", "1", "2", "3"]);
  assert.ok(later.every(({ socket }) => socket.isSessionReused()));
});

test("O06: certificates are reloaded for all, while connections live and move", async (t) => {
  const cert = certs.file("live.pem"), key = certs.file("live.key");
  const use = (name) => {
    copyFileSync(certs.file(`${name}.pem`), cert);
    copyFileSync(certs.file(`${name}.key`), key);
  };
  use("site");
  const server = await startServer("vireo", ["--cert", cert, "--key", key], "tls");
  t.after(() => server.stop());
  const all = await spread(t, server);
  const session = await open(all[0]);
  const many = (n, make) => Promise.all(Array.from({ length: n }, make));
  const shown = () => many(8, async () => {
    const socket = tls.connect({ port: server.port, host: server.host, ca: certs.ca });
    await next(socket, "secureConnect");
    const name = socket.getPeerCertificate().subject.CN;
    socket.destroy();
    return name;
  });
  assert.deepEqual(await shown(), Array(8).fill("site"));
  use("other");
  assert.equal((await all[2].ask("/reload", "")).status, 200);
  assert.deepEqual(await shown(), Array(8).fill("other"));
  for (const one of all) assert.equal((await one.ask(path(session.sid), "3")).text, "ok");
  const c = await connected(t, server, { ca: certs.ca, transports: ["polling"] });
  assert.deepEqual(await call(c, "echo", 1), [1]);
});
