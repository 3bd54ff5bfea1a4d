// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Many official clients that enter and leave rooms, post and ask, vanish abruptly or say goodbye,
// come back and recover, at random, in rounds; between two rounds all leave. It must hold:
//
//   - every acknowledgement comes, unless the connection breaks;
//   - who is in a room misses no number of it and hears none twice, also over a broken connection
//     that is recovered; at the end of a round it has heard the last one;
//   - when all have left, the server's heap is what it was after the first round;
//   - the server ends by itself, without a complaint of its sanitizers.
//
//   node fault/soak.mjs [--clients 2000] [--seconds 600] [--rounds 6] [--seed N]
//
// fault/soak.test.mjs is the short form.

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { io } from "socket.io-client";
import { startServer } from "../js/server.mjs";
import { next, within } from "../js/wait.mjs";
import { randomFrom } from "../js/random.mjs";

const RECOVERY_MS = 3000;
const ACK_MS = 60000; // for an acknowledgement; what takes longer counts as lost

/** What is posted: bytes that are all their number, or a text. */
const payloadOf = (random) => random() < 0.1 ? Buffer.alloc(1 + Math.floor(random() * 200)).map((b, i, all) => all.length)
  : { text: "x".repeat(50) };
const intact = (payload) => Buffer.isBuffer(payload) ? payload.every((b) => b === payload.length)
  : payload?.text === "x".repeat(50);

class Client {
  constructor(world, url, random) {
    Object.assign(this, { world, random, heard: new Map(), busy: false });
    const transports = random() < 0.15 ? ["polling"] : ["websocket"];
    this.socket = io(url, { forceNew: true, transports, reconnectionDelay: 20, reconnectionDelayMax: 1000 });
    this.socket.on("news", (room, number, payload) => this.#news(room, number, payload));
    this.socket.on("well?", (ack) => ack(1));
    this.socket.on("connect", () => {
      world.count(this.socket.recovered ? "recovered" : "connected");
      if (!this.socket.recovered) this.heard.clear();
    });
    this.socket.on("disconnect", () => this.world.count("disconnected"));
  }

  #news(room, number, payload) {
    const last = this.heard.get(room);
    this.world.count("news");
    if (last === undefined) return;
    if (number !== last + 1)
      this.world.fail(`${this.socket.id} heard ${room} ${number} after ${last}`);
    if (!intact(payload)) this.world.fail(`${room} ${number} came with ${JSON.stringify(payload)}`);
    this.heard.set(room, number);
  }

  /** Calls `answered` with what is acknowledged, before anything else is heard, unless the
   *  connection breaks. Resolves in both cases. */
  #call(answered, ...args) {
    return new Promise((resolve) => this.socket.timeout(ACK_MS).emit(...args, (err, ...answer) => {
      if (err?.message === "operation has timed out")
        this.world.fail(`${this.socket.id} waited for ${args.slice(0, 2)} in vain`);
      if (!err) answered(...answer);
      resolve();
    }));
  }

  #room() {
    return `r${Math.floor(this.random() * this.world.rooms)}`;
  }

  /** A room that it is in, or else any. */
  #own() {
    const mine = [...this.heard.keys()];
    return mine[Math.floor(this.random() * mine.length)] ?? this.#room();
  }

  enter() {
    const room = this.#room();
    if (this.heard.size >= 3 || this.heard.has(room)) return this.leave();
    return this.#call((number) => this.heard.set(room, number), "enter", room);
  }

  leave() {
    const room = this.#own();
    return this.#call(() => this.heard.delete(room), "leave", room);
  }

  post() {
    return this.#call(() => this.world.count("posts"), "post", this.#own(), payloadOf(this.random));
  }

  poll() {
    return this.#call(() => this.world.count("polls"), "poll", this.#own());
  }

  /** Its connection breaks. */
  vanish() {
    const { engine } = this.socket.io;
    if (engine.transport?.ws) engine.transport.ws.terminate();
    else engine.close();
  }

  async goodbye() {
    this.socket.disconnect();
    this.heard.clear();
    await sleep(this.random() * 300);
    if (!this.world.over) this.socket.connect();
  }

  async act() {
    const dice = this.random();
    if (!this.socket.connected) return sleep(50);
    if (dice < 0.75) return this.post();
    if (dice < 0.88) return this.enter();
    if (dice < 0.92) return this.poll();
    return dice < 0.97 ? this.vanish() : this.goodbye();
  }

  async live() {
    while (!this.world.over) {
      await sleep(this.random() * this.world.think);
      await this.act();
    }
  }
}

class World {
  constructor({ clients, seed, log }) {
    Object.assign(this, { size: clients, log, counts: {}, failures: [], over: false, clients: [] });
    this.random = randomFrom(seed);
    this.rooms = Math.max(2, Math.min(1000, Math.floor(clients / 5)));
    this.think = clients * 3; // ms: all of them together act 700 times in a second
  }

  count(what) {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  fail(text) {
    if (this.failures.length < 20) this.log(`FAILED: ${text}`);
    this.failures.push(text);
  }

  async #call(...args) {
    return (await this.control.timeout(ACK_MS).emitWithAck(...args));
  }

  /** All clients have heard the last number of their rooms. */
  async #settle() {
    const numbers = await this.#call("numbers");
    const behind = () => this.clients.filter((c) => c.socket.connected).flatMap((c) => [...c.heard]
      .filter(([room, n]) => n < numbers[Number(room.slice(1))]).map((x) => `${c.socket.id} ${x}`));
    const end = Date.now() + 30000;
    while (behind().length > 0 && Date.now() < end) await sleep(50);
    for (const text of behind()) this.fail(`${text} is not the last number`);
  }

  async #leave() {
    for (const c of this.clients) {
      c.socket.io.reconnection(false);
      if (this.random() < 0.5) c.socket.disconnect();
      else if (c.socket.connected) c.vanish();
      c.socket.io.engine?.close();
    }
    const end = Date.now() + 60000;
    for (;;) {
      const stats = await this.#call("stats");
      if (stats.sockets === 1 && stats.away === 0 && stats.kept === 0) return stats.heap;
      if (Date.now() > end) throw new Error(`${JSON.stringify(stats)} when all have left`);
      await sleep(200);
    }
  }

  /** Nobody comes back, whatever has happened. */
  end() {
    this.over = true;
    this.control.disconnect();
    for (const { socket } of this.clients) {
      socket.io.reconnection(false);
      socket.disconnect();
    }
  }

  async round(url, seconds) {
    this.clients = [];
    this.over = false;
    for (let i = 0; i < this.size; i++) {
      this.clients.push(new Client(this, url, this.random));
      if (i % 50 === 49) await sleep(20);
    }
    await within(Promise.all(this.clients.map((c) => c.socket.connected || next(c.socket, "connect", ACK_MS))),
      "all connections", ACK_MS);
    const lives = this.clients.map((c) => c.live());
    await sleep(seconds * 1000);
    this.over = true;
    await Promise.all(lives);
    await this.#settle();
    return this.#leave();
  }
}

const residentOf = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))[1]);

/** Runs it; resolves to {failures, counts, heaps (bytes, after each round), resident (kB)}. */
export async function soak({ clients, seconds, rounds, seed, log = () => {} }) {
  const server = await startServer("vireo", ["--recovery-ms", RECOVERY_MS], "soak");
  const world = new World({ clients, seed, log });
  const result = { failures: world.failures, counts: world.counts, heaps: [], resident: [] };
  world.control = io(server.url, { transports: ["websocket"], forceNew: true });
  try {
    await next(world.control, "connect");
    for (let i = 0; i < rounds; i++) {
      result.heaps.push(await world.round(server.url, seconds / rounds));
      result.resident.push(residentOf(server.pid));
      log(`round ${i + 1}: ${JSON.stringify({ ...world.counts, heap: result.heaps.at(-1), resident: result.resident.at(-1) })}`);
    }
  } finally {
    world.end();
    await server.stop();
  }
  return result;
}

/** What is wrong with a result. */
export function problems({ failures, counts, heaps, resident }) {
  const list = [...failures];
  const allowed = { heap: 512 * 1024, resident: 64 * 1024 };
  heaps.forEach((heap, i) => {
    if (heap > heaps[0] + allowed.heap) list.push(`the heap has grown from ${heaps[0]} to ${heap} in round ${i + 1}`);
    if (resident[i] > resident[0] + allowed.resident)
      list.push(`the process has grown from ${resident[0]} to ${resident[i]} kB in round ${i + 1}`);
  });
  for (const what of ["posts", "news", "polls", "recovered", "connected", "disconnected"])
    if (!counts[what]) list.push(`nothing was ${what}`);
  return list;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: {
    clients: { type: "string", default: "2000" },
    seconds: { type: "string", default: "600" },
    rounds: { type: "string", default: "6" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
  } });
  const options = Object.fromEntries(Object.entries(values).map(([k, v]) => [k, Number(v)]));
  console.log(JSON.stringify(options));
  const list = problems(await soak({ ...options, log: console.log }));
  for (const text of list.slice(0, 50)) console.log(text);
  console.log(`${list.length} problems`);
  process.exit(list.length > 0 ? 1 : 0);
}
