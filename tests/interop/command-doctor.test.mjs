// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// L05: vireo doctor, at servers and proxies that are broken in the ways in which they commonly are.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Server } from "socket.io";
import { WebSocketServer } from "ws";
import { Certs } from "../js/certs.mjs";
import { vireo } from "../js/command.mjs";
import { Example } from "../js/example.mjs";

async function listen(t, server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections?.();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

/** The official server. */
async function official(t, options = {}, setup = () => {}) {
  const server = http.createServer();
  const io = new Server(server, options);
  setup(io);
  t.after(() => io.close());
  return listen(t, server);
}

/** A proxy in front of `url`, or of each of several by turns. `change` may look at a request and
 *  answer it, `later(res, pass)` may hold an answer back. Upgrades pass unless `upgrade` says other. */
async function proxy(t, urls, { change, later, upgrade } = {}) {
  let turn = 0;
  const target = () => new URL([urls].flat()[turn++ % [urls].flat().length]);
  const ask = (req, to) => http.request({ host: to.hostname, port: to.port, path: req.url,
    method: req.method, headers: { ...req.headers, host: to.host } });
  const server = http.createServer((req, res) => {
    if (change?.(req, res)) return;
    const headers = { ...req.headers };
    delete headers.upgrade;
    const out = ask({ url: req.url, method: req.method, headers }, target());
    out.on("response", (answer) => {
      const pass = () => { res.writeHead(answer.statusCode, answer.headers); answer.pipe(res); };
      if (later) later(req, res, pass);
      else pass();
    }).on("error", () => res.destroy());
    res.on("close", () => out.destroy());
    req.pipe(out);
  });
  if (upgrade !== false) {
    server.on("upgrade", upgrade ?? ((req, socket) => {
      const out = ask(req, target());
      out.end();
      out.on("upgrade", (answer, behind, head) => {
        const lines = [];
        for (let i = 0; i < answer.rawHeaders.length; i += 2)
          lines.push(`${answer.rawHeaders[i]}: ${answer.rawHeaders[i + 1]}\r\n`);
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`);
        socket.write(head);
        socket.pipe(behind).pipe(socket);
        for (const s of [socket, behind]) s.on("error", () => {});
        socket.on("close", () => behind.destroy());
      });
      out.on("response", () => socket.destroy()).on("error", () => socket.destroy());
    }));
  }
  return listen(t, server);
}

/** What the doctor says: {code, out, wrong: [what is wrong], fine: [what is not]}. */
async function doctor(url, ...args) {
  const { code, stdout, stderr, lines } = await vireo(["doctor", url, "--requests", "4", "--patience", "3s", ...args]);
  assert.equal(stderr, "");
  const marked = (mark) => lines.filter((l) => l.startsWith(mark)).map((l) => l.split(/ +/)[1]);
  return { code, out: stdout, wrong: marked("WRONG"), fine: marked("ok"), notes: marked("note") };
}

/** One thing is wrong, and what to do about it is told. */
async function finds(what, remedy, url, ...args) {
  const { code, out, wrong } = await doctor(url, ...args);
  assert.deepEqual(wrong, [what], out);
  assert.match(out, remedy);
  assert.match(out, /1 thing is wrong: see above what to change/);
  assert.equal(code, 1);
}

test("L05: a server in order", async (t) => {
  const url = await official(t, { cors: { origin: "https://a.example", credentials: true }, pingInterval: 300 });
  const { code, out, wrong, fine } = await doctor(url, "--page", "https://a.example");
  assert.deepEqual(wrong, [], out);
  assert.deepEqual(fine, ["name", "port", "revision", "handshake", "CORS", "CORS", "polling", "upgrade", "websocket",
    "namespace", "heartbeat", "payload", "sticky"]);
  assert.match(out, /with cookies[^]*Nothing is wrong: 13 checks passed\./);
  assert.equal(code, 0);
  assert(!out.includes("\x1b"));
});

test("L05: a proxy in order, and vireo serve", async (t) => {
  assert.deepEqual((await doctor(await proxy(t, await official(t)))).wrong, []);
  const server = Example.run("vireo", ["serve", "--echo", "--port", "0", "--host", "127.0.0.1"]);
  t.after(() => server.stop());
  const [, url] = await server.line(/listening on (http:.+)$/);
  assert.deepEqual((await doctor(url)).wrong, []);
});

test("L05: no such name, nothing at the port", async () => {
  await finds("name", /Is it spelled right/, `http://${"x".repeat(70)}.example`);
  await finds("port", /is the server running, on this port\?/, "127.0.0.1:1");
});

test("L05: the certificate", async (t) => {
  const certs = new Certs();
  t.after(() => certs.remove());
  const { cert, key } = certs.make("a", "IP:127.0.0.1");
  const server = Example.run("vireo", ["serve", "--echo", "--port", "0", "--host", "127.0.0.1", "--cert", cert, "--key", key]);
  t.after(() => server.stop());
  const [, url] = await server.line(/listening on (https:.+)$/);
  await finds("TLS", /local issuer[^]*whole chain \(fullchain\.pem/, url);
  const { wrong, fine } = await doctor(url, "--cacert", certs.file("ca.pem"));
  assert.deepEqual(wrong, []);
  assert(fine.includes("TLS") && fine.includes("upgrade"));
  await finds("TLS", /Say https:/, url.replace("https", "http"));
  const ca = ["--cacert", certs.file("ca.pem")];
  const secure = (pair) => listen(t, https.createServer({ cert: readFileSync(pair.cert), key: readFileSync(pair.key) }));
  const at = async (pair) => (await secure(pair)).replace("http", "https");
  await finds("TLS", /expired[^]*Renew the certificate/, await at(certs.make("old", "IP:127.0.0.1", "/CN=old", -1)), ...ca);
  await finds("TLS", /mismatch[^]*made out to another name/, await at(certs.make("other", "DNS:b.example")), ...ca);
  await finds("TLS", /self-signed[^]*No browser trusts it/, await at({ cert: certs.file("ca.pem"), key: certs.file("ca.key") }));
  await finds("TLS", /The port speaks no TLS: say http:/, (await official(t)).replace("http", "https"));
});

test("L05: HTTP/2 alone, with TLS and without", async (t) => {
  const certs = new Certs();
  t.after(() => certs.remove());
  const { cert, key } = certs.make("a", "IP:127.0.0.1");
  const only = http2.createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) });
  await finds("TLS", /speaks HTTP\/2 only[^]*allowHTTP1/, (await listen(t, only)).replace("http", "https"),
    "--cacert", certs.file("ca.pem"));
  await finds("HTTP", /HTTP\/2 alone does not do/, await listen(t, http2.createServer()));
});

test("L05: the namespace: none, a middleware that says no, one that says nothing", async (t) => {
  const url = await official(t, {}, (io) => {
    io.of("/admin").use((s, pass) => pass(s.handshake.auth.token === "x" ? undefined : new Error("who are you\x1b[2J")));
    io.of("/admin").on("connection", (s) => s.emit("welcome"));
    io.of("/mute").use(() => {});
  });
  await finds("namespace", /no namespace \/socket\.io[^]*option path \(here --path\)[^]*io\.of/, `${url}/socket.io?x=1`);
  await finds("namespace", /\/admin refuses us: who are you\\x1b\[2J[^]*--auth JSON/, `${url}/admin`);
  await finds("namespace", /neither takes us in[^]*forget to call next/, `${url}/mute`, "--patience", "1s");
  const { out, wrong } = await doctor(`${url}/admin`, "--auth", '{"token":"x"}');
  assert.deepEqual(wrong, [], out);
  assert.match(out, /\/admin takes us in/);
});

test("L05: the path: 404, a page for all paths, and the right one", async (t) => {
  const url = await official(t, { path: "/chat/io" });
  await finds("path", /option path/, await listen(t, http.createServer((req, res) => res.writeHead(404).end())));
  await finds("path", /A fallback/, await listen(t, http.createServer((req, res) => {
    res.setHeader("Content-Type", "text/html").end("<!doctype html>");
  })));
  assert.deepEqual((await doctor(url, "--path", "/chat/io/")).wrong, []);
});

test("L05: who answers instead: a redirect, a login, a proxy without its server", async (t) => {
  const answers = (status, headers = {}) => listen(t, http.createServer((req, res) => res.writeHead(status, headers).end()));
  await finds("redirect", /301 to https:\/\/b\.example\/[^]*Use that URL/, await answers(301, { location: "https://b.example/" }));
  await finds("access", /403, by bouncer[^]*--header/, await answers(403, { server: "bouncer" }));
  await finds("proxy", /502[^]*is it running/, await answers(502));
  await finds("handshake", /who listens there\?/, await answers(418));
  await finds("handshake", /allowRequest/, await official(t, { allowRequest: (req, pass) => pass("no", false) }));
});

test("L05: the revision: a server of Socket.IO 2", async (t) => {
  const open = '0{"sid":"abc","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":5000}';
  await finds("revision", /socket\.io-client 2/, await listen(t, http.createServer((req, res) => {
    res.end(`${open.length}:${open}2:40`);
  })));
  const two = http.createServer();
  const io2 = createRequire(import.meta.url)("socket.io-2")(two);
  t.after(() => io2.close());
  await finds("revision", /Socket\.IO 2 or older[^]*Update socket\.io/, await listen(t, two));
});

test("L05: CORS: none, another page, twice; the preflight", async (t) => {
  const page = ["--page", "https://a.example"];
  await finds("CORS", /a request: pages of https:\/\/a\.example are not allowed[^]*cors: \{ origin/, await official(t), ...page);
  await finds("CORS", /of https:\/\/b\.example are allowed, but not of https:\/\/a/,
    await official(t, { cors: { origin: "https://b.example" } }), ...page);
  const url = await official(t, { cors: { origin: "https://a.example" } });
  await finds("CORS", /comes 2 times[^]*take it away in one/, await proxy(t, url, {
    later: (req, res, pass) => {
      const write = res.writeHead.bind(res);
      res.writeHead = (status, headers) => write(status, { ...headers, "access-control-allow-origin": ["*", "*"] });
      pass();
    },
  }), ...page);
  await finds("CORS", /preflight is answered with 401/, await proxy(t, url, {
    change: (req, res) => req.method === "OPTIONS" && res.writeHead(401).end(),
  }), ...page);
});

test("L05: no polling", async (t) => {
  const { code, out, notes, fine } = await doctor(await official(t, { transports: ["websocket"] }));
  assert.equal(code, 0, out);
  assert(notes.includes("polling") && fine.includes("websocket"));
  assert.match(out, /transports: \["websocket"\]/);
});

test("L05: a proxy without upgrades", async (t) => {
  const { code, out, wrong, fine } = await doctor(await proxy(t, await official(t), { upgrade: false }));
  assert.deepEqual(wrong, ["upgrade", "upgrade"], out);
  assert.match(out, /proxy_set_header[^]*Upgrade \$http_upgrade/);
  assert(fine.includes("polling") && fine.includes("sticky"));
  assert.equal(code, 1);
});

test("L05: a WebSocket that passes nothing on", async (t) => {
  const wss = new WebSocketServer({ noServer: true });
  const url = await proxy(t, await official(t), {
    upgrade: (req, socket, head) => wss.handleUpgrade(req, socket, head, () => {}),
  });
  const { out, wrong } = await doctor(url, "--patience", "1s");
  assert.deepEqual(wrong, ["upgrade", "upgrade"], out);
  assert.match(out, /the probe is not answered[^]*passes no frames on/);
});

test("L05: answers are held back, for a while or for ever", async (t) => {
  const url = await official(t);
  const poll = (req) => req.method === "GET" && req.url.includes("sid=");
  await finds("buffering", /took \d\.\d s[^]*proxy_buffering off/, await proxy(t, url, {
    later: (req, res, pass) => { if (poll(req)) setTimeout(pass, 1800); else pass(); },
  }));
  await finds("buffering", /does not arrive within 1 s/, await proxy(t, url, {
    later: (req, res, pass) => { if (!poll(req)) pass(); },
  }), "--patience", "1s");
});

test("L05: a proxy that takes less than the server", async (t) => {
  await finds("payload", /the server says 1000000 bytes, but 1000000 of them are refused: 413[^]*client_max_body_size/,
    await proxy(t, await official(t), {
      change: (req, res) => Number(req.headers["content-length"] ?? 0) > 100000 && res.writeHead(413, { connection: "close" }).end(),
    }));
});

test("L05: several servers without sticky sessions", async (t) => {
  const urls = [await official(t), await official(t)];
  const { code, out, wrong } = await doctor(await proxy(t, urls));
  assert.equal(code, 1);
  assert(wrong.includes("sticky") && wrong.every((what) => ["sticky", "upgrade"].includes(what)), out);
  assert.match(out, /Several servers stand behind this URL[^]*ip_hash/);
  // By chance the first requests may reach the same one: then the twenty sessions tell.
  let n = 0;
  const late = await doctor(await proxy(t, urls[0], {
    change: (req, res) => req.method === "POST" && ++n > 2 && n % 2 === 0 &&
      res.writeHead(400).end('{"code":1,"message":"Session ID unknown"}'),
  }), "--requests", "20");
  assert.deepEqual(late.wrong, ["sticky"], late.out);
  assert.match(late.out, /10 of 20 sessions were not known/);
});

test("L05: sticky by a cookie: clients that keep none are told of", async (t) => {
  const urls = [await official(t), await official(t)];
  let turn = 0;
  const balancer = http.createServer((req, res) => {
    const known = /\bserver=(\d)/.exec(req.headers.cookie ?? "")?.[1];
    const which = Number(known ?? turn++ % 2), to = new URL(urls[which]);
    const out = http.request({ host: to.hostname, port: to.port, path: req.url, method: req.method, headers: req.headers });
    out.on("response", (answer) => {
      res.writeHead(answer.statusCode, { ...answer.headers, "set-cookie": ["theme=dark; Path=/", `server=${which}; HttpOnly`] });
      answer.pipe(res);
    }).on("error", () => res.destroy());
    req.pipe(out);
  });
  const { out, wrong, fine, notes } = await doctor(await listen(t, balancer), "--requests", "6", "--patience", "1s");
  assert.deepEqual(wrong, ["upgrade", "upgrade"], out); // this balancer passes none on
  assert(fine.includes("sticky") && notes.includes("sticky"), out);
  assert.match(out, /by cookie \(theme, server\): [1-6] of 6 sessions without it were lost[^]*withCredentials: true/);
});

test("L05: the heartbeat: cut, too slow, not waited for", async (t) => {
  const cut = await official(t, { pingInterval: 2000 }, (io) => io.engine.on("connection", (c) => {
    if (c.transport.name === "websocket") setTimeout(() => c.close(), 500);
  }));
  await finds("heartbeat", /closed[^]*proxy_read_timeout/, cut);
  const slow = await doctor(await official(t, { pingInterval: 70000 }));
  assert.match(slow.out, /note {2}heartbeat {3}the server pings each 70 s/);
  const usual = await doctor(await official(t));
  assert.match(usual.out, /not waited for: a ping is due after 25 s\n +--full waits for it/);
});

test("L05: what is no URL", async () => {
  const { code, stderr } = await vireo(["doctor", "http://"]);
  assert.equal(code, 2);
  assert.match(stderr, /is no URL of a server/);
});
