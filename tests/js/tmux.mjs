// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// A program in a terminal of tmux: keys are typed, the screen is read.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { DEADLINE } from "./wait.mjs";

const run = promisify(execFile);
const quote = (word) => `'${String(word).replaceAll("'", "'\\''")}'`;

export class Terminal {
  /** `words`: the program and its arguments. */
  static async start(t, words, { env = {}, width = 100, height = 30 } = {}) {
    const terminal = new Terminal();
    terminal.folder = mkdtempSync(path.join(tmpdir(), "vireo-tmux-"));
    terminal.env = { ...process.env, TMUX_TMPDIR: terminal.folder, LC_ALL: "C.UTF-8", ...env };
    delete terminal.env.TMUX;
    t.after(() => terminal.stop());
    // What it ends with stays on the screen.
    const command = `${words.map(quote).join(" ")}; echo "ended with $?"; exec cat`;
    await terminal.tmux("new-session", "-d", "-x", width, "-y", height, command);
    return terminal;
  }

  async tmux(...args) {
    const all = ["-L", "vireo", "-f", "/dev/null", ...args.map(String)];
    return (await run("tmux", all, { env: this.env })).stdout;
  }

  /** Types texts as they are; a word in an array is a key's name, ["Enter"], ["C-d"]. */
  async type(...keys) {
    for (const key of keys) {
      if (Array.isArray(key)) await this.tmux("send-keys", ...key);
      else await this.tmux("send-keys", "-l", key);
    }
  }

  /** The screen's lines; `colours`: with their escape sequences. */
  async screen(colours = false) {
    const text = await this.tmux("capture-pane", "-p", "-J", ...(colours ? ["-e"] : []));
    return text.trimEnd();
  }

  /** The match, when the screen shows it. */
  async shows(pattern, colours = false) {
    const end = Date.now() + DEADLINE;
    for (;;) {
      const screen = await this.screen(colours);
      const match = pattern.exec(screen);
      if (match) return match;
      if (Date.now() > end) throw new Error(`waited in vain for ${pattern} on\n${screen}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop() {
    await this.tmux("kill-server").catch(() => {});
    rmSync(this.folder, { recursive: true, force: true });
  }
}
