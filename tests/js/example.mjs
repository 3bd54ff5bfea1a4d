// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// A program of examples/, started on a port of the system's choice and ended by a signal.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { within } from "./wait.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const build = path.resolve(process.env.VIREO_BUILD ?? path.join(here, "../../build"));

/** A running example. */
export class Example {
  static run(name, args) {
    return new Example(spawn(path.join(build, name), args));
  }

  static async start(t, name, host = "127.0.0.1", port = "0", args = []) {
    const example = Example.run(name, ["--port", port, "--host", host, ...args]);
    t.after(() => example.stop());
    const [, url] = await example.line(new RegExp(`^${name}: listening on (https?://.+:\\d+)$`));
    example.url = url;
    return example;
  }

  constructor(child) {
    this.child = child;
    this.lines = [];
    this.stderr = "";
    this.waiters = new Set();
    this.guests = []; // what must leave before it ends
    child.stderr.setEncoding("utf8").on("data", (text) => { this.stderr += text; });
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.lines.push(line);
      for (const look of this.waiters) look();
    });
    this.exited = new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
    child.once("error", (err) => { this.stderr += err.message; });
  }

  /** The match of the first line of its output, past or to come, that matches. */
  line(pattern) {
    let look;
    return within(new Promise((resolve) => {
      look = () => {
        const match = this.lines.map((line) => pattern.exec(line)).find(Boolean);
        if (match) resolve(match);
      };
      this.waiters.add(look);
      look();
    }), `the line ${pattern}; there were:\n${this.lines.join("\n")}\n${this.stderr}`)
      .finally(() => this.waiters.delete(look));
  }

  /** It must end by itself, with status 0 and without a word on stderr (a sanitizer's, for example). */
  async stop(signal = "SIGTERM") {
    for (const leave of this.guests.splice(0)) await leave();
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    const end = await within(this.exited, `the end after ${signal}`).catch((err) => {
      this.child.kill("SIGKILL");
      throw err;
    });
    assert.deepEqual(end, { code: 0, signal: null }, this.stderr);
    assert.equal(this.stderr, "");
  }
}
