// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// W14: where a server listens and what stands before it: unix sockets, the PROXY protocol of load
// balancers, sockets passed by systemd.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import tls from "node:tls";
import { promisify } from "node:util";
import { WebSocket } from "ws";
import { Certs } from "../js/certs.mjs";
import { startServer } from "../js/server.mjs";
import { next, within } from "../js/wait.mjs";

const run = promisify(execFile);

let certs, folder, withTls;
before(() => {
  certs = new Certs();
  certs.make("site", "DNS:site.example,DNS:localhost,IP:127.0.0.1");
  withTls = ["--cert", certs.file("site.pem"), "--key", certs.file("site.key")];
  folder = mkdtempSync(path.join(tmpdir(), "vireo-listen-"));
});
after(() => {
  certs.remove();
  rmSync(folder, { recursive: true, force: true });
});

const start = (args, options) => startServer("vireo", args, "tls", options);

/** One request on a connection that `connect` makes; the body of its answer. */
function get(connect, target = "/info") {
  return within(new Promise((resolve, reject) => {
    http.get({ createConnection: connect, path: target }, (res) => {
      let text = "";
      res.setEncoding("utf8").on("data", (part) => { text += part; }).on("end", () => resolve(text));
    }).on("error", reject);
  }), `the answer to ${target}`);
}

const info = async (connect) => JSON.parse(await get(connect));

async function echo(t, url, options) {
  const ws = new WebSocket(url, options);
  t.after(() => ws.terminate());
  await next(ws, "open");
  ws.send("info");
  const known = JSON.parse((await next(ws, "message"))[0]);
  ws.send("hello");
  assert.equal(String((await next(ws, "message"))[0]), "hello");
  ws.close(1000);
  assert.equal((await next(ws, "close"))[0], 1000);
  return known;
}

describe("unix sockets", () => {
  test("HTTP and WebSocket; the file goes with the server (W14)", async (t) => {
    const file = path.join(folder, "plain.sock");
    const server = await start(["--unix", file]);
    assert.equal(server.unixPath, file);
    const known = await info(() => net.connect(file));
    assert.deepEqual([known.secure, known.address], [false, ""]);
    assert.equal((await run("curl", ["-sS", "--unix-socket", file, "http://x/big/100000"])).stdout.length, 100000);
    assert.equal((await echo(t, `ws+unix:${file}:/ws`)).address, "");
    await server.stop();
    assert.equal(existsSync(file), false);
  });

  test("TLS (W13 W14)", async (t) => {
    const file = path.join(folder, "tls.sock");
    const server = await start(["--unix", file, ...withTls]);
    t.after(() => server.stop());
    const known = await info(() => tls.connect({ path: file, ca: certs.ca, servername: "site.example" }));
    assert.deepEqual([known.secure, known.address], [true, ""]);
  });
});

/** A head of version 2: command, family, addresses, further values. */
function head2(command, family, addresses, values = []) {
  const head = Buffer.from("\r\n\r\n\0\r\nQUIT\n\0\0\0\0", "latin1");
  const rest = Buffer.concat([Buffer.from(addresses), Buffer.from(values)]);
  head[12] = command;
  head[13] = family;
  head.writeUInt16BE(rest.length, 14);
  return Buffer.concat([head, rest]);
}

const v4 = [203, 0, 113, 7, 198, 51, 100, 1, 220, 4, 1, 187];
const heads = {
  "version 1, IPv4": ["PROXY TCP4 203.0.113.7 198.51.100.1 56324 443\r\n", "203.0.113.7", false],
  "version 1, IPv6": ["PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n", "2001:db8::7", false],
  "version 1, unknown": ["PROXY UNKNOWN\r\n", "127.0.0.1", false],
  "version 2, IPv4": [head2(0x21, 0x11, v4), "203.0.113.7", false],
  "version 2, the proxy itself": [head2(0x20, 0, []), "127.0.0.1", false],
  "version 2, a client with TLS": [head2(0x21, 0x11, v4, [0x20, 0, 5, 1, 0, 0, 0, 0]), "203.0.113.7", true],
};

describe("the PROXY protocol", () => {
  let server, secure;
  before(async () => {
    server = await start(["--proxy"]);
    secure = await start(["--proxy", ...withTls]);
  });
  after(() => Promise.all([server.stop(), secure.stop()]));

  /** A connection that begins with `head`. */
  const behind = (to, head) => {
    const socket = net.connect(to.port, "127.0.0.1");
    socket.write(head);
    return socket;
  };
  const tlsBehind = (head) =>
    tls.connect({ socket: behind(secure, head), ca: certs.ca, servername: "site.example" });

  for (const [name, [head, address, isSecure]] of Object.entries(heads)) {
    test(`${name} (W14)`, async () => {
      const known = await info(() => behind(server, head));
      assert.deepEqual([known.address, known.secure], [address, isSecure]);
    });

    test(`${name}, then TLS (W13 W14)`, async () => {
      const known = await info(() => tlsBehind(head));
      assert.deepEqual([known.address, known.secure, known.version], [address, true, "TLSv1.3"]);
    });
  }

  test("a head in pieces, with the request behind it (W14)", async () => {
    const socket = net.connect({ port: server.port, host: "127.0.0.1", noDelay: true });
    let text = "";
    socket.setEncoding("utf8").on("data", (part) => { text += part; });
    for (const piece of ["PRO", "XY TCP4 192.0.2.1 192.0.2.2 1 ", "2\r", "\nGET /info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"]) {
      socket.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await next(socket, "end");
    assert.match(text, /"address":"192\.0\.2\.1"/);
    socket.destroy();
  });

  test("WebSocket and the handshake of Socket.IO know the client (W14)", async (t) => {
    const [head, address] = heads["version 1, IPv4"];
    const known = await echo(t, "ws://site.example/ws", { createConnection: () => behind(server, head) });
    assert.equal(known.address, address);
    const io = new WebSocket("ws://site.example/socket.io/?EIO=4&transport=websocket",
      { createConnection: () => behind(server, head) });
    t.after(() => io.terminate());
    await next(io, "message");
    io.send("40");
    await next(io, "message");
    io.send('420["info"]');
    assert.match(String((await next(io, "message"))[0]), new RegExp(`^430\\[.*"address":"${address}"`));
  });

  test("curl --haproxy-protocol (W14)", async () => {
    const { stdout } = await run("curl", ["-sS", "--haproxy-protocol", `http://127.0.0.1:${server.port}/info`]);
    assert.equal(JSON.parse(stdout).address, "127.0.0.1");
    const over = await run("curl", ["-sS", "--haproxy-protocol", "--cacert", certs.file("ca.pem"),
      `https://127.0.0.1:${secure.port}/info`]);
    assert.equal(JSON.parse(over.stdout).secure, true);
  });

  for (const [name, bytes] of Object.entries({
    "no head": "GET /info HTTP/1.1\r\nHost: x\r\n\r\n",
    "a head with nonsense": "PROXY TCP4 localhost 127.0.0.1 1 2\r\n",
    "a head without end": `PROXY UNKNOWN ${"x".repeat(200)}`,
    "a head of 65 KB": head2(0x21, 0x11, v4, Buffer.alloc(60000)),
  }))
    test(`${name}: turned away without a word (W14)`, async () => {
      const socket = behind(server, bytes);
      let text = "";
      socket.on("data", (part) => { text += part; }).on("error", () => {});
      await next(socket, "close");
      assert.equal(text, "");
    });
});

describe("sockets passed by systemd", () => {
  test("the first one (W14)", async (t) => {
    const server = await start(["--systemd"], { sockets: ["web=tcp"] });
    t.after(() => server.stop());
    assert.equal((await info(() => net.connect(server.port, "127.0.0.1"))).address, "127.0.0.1");
    await echo(t, `ws://127.0.0.1:${server.port}/ws`);
  });

  test("one of several, by its name; a unix socket; TLS (W13 W14)", async () => {
    const file = path.join(folder, "passed.sock");
    const server = await start(["--systemd-name", "second", ...withTls],
      { sockets: ["first=tcp", `second=unix:${file}`] });
    assert.equal(server.unixPath, file);
    const known = await info(() => tls.connect({ path: file, ca: certs.ca, servername: "site.example" }));
    assert.equal(known.secure, true);
    await server.stop();
    assert.equal(existsSync(file), true, "the file is systemd's");
  });

  test("a name that is not there is told (W14)", async () => {
    await assert.rejects(start(["--systemd-name", "third"], { sockets: ["first=tcp"] }),
      /socket activation: there is no "third" among "first"/);
  });

  test("without systemd, host and port hold (W14)", async (t) => {
    const server = await start(["--systemd"]);
    t.after(() => server.stop());
    assert.equal((await info(() => net.connect(server.port, "127.0.0.1"))).secure, false);
  });
});
