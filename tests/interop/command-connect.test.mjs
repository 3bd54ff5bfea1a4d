// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// L01: vireo connect: keys are typed in a terminal (tmux), its screen is read. Against the official
// server and npm's ws.

import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { program, vireo } from "../js/command.mjs";
import { folder, official, rawServer } from "../js/peers.mjs";
import { Terminal } from "../js/tmux.mjs";
import { deferred, next, within } from "../js/wait.mjs";

const start = (t, args, options = {}) => Terminal.start(t, [program, "connect", ...args],
  { ...options, env: { VIREO_HISTORY: "", ...options.env } });

const ENTER = ["Enter"];

test("L01: events are typed and seen, acknowledgements too", async (t) => {
  const come = deferred();
  const url = await official(t, (io) => io.on("connection", (s) => {
    s.on("chat", (...args) => { come.resolve(args); s.emit("back", ...args, Buffer.from([1, 255])); });
    s.on("add", (a, b, ack) => ack(a + b));
    s.on("question", () => s.emit("really?", (...answer) => s.emit("so", answer)));
  }));
  const at = await start(t, [url]);
  await at.shows(/= connected to http:.* over polling; \/help/);
  await at.type('chat {"text":"hé"}, 2', ENTER);
  assert.deepEqual(await within(come.promise, "the event"), [{ text: "hé" }, 2]);
  await at.shows(/^\d\d:\d\d:\d\d\.\d{3} < back \{"text":"hé"\} 2 <2 bytes: 01 ff>$/m);
  await at.type("/call add 1 2", ENTER);
  await at.shows(/< answer 3$/m);
  await at.type("question", ENTER);
  await at.shows(/< really\? {2}\(asks: \/answer 1 \.\.\)$/m);
  await at.type('/answer 1 "yes", 2', ENTER);
  await at.shows(/< so \["yes",2\]$/m);
  await at.type("/answer 1", ENTER);
  await at.shows(/no such question is open/);
  await at.type('chat {"a":', ENTER);
  await at.shows(/! that is not JSON/);
  await at.type("/hlep", ENTER);
  await at.shows(/! there is no \/hlep; did you mean \/help/);
  await at.type(["C-d"]);
  await at.shows(/ended with 0/);
});

test("L01: what comes while something is typed stands above it, and the line is whole", async (t) => {
  let socket;
  const come = deferred();
  const url = await official(t, (io) => io.on("connection", (s) => {
    socket = s;
    s.on("say", (text) => come.resolve(text));
  }));
  const at = await start(t, [url], { width: 60 });
  await at.shows(/connected/);
  const words = "a long line that goes over the border of a narrow terminal, twice: ".repeat(2);
  await at.type(`say ${words}`);
  await at.shows(/> say a long line[^]*twice: a long/);
  socket.emit("interrupts", 1);
  const screen = (await at.shows(/< interrupts 1\n> say a long line[^]*twice: *$/))[0];
  assert.equal((await at.screen()).match(/say a long/g).length, 1, screen);
  await at.type(["Home"], ["C-k"], ["C-y"], ENTER); // cut and put back
  assert.equal(await within(come.promise, "the text"), words.trim());
});

test("L01: history, in a file that is ours alone; completion", async (t) => {
  const file = path.join(folder(t), "history");
  const url = await official(t, (io) => io.on("connection", (s) => {
    s.emit("weather-report", 1);
    s.on("weather-report", () => s.emit("got it"));
  }));
  const env = { VIREO_HISTORY: file };
  let at = await start(t, [url], { env });
  await at.shows(/weather-report 1/);
  await at.type("/inf", ["Tab"]);
  await at.shows(/> \/info *$/m);
  await at.type(ENTER);
  await at.shows(/= \/ connected over \w+, id /);
  await at.type("we", ["Tab"], "7", ENTER);
  await at.shows(/< got it/);
  await at.type("/", ["Tab"]);
  await at.shows(/\/help {2}\/call {2}.*\/quit/);
  await at.type("quit", ENTER);
  await at.shows(/ended with 0/);
  assert.match(readFileSync(file, "utf8"), /weather-report/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  await at.stop();
  at = await start(t, [url], { env });
  await at.shows(/connected/);
  await at.type(["Up"], ["Up"]);
  await at.shows(/> weather-report 7$/m);
});

test("L01: namespaces are joined and left", async (t) => {
  const url = await official(t, (io) => {
    io.of("/admin").use((s, pass) => pass(s.handshake.auth.token === "x" ? undefined : new Error("no")));
    io.of("/admin").on("connection", (s) => s.on("who", () => s.emit("you", s.nsp.name)));
    io.on("connection", (s) => s.on("who", () => s.emit("you", s.nsp.name)));
  });
  const at = await start(t, [url]);
  await at.shows(/connected/);
  await at.type("/join /admin", ENTER);
  await at.shows(/! \/admin: the server refused: no; \/join \/admin \{"token":"x"\} gives it an auth\n> *$/);
  await at.type('/join /admin {"token":"x"}', ENTER);
  await at.shows(/= joined \/admin/);
  await at.shows(/^\/admin> *$/m);
  await at.type("who", ENTER);
  await at.shows(/< \/admin you "\/admin"/);
  await at.type("/leave", ENTER);
  await at.type("who", ENTER);
  await at.shows(/< you "\/"/);
  await at.type("/leave", ENTER);
  await at.shows(/\/close disconnects it, \/quit ends/);
});

test("L01: it comes back when the server does, and when it is told to", async (t) => {
  const sockets = [];
  const url = await official(t, (io) => io.on("connection", (s) => {
    sockets.push(s);
    s.on("n", () => s.emit("n", sockets.length));
  }));
  const at = await start(t, [url]);
  await at.shows(/connected/);
  sockets[0].conn.close();
  await at.shows(/= disconnected: transport close; trying again[^]*= connected/);
  sockets[1].disconnect();
  await at.shows(/= disconnected: io server disconnect; \/reconnect/);
  await at.type("/reconnect", ENTER);
  await at.shows(/\/reconnect[^]*= connected/);
  await at.type("n", ENTER);
  await at.shows(/< n 3/);
  await at.type("/close", ENTER);
  await at.shows(/= disconnected: io client disconnect/);
});

test("L01: raw WebSocket: lines, binary from files, ping, close codes", async (t) => {
  const wss = await rawServer(t);
  wss.on("connection", (ws) => ws.on("message", (data, binary) => wss.emit("got", data, binary)));
  const file = path.join(folder(t), "bytes");
  writeFileSync(file, Buffer.from([0, 1, 2]));
  const at = await start(t, [wss.url]);
  await at.shows(/= connected to ws:/);
  let come = next(wss, "got");
  await at.type("hello, 世界", ENTER);
  assert.deepEqual(await come, [Buffer.from("hello, 世界"), false]);
  come = next(wss, "got");
  await at.type("//not a command", ENTER);
  assert.deepEqual(await come, [Buffer.from("/not a command"), false]);
  come = next(wss, "got");
  await at.type(`/file ${file}`, ENTER);
  assert.deepEqual(await come, [Buffer.from([0, 1, 2]), true]);
  come = next(wss, "got");
  await at.type("/hex 7 ff", ENTER);
  assert.deepEqual(await come, [Buffer.from([7, 255]), true]);
  await at.type("/ping", ENTER);
  await at.shows(/= pong after [\d.]+ ms/);
  const [server] = wss.clients;
  server.send("from the \x1b[31mserver");
  await at.shows(/< from the \\x1b\[31mserver/);
  const end = next(server, "close");
  await at.type("/close 3001 enough", ENTER);
  assert.deepEqual((await end).map(String), ["3001", "enough"]);
  await at.shows(/= disconnected: code 3001/);
  await at.type("x", ENTER);
  await at.shows(/not sent: the connection is closed; \/reconnect connects again/);
  await at.type("/reconnect", ENTER);
  await at.shows(/\/reconnect\n.*= connected/);
  await at.type(["C-c"]);
  await at.shows(/ended with 0/);
});

test("L01: a lone Escape does not stop the loop", async (t) => {
  const wss = await rawServer(t);
  const at = await start(t, [wss.url]);
  await at.shows(/= connected/);
  await at.type("abc", ["Escape"]);
  const [server] = wss.clients;
  server.send("still here");
  await at.shows(/< still here\n> abc/);
  server.close(4000, "bye");
  await at.shows(/disconnected: code 4000 bye/);
});

test("L01: colours at a terminal, not with NO_COLOR", async (t) => {
  const url = await official(t, (io) => io.on("connection", (s) => s.emit("hi")));
  let at = await start(t, [url]);
  await at.shows(/\x1b\[32m\S*< \S*\x1b\[1mhi/, true); // eslint-disable-line no-control-regex
  await at.stop();
  at = await start(t, [url], { env: { NO_COLOR: "1" } });
  await at.shows(/< hi/);
  assert.doesNotMatch(await at.screen(true), /\x1b\[3\d/); // eslint-disable-line no-control-regex
});

test("L01: in pipes: lines in, lines out", async (t) => {
  const url = await official(t, (io) => io.on("connection", (s) => s.on("add", (a, b, ack) => ack(a + b))));
  const { code, lines, stderr } = await vireo(["connect", url, "--wait", "1s"], { input: "/call add 2 3\n" });
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(lines.join("\n"), /= connected[^]*< answer 5/);
  const gone = await vireo(["connect", "127.0.0.1:1", "--no-reconnect"]);
  assert.equal(gone.code, 1);
  assert.match(gone.stdout, /! .*is the server running/);
});
