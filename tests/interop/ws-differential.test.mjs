// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// W02 W05 W09: the same bytes to our server and to npm's ws: the same answer, or a difference that
// is named here with its reason. (Frames without compression: wire/frames.test.mjs.)

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { constants, deflateRawSync } from "node:zlib";
import { WebSocketServer } from "ws";
import { Wire, frame } from "../js/raw.mjs";
import { startServer } from "../js/server.mjs";

const deflated = (data, tail = 4) => {
  const out = deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH });
  return out.subarray(0, out.length - tail);
};
const hello = deflated("Hello");
const compressed = { rsv: 4 };

// what, frames, what is seen: an echo's text, or a close code
const frames = [
  ["a compressed text", [frame(1, hello, compressed)], "Hello"],
  ["a compressed text in fragments",
    [frame(1, hello.subarray(0, 3), { rsv: 4, fin: false }), frame(0, hello.subarray(3))], "Hello"],
  ["an empty compressed text", [frame(1, "\0", compressed)], ""],
  ["no byte at all, compressed", [frame(1, "", compressed)], ""],
  ["two texts with takeover", [frame(1, hello, compressed), frame(1, hello, compressed)], "Hello"],
  ["a block with BFINAL", [frame(1, deflateRawSync("Hello"), compressed)], "Hello"],
  ["a text that is not compressed, between", [frame(1, "plain")], "plain"],
  ["RSV1 on a continuation",
    [frame(1, hello.subarray(0, 3), { rsv: 4, fin: false }), frame(0, hello.subarray(3), compressed)], 1002],
  ["RSV1 on a ping", [frame(9, "", compressed)], 1002],
  ["RSV1 on a close", [frame(8, "", compressed)], 1002],
  ["RSV2", [frame(1, hello, { rsv: 6 })], 1002],
  ["RSV3", [frame(1, hello, { rsv: 5 })], 1002],
  ["a reserved opcode", [frame(3, hello, compressed)], 1002],
  ["no compressed data", [frame(1, Buffer.from([0xff, 0xff]), compressed)], 1007],
  ["a stored block with a wrong length", [frame(1, Buffer.from([0, 5, 0, 5, 0]), compressed)], 1007],
  ["a reference behind the start", [frame(2, Buffer.from([0xf2, 0x00, 0x11, 0, 0]), compressed)], 1007],
  ["compressed text that is no UTF-8", [frame(1, deflated(Buffer.from([0x61, 0xff])), compressed)], 1007],
  ["a message that inflates to one byte too many",
    [frame(2, deflated(Buffer.alloc(100001)), compressed)], 1009],
  // ws does not notice that the data stops in the middle of a block.
  ["compressed data that is cut off", [frame(1, deflated("x".repeat(300)).subarray(0, 2), compressed)],
    { vireo: 1007 }],
];

const PMD = "permessage-deflate";

// what, headers, status and the answer's parameters. Where RFC 7692 says that an offer is declined, ws
// refuses the whole handshake.
const handshakes = [
  ["an offer", { "Sec-WebSocket-Extensions": PMD }, 101, PMD],
  ["a hint", { "Sec-WebSocket-Extensions": `${PMD}; client_max_window_bits` }, 101, PMD],
  ["a window of the client", { "Sec-WebSocket-Extensions": `${PMD}; client_max_window_bits=10` }, 101,
    `${PMD}; client_max_window_bits=10`],
  ["a window of the server", { "Sec-WebSocket-Extensions": `${PMD}; server_max_window_bits=10` }, 101,
    `${PMD}; server_max_window_bits=10`],
  ["no takeover", { "Sec-WebSocket-Extensions":
    `${PMD}; server_no_context_takeover; client_no_context_takeover` }, 101,
  `${PMD}; server_no_context_takeover; client_no_context_takeover`],
  ["another extension", { "Sec-WebSocket-Extensions": "x-foo; a=1" }, 101, undefined],
  ["a malformed offer", { "Sec-WebSocket-Extensions": `${PMD};` }, 400, undefined],
  ["a quote without end", { "Sec-WebSocket-Extensions": `${PMD}; a="b` }, 400, undefined],
  ["an unknown parameter", { "Sec-WebSocket-Extensions": `${PMD}; x` }, { vireo: 101, node: 400 },
    undefined],
  ["a parameter twice", { "Sec-WebSocket-Extensions":
    `${PMD}; server_no_context_takeover; server_no_context_takeover` }, { vireo: 101, node: 400 },
  undefined],
  ["a window of 16", { "Sec-WebSocket-Extensions": `${PMD}; client_max_window_bits=16` },
    { vireo: 101, node: 400 }, undefined],
  ["a sub-protocol twice", { "Sec-WebSocket-Protocol": "a, a" }, 400, undefined],
  ["a malformed sub-protocol", { "Sec-WebSocket-Protocol": "a b" }, 400, undefined],
];

describe("our server beside ws", { concurrency: 4 }, () => {
  const servers = {};
  let official;
  before(async () => {
    servers.vireo = await startServer("vireo", [], "ws");
    official = new WebSocketServer({ port: 0, host: "127.0.0.1", maxPayload: 100000,
      perMessageDeflate: { threshold: 0 } });
    official.on("connection", (ws) => {
      ws.on("error", () => {});
      ws.on("message", (data, binary) => ws.send(data, { binary, compress: false }));
    });
    await new Promise((resolve) => official.once("listening", resolve));
    servers.node = { host: "127.0.0.1", port: official.address().port };
  });
  after(async () => {
    for (const ws of official.clients) ws.terminate();
    official.close();
    await servers.vireo.stop();
  });

  for (const kind of ["vireo", "node"]) {
    for (const [what, bytes, expected] of frames) {
      const result = typeof expected === "object" ? expected[kind] : expected;
      if (result === undefined) continue;
      test(`${kind}: ${what} (W05)`, async (t) => {
        const wire = await Wire.open(t, servers[kind]);
        const res = await wire.upgrade("/limited", { "Sec-WebSocket-Extensions": PMD });
        assert.equal(res.status, 101);
        wire.write(Buffer.concat(bytes));
        if (typeof result === "number") assert.equal((await wire.readClose()).code, result);
        else assert.equal((await wire.readFrame()).payload.toString(), result);
      });
    }

    for (const [what, headers, statuses, answer] of handshakes)
      test(`${kind}: the handshake with ${what} (W05 W09)`, async (t) => {
        const wire = await Wire.open(t, servers[kind]);
        const res = await wire.upgrade("/limited", headers);
        assert.equal(res.status, typeof statuses === "object" ? statuses[kind] : statuses);
        const parts = (text) => text?.split(/; */).sort();
        assert.deepEqual(parts(res.headers["sec-websocket-extensions"]), parts(answer));
      });
  }
});
