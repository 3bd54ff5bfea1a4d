// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The chat under test: its server (the C program, VIREO_BUILD/chat) and people at its page in Chromium.
//
//   VIREO_BUILD   where the program is, default ../../build (from this file)
//   VIREO_SHOTS   a folder that keeps the screenshots; without it they go to a temporary one
//   CHROMIUM      the browser, default /usr/bin/chromium

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { within } from "../js/wait.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const program = path.join(
  path.resolve(process.env.VIREO_BUILD ?? path.join(here, "../../build")),
  "chat",
);
const DEADLINE = 30000; // a page that comes back may wait 7.5 s between two attempts

const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

function temporary(t) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "vireo-chat-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A chat server with a history of its own, of `t.workers` workers. At the end of test `t` it has to end without
 *  complaint. */
export class Chat {
  static async start(t) {
    const chat = new Chat(path.join(temporary(t), "chat.db"), t.workers ?? 1);
    t.after(() => chat.stop());
    await chat.run(0);
    return chat;
  }

  constructor(data, workers) {
    this.data = data;
    this.workers = workers;
  }

  /** Starts the program; port 0 lets the system choose. */
  async run(port) {
    const args = ["--host", "127.0.0.1", "--port", String(port), "--data", this.data,
      "--workers", String(this.workers)];
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    this.stderr = "";
    running.add(child);
    child.stderr.setEncoding("utf8").on("data", (text) => (this.stderr += text));
    this.exited = new Promise((resolve) =>
      child.once("close", (code, signal) => {
        running.delete(child);
        resolve({ code, signal });
      }),
    );
    const line = new Promise((resolve, reject) => {
      child.once("error", (err) =>
        reject(
          new Error(`cannot start ${program}: ${err.message} (VIREO_BUILD names the build folder)`),
        ),
      );
      this.exited.then(({ code }) =>
        reject(new Error(`the chat ended with ${code}: ${this.stderr}`)),
      );
      createInterface({ input: child.stdout }).once("line", resolve);
    });
    this.printed = await within(line, "the line that says where the chat listens");
    const match = /^chat: listening on (http:\/\/127\.0\.0\.1:(\d+))\/?$/.exec(this.printed);
    assert.ok(match, `it printed: ${this.printed}`);
    this.url = match[1];
    this.port = Number(match[2]);
  }

  /** Ends it without any warning. */
  async kill() {
    this.child.kill("SIGKILL");
    await within(this.exited, "the killed chat's end");
  }

  /** Starts it again where it was. */
  restart() {
    return this.run(this.port);
  }

  /** Asks it to end; it must do so by itself, with 0, and silently. Returns nothing. */
  async stop(signal = "SIGTERM") {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill(signal);
    const end = await within(this.exited, `the chat's end after ${signal}`).catch(async (err) => {
      this.child.kill("SIGKILL");
      throw err;
    });
    assert.deepEqual(end, { code: 0, signal: null }, this.stderr);
    assert.equal(this.stderr, "");
  }
}

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** Somebody at the chat's page, in a browser profile of their own. */
export class Person {
  static async arrive(t, browser, chat, options = {}) {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      ...options,
    });
    t.after(() => context.close());
    context.setDefaultTimeout(DEADLINE);
    return Person.window(context, chat);
  }

  /** A further window of the same profile. */
  static async window(context, chat) {
    const person = new Person(context, await context.newPage());
    await person.page.goto(chat.url);
    return person;
  }

  constructor(context, page) {
    this.context = context;
    this.page = page;
    this.surprises = []; // what a page must never do
    page.on("pageerror", (err) => this.surprises.push(String(err)));
    page.on("dialog", (dialog) => {
      this.surprises.push(`a dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
  }

  get name() {
    return this.page.getByRole("textbox", { name: "Your name" });
  }

  get box() {
    return this.page.getByRole("textbox", { name: /^Message to / });
  }

  get log() {
    return this.page.getByRole("log", { name: "Messages" });
  }

  room(name) {
    return this.page
      .getByRole("navigation", { name: "Rooms" })
      .locator("button.room", { hasText: name });
  }

  /** Types a name at the door and waits to be inside. */
  async enter(name) {
    await this.name.fill(name);
    await this.name.press("Enter");
    await this.inside();
  }

  async inside() {
    await this.page.locator("#state[data-state=online]").waitFor({ state: "attached" });
    await this.box.waitFor();
  }

  async say(text) {
    await this.box.fill(text);
    await this.box.press("Enter");
  }

  async goTo(room) {
    await this.page.getByRole("textbox", { name: "Name of a room to open" }).fill(room);
    await this.page.keyboard.press("Enter");
    await this.page.getByRole("heading", { level: 1, name: `# ${room}` }).waitFor();
  }

  /** The texts of the conversation, oldest first, however they got there. */
  texts() {
    return this.page.locator("#log .bubble").allTextContents();
  }

  /** Waits for a message whose text is exactly this. */
  async sees(text) {
    await this.until(
      (wanted) =>
        [...document.querySelectorAll("#log .bubble")].some((b) => b.textContent === wanted),
      text,
      `the message "${text}"; there are ${JSON.stringify(await this.texts())}`,
    );
  }

  /** Waits until all that this person wrote has been acknowledged. */
  async allSent() {
    await this.until(
      () => document.querySelector("#log [data-state]") === null,
      null,
      "the acknowledgements",
    );
  }

  until(condition, argument, what) {
    return this.page.waitForFunction(condition, argument, { timeout: DEADLINE }).catch((err) => {
      throw new Error(`waited in vain for ${what}: ${err.message}`);
    });
  }

  async shot(name) {
    await this.page.screenshot({ path: path.join(shots(), `${name}.png`) });
  }

  /** How much wider the page is than its window; 0 when nothing has to be scrolled sideways. */
  overflow() {
    return this.page.evaluate(() => {
      const wider = [
        document.scrollingElement,
        ...document.querySelectorAll("#scroll, #login, .talk, .panel"),
      ].map((e) => e.scrollWidth - e.clientWidth);
      return Math.max(...wider);
    });
  }
}

let folder = null;
function shots() {
  if (folder) return folder;
  folder = process.env.VIREO_SHOTS;
  if (folder) {
    mkdirSync(folder, { recursive: true });
  } else {
    folder = mkdtempSync(path.join(os.tmpdir(), "vireo-shots-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  }
  return folder;
}
