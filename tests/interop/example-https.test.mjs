// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// examples/https (W13 T29), and the bench-server with a certificate.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { WebSocket } from "ws";
import { Certs } from "../js/certs.mjs";
import { call, connected } from "../js/client.mjs";
import { Example } from "../js/example.mjs";
import { next } from "../js/wait.mjs";

const run = promisify(execFile);

let certs, args;
before(() => {
  certs = new Certs();
  certs.make("site", "IP:127.0.0.1");
  args = ["--cert", certs.file("site.pem"), "--key", certs.file("site.key")];
});
after(() => certs.remove());

test("http leads to https (W13)", async (t) => {
  const example = await Example.start(t, "https", "127.0.0.1", "0", [...args, "--https-port", "0"]);
  const [, port] = await example.line(/^https: speaks TLS on port (\d+)$/);
  const curl = async (...more) => (await run("curl", ["-sS", "--cacert", certs.file("ca.pem"), ...more])).stdout;
  const led = await curl("-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", `${example.url}/a?b=c`);
  assert.equal(led, `308 https://127.0.0.1:${port}/a?b=c`);
  assert.equal(JSON.parse(await curl("-L", `${example.url}/`)).version, "TLSv1.3");
});

test("socket.io-client over TLS (T29)", async (t) => {
  const example = await Example.start(t, "https", "127.0.0.1", "0", [...args, "--https-port", "0"]);
  const [, port] = await example.line(/^https: speaks TLS on port (\d+)$/);
  const socket = await connected(t, { url: `https://127.0.0.1:${port}` }, { ca: certs.ca });
  example.guests.push(() => socket.disconnect());
  assert.deepEqual(await call(socket, "echo", "hello"), ["hello"]);
});

test("it does not start without a certificate, and says why (W13)", async () => {
  const example = Example.run("https", ["--port", "0"]);
  assert.equal((await example.exited).code, 1);
  assert.match(example.stderr, /^https: a server needs cert_file or cert_pem$/m);
});

test("bench-server --cert (W13)", async (t) => {
  const example = await Example.start(t, "bench-server", "127.0.0.1", "0", args);
  assert.match(example.url, /^https:/);
  const ws = new WebSocket(`${example.url.replace("https", "wss")}/echo`, { ca: certs.ca });
  example.guests.push(() => ws.terminate());
  await next(ws, "open");
  ws.send("hello");
  assert.equal(String((await next(ws, "message"))[0]), "hello");
});
