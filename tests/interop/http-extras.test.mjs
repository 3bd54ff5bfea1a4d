// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Files, CORS, limits, log, negotiation and proxies, seen by fetch, curl and the official client; CORS
// beside npm's cors and beside Socket.IO's own option.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompressSync, gzipSync } from "node:zlib";
import cors from "cors";
import { Server } from "socket.io";
import { client } from "../js/client.mjs";
import { Example } from "../js/example.mjs";
import { next } from "../js/wait.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const build = path.resolve(process.env.VIREO_BUILD ?? path.join(here, "../../build"));
const curl = async (...args) => (await promisify(execFile)("curl", ["-sS", ...args],
  { encoding: "buffer", maxBuffer: 1 << 24 })).stdout;

const large = Buffer.from(Array.from({ length: 300000 }, (_, i) => i % 251));
const script = "console.log('hello');\n".repeat(50);
let folder, server;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "vireo-files-"));
  await writeFile(path.join(folder, "large.bin"), large);
  await writeFile(path.join(folder, "app.js"), script);
  const then = new Date(Date.now() - 60000); // a file that has just changed has a weak tag
  for (const name of ["large.bin", "app.js"]) await utimes(path.join(folder, name), then, then);
  await writeFile(path.join(folder, "app.js.br"), brotliCompressSync(script));
  await writeFile(path.join(folder, "app.js.gz"), gzipSync(script));
  server = new Example(spawn(path.join(build, "tests/http-extras-server"), [folder]));
  server.url = (await server.line(/listening on (http:.*)$/))[1];
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** A request as it is written: fetch would add headers of its own. */
function request(url, { method = "GET", headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    http.request(url, { method, headers }, (res) => {
      res.resume().on("end", () => resolve({ status: res.statusCode, headers: res.headers }));
    }).on("error", reject).end();
  });
}

test("curl resumes, takes ranges, several of them, and what has changed (H07)", async () => {
  const url = `${server.url}/files/large.bin`;
  assert.ok((await curl(url)).equals(large));
  assert.ok((await curl("-r", "1000-200999", url)).equals(large.subarray(1000, 201000)));
  assert.ok((await curl("-r", "-5", url)).equals(large.subarray(-5)));
  const part = path.join(folder, "part");
  await writeFile(part, large.subarray(0, 123456));
  await curl("-C", "-", "-o", part, url);
  assert.ok((await curl(`file://${part}`)).equals(large));
  const parts = await curl("-r", "0-9,100000-199999,-1", url);
  const boundary = /^\r\n--([0-9a-f]{24})\r\n/.exec(parts.toString("latin1"))[1];
  const bodies = parts.toString("latin1").split(`\r\n--${boundary}`).slice(1, -1)
    .map((text) => Buffer.from(text.slice(text.indexOf("\r\n\r\n") + 4), "latin1"));
  assert.ok(Buffer.concat(bodies).equals(Buffer.concat([large.subarray(0, 10), large.subarray(100000, 200000), large.subarray(-1)])));
  const status = ["-o", "/dev/null", "-w", "%{http_code}"];
  assert.equal(String(await curl(...status, "-r", "300000-", url)), "416");
  const etag = (await fetch(url)).headers.get("etag");
  assert.match(etag, /^"/);
  assert.equal(String(await curl(...status, "-H", `If-None-Match: ${etag}`, url)), "304");
  assert.equal(String(await curl(...status, "-H", `If-Match: "x", ${etag}`, url)), "200");
  assert.equal(String(await curl(...status, "-H", "If-Match: \"x\"", url)), "412");
  assert.equal(String(await curl(...status, "-r", "0-1", "-H", `If-Range: ${etag}`, url)), "206");
  assert.equal(String(await curl(...status, "-r", "0-1", "-H", "If-Range: \"x\"", url)), "200");
  assert.equal(String(await curl(...status, "-z", part, url)), "304");
});

test("fetch reads what was compressed beforehand (H07)", async () => {
  const url = `${server.url}/files/app.js`;
  for (const [accept, coding] of [["gzip, deflate, br", "br"], ["gzip", "gzip"], ["identity", null]]) {
    const res = await fetch(url, { headers: { "accept-encoding": accept } });
    assert.equal(res.headers.get("content-encoding"), coding);
    assert.equal(res.headers.get("vary"), "Accept-Encoding");
    assert.equal(res.headers.get("content-type"), "text/javascript; charset=utf-8");
    assert.equal(await res.text(), script);
  }
  assert.equal(String(await curl("--compressed", url)), script);
});

test("CORS as npm's cors has it (H12)", async (t) => {
  const middleware = {
    "/any": cors(),
    "/some": cors({ origin: ["https://a.example", "https://b.example"], credentials: true, maxAge: 60,
      methods: "GET,PUT", allowedHeaders: "X-One,X-Two", exposedHeaders: "X-Three" }),
  };
  const node = http.createServer((req, res) => middleware[req.url](req, res, () => res.end("ok"))).listen(0, "127.0.0.1");
  await once(node, "listening");
  t.after(() => { node.closeAllConnections?.(); node.close(); });
  const there = `http://127.0.0.1:${node.address().port}`;
  const seen = ({ status, headers }) => ({ status, ...Object.fromEntries(Object.entries(headers)
    .filter(([name]) => name === "vary" || name.startsWith("access-control-"))) });
  for (const target of Object.keys(middleware))
    for (const origin of [undefined, "https://a.example", "https://b.example", "https://c.example", "null"])
      for (const method of ["GET", "POST", "OPTIONS"])
        for (const asked of [undefined, "X-One, X-Other"]) {
          const headers = { ...(origin && { origin }), ...(asked && { "access-control-request-headers": asked }) };
          assert.deepEqual(seen(await request(server.url + target, { method, headers })),
            seen(await request(there + target, { method, headers })), `${method} ${target} ${origin} ${asked}`);
        }
});

test("CORS for Socket.IO, as its own option (T23)", async (t) => {
  const node = http.createServer();
  const io = new Server(node, { cors: { origin: ["https://a.example"], credentials: true } });
  node.listen(0, "127.0.0.1");
  await once(node, "listening");
  t.after(() => io.close());
  const there = `http://127.0.0.1:${node.address().port}`;
  const target = "/socket.io/?EIO=4&transport=polling";
  const seen = ({ status, headers }) => ({ status, ...Object.fromEntries(Object.entries(headers)
    .filter(([name]) => name === "vary" || name === "content-type" || name.startsWith("access-control-"))) });
  for (const origin of [undefined, "https://a.example", "https://evil.example"])
    for (const method of ["GET", "OPTIONS"]) {
      const headers = origin ? { origin, "access-control-request-headers": "x-a" } : {};
      assert.deepEqual(seen(await request(server.url + target, { method, headers })),
        seen(await request(there + target, { method, headers })), `${method} ${origin}`);
    }
  const socket = client(t, server, { extraHeaders: { origin: "https://a.example" } });
  await next(socket, "connect");
});

test("limits per client: 429, Retry-After, RateLimit (H18)", async () => {
  const from = (address) => fetch(`${server.url}/limited`, { headers: { "x-forwarded-for": address } });
  assert.match((await from("192.0.2.1")).headers.get("ratelimit"), /^"default";r=1;t=\d+$/);
  assert.equal((await from("192.0.2.1")).status, 200);
  const refused = await from("192.0.2.1");
  assert.equal(refused.status, 429);
  assert.equal(await refused.text(), "Too Many Requests");
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  assert.equal(refused.headers.get("ratelimit-policy"), "\"default\";q=2;w=3600");
  assert.equal((await from("192.0.2.2")).status, 200);
});

test("the access log has a line for each request (H11)", async () => {
  await fetch(`${server.url}/log/a?b="c"`, { headers: { "user-agent": "test \"1\"", referer: "http://r/" } });
  const [line] = await server.line(/.*\/log\/a.*/);
  assert.match(line, /^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/log\/a\?b=%22c%22 HTTP\/1\.1" 200 2 "http:\/\/r\/" "test \\"1\\""$/);
});

test("negotiation, and who the client is (H15, H13)", async () => {
  const language = async (text) => {
    const res = await fetch(`${server.url}/language`, { headers: { "accept-language": text } });
    return [res.status, await res.text(), res.headers.get("vary")];
  };
  assert.deepEqual(await language("de-AT, en;q=0.5"), [200, "de", "Accept-Language"]);
  assert.deepEqual(await language("fr"), [406, "en or de", "Accept-Language"]);
  const res = await fetch(`${server.url}/who`, { headers: { "x-forwarded-for": "6.6.6.6, 192.0.2.9",
    "x-forwarded-proto": "https", "x-forwarded-host": "a.example" } });
  assert.deepEqual(await res.json(), { address: "192.0.2.9", protocol: "https", host: "a.example" });
});
