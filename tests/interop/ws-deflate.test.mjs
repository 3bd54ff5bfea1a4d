// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// W05: permessage-deflate with npm's ws as the client: every parameter both ways, sizes from nothing
// to 16 MB, thousands of messages at once.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { WebSocket } from "ws";
import { Wire, frame } from "../js/raw.mjs";
import { startServer } from "../js/server.mjs";
import { next, within } from "../js/wait.mjs";

const words = "the quick brown vireo sings twenty thousand songs a day ";
const text = (size) => words.repeat(Math.ceil(size / words.length)).slice(0, size);

describe("permessage-deflate", { concurrency: 4 }, () => {
  let server;
  before(async () => { server = await startServer("vireo", [], "ws"); });
  after(() => server.stop());

  async function open(t, path, perMessageDeflate) {
    const ws = new WebSocket(`ws://127.0.0.1:${server.port}${path}`,
      { perMessageDeflate, maxPayload: 20e6 });
    t.after(() => ws.terminate());
    ws.once("upgrade", (res) => { ws.answer = res.headers["sec-websocket-extensions"] ?? ""; });
    await next(ws, "open");
    return ws;
  }

  async function echoes(ws, message, ms) {
    const come = next(ws, "message", ms);
    ws.send(message);
    const [data, binary] = await come;
    assert.equal(binary, typeof message !== "string");
    assert.ok(data.equals(Buffer.from(message)), `${data.length} bytes for ${message.length}`);
  }

  const sizes = [0, 1, 5, 126, 255, 257, 1023, 1024, 1025, 32768, 65535, 65536, 200000];

  for (const takeover of [0, 1, 2, 3])
    for (const [server_bits, client_bits] of [[15, 15], [8, 15], [15, 8], [8, 8], [9, 14], [12, 10]])
      test(`windows ${server_bits} and ${client_bits}, takeover ${takeover} (W05)`, async (t) => {
        const ws = await open(t, `/${server_bits}/${client_bits}/${takeover}`, { threshold: 0 });
        assert.match(ws.answer, /permessage-deflate/);
        assert.equal(!/server_no_context_takeover/.test(ws.answer), Boolean(takeover & 1));
        assert.equal(!/client_no_context_takeover/.test(ws.answer), Boolean(takeover & 2));
        for (const size of sizes) {
          await echoes(ws, text(size));
          await echoes(ws, randomBytes(size));
          await echoes(ws, text(size));
        }
      });

  for (const [what, options, expected] of [
    ["nothing", {}, "permessage-deflate; server_no_context_takeover; client_no_context_takeover"],
    ["smaller windows", { serverMaxWindowBits: 9, clientMaxWindowBits: 10 },
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; " +
      "server_max_window_bits=9; client_max_window_bits=10"],
    ["no client window", { clientMaxWindowBits: false },
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover"],
    ["no takeover", { serverNoContextTakeover: true, clientNoContextTakeover: true },
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover"],
  ])
    test(`a client that asks for ${what} (W05)`, async (t) => {
      const ws = await open(t, "/15/15/0", { ...options, threshold: 0 });
      assert.equal(ws.answer, expected);
      for (const size of sizes) await echoes(ws, text(size));
    });

  test("without compression in the offer, or on the endpoint (W05)", async (t) => {
    for (const [path, options] of [["/15/15/0", false], ["/plain", true]]) {
      const ws = await open(t, path, options);
      assert.equal(ws.answer, "");
      await echoes(ws, text(100000));
    }
  });

  test("a malformed header is answered with 400, an offer that cannot be had is declined (W05)",
    async (t) => {
      for (const [header, status] of [["permessage-deflate;", 400], ["permessage-deflate; x=\"", 400],
        ["permessage-deflate; unknown", 101], ["permessage-deflate; server_max_window_bits=99", 101]]) {
        const wire = await Wire.open(t, server);
        const res = await wire.upgrade("/15/15/0", { "Sec-WebSocket-Extensions": header });
        assert.equal(res.status, status, header);
        assert.equal(res.headers["sec-websocket-extensions"], undefined);
      }
    });

  for (const path of ["/plain", "/15/15/0", "/15/15/3", "/8/8/3"])
    test(`16 MB and back over ${path} (W04 W05)`, async (t) => {
      const ws = await open(t, path, { threshold: 0 });
      const noise = randomBytes(1 << 20);
      await echoes(ws, Buffer.concat(Array(16).fill(noise)), 60000);
      await echoes(ws, text(16 << 20), 60000);
    });

  for (const path of ["/plain", "/15/15/0", "/15/15/3", "/9/9/1"])
    test(`thousands of messages both ways at once over ${path} (W05)`, async (t) => {
      const ws = await open(t, path, { threshold: 0 });
      const sent = Array.from({ length: 3000 }, (_, i) => i % 3 ? text(i * 7 % 5000) : randomBytes(i % 700));
      let at = 0;
      const all = new Promise((resolve, reject) => ws.on("message", (data) => {
        if (!data.equals(Buffer.from(sent[at]))) reject(new Error(`message ${at} differs`));
        if (++at === sent.length) resolve();
      }));
      for (const message of sent) ws.send(message);
      await within(all, "all messages", 60000);
    });

  test("fragments, compressed as one message, with pings between (W05)", async (t) => {
    const ws = await open(t, "/15/15/2", { threshold: 0 });
    const come = next(ws, "message");
    const parts = [text(3000), "", text(10), randomBytes(20).toString("hex")];
    for (const [i, part] of parts.entries()) {
      ws.send(part, { fin: i === parts.length - 1, compress: true });
      ws.ping();
    }
    assert.equal((await come)[0].toString(), parts.join(""));
    await echoes(ws, text(2000));
  });

  test("a bomb meets the limit, others are served meanwhile (W05)", async (t) => {
    const bystander = await open(t, "/15/15/0", true);
    const bomb = deflateRawSync(Buffer.alloc(60 << 20), { level: 9, memLevel: 9 });
    for (const shape of ["whole", "fragments"]) {
      const wire = await Wire.open(t, server);
      assert.equal((await wire.upgrade("/bomb", { "Sec-WebSocket-Extensions": "permessage-deflate" }))
        .status, 101);
      if (shape === "whole") {
        wire.write(frame(2, bomb, { rsv: 4 }));
      } else {
        wire.write(frame(2, bomb.subarray(0, 50), { rsv: 4, fin: false }));
        wire.write(frame(0, bomb.subarray(50, 10000), { fin: false }));
      }
      assert.equal((await wire.readClose()).code, 1009);
      await echoes(bystander, text(5000));
    }
  });

  for (const [what, frames, code] of [
    ["RSV1 on a continuation", [frame(1, "\0", { rsv: 4, fin: false }), frame(0, "\0", { rsv: 4 })], 1002],
    ["RSV1 on a ping", [frame(9, "", { rsv: 4 })], 1002],
    ["RSV2", [frame(1, "\0", { rsv: 2 })], 1002],
    ["data that is not compressed", [frame(1, "\xff\xff", { rsv: 4 })], 1007],
    ["compressed text that is not UTF-8",
      [frame(1, deflateRawSync(Buffer.from([0xff, 0x61])), { rsv: 4 })], 1007],
  ])
    test(`${what} is answered with ${code} (W05)`, async (t) => {
      const wire = await Wire.open(t, server);
      await wire.upgrade("/15/15/3", { "Sec-WebSocket-Extensions": "permessage-deflate" });
      wire.write(Buffer.concat(frames));
      assert.equal((await wire.readClose()).code, code);
    });
});
