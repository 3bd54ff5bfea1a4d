// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// run.mjs: measures Vireo beside its peers: see README.md. Prints tables; after a run of everything also stores results/results.json,
// draws the charts and writes both into README.md.
//
//   ONLY     measures only works whose names contain this; nothing is stored, unless STORE=1: then these take their old place
//   AGAINST  only this peer (a name of servers.mjs)
//   ROUNDS   of A B B A for what has a target (2); the first round is for all
//   SECS     of each measurement (1.5)
//   TOGETHER=1  costs of messages: A and B run at the same time, on the same two processors; nothing is stored
//   OTHER    the bench-server of another build: compares ours with that one alone

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { drawCharts } from "./chart.mjs";
import { asTables, fillReadme } from "./report.mjs";
import { isThere, load, otherLoadProcessor, servers, start, startLoad } from "./servers.mjs";
import { median } from "./statistics.mjs";
import { groups } from "./works.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const stored = path.join(here, "results/results.json");
const only = process.env.ONLY ?? "";
const against = process.env.OTHER ? "other" : process.env.AGAINST ?? "";
const together = Boolean(process.env.TOGETHER);
const rounds = Number(process.env.ROUNDS || 2);
const seconds = Number(process.env.SECS || 1.5);

/* --- one run: the value, and what else is worth keeping --------------------------------------- */

const latency = ({ p50, p99, max }) => ({ p50_ms: p50 / 1e3, p99_ms: p99 / 1e3, max_ms: max / 1e3 });

function checked(result, who) {
  const wrong = result.errors + result.lost + result.refused;
  if (wrong) throw new Error(`${who}: ${result.errors} wrong messages, ${result.lost} lost, ${result.refused} refused`);
  return result;
}

/** CPU time for each message, the server's and that of the kernel's threads which deliver for it. */
async function runCpu(server, { mode, options }, first) {
  const r = checked(await load(server, mode, { ...options, seconds, "warm-up": first ? 1 : 0.3 }), server.name);
  const softirqd = Math.max(0, r.softirqd_s);
  return { value: (r.cpu_s + softirqd) / r.messages * 1e6, per_second: r.per_second, softirqd_share: softirqd / (r.cpu_s + softirqd),
    load_cpu: r.load_cpu, ...latency(r.latency_us) };
}

async function runIdle(server, { mode, options }) {
  const r = checked(await load(server, mode, { ...options, seconds: 1, "warm-up": 0.5 }), server.name);
  return { value: r.rss_bytes_each, kernel_bytes_each: r.kernel_bytes_each, rss_kb: r.rss_kb };
}

/** All connect at once to a server that has just begun: the time until the last one is served. */
async function runStorm(server, { mode, options }) {
  const r = await load(server, mode, { ...options, seconds: 60 });
  if (r.refused && server.name === "vireo") throw new Error(`${r.refused} clients were refused`);
  return { value: r.latency_us.max / 1e3, cpu_us_each: r.cpu_us_per_message, refused: r.refused, ...latency(r.latency_us) };
}

/** One program floods a room; another, which was there before, sends to a room of two every 10 ms: how long do those take? */
async function runFairness(server, { options }) {
  const probe = startLoad(server, "sio-room", { connections: 2, rooms: 1, room: "pair", rate: 100, seconds: 6, "warm-up": 1, wait: true });
  await Promise.race([probe.begun, probe.result]);
  const flood = startLoad(server, "sio-room", { ...options, rooms: 1, room: "big", seconds: 600 },
    { processor: otherLoadProcessor, nice: 10 });
  const broken = flood.result.then(() => { throw new Error("the flood has ended"); });
  try {
    await Promise.race([flood.begun, broken]);
    probe.child.stdin.end("\n");
    const r = checked(await Promise.race([probe.result, broken]), server.name);
    return { value: r.latency_us.p99 / 1e3, refused: 0, ...latency(r.latency_us) };
  } finally {
    broken.catch(() => {});
    flood.child.kill();
    probe.child.kill();
  }
}

const kinds = { cpu: runCpu, idle: runIdle, storm: runStorm, fairness: runFairness };

/* --- one work: A B B A, A C C A .. ------------------------------------------------------------ */

const failures = [];

/** Servers of the kind "cpu" stay, and are warm from the second run on; the others begin anew each time. */
class Crew {
  #work;
  #running = new Map();

  constructor(work) {
    this.#work = work;
  }

  async #run(name) {
    const { kind, how } = this.#work;
    const first = !this.#running.has(name);
    const server = first ? await start(name, how) : this.#running.get(name);
    try {
      if (kind === "cpu") this.#running.set(name, server);
      return await kinds[kind](server, this.#work, first || together);
    } finally {
      if (kind !== "cpu") await server.stop();
    }
  }

  /** A run's figures, undefined when it failed. */
  async measure(name) {
    process.stderr.write(".");
    try {
      return await this.#run(name);
    } catch (err) {
      failures.push({ name, said: `${this.#work.name}: ${err.message}` });
      return undefined;
    }
  }

  async end() {
    await Promise.all([...this.#running.values()].map((server) => server.stop()));
  }
}

const peersOf = (work) => Object.keys({ ...work.peers, other: null }).filter((name) => isThere(name) && (!against || name === against));

async function measureWork(work) {
  const us = work.first ?? "vireo";
  const samples = { [us]: [] };
  const ratios = {};
  const crew = new Crew(work);
  const measure = async (name) => {
    const sample = await crew.measure(name);
    if (sample) (samples[name] ??= []).push(sample);
    return sample;
  };
  const compare = (name, ours, theirs) => {
    if (ours && theirs) (ratios[name] ??= []).push(ours.value / theirs.value);
  };
  for (let round = 0; round < rounds; round++) {
    const peers = peersOf(work).filter((name) => round === 0 || against || work.peers[name] !== null);
    if (together) {
      for (const name of peers) compare(name, ...await Promise.all([measure(us), measure(name)]));
      continue;
    }
    let ours = round === 0 || peers.length > 0 ? await measure(us) : undefined;
    for (const name of peers) {
      const theirs = await measure(name);
      compare(name, ours, theirs);
      const again = await measure(name);
      ours = await measure(us);
      compare(name, ours, again);
    }
  }
  await crew.end();
  return { samples, ratios };
}

/* --- all of it -------------------------------------------------------------------------------- */

const version = (file, ...args) => {
  try {
    return execFileSync(file, args, { encoding: "utf8" }).trim().split("\n")[0];
  } catch {
    return "";
  }
};

/** Whether others use the processors now, while we do nothing. */
async function othersWork() {
  const ticks = () => os.cpus().map((cpu) => cpu.times).reduce((sum, times) => ({
    idle: sum.idle + times.idle,
    all: sum.all + Object.values(times).reduce((a, b) => a + b),
  }), { idle: 0, all: 0 });
  const before = ticks();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const after = ticks();
  return (after.idle - before.idle) / (after.all - before.all) < 0.9;
}

function machine(busy) {
  const system = /^PRETTY_NAME="(.*)"/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? os.type();
  const lock = JSON.parse(readFileSync(path.join(here, "peers/package-lock.json"), "utf8")).packages;
  const of = (name) => `${name} ${lock[`node_modules/${name}`].version}`;
  const lws = version("pkg-config", "--modversion", "libwebsockets").replace(/-$/, "");
  return {
    processor: `${os.cpus()[0].model.replace(/\(R\)|\(TM\)/g, "").trim()}, ${os.availableParallelism()} cores`,
    busy,
    system: `${system}, Linux ${os.release().split("-")[0]}`,
    peers: [`Node ${process.versions.node}`, of("socket.io"), of("ws"), of("bun"), of("@socket.io/bun-engine"), lws && `libwebsockets ${lws}`]
      .filter(Boolean).join(", "),
  };
}

/** One line for each work: of a server's runs the medians. */
function condensed({ samples, ratios }) {
  const one = (runs) => Object.fromEntries(Object.keys(runs[0]).map((field) => [field, median(runs.map((run) => run[field]))]));
  return { samples: Object.fromEntries(Object.entries(samples).map(([name, runs]) => [name, runs.length ? [one(runs)] : []])), ratios };
}

function keep(rows, busy) {
  mkdirSync(path.dirname(stored), { recursive: true });
  const before = only || against ? JSON.parse(readFileSync(stored, "utf8")).rows : {};
  for (const [name, row] of Object.entries(rows)) rows[name] = condensed(row);
  const results = { date: new Date().toISOString().slice(0, 10), machine: machine(busy), rounds, seconds, rows: { ...before, ...rows } };
  const asLine = (value) => JSON.stringify(value, (key, n) => typeof n === "number" ? Number(n.toPrecision(5)) : n);
  const { rows: all, ...head } = results;
  const lines = Object.entries(all).map(([name, row]) => `  ${asLine(name)}: ${asLine(row)}`);
  writeFileSync(stored, `${asLine(head).slice(0, -1)}, "rows": {\n${lines.join(",\n")}\n}}\n`);
  drawCharts(results);
  fillReadme(results);
}

const chosen = groups.flatMap((group) => group.works)
  .filter((work) => work.name.includes(only) && isThere(work.first ?? "vireo") && (!together || work.kind === "cpu"));
if (chosen.length === 0) {
  console.error(`no work is named like "${only}": ${groups.flatMap((group) => group.works).map((work) => work.name).join(" ")}`);
  process.exit(2);
}
const missing = Object.keys(servers).filter((name) => !isThere(name) && (against ? name === against : name !== "other")).map((name) => servers[name].label);
if (missing.length) console.error(`left out, not there: ${missing.join(", ")}`);

const rows = {};
const busyBefore = await othersWork();
for (const [i, work] of chosen.entries()) {
  process.stderr.write(`${i + 1}/${chosen.length} ${work.name} `);
  rows[work.name] = await measureWork(work);
  process.stderr.write("\n");
}
console.log(asTables({ rows }));
if (!together && (process.env.STORE || (!only && !against))) keep(rows, busyBefore || await othersWork());
for (const said of new Set(failures.map((failure) => failure.said))) console.error(`failed: ${said}`);
if (failures.some(({ name }) => name.startsWith("vireo"))) process.exitCode = 1; // a peer may fail
