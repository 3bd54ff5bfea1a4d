// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Upgrade requests to Engine.IO that are refused: a plain 400 with the error's text, and the end.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { KEY, Wire, request } from "../js/raw.mjs";
import { forEachKind, startServer } from "../js/server.mjs";

const WEBSOCKET = "/socket.io/?EIO=4&transport=websocket";

// [what, target, further headers, method, body; kinds]
const rows = [
  ["no transport", "/socket.io/?EIO=4", {}, "GET", "Transport unknown"],
  ["an unknown transport", "/socket.io/?EIO=4&transport=smoke", {}, "GET", "Transport unknown"],
  ["an unknown sid", `${WEBSOCKET}&sid=AAAAAAAAAAAAAAAAAAAA`, {}, "GET", "Session ID unknown"],
  ["an sid of another length", `${WEBSOCKET}&sid=x`, {}, "GET", "Session ID unknown"],
  ["POST", WEBSOCKET, { "Content-Length": 0 }, "POST", "Bad handshake method"],
  // The official server writes this answer behind a 101 already sent; before it is better.
  ["EIO 3", "/socket.io/?EIO=3&transport=websocket", {}, "GET", "Unsupported protocol version",
    ["vireo"]],
  ["no EIO", "/socket.io/?transport=websocket", {}, "GET", "Unsupported protocol version",
    ["vireo"]],
];

forEachKind("upgrade requests on the wire", (kind) => {
  let server;
  before(async () => { server = await startServer(kind); });
  after(() => server.stop());

  for (const [what, target, headers, method, body, kinds = [kind]] of rows)
    if (kinds.includes(kind))
      test(`refused with 400 ${body}: ${what} (T17)`, async (t) => {
        const wire = await Wire.open(t, server);
        wire.write(Buffer.from(request(method, target, { Host: "x", Connection: "Upgrade",
          Upgrade: "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": KEY, ...headers }),
        "latin1"));
        const res = await wire.readResponse();
        assert.deepEqual([res.line, res.headers.connection, res.headers["content-type"], res.body],
          ["HTTP/1.1 400 Bad Request", "close", "text/html", body]);
        assert.equal(res.headers["content-length"], String(body.length));
        assert.equal((await wire.readEnd()).length, 0);
      });

  test("an Upgrade request with transport=polling opens nothing (T17)", async (t) => {
    const wire = await Wire.open(t, server);
    const res = await wire.upgrade("/socket.io/?EIO=4&transport=polling");
    if (kind === "node") { // a 101, and then the end
      assert.equal(res.status, 101);
      await wire.readClose();
    } else {
      assert.equal(res.status, 400);
      await wire.readEnd();
    }
  });

  test("an Upgrade request to no endpoint (T28)", async (t) => {
    const wire = await Wire.open(t, server);
    wire.write(request("GET", "/nothing", { Host: "x", Connection: "Upgrade", Upgrade: "websocket",
      "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": KEY }));
    // The official server ends the connection after a second without an answer.
    if (kind === "node") assert.equal((await wire.readEnd()).length, 0);
    else assert.equal((await wire.readResponse()).status, 404);
  });

  if (kind === "node") return; // leaves the first unanswered, and its /echo is no route

  test("an upgrade to a protocol nobody speaks is an ordinary request (T17)", async (t) => {
    const wire = await Wire.open(t, server);
    wire.write(request("GET", "/socket.io/?EIO=4&transport=polling",
      { Host: "x", Connection: "Upgrade, HTTP2-Settings", Upgrade: "h2c", "HTTP2-Settings": "AAA" }));
    const res = await wire.readResponse();
    assert.equal(res.status, 200);
    assert.equal(res.body[0], "0");
  });

  test("GET on a raw endpoint without upgrade: 426 (W01)", async (t) => {
    const wire = await Wire.open(t, server);
    wire.write(request("GET", "/echo"));
    const res = await wire.readResponse();
    assert.equal(res.status, 426);
    assert.equal(res.headers.upgrade?.toLowerCase(), "websocket");
  });
}, { concurrency: 6 });
