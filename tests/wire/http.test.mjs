// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Requests that break RFC 9112, or that only a careless server would take. Each gets its status and
// the end of the connection, since nothing behind a broken message can be trusted (9112 section 9.2
// and 11.2: request smuggling); whoever else is connected is not disturbed.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connected, settle } from "../js/client.mjs";
import { Polling, Wire, request } from "../js/raw.mjs";
import { forEachKind, startServer } from "../js/server.mjs";

const POLL = "/socket.io/?EIO=4&transport=polling";
const head = (...lines) => [`POST ${POLL}&sid=$sid HTTP/1.1`, "Host: x", ...lines, "", ""].join("\r\n");
const get = (...lines) => [`GET ${POLL} HTTP/1.1`, "Host: x", ...lines, "", ""].join("\r\n");
const CHUNKED = "Transfer-Encoding: chunked";

// [what, bytes, status, kinds]. Where Vireo names the fault more closely, as RFC 9110 section 15 has a
// status for it, there is one status for each kind.
const both = ["vireo", "node"];
const strict = Number(process.versions.node.split(".")[0]) >= 20 ? both : ["vireo"]; // Node 18 takes these
const rows = [
  ["Content-Length and Transfer-Encoding", head("Content-Length: 2", CHUNKED) + "0\r\n\r\n", 400, both],
  ["Transfer-Encoding and Content-Length", head(CHUNKED, "Content-Length: 2") + "0\r\n\r\n", 400, both],
  ["two different Content-Length", head("Content-Length: 2", "Content-Length: 3") + "402", 400, both],
  ["two equal Content-Length", head("Content-Length: 2", "Content-Length: 2") + "40", 400, both],
  ["a list of Content-Length", head("Content-Length: 2, 2") + "40", 400, both],
  ["a negative Content-Length", head("Content-Length: -1"), 400, both],
  ["a Content-Length with a sign", head("Content-Length: +2") + "40", 400, both],
  ["a Content-Length in hexadecimal", head("Content-Length: 0x2") + "40", 400, both],
  ["a Content-Length beyond 64 bits", head("Content-Length: 99999999999999999999"), 400, both],
  ["an empty Content-Length", head("Content-Length: "), 400, both],
  ["a Transfer-Encoding that does not end in chunked", head("Transfer-Encoding: chunked, gzip"),
    400, both],
  ["chunked hidden by a control character", head("Transfer-Encoding: \u000bchunked"), 400, both],
  ["a chunk size that is no number", head(CHUNKED) + "xyz\r\n", 400, both],
  ["a negative chunk size", head(CHUNKED) + "-1\r\n", 400, both],
  ["a chunk size beyond 64 bits", head(CHUNKED) + "fffffffffffffffff\r\n", 400, both],
  ["an empty chunk size", head(CHUNKED) + "\r\n\r\n", 400, both],
  ["a chunk longer than its size", head(CHUNKED) + "2\r\n40xx\r\n0\r\n\r\n", 400, both],
  ["a bare LF behind a chunk size", head(CHUNKED) + "2\n40\r\n0\r\n\r\n", 400, both],
  ["a bare LF behind the request line", `GET ${POLL} HTTP/1.1\nHost: x\r\n\r\n`, 400, strict],
  ["a bare LF behind a header", `GET ${POLL} HTTP/1.1\r\nHost: x\nX: y\r\n\r\n`, 400, both],
  ["bare LF everywhere", `GET ${POLL} HTTP/1.1\nHost: x\n\n`, 400, both],
  ["a bare CR in a header", get("X: a\rb"), 400, both],
  ["a NUL in a header", get("X: a\0b"), 400, both],
  ["a NUL in the target", `GET ${POLL}&x=\0 HTTP/1.1\r\nHost: x\r\n\r\n`, 400, both],
  ["a NUL in a header's name", get("X\0: a"), 400, both],
  ["a blank before the colon", get("X : a"), 400, strict],
  ["a blank in a header's name", get("X Y: a"), 400, strict],
  ["a header without a colon", get("nonsense"), 400, both],
  ["a header without a name", get(": a"), 400, strict],
  ["a folded header line", get("X: a", " folded"), 400, ["vireo"]],
  ["no Host", `GET ${POLL} HTTP/1.1\r\n\r\n`, 400, strict],
  ["two Hosts", get("Host: y"), 400, ["vireo"]],
  ["a lower-case protocol", `GET ${POLL} http/1.1\r\nHost: x\r\n\r\n`, 400, both],
  ["a protocol of the future", `GET ${POLL} HTTP/9.9\r\nHost: x\r\n\r\n`,
    { vireo: 505, node: 400 }, both],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", { vireo: 505, node: 400 }, both],
  ["a TLS handshake", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, both],
  ["a method nobody knows", `FLY ${POLL} HTTP/1.1\r\nHost: x\r\n\r\n`, { vireo: 501, node: 400 }, both],
  ["a method in lower case", `get ${POLL} HTTP/1.1\r\nHost: x\r\n\r\n`, { vireo: 501, node: 400 }, both],
  ["a target with a blank", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400, both],
  ["a target without a slash", "GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400, both],
  ["noise", "\xff\xfe\x00\x01noise\r\n\r\n", { vireo: [400, 501], node: 400 }, both],
  ["a head of 20 kB in one header", get(`X: ${"x".repeat(20000)}`), 431, both],
  ["a head of 20 kB in one header's name", get(`${"x".repeat(20000)}: x`), 431, both],
  ["a target of 20 kB", `GET /${"x".repeat(20000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    { vireo: 414, node: 431 }, both],
  ["a head of 20 kB in many headers", get(...Array.from({ length: 400 }, (_, i) =>
    `X-${i}: ${"x".repeat(45)}`)), 431, both],
  ["101 headers and more", get(...Array.from({ length: 120 }, (_, i) => `X${i}: x`)), 431, ["vireo"]],
];

forEachKind("HTTP that is broken", (kind) => {
  let server;
  let other;
  const hooks = [];
  before(async () => {
    server = await startServer(kind);
    other = await connected({ after: (fn) => hooks.push(fn) }, server, { transports: ["websocket"] });
  });
  after(async () => {
    for (const fn of hooks) fn();
    await server.stop();
  });

  for (const [what, bytes, answer, kinds] of rows)
    if (kinds.includes(kind)) {
      const status = [answer[kind] ?? answer].flat();
      test(`${what}: ${status} (H16)`, async (t) => {
        const { sid } = bytes.includes("$sid") ? await Polling.open(server) : { sid: "" };
        const wire = await Wire.open(t, server);
        wire.write(Buffer.from(bytes.replace("$sid", sid), "latin1"));
        const res = await wire.readResponse();
        assert.ok(status.includes(res.status), `answered ${res.status}`);
        assert.equal(res.headers.connection?.toLowerCase(), "close");
        await settle(other);
      });

      test(`${what}, byte by byte: ${status} (H16)`, async (t) => {
        const { sid } = bytes.includes("$sid") ? await Polling.open(server) : { sid: "" };
        const all = Buffer.from(bytes.replace("$sid", sid), "latin1");
        const wire = await Wire.open(t, server);
        const cut = Math.max(0, all.length - 1500);
        wire.write(all.subarray(0, cut));
        for (let i = cut; i < all.length && !wire.ended && wire.buffer.length === 0; i++) {
          wire.write(all.subarray(i, i + 1));
          if (i % 8 === 0) await new Promise(setImmediate);
        }
        // What is still under way when the server closes may reset the connection, and with it the
        // answer; a request that is refused must never be answered otherwise.
        const res = await wire.readResponse().catch((err) => {
          if (!wire.ended) throw err;
        });
        if (res) assert.ok(status.includes(res.status), `answered ${res.status}`);
        wire.socket.end();
        await wire.readEnd();
      });
    }

  // Node's parser error overtakes the answer that is being made.
  const vireoTest = kind === "vireo" ? test : () => {};
  vireoTest("what is broken behind a sound request: that is answered first (H16)", async (t) => {
    const wire = await Wire.open(t, server);
    wire.write(request("GET", POLL) + "GET \r\n\r\n");
    assert.equal((await wire.readResponse()).status, 200);
    assert.equal((await wire.readResponse()).status, 400);
    wire.socket.end();
    await wire.readEnd();
  });

  test("requests in one segment are answered in their order (H16)", async (t) => {
    const wire = await Wire.open(t, server);
    wire.write(request("GET", POLL) + request("GET", "/nothing") + request("GET", POLL) +
      request("GET", "/socket.io/?EIO=4"));
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await wire.readResponse()).status);
    assert.deepEqual(statuses, [200, 404, 200, 400]);
  });

  test("a request byte by byte (H16)", async (t) => {
    const wire = await Wire.open(t, server);
    for (const byte of Buffer.from(request("GET", POLL))) {
      wire.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    assert.equal((await wire.readResponse()).status, 200);
  });

  test("an empty line before the request is passed over (H16)", async (t) => {
    const wire = await Wire.open(t, server);
    wire.write("\r\n" + request("GET", POLL));
    assert.equal((await wire.readResponse()).status, 200);
  });

  test("a target in absolute form (H16)", async (t) => {
    const wire = await Wire.open(t, server);
    wire.write(request("GET", "http://x/nothing", { Host: "x" }));
    assert.equal((await wire.readResponse()).status, 404);
  });

  test("Connection: close is obeyed (H16)", async (t) => {
    const wire = await Wire.open(t, server);
    wire.write(request("GET", POLL, { Host: "x", Connection: "close" }));
    const res = await wire.readResponse();
    assert.deepEqual([res.status, res.headers.connection.toLowerCase()], [200, "close"]);
    await wire.readEnd();
  });

  test("HTTP/1.0 closes by itself (H16)", async (t) => {
    const wire = await Wire.open(t, server);
    wire.write(`GET ${POLL} HTTP/1.0\r\n\r\n`);
    assert.equal((await wire.readResponse()).status, 200);
    await wire.readEnd();
  });

  test("Expect: 100-continue (H16)", async (t) => {
    const { target } = await Polling.open(server);
    const wire = await Wire.open(t, server);
    wire.write(request("POST", target, { Host: "x", "Content-Length": 2, Expect: "100-continue" }));
    assert.equal((await wire.readResponse()).status, 100);
    wire.write("40");
    const res = await wire.readResponse();
    assert.deepEqual([res.status, res.body], [200, "ok"]);
  });

  test("trailers behind the chunks are passed over (H16)", async (t) => {
    const session = await Polling.open(server);
    const wire = await Wire.open(t, server);
    wire.write(request("POST", session.target, { Host: "x", "Transfer-Encoding": "chunked" },
      "2;ext=1\r\n40\r\n0\r\nX-Trailer: y\r\n\r\n") + request("GET", "/nothing"));
    assert.equal((await wire.readResponse()).body, "ok");
    assert.equal((await wire.readResponse()).status, 404);
  });

  for (const [what, headers, body] of [
    ["Content-Length", { Host: "x", "Content-Length": 1000001 }, ""],
    ["chunks", { Host: "x", "Transfer-Encoding": "chunked" },
      `f4241\r\n${"x".repeat(1000001)}\r\n0\r\n\r\n`],
  ])
    test(`a body over the limit, by ${what}: 413 (T14)`, async (t) => {
      const session = await Polling.open(server);
      await session.join();
      const wire = await Wire.open(t, server);
      wire.write(request("POST", session.target, headers, body));
      if (what === "Content-Length" && kind === "node") wire.write("x".repeat(1000001));
      assert.equal((await wire.readResponse()).status, 413);
      await session.post('42["echo","the session stays"]');
      assert.equal(await session.get(), '42["echo","the session stays"]');
      await settle(other);
    });
}, { concurrency: 8 });
