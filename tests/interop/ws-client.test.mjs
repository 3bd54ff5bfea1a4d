// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// W11: the WebSocket client against npm's `ws` as the server: handshakes, sizes, compression (W05),
// TLS, proxies, redirects, reconnection, and everything that goes wrong, in words and in time.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { Certs } from "../js/certs.mjs";
import { httpProxy, socksProxy } from "../js/proxies.mjs";
import { next, within } from "../js/wait.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const build = path.resolve(process.env.VIREO_BUILD ?? path.join(here, "../../build"));

/** The program ws-dialler: see ws-dialler.c. */
class Client {
  #waiters = new Set();
  #taken = 0;

  constructor(t, url, ...args) {
    this.child = spawn(path.join(build, "tests/ws-dialler"), [url, ...args.map(String)]);
    this.seen = [];
    this.stderr = "";
    this.child.stderr.setEncoding("utf8").on("data", (text) => { this.stderr += text; });
    this.child.stdin.on("error", () => {});
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      this.seen.push(JSON.parse(line));
      for (const look of this.#waiters) look();
    });
    this.exited = once(this.child, "close").then(([code, signal]) => ({ code, signal }));
    t.after(() => this.stop());
  }

  /** The next observation, which must be of that kind. */
  async next(event, ms) {
    let look;
    await within(new Promise((resolve) => {
      this.#waiters.add(look = () => { if (this.seen.length > this.#taken) resolve(); });
      look();
    }), `${event} of the client; there were ${JSON.stringify(this.seen)} ${this.stderr}`, ms)
      .finally(() => this.#waiters.delete(look));
    const seen = this.seen[this.#taken++];
    assert.equal(seen.event, event, JSON.stringify(seen));
    return seen;
  }

  order(...words) {
    this.child.stdin.write(`${words.join(" ")}\n`);
  }

  /** An error and the end, as they come when there was no connection. */
  async fails(name, text) {
    const error = await this.next("error");
    assert.equal(error.name, name, error.text);
    assert.match(error.text, text);
    assert.equal((await this.next("close")).code, 1006);
  }

  /** It must end by itself, cleanly. */
  async stop() {
    this.child.stdin.end("stop\n");
    const end = await within(this.exited, "the client's end").catch((err) => {
      this.child.kill("SIGKILL");
      throw err;
    });
    assert.deepEqual(end, { code: 0, signal: null }, this.stderr);
    assert.equal(this.stderr, "");
  }
}

/** A server of npm's ws; `server` may be an HTTP server of the test. */
async function serve(t, options = {}, server = http.createServer(), at = [0, "127.0.0.1"]) {
  const wss = new WebSocketServer({ server, ...options });
  server.listen(...at);
  await once(server, "listening");
  wss.port = server.address().port;
  wss.url = `ws://127.0.0.1:${wss.port}/`;
  wss.kill = () => new Promise((resolve) => {
    for (const ws of wss.clients) ws.terminate();
    wss.close();
    server.close(resolve);
    server.closeAllConnections?.();
  });
  t.after(() => wss.kill());
  return wss;
}

const accept = async (wss) => (await next(wss, "connection"))[0];

/** A connected pair. */
async function pair(t, options = {}, ...args) {
  const wss = await serve(t, options);
  const come = next(wss, "connection");
  const client = new Client(t, wss.url, ...args);
  const [ws, req] = await come;
  return { wss, client, ws, req, opened: await client.next("open") };
}

async function echoes(ws, message) {
  const come = next(ws, "message", 60000);
  ws.send(message);
  const [data, binary] = await come;
  assert.equal(binary, typeof message !== "string");
  assert.ok(data.equals(Buffer.from(message)), `${data.length} bytes for ${message.length}`);
}

const hex = (text) => Buffer.from(text).toString("hex");

describe("the WebSocket client", { concurrency: 2 }, () => {
  test("says what a client should (W11)", async (t) => {
    const { req, opened } = await pair(t, {}, "--header", "Authorization=Bearer x",
      "--origin", "https://example.org");
    assert.equal(req.headers.authorization, "Bearer x");
    assert.equal(req.headers.origin, "https://example.org");
    assert.equal(req.headers["sec-websocket-extensions"], undefined);
    assert.equal(req.headers["sec-websocket-protocol"], undefined);
    assert.equal(opened.address, "127.0.0.1");
    assert.equal(opened.protocol, "");
  });

  test("texts, binaries, pings and pongs both ways (W11)", async (t) => {
    const { ws, client } = await pair(t);
    let come = next(ws, "message");
    client.order("text", hex("grüß dich"));
    assert.deepEqual((await come).map(String), ["grüß dich", "false"]);
    come = next(ws, "message");
    client.order("binary", "00ff");
    assert.equal((await come)[0].toString("hex"), "00ff");
    ws.send("hello");
    assert.equal((await client.next("message")).data, hex("hello"));
    const pong = next(ws, "pong");
    ws.ping("x");
    assert.equal(String((await pong)[0]), "x");
    await client.next("ping");
    client.order("ping", "0102");
    assert.equal((await client.next("pong")).data, "0102");
    client.order("text", "ff");
    assert.equal((await client.next("refused")).name, "VIREO_EUTF8");
  });

  test("messages of every size both ways (W11)", { timeout: 120000 }, async (t) => {
    const { ws } = await pair(t, { maxPayload: 20e6 }, "--echo", 1, "--max", 20e6);
    for (const size of [0, 1, 125, 126, 127, 65535, 65536, 65537, 1e6, 16 << 20]) {
      await echoes(ws, randomBytes(size));
      await echoes(ws, "ä".repeat(size / 2));
    }
  });

  test("thousands of messages both ways at once (W11)", { timeout: 60000 }, async (t) => {
    const { ws, client } = await pair(t, {}, "--digest", 1);
    const count = 5000;
    const got = [];
    const done = new Promise((resolve) => ws.on("message", (data) => {
      if (got.push(Number(data)) === count) resolve();
    }));
    for (let i = 0; i < count; i++) {
      ws.send(String(i));
      client.order("text", hex(String(i)));
    }
    await within(done, "the client's messages", 60000);
    assert.deepEqual(got, Array.from({ length: count }, (_, i) => i));
    for (let i = 0; i < count; i++)
      assert.equal((await client.next("message", 60000)).length, String(i).length);
  });

  for (const [ours, theirs] of [[15, {}], [9, {}], [-15, {}], [-9, {}],
    [-12, { serverNoContextTakeover: true }], [-15, { clientNoContextTakeover: true }],
    [-15, { serverMaxWindowBits: 10, clientMaxWindowBits: 11 }]])
    test(`compression: ${ours} bits, ${JSON.stringify(theirs)} (W05 W11)`, async (t) => {
      const { ws } = await pair(t, { perMessageDeflate: { threshold: 0, ...theirs } },
        "--deflate", ours, "--echo", 1);
      assert.equal(ws.extensions, "permessage-deflate");
      for (const size of [0, 1, 100, 1024, 65536, 300000]) {
        await echoes(ws, randomBytes(size));
        await echoes(ws, "the quick brown vireo ".repeat(size / 20));
        await echoes(ws, "the quick brown vireo ".repeat(size / 20));
      }
    });

  test("compression that is offered need not be taken (W05 W11)", async (t) => {
    const { ws } = await pair(t, {}, "--deflate", 15, "--echo", 1);
    assert.equal(ws.extensions, "");
    await echoes(ws, "plain");
  });

  test("sub-protocols (W11)", async (t) => {
    const { ws, opened } = await pair(t, { handleProtocols: (set) => [...set][1] },
      "--protocols", "chat.v2, chat.v1");
    assert.equal(ws.protocol, "chat.v1");
    assert.equal(opened.protocol, "chat.v1");
    const wss = await serve(t, { handleProtocols: () => false });
    await new Client(t, wss.url, "--protocols", "a").fails("VIREO_EPROTO", /none of our sub-protocols/);
  });

  test("ends: by us, by the server, without a word (W11)", async (t) => {
    let { ws, client } = await pair(t);
    let come = next(ws, "close");
    client.order("close", 4000, "bye");
    assert.deepEqual((await come).map(String), ["4000", "bye"]);
    assert.deepEqual(await client.next("close"), { event: "close", code: 4000, reason: "bye" });

    ({ ws, client } = await pair(t));
    ws.close(4001, "you");
    assert.deepEqual(await client.next("close"), { event: "close", code: 4001, reason: "you" });

    ({ ws, client } = await pair(t));
    ws.terminate();
    assert.equal((await client.next("close")).code, 1006);

    ({ ws, client } = await pair(t));
    come = next(ws, "close");
    client.order("terminate");
    assert.equal((await come)[0], 1006);

    ({ ws, client } = await pair(t));
    come = next(ws, "close");
    client.child.kill("SIGTERM");
    assert.equal((await come)[0], 1001);
  });

  test("a server that breaks the protocol is told so (W11)", async (t) => {
    for (const [bytes, code, name] of [["c10100", 1002, "VIREO_EPROTO"], ["8101ff", 1007, "VIREO_EUTF8"],
      ["818101020304", 1002, "VIREO_EPROTO"], ["827e07d0", 1009, "VIREO_ETOOBIG"]]) {
      const { ws, client } = await pair(t, {}, "--max", 1999);
      const come = next(ws, "close");
      ws._socket.write(Buffer.from(bytes, "hex"));
      assert.equal((await client.next("error")).name, name);
      assert.equal((await come)[0], code);
      await client.next("close");
    }
  });

  test("a message of exactly the limit is taken (W11)", async (t) => {
    const { ws } = await pair(t, {}, "--max", 2000, "--echo", 1);
    await echoes(ws, randomBytes(2000));
  });
});

describe("the WebSocket client's way to the server", { concurrency: 2 }, () => {
  test("unix sockets (W11)", async (t) => {
    const file = path.join(tmpdir(), `vireo-ws-${process.pid}`);
    const wss = await serve(t, {}, http.createServer(), [file]);
    const come = next(wss, "connection");
    const client = new Client(t, "ws://some.example/x", "--unix", file);
    const [, req] = await come;
    assert.equal(req.headers.host, "some.example");
    assert.equal(req.url, "/x");
    assert.equal((await client.next("open")).address, "");
  });

  test("redirects are followed where it is allowed (W11)", async (t) => {
    const far = await serve(t);
    const seen = [];
    const near = http.createServer().on("upgrade", (req, socket) => {
      seen.push(req.url);
      const to = { "/a": "/b?c", "/b?c": `${far.url}end` }[req.url];
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${to}\r\nContent-Length: 0\r\n\r\n`);
    }).listen(0, "127.0.0.1");
    t.after(() => near.close());
    await once(near, "listening");
    const url = `ws://127.0.0.1:${near.address().port}/a`;
    const come = next(far, "connection");
    const client = new Client(t, url, "--redirects", 2, "--header", "Authorization=secret",
      "--header", "X-Other=x");
    const [, req] = await come;
    assert.deepEqual(seen, ["/a", "/b?c"]);
    assert.equal(req.url, "/end");
    assert.equal(req.headers.authorization, undefined, "a secret is for one server");
    assert.equal(req.headers["x-other"], "x");
    await client.next("open");
    await new Client(t, url, "--redirects", 1).fails("VIREO_EREFUSED", /more than 1 redirects/);
    await new Client(t, url).fails("VIREO_EREFUSED", /answered 302/);
  });

  test("an HTTP proxy, with and without a password (W11)", async (t) => {
    const wss = await serve(t);
    for (const user of [undefined, "us er:p@ss"]) {
      const proxy = await httpProxy(t, { port: wss.port, user });
      const login = user ? "us%20er:p%40ss@" : "";
      const client = new Client(t, "ws://far.example/x", "--proxy",
        `http://${login}127.0.0.1:${proxy.port}`, "--echo", 1);
      const ws = await accept(wss);
      await client.next("open");
      assert.deepEqual(proxy.asked, ["CONNECT far.example:80 HTTP/1.1"]);
      await echoes(ws, randomBytes(100000));
    }
    const strict = await httpProxy(t, { port: wss.port, user: "a:b" });
    await new Client(t, "ws://far.example/", "--proxy", `http://a:c@127.0.0.1:${strict.port}`)
      .fails("VIREO_EREFUSED", /407 .*right user and password/);
  });

  test("a SOCKS5 proxy, with and without a password (W11)", async (t) => {
    const wss = await serve(t);
    for (const user of [undefined, "u:p"]) {
      const proxy = await socksProxy(t, { port: wss.port, user });
      const client = new Client(t, "ws://far.example/x", "--proxy",
        `socks5://${user ? "u:p@" : ""}127.0.0.1:${proxy.port}`, "--echo", 1);
      const ws = await accept(wss);
      await client.next("open");
      assert.deepEqual(proxy.asked, ["far.example"]);
      await echoes(ws, randomBytes(100000));
    }
    const strict = await socksProxy(t, { port: wss.port, user: "a:b" });
    await new Client(t, "ws://far.example/", "--proxy", `socks5://a:c@127.0.0.1:${strict.port}`)
      .fails("VIREO_EREFUSED", /refused the user and password/);
    await new Client(t, "ws://far.example/", "--proxy", `socks5://127.0.0.1:${strict.port}`)
      .fails("VIREO_EREFUSED", /wants a user/);
    const closed = await socksProxy(t, { refuse: 2 });
    await new Client(t, "ws://far.example/", "--proxy", `socks5://127.0.0.1:${closed.port}`)
      .fails("VIREO_EREFUSED", /rules do not allow/);
  });

  test("proxies that lie (W11)", async (t) => {
    for (const [answer, name, text] of [
      ["HTTP/1.1 502 Bad Gateway\r\n\r\n", "VIREO_EREFUSED", /502 Bad Gateway/],
      ["what?\r\n\r\n", "VIREO_EPROTO", /no HTTP/],
      [`HTTP/1.1 200 OK\r\nX: ${"y".repeat(20000)}\r\n\r\n`, "VIREO_ETOOBIG", /more than/],
      ["HTTP/1.1 200 OK\r\n\r\nSSH-2.0\r\n", "VIREO_EPROTO", /could not be read/],
      ["", "VIREO_EREFUSED", /without an answer/]]) {
      const proxy = await httpProxy(t, { answer });
      await new Client(t, "ws://far.example/", "--proxy", `http://127.0.0.1:${proxy.port}`)
        .fails(name, text);
    }
  });

  test("what cannot be reached (W11)", async (t) => {
    const idle = net.createServer(() => {}).listen(0, "127.0.0.1");
    await once(idle, "listening");
    const { port } = idle.address();
    const hole = new Client(t, `ws://127.0.0.1:${port}/`, "--timeout", 300);
    await hole.fails("VIREO_ETIMEDOUT", /did not answer within 300 ms/);
    idle.close();
    await hole.stop();
    await new Client(t, `ws://127.0.0.1:${port}/`).fails("OS", /Connection refused/);
    // More letters than a label may have: no resolver needs to be asked.
    await new Client(t, `ws://${"a".repeat(64)}.example/`).fails("VIREO_ENOTFOUND", /no address was found/);
    await new Client(t, "ws://x/", "--unix", "/nowhere").fails("OS", /\/nowhere: No such file/);
    const web = http.createServer((req, res) => res.writeHead(404).end()).listen(0, "127.0.0.1");
    t.after(() => web.close());
    await once(web, "listening");
    await new Client(t, `ws://127.0.0.1:${web.address().port}/`)
      .fails("VIREO_EREFUSED", /answered 404 Not Found instead of 101/);
  });

  test("a server that is killed and comes back (W11)", async (t) => {
    const first = await serve(t);
    const come = next(first, "connection");
    const client = new Client(t, first.url, "--retry", 50, "--echo", 1);
    await come;
    await client.next("open");
    await first.kill();
    assert.equal((await client.next("retry")).code, 1006);
    await client.next("error"); // nobody is there now
    const second = await serve(t, {}, http.createServer(), [first.port, "127.0.0.1"]);
    const ws = await accept(second);
    await echoes(ws, "again");
    ws.close(1012, "restart");
    const ws2 = await accept(second);
    await echoes(ws2, "and again");
    const end = next(ws2, "close");
    client.order("close", 1000);
    assert.equal((await end)[0], 1000);
    await within(client.exited, "the end");
    const seen = client.seen.map(({ event }) => event).filter((event) => event !== "error");
    assert.equal(seen.at(-1), "close");
    assert.equal(seen.filter((event) => event === "open").length, 3);
    assert.ok(client.seen.some(({ event, code, reason }) =>
      event === "retry" && code === 1012 && reason === "restart"));
  });

  test("attempts have an end, if they shall (W11)", async (t) => {
    const wss = await serve(t);
    const { url } = wss;
    await wss.kill();
    const client = new Client(t, url, "--retry", 10, "--attempts", 2);
    for (let i = 0; i < 2; i++) {
      await client.next("error");
      await client.next("retry");
    }
    await client.fails("OS", /Connection refused/);
  });
});

describe("the WebSocket client with TLS", { concurrency: 2 }, () => {
  let certs;
  before(() => {
    certs = new Certs();
    certs.make("good", "IP:127.0.0.1,DNS:far.example");
    certs.make("other", "DNS:other.example");
  });
  after(() => certs.remove());

  async function secure(t, name, options = {}) {
    const tls = { cert: certs.text(`${name}.pem`), key: certs.text(`${name}.key`), ...options };
    const wss = await serve(t, {}, https.createServer(tls));
    wss.url = `wss://127.0.0.1:${wss.port}/`;
    return wss;
  }

  test("a server whose certificate is good (W11)", async (t) => {
    const wss = await secure(t, "good");
    const come = next(wss, "connection");
    const client = new Client(t, wss.url, "--ca", certs.file("ca.pem"), "--echo", 1);
    const [ws] = await come;
    assert.equal((await client.next("open")).tls, "TLSv1.3");
    await echoes(ws, randomBytes(1e6 - 1));
    ws.close(1000, "bye");
    assert.equal((await client.next("close")).code, 1000);
  });

  test("certificates that are not good (W11)", async (t) => {
    const good = await secure(t, "good");
    await new Client(t, good.url).fails("VIREO_ETLS", /no secure connection to 127\.0\.0\.1/);
    const other = await secure(t, "other");
    await new Client(t, other.url, "--ca", certs.file("ca.pem")).fails("VIREO_ETLS", /no secure connection/);
    const blind = new Client(t, other.url, "--insecure", 1);
    await blind.next("open");
    const plain = await serve(t);
    await new Client(t, `wss://127.0.0.1:${plain.port}/`).fails("VIREO_ETLS", /no secure connection/);
  });

  test("through proxies the server's name is verified (W11)", async (t) => {
    const wss = await secure(t, "good");
    for (const [scheme, make] of [["http", httpProxy], ["socks5", socksProxy]]) {
      const proxy = await make(t, { port: wss.port });
      const at = `${scheme}://127.0.0.1:${proxy.port}`;
      const come = next(wss, "connection");
      const client = new Client(t, "wss://far.example/", "--ca", certs.file("ca.pem"),
        "--proxy", at, "--echo", 1);
      const [ws] = await come;
      await echoes(ws, randomBytes(100000));
      await client.next("open");
      await new Client(t, "wss://else.example/", "--ca", certs.file("ca.pem"), "--proxy", at)
        .fails("VIREO_ETLS", /no secure connection to else\.example/);
    }
  });

  test("a redirect from wss to ws (W11)", async (t) => {
    const plain = await serve(t);
    const server = https.createServer({ cert: certs.text("good.pem"), key: certs.text("good.key") })
      .on("upgrade", (req, socket) =>
        socket.end(`HTTP/1.1 301 Moved\r\nLocation: ${plain.url}\r\n\r\n`))
      .listen(0, "127.0.0.1");
    t.after(() => { server.close(); server.closeAllConnections?.(); });
    await once(server, "listening");
    const args = [`wss://127.0.0.1:${server.address().port}/`, "--ca", certs.file("ca.pem"),
      "--redirects", 1];
    await new Client(t, ...args).fails("VIREO_EREFUSED", /from https to http/);
    const client = new Client(t, ...args, "--downgrade", 1);
    await client.next("open");
  });

  test("our own certificate, where the server wants one (W11)", async (t) => {
    const { cert, key } = certs.make("alice", "DNS:alice");
    const { readFileSync, writeFileSync } = await import("node:fs");
    writeFileSync(certs.file("alice.both"), Buffer.concat([readFileSync(cert), readFileSync(key)]));
    const wss = await secure(t, "good", { ca: certs.ca, requestCert: true, rejectUnauthorized: true });
    const come = next(wss, "connection");
    const client = new Client(t, wss.url, "--ca", certs.file("ca.pem"), "--cert", certs.file("alice.both"));
    const [, req] = await come;
    assert.equal(req.socket.getPeerCertificate().subject.CN, "alice");
    await client.next("open");
  });
});
