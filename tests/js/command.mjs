// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The command vireo, run to its end.

import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { within } from "./wait.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
export const build = path.resolve(process.env.VIREO_BUILD ?? path.join(here, "../../build"));
export const program = path.join(build, "vireo");

/** Runs `vireo ARGS..` with `input` on stdin; gives {code, stdout, stderr, lines}. */
export async function vireo(args, { input, env = {}, cwd } = {}) {
  const sanitizer = { ASAN_OPTIONS: `exitcode=99:${process.env.ASAN_OPTIONS ?? ""}` }; // none of the command's own
  const child = spawn(program, args.map(String), { env: { ...process.env, ...sanitizer, ...env }, cwd });
  const out = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"])
    child[name].setEncoding("utf8").on("data", (text) => { out[name] += text; });
  child.stdin.on("error", () => {}); // it has ended already
  child.stdin.end(input);
  const ended = new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
  const end = await within(ended, `the end of vireo ${args.join(" ")}`, 60000).finally(() => child.kill("SIGKILL"));
  const lines = out.stdout.split("\n").slice(0, -1);
  return { ...end, ...out, lines };
}
