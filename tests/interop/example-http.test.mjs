// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// examples/http-api and examples/upload: driven by fetch and curl, and the page of the latter by
// Chromium. H01-H06, H08.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { afterEach, beforeEach, describe, test } from "node:test";
import { promisify } from "node:util";
import { launch } from "../browser/chat.mjs";
import { Example } from "../js/example.mjs";

const curl = async (...args) => (await promisify(execFile)("curl", ["-sS", ...args])).stdout;
const uploadFolders = async () => (await readdir("/tmp")).filter((name) => name.startsWith("vireo-uploads-"));

describe("http-api", () => {
  test("H01-H05: notes are added, read and deleted, and mistakes answered as JSON", async (t) => {
    const { url } = await Example.start(t, "http-api");
    const call = async (method, target, body, headers = { "X-Key": "secret" }) => {
      const res = await fetch(url + target, { method, body, headers });
      const text = await res.text();
      return [res.status, text === "" ? "" : JSON.parse(text)];
    };
    assert.deepEqual(await call("GET", "/api/notes"), [200, []]);
    assert.deepEqual(await call("POST", "/api/notes", '{"title":"Milk"}'), [201, { id: 1, title: "Milk" }]);
    assert.deepEqual(await call("POST", "/api/notes", '{"title":"\\"Eggs\\""}'), [201, { id: 2, title: '"Eggs"' }]);
    assert.deepEqual(await call("GET", "/api/notes"), [200, [{ id: 1, title: "Milk" }, { id: 2, title: '"Eggs"' }]]);
    assert.deepEqual((await call("GET", "/api/notes", undefined, {}))[1].length, 2);
    assert.deepEqual(await call("DELETE", "/api/notes/1"), [204, ""]);
    assert.deepEqual(await call("DELETE", "/api/notes/1"), [404, { error: "Not Found" }]);
    const title = { error: "title: a text of 1 to 80 bytes is needed" };
    for (const body of ["", "{", "[]", '{"title":7}', '{"title":""}', `{"title":"${"x".repeat(81)}"}`])
      assert.deepEqual(await call("POST", "/api/notes", body), [422, title], body);
    assert.deepEqual(await call("POST", "/api/notes", `{"title":"${"x".repeat(80)}"}`).then(([s]) => s), 201);
    assert.deepEqual(await call("POST", "/api/notes", "x".repeat(4097)), [413, { error: "Payload Too Large" }]);
    assert.deepEqual(await call("POST", "/api/notes", "{}", {}), [401, { error: "an X-Key header is needed" }]);
    assert.deepEqual(await call("PUT", "/api/notes"), [405, { error: "Method Not Allowed" }]);
    assert.deepEqual(await call("GET", "/nothing"), [404, { error: "Not Found" }]);
    assert.deepEqual(await call("GET", "/%zz"), [400, { error: "Bad Request" }]);
    const options = await fetch(`${url}/api/notes`, { method: "OPTIONS", headers: { "X-Key": "secret" } });
    assert.deepEqual([options.status, options.headers.get("allow")], [204, "GET, HEAD, POST, OPTIONS"]);
    assert.equal(await curl(`${url}/api/notes`, "-H", "X-Key: secret", "-d", '{"title":"Tea"}'), '{"id":4,"title":"Tea"}');
  });
});

describe("upload", () => {
  let before;
  beforeEach(async () => { before = await uploadFolders(); });
  afterEach(async () => {
    for (const name of (await uploadFolders()).filter((folder) => !before.includes(folder)))
      await rm(`/tmp/${name}`, { recursive: true });
  });

  test("H06: files are stored as they come, listed and given back", async (t) => {
    const example = await Example.start(t, "upload");
    const { url } = example;
    const bytes = randomBytes(3000000);
    const form = new FormData();
    form.append("file", new Blob([bytes]), "../../naïve \"file\".bin");
    form.append("file", new Blob(["two"]), "two.txt");
    const res = await fetch(`${url}/files`, { method: "POST", body: form, redirect: "manual" });
    assert.deepEqual([res.status, res.headers.get("location")], [303, "/"]);
    assert.deepEqual(await (await fetch(`${url}/files`)).json(), ['../../naïve "file".bin', "two.txt"]);
    const file = await fetch(`${url}/files/0`);
    assert.deepEqual(Buffer.from(await file.arrayBuffer()), bytes);
    assert.match(file.headers.get("content-disposition"), /^attachment; filename="na\?ve \\"file\\".bin"; filename\*=/);
    assert.equal((await fetch(`${url}/files/2`)).status, 404);
    assert.equal(await curl("-F", "file=@/dev/null;filename=three", "-o", "/dev/null", "-w", "%{http_code}",
      `${url}/files`), "303");
    // one that breaks off leaves nothing behind
    const bad = await fetch(`${url}/files`, { method: "POST", headers: { "Content-Type": "multipart/form-data; boundary=B" },
      body: '--B\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n1\r\n--B\r\n' });
    assert.equal(bad.status, 400);
    assert.equal((await (await fetch(`${url}/files`)).json()).length, 3);
    const [folder] = (await uploadFolders()).filter((name) => !before.includes(name));
    assert.equal((await readdir(`/tmp/${folder}`)).length, 3);
  });

  test("H06: the page sends files", async (t) => {
    const example = await Example.start(t, "upload");
    const browser = await launch();
    t.after(() => browser.close());
    const tab = await browser.newPage();
    await tab.goto(example.url);
    await tab.setInputFiles("input", [{ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("A") },
      { name: "<b>.txt", mimeType: "text/plain", buffer: Buffer.from("B") }]);
    await tab.click("button");
    await tab.waitForSelector("li:nth-child(2)");
    assert.deepEqual(await tab.locator("li").allTextContents(), ["a.txt", "<b>.txt"]);
    example.guests.push(() => browser.close());
  });
});
