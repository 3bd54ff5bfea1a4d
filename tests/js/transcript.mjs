// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Transcripts: a conversation with the server, line by line.
//
//   > TEXT          send a text frame              < TEXT       the next frame is this text
//   >> HEX          send a binary frame            << HEX       the next frame is these bytes
//   >raw HEX        send bytes as they are         <close CODE  the next frame closes, 1005: no code
//   <end            the server ends the connection, after nothing more than a close frame
//   PROBE           a WebSocket asks to take over the polling session; frames go there now
//   GET, GET:a      a poll is sent (label g, or a) g= STATUS BODY, a= ..   its answer
//   POST BODY       a post is sent (label p)       p= STATUS BODY          its answer
//   POST:b BODY     the same with label b          .. STATUS alone: any body
//   {..}            the server makes this observation; "$id" is the socket's id
//
// In texts ␞ stands for the byte 0x1E, and $sid, $id, $sid2 (20 characters), $num (digits) and
// $any (any text) are placeholders: the first occurrence of one binds it, except of $any. A line may be
// an object with one line (or null for none, or a list) for each kind of server, where Vireo
// deliberately answers better than the official server; the row says why.
//
// A row: { name, start, lines, kinds }. start is one of
//   "none", "websocket", "polling" (the session is open)
//   "joined websocket", "joined polling" (the CONNECT for "/" is answered too; default)

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { client, settle } from "./client.mjs";
import { Polling, Wire, joinedSession, webSocketSession } from "./raw.mjs";
import { forEachKind, startServer } from "./server.mjs";
import { next } from "./wait.mjs";

const bytesOf = (hex) => Buffer.from(hex.replaceAll(" ", ""), "hex");
const hexOf = (bytes) => bytes.toString("hex").replace(/(..)(?=.)/g, "$1 ");
const plain = (text) => text.replaceAll("␞", "\x1e");

class Conversation {
  constructor(t, server) {
    this.t = t;
    this.server = server;
    this.bound = {};
    this.answers = new Map();
  }

  async start(how) {
    if (how === "websocket") {
      this.wire = await webSocketSession(this.t, this.server);
      this.bound.sid = this.wire.handshake.sid;
    } else if (how === "joined websocket") {
      this.wire = await joinedSession(this.t, this.server);
      this.bound.sid = this.wire.handshake.sid;
      this.bound.id = this.wire.id;
    } else if (how.endsWith("polling")) {
      this.polling = await Polling.open(this.server);
      this.bound.sid = this.polling.sid;
      if (how.startsWith("joined")) this.bound.id = await this.polling.join();
    }
  }

  fill(text) {
    return plain(text).replaceAll(/\$(sid2|sid|id|num)\b/g, (all, name) => this.bound[name] ?? all);
  }

  equal(actual, expected, what) {
    const wanted = this.fill(expected);
    const names = [];
    const pattern = wanted.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")
      .replaceAll(/\\\$(sid2|sid|id|num|any)/g, (all, name) => {
        names.push(name);
        return { any: "([^]*)", num: "(\\d+)" }[name] ?? "([A-Za-z0-9_-]{20})";
      });
    const match = new RegExp(`^${pattern}$`).exec(actual);
    if (!match) assert.equal(actual, wanted, what);
    names.forEach((name, i) => { this.bound[name] = match[i + 1]; });
  }

  async frame(kind, expected, line) {
    const got = await this.wire.readFrame();
    const name = { 1: "<", 2: "<<", 8: "<close" }[got.opcode] ?? `opcode ${got.opcode}`;
    const text = got.opcode === 1 ? got.payload.toString("utf8")
      : got.opcode === 8 ? String(got.payload.length < 2 ? 1005 : got.payload.readUInt16BE())
        : hexOf(got.payload);
    if (name !== kind) assert.fail(`expected ${JSON.stringify(line)}, got ${name} ${text}`);
    this.equal(text, expected, line);
  }

  request(label, promise) {
    promise.catch(() => {});
    this.answers.set(label, promise);
  }

  async answer(label, status, body, line) {
    const res = await this.answers.get(label);
    assert.equal(res.status, Number(status), `${line}: ${res.status} ${res.body}`);
    if (body !== undefined) this.equal(res.body, body, line);
  }

  async end() {
    const rest = await this.wire.readEnd();
    if (rest.length > 0) assert.equal(rest[0], 0x88, `unexpected ${hexOf(rest.subarray(0, 40))}`);
    this.wire.socket.end();
  }

  async play(line) {
    const [, word, rest = ""] = /^(\S+)(?: ([^]*))?$/.exec(line);
    const [verb, label] = word.split(":");
    let answer;
    if (line.startsWith("{"))
      await this.server.observe(JSON.parse(this.fill(line)), line);
    else if (word === ">") this.wire.sendText(this.fill(rest));
    else if (word === ">>") this.wire.sendFrame(2, bytesOf(rest));
    else if (word === ">raw") this.wire.write(bytesOf(rest));
    else if (word === "<end") await this.end();
    else if (word.startsWith("<")) await this.frame(word, rest, line);
    else if (word === "PROBE") {
      this.wire = await Wire.open(this.t, this.server);
      const res = await this.wire.upgrade(
        `/socket.io/?EIO=4&transport=websocket&sid=${this.bound.sid}`);
      assert.equal(res.status, 101, line);
    } else if (verb === "GET") this.request(label ?? "g", this.polling.poll());
    else if (verb === "POST") this.request(label ?? "p", this.polling.push(this.fill(rest)));
    else if ((answer = /^(\w)= (\d+)(?: ([^]*))?$/.exec(line)))
      await this.answer(answer[1], answer[2], answer[3], line);
    else throw new Error(`no such line: ${line}`);
  }
}

/** The lines of a row that hold for `kind`. */
function linesFor(lines, kind) {
  return lines.flatMap((line) => line !== null && typeof line === "object" && !Array.isArray(line)
    ? line[kind] ?? [] : line);
}

/** Declares one test per row and kind. After each, a client that has been there all the time must
 *  still be connected and served. */
export function transcripts(title, rows, args = []) {
  forEachKind(title, (kind) => {
    let server;
    const hooks = [];
    let bystander;
    before(async () => {
      server = await startServer(kind, args);
      bystander = client({ after: (fn) => hooks.push(fn) }, server, { transports: ["websocket"] });
      await next(bystander, "connect");
    });
    after(async () => {
      for (const fn of hooks) fn();
      await server.stop();
    });
    for (const { name, start = "joined websocket", lines, kinds = [kind] } of rows)
      if (kinds.includes(kind))
        test(name, async (t) => {
          const { id } = bystander;
          const talk = new Conversation(t, server);
          await talk.start(start);
          for (const line of linesFor(lines, kind)) await talk.play(line);
          await settle(bystander);
          assert.equal(bystander.id, id, "the bystander was not disturbed");
        });
  }, { concurrency: 8 });
}
