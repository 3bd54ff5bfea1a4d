// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// L06: vireo decode. What the official parsers and npm's ws write is what it must read.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { vireo } from "../js/command.mjs";

const require = createRequire(import.meta.url);
const fromSocketIO = createRequire(require.resolve("socket.io"));
const { Encoder, PacketType } = fromSocketIO("socket.io-parser");
const { encodePayload } = createRequire(require.resolve("engine.io"))("engine.io-parser");

const hex = (buffer) => [...buffer].map((b) => b.toString(16).padStart(2, "0")).join(" ");

/** A client's frame (masked) or a server's. */
function frame(opcode, payload, { masked = false, fin = true, rsv1 = false } = {}) {
  const data = Buffer.from(payload);
  const head = [(fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode];
  if (data.length < 126) head.push((masked ? 0x80 : 0) | data.length);
  else head.push((masked ? 0x80 : 0) | 126, data.length >> 8, data.length & 255);
  const mask = [1, 2, 3, 4];
  if (masked) head.push(...mask);
  return Buffer.concat([Buffer.from(head), masked ? data.map((b, i) => b ^ mask[i % 4]) : data]);
}

async function shows(args, expected, options) {
  const { code, stdout, stderr, lines } = await vireo(["decode", ...args], options);
  assert.deepEqual(lines, expected, stdout + stderr);
  return { code, stderr };
}

test("L06: packets of Socket.IO as the official encoder writes them", async () => {
  const encoder = new Encoder();
  const packets = [
    [{ type: PacketType.CONNECT, nsp: "/" }, "connect"],
    [{ type: PacketType.CONNECT, nsp: "/admin", data: { token: "x" } }, 'connect {"token":"x"}  namespace /admin'],
    [{ type: PacketType.DISCONNECT, nsp: "/admin" }, "disconnect   namespace /admin"],
    [{ type: PacketType.EVENT, nsp: "/", data: ["chat", { text: "hi" }, 1] }, 'event chat {"text":"hi"} 1'],
    [{ type: PacketType.EVENT, nsp: "/a", id: 12, data: ["q"] }, "event q  namespace /a, asks for answer 12"],
    [{ type: PacketType.ACK, nsp: "/", id: 12, data: ["ok", null] }, 'ack "ok" null  answers 12'],
    [{ type: PacketType.CONNECT_ERROR, nsp: "/", data: { message: "no" } }, 'connect error {"message":"no"}'],
  ];
  for (const [packet, line] of packets) {
    const [text] = encoder.encode(packet);
    await shows([text], [line]);
    await shows(["--as", "socket", text], [line]);
    await shows([`4${text}`], [`message  ${line}`]);
  }
});

test("L06: binary packets and the attachments that follow them, from stdin", async () => {
  const [text, ...parts] = new Encoder().encode({
    type: PacketType.EVENT, nsp: "/", data: ["up", Buffer.from([1, 2]), Buffer.alloc(40, 0xff)],
  });
  const input = [`4${text}`, ...parts.map((p) => `b${p.toString("base64")}`)].join("\n");
  const { code, stderr } = await shows([], [
    'message  event up {"_placeholder":true,"num":0} {"_placeholder":true,"num":1}  2 attachments follow',
    "message  attachment 1 of 2: 2 bytes  01 02",
    `message  attachment 2 of 2: 40 bytes  ${Array(32).fill("ff").join(" ")} ..`,
  ], { input });
  assert.equal(code, 0);
  assert.equal(stderr, "");
  const cut = await vireo(["decode"], { input: `4${text}\n` });
  assert.match(cut.stderr, /2 more attachments should have followed/);
});

test("L06: packets and payloads of Engine.IO, both revisions", async () => {
  const open = '0{"sid":"a","upgrades":[],"pingInterval":1,"pingTimeout":2,"maxPayload":3}';
  await shows([open, "2", "3", "2probe", "3probe", "5", "6", "1", "40"], [
    `open     ${open.slice(1)}`, "ping", "pong", "ping     probe", "pong     probe", "upgrade", "noop",
    "close", "message  connect",
  ]);
  const payload = await new Promise((resolve) => encodePayload([
    { type: "message", data: '2["a"]' }, { type: "message", data: Buffer.from([7]) }, { type: "ping" },
  ], resolve));
  const lines = ["message  event a", "message  1 byte  07", "ping"];
  await shows([payload], lines);
  await shows([payload.replaceAll("\x1e", "\\x1e")], lines);
  await shows([payload.replaceAll("\x1e", "\u241e")], lines);
  await shows(['2:407:42["€"]4:b4Bw'], ["message  connect", "message  event €", "message  1 byte  07"]);
  await shows(["--eio3", "2probe"], ["ping     probe"]);
});

test("L06: frames of WebSocket from hexadecimal, base64 and raw bytes", async () => {
  const bytes = Buffer.concat([
    frame(1, '42["chat","h', { masked: true, fin: false }),
    frame(9, "are you there", { masked: true }),
    frame(0, 'i"]', { masked: true }),
    frame(2, [1, 2, 3], { masked: true }),
    frame(1, "plain", { masked: true }),
    frame(8, [3, 232, ...Buffer.from("bye")], { masked: true }),
  ]);
  const lines = [
    "ping, masked, 13 bytes  are you there",
    "text, masked, 2 frames, 15 bytes  message  event chat \"hi\"",
    "binary, masked, 3 bytes  3 bytes  01 02 03",
    "text, masked, 5 bytes  plain",
    "close, masked, 5 bytes  1000 bye",
  ];
  await shows([hex(bytes)], lines);
  await shows(["--in", "hex", bytes.toString("hex")], lines);
  await shows(["--in", "base64", bytes.toString("base64")], lines);
  await shows(["--in", "raw"], lines, { input: bytes });
  const request = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
  await shows([], lines, { input: Buffer.concat([Buffer.from(request), bytes]) });
  await shows(["--as", "ws", hex(frame(1, "2"))], ["text, 1 byte  2"]);
  await shows([hex(frame(1, "2"))], ["text, 1 byte  ping"]);
});

test("L06: compressed frames, alone and with context takeover", async () => {
  const text = `42["chat","${"la ".repeat(40)}"]`;
  const data = deflateRawSync(text, { finishFlush: 2 /* Z_SYNC_FLUSH */ }).subarray(0, -4);
  const one = frame(1, data, { rsv1: true });
  const line = `text, compressed, ${data.length} bytes  message  event chat "${"la ".repeat(40)}"`;
  await shows([hex(Buffer.concat([one, one]))], [line, line]);
  const broken = await vireo(["decode", hex(frame(1, [255, 255, 255], { rsv1: true }))]);
  assert.equal(broken.code, 1);
  assert.match(broken.stdout, /it cannot be inflated/);
});

test("L06: what cannot be read is told with its reason, reading goes on, exit code 1", async () => {
  const cases = [
    ["hello", /^\? {8}hello {2}\(no packet of Engine.IO begins so\)$/],
    ['42["a', /string without end at byte 3/],
    ['42{"a":1}', /a packet of this type does not carry that/],
    ["42", /it carries nothing/],
    ["451-", /it carries nothing/],
    ["45x-[]", /Illegal attachments/],
    ["49", /unknown packet type 9/],
    ["b*", /no packet of Engine.IO/],
    ["81 05 68", /it ends in the middle of a frame/],
    ["83 00", /reserved opcode/],
    ["00 01 41", /whose beginning is missing/],
    ["01 01 41", /the end of this message is missing/],
    ["88 02 03 ec", /no code that a close frame may have/],
  ];
  for (const [text, why] of cases) {
    const { code, lines } = await vireo(["decode", "--", text, "2"]);
    assert.equal(code, 1, text);
    assert.match(lines[0], why, text);
    assert.equal(lines.at(-1), "ping");
  }
  const wrong = await vireo(["decode", "--in", "hex", "8z"]);
  assert.match(wrong.stdout, /no hexadecimal bytes/);
});

test("L06: nothing of a packet reaches the terminal as a command to it", async () => {
  const { stdout } = await vireo(["decode", '42["a\u009b31m\u202e","\u001b[2J"]', "hi\x1b]0;x\x07"]);
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  assert.match(stdout, /\\x9b31m\\u202e/);
});

test("L06: --json is for programs: one object for each line", async () => {
  const { lines } = await vireo(["decode", "--json", '42/admin,12["chat", 1]', '451-["up",{}]', "bAQI=", "x",
    hex(frame(8, [3, 232, 98]))]);
  assert.deepEqual(lines.map((line) => JSON.parse(line)), [
    { engine: "message", socket: "event", namespace: "/admin", id: "12", data: ["chat", 1] },
    { engine: "message", socket: "event", namespace: "/", attachments: 1, data: ["up", {}] },
    { engine: "message", attachment: 1, attachments: 1, hex: "0102" },
    { engine: "packet", wrong: "no packet of Engine.IO begins so", text: "x" },
    { frame: "close", code: 1000, text: "b" },
  ]);
});

test("L06: what the developer tools of browsers save (HAR)", async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "vireo-har-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const poll = (text, post) => ({
    startedDateTime: "2026-01-31T10:20:30.123Z",
    request: { url: "http://a/socket.io/?EIO=4&transport=polling", postData: post && { text: post } },
    response: { content: { text } },
  });
  const har = { log: { version: "1.2", entries: [
    { request: { url: "http://a/page" }, response: { content: { text: "42" } } },
    poll('40{"sid":"x"}\x1e42["a"]'), poll("ok", '42["b"]'),
    { request: { url: "ws://a/socket.io/?EIO=4&transport=websocket" }, _webSocketMessages: [
      { type: "send", time: 1700000000.5, opcode: 1, data: "2probe" },
      { type: "receive", time: 1700000001, opcode: 2, data: "AQI=" },
      { type: "receive", time: 1700000001, opcode: 1, data: "raw" },
    ] },
  ] } };
  const file = path.join(folder, "a.har");
  writeFileSync(file, JSON.stringify(har));
  const { code, lines } = await vireo(["decode", "--file", file], { env: { TZ: "UTC" } });
  assert.deepEqual(lines, [
    '10:20:30.123  < message  connect {"sid":"x"}', "10:20:30.123  < message  event a",
    "10:20:30.123  > message  event b", "22:13:20.500  > ping     probe",
    "22:13:21.000  < message  2 bytes  01 02", "22:13:21.000  < raw",
  ]);
  assert.equal(code, 0);
  writeFileSync(file, '{"no":1}');
  const other = await vireo(["decode", "-f", file]);
  assert.equal(other.code, 1);
  assert.match(other.stderr, /is no HTTP archive; for lines of JSON say --in text/);
  const gone = await vireo(["decode", "-f", path.join(folder, "no")]);
  assert.match(gone.stderr, /No such file/);
});

test("L06: packets of the msgpack parser", async () => {
  // {type: 2, data: ["chat", {text: "hi"}], nsp: "/admin", id: 7}, as notepack writes it
  const bytes = "84 a4 74 79 70 65 02 a4 64 61 74 61 92 a4 63 68 61 74 81 a4 74 65 78 74 a2 68 69 "
    + "a3 6e 73 70 a6 2f 61 64 6d 69 6e a2 69 64 07";
  const line = 'event chat {"text":"hi"}  namespace /admin, asks for answer 7';
  await shows(["--as", "msgpack", bytes], [line]);
  const raw = Buffer.from(bytes.replaceAll(" ", ""), "hex");
  await shows([hex(frame(2, raw))], [`binary, ${raw.length} bytes  message  ${line}`]);
  await shows([`b${raw.toString("base64")}`], [`message  ${line}`]);
  const none = await vireo(["decode", "--as", "msgpack", "81 a1 61 01"]);
  assert.deepEqual([none.code, /no packet of Socket.IO in msgpack/.test(none.stdout)], [1, true]);
});
