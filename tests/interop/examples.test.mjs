// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The programs of examples/: each is started, driven by the official clients, looked at in Chromium
// where it has a page, and ended by a signal. (The chat has tests of its own in browser/.)

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import http from "node:http";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import { launch } from "../browser/chat.mjs";
import { Example } from "../js/example.mjs";
import { call, client, connected } from "../js/client.mjs";
import { collect, next, within } from "../js/wait.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const build = path.resolve(process.env.VIREO_BUILD ?? path.join(here, "../../build"));

async function webSocket(t, example, target) {
  const ws = new WebSocket(example.url.replace("http", "ws") + target);
  const messages = [];
  ws.wake = () => {};
  ws.on("message", (data, binary) => {
    messages.push([binary ? data : data.toString(), binary]);
    ws.wake();
  });
  ws.take = () => within((async () => {
    while (messages.length === 0) await new Promise((resolve) => { ws.wake = resolve; });
    return messages.shift();
  })(), "a message");
  t.after(() => ws.terminate());
  await next(ws, "open");
  return ws;
}

const websocketOnly = { transports: ["websocket"] };

describe("examples", { concurrency: 4 }, () => {
  let browser;
  before(async () => { browser = await launch(); });
  after(() => browser.close());

  /** The example's page in a browser; nothing may go wrong in it. */
  async function page(example) {
    const context = await browser.newContext();
    const tab = await context.newPage();
    const wrong = collect(tab, "pageerror");
    example.guests.push(async () => {
      await context.close();
      assert.deepEqual(wrong.map(String), []);
    });
    tab.on("console", (message) => {
      if (message.type() === "error" && !/favicon/.test(message.location().url)) wrong.push(message.text());
    });
    await tab.goto(`${example.url}/`);
    return tab;
  }

  const shows = (tab, selector, text) =>
    tab.locator(selector).filter({ hasText: text }).first().waitFor({ timeout: 10000 });

  test("hello: a page, and an event each way", async (t) => {
    const example = await Example.start(t, "hello");
    const socket = client(t, example);
    const [text] = await next(socket, "hello");
    assert.equal(text, "Hello from C!");
    socket.send("from a test\n\u001b[31m");
    assert.equal((await example.line(/ says (.*)$/))[1], String.raw`"from a test\n\u001b[31m"`);
    const tab = await page(example);
    await shows(tab, "h1", "Hello from C!");
    await example.line(/ says "Hello from the browser!"$/);
  });

  test("news: every 3 seconds to each client, which answers; the timer ends with its client", async (t) => {
    const example = await Example.start(t, "news");
    const socket = await connected(t, example, { path: "/news.io" });
    const id = socket.id;
    await example.line(new RegExp(`^connected: 127\\.0\\.0\\.1 ${id}$`));
    const [tab, [first]] = await Promise.all([page(example), next(socket, "news")]);
    assert.deepEqual(first, { number: 1, text: "all is well" });
    socket.emit("reply", "thanks");
    await example.line(new RegExp(`^reply: ${id} "thanks"$`));
    socket.disconnect();
    await example.line(new RegExp(`^disconnected: 127\\.0\\.0\\.1 ${id} \\(client namespace disconnect\\)$`));
    await shows(tab, "li", "all is well");
    await example.line(/^reply: .* "thank you for number 1"$/);
    const broken = await connected(t, example, { path: "/news.io", ...websocketOnly });
    broken.io.engine.write("2[\"not closed\"");
    await example.line(new RegExp(`^error: ${broken.id} `));
  });

  test("events: emit, broadcast, send, binary, acknowledgements both ways", async (t) => {
    const example = await Example.start(t, "events");
    const [a, b] = await Promise.all([connected(t, example), connected(t, example, websocketOnly)]);
    assert.deepEqual(await call(a, "greet", "Ada"), [{ text: "Hello, Ada!" }]);
    assert.deepEqual(await call(a, "greet", { not: "a name" }), [{ text: "Hello, stranger!" }]);

    const heard = collect(a, "shout");
    let come = next(b, "shout");
    a.emit("shout", "hey 한글");
    assert.deepEqual(await come, [{ from: a.id, text: "hey 한글" }]);
    assert.deepEqual(heard, []);

    come = Promise.all([next(a, "message"), next(b, "message")]);
    a.send({ any: ["thing", 1.5, null] });
    assert.deepEqual(await come, [["sent", { any: ["thing", 1.5, null] }], ["heard", { any: ["thing", 1.5, null] }]]);

    come = next(b, "picture");
    assert.deepEqual(await call(a, "picture", "p.png", Buffer.from([0, 1, 254, 255])), [4]);
    assert.deepEqual(await come, [{ name: "p.png", size: 4 }, Buffer.from([0, 1, 254, 255])]);
    assert.deepEqual(await call(a, "picture", "p.png", "no bytes"), [{ error: "bytes expected" }]);

    for (const [off, correct] of [[0, true], [1, false]]) {
      a.once("question", ({ a: x, b: y }, answer) => answer(x + y + off));
      come = next(a, "answer");
      a.emit("add", 20, 22);
      assert.deepEqual(await come, [correct]);
    }

    const [one, two] = [await page(example), await page(example)];
    for (const tab of [one, two]) await shows(tab, "li", "connected");
    for (const button of ["greet", "shout", "message", "picture", "add"]) await one.locator(`#${button}`).click();
    for (const text of ["greet: Hello, browser!", "message sent: a message", "picture: 3 bytes arrived", "answer: correct"])
      await shows(one, "li", text);
    for (const text of ["shout: is anybody there?", "message heard: a message", "picture: dots 3 1 2 3"])
      await shows(two, "li", text);
  });

  test("rooms: join, leave, to one, to several, except one", async (t) => {
    const example = await Example.start(t, "rooms");
    const all = await Promise.all([0, 1, 2].map(() => connected(t, example, websocketOnly)));
    const [a, b, c] = all;
    const said = all.map((socket) => collect(socket, "said"));
    // An acknowledgement comes behind what was sent before it.
    const heard = async () => {
      for (const socket of all) await call(socket, "leave", "nowhere");
      return said.map((list) => list.splice(0).map(({ to, text }) => `${to}: ${text}`));
    };
    assert.deepEqual(await call(a, "join", "blue"), [1]);
    assert.deepEqual(await call(b, "join", "blue"), [2]);
    assert.deepEqual(await call(b, "join", "red"), [1]);
    assert.deepEqual(await call(c, "join", "red"), [2]);
    assert.match((await call(c, "join", ""))[0].error, /./);

    a.emit("say", "blue", "1");
    assert.deepEqual(await heard(), [["blue: 1"], ["blue: 1"], []]);
    a.emit("say", "red", "2");
    assert.deepEqual(await heard(), [[], ["red: 2"], ["red: 2"]]);
    c.emit("say both", "blue", "red", "3");
    assert.deepEqual(await heard(), [["blue: 3"], ["blue: 3"], ["blue: 3"]]);
    c.emit("say except", "blue", "red", "4");
    assert.deepEqual(await heard(), [["blue: 4"], [], []]);
    b.emit("say others", "red", "5");
    assert.deepEqual(await heard(), [[], [], ["red: 5"]]);
    assert.deepEqual(await call(b, "leave", "blue"), [1]);
    b.emit("say", "blue", "6");
    assert.deepEqual(await heard(), [["blue: 6"], [], []]);

    const tab = await page(example);
    await tab.locator("#join").click();
    await shows(tab, "li", "joined: 2 in blue");
    await tab.locator("#say").click();
    await shows(tab, "li", "to blue: hello");
    assert.deepEqual(await heard(), [["blue: hello"], [], []]);
  });

  test("ws-ticker: a message every 3 seconds to each open client", async (t) => {
    const example = await Example.start(t, "ws-ticker");
    const [a, b] = await Promise.all([webSocket(t, example, "/ticker"), webSocket(t, example, "/ticker")]);
    await example.line(/^open: 127\.0\.0\.1$/);
    for (const ws of [a, b]) assert.deepEqual(await ws.take(), ["welcome", false]);
    for (const ws of [a, b]) assert.deepEqual(await ws.take(), ["tick, 2 connected", false]);
    a.send("hello");
    await example.line(/^message: 127\.0\.0\.1 5 bytes of text$/);
    a.close(4000);
    await example.line(/^close: 127\.0\.0\.1 4000$/);
    b._socket.write(Buffer.from([0xff, 0xff]));
    await example.line(/^error: 127\.0\.0\.1 .*VIREO_EPROTO/);
    assert.equal((await next(b, "close"))[0], 1002);
    const tab = await page(example);
    await shows(tab, "li", "welcome");
    await shows(tab, "li", "tick, 1 connected");
    const plain = await fetch(`${example.url}/ticker`);
    assert.equal(plain.status, 426);
  });

  test("ws-chat: what one says goes to all others", async (t) => {
    const example = await Example.start(t, "ws-chat");
    const [a, b] = await Promise.all([webSocket(t, example, "/chat"), webSocket(t, example, "/chat")]);
    const [one, two] = [await page(example), await page(example)];
    for (const tab of [one, two]) await shows(tab, "li", "connected");
    await one.locator("#text").fill("<b>hi</b> 안녕");
    await one.locator("button").click();
    await shows(one, "li", "you: <b>hi</b> 안녕");
    await shows(two, "li", "<b>hi</b> 안녕");
    for (const ws of [a, b]) assert.deepEqual(await ws.take(), ["<b>hi</b> 안녕", false]);
    a.send(Buffer.from([1, 2]));
    assert.deepEqual(await b.take(), [Buffer.from([1, 2]), true]);
    b.send("back");
    assert.deepEqual(await a.take(), ["back", false]);
    a.send("x".repeat(10001));
    assert.equal((await next(a, "close"))[0], 1009);
  });

  test("bench-server: raw echo and broadcast, and the five events byte for byte", async (t) => {
    const example = await Example.start(t, "bench-server");
    const echo = await webSocket(t, example, "/echo");
    echo.send("text");
    echo.send(Buffer.from([9]));
    assert.deepEqual(await echo.take(), ["text", false]);
    assert.deepEqual(await echo.take(), [Buffer.from([9]), true]);
    const all = await Promise.all([0, 1, 2].map(() => webSocket(t, example, "/bcast")));
    all[0].send("to all");
    for (const ws of all) assert.deepEqual(await ws.take(), ["to all", false]);

    const sio = "/socket.io/?EIO=4&transport=websocket";
    const pair = await Promise.all([webSocket(t, example, sio), webSocket(t, example, sio)]);
    for (const ws of pair) {
      assert.match((await ws.take())[0], /^0\{/);
      ws.send("40");
      assert.match((await ws.take())[0], /^40\{"sid"/);
    }
    const [a, b] = pair;
    const table = [
      ["42[\"echo\",\"S\"]", ["42[\"echo\",\"S\"]"], []],
      ["4210000[\"ack\",\"S\"]", ["4310000[\"S\"]"], []],
      ["42[\"bcast\",\"0123456789abcdef\"]", ["42[\"bcast\",\"0123456789abcdef\"]"], ["42[\"bcast\",\"0123456789abcdef\"]"]],
      ["427[\"join\",\"r1\"]", ["437[]"], []],
      ["42[\"room\",\"r1\",\"S\"]", ["42[\"room\",\"r1\",\"S\"]"], []],
      ["42[\"room\",\"r2\",\"S\"]", [], []],
      ["428[\"ack\",\"end\"]", ["438[\"end\"]"], []],
    ];
    for (const [text, toA, toB] of table) {
      a.send(text);
      for (const expected of toA) assert.equal((await a.take())[0], expected);
      for (const expected of toB) assert.equal((await b.take())[0], expected);
    }
  });

  test("every example ends on SIGINT too, with clients connected, and says how it is used", async (t) => {
    for (const name of ["hello", "news", "events", "rooms", "ws-ticker", "ws-chat", "bench-server"]) {
      const example = await Example.start(t, name, "localhost");
      assert.match(example.url, /^http:\/\/localhost:\d+$/);
      await new Promise((resolve) => http.get(example.url, (res) => res.resume().on("end", resolve)));
      if (name.startsWith("ws-")) await webSocket(t, example, name === "ws-chat" ? "/chat" : "/ticker");
      else await connected(t, example, name === "news" ? { path: "/news.io" } : {});
      await example.stop("SIGINT");
      for (const [args, code] of [[["--help"], 0], [["--port", "x"], 2], [["--port", "65536"], 2], [["--what"], 2]]) {
        const child = spawn(path.join(build, name), args);
        let text = "";
        for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => { text += data; });
        assert.equal((await next(child, "close"))[0], code);
        assert.match(text, /^usage: .*\[--port N\]/);
      }
    }
  });
});
