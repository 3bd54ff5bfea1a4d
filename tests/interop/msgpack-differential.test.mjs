// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors

// S22: the msgpack reader and writer against notepack.io, the encoder of socket.io-msgpack-parser: thousands of values, drawn from a
// seeded generator. What it has encoded must mean the same here, and be written with the same bytes; what it refuses must be
// refused. VIREO_SEED repeats a run, VIREO_ROUNDS prolongs it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import notepack from "notepack.io";
import { choicesFrom } from "../js/random.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const build = path.resolve(process.env.VIREO_BUILD ?? path.join(here, "../../build"));
const seed = Number(process.env.VIREO_SEED ?? 20240611);
const rounds = Number(process.env.VIREO_ROUNDS ?? 1);

// --- the generator ---

const { random, below, pick } = choicesFrom(seed);

function anyNumber() {
  const sign = pick([1, -1]);
  switch (below(4)) {
    case 0: return sign * below(300);
    case 1: return sign * (2 ** below(53) + below(3) - 1);
    case 2: return sign * (random() * 2 ** (below(60) - 30));
    default: {
      const view = new DataView(new ArrayBuffer(8));
      view.setUint32(0, below(2 ** 32));
      view.setUint32(4, below(2 ** 32));
      const n = view.getFloat64(0);
      // Whole numbers of 64 bits and more notepack encodes wrongly.
      return Number.isInteger(n) && Math.abs(n) >= 2 ** 63 ? 0.25 : n;
    }
  }
}

const anyText = () => Array.from({ length: pick([0, 1, 5, 31, 32, 40, 256]) },
  () => pick(["a", "Z", '"', "\\", "\n", "\0", "é", "中", "\u{1f600}", "\uffff"])).join("");
const anyBytes = () => Buffer.from(Array.from({ length: pick([0, 1, 2, 4, 8, 16, 17, 300]) }, () => below(256)));

function anyValue(depth) {
  switch (below(depth > 0 ? 9 : 6)) {
    case 0: return anyText();
    case 1: return anyNumber();
    case 2: return pick([true, false, null]);
    case 3: return anyBytes();
    case 4: return anyText();
    case 5: return anyNumber();
    case 6:
    case 7: return Array.from({ length: pick([0, 1, 3, 15, 16, 20]) }, () => anyValue(depth - 1));
    default: return Object.fromEntries(Array.from({ length: pick([0, 1, 3, 15, 16, 20]) },
      (_, i) => [`k${i}${anyText()}`, anyValue(depth - 1)]));
  }
}

// --- the comparison ---

let child;
let lines;

before(async () => {
  child = spawn(path.join(build, "tests", "msgpack_echo"), { stdio: ["pipe", "pipe", "inherit"] });
  await once(child, "spawn");
  lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
});

after(async () => {
  child.stdin.end();
  const [code] = child.exitCode === null ? await once(child, "exit") : [child.exitCode];
  assert.equal(code, 0, "msgpack_echo ended in good health");
});

async function askAll(inputs) {
  child.stdin.write(inputs.map((input) => `${input.toString("base64")}\n`).join(""));
  const answers = [];
  for (const input of inputs) {
    const { value, done } = await lines.next();
    assert.ok(!done, `msgpack_echo ended at ${input.toString("hex")}`);
    const [sign, ...parts] = value.split(" ");
    answers.push([sign, ...parts.map((part) => Buffer.from(part, "base64"))]);
  }
  return answers;
}

const json = (value) => JSON.stringify(value, (_, v) => (v instanceof ArrayBuffer ? Buffer.from(v) : v));

function check(input, [sign, text, bytes], meant, again) {
  const what = input.toString("hex").slice(0, 200);
  assert.equal(sign, "+", `${what}: ${text}`);
  assert.equal(text.toString(), json(meant), what);
  assert.equal(bytes.toString("hex"), again.toString("hex"), what);
}

for (let round = 0; round < rounds; round++) {
  test(`values of every kind, the same both ways (S22, seed ${seed}, round ${round})`, async () => {
    const values = Array.from({ length: 2000 }, () => anyValue(below(4)));
    const inputs = values.map((value) => notepack.encode(value));
    const answers = await askAll(inputs);
    inputs.forEach((input, i) => check(input, answers[i], values[i], input));
  });

  test(`what is cut or changed is refused where notepack refuses it (S22, round ${round})`, async () => {
    const inputs = Array.from({ length: 3000 }, () => {
      const input = Buffer.from(notepack.encode(anyValue(2)));
      if (below(2)) return input.subarray(0, below(input.length));
      input[below(Math.min(input.length, 12))] = below(256);
      return input;
    }).filter((input) => input.length > 0);
    const answers = await askAll(inputs);
    let accepted = 0;
    inputs.forEach((input, i) => {
      const what = input.toString("hex").slice(0, 200);
      if (input.some((byte) => byte === 0xdd || byte === 0xdf)) return; // it would allocate what is announced
      let value;
      try {
        value = notepack.decode(input);
      } catch {
        assert.equal(answers[i][0], "-", what);
        return;
      }
      if (answers[i][0] === "-") { // keys that are no texts
        assert.match(answers[i][1].toString(), /^a key that is no text/, what);
        return;
      }
      accepted++;
      if (input.includes(0xed)) return; // surrogates, which stay here
      assert.equal(json(JSON.parse(answers[i][1])), json(value) ?? "null", what);
    });
    assert.ok(accepted > 100);
  });
}

test("what JavaScript knows and JSON does not (S22)", async () => {
  const cases = [
    [undefined, null, null],
    [[1, undefined], [1, null], [1, null]],
    [{ a: undefined, b: 1 }, { b: 1 }, { b: 1 }],
    [new Date(0), "1970-01-01T00:00:00.000Z"],
    [new Date(Date.UTC(2024, 1, 29, 23, 59, 59, 999)), "2024-02-29T23:59:59.999Z"],
    [new Date(-1), "1969-12-31T23:59:59.999Z"],
    [new Date(8.64e15), "+275760-09-13T00:00:00.000Z"],
    [new Date(-8.64e15), "-271821-04-20T00:00:00.000Z"],
    [new Date(-62167219200001), "-000001-12-31T23:59:59.999Z"],
    [new Uint8Array([1, 2, 3]).buffer, Buffer.from([1, 2, 3])],
    [new Uint8Array(1).buffer, Buffer.alloc(1)],
    [new Uint8Array(8).buffer, Buffer.alloc(8)],
    [new Uint8Array(16).buffer, Buffer.alloc(16)],
    [new Uint8Array(70000).buffer, Buffer.alloc(70000)],
  ];
  const inputs = cases.map(([value]) => notepack.encode(value));
  const answers = await askAll(inputs);
  inputs.forEach((input, i) => check(input, answers[i], cases[i][1],
    notepack.encode(cases[i][2] === undefined ? cases[i][1] : cases[i][2])));
});
