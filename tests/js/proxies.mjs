// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Small proxies: HTTP CONNECT and SOCKS5. They pass everything to `port` on this machine, whatever
// name was asked for, and remember that name.

import net from "node:net";
import { once } from "node:events";

async function listen(t, onConnection) {
  const open = new Set();
  const server = net.createServer((socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => open.delete(socket));
    onConnection(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => { server.close(); for (const socket of open) socket.destroy(); });
  return server;
}

function join(socket, port, answer, rest) {
  const far = net.connect(port, "127.0.0.1", () => {
    socket.write(answer);
    far.write(rest);
    socket.pipe(far).pipe(socket);
  });
  far.on("error", () => socket.destroy());
}

/** Reads on until `enough(bytes)` tells how many bytes belong together. */
async function take(state, enough) {
  for (;;) {
    const n = enough(state.bytes);
    if (n !== undefined && state.bytes.length >= n) {
      const taken = state.bytes.subarray(0, n);
      state.bytes = state.bytes.subarray(n);
      return taken;
    }
    const [more] = await once(state.socket, "data");
    state.bytes = Buffer.concat([state.bytes, more]);
  }
}

/** An HTTP proxy; with `user` ("name:password") it wants Basic authorization. */
export async function httpProxy(t, { port, user, answer = "HTTP/1.1 200 Fine\r\n\r\n" }) {
  const asked = [];
  const server = await listen(t, async (socket) => {
    const state = { socket, bytes: Buffer.alloc(0) };
    const head = (await take(state, (bytes) => {
      const end = bytes.indexOf("\r\n\r\n");
      return end < 0 ? undefined : end + 4;
    })).toString("latin1");
    socket.removeAllListeners("data");
    asked.push(head.split("\r\n")[0]);
    const wanted = `Proxy-Authorization: Basic ${Buffer.from(user ?? "").toString("base64")}\r\n`;
    if (user && !head.includes(wanted))
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    else if (port) join(socket, port, answer, state.bytes);
    else socket.end(answer);
  });
  return { port: server.address().port, asked };
}

/** A SOCKS5 proxy; with `user` it wants a password. */
export async function socksProxy(t, { port, user, refuse = 0 }) {
  const asked = [];
  const server = await listen(t, async (socket) => {
    const state = { socket, bytes: Buffer.alloc(0) };
    const methods = (await take(state, (b) => b.length < 2 ? undefined : 2 + b[1])).subarray(2);
    const method = user ? 2 : 0;
    if (!methods.includes(method)) {
      socket.end(Buffer.from([5, 0xff]));
      return;
    }
    socket.write(Buffer.from([5, method]));
    if (user) {
      const sent = await take(state, (b) => {
        const n = b.length < 2 ? undefined : 2 + b[1];
        return n === undefined || b.length < n + 1 ? undefined : n + 1 + b[n];
      });
      const name = sent.subarray(2, 2 + sent[1]).toString();
      const password = sent.subarray(3 + sent[1]).toString();
      const good = `${name}:${password}` === user;
      socket.write(Buffer.from([1, good ? 0 : 1]));
      if (!good) {
        socket.end();
        return;
      }
    }
    const request = await take(state, (b) => b.length < 5 ? undefined
      : { 1: 10, 3: 7 + b[4], 4: 22 }[b[3]]);
    socket.removeAllListeners("data");
    asked.push(request[3] === 3 ? request.subarray(5, -2).toString() : request.subarray(4, -2).join("."));
    const answer = Buffer.from([5, refuse, 0, 1, 0, 0, 0, 0, 0, 0]);
    if (refuse) socket.end(answer);
    else join(socket, port, answer, state.bytes);
  });
  return { port: server.address().port, asked };
}
