// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Plain TCP, HTTP and WebSocket for tests that look at the bytes: what is written goes out as it is,
// what is read is only cut into responses and frames.

import { randomBytes } from "node:crypto";
import http from "node:http";
import net from "node:net";
import { DEADLINE, within } from "./wait.mjs";

export const KEY = "dGhlIHNhbXBsZSBub25jZQ=="; // the example of RFC 6455 section 1.3
export const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** One TCP connection. Closed at the end of test `t`. */
export class Wire {
  static async open(t, server) {
    const wire = new Wire(net.connect({ port: server.port, host: server.host, allowHalfOpen: true }));
    t?.after(() => wire.socket.destroy());
    await within(new Promise((resolve, reject) =>
      wire.socket.once("connect", resolve).once("error", reject)), "the TCP connection");
    return wire;
  }

  constructor(socket) {
    this.socket = socket;
    this.buffer = Buffer.alloc(0);
    this.ended = false;
    this.wake = () => {};
    socket.setNoDelay(true);
    socket.on("data", (data) => { this.buffer = Buffer.concat([this.buffer, data]); this.wake(); });
    for (const event of ["end", "close", "error"])
      socket.on(event, () => { this.ended = true; this.wake(); });
  }

  write(data) {
    this.socket.write(typeof data === "string" ? Buffer.from(data, "utf8") : data);
  }

  /** Waits until `take(buffer)` returns something but undefined. */
  async #until(take, what, ms) {
    return within((async () => {
      for (;;) {
        const got = take(this.buffer);
        if (got !== undefined) return got;
        if (this.ended)
          throw new Error(`the connection ended before ${what}; ` +
            `unread: ${JSON.stringify(this.buffer.toString("latin1").slice(0, 300))}`);
        await new Promise((resolve) => { this.wake = resolve; });
      }
    })(), what, ms).catch((err) => {
      if (!err.message.includes("unread"))
        err.message += `; unread: ${JSON.stringify(this.buffer.toString("latin1").slice(0, 300))}`;
      throw err;
    });
  }

  #take(n) {
    const out = this.buffer.subarray(0, n);
    this.buffer = this.buffer.subarray(n);
    return out;
  }

  /** Exactly n bytes. */
  read(n, ms) {
    return this.#until((b) => b.length >= n ? this.#take(n) : undefined, `${n} bytes`, ms);
  }

  /** All that comes until the server ends the connection. */
  async readEnd(ms) {
    await within((async () => {
      while (!this.ended) await new Promise((resolve) => { this.wake = resolve; });
    })(), "the end of the connection", ms).catch((err) => {
      err.message += `; unread: ${JSON.stringify(this.buffer.toString("latin1").slice(0, 300))}`;
      throw err;
    });
    return this.#take(this.buffer.length);
  }

  /** One response; the body by Content-Length, chunks, or until the end. */
  async readResponse({ head: toHead = false, ms } = {}) {
    const raw = await this.#until((b) => {
      const end = b.indexOf("\r\n\r\n");
      return end < 0 ? undefined : this.#take(end + 4);
    }, "a response's head", ms);
    const [first, ...lines] = raw.toString("latin1").slice(0, -4).split("\r\n");
    const headers = {};
    for (const line of lines) {
      const colon = line.indexOf(":");
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
    }
    const status = Number(first.split(" ")[1]);
    const body = await this.#body(status, headers, toHead, ms);
    return { line: first, status, headers, body: body.toString("utf8"), bytes: body };
  }

  async #body(status, headers, toHead, ms) {
    if (toHead || status === 204 || status === 304 || status < 200) return Buffer.alloc(0);
    if (headers["transfer-encoding"] === "chunked") return this.#chunks(ms);
    if (headers["content-length"] === undefined) return this.readEnd(ms);
    const length = Number(headers["content-length"]);
    return length === 0 ? Buffer.alloc(0) : this.read(length, ms);
  }

  async #chunks(ms) {
    const parts = [];
    for (;;) {
      const line = await this.#until((b) => {
        const end = b.indexOf("\r\n");
        return end < 0 ? undefined : this.#take(end + 2);
      }, "a chunk's size", ms);
      const size = Number.parseInt(line.toString("latin1"), 16);
      parts.push((await this.read(size + 2, ms)).subarray(0, size));
      if (size === 0) return Buffer.concat(parts);
    }
  }

  /** A WebSocket handshake; returns the response, 101 or not. */
  async upgrade(target, headers = {}, ms) {
    const all = { Host: "127.0.0.1", Connection: "Upgrade", Upgrade: "websocket",
      "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": KEY, ...headers };
    this.write(request("GET", target, all));
    return this.readResponse({ ms });
  }

  sendFrame(opcode, payload = "", options = {}) {
    this.write(frame(opcode, payload, options));
  }

  sendText(text) {
    this.sendFrame(1, text);
  }

  /** One frame of the server, not masked. */
  async readFrame(ms) {
    const head = await this.read(2, ms);
    let length = head[1] & 0x7f;
    if (length === 126) length = (await this.read(2, ms)).readUInt16BE();
    else if (length === 127) length = Number((await this.read(8, ms)).readBigUInt64BE());
    const payload = length === 0 ? Buffer.alloc(0) : Buffer.from(await this.read(length, ms));
    return { fin: head[0] >> 7, rsv: head[0] >> 4 & 7, opcode: head[0] & 15, masked: head[1] >> 7,
      payload };
  }

  async readText(ms) {
    const got = await this.readFrame(ms);
    if (got.opcode !== 1)
      throw new Error(`expected a text frame, got ${describeFrame(got)}`);
    return got.payload.toString("utf8");
  }

  /** The code of the server's close frame (1005: none in it); the frames before it are passed over
   *  when `skip` is set. 1006: the connection ended without one. */
  async readClose({ skip = false, ms } = {}) {
    for (;;) {
      let got;
      try {
        got = await this.readFrame(ms);
      } catch (err) {
        if (/the connection ended/.test(err.message)) return { code: 1006, reason: "" };
        throw err;
      }
      if (got.opcode === 8)
        return got.payload.length < 2 ? { code: 1005, reason: "" }
          : { code: got.payload.readUInt16BE(), reason: got.payload.subarray(2).toString("utf8") };
      if (!skip) throw new Error(`expected a close frame, got ${describeFrame(got)}`);
    }
  }
}

export function describeFrame({ opcode, payload }) {
  return `opcode ${opcode} ${JSON.stringify(payload.toString("latin1").slice(0, 200))}`;
}

/** The bytes of a request. */
export function request(method, target, headers = { Host: "127.0.0.1" }, body = "") {
  const lines = Object.entries(headers).filter(([, v]) => v !== undefined)
    .map(([k, v]) => `${k}: ${v}\r\n`).join("");
  return `${method} ${target} HTTP/1.1\r\n${lines}\r\n${body}`;
}

/** The bytes of a client's frame. Options: fin, rsv (0-7), mask (false: none), length (announced
 *  instead of the true one), form (7, 16 or 64: the size of the length field). */
export function frame(opcode, payload = "", options = {}) {
  const { fin = true, rsv = 0, mask = true } = options;
  const data = Buffer.from(payload);
  const length = options.length ?? data.length;
  const form = options.form ?? (length < 126 ? 7 : length < 65536 ? 16 : 64);
  const head = Buffer.alloc(form === 7 ? 2 : form === 16 ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | rsv << 4 | opcode;
  head[1] = (mask ? 0x80 : 0) | (form === 7 ? length : form === 16 ? 126 : 127);
  if (form === 16) head.writeUInt16BE(length, 2);
  if (form === 64) head.writeBigUInt64BE(BigInt(length), 2);
  if (!mask) return Buffer.concat([head, data]);
  const key = randomBytes(4);
  const masked = Buffer.from(data);
  for (let i = 0; i < masked.length; i++) masked[i] ^= key[i & 3];
  return Buffer.concat([head, key, masked]);
}

/** One HTTP request on a connection of its own. `abort` (an AbortSignal) ends it early. */
export function fetchRaw(server, method, target, { headers = {}, body, signal, ms = DEADLINE } = {}) {
  return within(new Promise((resolve, reject) => {
    const req = http.request({ host: server.host, port: server.port, method, path: target, headers,
      signal, agent: false }, (res) => {
      const parts = [];
      res.on("data", (part) => parts.push(part));
      res.on("error", reject);
      res.on("end", () => {
        const bytes = Buffer.concat(parts);
        resolve({ status: res.statusCode, headers: res.headers, rawHeaders: res.rawHeaders, bytes,
          body: bytes.toString("utf8") });
      });
    });
    req.on("error", reject);
    req.end(body);
  }), `the answer to ${method} ${target}`, ms);
}

/** A polling session spoken by hand. */
export class Polling {
  static async open(server, { path = "/socket.io/", query = "" } = {}) {
    const base = `${path}?EIO=4&transport=polling${query}`;
    const res = await fetchRaw(server, "GET", base);
    if (res.status !== 200) throw new Error(`handshake answered ${res.status} ${res.body}`);
    return new Polling(server, base, JSON.parse(res.body.slice(1)));
  }

  constructor(server, base, handshake) {
    Object.assign(this, { server, handshake, sid: handshake.sid });
    this.target = `${base}&sid=${handshake.sid}`;
  }

  /** Joins a namespace; returns the socket's id. A ping that comes meanwhile is answered. */
  async join(payload = "40") {
    await this.post(payload);
    for (;;) {
      const packets = (await this.get()).split("\x1e");
      if (packets.includes("2")) await this.post("3");
      const reply = packets.find((packet) => packet !== "2");
      if (reply === undefined) continue;
      const match = /^40(?:\/[^,]*,)?(\{.*\})$/.exec(reply);
      if (!match) throw new Error(`expected a CONNECT reply, got ${packets}`);
      return JSON.parse(match[1]).sid;
    }
  }

  poll(options) {
    return fetchRaw(this.server, "GET", this.target, options);
  }

  async get() {
    return (await this.poll()).body;
  }

  push(body, options = {}) {
    const data = Buffer.from(body);
    return fetchRaw(this.server, "POST", this.target, { ...options, body: data,
      headers: { "Content-Type": "text/plain;charset=UTF-8", "Content-Length": data.length,
        ...options.headers } });
  }

  async post(body) {
    const res = await this.push(body);
    if (res.status !== 200 || res.body !== "ok")
      throw new Error(`POST answered ${res.status} ${res.body}`);
  }
}

/** A WebSocket session spoken by hand, not joined to a namespace. */
export async function webSocketSession(t, server, { path = "/socket.io/", query = "" } = {}) {
  const wire = await Wire.open(t, server);
  const res = await wire.upgrade(`${path}?EIO=4&transport=websocket${query}`);
  if (res.status !== 101) throw new Error(`handshake answered ${res.line}`);
  wire.handshake = JSON.parse((await wire.readText()).slice(1));
  return wire;
}

/** The same, joined to "/"; `wire.id` is the socket's id. */
export async function joinedSession(t, server, options) {
  const wire = await webSocketSession(t, server, options);
  wire.sendText("40");
  for (;;) {
    const text = await wire.readText();
    if (text === "2") {
      wire.sendText("3");
      continue;
    }
    wire.id = JSON.parse(text.slice(2)).sid;
    return wire;
  }
}
