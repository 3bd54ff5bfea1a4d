// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Drives Vireo's Socket.IO clients (interop/client-driver.c) with commands, and observes what they
// tell.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { within } from "./wait.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const build = path.resolve(process.env.VIREO_BUILD ?? path.join(here, "../../build"));

/** A program that holds clients; it ends, without a complaint, at the end of test `t`. */
export function startClients(t) {
  const child = spawn(path.join(build, "tests/client-driver"), [], { stdio: ["pipe", "pipe", "pipe"] });
  const clients = new Clients(child);
  t.after(() => clients.end());
  return clients;
}

class Clients {
  seen = [];
  #child;
  #waiters = new Set();
  #answered = new Map(); // who waits for an acknowledgement
  #stderr = "";
  #exited;

  constructor(child) {
    this.#child = child;
    this.pid = child.pid;
    child.stdin.on("error", () => {});
    child.stderr.setEncoding("utf8").on("data", (text) => { this.#stderr += text; });
    this.#exited = new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (process.env.VIREO_TRACE) process.stderr.write(`[client] ${line}\n`);
      const seen = JSON.parse(line);
      this.seen.push(seen);
      if (seen.event === "ack") this.#answered.get(seen.ack)?.(seen);
      for (const waiter of [...this.#waiters]) waiter();
    });
  }

  do(command) {
    this.#child.stdin.write(JSON.stringify(command) + "\n");
  }

  connect(name, url, options = {}) {
    this.do({ do: "connect", name, url, options });
    return new Client(this, name);
  }

  /** Calls `find` after each line, until it returns something. */
  async until(find, what) {
    let waiter;
    const come = new Promise((resolve, reject) => {
      waiter = () => { const found = find(); if (found !== undefined) resolve(found); };
      this.#waiters.add(waiter);
      this.#orEnd(what, reject);
      waiter();
    });
    return within(come, what).finally(() => this.#waiters.delete(waiter));
  }

  /** The acknowledgement of that name, which is still to come. */
  answer(ack, what) {
    return within(new Promise((resolve, reject) => {
      this.#answered.set(ack, resolve);
      this.#orEnd(what, reject);
    }), what);
  }

  #orEnd(what, reject) {
    this.#exited.then(({ code, signal }) => setImmediate(() => reject(new Error(
      `the clients ended (${signal ?? code}) before ${what}\n${this.#stderr}`))));
  }

  signal(name) {
    this.#child.kill(name);
  }

  async end() {
    this.#child.stdin.end();
    try {
      const { code, signal } = await within(this.#exited, "the clients' end");
      assert.equal(signal ?? code, 0, this.#stderr);
    } finally {
      this.#child.kill("SIGKILL");
    }
    return this.#stderr;
  }
}

export class Client {
  #at = 0; // what was seen before it is passed over

  constructor(all, name) {
    this.all = all;
    this.name = name;
  }

  /** What it has told, under these names if any are given. */
  seen(...events) {
    return this.all.seen.filter((e) =>
      e.name === this.name && (events.length === 0 || events.includes(e.event)));
  }

  /** The next `event` behind the last one that was asked for, with members equal to `like`. */
  async next(event, like = {}) {
    const fits = (e) => e.name === this.name && e.event === event &&
      Object.entries(like).every(([k, v]) => isDeepStrictEqual(e[k], v));
    let i = this.#at;
    const index = await this.all.until(() => {
      for (; i < this.all.seen.length; i++)
        if (fits(this.all.seen[i])) return i;
      return undefined;
    }, `"${event}" ${JSON.stringify(like)} of ${this.name}`);
    this.#at = index + 1;
    return this.all.seen[index];
  }

  do(what, more = {}) {
    this.all.do({ do: what, name: this.name, ...more });
  }

  emit(event, ...args) {
    this.do("emit", { event, args });
  }

  #calls = 0;

  /** Emits with an acknowledgement; resolves to {status, args}. */
  async call(event, arg = null, more = {}) {
    const ack = `${this.name}-${this.#calls++}`;
    this.do("emit", { event, args: [arg], ack, ...more });
    return this.all.answer(ack, `the answer to ${event}`);
  }

  async state() {
    this.do("state");
    return this.next("state");
  }
}
