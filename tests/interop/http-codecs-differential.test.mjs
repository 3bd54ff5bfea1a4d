// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Codecs against the packages that Express and its users have: the same inputs, many of them drawn
// from a seeded generator, to both. VIREO_SEED repeats a run, VIREO_ROUNDS prolongs it.
// Where we answer differently on purpose, the generator leaves it out and its comment says why.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import cookie from "cookie";
import signature from "cookie-signature";
import dotenv from "dotenv";
import Negotiator from "negotiator";
import nunjucks from "nunjucks";
import proxyaddr from "proxy-addr";
import parseRange from "range-parser";
import { choicesFrom } from "../js/random.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const build = path.resolve(process.env.VIREO_BUILD ?? path.join(here, "../../build"));
const seed = Number(process.env.VIREO_SEED ?? 20240607);
const rounds = 2000 * Number(process.env.VIREO_ROUNDS ?? 1);

const { random, below, pick } = choicesFrom(seed);
const some = (n, make, between = "") => Array.from({ length: below(n + 1) }, make).join(between);

let echo;
let answers;
before(() => {
  echo = spawn(path.join(build, "tests/http_echo"), { stdio: ["pipe", "pipe", "inherit"] });
  answers = createInterface({ input: echo.stdout })[Symbol.asyncIterator]();
});
after(async () => {
  echo.stdin.end();
  const [code] = await once(echo, "exit");
  assert.equal(code, 0);
});

async function ask(...args) {
  echo.stdin.write(`${JSON.stringify(args)}\n`);
  return JSON.parse((await answers.next()).value);
}

test("ranges as range-parser (H07)", async () => {
  // It skips a range that is none; we do without Range then, as RFC 9110 section 14.2 lets us. And
  // of a file that is smaller than "the last so many bytes" we send all, as section 14.1.2 says.
  for (let i = 0; i < rounds; i++) {
    const size = pick([1, 10, 100]);
    const spec = () => {
      const a = below(size + 5);
      return pick([`${a}-${a + below(20)}`, `${a}-`, `-${1 + below(size)}`]);
    };
    const text = `bytes=${[spec(), ...Array.from({ length: below(5) }, spec)].join(pick([",", ", "]))}`;
    const theirs = parseRange(size, text, { combine: true });
    const ours = await ask("range", text, size);
    const inOrder = (list) => Array.from(list).sort(([a], [b]) => a - b);
    assert.deepEqual(typeof ours === "string" ? ours : inOrder(ours), // which of those that are made one is first?
      theirs === -1 ? "none" : inOrder(theirs.map(({ start, end }) => [start, end])), `${text} of ${size}`);
  }
});

test("negotiation as negotiator (H15)", async () => {
  // It knows no white space behind a ';'.
  const q = () => pick(["", "", ";q=1", ";q=0", ";q=0.5", ";q=0.9", ";q=0.001"]);
  const kinds = [
    // Offers are of one type and subtype each: two with the same name differ by their index only.
    [["mediaTypes", "accept"], ["text/html", "text/plain", "application/json", "image/png", "text/*", "image/*", "*/*"],
      ["text/html", "text/plain", "application/json", "image/png"]],
    [["languages", "accept-language"], ["en", "en-US", "en-GB", "de", "de-CH", "fr", "*"], ["en", "en-US", "de", "de-CH", "fr"], 3],
    [["charsets", "accept-charset"], ["utf-8", "iso-8859-1", "UTF-8", "*"], ["utf-8", "iso-8859-1"], 4],
  ];
  for (let i = 0; i < rounds; i++) {
    const [[method, header], names, all, kind = 0] = pick(kinds);
    // Each range once: of two that are the same it takes the last.
    const wished = names.filter(() => random() < 0.5).sort(() => random() - 0.5);
    const text = pick([undefined, wished.map((name) => name + q()).join(pick([",", ", "]))]);
    const offers = all.filter(() => random() < 0.6);
    const theirs = new Negotiator({ headers: { [header]: text } })[method](offers)[0] ?? null;
    assert.equal(await ask("accept", kind, text ?? null, offers), theirs, `${text} for ${offers}`);
  }
  // Of encodings that are liked equally we take the one that is offered first, it the one that the
  // client names first: so here no two are.
  for (let i = 0; i < rounds; i++) {
    const qualities = [";q=1", ";q=0.8", ";q=0.6", ";q=0.4", ";q=0"].sort(() => random() - 0.5);
    const text = ["gzip", "br", "deflate", "identity", "*"].filter(() => random() < 0.6)
      .map((name, k) => name + qualities[k]).join(", ");
    const offers = ["br", "gzip", "identity"].filter(() => random() < 0.7);
    if (text.includes("*") && offers.filter((o) => !text.includes(o)).length > 1) continue;
    const theirs = new Negotiator({ headers: { "accept-encoding": text } }).encodings(offers)[0] ?? null;
    for (const kind of [1, 2]) // where the order counts, there are no two either
      assert.equal(await ask("accept", kind, text, offers), theirs, `${text} for ${offers}`);
  }
});

test("cookies as cookie, signatures as cookie-signature (H09)", async () => {
  for (let i = 0; i < rounds; i++) {
    const text = some(6, () => pick(["a", "b", "a b", "=", ";", "; ", "\"", "%20", "1", "é", " ", "a=1", "b=\"x\""]));
    if (text.length < 2) continue; // "=" is no cookie there
    const ours = {};
    for (const [name, value] of await ask("cookies", text)) if (!(name in ours)) ours[name] = value;
    const theirs = { ...cookie.parse(text, { decode: (value) => value }) };
    // A value that is one quote alone is an empty text there.
    for (const name of Object.keys(theirs)) if (ours[name] === "\"") theirs[name] = "\"";
    assert.deepEqual(ours, theirs, text);
  }
  for (let i = 0; i < 200; i++) {
    const value = some(30, () => pick(["a", ".", "é", "😀", " ", "%", "="]));
    const secret = 1 + some(20, () => pick(["a", "B", "0", "é"]));
    const signed = `s:${signature.sign(value, secret)}`;
    assert.equal(await ask("sign", value, secret), signed);
    assert.equal(await ask("unsign", signed, secret), value);
    assert.equal(await ask("unsign", signed, `${secret}x`), null);
    assert.equal(await ask("unsign", `s:x${signed.slice(2)}`, secret), null);
  }
});

test("clients behind proxies as proxy-addr (H13)", async () => {
  const addresses = ["127.0.0.1", "10.0.0.1", "10.1.2.3", "192.168.1.1", "203.0.113.7", "::1", "fc00::1", "2001:db8::1", "169.254.0.9"];
  const lists = ["loopback", "uniquelocal", "linklocal", "10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32", "203.0.113.7", "::1", "128.0.0.0/1"];
  for (let i = 0; i < rounds; i++) {
    const trusted = [pick(lists), ...Array.from({ length: below(4) }, () => pick(lists))];
    const peer = pick(addresses);
    const text = random() < 0.1 ? undefined : [pick(addresses), ...Array.from({ length: below(4) }, () => pick(addresses))].join(", ");
    const req = { connection: { remoteAddress: peer }, socket: { remoteAddress: peer }, headers: { "x-forwarded-for": text } };
    assert.equal(await ask("client", trusted.join(", "), peer, text ?? null), proxyaddr(req, trusted),
      `${text} from ${peer}, trusting ${trusted}`);
  }
});

test("files of settings as dotenv (H19)", async () => {
  // A text in quotes may begin on the line behind its '=' there; here it may not.
  const fixed = ["A=1", "A = 1 # x", "export A='b'", "A=\"a\\nb\"", "A='a\\nb'", "A=`x`", "A: y", "A='a\nb'", "A=\"", "A='x' # '", "A=#",
    "A=a#b", "A='a' 'b'", "A", "=x", "A=\\", "A='a\\'b'", "A=\"a\\\"b\" c"];
  const texts = Array.from({ length: rounds }, () =>
    some(8, () => pick(["A=1\n", "B=", "\n", "x", " ", "'", "\"", "`", "#", "\\n", "\\\"", "export C=", "D: ", "=", "\r\n"])));
  for (const text of [...fixed, ...texts]) {
    if (/=[ \t]*[\r\n]+\s*['"`]/.test(text) || /: *[\r\n]/.test(text) || /[\w.-]\s*[\r\n]+\s*=/.test(text) || /export\s*[\r\n]/.test(text)) continue;
    const ours = Object.fromEntries(await ask("env", text));
    assert.deepEqual(ours, { ...dotenv.parse(text) }, JSON.stringify(text));
  }
});

test("pages as nunjucks (H20)", async () => {
  const njk = new nunjucks.Environment(null, { autoescape: true });
  const data = { n: 3, zero: 0, s: "a<b>&\"'", e: "", yes: true, no: false, list: [1, "x<", true], none_: [], o: { a: { b: 2 }, c: "d" },
    people: [{ n: "A", f: [1, 2] }, { n: "B", f: [] }] };
  const atoms = ["n", "zero", "s", "e", "yes", "no", "o.a.b", "o['c']", "list[1]", "missing", "missing.x", "1", "2.5", "'t<'", "\"u\"", "list.length"];
  const expression = (depth = 0) => depth > 2 ? pick(atoms) : pick([
    () => pick(atoms), () => pick(atoms),
    () => `not ${expression(depth + 1)}`,
    () => `(${expression(depth + 1)})`,
    () => `(${expression(depth + 1)} ${pick(["and", "or"])} ${expression(depth + 1)})`,
    () => `(n ${pick(["==", "!=", "<", "<=", ">", ">="])} ${pick(["3", "2", "4", "zero"])})`,
    () => `(s ${pick(["==", "!="])} ${pick(["'x'", "s"])})`,
    () => `${pick(["s", "'aBc'", "o.c"])} | ${pick(["upper", "lower", "trim", "length", "safe", "urlencode"])}`,
    () => `missing | default(${pick(atoms.filter((a) => !a.startsWith("missing")))})`,
    () => `(${pick(atoms)} if ${pick(atoms)} else ${pick(atoms)})`,
  ])();
  const body = (depth = 0) => some(4, () => pick([
    () => pick(["text ", " & ", "\n", "{ ", "}} "]),
    () => `{{${pick(["", "-"])} ${expression()} ${pick(["", "-"])}}}`,
    () => depth > 2 ? "" : `{% if ${expression()} %}${body(depth + 1)}{% elif ${expression()} %}${body(depth + 1)}{% else %}${body(depth + 1)}{% endif %}`,
    () => depth > 2 ? "" : `{% for x in ${pick(["list", "none_", "missing"])} %}${body(depth + 1)}{{ x }}{{ loop.index }}{{ loop.last }}{% else %}${body(depth + 1)}{% endfor %}`,
    () => depth > 2 ? "" : `{%- for k, v in o -%}{{ k }}${body(depth + 1)}{%- endfor -%}`,
    () => "{% for p in people %}{{ p.n }}{% for f in p.f %}{{ f }}{{ loop.first }}{% endfor %}{% endfor %}",
    () => "{# {{ n }} #}", () => "{% raw %}{{ n }}{% endraw %}", () => "{{ list | join(', ') }}",
  ])());
  for (let i = 0; i < rounds / 5; i++) {
    const text = body();
    assert.equal(await ask("page", text, data), njk.renderString(text, data), text);
  }
});
