// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Frames that break RFC 6455, on a raw endpoint and under Engine.IO: each is answered with its close
// code, and whoever else is connected is not disturbed.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connected, settle } from "../js/client.mjs";
import { Wire, frame, joinedSession } from "../js/raw.mjs";
import { forEachKind, startServer } from "../js/server.mjs";

const hex = (text) => Buffer.from(text.replaceAll(" ", ""), "hex");
const close = (code, reason = "") => {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return frame(8, payload);
};

// [what, the frames, the close code; an object where the kinds differ, null: accepted;
// "raw": not a sound message of Engine.IO before the frame that is wrong]
const rows = [
  ["a frame without mask", [frame(1, "x", { mask: false })], 1002],
  ["an empty frame without mask", [frame(1, "", { mask: false })], 1002],
  ["RSV1 without an extension", [frame(1, "x", { rsv: 4 })], 1002],
  ["RSV2", [frame(1, "x", { rsv: 2 })], 1002],
  ["RSV3", [frame(1, "x", { rsv: 1 })], 1002],
  ["RSV1 on a ping", [frame(9, "x", { rsv: 4 })], 1002],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((op) =>
    [`the reserved opcode ${op}`, [frame(op, "x")], 1002]),
  ["a ping of 126 bytes", [frame(9, "x".repeat(126))], 1002],
  ["a close of 126 bytes", [frame(8, Buffer.alloc(126, 3))], 1002],
  ["a ping in fragments", [frame(9, "x", { fin: false })], 1002],
  ["a close in fragments", [frame(8, "", { fin: false })], 1002],
  ["a continuation of nothing", [frame(0, "x")], 1002],
  ["a continuation after the end",
    [frame(1, "a", { fin: false }), frame(0, "b"), frame(0, "c")], 1002, "raw"],
  ["a text inside a fragmented text", [frame(1, "a", { fin: false }), frame(1, "b")], 1002],
  ["binary inside a fragmented text", [frame(1, "a", { fin: false }), frame(2, "b")], 1002],
  // RFC 6455 5.2: "the minimal number of bytes MUST be used to encode the length"; ws lets it pass.
  ["5 bytes in the 16 bit form", [frame(1, "hello", { form: 16 })], { vireo: 1002, node: null }],
  ["5 bytes in the 64 bit form", [frame(1, "hello", { form: 64 })], { vireo: 1002, node: null }],
  ["200 bytes in the 64 bit form", [frame(1, "x".repeat(200), { form: 64 })],
    { vireo: 1002, node: null }],
  ["a length with its highest bit", [hex("81 ff 80 00 00 00 00 00 00 00")], { vireo: 1002, node: 1009 }],
  ["a length of 2^53", [hex("81 ff 00 20 00 00 00 00 00 00")], 1009],
  ["a length of 2 GiB, announced", [hex("82 ff 00 00 00 00 80 00 00 00")], 1009],
  ["one byte over the limit, announced", [hex("82 ff 00 00 00 00 00 0f 42 41")], 1009],
  ["a close of one byte", [frame(8, "x")], 1002],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map((code) =>
    [`the close code ${code}`, [close(code)], 1002]),
  ["a close reason that is not UTF-8", [frame(8, hex("03 e8 ff"))], 1007],
  ...[["a lone continuation byte", "80"], ["an overlong slash", "c0 af"], ["an overlong NUL", "c0 80"],
    ["a three byte overlong", "e0 80 80"], ["a four byte overlong", "f0 80 80 80"],
    ["a surrogate", "ed a0 80"], ["a pair of surrogates", "ed a0 bd ed b0 a6"],
    ["beyond U+10FFFF", "f4 90 80 80"], ["the byte FF", "ff"], ["the byte F8", "f8 88 80 80 80"],
    ["a cut sequence at the end", "61 e2 82"], ["a sequence broken off", "e2 82 61"],
  ].map(([what, bytes]) => [`UTF-8: ${what}`, [frame(1, hex(bytes))], 1007]),
  ["UTF-8: a sequence cut by a fragment and then broken",
    [frame(1, hex("e2 82"), { fin: false }), frame(0, hex("61"))], 1007],
  ["UTF-8: the last fragment ends inside a sequence",
    [frame(1, "a", { fin: false }), frame(0, hex("e2 82"))], 1007],
  // ws looks at a text when it is complete; failing at the first bad byte keeps nobody waiting.
  ["UTF-8: a bad byte in a fragment that is not the last", [frame(1, hex("61 ff"), { fin: false })],
    { vireo: 1007 }],
  ["UTF-8: a bad byte in the first part of a long frame",
    [frame(1, Buffer.concat([hex("ff"), Buffer.alloc(50000, 97)])).subarray(0, 2000)], { vireo: 1007 }],
];

const sound = [
  ["a sequence cut by a fragment", [frame(1, hex("e2 82"), { fin: false }), frame(0, hex("ac"))], "€"],
  ["each byte in its own fragment", [...hex("f0 9f 90 a6")].map((byte, i) =>
    frame(i ? 0 : 1, Buffer.from([byte]), { fin: i === 3 })), "🐦"],
  ["empty fragments around a text", [frame(1, "", { fin: false }), frame(0, "a", { fin: false }),
    frame(0, "")], "a"],
  ["a ping between fragments", [frame(1, "a", { fin: false }), frame(9, ""), frame(0, "b")], "ab"],
];

forEachKind("frames on the wire", (kind) => {
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

  async function undisturbed() {
    await settle(other);
  }

  for (const [what, frames, codes, raw] of rows) {
    const code = codes !== null && typeof codes === "object" ? codes[kind] : codes;
    if (code === undefined) continue;
    const says = code === null ? "is accepted" : `is answered with ${code}`;

    test(`/echo: ${what} ${says} (W02 W03 W10)`, async (t) => {
      const wire = await Wire.open(t, server);
      assert.equal((await wire.upgrade("/echo")).status, 101);
      wire.sendText("before");
      wire.write(Buffer.concat(frames));
      assert.equal(await wire.readText(), "before");
      if (code === null) assert.equal((await wire.readFrame()).opcode, 1);
      else {
        assert.equal((await wire.readClose({ skip: true })).code, code);
        wire.socket.end();
        await wire.readEnd();
      }
      await undisturbed();
    });

    if (code !== null && raw === undefined)
      test(`Engine.IO: ${what} ${says} (W02 S17)`, async (t) => {
        const wire = await joinedSession(t, server);
        wire.write(Buffer.concat(frames));
        assert.equal((await wire.readClose({ skip: true })).code, code);
        wire.socket.end();
        const seen = await server.observe({ event: "disconnect", id: wire.id });
        assert.equal(seen.reason, "transport error");
        await undisturbed();
      });
  }

  for (const [what, frames, text] of sound)
    test(`/echo: ${what} is sound (W03 W04)`, async (t) => {
      const wire = await Wire.open(t, server);
      await wire.upgrade("/echo");
      wire.write(Buffer.concat(frames));
      let got = await wire.readFrame();
      if (got.opcode === 10) got = await wire.readFrame();
      assert.deepEqual([got.opcode, got.payload.toString()], [1, text]);
    });

  test("/echo: a message in more fragments than anyone needs is answered with 1008 (W04)", async (t) => {
    const wire = await Wire.open(t, server);
    await wire.upgrade("/echo");
    const one = frame(0, "", { fin: false });
    wire.write(frame(1, "", { fin: false }));
    for (let i = 0; i < 140; i++) wire.write(Buffer.concat(Array(1000).fill(one)));
    assert.equal((await wire.readClose()).code, 1008);
    await undisturbed();
  });

  test("a client that sends only half a frame and leaves (W02)", async (t) => {
    for (let cut = 1; cut < 14; cut++) {
      const wire = await Wire.open(t, server);
      await wire.upgrade("/echo");
      wire.write(frame(1, "x".repeat(200)).subarray(0, cut));
      wire.socket.end();
      await wire.readEnd();
    }
    await undisturbed();
  });
}, { concurrency: 8 });
