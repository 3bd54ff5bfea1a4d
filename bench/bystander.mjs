// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// bystander.mjs: what an attack costs somebody else, with Vireo and with Node's ws: see bystander.c. The server has one processor,
// attackers and bystander the other. Prints a table of milliseconds.
//
//   SECS   seconds per measurement (4)

import { spawnSync } from "node:child_process";
import path from "node:path";
import { build, loadProcessor, servers, start } from "./servers.mjs";

const seconds = process.env.SECS || "4";
const attacks = { calm: "nobody attacks", bomb: "bombs", slow: "slow readers", flood: "handshakes", tls: "TLS handshakes" };
const ms = (value) => value.toFixed(value < 10 ? 1 : 0);

/** The server begins anew, so that no attack is paid for by the next one. */
async function under(name, attack, tls) {
  const server = await start(name, { deflate: true, tls });
  const args = ["-c", loadProcessor, path.join(build, "bench-bystander"), attack, "--port", String(server.port), "--secs", seconds];
  const { stdout } = spawnSync("taskset", tls ? [...args, "--tls"] : args, { encoding: "utf8" });
  const run = stdout ? JSON.parse(stdout) : undefined;
  const figures = run ? [Math.round(run.per_s), ms(run.p50_ms), ms(run.p99_ms), ms(run.max_ms)]
    : ["", "the bystander got no answer in 30 s", "", ""];
  const label = tls ? `${servers[name].label}, TLS` : servers[name].label;
  console.log(`| ${[label, attacks[attack], ...figures, Math.round(server.peak())].join(" | ")} |`);
  await server.stop();
}

console.log("| server | attack | attacks a second | p50, ms | p99, ms | longest, ms | peak memory, MB |");
console.log("|---|---|---|---|---|---|---|");
for (const attack of ["calm", "bomb", "slow", "flood"])
  for (const name of ["vireo", "ws"]) await under(name, attack, false);
for (const attack of ["calm", "tls"]) await under("vireo", attack, true);
