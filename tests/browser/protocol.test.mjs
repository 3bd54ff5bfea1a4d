// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The chat's events as a client sees them: those of Socket.IO's own chat example as they stand
// there, then what goes beyond them, then what a hostile client may try. The official
// socket.io-client drives the C program.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { call, connected } from "../js/client.mjs";
import { collect, next, within } from "../js/wait.mjs";
import { Chat } from "./chat.mjs";

const visit = (t, chat, options = {}) => connected(t, chat, options);

/** A client as the page is one: it is told, and has a key. */
async function page(t, chat, name, more = {}) {
  const socket = await visit(t, chat, { transports: ["websocket"] });
  const [entered] = await call(socket, "add user", name, { key: `key of ${name}`, ...more });
  assert.equal(entered.error, undefined, entered.message);
  return Object.assign(socket, { entered });
}

describe("Socket.IO's own chat example", () => {
  test("X01: its events, with its arguments, polling and websocket", async (t) => {
    const chat = await Chat.start(t);
    const ada = await visit(t, chat, { transports: ["polling"] });
    let login = next(ada, "login");
    ada.emit("add user", "Ada");
    assert.deepEqual(await login, [{ numUsers: 1 }]);
    const bo = await visit(t, chat);
    const joined = next(ada, "user joined");
    login = next(bo, "login");
    bo.emit("add user", "Bo");
    assert.deepEqual(await login, [{ numUsers: 2 }]);
    assert.deepEqual((await joined)[0], { username: "Bo", numUsers: 2 });

    const echoed = collect(bo, "new message");
    for (const event of ["typing", "stop typing"]) {
      const told = next(ada, event);
      bo.emit(event);
      assert.deepEqual(await told, [{ username: "Bo" }]);
    }
    let said = next(ada, "new message");
    bo.emit("new message", "Hello");
    assert.deepEqual((await said)[0], { username: "Bo", message: "Hello" });
    said = next(bo, "new message");
    ada.emit("new message", "Hello yourself");
    assert.deepEqual((await said)[0], { username: "Ada", message: "Hello yourself" });
    assert.equal(echoed.length, 1, "nobody hears what they said themselves");

    const left = next(ada, "user left");
    bo.disconnect();
    assert.deepEqual((await left)[0], { username: "Bo", numUsers: 1 });
  });

  test("X01: who has not said a name is not there, and a second name changes nothing", async (t) => {
    const chat = await Chat.start(t);
    const ada = await visit(t, chat);
    ada.emit("add user", "Ada");
    await next(ada, "login");
    const heard = [];
    ada.onAny((event, data) => heard.push([event, data.username]));
    const bo = await visit(t, chat);
    bo.emit("new message", "too early");
    bo.emit("typing");
    bo.emit("add user", "Bo");
    bo.emit("add user", "Bob");
    bo.emit("new message", "now");
    await next(ada, "new message");
    assert.deepEqual(heard, [
      ["user joined", "Bo"],
      ["new message", "Bo"],
    ]);
    const quiet = await visit(t, chat);
    quiet.disconnect();
    bo.emit("new message", "still");
    await next(ada, "new message");
    assert.equal(
      heard.some(([event]) => event === "user left"),
      false,
    );
  });

  test("a name that is taken or unfit is made to fit, since that page cannot be told", async (t) => {
    const chat = await Chat.start(t);
    const watcher = await page(t, chat, "Watcher");
    const names = [];
    for (const name of [
      "Ada",
      "ada",
      "",
      7,
      "\u0000\u202eEve\u200b ",
      "🐦".repeat(40),
      "🐦".repeat(24),
    ]) {
      const client = await visit(t, chat);
      const joined = next(watcher, "user joined");
      client.emit("add user", name);
      names.push((await joined)[0].username);
    }
    assert.deepEqual(names, [
      "Ada",
      "ada 2",
      "Guest",
      "Guest 2",
      "Eve",
      "🐦".repeat(24),
      `${"🐦".repeat(18)} 2`,
    ]);
  });

  test("it meets pages with rooms in the lobby", async (t) => {
    const chat = await Chat.start(t);
    const modern = await page(t, chat, "Ada");
    const classic = await visit(t, chat);
    classic.emit("add user", "Bo");
    assert.deepEqual(await next(classic, "login"), [{ numUsers: 2 }]);
    const heard = next(classic, "new message");
    const [stamp] = await call(modern, "new message", "to all", { id: "1" });
    assert.deepEqual(await heard, [
      { username: "Ada", message: "to all" },
      { ...stamp, room: "lobby" },
    ]);
    const strange = collect(classic, "rooms changed");
    const left = next(classic, "user left");
    await call(modern, "join room", "elsewhere");
    assert.deepEqual((await left)[0], { username: "Ada", numUsers: 1 });
    const back = next(classic, "user joined");
    await call(modern, "join room", "lobby");
    assert.deepEqual((await back)[0], { username: "Ada", numUsers: 2 });
    assert.deepEqual(strange, []);
  });
});

describe("beyond it", () => {
  test("entering tells the room, its people, its messages and all rooms", async (t) => {
    const chat = await Chat.start(t);
    const ada = await page(t, chat, "  Ada   L. ");
    assert.deepEqual(ada.entered, {
      username: "Ada L.",
      room: "lobby",
      numUsers: 1,
      users: ["Ada L."],
      messages: [],
      more: false,
      rooms: [{ room: "lobby", numUsers: 1, numMessages: 0, users: ["Ada L."] }],
    });
    const before = Date.now();
    const [stamp] = await call(ada, "new message", "  kept \u0007\n ", { id: "m1" });
    assert.ok(stamp.time >= before - 1000 && stamp.time <= Date.now() + 1000);
    const changed = next(ada, "rooms changed");
    const bo = await page(t, chat, "Bo", { room: "Den" });
    assert.deepEqual(
      bo.entered.rooms.find((r) => r.room === "lobby"),
      { room: "lobby", numUsers: 1, numMessages: 1, users: ["Ada L."] },
    );
    assert.ok((await changed)[0].length >= 1);
    const [moved] = await call(bo, "join room", "LOBBY");
    assert.equal(moved.room, "lobby");
    assert.deepEqual(moved.messages, [
      { id: stamp.id, username: "Ada L.", message: "kept", time: stamp.time },
    ]);
    assert.deepEqual(moved.users.sort(), ["Ada L.", "Bo"]);
    assert.deepEqual(
      moved.rooms.map((r) => r.room),
      ["lobby"],
      "the room nobody spoke in is gone",
    );
  });

  test("a message sent again is acknowledged as before and shown once, also after kill -9", async (t) => {
    const chat = await Chat.start(t);
    let [ada, bo] = [await page(t, chat, "Ada"), await page(t, chat, "Bo")];
    let heard = collect(bo, "new message");
    const [first] = await call(ada, "new message", "once", { id: "m1" });
    const [again] = await call(ada, "new message", "once", { id: "m1" });
    assert.deepEqual(again, first);
    await call(ada, "new message", "other", { id: "m2" });
    await call(bo, "history", {});
    assert.deepEqual(
      heard.map(([m]) => m.message),
      ["once", "other"],
    );

    await chat.kill();
    await chat.restart();
    [ada, bo] = [await page(t, chat, "Ada"), await page(t, chat, "Bo")];
    heard = collect(bo, "new message");
    assert.deepEqual((await call(ada, "new message", "once", { id: "m1" }))[0], first);
    await call(ada, "new message", "last", { id: "m3" });
    const [{ messages }] = await call(bo, "history", {});
    assert.deepEqual(
      messages.map((m) => m.message),
      ["once", "other", "last"],
    );
    assert.deepEqual(
      heard.map(([m]) => m.message),
      ["last"],
    );
  });

  test("what was acknowledged is there after kill -9, at whatever moment it comes", async (t) => {
    const chat = await Chat.start(t);
    const acknowledged = [];
    for (let round = 0; round < 3; round++) {
      const ada = await page(t, chat, "Ada");
      const enough = new Promise((resolve) => {
        for (let i = 0; i < 12; i++) {
          const text = `${round}.${i}`;
          ada.emit("new message", text, { id: text }, (stamp) => {
            acknowledged.push([stamp.id, text]);
            if (i === 6) resolve();
          });
        }
      });
      await within(enough, "acknowledgements");
      await chat.kill();
      await chat.restart();
    }
    const { entered } = await page(t, chat, "Ada");
    const stored = new Map(entered.messages.map((m) => [m.id, m.message]));
    for (const [id, text] of acknowledged) assert.equal(stored.get(id), text);
    const texts = [...stored.values()];
    assert.equal(new Set(texts).size, texts.length);
  });

  test("one person in two windows is counted once, and leaves with the last", async (t) => {
    const chat = await Chat.start(t);
    const bo = await page(t, chat, "Bo");
    const heard = [];
    bo.onAny(
      (event, data) =>
        event.startsWith("user ") && heard.push([event, data.username, data.numUsers]),
    );
    const one = await page(t, chat, "Ada");
    const two = await page(t, chat, "Ada");
    assert.equal(two.entered.numUsers, 2);
    assert.deepEqual(two.entered.users.sort(), ["Ada", "Bo"]);
    const echo = next(two, "new message");
    await call(one, "new message", "from the first window", {});
    assert.equal((await echo)[0].username, "Ada");
    const left = next(bo, "user left");
    one.disconnect();
    await call(two, "join room", "den");
    await left;
    await call(two, "join room", "lobby");
    two.disconnect();
    await next(bo, "user left");
    assert.deepEqual(heard, [
      ["user joined", "Ada", 2],
      ["user left", "Ada", 1],
      ["user joined", "Ada", 2],
      ["user left", "Ada", 1],
    ]);
    const many = [];
    for (let i = 0; i < 8; i++) many.push(await page(t, chat, "Cy"));
    const ninth = await visit(t, chat);
    assert.equal(
      (await call(ninth, "add user", "Cy", { key: "key of Cy" }))[0].error,
      "too_many_windows",
    );
  });

  test("names, texts and rooms are checked", async (t) => {
    const chat = await Chat.start(t);
    const ada = await page(t, chat, "Ada");
    const eve = await visit(t, chat);
    const cases = [
      ["add user", ["", {}], "name_empty"],
      ["add user", [" \u3000\u00a0 ", {}], "name_empty"],
      ["add user", ["\u200d\ufe0f", {}], "name_empty"],
      ["add user", [{ name: "Eve" }, {}], "name_empty"],
      ["add user", ["x".repeat(25), {}], "name_too_long"],
      ["add user", ["한".repeat(25), {}], "name_too_long"],
      ["add user", ["Eve\n", {}], "name_unseen"],
      ["add user", ["E\u0000ve", {}], "name_unseen"],
      ["add user", ["\u202eevE", {}], "name_unseen"],
      ["add user", ["\u3164", {}], "name_unseen"],
      ["add user", ["half \ud83d", {}], "name_unseen"],
      ["add user", ["ADA", {}], "name_taken"],
      ["add user", ["Ada", { key: "another" }], "name_taken"],
      ["new message", ["early", {}], "no_name"],
      ["join room", ["early"], "no_name"],
      ["history", [{}], "no_name"],
    ];
    for (const [event, args, error] of cases) {
      const [answer] = await call(eve, event, ...args);
      assert.equal(answer.error, error, `${event} ${JSON.stringify(args)}`);
      assert.ok(answer.message.length > 10);
    }
    assert.equal((await call(eve, "add user", "한".repeat(24), {}))[0].username, "한".repeat(24));
    assert.equal((await call(ada, "new message", " \n", {}))[0].error, "text_empty");
    assert.equal((await call(ada, "new message", null, {}))[0].error, "text_empty");
    assert.equal((await call(ada, "new message", "😀".repeat(2001), {}))[0].error, "text_too_long");
    assert.ok((await call(ada, "new message", "😀".repeat(2000), {}))[0].id);
    assert.equal((await call(ada, "new message", "x", { room: "nowhere" }))[0].error, "no_room");
    assert.equal((await call(ada, "join room", "\t"))[0].error, "name_unseen");
    const heard = next(eve, "new message");
    await call(ada, "new message", "half \ud83d emoji, \u0000 and \u001b[31m", {});
    assert.equal((await heard)[0].message, "half \ufffd emoji,  and [31m");
  });

  test("one client cannot flood: messages, rooms, questions", async (t) => {
    const chat = await Chat.start(t);
    const bo = await page(t, chat, "Bo");
    const heard = collect(bo, "new message");
    const eve = await page(t, chat, "Eve");
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => call(eve, "new message", `flood ${i}`, {})),
    );
    const slow = answers.filter(([a]) => a.error === "slow_down");
    assert.ok(slow.length >= 30 && slow.length <= 40, `${slow.length} of 60 were refused`);
    assert.ok(slow.every(([a]) => a.retry > 0 && a.retry <= 1000));
    const rooms = await Promise.all(
      Array.from({ length: 8 }, (_, i) => call(eve, "join room", `room ${i}`)),
    );
    assert.equal(rooms.filter(([a]) => a.error === "slow_down").length, 3);
    const asked = await Promise.all(Array.from({ length: 80 }, () => call(eve, "history", {})));
    assert.ok(asked.some(([a]) => a.error === "slow_down"));
    assert.ok((await call(bo, "new message", "Bo is served as ever", {}))[0].id);
    assert.equal(heard.length, 60 - slow.length);
  });

  test("arguments of any kind do no harm", async (t) => {
    const chat = await Chat.start(t);
    const bo = await page(t, chat, "Bo");
    const odd = [
      undefined,
      null,
      true,
      0,
      -1,
      1e400,
      2 ** 53,
      "",
      "x".repeat(5000),
      [],
      [[[]]],
      {},
      { key: {}, room: [], id: 5, before: "x" },
      { key: "k".repeat(200), id: "i".repeat(200), room: "\u0000" },
      { before: -1 },
      { before: 1e300 },
      Buffer.from("binary"),
    ];
    for (const args of [
      [],
      ...odd.map((a) => [a]),
      ...odd.map((a) => ["Eve", a]),
      ...odd.map((a) => [a, a, a]),
    ]) {
      const eve = await visit(t, chat, { transports: ["websocket"] });
      for (const event of [
        "new message",
        "add user",
        "new message",
        "join room",
        "history",
        "typing",
        "stop typing",
        "rooms changed",
        "nonsense",
      ])
        eve.emit(event, ...args);
      const [answer] = await call(eve, "add user", "Eve", { key: "e" });
      assert.ok(answer.username || answer.error);
      eve.disconnect();
    }
    assert.ok((await call(bo, "new message", "still here", {}))[0].id);
  });

  test("a request too large ends its own connection only", async (t) => {
    const chat = await Chat.start(t);
    const bo = await page(t, chat, "Bo");
    const eve = await page(t, chat, "Eve");
    const gone = next(eve, "disconnect");
    eve.emit("new message", "x".repeat(70000));
    await gone;
    assert.ok((await call(bo, "new message", "still here", {}))[0].id);
  });

  test("it ends cleanly on SIGINT and SIGTERM, with people inside", async (t) => {
    for (const signal of ["SIGINT", "SIGTERM"]) {
      const chat = await Chat.start(t);
      const people = [await page(t, chat, "Ada"), await page(t, chat, "Bo", { room: "den" })];
      const gone = people.map((p) => next(p, "disconnect"));
      await call(people[0], "new message", `before ${signal}`, {});
      await chat.stop(signal);
      await Promise.all(gone);
    }
  });

  test("history in steps of 50", async (t) => {
    const chat = await Chat.start(t);
    for (const round of [0, 1, 2, 3]) {
      const writer = await page(t, chat, `Writer ${round}`);
      for (let i = 0; i < 18; i++) await call(writer, "new message", `${round * 18 + i}`, {});
    }
    const ada = await page(t, chat, "Ada");
    assert.equal(ada.entered.messages.length, 50);
    assert.equal(ada.entered.more, true);
    const [older] = await call(ada, "history", { before: ada.entered.messages[0].id });
    assert.equal(older.more, false);
    const all = [...older.messages, ...ada.entered.messages].map((m) => m.message);
    assert.deepEqual(
      all,
      Array.from({ length: 72 }, (_, i) => String(i)),
    );
    assert.deepEqual((await call(ada, "history", { before: older.messages[0].id }))[0], {
      messages: [],
      more: false,
    });
  });
});
