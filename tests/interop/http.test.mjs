// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// What a browser's HTTP stack meets: handshake, headers, error bodies, the client's files.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, test } from "node:test";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { connected } from "../js/client.mjs";
import { Polling, Wire, fetchRaw, joinedSession, request, webSocketSession } from "../js/raw.mjs";
import { forEachKind, startServer } from "../js/server.mjs";
import { next } from "../js/wait.mjs";

const HANDSHAKE = "/socket.io/?EIO=4&transport=polling";
const dist = path.join(path.dirname(createRequire(import.meta.url)
  .resolve("socket.io-client/package.json")), "dist");
const { version } = JSON.parse(readFileSync(path.join(dist, "../package.json"), "utf8"));
const files = ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"]
  .flatMap((name) => [name, `${name}.map`]);

forEachKind("HTTP", (kind) => {
  let server;
  before(async () => { server = await startServer(kind); });
  after(() => server.stop());
  const get = (target, options) => fetchRaw(server, "GET", target, options);

  test("the handshake's JSON: five keys in their order (T10)", async () => {
    const res = await get(HANDSHAKE);
    assert.equal(res.status, 200);
    assert.match(res.body, new RegExp('^0\\{"sid":"[A-Za-z0-9_-]{20}","upgrades":\\["websocket"\\],' +
      '"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000\\}$'));
    assert.equal(res.headers["content-type"], "text/plain; charset=UTF-8");
    assert.equal(Number(res.headers["content-length"]), res.bytes.length);
    assert.equal(res.headers["cache-control"], "no-store");
  });

  test("the handshake over WebSocket announces no upgrades (T10 T03)", async (t) => {
    const wire = await webSocketSession(t, server);
    assert.deepEqual(Object.entries({ ...wire.handshake, sid: "" }), [["sid", ""], ["upgrades", []],
      ["pingInterval", 25000], ["pingTimeout", 20000], ["maxPayload", 1000000]]);
  });

  test("ids are 20 characters, unlike each other, and count up (T11)", async (t) => {
    const ids = [];
    for (let i = 0; i < 20; i++) ids.push((await Polling.open(server)).sid);
    for (const id of ids) assert.match(id, /^[A-Za-z0-9_-]{20}$/);
    assert.equal(new Set(ids.map((id) => id.slice(0, 16))).size, 20, "their random part differs");
    const counts = ids.map((id) =>
      Buffer.from(id.slice(16).replaceAll("_", "/").replaceAll("-", "+"), "base64").readUIntBE(0, 3));
    for (let i = 1; i < counts.length; i++)
      assert.ok(counts[i] > counts[i - 1], `the counter of ${ids[i]} after ${ids[i - 1]}`);
    const wire = await joinedSession(t, server);
    assert.match(wire.id, /^[A-Za-z0-9_-]{20}$/);
    assert.notEqual(wire.id, wire.handshake.sid);
  });

  test("the headers of polls and posts (T35)", async () => {
    const session = await Polling.open(server);
    const post = await session.push("40");
    assert.equal(post.body, "ok");
    assert.equal(post.headers["content-type"], "text/html");
    assert.equal(post.headers["content-length"], "2");
    assert.equal(post.headers["cache-control"], "no-store");
    const poll = await session.poll();
    assert.equal(poll.headers["content-type"], "text/plain; charset=UTF-8");
    assert.equal(Number(poll.headers["content-length"]), poll.bytes.length);
    assert.equal(poll.headers["cache-control"], "no-store");
    assert.equal(poll.headers["x-xss-protection"], undefined);
    assert.equal(poll.headers["access-control-allow-origin"], undefined, "CORS is off");
  });

  for (const agent of ["Mozilla/5.0 (compatible;MSIE 9.0)", "Mozilla/5.0 Trident/7.0; rv:11.0"])
    test(`X-XSS-Protection for ${agent} (T35)`, async () => {
      const res = await get(HANDSHAKE, { headers: { "User-Agent": agent } });
      assert.equal(res.headers["x-xss-protection"], "0");
    });

  for (const [what, target, code, message] of [
    ["no transport", "/socket.io/?EIO=4", 0, "Transport unknown"],
    ["an unknown transport", "/socket.io/?EIO=4&transport=smoke", 0, "Transport unknown"],
    ["a transport that is not for HTTP", "/socket.io/?EIO=4&transport=webtransport", 0,
      "Transport unknown"],
    ["a name from Object", "/socket.io/?EIO=4&transport=constructor", 0, "Transport unknown"],
    ["nothing at all", "/socket.io/", 0, "Transport unknown"],
    ["an unknown sid", `${HANDSHAKE}&sid=AAAAAAAAAAAAAAAAAAAA`, 1, "Session ID unknown"],
    ["a name from Object as sid", `${HANDSHAKE}&sid=__proto__`, 1, "Session ID unknown"],
    ["websocket as a plain request", "/socket.io/?EIO=4&transport=websocket", 3, "Bad request"],
    ["two transports", "/socket.io/?EIO=4&transport=polling&transport=websocket", 3, "Bad request"],
    ["semicolons in the query", "/socket.io/?EIO=4;transport=polling", 0, "Transport unknown"],
    ["EIO 3", "/socket.io/?EIO=3&transport=polling", 5, "Unsupported protocol version"],
    ["no EIO", "/socket.io/?transport=polling", 5, "Unsupported protocol version"],
    ["EIO 4.0", "/socket.io/?EIO=4.0&transport=polling", 5, "Unsupported protocol version"],
  ])
    test(`refused with code ${code}: ${what} (T17)`, async () => {
      const res = await get(target);
      assert.equal(res.status, 400);
      assert.equal(res.body, JSON.stringify({ code, message }));
      assert.equal(res.headers["content-type"], "application/json");
    });

  test("polls and posts to a session that began as a WebSocket: code 3 (T17)", async (t) => {
    const { handshake } = await joinedSession(t, server);
    for (const method of ["GET", "POST"]) {
      const res = await fetchRaw(server, method, `${HANDSHAKE}&sid=${handshake.sid}`, { body: method === "POST" ? "41" : undefined });
      assert.deepEqual([res.status, res.body], [400, '{"code":3,"message":"Bad request"}']);
    }
  });

  test("values of the query may be percent-encoded (T09 T17)", async () => {
    const open = await get("/socket.io/?%45IO=%34&transport=poll%69ng");
    const { sid } = JSON.parse(/^0(\{.*\})$/.exec(open.body)[1]);
    const encoded = [...sid].map((c) => `%${c.charCodeAt().toString(16)}`).join("");
    const post = await fetchRaw(server, "POST", `${HANDSHAKE}&sid=${encoded}`, { body: "40" });
    assert.deepEqual([post.status, post.body], [200, "ok"]);
    assert.equal((await get("/socket.io/?EIO=4&transport=poll%ing")).status, 400);
  });

  test("an empty sid is none, and a slash more does no harm (T09 T17)", async () => {
    for (const target of [`${HANDSHAKE}&sid=`, "/socket.io//?EIO=4&transport=polling"])
      assert.match((await get(target)).body, /^0\{"sid":"/);
  });

  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
    test(`${method} without a session: code 2 (T17 T40)`, async () => {
      const res = await fetchRaw(server, method, HANDSHAKE);
      assert.equal(res.status, 400);
      assert.equal(res.body, '{"code":2,"message":"Bad handshake method"}');
    });

  for (const method of ["PUT", "DELETE", "OPTIONS"])
    test(`${method} to a session: 500, the session stays (T17)`, async () => {
      const session = await Polling.open(server);
      const res = await fetchRaw(server, method, session.target);
      assert.deepEqual([res.status, res.body], [500, ""]);
      await session.join();
    });

  test("two posts at once: 400 and the session ends (T15)", async (t) => {
    const session = await Polling.open(server);
    const id = await session.join();
    const slow = await Wire.open(t, server);
    slow.write(request("POST", session.target, { Host: "x", "Content-Length": 100 }, "42[\"mark\""));
    await session.post("1").then(() => assert.fail("accepted"), () => {});
    const seen = await server.observe({ event: "disconnect", id });
    assert.equal(seen.reason, "transport error");
    assert.equal(seen.description, "data request overlap from client");
  });

  test("a post that is cut ends the session (T15)", async (t) => {
    const session = await Polling.open(server);
    const id = await session.join();
    const cut = await Wire.open(t, server);
    cut.write(request("POST", session.target, { Host: "x", "Content-Length": 100 }, "42[\"mark\""));
    const pending = session.poll();
    pending.catch(() => {});
    cut.socket.destroy();
    const seen = await server.observe({ event: "disconnect", id });
    assert.equal(seen.reason, "transport error");
    assert.equal(seen.description, "data request connection closed prematurely");
  });

  test("a chunked post (T01)", async (t) => {
    const session = await Polling.open(server);
    await session.join();
    const wire = await Wire.open(t, server);
    wire.write(request("POST", session.target, { Host: "x", "Transfer-Encoding": "chunked" },
      "5\r\n42[\"e\r\n9\r\ncho\",\"é\"\r\n1\r\n]\r\n0\r\n\r\n"));
    assert.equal((await wire.readResponse()).body, "ok");
    assert.equal(await session.get(), '42["echo","é"]');
  });

  test("several packets in a post, several in a poll (T01)", async () => {
    const session = await Polling.open(server);
    await session.join();
    const packets = ['42["echo",1]', '42["echo","둘"]', '451-["echo",{"_placeholder":true,"num":0}]',
      "bAQI="].join("\x1e");
    await session.post(packets);
    let body = "";
    while (!body.endsWith("bAQI=")) body += (body && "\x1e") + await session.get();
    assert.equal(body, packets);
  });

  test("a poll is held until there is something to say (T01)", async () => {
    const session = await Polling.open(server);
    await session.join();
    let answered = false;
    const pending = session.get().then((body) => { answered = true; return body; });
    await session.post("42[\"mark\",1]");
    await session.post("42[\"mark\",2]");
    assert.equal(answered, false);
    await session.post("42[\"echo\",1]");
    assert.equal(await pending, "42[\"echo\",1]");
  });

  test("b64=1: binary as base64 text over WebSocket (T33)", async (t) => {
    const wire = await webSocketSession(t, server, { query: "&b64=1" });
    wire.sendText("40");
    await wire.readText();
    wire.sendText('451-["echo",{"_placeholder":true,"num":0}]');
    wire.sendText("bAQIDBA==");
    assert.equal(await wire.readText(), '451-["echo",{"_placeholder":true,"num":0}]');
    assert.equal(await wire.readText(), "bAQIDBA==");
  });

  test("the client with forceBase64 (T33)", async (t) => {
    for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
      const socket = await connected(t, server, { transports, forceBase64: true });
      const come = next(socket, "echo");
      socket.emit("echo", Buffer.from([1, 2, 3, 250]), { deep: Buffer.alloc(0) });
      const [first, { deep }] = await come;
      assert.deepEqual([[...new Uint8Array(first)], deep.byteLength], [[1, 2, 3, 250], 0]);
    }
  });

  test("a sound Origin changes nothing; one with control characters is refused (T34)", async (t) => {
    const sound = await get(HANDSHAKE, { headers: { Origin: "https://one.example" } });
    assert.equal(sound.status, 200);
    const wire = await Wire.open(t, server);
    wire.write(`GET ${HANDSHAKE} HTTP/1.1\r\nHost: x\r\nOrigin: http://a\u0001b\r\n\r\n`);
    // The HTTP parser of either server stops it before the engine's own check (code 3).
    assert.equal((await wire.readResponse()).status, 400);
  });

  for (const name of files)
    test(`the client's file ${name} (T39 M08)`, async () => {
      const res = await get(`/socket.io/${name}`);
      assert.equal(res.status, 200);
      assert.ok(res.bytes.equals(readFileSync(path.join(dist, name))), "byte for byte");
      assert.equal(res.headers["content-type"], name.endsWith(".map")
        ? "application/json; charset=utf-8" : "application/javascript; charset=utf-8");
      assert.equal(res.headers["cache-control"], "public, max-age=0");
      assert.equal(res.headers.etag, `"${version}"`);
      for (const tag of [res.headers.etag, `W/${res.headers.etag}`]) {
        const again = await get(`/socket.io/${name}`, { headers: { "If-None-Match": tag } });
        assert.deepEqual([again.status, again.body], [304, ""]);
      }
      const other = await get(`/socket.io/${name}`, { headers: { "If-None-Match": '"other"' } });
      assert.equal(other.status, 200);
    });

  for (const [accept, coding] of [
    [undefined, undefined], ["", undefined], ["gzip", "gzip"], ["deflate", "deflate"], ["br", "br"],
    ["gzip, br", "gzip"], ["br, gzip", "br"], ["gzip, deflate, br", "gzip"], ["gzip;q=0.5, br;q=0.8", "br"],
    ["gzip;q=0", undefined], ["gzip;q=0, *", "br"], ["*", "br"], ["zstd", undefined], ["GZIP", "gzip"],
    ["identity, gzip;q=0.05", "gzip"], ["gzip;q=0.001", "gzip"],
  ])
    test(`the client's file with Accept-Encoding ${JSON.stringify(accept)}: ${coding ?? "as it is"} (T39)`, async () => {
      const res = await get("/socket.io/socket.io.min.js", { headers: accept === undefined ? {} : { "Accept-Encoding": accept } });
      assert.equal(res.headers["content-encoding"], coding);
      const decode = { gzip: gunzipSync, deflate: inflateSync, br: brotliDecompressSync }[coding] ?? ((x) => x);
      assert.ok(decode(res.bytes).equals(readFileSync(path.join(dist, "socket.io.min.js"))));
    });

  test("the client's file has no SourceMap header, and any method gets it (T39)", async () => {
    for (const method of ["GET", "POST", "PUT"]) {
      const res = await fetchRaw(server, method, "/socket.io/socket.io.min.js");
      assert.deepEqual([res.status, res.headers.sourcemap, res.headers["x-sourcemap"]], [200, undefined, undefined]);
      assert.ok(res.bytes.equals(readFileSync(path.join(dist, "socket.io.min.js"))), method);
    }
  });

  test("a query behind the client's file is ignored (T39)", async () => {
    const res = await get("/socket.io/socket.io.min.js?v=1&x");
    assert.equal(res.status, 200);
    assert.ok(res.bytes.equals(readFileSync(path.join(dist, "socket.io.min.js"))));
  });

  for (const name of ["socket.io.js.gz", "other.js", "socket.io.min.js/", "../socket.io/socket.io.ts"])
    test(`no such file ${name}: the engine answers (T39 T17)`, async () => {
      const res = await get(`/socket.io/${name}`);
      assert.deepEqual([res.status, res.body], [400, '{"code":0,"message":"Transport unknown"}']);
    });

  for (const target of ["/", "/other", "/socket.io", "/socket.iofoo?EIO=4&transport=polling",
    "/Socket.io/?EIO=4&transport=polling"])
    test(`not ours: ${target} is 404 (T40 T09)`, async () => {
      assert.equal((await get(target)).status, 404);
    });

  test("a path below the path is the engine's (T09)", async () => {
    const res = await get("/socket.io/any/thing?EIO=4&transport=polling");
    assert.equal(res.status, 200);
    assert.equal(res.body[0], "0");
  });

  test("HEAD of the client's file: its headers alone (T39)", async (t) => {
    const wire = await Wire.open(t, server);
    wire.write(request("HEAD", "/socket.io/socket.io.js"));
    const res = await wire.readResponse({ head: true });
    assert.equal(res.status, 200);
    assert.equal(res.headers["content-type"], "application/javascript; charset=utf-8");
    wire.write(request("GET", HANDSHAKE));
    assert.equal((await wire.readResponse()).status, 200, "the connection goes on");
  });

  test("one connection carries a whole session (T01)", async (t) => {
    const wire = await Wire.open(t, server);
    wire.write(request("GET", HANDSHAKE));
    const { sid } = JSON.parse((await wire.readResponse()).body.slice(1));
    const target = `${HANDSHAKE}&sid=${sid}`;
    for (let i = 0; i < 3; i++) {
      const body = i ? `42["echo",${i}]` : "40";
      wire.write(request("POST", target, { Host: "x", "Content-Length": body.length }, body));
      assert.equal((await wire.readResponse()).body, "ok");
      wire.write(request("GET", target));
      const got = (await wire.readResponse()).body;
      assert.ok(i ? got === body : got.startsWith("40{"), got);
    }
  });
}, { concurrency: 8 });

forEachKind("HTTP, other options", (kind) => {
  test("the options show in the handshake (T08 T10)", async (t) => {
    const server = await startServer(kind, ["--ping-interval", 1234, "--ping-timeout", 567,
      "--max-payload", 4321, "--no-upgrades"]);
    t.after(() => server.stop());
    const { sid, ...rest } = (await Polling.open(server)).handshake;
    assert.deepEqual(rest,
      { upgrades: [], pingInterval: 1234, pingTimeout: 567, maxPayload: 4321 });
    assert.equal(sid.length, 20);
  });

  test("without polling the engine does not answer to it (T08)", async (t) => {
    const server = await startServer(kind, ["--transports", "websocket"]);
    t.after(() => server.stop());
    const res = await fetchRaw(server, "GET", HANDSHAKE);
    assert.deepEqual([res.status, res.body], [400, '{"code":0,"message":"Transport unknown"}']);
  });

  test("another path serves the client's files too (T09 T39)", async (t) => {
    const server = await startServer(kind, ["--path", "/rt"]);
    t.after(() => server.stop());
    assert.equal((await fetchRaw(server, "GET", "/rt/socket.io.js")).status, 200);
    assert.equal((await fetchRaw(server, "GET", "/socket.io/socket.io.js")).status, 404);
  });
}, { concurrency: 3 });
