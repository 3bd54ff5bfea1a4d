// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// examples/chat on four workers (O06, X01): one list of people, one history, whichever worker has a connection.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { call, client, connected } from "../js/client.mjs";
import { Example } from "../js/example.mjs";
import { collect, next, within } from "../js/wait.mjs";

const PEOPLE = 8;

async function start(t) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "vireo-chat-"));
  const example = await Example.start(t, "chat", "127.0.0.1", "0", ["--data", path.join(folder, "chat.db"), "--workers", "4"]);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return example;
}

/** Long-lived connections are spread evenly: two on each worker. */
async function gathered(t, example) {
  const people = await Promise.all(Array.from({ length: PEOPLE }, () => connected(t, example, { transports: ["websocket"] })));
  for (const [i, c] of people.entries()) {
    c.heard = collect(c, "new message");
    c.rooms = collect(c, "rooms changed");
    const [entered] = await call(c, "add user", `Person ${i}`, { key: `key ${i}` });
    assert.equal(entered.numUsers, i + 1);
    assert.deepEqual(entered.users.sort(), people.slice(0, i + 1).map((_, n) => `Person ${n}`));
  }
  return people;
}

/** Until the last that was said of the lobby is that so many are there. */
const count = (c, n) => within(new Promise((resolve) => {
  const look = () => {
    const last = c.rooms.flat().filter(({ room, users }) => room === "lobby" && users).at(-1);
    if (last?.numUsers === n) resolve(last);
  };
  c.on("rooms changed", look);
  look();
}), `${n} people in the lobby`);

test("who is there, what is said, and who has left", async (t) => {
  const example = await start(t);
  const people = await gathered(t, example);
  await Promise.all(people.map((c) => count(c, PEOPLE)));
  const stamps = await Promise.all(people.flatMap((c, i) => Array.from({ length: 10 }, async (_, n) => {
    const text = `${i}-${n}`;
    const [{ id }] = await call(c, "new message", text, { id: `ref ${text}` });
    return { id, text };
  })));
  assert.equal(new Set(stamps.map(({ id }) => id)).size, 10 * PEOPLE);
  await Promise.all(people.map((c) => within(new Promise((resolve) => {
    const look = () => c.heard.length >= 10 * (PEOPLE - 1) && resolve();
    c.on("new message", look);
    look();
  }), "what the others have said")));
  for (const [i, c] of people.entries())
    assert.deepEqual(c.heard.map(([{ message }, { id }]) => `${id} ${message}`).sort(),
      stamps.filter(({ text }) => !text.startsWith(`${i}-`)).map(({ id, text }) => `${id} ${text}`).sort());
  const [again] = await call(people[5], "new message", "3-3", { id: "ref 3-3" });
  assert.equal(again.id, stamps.find(({ text }) => text === "3-3").id, "it is stored once");
  people[0].emit("typing");
  await Promise.all(people.slice(1).map((c) => next(c, "typing")));
  people[7].disconnect();
  const { users } = await count(people[2], PEOPLE - 1);
  assert.ok(!users.includes("Person 7"));
  const newcomer = await connected(t, example, { transports: ["websocket"] });
  const [{ messages }] = await call(newcomer, "add user", "Newcomer", { key: "x" });
  assert.deepEqual(messages.map(({ id }) => id), stamps.map(({ id }) => id).sort((a, b) => a - b).slice(-50));
});

test("a name is one person's, on all workers", async (t) => {
  const example = await start(t);
  const all = await Promise.all(Array.from({ length: PEOPLE }, () => connected(t, example, { transports: ["websocket"] })));
  const answers = await Promise.all(all.map((c, i) => call(c, "add user", "Ada", { key: `key ${i}` })));
  const inside = answers.filter(([{ error }]) => error === undefined);
  assert.equal(inside.length, 1);
  assert.equal(answers.filter(([{ error }]) => error === "name_taken").length, PEOPLE - 1);
  const same = answers.findIndex(([{ error }]) => error === undefined);
  const window = client(t, example, { transports: ["websocket"] });
  await next(window, "connect");
  const [entered] = await call(window, "add user", "Ada", { key: `key ${same}` });
  assert.equal(entered.numUsers, 1, "a second window is the same person");
});

test("rooms come and go for all", async (t) => {
  const example = await start(t);
  const people = await gathered(t, example);
  const told = (c, what, so) => within(new Promise((resolve) => {
    const look = () => c.rooms.flat().some(so) && resolve();
    c.on("rooms changed", look);
    look();
  }), what);
  await call(people[1], "join room", "design");
  await Promise.all(people.map((c) => told(c, "the room", ({ room, numUsers }) => room === "design" && numUsers === 1)));
  const [entered] = await call(people[6], "join room", "design");
  assert.deepEqual(entered.users.sort(), ["Person 1", "Person 6"]);
  await call(people[1], "join room", "lobby");
  people[6].disconnect();
  await Promise.all(people.slice(0, 6).map((c) => told(c, "its end", ({ room, gone }) => room === "design" && gone)));
});
