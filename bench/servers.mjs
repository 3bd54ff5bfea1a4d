// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// servers.mjs: the servers that are measured, each a command that honours the contract of README.md; started on a free port of
// loopback and on a processor of its own, ended by a signal.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { availableParallelism } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
export const build = path.resolve(process.env.VIREO_BUILD ?? path.join(here, "../build"));
const work = path.join(build, "bench"); // for certificates

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The server has the first processor, who loads it the second; a second load program the third, if there is one.
const processors = availableParallelism();
export const serverProcessor = "0";
export const loadProcessor = String(Math.min(1, processors - 1));
export const otherLoadProcessor = String(Math.min(2, processors - 1));

/* --- where they are --------------------------------------------------------------------------- */

const peer = (file) => path.join(here, "peers", file);
const program = (name) => path.join(build, name);

/** npm may have run Bun's installer, or only unpacked the platform's own package. */
function findBun() {
  const modules = path.join(here, "peers/node_modules");
  const places = [path.join(modules, "bun/bin/bun.exe"), ...["x64", "x64-baseline", "aarch64"]
    .map((kind) => path.join(modules, `@oven/bun-linux-${kind}/bin/bun`))];
  return places.find((file) => existsSync(file) && spawnSync(file, ["--version"]).status === 0);
}

const bun = findBun();

function vireo({ port, deflate, tls, workers }, file = program("bench-server")) {
  const args = ["--port", String(port), "--host", "127.0.0.1"];
  if (deflate) args.push("--deflate", "1024");
  if (tls) args.push("--cert", certificate().cert, "--key", certificate().key);
  if (workers) args.push("--workers", String(workers));
  return [file, ...args];
}

/** Name to label and command; a peer whose program is not there is left out. */
export const servers = {
  vireo: { label: "Vireo", command: vireo },
  vireo2: { label: "Vireo, 2 workers", command: (how) => vireo({ ...how, workers: 2 }) },
  other: { label: "the other build", command: (how) => process.env.OTHER ? vireo(how, process.env.OTHER) : [] },
  bare: { label: "bare", command: ({ port }) => [program("bench-bare"), String(port)] },
  lws: { label: "libwebsockets", command: () => [program("bench-lws")] },
  bun: { label: "Bun", command: () => [bun, peer("bun-raw.mjs")] },
  ws: { label: "Node ws", command: () => [process.execPath, peer("ws.mjs")] },
  bunsio: { label: "Bun socket.io", command: () => [bun, peer("bun-sio.mjs")] },
  sio: { label: "Node socket.io", command: () => [process.execPath, peer("sio.mjs")] },
};

let workersKnown;

export function isThere(name) {
  const [file] = servers[name].command({ port: 0 });
  if (name === "vireo2") {
    workersKnown ??= spawnSync(program("bench-server"), ["--help"], { encoding: "utf8" }).stdout.includes("--workers");
    return workersKnown;
  }
  const needed = { ws: "ws", sio: "socket.io", bunsio: "@socket.io/bun-engine" }[name];
  return file !== undefined && existsSync(file) && (!needed || existsSync(peer(`node_modules/${needed}`)));
}

let files;

/** A certificate for localhost and its key, made anew: names of files. */
export function certificate() {
  if (files) return files;
  mkdirSync(work, { recursive: true });
  files = { cert: path.join(work, "cert.pem"), key: path.join(work, "key.pem") };
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "30",
    "-keyout", files.key, "-out", files.cert], { stdio: "ignore" });
  return files;
}

/* --- starting, ending ------------------------------------------------------------------------- */

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

const answers = (port) => new Promise((resolve) => {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  socket.once("connect", () => socket.destroy());
});

const children = new Set();
const endAll = () => children.forEach((child) => child.kill("SIGKILL"));

/** Nobody of them stays when we end. */
function tracked(child) {
  if (process.listenerCount("exit", endAll) === 0) {
    process.once("exit", endAll);
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  }
  children.add(child);
  child.once("close", () => children.delete(child));
  return child;
}

/** A running server: name, port, pid; `stop()`. `how`: deflate, tls. */
export async function start(name, how = {}) {
  const port = await freePort();
  const [file, ...args] = servers[name].command({ ...how, port });
  const env = { ...process.env, PORT: String(port) };
  if (how.deflate) env.DEFLATE = "1";
  if (how.tls) Object.assign(env, { CERT: certificate().cert, KEY: certificate().key });
  const where = name === "vireo2" ? `0-${loadProcessor}` : serverProcessor;
  const child = tracked(spawn("taskset", ["-c", where, file, ...args], { env, stdio: ["ignore", "ignore", "pipe"] }));
  let said = "";
  child.stderr.on("data", (text) => { said = (said + text).slice(-2000); });
  const ended = new Promise((resolve) => child.once("close", resolve));
  for (const until = Date.now() + 15000; !(await answers(port));) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`${name} does not start: ${said}`);
    await sleep(20);
  }
  return {
    name,
    port,
    pid: child.pid,
    /** The most memory it ever had, in MB. */
    peak: () => Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))[1]) / 1024,
    async stop() {
      child.kill("SIGTERM");
      const killer = setTimeout(() => child.kill("SIGKILL"), 3000);
      await ended;
      clearTimeout(killer);
    },
  };
}

/* --- loading ---------------------------------------------------------------------------------- */

/** `{ connections: 500, tls: true }` as --connections 500 --tls. */
const asArguments = (options) => Object.entries(options)
  .flatMap(([name, value]) => value === true ? [`--${name}`] : [`--${name}`, String(value)]);

/** Starts the load program: the child process; `begun`, when all are connected; `result`, its JSON. */
export function startLoad(server, mode, options, { processor = loadProcessor, nice = 0 } = {}) {
  const args = asArguments({ port: server.port, pid: server.pid, json: true, ...options });
  const child = tracked(spawn("nice", ["-n", String(nice), "taskset", "-c", processor, program("bench-load"), mode, ...args]));
  let out = "", said = "";
  child.stdout.on("data", (text) => { out += text; });
  const begun = new Promise((resolve) => child.stderr.on("data", (text) => {
    said += text;
    if (said.includes(" connections\n")) resolve();
  }));
  const result = new Promise((resolve, reject) => child.once("close", (code) => {
    if (out) resolve(JSON.parse(out));
    else reject(new Error(`${server.name}, ${mode}: ${said.trim() || `load ended with ${code}`}`));
  }));
  return { child, begun, result };
}

export const load = (server, mode, options) => startLoad(server, mode, options).result;
