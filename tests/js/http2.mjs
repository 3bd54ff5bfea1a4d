// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Node's own client of HTTP/2, and WebSocket over one of its streams (RFC 8441).

import { randomBytes } from "node:crypto";
import http2 from "node:http2";
import { next, within } from "./wait.mjs";

/** One connection; it is closed at the end of test `t`. */
export async function connect(t, server, options = {}) {
  const session = http2.connect(server.url, options);
  session.on("error", () => {});
  t.after(() => session.destroy());
  await Promise.all([next(session, "connect"), next(session, "remoteSettings")]);
  return session;
}

/** The answer to `stream`, a request that has been sent: {status, headers, trailers, informational, body}. */
export function answerOf(stream) {
  const chunks = [];
  const answer = { informational: [] };
  stream.on("headers", (headers) => answer.informational.push(headers[":status"]));
  stream.on("response", (headers) =>
    Object.assign(answer, { status: headers[":status"], headers }));
  stream.on("trailers", (trailers) => Object.assign(answer, { trailers }));
  stream.on("data", (chunk) => chunks.push(chunk));
  const ended = new Promise((resolve, reject) => {
    stream.once("error", reject);
    stream.once("close", () => answer.status === undefined
      ? reject(new Error(`closed with ${stream.rstCode}, unanswered`))
      : resolve({ ...answer, code: stream.rstCode, body: Buffer.concat(chunks) }));
  });
  return within(ended, `the answer to ${stream.sentHeaders?.[":path"]}`);
}

/** Sends one request; `body`: a Buffer or a string. */
export function ask(session, path, { body, ...headers } = {}) {
  const stream = session.request({ ":path": path, ":method": body === undefined ? "GET" : "POST", ...headers },
    { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  return answerOf(stream);
}

/** The code with which a stream ends that must not be answered. */
export async function codeOf(stream) {
  stream.on("error", () => {});
  stream.resume();
  await within(new Promise((resolve) => stream.once("close", resolve)), "the end of a stream");
  return stream.rstCode;
}

/** WebSocket over HTTP/2, written by hand: frames of less than 64 KiB. */
export class TunnelSocket {
  static async open(t, session, path, headers = {}) {
    const stream = session.request({
      ":method": "CONNECT", ":protocol": "websocket", ":path": path,
      "sec-websocket-version": "13", ...headers,
    });
    t.after(() => stream.destroy());
    const [answer] = await next(stream, "response");
    return new TunnelSocket(stream, answer);
  }

  constructor(stream, answer) {
    this.stream = stream;
    this.answer = answer;
    this.buffer = Buffer.alloc(0);
    this.frames = [];
    this.wake = () => {};
    stream.on("error", () => {});
    stream.on("data", (data) => this.#data(data));
    stream.on("end", () => { this.ended = true; this.wake(); });
    stream.on("close", () => { this.closed = true; this.wake(); });
  }

  #data(data) {
    this.buffer = Buffer.concat([this.buffer, data]);
    for (let frame; (frame = this.#cut()); ) this.frames.push(frame);
    this.wake();
  }

  #cut() {
    const b = this.buffer;
    if (b.length < 2) return null;
    const head = (b[1] & 127) === 126 ? 4 : 2;
    if (b.length < head) return null;
    const length = head === 4 ? b.readUInt16BE(2) : b[1] & 127;
    if (b.length < head + length) return null;
    this.buffer = b.subarray(head + length);
    return { opcode: b[0] & 15, data: b.subarray(head, head + length) };
  }

  send(opcode, payload) {
    const data = Buffer.from(payload), mask = randomBytes(4);
    const head = data.length < 126 ? Buffer.from([0x80 | opcode, 0x80 | data.length])
      : Buffer.from([0x80 | opcode, 0x80 | 126, data.length >> 8, data.length & 255]);
    for (let i = 0; i < data.length; i++) data[i] ^= mask[i % 4];
    this.stream.write(Buffer.concat([head, mask, data]));
  }

  async until(condition, what) {
    await within((async () => {
      while (!condition()) await new Promise((resolve) => (this.wake = resolve));
    })(), what);
  }

  async frame() {
    await this.until(() => this.frames.length > 0, "a frame");
    return this.frames.shift();
  }
}
