// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// What a request passes before it has a session, and what the head of its answer says: allowRequest
// (T20), middleware of the engine (T21), hooks for headers (T22), CORS (T23), the cookie (T24), the
// path without its slash (T09). The contract stands in admission-reference.mjs.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { call, client, connected, modes, upgraded } from "../js/client.mjs";
import { Polling, Wire, fetchRaw } from "../js/raw.mjs";
import { forEachKind, startServer } from "../js/server.mjs";
import { next } from "../js/wait.mjs";

const POLL = "/socket.io/?EIO=4&transport=polling";
const WEBSOCKET = "/socket.io/?EIO=4&transport=websocket";
const start = (kind, ...args) => startServer(kind, args, "admission");

/** The answer to an upgrade request. */
async function upgrade(t, server, target, headers) {
  const wire = await Wire.open(t, server);
  const res = await wire.upgrade(target, headers);
  wire.socket.destroy(); // the server's end need not wait for it
  return res;
}

forEachKind("allowRequest", (kind) => {
  let server;
  before(async () => { server = await start(kind, "--ask"); });
  after(() => server.stop());

  for (const [words, message] of [["no", "Forbidden"], ["not%20you", "not you"]]) {
    test(`a poll denied with "${message}" (T17 T20)`, async () => {
      const res = await fetchRaw(server, "GET", `${POLL}&admit=${words}`);
      assert.deepEqual([res.status, res.headers["content-type"], res.body],
        [403, "application/json", JSON.stringify({ code: 4, message })]);
      await server.observe({ event: "refused", code: 4, message: "Forbidden", key: "message", value: message });
    });

    test(`a WebSocket denied with "${message}" (T17 T20)`, async (t) => {
      const res = await upgrade(t, server, `${WEBSOCKET}&admit=${words}`);
      assert.deepEqual([res.line, res.headers["content-type"], res.headers.connection, res.body],
        ["HTTP/1.1 400 Bad Request", "text/html", "close", message]);
    });
  }

  test("it is asked before the version of the protocol is looked at (T20)", async () => {
    const res = await fetchRaw(server, "GET", "/socket.io/?EIO=3&transport=polling&admit=no");
    assert.deepEqual([res.status, res.body], [403, '{"code":4,"message":"Forbidden"}']);
    const old = await fetchRaw(server, "GET", "/socket.io/?EIO=3&transport=polling");
    assert.deepEqual([old.status, old.body], [400, '{"code":5,"message":"Unsupported protocol version"}']);
  });

  test("and not for what cannot be a handshake (T20)", async () => {
    const fresh = await start(kind, "--ask");
    for (const [method, target] of [["POST", POLL], ["GET", WEBSOCKET], ["GET", `${POLL}&sid=nobody`],
      ["GET", "/socket.io/?EIO=4&transport=smoke"]])
      assert.equal((await fetchRaw(fresh, method, `${target}&admit=no`)).status, 400);
    await fresh.observe(() => fresh.seen({ event: "refused" }).length === 4, "four refusals");
    await fresh.stop();
    assert.deepEqual(fresh.seen({ event: "asked" }), []);
  });

  for (const [mode, options] of Object.entries(modes))
    test(`${mode}: once for each session, not for the requests that follow (T20)`, async (t) => {
      const fresh = await start(kind, "--ask");
      t.after(() => fresh.stop());
      const socket = await (options.transports.length > 1 ? upgraded : connected)(t, fresh, options);
      assert.deepEqual(await call(socket, "ack", 1), [1]);
      const [{ transport }, ...more] = fresh.seen({ event: "asked" });
      assert.deepEqual([transport, more], [options.transports[0], []]);
    });

  test("the client that is refused (T20)", async (t) => {
    const [err] = await next(client(t, server, { transports: ["polling"], query: { admit: "no" } }), "connect_error");
    assert.deepEqual([err.message, err.description], ["xhr poll error", 403]);
  });
});

forEachKind("middleware of the engine", (kind) => {
  let server;
  before(async () => { server = await start(kind, "--middleware"); });
  after(() => server.stop());

  test("what it sets stands in every answer, the 101 too (T21)", async (t) => {
    const session = await Polling.open(server);
    const answers = [await fetchRaw(server, "GET", POLL), await session.push("40"), await session.poll(),
      await upgrade(t, server, WEBSOCKET), await fetchRaw(server, "GET", `${POLL}&sid=nobody`)];
    assert.deepEqual(answers.map((res) => [res.status, res.headers["x-seen"]]),
      [[200, "yes"], [200, "yes"], [200, "yes"], [101, "yes"], [400, "yes"]]);
  });

  test("what it answers itself goes no further (T21)", async (t) => {
    const res = await fetchRaw(server, "GET", POLL, { headers: { "X-Stop": "1" } });
    assert.deepEqual([res.status, res.body], [401, "stopped"]);
    const wire = await Wire.open(t, server);
    // The official server cannot answer an upgrade from there: it cuts the connection.
    if (kind === "vireo") assert.equal((await wire.upgrade(WEBSOCKET, { "X-Stop": "1" })).status, 401);
    else await assert.rejects(wire.upgrade(WEBSOCKET, { "X-Stop": "1" }), /ended/);
  });

  test("what it lets fail is refused (T21)", async () => {
    const res = await fetchRaw(server, "GET", POLL, { headers: { "X-Fail": "1" } });
    assert.equal(res.status, 400);
    if (kind === "node") assert.equal(res.body, '{"code":3,"message":"Bad request"}');
  });
});

forEachKind("hooks for headers", (kind) => {
  test("the first once for each session, the others with every answer, none with a refusal (T22)", async (t) => {
    const server = await start(kind, "--headers");
    t.after(() => server.stop());
    const open = await fetchRaw(server, "GET", POLL);
    const { sid } = JSON.parse(open.body.slice(1));
    const answers = [open, await fetchRaw(server, "POST", `${POLL}&sid=${sid}`, { body: "40" }),
      await fetchRaw(server, "GET", `${POLL}&sid=${sid}`), await upgrade(t, server, `${WEBSOCKET}&sid=${sid}`),
      await upgrade(t, server, WEBSOCKET), await fetchRaw(server, "GET", `${POLL}&sid=nobody`),
      await fetchRaw(server, "GET", "/socket.io/socket.io.js"), await upgrade(t, server, `${WEBSOCKET}&sid=nobody`)];
    assert.deepEqual(answers.map(({ status, headers }) => [status, headers["x-first"], headers["x-each"]]), [
      [200, "yes", "yes"], [200, undefined, "yes"], [200, undefined, "yes"], [101, undefined, "yes"],
      [101, "yes", "yes"], [400, undefined, undefined], [200, undefined, undefined], [400, undefined, undefined]]);
    await server.observe(() => server.seen({ event: "initial-headers" }).length === 2, "two of them");
  });
});

const CORS = ["vary", "access-control-allow-origin", "access-control-allow-credentials",
  "access-control-allow-methods", "access-control-allow-headers", "access-control-expose-headers", "access-control-max-age"];
const shown = ({ headers }) => Object.fromEntries(CORS.map((name) => [name, headers[name]])
  .filter(([, value]) => value !== undefined)
  .map(([name, value]) => [name.replace("access-control-", ""), value]));
const METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE";

// [option, origin, what answers say, what preflights say]
const cors = [
  ["any", "https://x.example", { "allow-origin": "*" },
    { "allow-origin": "*", "allow-methods": METHODS, "allow-headers": "x-q", vary: "Access-Control-Request-Headers" }],
  ["list", "https://b.example",
    { "allow-origin": "https://b.example", vary: "Origin", "allow-credentials": "true", "expose-headers": "X-Three" },
    { "allow-origin": "https://b.example", vary: "Origin", "allow-credentials": "true", "expose-headers": "X-Three",
      "allow-methods": "GET,POST", "allow-headers": "X-One,X-Two", "max-age": "60" }],
  ["list", "https://b.example.evil", { vary: "Origin", "allow-credentials": "true", "expose-headers": "X-Three" },
    { vary: "Origin", "allow-credentials": "true", "expose-headers": "X-Three", "allow-methods": "GET,POST",
      "allow-headers": "X-One,X-Two", "max-age": "60" }],
  ["decide", "https://x.good", { "allow-origin": "https://x.good", vary: "Origin", "allow-credentials": "true" },
    { "allow-origin": "https://x.good", vary: "Origin, Access-Control-Request-Headers", "allow-credentials": "true",
      "allow-methods": METHODS, "allow-headers": "x-q" }],
];

forEachKind("CORS", (kind) => {
  const servers = {};
  before(async () => {
    for (const which of ["any", "list", "decide", "pass"]) servers[which] = await start(kind, "--cors", which);
    servers.none = await start(kind);
  });
  after(() => Promise.all(Object.values(servers).map((server) => server.stop())));

  for (const [which, origin, plain, preflight] of cors)
    test(`${which}, to ${origin}: polls, files, refusals, the 101, preflights (T23 T39)`, async (t) => {
      const server = servers[which];
      const headers = { Origin: origin };
      for (const target of [POLL, `${POLL}&sid=nobody`])
        assert.deepEqual(shown(await fetchRaw(server, "GET", target, { headers })), plain, target);
      const file = shown(await fetchRaw(server, "GET", "/socket.io/socket.io.js", { headers }));
      assert.deepEqual({ ...file, vary: file.vary?.replace(/(, )?Accept-Encoding/, "") || undefined },
        { vary: undefined, ...plain });
      const open = await upgrade(t, server, WEBSOCKET, headers);
      assert.equal(open.status, 101, "WebSockets are not held up");
      assert.deepEqual(shown(open), plain);
      for (const target of [POLL, "/socket.io/socket.io.js"]) {
        const asked = await fetchRaw(server, "OPTIONS", target,
          { headers: { ...headers, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "x-q" } });
        assert.deepEqual([asked.status, shown(asked)], [204, preflight], target);
      }
    });

  test("a preflight that goes on is the engine's, which refuses it (T23)", async () => {
    const res = await fetchRaw(servers.pass, "OPTIONS", POLL, { headers: { Origin: "https://x.example" } });
    assert.deepEqual([res.status, res.body, res.headers["access-control-allow-origin"]],
      [400, '{"code":2,"message":"Bad handshake method"}', "*"]);
  });

  test("without the option nothing is said, and nobody is kept out (T23 T34)", async (t) => {
    const headers = { Origin: "https://evil.example" };
    const res = await fetchRaw(servers.none, "GET", POLL, { headers });
    assert.deepEqual([res.status, shown(res)], [200, {}]);
    const open = await upgrade(t, servers.none, WEBSOCKET, headers);
    assert.deepEqual([open.status, shown(open)], [101, {}]);
  });
});

describe("the cookie", { concurrency: 4 }, () => {
  for (const [which, cookie] of [
    ["plain", (sid) => `io=${sid}; Path=/; HttpOnly; SameSite=Lax`],
    ["bare", (sid) => `io=${sid}`],
    ["full", (sid) => `sticky=${sid}; Max-Age=3600; Domain=a.example; Path=/chat; HttpOnly; Secure; Partitioned; Priority=High; SameSite=None`],
  ])
    forEachKind(which, (kind) => {
      test("with the poll that opens a session, and no other answer (T24)", async (t) => {
        const server = await start(kind, "--cookie", which);
        t.after(() => server.stop());
        const open = await fetchRaw(server, "GET", POLL);
        const { sid } = JSON.parse(open.body.slice(1));
        assert.deepEqual(open.headers["set-cookie"], [cookie(sid)]);
        const others = [await fetchRaw(server, "POST", `${POLL}&sid=${sid}`, { body: "40" }),
          await fetchRaw(server, "GET", `${POLL}&sid=${sid}`), await upgrade(t, server, WEBSOCKET),
          await fetchRaw(server, "GET", `${POLL}&sid=nobody`)];
        assert.deepEqual(others.map(({ status, headers }) => [status, headers["set-cookie"]]),
          [200, 200, 101, 400].map((status) => [status, undefined]));
      });
    });
});

forEachKind("requests", (kind) => {
  test("addTrailingSlash: false (T09)", async (t) => {
    const server = await start(kind, "--no-slash");
    t.after(() => server.stop());
    for (const target of ["/socket.io?EIO=4&transport=polling", POLL, "/socket.iofoo?EIO=4&transport=polling"])
      assert.match((await fetchRaw(server, "GET", target)).body, /^0\{/, target);
    for (const options of Object.values(modes)) {
      const socket = await connected(t, server, { ...options, addTrailingSlash: false });
      assert.deepEqual(await call(socket, "ack", 1), [1]);
    }
  });

  test("each on a connection of its own, which ends with it (T01)", async (t) => {
    const server = await start(kind);
    t.after(() => server.stop());
    const socket = await connected(t, server, { transports: ["polling"], extraHeaders: { Connection: "close" } });
    for (let i = 0; i < 5; i++) assert.deepEqual(await call(socket, "ack", i), [i]);
  });
});
