// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// O03: what a server does with the system's limits when it starts, and what it says of them.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import path from "node:path";
import { describe, test } from "node:test";
import { kinds } from "../js/server.mjs";
import { within } from "../js/wait.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const build = path.resolve(process.env.VIREO_BUILD ?? path.join(here, "../../build"));

/** The lines of a server that was started with these limits of descriptors, and its own limit. */
async function start(t, soft, hard) {
  const child = spawn("bash", ["-c", `ulimit -S -n ${soft} && ulimit -H -n ${hard} && exec "$@"`, "bash",
    path.join(build, "tests/trail-server"), "--host", "127.0.0.1"], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const lines = [];
  await within(new Promise((resolve, reject) => {
    child.once("exit", () => reject(new Error("the server ended")));
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(line);
      if (line.includes("listening on")) resolve();
    });
  }), "the server's start");
  const limits = readFileSync(`/proc/${child.pid}/limits`, "utf8");
  const [, now] = /Max open files\s+(\d+)/.exec(limits);
  return { told: lines.filter((l) => l.startsWith("{")).map((l) => JSON.parse(l)), descriptors: Number(now) };
}

if (kinds.includes("vireo")) describe("the system's limits [vireo]", () => {
  test("the descriptors that are granted are used, and told (O03)", async (t) => {
    const { told, descriptors } = await start(t, 100, 400);
    assert.equal(descriptors, 400);
    const [line] = told.filter((l) => /^room for/.test(l.text));
    assert.deepEqual([line.level, line.area, line.text],
      [1, "http", "room for 336 connections (the limit: descriptors: ulimit -n, LimitNOFILE of systemd)"]);
  });

  test("what is enough is left alone (O03)", async (t) => {
    const { descriptors } = await start(t, 300, 300);
    assert.equal(descriptors, 300);
  });
});
