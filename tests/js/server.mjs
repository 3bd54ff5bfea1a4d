// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Starts a server under test: Vireo's own (a binary) or the official one (a Node program), both
// with the same command line and the same observations on stdout. The contract they keep stands at
// the head of interop/reference.mjs and interop/engine-reference.mjs.
//
//   VIREO_KINDS   which kinds to run, default "vireo,node"
//   VIREO_BUILD   where the binaries are, default ../../build (from this file);
//                 they stand in its folder tests
//   VIREO_WORKERS so many workers that are one server (support/serve.h)

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe } from "node:test";
import path from "node:path";
import { DEADLINE, within } from "./wait.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const build = path.resolve(process.env.VIREO_BUILD ?? path.join(here, "../../build"));

/** How many workers Vireo's servers have; 0: one loop, as in vireo_run. */
export const workers = Number(process.env.VIREO_WORKERS || 0);

export const kinds = (process.env.VIREO_KINDS ?? "vireo,node").split(",").filter(Boolean);

/** A Node.js that always ends: see one_file in scripts/test.sh. */
const node = [process.execPath, "--single-threaded"];

const programs = {
  interop: {
    node: [...node, path.join(here, "../interop/reference.mjs")],
    vireo: [path.join(build, "tests/interop-server")],
  },
  ws: {
    vireo: [path.join(build, "tests/ws-server"), "--port", "0", "--host", "127.0.0.1"],
  },
  tls: {
    vireo: [path.join(build, "tests/tls-server")],
  },
};

const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** One suite per kind. `body(kind)` declares the tests. */
export function forEachKind(title, body, options = {}) {
  for (const kind of kinds) describe(`${title} [${kind}]`, options, () => body(kind));
}

class Server {
  #child;
  #waiters = new Set();
  #exited;
  #stderr = "";

  constructor(kind, child) {
    this.kind = kind;
    this.pid = child.pid;
    this.observations = [];
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once("close", (code, signal) => {
      running.delete(child);
      resolve({ code, signal });
    }));
    child.stderr.setEncoding("utf8").on("data", (text) => {
      this.#stderr = (this.#stderr + text).slice(-20000);
      if (process.env.VIREO_TRACE) process.stderr.write(text);
    });
    createInterface({ input: child.stdout }).on("line", (line) => this.#line(line));
  }

  #line(line) {
    if (process.env.VIREO_TRACE) process.stderr.write(`[${this.kind}] ${line}\n`);
    const listening = /^(?:[\w-]+: )?listening on (?:(https?:\/\/(.+):(\d+))|unix:(.+))$/.exec(line);
    let seen;
    if (listening) {
      this.url = listening[1];
      this.host = listening[2];
      this.port = Number(listening[3]);
      this.unixPath = listening[4];
      seen = { event: "listening" };
    } else if (line.startsWith("{")) {
      seen = JSON.parse(line);
    } else {
      return;
    }
    this.observations.push(seen);
    for (const waiter of this.#waiters) waiter(seen);
  }

  /** The first observation, past or to come, for which `predicate` (a function, or an object whose
   *  members must be equal) holds. */
  observe(predicate, what = JSON.stringify(predicate)) {
    const matches = typeof predicate === "function" ? predicate
      : (o) => Object.entries(predicate).every(([k, v]) => o[k] === v);
    const past = this.observations.find(matches);
    if (past) return Promise.resolve(past);
    let waiter;
    const future = new Promise((resolve, reject) => {
      waiter = (o) => { if (matches(o)) resolve(o); };
      this.#waiters.add(waiter);
      this.#exited.then(({ code, signal }) => setImmediate(() => reject(new Error(
        `the ${this.kind} server ended (${signal ?? code}) before ${what}\n${this.#stderr}`))));
    });
    return within(future, `the ${this.kind} server's observation ${what}`)
      .finally(() => this.#waiters.delete(waiter));
  }

  /** All observations so far that match. */
  seen(predicate) {
    return this.observations.filter((o) =>
      Object.entries(predicate).every(([k, v]) => o[k] === v));
  }

  get exited() {
    return this.#exited;
  }

  get stderr() {
    return this.#stderr;
  }

  async kill(signal = "SIGKILL") {
    this.#child.kill(signal);
    return within(this.#exited, `the ${this.kind} server's end after ${signal}`);
  }

  /** Ends the server; it must end by itself and without a complaint of a sanitizer. */
  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGTERM");
    let end;
    try {
      end = await within(this.#exited, `the ${this.kind} server's end after SIGTERM`);
    } catch (err) {
      this.#child.kill("SIGKILL");
      await this.#exited;
      throw err;
    }
    if (end.code !== 0)
      throw new Error(`the ${this.kind} server ended with ${end.signal ?? end.code}\n${this.#stderr}`);
  }
}

function commandOf(program, kind) {
  if (programs[program]) return programs[program][kind];
  return kind === "node" ? [...node, path.join(here, `../interop/${program}-reference.mjs`)]
    : [path.join(build, `tests/${program}-server`)];
}

/** Starts `program` of `kind` ("vireo" or "node"): what `programs` says, or interop/PROGRAM-server.c
 *  and interop/PROGRAM-reference.mjs. `sockets`: what is opened for it as systemd does, such as
 *  ["name=tcp", "name=unix:/path"]. */
export async function startServer(kind, args = [], program = "interop", { sockets = [] } = {}) {
  let [file, ...first] = commandOf(program, kind);
  if (sockets.length > 0) {
    first = [...sockets, "--", file, ...first];
    file = path.join(build, "tests/activate");
  }
  // Memory is measured in some tests: a sanitizer must give back what was freed soon.
  const own = "quarantine_size_mb=4:allocator_release_to_os_interval_ms=200";
  const env = { ...process.env, ASAN_OPTIONS: `${own}:${process.env.ASAN_OPTIONS ?? ""}` };
  const child = spawn(file, [...first, ...args.map(String)],
    { stdio: ["ignore", "pipe", "pipe"], env });
  running.add(child);
  await within(new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (err) => {
      running.delete(child);
      reject(new Error(`cannot start ${file}: ${err.message} (VIREO_BUILD names the build folder)`));
    });
  }), `the start of ${file}`, DEADLINE);
  const server = new Server(kind, child);
  try {
    await server.observe({ event: "listening" });
  } catch (err) {
    child.kill("SIGKILL");
    throw err;
  }
  return server;
}
