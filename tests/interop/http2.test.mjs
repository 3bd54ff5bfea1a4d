// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// T29: HTTP/2 beside HTTP/1.1, over TLS for who asks for it (ALPN) and without TLS for who begins
// with it. W15: WebSocket over HTTP/2 (RFC 8441). Node's own client, curl and hand-made frames speak to
// interop/http2-server.c.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import http2 from "node:http2";
import { tmpdir } from "node:os";
import path from "node:path";
import tls from "node:tls";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import WebSocket from "ws";
import { call, client, connected } from "../js/client.mjs";
import { Certs } from "../js/certs.mjs";
import { answerOf, ask, codeOf, connect, TunnelSocket } from "../js/http2.mjs";
import { startServer } from "../js/server.mjs";
import { next, within } from "../js/wait.mjs";

const MEGABYTE = 1 << 20;
const run = promisify(execFile);
let certs, site, secure;

before(() => {
  certs = new Certs();
  site = certs.make("site", "DNS:localhost,IP:127.0.0.1");
  secure = { ca: certs.ca };
});
after(() => certs.remove());

async function serve(t, ...args) {
  const server = await startServer("vireo", ["--cert", site.cert, "--key", site.key, ...args], "http2");
  t.after(() => server.stop());
  return server;
}

async function session(t, ...args) {
  const server = await serve(t, ...args);
  return { server, h2: await connect(t, server, secure) };
}

const text = (answer) => answer.body.toString();
const json = (answer) => JSON.parse(text(answer));

describe("who speaks what", () => {
  test("T29: ALPN decides for each connection", async (t) => {
    const { server, h2 } = await session(t);
    assert.equal(h2.alpnProtocol, "h2");
    assert.equal(json(await ask(h2, "/info")).alpn, "h2");
    const old = await within(new Promise((resolve, reject) => {
      https.get(`${server.url}/info`, { ...secure, agent: false }, (res) => {
        let body = "";
        res.on("data", (d) => (body += d)).on("end", () => resolve({ res, body }));
      }).on("error", reject);
    }), "the answer in HTTP/1.1");
    assert.equal(old.res.httpVersion, "1.1");
    assert.equal(JSON.parse(old.body).alpn, "", "it has not asked");
    const socket = tls.connect({ ...secure, port: server.port, host: server.host, ALPNProtocols: ["http/1.1", "h2"] });
    t.after(() => socket.destroy());
    await next(socket, "secureConnect");
    assert.equal(socket.alpnProtocol, "h2", "ours is the order of preference");
  });

  test("T29: without TLS a client may begin with HTTP/2, and another with HTTP/1.1", async (t) => {
    const server = await startServer("vireo", [], "http2");
    t.after(() => server.stop());
    const h2 = await connect(t, server);
    const info = json(await ask(h2, "/info"));
    assert.equal(info.secure, false);
    assert.equal(info.alpn, null);
    for (const method of ["GET", "POST", "PUT"]) {
      const res = await fetch(`${server.url}/info`, { method });
      assert.equal(res.status, method === "GET" ? 200 : 405);
      await res.text();
    }
  });

  test("T29: curl", async (t) => {
    const server = await serve(t);
    const { stdout } = await run("curl", ["-s", "--http2", "--cacert", certs.file("ca.pem"), "-w", " %{http_version}",
      `${server.url}/info`]);
    assert.match(stdout, /"alpn":"h2"\} 2$/);
  });
});

describe("requests and replies", () => {
  test("T29: what a handler sees", async (t) => {
    const { server, h2 } = await session(t);
    const info = json(await ask(h2, "/info?x=1&y=%20", { cookie: ["a=1", "b=2"] }));
    assert.deepEqual(info, {
      method: "GET", target: "/info?x=1&y=%20", host: `127.0.0.1:${server.port}`, cookie: "a=1; b=2",
      secure: true, address: "127.0.0.1", alpn: "h2",
    });
    const answer = await ask(h2, "/header/x-own", { "x-own": "va lue" });
    assert.equal(json(answer), "va lue");
    assert.equal(answer.headers["x-mixed-case"], "kept");
    assert.ok(answer.headers.date);
    for (const name of ["connection", "transfer-encoding", "keep-alive"])
      assert.equal(answer.headers[name], undefined);
  });

  test("T29: bodies both ways, with their length and without", async (t) => {
    const { h2 } = await session(t);
    for (const size of [0, 1, 16384, 65535, 65536, 5 * MEGABYTE]) {
      const body = randomBytes(size);
      for (const more of [{}, { "content-length": size }]) {
        const answer = await ask(h2, "/echo", { body, ...more });
        assert.equal(answer.status, 200);
        assert.ok(answer.body.equals(body), `${size} bytes`);
        assert.equal(Number(answer.headers["content-length"]), size);
      }
    }
    const big = await ask(h2, `/big/${8 * MEGABYTE}`);
    assert.equal(big.body.length, 8 * MEGABYTE);
  });

  test("T29: a reply in pieces, its trailer, HEAD, 404, 405, an error, 204 to OPTIONS", async (t) => {
    const { h2 } = await session(t);
    const pieces = await ask(h2, "/pieces/3000");
    assert.equal(pieces.body.length, 3000 * 1000);
    assert.equal(pieces.trailers["x-pieces"], "all");
    const head = await ask(h2, "/big/1000", { ":method": "HEAD" });
    assert.equal(head.headers["content-length"], "1000");
    assert.equal(head.body.length, 0);
    const empty = await ask(h2, "/pieces/10", { ":method": "HEAD" });
    assert.equal(empty.status, 200);
    assert.equal(empty.body.length, 0);
    assert.equal((await ask(h2, "/nowhere")).status, 404);
    const wrong = await ask(h2, "/echo");
    assert.equal(wrong.status, 405);
    assert.equal(wrong.headers.allow, "POST");
    const gone = await ask(h2, "/gone");
    assert.equal(gone.status, 410);
    assert.equal(text(gone), "it was here");
    assert.equal((await ask(h2, "/echo", { ":method": "OPTIONS" })).status, 204);
    assert.equal((await ask(h2, "/echo", { ":method": "BREW" })).status, 501);
  });

  test("T29: files, conditional and in ranges", async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), "vireo-http2-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const content = randomBytes(3 * MEGABYTE);
    writeFileSync(path.join(folder, "a.bin"), content);
    const { h2 } = await session(t, "--folder", folder);
    const whole = await ask(h2, "/files/a.bin");
    assert.ok(whole.body.equals(content));
    const same = await ask(h2, "/files/a.bin", { "if-none-match": whole.headers.etag });
    assert.equal(same.status, 304);
    const part = await ask(h2, "/files/a.bin", { range: "bytes=1000000-2000000" });
    assert.equal(part.status, 206);
    assert.ok(part.body.equals(content.subarray(1000000, 2000001)));
  });

  test("T29: 100-continue comes before the body is sent", async (t) => {
    const { h2 } = await session(t);
    const stream = h2.request({ ":path": "/echo", ":method": "POST", expect: "100-continue" });
    const answer = answerOf(stream);
    await next(stream, "continue");
    stream.end("now");
    assert.equal(text(await answer), "now");
  });

  test("T29: a reply before the whole body: the rest is not wanted", async (t) => {
    const { h2 } = await session(t);
    const stream = h2.request({ ":path": "/early", ":method": "POST" });
    stream.write("begun");
    const answer = await answerOf(stream);
    assert.equal(text(answer), "enough");
    assert.equal(answer.code, http2.constants.NGHTTP2_NO_ERROR);
    assert.equal((await ask(h2, "/info")).status, 200);
  });

  test("T29: an event stream", async (t) => {
    const { h2 } = await session(t);
    const stream = h2.request({ ":path": "/events" });
    let got = "";
    const seen = (what) => within(new Promise((resolve) => {
      const look = () => got.includes(what) && resolve();
      stream.on("data", look);
      look();
    }), what);
    stream.setEncoding("utf8").on("data", (d) => (got += d));
    const [headers] = await next(stream, "response");
    assert.equal(headers["content-type"], "text/event-stream; charset=utf-8");
    await seen("event: hello\ndata: there\n\n");
    await ask(h2, "/publish", { body: "extra" });
    await seen("event: news\ndata: extra\n\n");
    stream.close();
  });
});

describe("many at a time", () => {
  test("T29: 100 requests side by side on one connection, and no more", async (t) => {
    const { h2 } = await session(t);
    assert.equal(h2.remoteSettings.maxConcurrentStreams, 100);
    const sizes = Array.from({ length: 300 }, (_, i) => (i * 7919) % 200000);
    const answers = await Promise.all(sizes.map((n) => ask(h2, `/big/${n}`)));
    assert.deepEqual(answers.map((a) => a.body.length), sizes);
  });

  test("T29: a request that is given up is told to its handler, and hurts no other", async (t) => {
    const { server, h2 } = await session(t);
    const stream = h2.request({ ":path": "/hang/1" });
    await server.observe({ event: "hanging", path: "/hang/1" });
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await server.observe({ event: "abort", path: "/hang/1" });
    assert.equal((await ask(h2, "/info")).status, 200);
  });

  test("T29: a connection that breaks ends all its requests", async (t) => {
    const { server, h2 } = await session(t);
    const paths = Array.from({ length: 5 }, (_, i) => `/hang/${i}`);
    for (const path of paths) h2.request({ ":path": path }).on("error", () => {});
    for (const path of paths) await server.observe({ event: "hanging", path });
    h2.destroy();
    for (const path of paths) await server.observe({ event: "abort", path });
  });

  test("T29: a stream that is not read holds up itself only", async (t) => {
    const { h2 } = await session(t);
    const slow = h2.request({ ":path": `/big/${4 * MEGABYTE}` });
    await next(slow, "response");
    slow.pause();
    for (let i = 0; i < 5; i++)
      assert.equal((await ask(h2, "/big/300000")).body.length, 300000);
    const answer = answerOf(slow);
    slow.emit("response", { ":status": 200 });
    slow.resume();
    assert.equal((await answer).body.length, 4 * MEGABYTE);
  });

  test("T29: a body that its handler does not read waits at the client", async (t) => {
    const { server, h2 } = await session(t);
    const stream = h2.request({ ":path": "/count?hold", ":method": "POST" });
    const answer = answerOf(stream);
    const body = Buffer.alloc(4 * MEGABYTE);
    stream.end(body);
    await server.observe({ event: "held" });
    for (let i = 0; i < 3; i++)
      assert.equal((await ask(h2, "/echo", { body: Buffer.alloc(200000) })).body.length, 200000);
    assert.ok(stream.writableLength > 3 * MEGABYTE, "it has not been sent");
    assert.equal(server.seen({ event: "body" }).length, 0);
    await ask(h2, "/go");
    assert.deepEqual(json(await answer), { bytes: body.length });
  });
});

describe("the official client", () => {
  test("T29: Socket.IO over WebSocket (HTTP/1.1) and polling on one port with HTTP/2", async (t) => {
    const server = await serve(t);
    for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
      const socket = await connected(t, server, { ...secure, transports });
      assert.equal((await call(socket, "echo", { a: [1, "x"] }))[0].a[1], "x");
    }
  });

  test("T29: Socket.IO's polling over HTTP/2", async (t) => {
    const { h2 } = await session(t);
    const poll = (more = "", options) => ask(h2, `/socket.io/?EIO=4&transport=polling${more}`, options);
    const open = JSON.parse(text(await poll()).slice(1));
    const sid = `&sid=${open.sid}`;
    assert.deepEqual(open.upgrades, ["websocket"]);
    assert.equal(text(await poll(sid, { body: "40" })), "ok");
    assert.match(text(await poll(sid)), /^40\{"sid":/);
    const waiting = poll(sid);
    assert.equal(text(await poll(sid, { body: '420["echo",5]' })), "ok");
    assert.equal(text(await waiting), '430[5,"polling","h2"]');
  });
});

describe("WebSocket over HTTP/2", () => {
  test("W15: echo, fragments of the stream, close; handlers need not know", async (t) => {
    const { server, h2 } = await session(t);
    assert.equal(h2.remoteSettings.enableConnectProtocol, true);
    const ws = await TunnelSocket.open(t, h2, "/ws", { origin: server.url });
    assert.equal(ws.answer[":status"], 200);
    for (const name of ["upgrade", "connection", "sec-websocket-accept"])
      assert.equal(ws.answer[name], undefined);
    for (const size of [0, 5, 200, 60000]) {
      const data = randomBytes(size);
      ws.send(2, data);
      const frame = await ws.frame();
      assert.equal(frame.opcode, 2);
      assert.ok(frame.data.equals(data));
    }
    assert.equal((await ask(h2, "/info")).status, 200, "on the same connection");
    ws.send(8, Buffer.concat([Buffer.from([0x0f, 0xa1]), Buffer.from("bye")]));
    const close = await ws.frame();
    assert.equal(close.opcode, 8);
    assert.equal(close.data.readUInt16BE(), 4001);
    ws.stream.end();
    await ws.until(() => ws.closed, "the end of the stream");
    assert.equal(ws.stream.rstCode, 0);
    await server.observe({ event: "ws close", code: 4001, reason: "bye" });
  });

  test("W15: a stream that is reset is a connection that broke", async (t) => {
    const { server, h2 } = await session(t);
    const ws = await TunnelSocket.open(t, h2, "/ws");
    ws.stream.close(http2.constants.NGHTTP2_CANCEL);
    await server.observe({ event: "ws close", code: 1006 });
    assert.equal((await ask(h2, "/info")).status, 200);
  });

  test("W15: what is refused: no endpoint, another version, another protocol, plain CONNECT", async (t) => {
    const { h2 } = await session(t);
    const status = async (headers) => {
      const stream = h2.request({ ":method": "CONNECT", ":path": "/ws", ":protocol": "websocket",
        "sec-websocket-version": "13", ...headers }, { endStream: false });
      const [answer] = await next(stream, "response");
      stream.on("error", () => {}).close();
      return answer[":status"];
    };
    assert.equal(await status({}), 200);
    assert.equal(await status({ ":path": "/nowhere" }), 404);
    assert.equal(await status({ ":path": "/info" }), 501, "a page is no WebSocket");
    assert.equal(await status({ "sec-websocket-version": "8" }), 426);
    assert.equal(await status({ ":protocol": "webtransport" }), 501);
    const plain = h2.request({ ":method": "CONNECT", ":authority": "example.org:443" });
    assert.equal((await next(plain, "response"))[0][":status"], 501);
    plain.on("error", () => {}).close();
  });

  test("W15: Socket.IO: polling, then the upgrade, on one connection of HTTP/2", async (t) => {
    const { h2 } = await session(t);
    const poll = (more = "", options) => ask(h2, `/socket.io/?EIO=4&transport=polling${more}`, options);
    const { sid } = JSON.parse(text(await poll()).slice(1));
    assert.equal(text(await poll(`&sid=${sid}`, { body: "40" })), "ok");
    assert.match(text(await poll(`&sid=${sid}`)), /^40/);
    const ws = await TunnelSocket.open(t, h2, `/socket.io/?EIO=4&transport=websocket&sid=${sid}`);
    assert.equal(ws.answer[":status"], 200);
    ws.send(1, "2probe");
    assert.equal((await ws.frame()).data.toString(), "3probe");
    ws.send(1, "5");
    ws.send(1, '420["echo","x"]');
    assert.equal((await ws.frame()).data.toString(), '430["x","websocket","h2"]');
  });

  test("W15: a session that does not exist is refused as over HTTP/1.1", async (t) => {
    const { h2 } = await session(t);
    const stream = h2.request({ ":method": "CONNECT", ":protocol": "websocket", "sec-websocket-version": "13",
      ":path": "/socket.io/?EIO=4&transport=websocket&sid=nobody" });
    const answer = await answerOf(stream);
    assert.equal(answer.status, 400);
    assert.equal(text(answer), "Session ID unknown");
  });
});

describe("the end", () => {
  test("T29: SIGTERM: GOAWAY, what is under way is finished, the rest goes elsewhere", async (t) => {
    const server = await serve(t);
    const h2 = await connect(t, server, secure);
    const stream = h2.request({ ":path": `/big/${3 * MEGABYTE}` });
    await next(stream, "response");
    stream.pause();
    const goaway = next(h2, "goaway");
    const answer = answerOf(stream);
    stream.emit("response", { ":status": 200 });
    const ended = server.stop();
    const [code, last] = await goaway;
    assert.equal(code, 0);
    assert.equal(last, 1);
    stream.resume();
    assert.equal((await answer).body.length, 3 * MEGABYTE);
    await next(h2, "close");
    await ended;
  });

  test("T29: SIGTERM with an idle connection and a WebSocket on another", async (t) => {
    const server = await serve(t);
    const idle = await connect(t, server, secure);
    const busy = await connect(t, server, secure);
    const ws = await TunnelSocket.open(t, busy, "/ws");
    const closed = Promise.all([next(idle, "close"), next(busy, "close")]);
    const ended = server.stop();
    const frame = await ws.frame();
    assert.equal(frame.opcode, 8);
    assert.equal(frame.data.readUInt16BE(), 1001);
    ws.send(8, Buffer.from([0x03, 0xe9]));
    ws.stream.end();
    await closed;
    await ended;
  });

  test("T29: an idle connection is told to go after its time", async (t) => {
    const { h2 } = await session(t, "--keep-alive", "300");
    assert.equal((await ask(h2, "/info")).status, 200);
    const [code] = await next(h2, "goaway");
    assert.equal(code, 0);
    await next(h2, "close");
  });
});
