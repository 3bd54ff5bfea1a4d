// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The official socket.io-client as the tests use it: a connection of its own for each call, no
// reconnection unless asked for, everything closed when the test is over.

import { io } from "socket.io-client";
import { next, within } from "./wait.mjs";

export const modes = {
  "polling only": { transports: ["polling"] },
  "websocket only": { transports: ["websocket"] },
  "polling then upgrade": { transports: ["polling", "websocket"] },
};

/** A client that is not connected yet; it is closed at the end of test `t`. */
export function client(t, server, options = {}, namespace = "/") {
  const socket = io(server.url + namespace, { forceNew: true, reconnection: false, ...options });
  t.after(() => {
    socket.io.reconnection(false);
    socket.disconnect();
    socket.io.engine?.close();
  });
  return socket;
}

/** A connected client. */
export async function connected(t, server, options = {}, namespace = "/") {
  const socket = client(t, server, options, namespace);
  if (!socket.connected) await connectOf(socket);
  return socket;
}

/** A connected client that has finished its upgrade to WebSocket. */
export async function upgraded(t, server, options = {}) {
  const socket = client(t, server, options);
  const done = next(socket.io, "open")
    .then(() => socket.io.engine.transport.name === "websocket" ? 0 : next(socket.io.engine, "upgrade"));
  await connectOf(socket);
  await done;
  return socket;
}

async function connectOf(socket) {
  let failed;
  const refused = new Promise((resolve, reject) => socket.on("connect_error", failed = reject));
  try {
    await Promise.race([next(socket, "connect"), refused]);
  } finally {
    socket.off("connect_error", failed);
  }
}

/** What the server acknowledges the event with, as a list. */
export function call(socket, event, ...args) {
  return within(new Promise((resolve) => socket.emit(event, ...args, (...answer) => resolve(answer))),
    `the acknowledgement of "${event}"`);
}

/** A full trip to the server and back: what was sent before has been handled. */
export async function settle(...sockets) {
  await Promise.all(sockets.map((socket) => call(socket, "ack")));
}
