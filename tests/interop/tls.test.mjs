// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// W13, T29: https and wss as their users meet them: Node's https, fetch, curl, openssl s_client, npm's
// ws and socket.io-client, each of which verifies the server.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { copyFileSync } from "node:fs";
import https from "node:https";
import net from "node:net";
import { after, before, describe, test } from "node:test";
import tls from "node:tls";
import { promisify } from "node:util";
import { WebSocket } from "ws";
import { Certs } from "../js/certs.mjs";
import { call, client, connected, modes } from "../js/client.mjs";
import { startServer } from "../js/server.mjs";
import { next, within } from "../js/wait.mjs";

const run = promisify(execFile);

let certs;
before(() => {
  certs = new Certs();
  certs.make("site", "DNS:site.example,DNS:localhost,IP:127.0.0.1");
  certs.make("other", "DNS:*.other.example");
  certs.make("alice", "email:alice@example.org", "/O=Example/CN=alice");
});
after(() => certs.remove());

const start = (...args) =>
  startServer("vireo", ["--cert", certs.file("site.pem"), "--key", certs.file("site.key"), ...args], "tls");
const alice = () => ({ cert: certs.text("alice.pem"), key: certs.text("alice.key") });

/** One request of Node's https; the answer's status, headers, body. */
function request(server, path, { body, agent = false, ...options } = {}) {
  return within(new Promise((resolve, reject) => {
    const req = https.request(server.url + path, { ca: certs.ca, agent, ...options }, (res) => {
      const parts = [];
      res.on("data", (part) => parts.push(part)).on("error", reject)
        .on("end", () => resolve({ status: res.statusCode, body: Buffer.concat(parts) }));
    });
    req.on("error", reject);
    req.end(body);
  }), `the answer to ${path}`);
}

const info = async (server, options) => JSON.parse((await request(server, "/info", options)).body);

function webSocket(t, server, options = {}) {
  const ws = new WebSocket(`${server.url.replace("https", "wss")}/ws`, { ca: certs.ca, ...options });
  t.after(() => ws.terminate());
  return ws;
}

async function echo(ws, data) {
  ws.send(data);
  const [answer] = await next(ws, "message");
  assert.ok(Buffer.from(data).equals(answer));
}

/** What a command writes, whether it ends well or not: its errors, then the rest. */
async function output(file, args, input = "") {
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] });
  let text = "", errors = "";
  child.stdout.on("data", (data) => { text += data; });
  child.stderr.on("data", (data) => { errors += data; });
  child.stdin.on("error", () => {}).end(input);
  await within(next(child, "close", 20000), file, 20000);
  return errors + text;
}

describe("TLS", () => {
  let server;
  before(async () => {
    const other = [certs.file("other.pem"), certs.file("other.key")];
    server = await start("--sni", "*.other.example", ...other, "--client-ca", certs.file("ca.pem"));
  });
  after(() => server.stop());

  test("vireo_run tells an https:// URL (W13)", () => assert.match(server.url, /^https:\/\/127\.0\.0\.1:\d+$/));

  test("Node's https: what the server knows of the connection (W13)", async () => {
    assert.deepEqual(await info(server, { servername: "site.example" }), {
      secure: true, protocol: "https", address: "127.0.0.1", version: "TLSv1.3", name: "site.example",
      alpn: "", resumed: false, subject: null, fingerprint: null,
    });
    const old = await info(server, { maxVersion: "TLSv1.2", ALPNProtocols: ["h2", "http/1.1"] });
    assert.equal(old.version, "TLSv1.2");
    assert.equal(old.alpn, "http/1.1");
  });

  test("a client's certificate is known to routes, WebSockets and Socket.IO (W13 T29)", async (t) => {
    const subject = "CN=alice,O=Example";
    const seen = await info(server, alice());
    assert.equal(seen.subject, subject);
    assert.equal(seen.fingerprint, certs.openssl("x509", "-in", certs.file("alice.pem"), "-noout",
      "-fingerprint", "-sha256").split("=")[1].trim().replaceAll(":", "").toLowerCase());
    const ws = webSocket(t, server, alice());
    await next(ws, "open");
    ws.send("info");
    assert.equal(JSON.parse((await next(ws, "message"))[0]).subject, subject);
    for (const transports of Object.values(modes).map((mode) => mode.transports)) {
      const socket = await connected(t, server, { transports, ca: certs.ca, ...alice() });
      const [known] = await call(socket, "info");
      assert.equal(known.subject, subject);
      assert.equal(known.secure, true);
    }
  });

  for (const [name, mode] of Object.entries(modes))
    test(`socket.io-client over TLS, ${name}: handshake.secure (T29)`, async (t) => {
      const socket = await connected(t, server, { ...mode, ca: certs.ca });
      const [known] = await call(socket, "info");
      assert.equal(known.secure, true);
      assert.equal(known.version, "TLSv1.3");
      assert.equal(known.subject, null);
      const blob = randomBytes(200000);
      assert.ok(blob.equals((await call(socket, "echo", blob))[0]));
    });

  test("socket.io-client without our CA refuses the server (T29)", async (t) => {
    const socket = client(t, server, { transports: ["websocket"] });
    const [err] = await next(socket, "connect_error");
    assert.match(String(err.description?.error ?? err.description?.message ?? err.message), /certificate|websocket error/);
  });

  test("large bodies both ways, and many requests on one connection (W13)", async () => {
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    const { body } = await request(server, "/big/20000000", { agent });
    assert.equal(body.length, 20000000);
    assert.equal(body[19999999], "a".charCodeAt(0) + 19999999 % 23);
    const blob = randomBytes(5000000);
    assert.ok(blob.equals((await request(server, "/echo", { method: "POST", body: blob, agent })).body));
    for (let i = 0; i < 200; i++) assert.equal((await request(server, "/big/5", { agent })).body.toString(), "abcde");
    agent.destroy();
  });

  test("npm's ws: 1 byte to 16 MB, and thousands of messages (W13)", async (t) => {
    const ws = webSocket(t, server, { perMessageDeflate: false, maxPayload: 1 << 25 });
    await next(ws, "open");
    for (const size of [0, 1, 125, 126, 16383, 16384, 16385, 65535, 65536, 1000000, 16000000])
      await echo(ws, randomBytes(size));
    let left = 5000;
    const all = new Promise((resolve) => ws.on("message", () => { if (--left === 0) resolve(); }));
    for (let i = 0; i < 5000; i++) ws.send(`message ${i}`);
    await within(all, "5000 answers", 30000);
    ws.close(1000);
    assert.equal((await next(ws, "close"))[0], 1000);
  });

  test("fetch (undici) verifies and reads (W13)", async () => {
    const script = `fetch("${server.url}/info").then((r) => r.text()).then(console.log, (e) => console.log(e.cause.code))`;
    const node = async (env) =>
      (await run(process.execPath, ["-e", script], { env: { ...process.env, ...env } })).stdout;
    assert.equal(JSON.parse(await node({ NODE_EXTRA_CA_CERTS: certs.file("ca.pem") })).secure, true);
    assert.match(await node({}), /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO/);
  });

  test("curl (W13)", async () => {
    const curl = async (...args) => (await run("curl", ["-sS", "--cacert", certs.file("ca.pem"), ...args])).stdout;
    const seen = JSON.parse(await curl("--cert", certs.file("alice.pem"), "--key", certs.file("alice.key"), `${server.url}/info`));
    assert.equal(seen.subject, "CN=alice,O=Example");
    assert.equal((await curl("--tls-max", "1.2", `${server.url}/big/100000`)).length, 100000);
    await assert.rejects(curl("--tlsv1.1", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", `${server.url}/info`));
    await assert.rejects(run("curl", ["-sS", `${server.url}/info`]), /certificate/);
  });

  const sClient = (args, input) => output("openssl", ["s_client", "-connect",
    `127.0.0.1:${server.port}`, "-CAfile", certs.file("ca.pem"), ...args], input);
  const get = "GET /info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

  test("openssl s_client: names, protocols, the goodbye (W13)", async () => {
    const plain = await sClient(["-servername", "site.example", "-alpn", "h2,http/1.1", "-ign_eof"], get);
    assert.match(plain, /subject=CN = site/);
    assert.match(plain, /ALPN protocol: http\/1\.1/);
    assert.match(plain, /Verify return code: 0 \(ok\)/);
    assert.match(plain, /"name":"site.example"/);
    assert.doesNotMatch(plain, /unexpected eof/, "the server says goodbye");
    assert.match(plain, /\nclosed\n$/);
    assert.match(await sClient(["-servername", "a.other.example"]), /subject=CN = other/);
    assert.match(await sClient(["-servername", "a.b.other.example"]), /subject=CN = site/);
    assert.match(await sClient(["-noservername"]), /subject=CN = site/);
    assert.match(await sClient(["-alpn", "h2"]), /alert no application protocol/);
    assert.match(await sClient(["-tls1_1", "-cipher", "ALL@SECLEVEL=0"]), /alert protocol version/);
    assert.match(await sClient(["-tls1_2", "-cipher", "AES128-SHA"]), /alert handshake failure/);
  });

  test("openssl s_client: sessions are resumed, without early data; no renegotiation (W13)", async () => {
    const again = await sClient(["-tls1_2", "-reconnect"]);
    assert.equal(again.match(/^Reused, TLSv1\.2/gm)?.length, 5);
    const session = certs.file("session");
    const first = await sClient(["-sess_out", session, "-ign_eof"], get);
    assert.match(first, /"resumed":false/);
    assert.match(first, /Max Early Data: 0/);
    assert.match(await sClient(["-sess_in", session, "-ign_eof"], get), /"resumed":true/);
    assert.match(await sClient(["-tls1_2"], "R\n"), /RENEGOTIATING\n[^]*no renegotiation/);
  });

  test("who hangs up without a goodbye harms nobody (W13)", async (t) => {
    const bystander = webSocket(t, server);
    await next(bystander, "open");
    for (const bytes of ["", "\x16", "\x16\x03\x01\x02\x00\x01\x00", "GET /info HTTP/1.1\r\n\r\n", "\x80\x2e\x01"]) {
      const socket = net.connect(server.port, "127.0.0.1");
      await next(socket, "connect");
      socket.end(bytes, "latin1");
      socket.resume();
      await next(socket, "close");
    }
    const socket = tls.connect({ port: server.port, ca: certs.ca, servername: "localhost" });
    await next(socket, "secureConnect");
    socket.write("GET /big/100000 HTTP/1.1\r\n");
    socket.destroy();
    await echo(bystander, "still here");
  });

  test("http:// on the port gets words and not silence (W13)", async () => {
    const text = await output("curl", ["-s", "-i", `http://127.0.0.1:${server.port}/`]);
    assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.match(text, /This port speaks HTTPS\. Use https:\/\/, not http:$/);
  });
});

test("mutual TLS: without a certificate there is no connection (W13 T29)", async (t) => {
  const server = await start("--client-ca", certs.file("ca.pem"), "--required");
  t.after(() => server.stop());
  assert.equal((await info(server, alice())).subject, "CN=alice,O=Example");
  await assert.rejects(info(server), /certificate required|ECONNRESET/);
  const stranger = new Certs();
  t.after(() => stranger.remove());
  stranger.make("mallory", "DNS:x.example");
  await assert.rejects(info(server, { cert: stranger.text("mallory.pem"), key: stranger.text("mallory.key") }),
    /unknown ca|bad certificate|ECONNRESET/);
  const refused = client(t, server, { transports: ["websocket"], ca: certs.ca });
  await next(refused, "connect_error");
  const socket = await connected(t, server, { ca: certs.ca, ...alice() });
  assert.equal((await call(socket, "info"))[0].subject, "CN=alice,O=Example");
});

test("only TLS 1.3, where that is asked for (W13)", async (t) => {
  const server = await start("--min-1.3");
  t.after(() => server.stop());
  assert.equal((await info(server)).version, "TLSv1.3");
  await assert.rejects(info(server, { maxVersion: "TLSv1.2" }), /alert protocol version|ECONNRESET/);
});

test("certificates are reloaded while connections live (W13)", async (t) => {
  const cert = certs.file("live.pem"), key = certs.file("live.key");
  copyFileSync(certs.file("site.pem"), cert);
  copyFileSync(certs.file("site.key"), key);
  const server = await startServer("vireo", ["--cert", cert, "--key", key], "tls");
  t.after(() => server.stop());
  const shown = async () => {
    const socket = tls.connect({ port: server.port, ca: certs.ca, rejectUnauthorized: false });
    await next(socket, "secureConnect");
    const name = socket.getPeerCertificate().subject.CN;
    socket.end();
    return name;
  };
  const reload = () => request(server, "/reload", { method: "POST", rejectUnauthorized: false });
  const ws = webSocket(t, server);
  await next(ws, "open");
  const socket = await connected(t, server, { ca: certs.ca });
  assert.equal(await shown(), "site");

  copyFileSync(certs.file("other.pem"), cert); // its key is not there yet
  const failed = await reload();
  assert.equal(failed.status, 500);
  assert.match(failed.body.toString(), /the key of .*live\.key does not belong to the certificate/);
  assert.equal(await shown(), "site");

  copyFileSync(certs.file("other.key"), key);
  assert.equal((await reload()).status, 200);
  assert.equal(await shown(), "other");
  await echo(ws, "the connection of before");
  assert.deepEqual(await call(socket, "echo", "goes on"), ["goes on"]);
});

test("a flood of handshakes meets its limit, bystanders are served (W13)", async (t) => {
  const server = await start("--max-handshakes", "20", "--handshake-timeout", "5000");
  t.after(() => server.stop());
  const bystander = webSocket(t, server);
  await next(bystander, "open");
  const flood = [];
  t.after(() => flood.forEach((socket) => socket.destroy()));
  let closed = 0;
  for (let i = 0; i < 300; i++) { // each begins a handshake and stalls
    const socket = net.connect(server.port, "127.0.0.1");
    socket.on("connect", () => socket.write("\x16\x03\x01\x02\x00\x01\x00\x01\xfc", "latin1"));
    socket.on("error", () => {}).on("close", () => { closed++; });
    flood.push(socket);
  }
  await Promise.all(flood.map((socket) => next(socket, "connect")));
  for (let i = 0; i < 50; i++) await echo(bystander, `message ${i}`);
  assert.ok(closed < 300, "the flood is still there");
  await within(Promise.race(flood.map((socket) => once(socket, "close"))), "the first one's end"); // a newcomer's time runs, too
  assert.equal((await info(server)).secure, true, "a newcomer is served when their time is over");
  await within(new Promise((resolve) => {
    const look = () => (closed === 300 ? resolve() : setTimeout(look, 20));
    look();
  }), "the end of the flood");
  await echo(bystander, "all the while");
});

test("a mistake in the certificate keeps the server from starting (W13)", async () => {
  await assert.rejects(startServer("vireo", ["--cert", certs.file("site.pem"), "--key",
    certs.file("other.key")], "tls"), /the key of .*other\.key does not belong to the certificate of .*site\.pem/);
});
