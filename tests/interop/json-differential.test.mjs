// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors

// The JSON reader and writer against JSON.parse and JSON.stringify: thousands of texts, drawn from a seeded generator, are given to
// both. They must accept and refuse the same ones and write the same text. VIREO_SEED repeats a run, VIREO_ROUNDS prolongs it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { choicesFrom } from "../js/random.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const build = path.resolve(process.env.VIREO_BUILD ?? path.join(here, "../../build"));
const program = [path.join(build, "json_echo"), path.join(build, "tests", "json_echo")].find(existsSync);
const seed = Number(process.env.VIREO_SEED ?? 20240607);
const rounds = Number(process.env.VIREO_ROUNDS ?? 1);

// --- the generator ---

const { random, below, pick } = choicesFrom(seed);
const digits = (n) => Array.from({ length: n }, () => below(10)).join("");

function anyDouble() {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, below(2 ** 32));
  view.setUint32(4, below(2 ** 32));
  const number = view.getFloat64(0);
  return Number.isFinite(number) ? number : 0.1;
}

function numberText() {
  switch (below(10)) {
    case 0: return String(below(1000) - 500);
    case 1: return String(anyDouble());
    case 2: return anyDouble().toExponential(below(20));
    case 3: return String(random() * 10 ** below(20));
    case 4: return `${pick(["", "-"])}${1 + below(9)}${digits(below(40))}`;
    case 5: return `${pick(["", "-"])}0.${digits(1 + below(40))}`;
    case 6: return `${below(10)}${pick(["e", "E"])}${pick(["", "+", "-"])}${below(400)}`;
    case 7: return pick(["-0", "0", "-0.0", "0e0", "1E400", "-1e400", "1e-400", "5e-324", "2.4e-324", "2.5e-324",
      "1.7976931348623157e308", "1.7976931348623159e308", "9007199254740993", "9007199254740992.5", "123456789012345678",
      "1e21", "1e20", "999999999999999900000", "1e-6", "1e-7", "0.000001", "0.0000012", "2.2250738585072011e-308", "1e23", "9.5e-5"]);
    case 8: return (BigInt(below(2 ** 31)) * 2n ** BigInt(below(60)) + BigInt(below(3) - 1)).toString();
    // Right on the middle between two doubles, and a little beside it, with many digits.
    default: return ((2n ** 53n + BigInt(below(1000)) * 2n + 1n) * 2n ** BigInt(below(200))).toString()
      + pick(["", ".", "."]).replace(".", "." + "0".repeat(below(900)) + pick(["0", "1"]));
  }
}

function character() {
  switch (below(8)) {
    case 0: return pick(['\\"', "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t"]);
    case 1: return "\\u" + below(0x10000).toString(16).padStart(4, "0");
    case 2: return "\\u" + (0xd800 + below(0x800)).toString(16).toUpperCase();
    case 3: return String.fromCodePoint(pick([0x7f, 0x80, 0xff, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfffd, 0xfeff, 0xffff, 0x10000, 0x10ffff, 0x2028, 0x2029]));
    case 4: return String.fromCodePoint(0x1f600 + below(80));
    case 5: return `\\ud83d\\ude${(below(64)).toString(16).padStart(2, "0")}`;
    default: return pick(["a", "Z", " ", "'", "{", "/", "hello", "0123456789", "\u00e9", "\u4e2d\u6587"]);
  }
}

const stringText = () => `"${Array.from({ length: below(12) }, character).join("")}"`;
const blank = () => pick(["", "", "", "", " ", "\n", "\t", "\r\n", "  "]);

function valueText(depth, key) {
  const kind = below(depth > 0 ? 9 : 6);
  if (kind < 2)
    return stringText();
  if (kind < 4)
    return numberText();
  if (kind < 6)
    return pick(["true", "false", "null"]);
  const length = below(5);
  const element = () => {
    // Keys occur once and are no array indices: JavaScript would put them into another order.
    const name = kind === 8 ? `"${pick(["k", "\\u006b", "clé", "\\ud800"])}${key.n++}_"${blank()}:` : "";
    return blank() + name + blank() + valueText(depth - 1, key) + blank();
  };
  const body = Array.from({ length }, element).join(",") || blank();
  return kind === 8 ? `{${body}}` : `[${body}]`;
}

const validText = () => blank() + valueText(below(6), { n: 0 }) + blank();

function mutated(bytes) {
  const copy = Buffer.from(bytes);
  const at = below(copy.length + 1);
  const noise = Buffer.from(pick(["", ",", ":", "]", "}", "[", "{", '"', "\\", "\0", "\x1f", "\x7f", "\ufeff", "+", "-", ".", "e", "0", "/", "//", "'",
    "nul", "NaN", "Infinity", "undefined", "0x10", "\u00a0", "\u2028", "\v", "\\u12g4", "\\x41", "01", "1.", ".5", "1e", "-"]));
  return Buffer.concat([copy.subarray(0, at), noise, copy.subarray(Math.min(copy.length, at + below(3)))]);
}

// --- the comparison ---

let child;
let lines;

before(async () => {
  assert.ok(program, `json_echo is not built in ${build}`);
  child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  await once(child, "spawn");
  lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
});

after(async () => {
  child.stdin.end();
  const [code] = child.exitCode === null ? await once(child, "exit") : [child.exitCode];
  assert.equal(code, 0, "json_echo ended in good health");
});

// askAll sends many inputs at once and returns the answers in order.
async function askAll(kind, inputs) {
  const all = inputs.map((input) => `${kind} ${Buffer.from(input).toString("base64")}\n`).join("");
  child.stdin.write(all);
  const answers = [];
  for (let i = 0; i < inputs.length; i++) {
    const { value, done } = await lines.next();
    assert.ok(!done, `json_echo ended at input ${i}: ${Buffer.from(inputs[i]).toString("latin1")}`);
    const [sign, ...parts] = value.split(" ");
    answers.push([sign, ...parts.map((part) => Buffer.from(part, "base64").toString())]);
  }
  return answers;
}

// expected returns what JSON.parse makes of the bytes: undefined when it refuses, or when they are no UTF-8.
function expected(bytes) {
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)) };
  } catch {
    return undefined;
  }
}

// sameButForKeys: a mutated text may name a key twice or "0"; JavaScript keeps one of them or moves it to the front, we relay
// all of them as they came.
function sameButForKeys(rewritten, value) {
  return rewritten.includes("{") && JSON.stringify(JSON.parse(rewritten)) === JSON.stringify(value);
}

async function compare(inputs, { strict = true } = {}) {
  const answers = await askAll("j", inputs);
  let accepted = 0;
  for (let i = 0; i < inputs.length; i++) {
    const [sign, raw, byValue] = answers[i];
    const wanted = expected(inputs[i]);
    const shown = `seed ${seed}: ${JSON.stringify(Buffer.from(inputs[i]).toString())}`;
    assert.equal(sign, wanted ? "+" : "-", `${shown} ${raw}`);
    if (!wanted)
      continue;
    accepted++;
    assert.deepEqual(JSON.parse(raw), wanted.value, shown);
    if (strict || !sameButForKeys(byValue, wanted.value))
      assert.equal(byValue, JSON.stringify(wanted.value), shown);
  }
  return accepted;
}

const times = (n, make) => Array.from({ length: n * rounds }, make);

test("valid texts are accepted and rewritten as JSON.stringify does", async () => {
  const inputs = times(4000, () => Buffer.from(validText()));
  assert.equal(await compare(inputs), inputs.length);
});

test("mutated texts are accepted and refused as by JSON.parse", async () => {
  const inputs = times(8000, () => mutated(Buffer.from(validText())));
  const accepted = await compare(inputs, { strict: false });
  assert.ok(accepted > inputs.length / 20 && accepted < inputs.length * 0.9, `${accepted} accepted`);
});

test("texts with bytes changed at random, also to what is no UTF-8", async () => {
  const inputs = times(4000, () => {
    const bytes = Buffer.from(validText());
    for (let n = 1 + below(2); n > 0; n--)
      bytes[below(bytes.length)] = below(256);
    return bytes;
  });
  await compare(inputs, { strict: false });
});

test("every prefix of a text is refused, the text accepted", async () => {
  const text = Buffer.from('{"a":[1.5e3,-0,"\\ud83d\\ude00é😀"],"b":{"c":null,"d":[true,false,[]]},"e":""}');
  const inputs = Array.from({ length: text.length + 1 }, (_, n) => text.subarray(0, n));
  assert.equal(await compare(inputs), 1);
});

test("doubles of any bits are written as JavaScript writes them", async () => {
  const inputs = times(40, () => Buffer.from(JSON.stringify(Array.from({ length: 2500 }, anyDouble))));
  await compare(inputs);
});

test("doubles around each power of two and of ten", async () => {
  const around = (number) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, number);
    return [-2n, -1n, 0n, 1n, 2n].map((step) => {
      const near = new DataView(new ArrayBuffer(8));
      near.setBigUint64(0, BigInt.asUintN(64, view.getBigUint64(0) + step));
      return near.getFloat64(0);
    }).filter(Number.isFinite);
  };
  const numbers = [];
  for (let e = -1074; e <= 1023; e++)
    numbers.push(...around(2 ** e), ...around(3 * 2 ** e));
  for (let e = -323; e <= 308; e++)
    numbers.push(...around(Number(`1e${e}`)), ...around(Number(`9.5e${e}`)));
  const inputs = [];
  for (let i = 0; i < numbers.length; i += 500)
    inputs.push(Buffer.from(`[${numbers.slice(i, i + 500).map((n) => n.toExponential(20))}]`));
  await compare(inputs);
});

test("numbers in all shapes are read to the nearest double", async () => {
  const inputs = times(6000, () => Buffer.from(numberText()));
  assert.equal(await compare(inputs), inputs.length);
});

test("bytes that are no UTF-8 become U+FFFD as TextDecoder replaces them", async () => {
  const bytes = [0x00, 0x1f, 0x22, 0x41, 0x5c, 0x7f, 0x80, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xa0, 0xe1, 0xed, 0x9f, 0xef, 0xf0, 0x90, 0xf1, 0xf4, 0x8f, 0xf5, 0xff];
  const inputs = times(6000, () => Buffer.from(Array.from({ length: 1 + below(24) }, () => pick(bytes))))
    .filter((input) => !/\xed[\xa0-\xbf][\x80-\xbf]/.test(input.toString("latin1"))); // surrogates have a meaning of their own
  const answers = await askAll("s", inputs);
  for (let i = 0; i < inputs.length; i++)
    assert.equal(answers[i][1], JSON.stringify(new TextDecoder("utf-8", { ignoreBOM: true }).decode(inputs[i])), inputs[i].toString("hex"));
});
