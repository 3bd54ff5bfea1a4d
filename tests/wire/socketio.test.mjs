// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Socket.IO packets, transcript by transcript, over WebSocket unless the row says polling.

import { transcripts } from "../js/transcript.mjs";

const closes = (error, reason = "forced close") => ["<close 1005",
  ...(error ? [`{"event":"error","id":"$id","message":"${error}"}`] : []),
  `{"event":"disconnect","id":"$id","reason":"${reason}"}`];
const placeholder = (num) => `{"_placeholder":true,"num":${num}}`;
const placeholders = (n) => Array.from({ length: n }, (_, i) => placeholder(i)).join(",");
const goesOn = ['> 42["echo","on"]', '< 42["echo","on"]'];

transcripts("Socket.IO on the wire", [
  // CONNECT, DISCONNECT, CONNECT_ERROR
  { name: "CONNECT to a namespace, with and without the comma (N01 N02)", start: "websocket", lines: [
    "> 40/chat,", '< 40/chat,{"sid":"$id"}', "> 41/chat,",
    '{"event":"disconnect","id":"$id","reason":"client namespace disconnect"}', "> 40/chat",
    "< 40/chat,$any"] },
  { name: "CONNECT with auth (N10)", start: "websocket", lines: [
    '> 40/admin,{"token":"secret"}', '< 40/admin,{"sid":"$id"}'] },
  { name: "CONNECT with an empty auth (N10)", start: "websocket", lines: [
    "> 40{}", '< 40{"sid":"$id"}'] },
  { name: "CONNECT refused by the guard (N08)", start: "websocket", lines: [
    '> 40/admin,{"token":"guess"}',
    '< 44/admin,{"message":"not authorized","data":{"code":401,"hint":"token"}}'] },
  { name: "CONNECT to an unknown namespace (N12)", start: "websocket", lines: [
    "> 40/nowhere,", '< 44/nowhere,{"message":"Invalid namespace"}',
    "> 40/Chat", '< 44/Chat,{"message":"Invalid namespace"}', "> 40", "< 40$any"] },
  { name: "a query is part of the name (N12)", start: "websocket", lines: [
    '> 40/chat?x=1,{"token":1}', '< 44/chat?x=1,{"message":"Invalid namespace"}'] },
  { name: "CONNECT to several namespaces at once, each answered (N02)", start: "websocket", lines: [
    "> 40", "> 40/chat,", "> 40/none,", '< 40{"sid":"$id"}', "< 40/chat,$any",
    '< 44/none,{"message":"Invalid namespace"}'], kinds: ["vireo"] },
  ...["> 40/", "> 40/,", "> 40/,{}"].map((line) => ({ name: `CONNECT that names the main namespace: ${line} (N01)`,
    start: "websocket", lines: [line, '< 40{"sid":"$id"}', '> 42/,["echo",1]', '< 42["echo",1]'] })),
  { name: "CONNECT with null closes (S25)", start: "websocket", lines: ["> 40null", "<close 1005"] },
  { name: "DISCONNECT from a namespace not joined closes (S25 N02)", lines: ["> 41/chat,", ...closes()] },
  { name: "CONNECT with an id, which is ignored (N01)", start: "websocket", lines: [
    "> 4012{}", '< 40{"sid":"$id"}', ...goesOn] },
  { name: "what a guard emits comes before the reply (N08)", start: "websocket", lines: [
    "> 40/early,", '< 42/early,["early",1]', '< 40/early,{"sid":"$id"}'] },
  { name: "what on_connect emits comes after the reply (N10)", start: "websocket", lines: [
    '> 40{"greet":true}', '< 40{"sid":"$id"}', '< 42["welcome","$id"]'] },
  { name: "a second CONNECT closes (S25)", lines: ["> 40", ...closes()] },
  { name: "CONNECT with a list closes (S25)", start: "websocket", lines: ["> 40[]", "<close 1005"] },
  { name: "CONNECT with a text closes (S25)", start: "websocket", lines: ['> 40"x"', "<close 1005"] },
  { name: "CONNECT_ERROR from a client closes (S25)", lines: ['> 44{"message":"x"}', ...closes()] },
  { name: "a first packet that is no CONNECT closes (S25)", start: "websocket", lines: [
    '> 42["echo",1]', "<close 1005"] },
  { name: "DISCONNECT (S15)", lines: ["> 41",
    '{"event":"disconnect","id":"$id","reason":"client namespace disconnect"}'] },
  { name: "an event after DISCONNECT closes (S25)", lines: ["> 41",
    '{"event":"disconnect","id":"$id","reason":"client namespace disconnect"}', '> 42["mark"]',
    "<close 1005"] },
  // The official server handles a DISCONNECT one tick late and closes on the CONNECT behind it.
  { name: "DISCONNECT and CONNECT in one payload: out and in again (S15 N01)",
    start: "joined polling", kinds: ["vireo"], lines: ["POST 41␞40", "p= 200 ok", "GET",
      'g= 200 40{"sid":"$sid2"}',
      '{"event":"disconnect","id":"$id","reason":"client namespace disconnect"}'] },
  { name: "CONNECT and an event in one payload (S24 N01)", start: "polling", kinds: ["vireo"],
    lines: ['POST 40␞42["echo",1]', "p= 200 ok", "GET", 'g= 200 40{"sid":"$id"}␞42["echo",1]'] },
  { name: "DISCONNECT with a payload closes (S25)", lines: ["> 41{}", ...closes("invalid payload")] },
  { name: "an event to a namespace not joined closes (S25 N02)", lines: [
    '> 42/chat,["echo"]', ...closes()] },
  { name: "the server's DISCONNECT, the session stays (S15)", lines: ["> 40/chat,", "< 40/chat,$any",
    // The official server still writes what is emitted to a socket that it has disconnected.
    '> 42/chat,["disconnect-me",false]', "< 41/chat,",
    { node: '< 42/chat,["mark","after-disconnect"]' }, ...goesOn] },
  { name: "the server's DISCONNECT of all, then the close (S15)", lines: [
    '> 42["disconnect-me",true]', "< 41", "<close 1005"] },

  // EVENT and ACK
  { name: "EVENT in its plainest form (S01)", lines: ['> 42["echo"]', '< 42["echo"]'] },
  { name: "EVENT with blanks in its JSON comes back without (S01)", lines: [
    '> 42[ "echo" , { "a" : [ 1 , 2 ] } ]', '< 42["echo",{"a":[1,2]}]'] },
  { name: "EVENT in a namespace (N02)", lines: ["> 40/chat,", "< 40/chat,$any",
    '> 42/chat,["echo",1]', '< 42/chat,["echo",1]'] },
  { name: "EVENT with id, and its ACK (S06)", lines: ['> 4213["ack","q"]', '< 4313["q"]'] },
  { name: "a second answer is not sent (S06)", lines: ['> 420["ack-twice"]', "< 430[1]", ...goesOn] },
  { name: "ACK without arguments (S06)", lines: ['> 420["ack"]', "< 430[]"] },
  { name: "ACK in a namespace (S06)", lines: ["> 40/chat,", "< 40/chat,$any",
    '> 42/chat,7["ack"]', "< 43/chat,7[]"] },
  { name: "a large id (S06)", lines: ['> 429007199254740991["ack"]', "< 439007199254740991[]"] },
  { name: "binary ACK in a namespace (S06 S04 N02)", lines: ["> 40/chat,", "< 40/chat,$any",
    `> 451-/chat,7["ack",${placeholder(0)}]`, ">> 05", `< 461-/chat,7[${placeholder(0)}]`, "<< 05"] },
  { name: "binary ACK (S06 S04)", lines: [`> 451-5["ack",${placeholder(0)}]`, ">> 01",
    `< 461-5[${placeholder(0)}]`, "<< 01"] },
  { name: "an event of the server with id, answered (S06)", lines: [
    '> 42["ask",1]', '< 42$num["question",1]', '> 43$num[2,"x"]', '< 42["answered",2,"x"]',
    "> 43$num[3]", ...goesOn] },
  { name: "binary from the server with id, answered in binary (S06 S04)", lines: [
    `> 451-["ask",${placeholder(0)}]`, ">> 0a", `< 451-$num["question",${placeholder(0)}]`, "<< 0a",
    `> 461-$num[${placeholder(0)}]`, ">> 0b", `< 451-["answered",${placeholder(0)}]`, "<< 0b"] },
  { name: "ACK for an id nobody waits for (S06)", lines: ["> 43999[1]", ...goesOn] },
  { name: "binary ACK for an id nobody waits for (S06)", lines: [`> 461-99[${placeholder(0)}]`, ">> 01", ...goesOn] },
  { name: "ACK without an id (S06)", lines: ['> 43["x"]', ...goesOn] },
  { name: "blanks in front of the JSON (S01)", lines: ['> 42  ["echo",1]', '< 42["echo",1]'] },
  ...['""', "1.5", "-1", '"__proto__"', '"constructor"'].map((name) => ({ name: `an event named ${name} (S01 S02)`,
    lines: [`> 42[${name},1]`, `< 42["any",${name},1]`] })),
  { name: "a member named __proto__ is passed on (S01)", lines: ['> 42["echo",{"__proto__":{"a":1}}]',
    '< 42["echo",{"__proto__":{"a":1}}]'] },
  { name: "ACK without arguments at all (S06)", lines: ["> 43999", ...goesOn] },
  { name: "EVENT without arguments does nothing (S25)", lines: ["> 42", ...goesOn] },
  { name: "numbers as JavaScript writes them (S01)", lines: [
    '> 42["echo",1.0,1e2,0.1,1e21,1e-7,-0,123456789012345680000]',
    '< 42["echo",$any]', ...goesOn] },
  { name: "a number beyond all doubles does not end the connection (S23)", lines: [
    '> 42["echo",1e400]', '< 42["echo",$any]', ...goesOn] },
  { name: "escapes are read (S23)", lines: [
    '> 42["echo","\\u00e9\\ud83d\\udc26\\n\\/"]', '< 42["echo","é🐦\\n/"]'] },
  { name: "half an emoji is passed on as half an emoji (S23)", lines: [
    '> 42["echo","a\\ud83d"]', '< 42["echo","a\\ud83d"]'] },
  { name: "non-ASCII is not escaped on the way out (S23)", lines: [
    '> 42["echo","한글\u2028\u007f"]', '< 42["echo","한글\u2028\u007f"]'] },
  { name: "control characters are escaped on the way out (S23)", lines: [
    '> 42["echo","\\u0000\\u001f\\b\\t\\n\\f\\r\\"\\\\"]',
    '< 42["echo","\\u0000\\u001f\\b\\t\\n\\f\\r\\"\\\\"]'] },
  { name: "a numeric event name (S02)", lines: ['> 42[1234,"x"]', '< 42["numeric","x"]'] },
  { name: "an event of no handler (S12)", lines: ['> 42["zap",1]', '< 42["any","zap",1]'] },
  { name: "of two equal keys the last counts (S01)", lines: [
    '> 420["handshake",[],[],{"a":1,"a":2}]', "< 430[$any]"] },

  // BINARY
  { name: "attachments in order, placeholders anywhere (S04)", lines: [
    `> 452-["echo",{"x":${placeholder(1)},"y":[${placeholder(0)}]}]`, ">> aa", ">> bb",
    `< 452-["echo",{"x":${placeholder(0)},"y":[${placeholder(1)}]}]`, "<< bb", "<< aa"] },
  { name: "ten attachments (S05)", lines: [`> 4510-["echo",${placeholders(10)}]`,
    ...Array(10).fill(">> 01"), `< 4510-["echo",${placeholders(10)}]`, ...Array(10).fill("<< 01")] },
  { name: "eleven attachments close (S05)", lines: [`> 4511-["echo",${placeholders(11)}]`,
    ...closes("too many attachments")] },
  { name: "a number of attachments that no one could send closes (S05)", lines: [
    `> 4599999999999999999999-["echo"]`, ...closes("$any").filter((line) => !line.includes("error"))] },
  { name: "an empty attachment (S04)", lines: [`> 451-["echo",${placeholder(0)}]`, ">> ",
    `< 451-["echo",${placeholder(0)}]`, "<< "] },
  { name: "a pong between a packet and its attachment (S04 T13)", lines: [
    `> 451-["echo",${placeholder(0)}]`, "> 3", ">> 01", `< 451-["echo",${placeholder(0)}]`, "<< 01"] },
  { name: "attachments of one namespace while another is spoken to (S04 S25 N02)", lines: ["> 40/chat,",
    "< 40/chat,$any", `> 451-/chat,["echo",${placeholder(0)}]`, '> 42["echo",1]', "<close 1005"] },
  { name: "an attachment that no placeholder stands for (S04)", lines: [`> 452-["echo",${placeholder(0)}]`, ">> 01",
    ">> 02", `< 451-["echo",${placeholder(0)}]`, "<< 01", ...goesOn] },
  { name: "a placeholder with other members (S04)", lines: [
    '> 451-["echo",{"x":1,"_placeholder":true,"num":0,"y":2}]', ">> 01", `< 451-["echo",${placeholder(0)}]`, "<< 01"] },
  { name: "a placeholder in a text event is data (S04)", lines: [`> 42["echo",${placeholder(5)}]`,
    `< 42["echo",${placeholder(5)}]`] },
  { name: "binary for an event's name closes (S25)", lines: [`> 451-[${placeholder(0)},1]`, ">> 01", "<close 1005"] },
  { name: "no attachment count closes (S25)", lines: ['> 45["echo"]',
    ...closes("Illegal attachments")] },
  { name: "an attachment count of 0 closes (S25)", lines: ['> 450-["echo"]',
    ...closes("Illegal attachments").filter((line) => !line.includes('"error"'))] },
  { name: "a negative attachment count closes (S25)", lines: ['> 45-1-["echo"]', "<close 1005"] },
  { name: "a broken attachment count closes (S25)", lines: ['> 451.5-["echo"]', "<close 1005"] },
  { name: "text while attachments are due closes (S25)", lines: [`> 451-["echo",${placeholder(0)}]`,
    '> 42["mark"]', ...closes("got plaintext data when reconstructing a packet")] },
  { name: "binary that no packet announced closes (S25)", lines: [">> 01",
    ...closes("got binary data when not reconstructing a packet")] },
  { name: "a placeholder out of range closes (S25)", lines: [`> 451-["echo",${placeholder(1)}]`,
    ">> 01", ...closes("illegal attachments")] },
  { name: "a placeholder below 0 closes (S25)", lines: [`> 451-["echo",${placeholder(-1)}]`,
    ">> 01", ...closes("illegal attachments")] },
  { name: "a placeholder that is no number closes (S25)", lines: [
    '> 451-["echo",{"_placeholder":true,"num":"splice"}]', ">> 01", ...closes("illegal attachments")] },

  // what cannot be read
  ...[
    ["an unknown packet type", "> 47", "unknown packet type 7"],
    ["a letter for a packet type", "> 4x", "unknown packet type NaN"],
    ["JSON that is cut", '> 42["echo"', "invalid payload"],
    ["JSON with something behind it", '> 42["echo"]x', "invalid payload"],
    ["JSON with a trailing comma", '> 42["echo",]', "invalid payload"],
    ["single quotes", "> 42['echo']", "invalid payload"],
    ["a bare word", "> 42[echo]", "invalid payload"],
    ["NaN", '> 42["echo",NaN]', "invalid payload"],
    ["a leading zero", '> 42["echo",01]', "invalid payload"],
    ["a raw control character in a text", '> 42["echo","\u0001"]', "invalid payload"],
    ["a broken escape", '> 42["echo","\\x"]', "invalid payload"],
    ["a cut escape", '> 42["echo","\\u12"]', "invalid payload"],
    ["an object for a list", "> 42{}", "invalid payload"],
    ["a text for a list", '> 42"echo"', "invalid payload"],
    ["null for a list", "> 42null", "invalid payload"],
    ["an empty list", "> 42[]", "invalid payload"],
    ["true for a name", "> 42[true]", "invalid payload"],
    ["null for a name", "> 42[null]", "invalid payload"],
    ["an object for a name", "> 42[{}]", "invalid payload"],
    ["an ACK with an object", "> 430{}", "invalid payload"],
    ...["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]
      .map((name) => [`the reserved name ${name}`, `> 42["${name}"]`, "invalid payload"]),
  ].map(([name, line, error]) => ({ name: `${name} closes (S25 S03 S18)`, lines: [line,
    ...closes(error)] })),
  { name: "JSON nested a hundred thousand deep does not hurt (S25)", lines: [
    `> 42["echo",${"[".repeat(100000)}${"]".repeat(100000)}]`,
    ...closes()], kinds: ["vireo"] },

  { name: "a message without a packet closes (S25)", lines: ["> 4", "<close 1005"] },

  // the error is for all of the session's sockets
  { name: "what cannot be read is told to every namespace of the session (S18)", lines: [
    "> 40/chat,", '< 40/chat,{"sid":"$sid2"}', "> 42{}", "<close 1005",
    '{"event":"error","nsp":"/","id":"$id","message":"invalid payload"}',
    '{"event":"error","nsp":"/chat","id":"$sid2","message":"invalid payload"}',
    '{"event":"disconnect","nsp":"/","id":"$id","reason":"forced close"}'] },

  // over polling
  { name: "polling: what cannot be read ends the session (S25 T17)", start: "joined polling", lines: [
    "POST 42{}", '{"event":"error","id":"$id","message":"invalid payload"}', "GET", "g= 200 6␞1",
    '{"event":"disconnect","id":"$id","reason":"forced close"}'] },
  { name: "polling: a second CONNECT ends the session (S25)", start: "joined polling", lines: [
    "POST 40", '{"event":"disconnect","id":"$id","reason":"forced server close"}'] },
  { name: "polling: a refused CONNECT (N08)", start: "polling", lines: [
    'POST 40/admin,{"token":"guess"}', "p= 200 ok", "GET",
    'g= 200 44/admin,{"message":"not authorized","data":{"code":401,"hint":"token"}}'] },
  { name: "polling: DISCONNECT of the server, then its close (S15)", start: "joined polling", lines: [
    'POST 42["disconnect-me",false]', "p= 200 ok", "GET",
    { vireo: "g= 200 41", node: 'g= 200 41␞42["mark","after-disconnect"]' },
    '{"event":"disconnect","id":"$id","reason":"server namespace disconnect"}'] },
]);
