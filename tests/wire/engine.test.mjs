// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Engine.IO, transcript by transcript: heartbeats, packets, upgrade and close as they are on the
// wire. The HTTP side of the handshake is in ../interop/http.test.mjs.

import { transcripts } from "../js/transcript.mjs";

transcripts("Engine.IO on the wire", [
  { name: "polling: CONNECT, its reply, an event and back (T01)", start: "polling", lines: [
    "POST 40", "p= 200 ok", "GET", 'g= 200 40{"sid":"$id"}',
    'POST 42["echo","hi"]', "p= 200 ok", "GET", 'g= 200 42["echo","hi"]'] },
  { name: "polling: binary is base64, attachments follow their packet (T02)",
    start: "joined polling", lines: [
      'POST 451-["echo",{"_placeholder":true,"num":0}]␞bAQIDBA==', "p= 200 ok", "GET",
      'g= 200 451-["echo",{"_placeholder":true,"num":0}]␞bAQIDBA=='] },
  { name: "polling: an attachment in a payload of its own (T02)", start: "joined polling", lines: [
    'POST 451-["echo",{"_placeholder":true,"num":0}]', "p= 200 ok", "POST bAQI=", "p= 200 ok",
    "GET", 'g= 200 451-["echo",{"_placeholder":true,"num":0}]␞bAQI='] },
  { name: "polling: an empty binary (T02)", start: "joined polling", lines: [
    'POST 451-["echo",{"_placeholder":true,"num":0}]␞b', "p= 200 ok",
    "GET", 'g= 200 451-["echo",{"_placeholder":true,"num":0}]␞b'] },
  { name: "polling: two polls, the second is refused and the session ends (T15)",
    start: "joined polling", lines: ["GET:a", "POST 42[\"mark\"]", "p= 200 ok", "GET:b", "b= 400 ",
      "a= 200 1", '{"event":"disconnect","id":"$id","reason":"transport error"}',
      "GET", 'g= 400 {"code":1,"message":"Session ID unknown"}'] },
  { name: "polling: the client's close, a pending poll gets a noop (T16)", start: "joined polling",
    lines: ["GET", "POST 1", "p= 200 ok", "g= 200 6",
      '{"event":"disconnect","id":"$id","reason":"transport close"}',
      "POST 42[\"mark\"]", 'p= 400 {"code":1,"message":"Session ID unknown"}'] },
  { name: "polling: the server's close, told to the pending poll (T16)", start: "joined polling",
    lines: ["GET", 'POST 42["disconnect-me",true]', "p= 200 ok", "g= 200 $any",
      '{"event":"disconnect","id":"$id","reason":"server namespace disconnect"}'] },
  { name: "polling: a bad packet ends the session (T17)", start: "joined polling", lines: [
    "POST x", '{"event":"disconnect","id":"$id","reason":"parse error"}',
    "GET", 'g= 400 {"code":1,"message":"Session ID unknown"}'] },
  { name: "polling: an empty post ends the session (T17)", start: "joined polling", lines: [
    "POST ", '{"event":"disconnect","id":"$id","reason":"parse error"}'] },
  { name: "polling: a client's ping ends the session (T13)", start: "joined polling", lines: [
    "POST 2", '{"event":"disconnect","id":"$id","reason":"transport error"}'] },
  { name: "polling: open, upgrade and noop packets are passed over (T17)", start: "joined polling",
    lines: ['POST 0{}␞5␞6␞42["echo",1]', "p= 200 ok", "GET", 'g= 200 42["echo",1]'] },

  { name: "websocket: CONNECT, its reply, an event and back (T03)", start: "websocket", lines: [
    "> 40", '< 40{"sid":"$id"}', '> 42["echo","hi"]', '< 42["echo","hi"]'] },
  { name: "websocket: binary frames carry no type (T03)", lines: [
    '> 452-["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', ">> 01 02 03",
    ">> ff", '< 452-["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
    "<< 01 02 03", "<< ff"] },
  { name: "websocket: base64 text is taken for binary (T33)", lines: [
    '> 451-["echo",{"_placeholder":true,"num":0}]', "> bAQIDBA==",
    '< 451-["echo",{"_placeholder":true,"num":0}]', "<< 01 02 03 04"] },
  { name: "websocket: a pong without a ping is harmless (T13)", lines: [
    "> 3", '> 42["echo",1]', '< 42["echo",1]'] },
  { name: "websocket: a client's ping closes (T13)", lines: [
    "> 2", "<close 1005",
    '{"event":"disconnect","id":"$id","reason":"transport error",' +
    '"description":"invalid heartbeat direction"}'] },
  { name: "websocket: a ping with a text closes as well (T13)", lines: [
    "> 2probe", "<close 1005", '{"event":"disconnect","id":"$id","reason":"transport error"}'] },
  { name: "websocket: open, upgrade and noop packets are passed over (T17)", lines: [
    "> 0{}", "> 5", "> 6", '> 42["echo",1]', '< 42["echo",1]'] },
  { name: "websocket: an unknown packet type closes (T17)", lines: [
    "> 7", "<close 1005", '{"event":"disconnect","id":"$id","reason":"parse error"}'] },
  { name: "websocket: a letter for a packet type closes (T17)", lines: [
    "> hello", "<close 1005", '{"event":"disconnect","id":"$id","reason":"parse error"}'] },
  { name: "websocket: an empty text closes (T17)", lines: [
    "> ", "<close 1005", '{"event":"disconnect","id":"$id","reason":"parse error"}'] },
  // The official server does not look at a close packet over WebSocket and waits for the close
  // frame that a client sends next; closing at once serves a client that sends none.
  { name: "websocket: the client's close packet (T16)", lines: [
    "> 1", { vireo: ["<close 1005", '{"event":"disconnect","id":"$id","reason":"transport close"}'],
      node: ['> 42["echo",1]', '< 42["echo",1]'] }] },
  { name: "websocket: the client's close frame (T16)", lines: [
    ">raw 88 80 00 00 00 00", "<close 1005", "<end",
    '{"event":"disconnect","id":"$id","reason":"transport close"}'] },
  { name: "websocket: the server's close carries no code (T16)", lines: [
    '> 42["disconnect-me",true]', "< 41", "<close 1005"] },

  { name: "upgrade: probe, noop, upgrade, then the WebSocket is the session (T04)",
    start: "joined polling", lines: [
      "GET", "PROBE", "> 2probe", "< 3probe", "g= 200 6", "> 5", '> 42["echo",1]', '< 42["echo",1]',
      '{"event":"upgrade","transport":"websocket"}',
      "GET", 'g= 400 {"code":3,"message":"Bad request"}'] },
  { name: "upgrade: a poll that has something to say is answered with that (T04)",
    start: "joined polling", lines: [
      "PROBE", "> 2probe", "< 3probe", 'POST 42["echo",1]', "p= 200 ok", "GET",
      'g= 200 42["echo",1]', "> 5", '> 42["echo",2]', '< 42["echo",2]'] },
  { name: "upgrade: binary waits and goes over the WebSocket raw (T04)", start: "joined polling",
    lines: ["PROBE", "> 2probe", "< 3probe",
      'POST 451-["echo",{"_placeholder":true,"num":0}]␞bAQI=', "p= 200 ok", "> 5",
      '< 451-["echo",{"_placeholder":true,"num":0}]', "<< 01 02"] },
  { name: "upgrade: the server was told to close meanwhile (T04 T16)", start: "joined polling", lines: [
    "PROBE", "> 2probe", "< 3probe", 'POST 42["disconnect-me",true]', "p= 200 ok", "> 5", "< 41",
    "<close 1005", '{"event":"disconnect","id":"$id","reason":"server namespace disconnect"}'] },
  { name: "upgrade: before CONNECT (T04)", start: "polling", lines: [
    "PROBE", "> 2probe", "< 3probe", "> 5", "> 40", '< 40{"sid":"$id"}'] },
  { name: "upgrade: anything but a probe closes the new transport (T05)", start: "joined polling",
    lines: ["PROBE", '> 42["mark"]', "<close 1005", 'POST 42["echo",1]', "p= 200 ok", "GET",
      'g= 200 42["echo",1]'] },
  { name: "upgrade: binary instead of a probe closes it (T05)", start: "joined polling", lines: [
    "PROBE", ">> 01", "<close 1005", 'POST 42["echo",1]', "p= 200 ok", "GET", 'g= 200 42["echo",1]'] },
  { name: "upgrade: a second WebSocket is closed at once (T05)", start: "joined polling", lines: [
    "PROBE", "> 2probe", "< 3probe", "> 5", '> 42["echo",1]', '< 42["echo",1]', "PROBE",
    "<close 1005", ">raw 88 80 00 00 00 00", "<end"] },
]);

transcripts("Engine.IO on the wire, heartbeat", [
  { name: "polling: the ping takes the poll, the pong is posted (T13)", start: "joined polling",
    lines: ["GET", "g= 200 2", "POST 3", "p= 200 ok", "GET", "g= 200 2", "POST 3", "p= 200 ok"] },
  { name: "websocket: ping and pong, twice (T13)", lines: ["< 2", "> 3", "< 2", "> 3", "< 2", "> 3"] },
  { name: "websocket: a session without a namespace is asked too (T13)", start: "websocket",
    lines: ["< 2", "> 3", "< 2", "> 3"] },
  { name: "websocket: no pong, then closed (T13)", lines: [
    "< 2", "<close 1005", '{"event":"disconnect","id":"$id","reason":"ping timeout"}'] },
], ["--ping-interval", 60, "--ping-timeout", 1500]);
