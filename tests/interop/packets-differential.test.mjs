// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Packets at random, well-formed and broken, in any order, to Vireo and to the official server: both
// must answer with the same bytes, close the same connections and tell their program the same
// (S01 S03 S04 S06 S15 S17 S18 S25 N01 N02 N08 N12 R01). The contract stands in reference.mjs.
//
//   VIREO_SEED   where to begin, to look further than the tests do

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { webSocketSession } from "../js/raw.mjs";
import { kinds, startServer } from "../js/server.mjs";
import { within } from "../js/wait.mjs";

const FIRST_SEED = Number(process.env.VIREO_SEED ?? 1);

/** A source of packets: the same ones for the same seed. */
class Random {
  constructor(seed) { this.seed = seed; }

  below(n) {
    this.seed = (Math.imul(this.seed, 1103515245) + 12345) & 0x7fffffff;
    return Math.floor(this.seed / 0x80000000 * n);
  }

  pick(list) { return list[this.below(list.length)]; }

  namespace() { return this.pick(["", "", "", "/chat,", "/chat,", "/admin,", "/early,", "/nowhere,"]); }

  args(most = 3) {
    return Array.from({ length: this.below(most + 1) }, () => "," + this.pick(["1", '"x"', "null", "[]", "{}",
      '{"a":[1,{"b":null}]}', '"é\\u0041"', "7", "true", '"\\ud83d"', '{"_placeholder":true,"num":0}'])).join("");
  }

  /** What answers needs an id, or the official program fails. */
  event() {
    const ns = this.namespace(), id = this.below(20);
    const plain = () => `["${this.pick(["echo", "echo", "zap", "both", "message", "mark", "late", "probe"])}"${this.args()}]`;
    return this.pick([
      () => `42${ns}${plain()}`, () => `42${ns}${plain()}`, () => this.broken(`42${ns}${plain()}`),
      () => `42${ns}${id}["ack"${this.args()}]`, () => `42${ns}${id}["info"]`, () => `42${ns}${id}["reserved"]`,
      () => `42${ns}${id}["join",${this.pick(['"r1"', '"r2"', '["r1","r3"]'])}]`,
      () => `42${ns}${id}["leave",${this.pick(['"r1"', '"r2"'])}]`, () => `42${ns}[1234${this.args()}]`,
      () => `42${ns}["burst",${this.below(3)}]`, () => `42${ns}["ask",1]`,
      () => `42${ns}["disconnect-me",${this.pick(["true", "false", "false"])}]`,
      () => `42${ns}["${this.pick(["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"])}",1]`,
      () => `42${ns}["emit-to",{"via":"${this.pick(["io", "socket"])}","rooms":${this.pick(['["r1"]', '["r1","r2"]'])}}` +
        `,"news"${this.args()}]`,
    ])();
  }

  broken(text) {
    const at = this.below(text.length);
    return text.slice(0, at) + this.pick(["", '"', "[", ",", "0", "-", "/", "}", " "]) +
      text.slice(at + this.below(2));
  }

  binary() {
    const n = 1 + this.below(2), ns = this.namespace();
    const placeholders = Array.from({ length: this.below(3) },
      (_, i) => `,{"_placeholder":true,"num":${this.pick([i, i, i, i + 1, -1])}}`).join("");
    const sent = this.pick([n, n, n, n - 1, n + 1]);
    return [`45${n}-${ns}["${this.pick(["echo", "zap"])}"${placeholders}]`,
      ...Array.from({ length: sent }, (_, i) => Buffer.from([i, 255]))];
  }

  packets() {
    const ns = this.namespace();
    return this.pick([
      () => [`40${ns}${this.pick(["", "", "{}", '{"token":"secret"}', '{"greet":true}', "[]", "null", '"x"'])}`],
      () => [`41${ns}${this.pick(["", "", "", "{}"])}`],
      () => [`43${ns}${this.pick([0, 1, 2, 9, ""])}${this.pick(["[]", '["x",1]', "{}", ""])}`],
      () => [this.pick(["3", "6", "5", "0", "44", '44{"message":"x"}', "47", "", Buffer.from([1, 2]),
        `461-${ns}3[{"_placeholder":true,"num":0}]`])],
      () => this.binary(), ...Array(6).fill(() => [this.event()]),
    ])();
  }

  sequence() {
    const start = [...this.pick([["40"], ["40"], []]), ...this.pick([["40/chat,"], [], []])];
    return [...start, ...Array.from({ length: 1 + this.below(7) }, () => this.packets()).flat()];
  }
}

/** The official server writes the echo of these to a socket that it has disconnected. */
const tooLate = (text) => text.includes("after-disconnect");

/** What the server answers to the packets, and what it tells of their sockets. */
async function converse(server, packets) {
  const first = server.observations.length;
  const wire = await webSocketSession({ after() {} }, server);
  const names = new Map(); // of ids, in the order in which the client is told them
  const answers = [];
  let closed = false, wake = () => {};
  const named = (text) => text.replaceAll(/"sid":"([\w-]{20})"/g, (all, id) => {
    if (!names.has(id)) names.set(id, `id ${names.size}`);
    return all;
  }).replaceAll(/[\w-]{20}/g, (id) => names.get(id) ?? id);
  // Rooms come sorted by names that are ids.
  const sorted = (text) => text.replaceAll(/\["(?:id \d|r\d|early-room)"(?:,"(?:id \d|r\d|early-room)")*\]/g,
    (list) => JSON.stringify(JSON.parse(list).sort()));
  const reading = (async () => {
    for (;;) {
      const { opcode, payload } = await wire.readFrame(60000);
      if (opcode === 10) wake();
      else if (opcode === 8) answers.push("closed");
      else answers.push(opcode === 1 ? sorted(named(payload.toString())) : payload.toString("hex"));
      if (opcode === 8) return;
    }
  })().catch(() => {}).finally(() => { closed = true; wake(); });
  // What a packet leads to has been written when the second pong comes: some of it takes a turn.
  const handled = async () => {
    for (let i = 0; i < 2 && !closed; i++) {
      const pong = new Promise((resolve) => { wake = resolve; });
      wire.sendFrame(9);
      await within(pong, "a pong");
    }
  };
  for (const packet of packets) {
    if (closed) break;
    wire.sendFrame(typeof packet === "string" ? 1 : 2, packet);
    await handled();
  }
  wire.socket.destroy();
  await reading;
  for (const id of names.keys()) await server.observe({ event: "disconnect", id });
  const told = server.observations.slice(first).filter((o) => names.has(o.id) || names.has(o.room))
    .map(({ description, ...o }) => sorted(named(JSON.stringify(
      /^transport (close|error)$/.test(o.reason) ? { ...o, reason: "our end" } : o))));
  const leaving = (text) => /"event":"(leave|delete)-room"/.test(text);
  return { answers: answers.filter((text) => !tooLate(text)), left: told.filter(leaving).sort(),
    told: told.filter((text) => !leaving(text)) };
}

const both = kinds.includes("vireo") && kinds.includes("node");

describe("packets at random", { skip: !both }, () => {
  let servers;
  before(async () => { servers = await Promise.all(["vireo", "node"].map((kind) => startServer(kind))); });
  after(() => Promise.all(servers.map((server) => server.stop())));

  for (let seed = FIRST_SEED; seed < FIRST_SEED + 4; seed++)
    test(`seed ${seed}`, async () => {
      const random = new Random(seed);
      for (let i = 0; i < 40; i++) {
        const packets = random.sequence();
        const [ours, theirs] = await Promise.all(servers.map((server) => converse(server, packets)));
        assert.deepEqual(ours, theirs, `after ${JSON.stringify(packets)}`);
      }
    });
});
