// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// What users of Express know, with the clients they have: fetch (undici) and curl. H05: forms, whose
// nesting is compared with the package qs, and coded bodies; H06: uploads; H08: downloads; H14:
// replies in pieces; compression.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { gzipSync, deflateSync, brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import qs from "qs";
import { Example } from "../js/example.mjs";

const run = promisify(execFile);

describe("http", { concurrency: 4 }, () => {
  let example, url, folder;
  before(async () => {
    example = await Example.start({ after: () => {} }, "tests/http-app");
    url = example.url;
    folder = await mkdtemp(path.join(tmpdir(), "vireo-http-"));
  });
  after(async () => {
    await rm(folder, { recursive: true });
    await example.stop();
  });

  const curl = async (...args) => (await run("curl", ["-sS", ...args], { maxBuffer: 1e8 })).stdout;
  const form = (text) => fetch(`${url}/form`, { method: "POST", body: text,
    headers: { "Content-Type": "application/x-www-form-urlencoded" } });

  test("H05: forms nest as qs has it", async () => {
    const options = { allowPrototypes: true, arrayLimit: 100, depth: 32, strictDepth: true,
      parameterLimit: 1000 };
    const names = ["a", "a[]", "a[b]", "a[b][]", "a[0]", "a[2]", "a[1][x]", "a[][x]", "a[][]", "b",
      "a[b", "a]b", "a[b]c[d]", "[a]", "[]", "[0]", "a[100]", "a[101]", "a[01]", "a[-1]", "a[b][c][d]",
      "%5Ba%5D", "a%5Bb%5D", "a[[b]]", "é", "a[é]", "a+b", "hasOwnProperty", "a[toString]"];
    let state = 7;
    const below = (n) => (state = Math.imul(state, 1103515245) + 12345 & 0x7fffffff) % n;
    for (let round = 0; round < 400; round++) {
      const text = Array.from({ length: 1 + below(5) }, (_, i) =>
        names[below(names.length)] + (below(8) ? `=${below(3) ? i : "x%20+y"}` : "")).join("&");
      const expected = JSON.parse(JSON.stringify(qs.parse(text, options)));
      assert.deepEqual(await (await form(text)).json(), expected, text);
    }
    const query = "x[y]=1&x[z][]=2&u=%C3%A4";
    assert.deepEqual(await (await fetch(`${url}/query?${query}`)).json(), qs.parse(query));
  });

  test("H05: too many pairs and too deep names are refused", async () => {
    assert.equal((await form("a&".repeat(1000))).status, 200);
    assert.equal((await form("a&".repeat(1001))).status, 413);
    assert.equal((await form(`a${"[x]".repeat(32)}=1`)).status, 200);
    assert.equal((await form(`a${"[x]".repeat(33)}=1`)).status, 400);
  });

  test("H05: bodies may be coded", async () => {
    const text = "hello ".repeat(1000);
    for (const [coding, code] of [["gzip", gzipSync], ["deflate", deflateSync]]) {
      const res = await fetch(`${url}/any`, { method: "POST", body: code(text),
        headers: { "Content-Encoding": coding } });
      assert.equal((await res.json()).body, text);
    }
    const res = await fetch(`${url}/any`, { method: "POST", body: "x",
      headers: { "Content-Encoding": "zstd" } });
    assert.equal(res.status, 415);
  });

  test("H06: FormData of fetch", async () => {
    const data = new FormData();
    data.append('a "quoted"\r\nname', "väl\r\nue");
    data.append("file", new Blob([randomBytes(300000)], { type: "image/png" }), 'é"x.png');
    data.append("empty", "");
    const res = await fetch(`${url}/upload`, { method: "POST", body: data });
    assert.equal(await res.text(), 'a "quoted"\r\nname=väl\r\nue(8);file:é"x.png:image/png:300000;empty=(0);');
  });

  test("H06: curl -F, with Expect: 100-continue and a large file", async () => {
    const file = path.join(folder, "large.bin");
    await writeFile(file, randomBytes(20000000));
    const text = await curl("-F", "a=1", "-F", `f=@${file};type=x/y`, "-H", "Expect: 100-continue", `${url}/upload`);
    assert.equal(text, "a=1(1);f:large.bin:x/y:20000000;");
    assert.equal(await curl("-o", "/dev/null", "-w", "%{http_code}", "--data", "a=1", `${url}/upload`), "415");
  });

  test("H08: downloads have a name in any language", async () => {
    const disposition = async (name) =>
      (await fetch(`${url}/download?name=${encodeURIComponent(name)}`)).headers.get("content-disposition");
    assert.equal(await disposition("../a.txt"), 'attachment; filename="a.txt"');
    assert.equal(await disposition('a"b.txt'), 'attachment; filename="a\\"b.txt"');
    assert.equal(await disposition("naïve €.txt"),
      "attachment; filename=\"na?ve ?.txt\"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt");
    await curl("-OJ", "--output-dir", folder, `${url}/download?name=saved.txt`);
    await rm(path.join(folder, "saved.txt"));
  });

  test("H14: pieces arrive one by one, and a trailer behind them", async () => {
    const { pieces, trailers } = await new Promise((resolve, reject) => {
      http.get(`${url}/pieces`, { headers: { "Accept-Encoding": "identity" } }, (res) => {
        const parts = [];
        res.on("data", (part) => parts.push(part.toString()));
        res.on("end", () => resolve({ pieces: parts, trailers: res.trailers }));
      }).on("error", reject);
    });
    assert.deepEqual(pieces, ["piece 3\n", "piece 2\n", "piece 1\n"]);
    assert.deepEqual(trailers, { "x-done": "yes" });
    assert.equal(await curl("--http1.0", `${url}/pieces`), "piece 3\npiece 2\npiece 1\n");
  });

  /** The reply as it came. */
  const raw = (target, encoding, method = "GET") => new Promise((resolve, reject) => {
    http.request(url + target, { method, headers: encoding ? { "Accept-Encoding": encoding } : {} }, (res) => {
      const parts = [];
      res.on("data", (part) => parts.push(part));
      res.on("end", () => resolve({ headers: res.headers, parts, body: Buffer.concat(parts) }));
    }).on("error", reject).end();
  });

  test("compression: what the client accepts, and nothing else", async () => {
    const plain = Buffer.from("abcdefg".repeat(200));
    const table = [["gzip", gunzipSync], ["deflate", inflateSync], ["zstd, deflate;q=0.5", inflateSync],
      ["br", brotliDecompressSync], ["gzip, deflate, br, zstd", brotliDecompressSync], ["*", brotliDecompressSync],
      ["br;q=0.9, gzip", gunzipSync], ["gzip;q=0.5, identity;q=0.1", gunzipSync],
      [undefined, null], ["", null], ["zstd", null], ["gzip;q=0", null], ["identity, gzip;q=0.5", null]];
    for (const [accept, decode] of table) {
      const { headers, body } = await raw("/text?n=1400", accept);
      assert.equal(headers.vary, "Accept-Encoding");
      assert.equal(Number(headers["content-length"]), body.length);
      assert.equal(headers.etag, decode ? 'W/"tag"' : '"tag"');
      if (decode === null) assert.equal(headers["content-encoding"], undefined, accept);
      assert.deepEqual(decode ? decode(body) : body, plain, accept);
    }
    assert.equal((await raw("/text?n=99", "gzip")).headers["content-encoding"], undefined);
    assert.equal((await raw("/text?n=100", "gzip")).headers["content-encoding"], "gzip");
    assert.equal((await raw("/text?n=100", "gzip", "HEAD")).headers["content-encoding"], undefined);
    assert.equal(await curl("--compressed", `${url}/text?n=700`), "abcdefg".repeat(100));
  });

  test("compression: pieces are not held back", async () => {
    for (const [coding, decode] of [["gzip", gunzipSync], ["br", brotliDecompressSync]]) {
      const { headers, parts, body } = await raw("/pieces", coding);
      assert.equal(headers["content-encoding"], coding);
      assert.ok(parts.length >= 3, `${parts.length} parts`);
      assert.equal(decode(body).toString(), "piece 3\npiece 2\npiece 1\n");
    }
  });
});
