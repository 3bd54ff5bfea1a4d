// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// works.mjs: what is measured. Each work is a run of the load program that Vireo and its peers go through in turn; the value of a
// run is what costs: less is better.
//
//   name     for ONLY=.., matched anywhere
//   title    for people
//   kind     run.mjs knows how to run each
//   peers    names of servers.mjs, each with the ratio that Vireo's value to its is to reach, or null
//   first    who is compared with the peers, where that is not Vireo as it stands

const echo = (connections, more) => ({ connections, ...more });

const rawPeers = (bun, bare) => ({ bun, lws: null, ws: null, bare });
const cpu = (name, title, mode, options, peers, how = {}) => ({ name, title, kind: "cpu", mode, options, peers, how });

const raw = [
  cpu("ws-echo", "echo, 500 connections", "ws-echo", echo(500), rawPeers(0.88, 1.08)),
  cpu("ws-echo-16", "echo, 16 in flight", "ws-echo", echo(500, { window: 16 }), rawPeers(0.65, 1.08)),
  cpu("ws-bcast", "broadcast to 1,000", "ws-bcast", echo(1000), rawPeers(0.82, 1.08)),
  cpu("ws-bcast-8", "broadcast to 1,000, 8 in flight", "ws-bcast", echo(1000, { window: 8 }), rawPeers(0.7, 1.08)),
  cpu("ws-connect", "connect", "ws-connect", echo(50), { bun: null, ws: null }),
  cpu("ws-tls", "echo over TLS, 200 connections", "ws-echo", echo(200, { tls: true }), { bun: null, ws: null }, { tls: true }),
];

const socketio = [
  cpu("sio-echo", "echo, 500 connections", "sio-echo", echo(500), { sio: 0.32, bunsio: null }),
  cpu("sio-echo-16", "echo, 16 in flight", "sio-echo", echo(500, { window: 16 }), { sio: 0.07, bunsio: null }),
  cpu("sio-ack", "acknowledgement", "sio-ack", echo(500), { sio: 0.32, bunsio: null }),
  cpu("sio-bcast", "broadcast to 1,000", "sio-bcast", echo(1000), { sio: 0.42, bunsio: null }),
  cpu("sio-bcast-8", "broadcast to 1,000, 8 in flight", "sio-bcast", echo(1000, { window: 8 }), { sio: 0.11, bunsio: null }),
  cpu("sio-room", "100 rooms of 10, 16 in flight", "sio-room", echo(1000, { rooms: 100, window: 16 }), { sio: 0.45, bunsio: null }),
  cpu("sio-connect", "connect", "sio-connect", echo(50), { sio: 0.14, bunsio: null }),
  cpu("sio-poll", "long-polling echo, 200 sessions", "poll-echo", echo(200), { sio: 0.18 }),
  cpu("sio-poll-8", "long-polling echo, 8 in flight", "poll-echo", echo(200, { window: 8 }), { sio: 0.14 }),
  cpu("sio-deflate", "compressed broadcast, 2 KiB to 500", "sio-bcast", echo(500, { size: 2048, deflate: true }), { sio: 0.1 },
    { deflate: true }),
  cpu("sio-tls", "echo over TLS, 200 connections", "sio-echo", echo(200, { tls: true }), { sio: null }, { tls: true }),
];

const workers = [
  ["echo, 500 connections", "sio-echo", echo(500)],
  ["broadcast to 1,000", "sio-bcast", echo(1000)],
  ["broadcast to 1,000, 8 in flight", "sio-bcast", echo(1000, { window: 8 })],
  ["100 rooms of 10, 16 in flight", "sio-room", echo(1000, { rooms: 100, window: 16 })],
].map(([title, mode, options]) => ({ ...cpu(`workers-${mode}${options.window === 8 ? "-8" : ""}`, title, mode, options, { vireo: null }),
  first: "vireo2" }));

/** `most`: bytes that a connection of ours may cost. */
const idle = (mode, connections, peers, most) => ({ name: `idle-${mode.split("-")[0]}-${connections}`, kind: "idle", mode,
  title: `${connections.toLocaleString("en")} idle connections`, options: { connections }, peers, most });

const memory = [
  idle("ws-idle", 5000, {}, 700),
  idle("ws-idle", 10000, { bun: null, lws: null, ws: null }, 700),
  idle("ws-idle", 19500, {}, 700),
  idle("sio-idle", 5000, {}, 1200),
  idle("sio-idle", 10000, { sio: null, bunsio: null }, 1200),
  idle("sio-idle", 19500, {}, 1200),
];

const crowd = [
  { name: "fairness", kind: "fairness", title: "a room of 2, another is flooded", options: { connections: 10000, window: 4 },
    peers: { sio: null } },
  { name: "storm", kind: "storm", title: "15,000 clients come back at once", mode: "sio-storm", options: { connections: 15000 },
    peers: { sio: null, bunsio: null } },
];

export const groups = [
  { name: "WebSocket", unit: "µs", works: raw },
  { name: "Socket.IO", unit: "µs", works: socketio },
  { name: "Two workers", unit: "µs", works: workers },
  { name: "Memory", unit: "bytes", works: memory },
  { name: "Crowds", unit: "ms", works: crowd },
];
