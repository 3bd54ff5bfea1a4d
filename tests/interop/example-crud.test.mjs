// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// examples/crud (X03): every request by the official client, and the page in Chromium.

import assert from "node:assert/strict";
import { test } from "node:test";
import { call, connected } from "../js/client.mjs";
import { Example } from "../js/example.mjs";
import { pagesOf, shot, shows } from "../js/page.mjs";
import { next } from "../js/wait.mjs";

const ask = async (socket, event, ...args) => (await call(socket, event, ...args))[0];

test("X03: created, read, updated, listed and deleted; the others are told", async (t) => {
  const example = await Example.start(t, "crud");
  const [a, b] = await Promise.all([connected(t, example), connected(t, example, { transports: ["websocket"] })]);
  assert.deepEqual(await ask(a, "todo:list"), { data: [] });

  let told = next(b, "todo:created");
  assert.deepEqual(await ask(a, "todo:create", { title: "Milk", completed: false }), { data: 1 });
  assert.deepEqual(await told, [{ id: 1, title: "Milk", completed: false }]);
  await ask(b, "todo:create", { title: "Bread", completed: false });
  assert.deepEqual(await ask(b, "todo:read", 1), { data: { id: 1, title: "Milk", completed: false } });

  told = next(b, "todo:updated");
  assert.deepEqual(await ask(a, "todo:update", { id: 1, title: "Oat milk", completed: true }), { data: 1 });
  assert.deepEqual(await told, [{ id: 1, title: "Oat milk", completed: true }]);
  assert.deepEqual(await ask(b, "todo:list"),
    { data: [{ id: 1, title: "Oat milk", completed: true }, { id: 2, title: "Bread", completed: false }] });

  told = next(b, "todo:deleted");
  assert.deepEqual(await ask(a, "todo:delete", 1), { data: 1 });
  assert.deepEqual(await told, [1]);
  assert.deepEqual(await ask(b, "todo:list"), { data: [{ id: 2, title: "Bread", completed: false }] });
  assert.deepEqual(await ask(b, "todo:create", { title: "Tea", completed: false }), { data: 3 }, "ids come once");
});

test("X03: what is not right is refused with all that is wrong, and changes nothing", async (t) => {
  const example = await Example.start(t, "crud");
  const socket = await connected(t, example);
  const wrong = async (event, payload, ...paths) => {
    const { error, errorDetails, data } = await ask(socket, event, payload);
    assert.equal(error, "invalid payload");
    assert.equal(data, undefined);
    assert.deepEqual(errorDetails.map((d) => d.path), paths);
    for (const { message } of errorDetails) assert.match(message, /needed$/);
  };
  assert.deepEqual(await ask(socket, "todo:create", { title: "x".repeat(256), completed: true }), { data: 1 });
  await wrong("todo:create", { title: "x".repeat(257), completed: true }, ["title"]);
  await wrong("todo:create", { title: "", completed: false }, ["title"]);
  await wrong("todo:create", { title: "a", completed: "no" }, ["completed"]);
  await wrong("todo:create", { title: 7 }, ["title"], ["completed"]);
  for (const payload of [null, "text", [], 5]) await wrong("todo:create", payload, ["title"], ["completed"]);
  await wrong("todo:update", { id: 1, title: "a" }, ["completed"]);
  for (const id of [0, 2, -1, "1", null, 1.5, { id: 1 }]) {
    assert.deepEqual(await ask(socket, "todo:read", id), { error: "entity not found" });
    assert.deepEqual(await ask(socket, "todo:delete", id), { error: "entity not found" });
  }
  assert.deepEqual(await ask(socket, "todo:update", { title: "a", completed: true }), { error: "entity not found" });
  assert.deepEqual(await ask(socket, "todo:list"), { data: [{ id: 1, title: "x".repeat(256), completed: true }] });
});

test("X03: a thousand things to do, and not one more", async (t) => {
  const example = await Example.start(t, "crud");
  const socket = await connected(t, example, { transports: ["websocket"] });
  const answers = await Promise.all(Array.from({ length: 1001 },
    () => ask(socket, "todo:create", { title: "a", completed: false })));
  assert.deepEqual(answers.at(999), { data: 1000 });
  assert.deepEqual(answers.at(1000), { error: "too many entities" });
  await ask(socket, "todo:delete", 500);
  assert.deepEqual(await ask(socket, "todo:create", { title: "b", completed: false }), { data: 1001 });
  assert.equal((await ask(socket, "todo:list")).data.length, 1000);
});

test("X03: the page, in two windows", async (t) => {
  const example = await Example.start(t, "crud");
  const [one, two] = await pagesOf(t, example, 2);
  for (const title of ["<b>Milk</b>", "Bread"]) {
    await one.getByLabel("What is to be done?").fill(title);
    await one.keyboard.press("Enter");
    await two.locator(`#todos input[type=text]`).nth(title === "Bread" ? 1 : 0).waitFor();
  }
  assert.deepEqual(await two.locator("#todos input[type=text]").evaluateAll((all) => all.map((e) => e.value)),
    ["<b>Milk</b>", "Bread"]);
  await two.getByLabel("done", { exact: true }).first().check();
  await one.locator("li.done").waitFor();
  await one.getByLabel("title").nth(1).fill("");
  await one.getByLabel("title").nth(1).press("Tab");
  await shows(one, "[role=alert]", "invalid payload, title: 1 to 256 bytes of text are needed");
  assert.equal(await one.getByLabel("title").nth(1).inputValue(), "Bread", "as it was");
  await shot(one, "crud");
  await one.getByRole("button", { name: "Delete" }).first().click();
  await two.locator("li.done").waitFor({ state: "detached" });
  assert.equal(await two.locator("#todos li").count(), 1);
});
