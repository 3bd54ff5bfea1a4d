// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// A load balancer as nginx or HAProxy are set up in front of Socket.IO: requests of a session go to the server that has it; one
// without a session goes to the first server that is there and does not answer 503.

import http from "node:http";
import net from "node:net";

/** The answer of `server` to `req` with `body`. */
function forward(server, req, body) {
  return new Promise((resolve, reject) => {
    const to = http.request({ host: server.host, port: server.port, method: req.method, path: req.url,
      headers: req.headers, agent: false }, (res) => {
      const parts = [];
      res.on("data", (part) => parts.push(part));
      res.on("error", reject);
      res.on("end", () => resolve({ res, body: Buffer.concat(parts) }));
    });
    to.on("error", reject);
    to.end(body);
  });
}

function rawHead(req) {
  const lines = [`${req.method} ${req.url} HTTP/1.1`];
  for (let i = 0; i < req.rawHeaders.length; i += 2) lines.push(`${req.rawHeaders[i]}: ${req.rawHeaders[i + 1]}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** Starts one in front of `servers`; it ends with test `t`. Returns {url}. */
export async function balance(t, servers) {
  const homes = new Map(); // of sessions
  const sidOf = (req) => new URL(req.url, "http://x").searchParams.get("sid");

  async function answer(req, res) {
    const parts = [];
    for await (const part of req) parts.push(part);
    const sid = sidOf(req);
    for (const server of sid ? [homes.get(sid)] : servers) {
      const last = Boolean(sid) || server === servers.at(-1);
      const got = await forward(server, req, Buffer.concat(parts)).catch((err) => {
        if (last) throw err;
      });
      if (!last && got?.res.statusCode !== 200) continue;
      const opened = !sid && /"sid":"([^"]+)"/.exec(got.body.toString("latin1"));
      if (opened) homes.set(opened[1], server);
      res.writeHead(got.res.statusCode, got.res.headers).end(got.body);
      return;
    }
  }

  function upgrade(req, from, head, candidates) {
    const [server, ...others] = candidates;
    const to = net.connect(server.port, server.host, () => to.write(Buffer.concat([Buffer.from(rawHead(req)), head])));
    const elsewhere = () => { // it cannot be reached, or ends without an answer
      to.off("error", elsewhere).off("close", elsewhere).on("error", () => {}).destroy();
      if (others.length > 0 && !from.destroyed) upgrade(req, from, head, others);
      else from.destroy();
    };
    from.on("error", () => to.destroy());
    to.once("error", elsewhere).once("close", elsewhere);
    to.once("data", (data) => {
      if (data.toString("latin1").startsWith("HTTP/1.1 503") && others.length > 0) {
        elsewhere();
        return;
      }
      to.off("error", elsewhere).off("close", elsewhere);
      to.on("error", () => from.destroy());
      from.write(data);
      from.pipe(to).pipe(from);
    });
  }

  const proxy = http.createServer((req, res) => { answer(req, res).catch(() => res.destroy()); });
  proxy.on("upgrade", (req, socket, head) => {
    const sid = sidOf(req);
    upgrade(req, socket, head, sid ? [homes.get(sid)] : servers);
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  t.after(() => { proxy.close(); proxy.closeAllConnections(); });
  return { url: `http://127.0.0.1:${proxy.address().port}` };
}
