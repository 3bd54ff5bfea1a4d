// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// In what manner events are sent: volatile (S10), uncompressed (S11), the newest only, and how
// answers to polls are compressed (T25). The contract stands in sending-reference.mjs.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { gunzipSync, inflateSync } from "node:zlib";
import { call, connected } from "../js/client.mjs";
import { Polling, Wire, fetchRaw, joinedSession } from "../js/raw.mjs";
import { forEachKind, startServer } from "../js/server.mjs";
import { next, nextN } from "../js/wait.mjs";

const start = (kind, ...args) => startServer(kind, args, "sending");

/** An event as a packet, without attachments. */
const packet = (...args) => `42${JSON.stringify(args)}`;

async function pollingSession(server) {
  const session = await Polling.open(server);
  session.id = await session.join();
  return session;
}

/** Polls, and posts `payload` until the answer has come: only a GET that has arrived takes it. */
async function untilTaken(session, payload) {
  const pending = session.get();
  for (let told = false; !told;) {
    await session.post(payload);
    told = await Promise.race([pending.then(() => true), new Promise((r) => setTimeout(r, 20, false))]);
  }
  return pending;
}

forEachKind("volatile events", (kind) => {
  let server;
  before(async () => { server = await start(kind); });
  after(() => server.stop());

  test("polling: dropped while no GET is pending, sent while one is (S10)", async () => {
    const session = await pollingSession(server);
    await session.post(packet("say", { volatile: true }, "lost"));
    await session.post(`451-${JSON.stringify(["say-all", { volatile: true }, { _placeholder: true, num: 0 }])}\x1ebAQID`);
    await session.post(packet("say", {}, "kept"));
    assert.equal(await session.get(), packet("said", "kept"));
    assert.equal(await untilTaken(session, packet("say", { volatile: true }, "seen")), packet("said", "seen"));
  });

  test("polling: a volatile event with attachments is sent whole (S10)", async () => {
    const session = await pollingSession(server);
    const say = `451-${JSON.stringify(["say", { volatile: true }, { _placeholder: true, num: 0 }])}\x1ebAQID`;
    const first = await untilTaken(session, say);
    // The official server answers with what it has got so far.
    const all = first.includes("\x1e") ? first : `${first}\x1e${await session.get()}`;
    assert.equal(all, `451-["said",{"_placeholder":true,"num":0}]\x1ebAQID`);
  });

  test("WebSocket: dropped, attachments and all, while the client does not read (S10)", async (t) => {
    const [slow, other] = [await joinedSession(t, server), await joinedSession(t, server)];
    slow.socket.pause();
    slow.sendText(packet("fill"));
    await server.observe({ event: "filled", id: slow.id });
    slow.sendText(packet("say", { volatile: true }, "lost"));
    slow.sendText(`451-${JSON.stringify(["say", { volatile: true }, { _placeholder: true, num: 0 }])}`);
    slow.sendFrame(2, Buffer.alloc(3));
    slow.sendText(packet("say-all", { volatile: true }, "for who reads"));
    assert.equal(await other.readText(), packet("said", "for who reads"));
    slow.socket.resume();
    const read = [];
    slow.sendText(packet("say", {}, "kept"));
    while (read.at(-1) !== packet("said", "kept")) {
      const text = await slow.readText();
      if (!text.startsWith(`42["filler"`)) read.push(text);
    }
    assert.deepEqual(read, [packet("said", "kept")]);
    slow.sendText(packet("say", { volatile: true }, "again"));
    assert.equal(await slow.readText(), packet("said", "again"));
  });
});

forEachKind("compression of answers to polls", (kind) => {
  let server;
  before(async () => { server = await start(kind); });
  after(() => server.stop());

  /** What a poll with this Accept-Encoding is answered with once `packets` were posted. */
  async function answer(on, accept, ...packets) {
    const session = await pollingSession(on);
    for (const p of packets) await session.post(p);
    return session.poll({ headers: accept === undefined ? {} : { "Accept-Encoding": accept } });
  }

  const text = "x".repeat(3000);
  const decoded = (res) => {
    const decode = { gzip: gunzipSync, deflate: inflateSync }[res.headers["content-encoding"]];
    return (decode ? decode(res.bytes) : res.bytes).toString("utf8");
  };

  for (const [accept, coding] of [
    [undefined, undefined], ["", undefined], ["gzip", "gzip"], ["deflate", "deflate"],
    ["gzip, deflate", "gzip"], ["deflate, gzip", "deflate"], ["deflate;q=0.5, gzip;q=0.6", "gzip"],
    ["gzip;q=0.1, deflate;q=0.2", "deflate"], ["gzip;q=0", undefined], ["*", "gzip"], ["*;q=0", undefined],
    ["br", undefined], ["identity, gzip;q=0.1", "gzip"], ["*, deflate", "deflate"], ["GZIP", "gzip"],
    ["gzip;q=0, *", "deflate"], ["x-gzip", undefined], ["gzip, deflate, br", "gzip"],
  ])
    test(`Accept-Encoding ${JSON.stringify(accept)}: ${coding ?? "as it is"} (T25)`, async () => {
      const res = await answer(server, accept, packet("say", {}, text));
      assert.equal(res.status, 200);
      assert.equal(res.headers["content-encoding"], coding);
      assert.equal(res.headers["content-type"], "text/plain; charset=UTF-8");
      assert.equal(decoded(res), packet("said", text));
      if (coding) assert.ok(res.bytes.length < 200, `${res.bytes.length} bytes`);
    });

  test("from 1,024 bytes on, and not one byte less (T25)", async () => {
    const frame = packet("said", "").length;
    for (const [bytes, coding] of [[1023, undefined], [1024, "gzip"]]) {
      const res = await answer(server, "gzip", packet("say", {}, "y".repeat(bytes - frame)));
      assert.equal(decoded(res).length, bytes);
      assert.equal(res.headers["content-encoding"], coding, `${bytes} bytes`);
    }
  });

  if (kind === "vireo") test("up to as many bytes as may hold up the others, and not one more (T25)", async (t) => {
    const short = await start(kind, "--max-answer", 3000);
    t.after(() => short.stop());
    const frame = packet("said", "").length;
    for (const [bytes, coding] of [[3000, "gzip"], [3001, undefined]]) {
      const res = await answer(short, "gzip", packet("say", {}, "y".repeat(bytes - frame)));
      assert.equal(decoded(res).length, bytes);
      assert.equal(res.headers["content-encoding"], coding, `${bytes} bytes`);
    }
  });

  test("not what is flagged, unless something else in the answer is not (S11 T25)", async () => {
    const flagged = packet("say", { plain: true }, text);
    const alone = await answer(server, "gzip", flagged, packet("say-all", { plain: true }, "small"));
    assert.equal(alone.headers["content-encoding"], undefined);
    assert.ok(alone.body.startsWith(packet("said", text)));
    const mixed = await answer(server, "gzip", flagged, packet("say", {}, "small"));
    assert.equal(mixed.headers["content-encoding"], "gzip");
    assert.ok(decoded(mixed).startsWith(`${packet("said", text)}\x1e`));
  });

  test("of binary messages as their base64 (T25)", async () => {
    const bytes = Buffer.alloc(900, 7);
    const res = await answer(server, "gzip",
      `451-${JSON.stringify(["say", {}, { _placeholder: true, num: 0 }])}\x1eb${bytes.toString("base64")}`);
    assert.equal(res.headers["content-encoding"], "gzip");
    assert.equal(decoded(res), `451-["said",{"_placeholder":true,"num":0}]\x1eb${bytes.toString("base64")}`);
  });

  test("the threshold and the whole are options (T25)", async (t) => {
    const [low, off] = [await start(kind, "--threshold", 1), await start(kind, "--no-compression")];
    t.after(() => Promise.all([low.stop(), off.stop()]));
    const small = await answer(low, "gzip", packet("say", {}, "z".repeat(100)));
    assert.equal(small.headers["content-encoding"], "gzip");
    assert.equal(decoded(small), packet("said", "z".repeat(100)));
    const open = await fetchRaw(low, "GET", "/socket.io/?EIO=4&transport=polling",
      { headers: { "Accept-Encoding": "gzip" } });
    assert.match(decoded(open), /^0\{"sid":/);
    assert.equal((await answer(off, "gzip", packet("say", {}, text))).headers["content-encoding"], undefined);
  });

  test("never what holds no message (T25)", async (t) => {
    const low = await start(kind, "--threshold", 1);
    t.after(() => low.stop());
    const session = await pollingSession(low);
    const pending = session.poll({ headers: { "Accept-Encoding": "gzip" } });
    const wire = await Wire.open(t, low);
    await wire.upgrade(`/socket.io/?EIO=4&transport=websocket&sid=${session.sid}`);
    wire.sendText("2probe");
    const noop = await pending;
    assert.deepEqual([noop.body, noop.headers["content-encoding"]], ["6", undefined]);
    const last = session.poll({ headers: { "Accept-Encoding": "gzip" } });
    await session.post("1");
    assert.deepEqual([(await last).body, (await last).headers["content-encoding"]], ["6", undefined]);
  });
});

forEachKind("packets, for who looks on", (kind) => {
  for (const transport of ["polling", "websocket"])
    test(`${transport}: each that comes and goes (T36)`, async (t) => {
      const server = await start(kind, "--watch");
      t.after(() => server.stop());
      const socket = await connected(t, server, { transports: [transport] });
      assert.deepEqual(await call(socket, "ack", Buffer.from([1, 2, 3])), [Buffer.from([1, 2, 3])]);
      assert.deepEqual(await call(socket, "ack", "text"), ["text"]);
      await server.observe({ event: "packet", data: `31["text"]` });
      const placeholder = JSON.stringify({ _placeholder: true, num: 0 });
      assert.deepEqual(server.seen({ event: "packet" }).map((p) => [p.sent ? "->" : "<-", p.type, p.data]), [
        ["<-", "message", "0"], ["->", "message", "0"],
        ["<-", "message", `51-0["ack",${placeholder}]`], ["<-", "message", 3],
        ["->", "message", `61-0[${placeholder}]`], ["->", "message", 3],
        ["<-", "message", `21["ack","text"]`], ["->", "message", `31["text"]`]]);
    });

  test("polling: what waits for a poll is flushed with it, at once (T36)", async (t) => {
    const server = await start(kind, "--watch");
    t.after(() => server.stop());
    const session = await pollingSession(server);
    await session.post([packet("say", {}, "one"), packet("say", {}, "two"),
      `451-${JSON.stringify(["say", {}, { _placeholder: true, num: 0 }])}`, "bAQID"].join("\x1e"));
    assert.equal((await session.get()).split("\x1e").length, 4);
    const bytes = packet("said", "one").length * 2 + `451-["said",{"_placeholder":true,"num":0}]`.length + 3;
    await server.observe({ event: "flush", packets: 4 });
    assert.deepEqual(server.seen({ event: "flush" }), [
      { event: "flush", transport: "polling", packets: 1, bytes: 32 }, // the answer to CONNECT
      { event: "flush", transport: "polling", packets: 4, bytes }]);
  });

  test("websocket: all that is queued is flushed, in batches (T36)", async (t) => {
    const server = await start(kind, "--watch");
    t.after(() => server.stop());
    const socket = await connected(t, server, { transports: ["websocket"] });
    for (let i = 0; i < 10; i++) socket.emit("say", {}, "text");
    await nextN(socket, "said", 10);
    await call(socket, "ack", 0);
    const sum = (key) => server.seen({ event: "flush" }).reduce((n, f) => n + f[key], 0);
    await server.observe(() => sum("packets") >= 12, "12 packets flushed");
    assert.equal(server.seen({ event: "flush", transport: "polling" }).length, 0);
    assert.equal(sum("packets"), 12);
    assert.equal(sum("bytes"), 32 + 10 * packet("said", "text").length + "430[0]".length);
  });
});

if (process.env.VIREO_KINDS !== "node") describe("events of which the newest counts", () => {
  let server;
  before(async () => { server = await start("vireo"); });
  after(() => server.stop());

  const binary = (event, how, bytes) => [
    `451-${JSON.stringify([event, how, { _placeholder: true, num: 0 }])}`, Buffer.from(bytes)];

  test("polling: between two polls only the newest of each name waits, at the end", async () => {
    const session = await pollingSession(server);
    for (let i = 1; i <= 20; i++) {
      await session.post(packet("say", { newest: "a" }, `a${i}`));
      await session.post(packet("say", { newest: "b" }, `b${i}`));
      if (i === 10) await session.post(packet("say", {}, "between"));
    }
    await session.post(packet("say-all", { newest: "a" }, "to all"));
    assert.deepEqual((await session.get()).split("\x1e"),
      ["between", "b20", "to all"].map((x) => packet("said", x)));
    await session.post(packet("say", { newest: "a" }, "later"));
    assert.equal(await session.get(), packet("said", "later"));
  });

  test("polling: attachments go with their event", async () => {
    const session = await pollingSession(server);
    for (let i = 1; i <= 3; i++) {
      const [text, bytes] = binary("say", { newest: "a" }, [i, i, i]);
      await session.post(`${text}\x1eb${bytes.toString("base64")}`);
    }
    await session.post(packet("say", {}, "end"));
    assert.equal(await session.get(), `451-["said",{"_placeholder":true,"num":0}]\x1ebAwMD\x1e${packet("said", "end")}`);
  });

  test("while a client takes what it is sent it gets all of them", async (t) => {
    const wire = await joinedSession(t, server);
    for (let i = 0; i < 5; i++) {
      wire.sendText(packet("say", { newest: "a" }, i));
      assert.equal(await wire.readText(), packet("said", i));
    }
  });

  for (const [name, args] of [["WebSocket", []], ["WebSocket, compressed", ["--deflate"]]])
    test(`${name}: one that does not read gets the newest in the end, in order`, async (t) => {
      const own = await start("vireo", ...args);
      t.after(() => own.stop());
      const socket = await connected(t, own, { transports: ["websocket"], perMessageDeflate: args.length > 0 });
      const { ws } = socket.io.engine.transport;
      assert.equal(ws.extensions !== "", args.length > 0);
      ws.pause();
      socket.emit("fill");
      await own.observe({ event: "filled", id: socket.id });
      for (let i = 1; i <= 50; i++) {
        socket.emit("say", { newest: "a" }, `a${i}`);
        socket.emit("say", { newest: "b" }, { i, bytes: Buffer.from([i]) });
        if (i === 25) socket.emit("say", {}, "between");
      }
      socket.emit("say", {}, "end");
      socket.emit("note", "all");
      await own.observe({ event: "noted", x: "all" });
      const come = nextN(socket, "said", 4);
      ws.resume();
      assert.deepEqual((await come).flat(), ["between", "a50", { i: 50, bytes: Buffer.from([50]) }, "end"]);
      const again = next(socket, "said");
      socket.emit("say", { newest: "a" }, "again");
      assert.deepEqual(await again, ["again"]);
    });

  test("what waits survives the change to WebSocket, as it is", async (t) => {
    const session = await pollingSession(server);
    for (let i = 1; i <= 3; i++) await session.post(packet("say", { newest: "a" }, i));
    const wire = await Wire.open(t, server);
    await wire.upgrade(`/socket.io/?EIO=4&transport=websocket&sid=${session.sid}`);
    wire.sendText("2probe");
    assert.equal(await wire.readText(), "3probe");
    wire.sendText("5");
    assert.equal(await wire.readText(), packet("said", 3));
  });
});

if (process.env.VIREO_KINDS !== "node")
  test("a flagged message is not compressed over WebSocket either (S11 T26)", async (t) => {
    const server = await start("vireo", "--deflate");
    t.after(() => server.stop());
    const wire = await Wire.open(t, server);
    const res = await wire.upgrade("/socket.io/?EIO=4&transport=websocket",
      { "Sec-WebSocket-Extensions": "permessage-deflate" });
    assert.match(res.headers["sec-websocket-extensions"], /^permessage-deflate/);
    wire.sendText("40");
    const text = "x".repeat(3000);
    for (const how of [{}, { plain: true }, {}]) wire.sendText(packet("say", how, text));
    const frames = [];
    for (let i = 0; i < 5; i++) frames.push(await wire.readFrame());
    frames.splice(0, 2); // the handshake, and the namespace's
    assert.deepEqual(frames.map((f) => f.rsv), [4, 0, 4]);
    assert.equal(frames[1].payload.toString(), packet("said", text));
  });
