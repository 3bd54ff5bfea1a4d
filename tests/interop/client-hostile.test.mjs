// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Vireo's Socket.IO client and servers that break the rules, or know no limits: it closes with the
// official reasons, tries again, and stays usable (C23). Over WebSocket each test says what the
// server sends; over polling what it answers.

import test from "node:test";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { WebSocketServer } from "ws";
import { startClients } from "../js/driver.mjs";
import { until } from "../js/wait.mjs";

const quick = { delay: 5, delayMax: 10 };
const hello = (more = {}) => "0" + JSON.stringify({ sid: "abc", upgrades: [], pingInterval: 25000,
  pingTimeout: 20000, maxPayload: 1000000, ...more });

/** A server of which the first connection is hostile and those after it are well. */
async function rogue(t, first) {
  const wss = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(wss, "listening");
  t.after(() => { for (const c of wss.clients) c.terminate(); wss.close(); });
  let count = 0;
  wss.on("connection", (ws) => {
    ws.on("error", () => {});
    if (count++ === 0) { first(ws); return; }
    ws.send(hello());
    ws.on("message", (m) => { if (String(m).startsWith("40")) ws.send('40{"sid":"well"}'); });
  });
  return `http://127.0.0.1:${wss.address().port}`;
}

const joined = (ws, ...packets) => {
  ws.send(hello());
  ws.once("message", () => { ws.send('40{"sid":"first"}'); for (const p of packets) ws.send(p); });
};

const broken = {
  "a packet of no known type": ["49"],
  "JSON that is none": ['42["x",'],
  "an event that is no array": ['42{"a":1}'],
  "an event without a name": ["42[]"],
  "a reserved event": ['42["connect"]'],
  "too many attachments": ['4511-["x"]'],
  "an attachment count that is none": ['45x-["x"]'],
  "a placeholder beyond the attachments": ['451-["x",{"_placeholder":true,"num":7}]', Buffer.from("b")],
  "binary without a packet": [Buffer.from("b")],
  "text where an attachment is due": ['451-["x",{"_placeholder":true,"num":0}]', '42["y"]'],
  "a CONNECT_ERROR that is no object": ["44[7]"],
};
for (const [what, packets] of Object.entries(broken))
  test(`${what}: parse error, and once more`, async (t) => {
    const url = await rogue(t, (ws) => joined(ws, ...packets));
    const a = startClients(t).connect("a", url, { ...quick, transports: "websocket" });
    await a.next("connect", { id: "first" });
    const { reason, description } = await a.next("disconnect");
    assert.equal(reason, "parse error");
    assert.notEqual(description, "");
    await a.next("connect", { id: "well" });
  });

const unreadable = {
  "an empty packet": (ws) => joined(ws, ""),
  "a packet of Engine.IO that does not exist": (ws) => joined(ws, "9"),
  "base64 that is none": (ws) => joined(ws, "b***"),
};
for (const [what, first] of Object.entries(unreadable))
  test(`${what}: transport error, and once more`, async (t) => {
    const url = await rogue(t, first);
    const a = startClients(t).connect("a", url, { ...quick, transports: "websocket" });
    assert.equal((await a.next("disconnect")).reason, "transport error");
    await a.next("connect", { id: "well" });
  });

const handshakes = {
  "JSON that is none": "0{",
  "no sid": "0" + JSON.stringify({ upgrades: [], pingInterval: 1000, pingTimeout: 1000 }),
  "a sid that is too long": hello({ sid: "x".repeat(257) }),
  "a sid with a NUL": hello({ sid: "x\0y" }),
  "no times": "0" + JSON.stringify({ sid: "x" }),
  "absurd times": hello({ pingInterval: 1e300 }),
  "an interval of more than a day": hello({ pingInterval: 86400001 }),
  "a time-out of more than a day": hello({ pingTimeout: 86400001 }),
  "negative times": hello({ pingInterval: -5 }),
  "times that are texts": hello({ pingTimeout: "1000" }),
};
for (const [what, packet] of Object.entries(handshakes))
  test(`a handshake with ${what}`, async (t) => {
    const url = await rogue(t, (ws) => ws.send(packet));
    const a = startClients(t).connect("a", url, { ...quick, transports: "websocket" });
    const error = await a.next("connect_error");
    assert.equal(error.message, "parse error");
    await a.next("connect", { id: "well" });
  });

test("a handshake at its limits; ten attachments", async (t) => {
  const ten = Array.from({ length: 10 }, (_, num) => ({ _placeholder: true, num }));
  const url = await rogue(t, (ws) => {
    ws.send(hello({ sid: "x".repeat(256), pingInterval: 86400000, pingTimeout: 86400000 }));
    ws.once("message", () => {
      ws.send('40{"sid":"first"}');
      ws.send(`4510-${JSON.stringify(["ten", ...ten])}`);
      for (let i = 0; i < 10; i++) ws.send(Buffer.from([i]));
    });
  });
  const a = startClients(t).connect("a", url, { ...quick, transports: "websocket" });
  await a.next("connect", { id: "first" });
  const { args } = await a.next("event", { type: "ten" });
  assert.deepEqual(args.slice(1).map((b) => b.data), Array.from({ length: 10 }, (_, i) => [i]));
});

// DISCONNECT in the place of the answer to CONNECT; that without an id is what version 2 answers.
const unwelcome = {
  "it is put out before it was let in": ["41", "io server disconnect"],
  "the answer to CONNECT has no id": ["40", /Socket.IO server in v2.x/],
};
for (const [what, [packet, message]] of Object.entries(unwelcome))
  test(`${what}: refused, and opened again when that is wanted`, async (t) => {
    const url = await rogue(t, (ws) => {
      ws.send(hello());
      ws.once("message", () => { ws.send('42["early"]'); ws.send(packet); });
    });
    const a = startClients(t).connect("a", url, { ...quick, transports: "websocket" });
    const error = await a.next("connect_error");
    assert.equal(error.refused, true);
    if (typeof message === "string") assert.equal(error.message, message);
    else assert.match(error.message, message);
    assert.equal((await a.state()).active, false);
    a.do("open");
    await a.next("connect", { id: "well" });
    assert.equal(a.seen("event", "reconnect_attempt").length, 0); // what came too early is forgotten
  });

test("packets that mean nothing here do no harm", async (t) => {
  const url = await rogue(t, (ws) => joined(ws, hello(), "6", "3", "5", "1", "43[1]", "439[1]", "43/x,5[]",
    '42/other,["x"]', "41/other,", '40/other,{"sid":"y"}', '40{"sid":"again"}', '44{"message":"late"}',
    '42["plain"]'));
  const a = startClients(t).connect("a", url, { ...quick, transports: "websocket" });
  assert.equal((await a.next("connect")).id, "first");
  await a.next("event", { type: "plain" });
  const state = await a.state();
  assert.deepEqual([state.id, state.connected], ["first", true]);
  assert.equal(a.seen("disconnect", "connect_error").length, 0);
});

test("a flood of pings, and of events before the namespace is joined", async (t) => {
  const url = await rogue(t, (ws) => {
    ws.send(hello());
    for (let i = 0; i < 5000; i++) ws.send("2");
    for (let i = 0; i < 5000; i++) ws.send('42["early","' + "x".repeat(100) + '"]');
  });
  const a = startClients(t).connect("a", url,
    { ...quick, transports: "websocket", maxMessageBytes: 100000 });
  const { reason, description } = await a.next("close");
  assert.equal(reason, "parse error");
  assert.match(description, /too much/);
  await a.next("connect", { id: "well" });
});

test("a message that is larger than the limit, or just as large", async (t) => {
  const message = '42["x","' + "y".repeat(1000 - 11) + '"]'; // 1,000 bytes with the quotes
  assert.equal(message.length, 1000 - 1);
  const url = await rogue(t, (ws) => joined(ws, message + " ", message + "  "));
  const a = startClients(t).connect("a", url,
    { ...quick, transports: "websocket", maxMessageBytes: 1000 });
  await a.next("event", { type: "x" });
  assert.equal((await a.next("disconnect")).reason, "transport error");
  assert.equal(a.seen("event").length, 1);
  await a.next("connect", { id: "well" });
});

test("a server that dies in the middle of an attachment", async (t) => {
  const url = await rogue(t, (ws) => {
    joined(ws, '452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', Buffer.from("half"));
    ws.once("message", () => setImmediate(() => ws.terminate()));
  });
  const a = startClients(t).connect("a", url, { ...quick, transports: "websocket" });
  await a.next("disconnect");
  await a.next("connect", { id: "well" });
  assert.equal(a.seen("event").length, 0);
});

/** A server that answers polls as `answer` says: (number of the GET, res) => true if it did. */
async function pollServer(t, answer) {
  let gets = 0;
  const http = createServer((req, res) => {
    req.resume();
    if (req.method === "POST") { res.end("ok"); return; }
    answer(gets++, res, req);
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => { http.close(); http.closeAllConnections?.(); });
  return `http://127.0.0.1:${http.address().port}`;
}

const payloads = {
  "nothing": ["", "transport error"],
  "garbage": ["\x1e\x1e", "transport error"],
  "a close packet": ["1", "transport close"],
  "a close packet in front of a message": ['1\x1e42["x"]', "transport close"],
};
for (const [what, [body, reason]] of Object.entries(payloads))
  test(`polling: the answer is ${what}`, async (t) => {
    const url = await pollServer(t, (n, res) => {
      if (n % 3 === 0) res.end(hello({ sid: `s${n}` }));
      else if (n % 3 === 1) res.end('40{"sid":"first"}');
      else res.end(body);
    });
    const a = startClients(t).connect("a", url, { ...quick, transports: "polling", noReconnect: true });
    await a.next("connect");
    assert.equal((await a.next("disconnect")).reason, reason);
    assert.equal(a.seen("event").length, 0);
  });

test("polling: no session, or one without end", async (t) => {
  const url = await pollServer(t, (n, res) => {
    if (n === 0) res.end('42["x"]');
    else if (n === 1) { res.writeHead(200); const more = () => res.write("x".repeat(65536)) && setImmediate(more); res.on("drain", more); more(); }
    else res.end(hello());
  });
  const a = startClients(t).connect("a", url, { ...quick, transports: "polling", maxMessageBytes: 100000 });
  assert.equal((await a.next("connect_error")).message, "server error");
  const error = await a.next("connect_error");
  assert.deepEqual([error.message, error.code], ["xhr poll error", "VIREO_ETOOBIG"]);
  await a.next("open");
});

test("a probe that is answered wrongly, late or never: polling goes on", async (t) => {
  for (const answer of ["3wrong", "9", "6", Buffer.from("3probe"), null, "close"]) {
    const waiting = [];
    const http = createServer((req, res) => {
      if (req.method === "POST") { req.on("data", () => {}).on("end", () => { res.end("ok"); }); return; }
      if (!req.url.includes("sid=")) res.end(hello({ upgrades: ["websocket"] }));
      else waiting.push(res);
    });
    const wss = new WebSocketServer({ server: http });
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    t.after(() => { http.close(); http.closeAllConnections?.(); wss.close(); });
    const probed = new Promise((resolve) => wss.on("connection", (ws) => ws.on("message", () => {
      if (answer === "close") ws.close();
      else if (answer !== null) ws.send(answer);
      ws.on("close", resolve);
      if (answer === null) resolve();
    })));
    const a = startClients(t).connect("a", `http://127.0.0.1:${http.address().port}`, quick);
    await a.next("open");
    await probed;
    await until(() => waiting.length > 0, "a poll");
    waiting.shift().end('40{"sid":"polled"}');
    await a.next("connect", { id: "polled" });
    assert.equal(a.seen("upgrading", "upgrade", "close").length, 0);
    if (answer !== null) await a.all.until(() => a.seen("upgrade_error")[0], "the upgrade's error");
  }
});
