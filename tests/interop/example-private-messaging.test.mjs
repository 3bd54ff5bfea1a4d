// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// examples/private-messaging (X02): the events of Socket.IO's own example, by the official client, and
// two people in Chromium.

import assert from "node:assert/strict";
import { test } from "node:test";
import { client } from "../js/client.mjs";
import { Example } from "../js/example.mjs";
import { pagesOf, shot, shows } from "../js/page.mjs";
import { collect, next, within } from "../js/wait.mjs";

/** Somebody who is in, with what they were told first. */
async function enter(t, example, auth, options = {}) {
  const socket = client(t, example, { transports: ["websocket"], auth, ...options });
  const told = Promise.all([next(socket, "session"), next(socket, "users")]);
  const refused = new Promise((resolve, reject) => socket.on("connect_error", reject));
  const [[session], [users]] = await Promise.race([told, refused]);
  return Object.assign(socket, { session, users });
}

const names = (socket) => socket.users.map((u) => [u.username, u.connected]);

test("X02: a name, a session, the users; those who come and go", async (t) => {
  const example = await Example.start(t, "private-messaging");
  const ada = await enter(t, example, { username: "Ada" }, { transports: ["polling"] });
  assert.match(ada.session.sessionID, /^[0-9a-f]{32}$/);
  assert.match(ada.session.userID, /^[0-9a-f]{32}$/);
  assert.notEqual(ada.session.sessionID, ada.session.userID);
  assert.deepEqual(ada.users, [{ userID: ada.session.userID, username: "Ada", connected: true, messages: [] }]);

  const came = next(ada, "user connected");
  const bo = await enter(t, example, { username: "Bo" });
  assert.deepEqual(await came,
    [{ userID: bo.session.userID, username: "Bo", connected: true, messages: [] }]);
  assert.deepEqual(names(bo), [["Ada", true], ["Bo", true]]);
  assert.ok(!JSON.stringify(bo.users).includes(ada.session.sessionID), "a secret is nobody else's");

  const left = next(ada, "user disconnected");
  bo.disconnect();
  assert.deepEqual(await left, [bo.session.userID]);
  assert.deepEqual(names(await enter(t, example, { username: "Eve" })),
    [["Ada", true], ["Bo", false], ["Eve", true]]);
});

test("X02: messages reach all windows of both, and nobody else", async (t) => {
  const example = await Example.start(t, "private-messaging");
  const ada = await enter(t, example, { username: "Ada" });
  const elsewhere = await enter(t, example, { sessionID: ada.session.sessionID });
  assert.deepEqual(elsewhere.session, ada.session);
  const bo = await enter(t, example, { username: "Bo" });
  const eve = await enter(t, example, { username: "Eve" });
  const [own, overheard] = [collect(ada, "private message"), collect(eve, "private message")];
  const come = Promise.all([next(bo, "private message"), next(elsewhere, "private message")]);
  const message = { from: ada.session.userID, to: bo.session.userID, content: "Hello, Bo 🐦" };
  ada.emit("private message", { to: message.to, content: message.content });
  assert.deepEqual(await come, [[message], [message]]);

  const answer = next(ada, "private message");
  bo.emit("private message", { to: message.from, content: "x".repeat(500) });
  assert.equal((await answer)[0].content.length, 500);
  // what is not right is not passed on
  for (const wrong of [{ to: message.from, content: "x".repeat(501) }, { to: "nobody", content: "a" },
    { to: ada.session.sessionID, content: "a" }, { content: "a" }, null, "text"]) bo.emit("private message", wrong);
  const last = next(ada, "private message");
  bo.emit("private message", { to: message.from, content: "bye" });
  assert.equal((await last)[0].content, "bye");
  assert.equal(own.length, 2);
  assert.deepEqual(overheard, []);
});

test("X02: who comes back is the same, and finds what was written meanwhile", async (t) => {
  const example = await Example.start(t, "private-messaging");
  const ada = await enter(t, example, { username: "Ada" });
  const bo = await enter(t, example, { username: "Bo" });
  const window = await enter(t, example, { sessionID: bo.session.sessionID });
  const gone = collect(ada, "user disconnected");
  bo.disconnect();
  const left = next(ada, "user disconnected");
  window.disconnect();
  await left;
  assert.deepEqual(gone, [bo.session.userID], "only with the last window");
  ada.emit("private message", { to: bo.session.userID, content: "are you there?" });
  const came = next(ada, "user connected");
  const back = await enter(t, example, { sessionID: bo.session.sessionID });
  assert.deepEqual(back.session, bo.session);
  assert.equal((await came)[0].userID, bo.session.userID);
  assert.deepEqual(back.users.find((u) => u.username === "Ada").messages,
    [{ from: ada.session.userID, to: bo.session.userID, content: "are you there?" }]);
  const eve = await enter(t, example, { username: "Eve" });
  assert.deepEqual(eve.users.map((u) => u.messages), [[], [], []], "what others write is theirs");
});

test("X02: a name is needed; the public id is no session", async (t) => {
  const example = await Example.start(t, "private-messaging");
  const ada = await enter(t, example, { username: "Ada" });
  for (const auth of [{}, { username: "" }, { username: 7 }, { username: "x".repeat(97) }, { sessionID: "" },
    { sessionID: ada.session.userID }, { sessionID: null }])
    await assert.rejects(enter(t, example, auth), { message: "invalid username" });
  await enter(t, example, { username: "x".repeat(96), sessionID: "forgotten" });
});

test("X02: the page: two people, one of whom goes and comes back", async (t) => {
  const example = await Example.start(t, "private-messaging");
  const [ada, bo] = await pagesOf(t, example, 2);
  for (const [page, name] of [[ada, "Ada"], [bo, "Bo"]]) {
    await page.getByLabel("Your name").fill(name);
    await page.keyboard.press("Enter");
  }
  const write = async (page, text) => {
    await page.getByLabel("Message").fill(text);
    await page.keyboard.press("Enter");
  };
  await ada.getByRole("button", { name: "Bo" }).click();
  await write(ada, "Hello, <b>Bo</b>");
  await bo.locator("li.unread").waitFor();
  await bo.getByRole("button", { name: "Ada" }).click();
  await shows(bo, "#messages li:not(.mine)", "Hello, <b>Bo</b>");
  await write(bo, "Hello, Ada");
  await shows(ada, "#messages li:not(.mine)", "Hello, Ada");
  await shows(ada, "#messages li.mine", "Hello, <b>Bo</b>");
  await shot(ada, "private-messaging");
  await bo.goto("about:blank");
  await ada.locator("#users li:not(.connected)").waitFor();
  await write(ada, "while you were away");
  await shows(ada, "#messages li.mine", "while you were away");
  await bo.goto(`${example.url}/`);
  await ada.locator("#users li.connected").waitFor();
  await bo.getByRole("button", { name: "Ada" }).click();
  assert.deepEqual(await within(bo.locator("#messages li").allTextContents(), "the messages"),
    ["Hello, <b>Bo</b>", "Hello, Ada", "while you were away"]);
});
