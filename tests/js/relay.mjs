// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// A relay of TCP connections that can be disturbed: cut, stalled, closed to newcomers, led elsewhere.

import net from "node:net";
import { once } from "node:events";

export async function startRelay(t, target) {
  const pairs = new Set();
  const relay = { target, accepted: 0, mute: false, bytes: { in: 0, out: 0 } };
  const stalled = () => relay.stalled;
  const server = net.createServer((near) => {
    relay.accepted++;
    near.on("error", () => {});
    if (relay.mute) return; // accepted, and then nothing
    if (relay.refusing) { near.destroy(); return; }
    const far = net.connect(relay.target, "127.0.0.1");
    const pair = { near, far };
    pairs.add(pair);
    far.on("error", () => near.destroy());
    near.on("data", (bytes) => { relay.bytes.in += bytes.length; if (!stalled()) far.write(bytes); });
    far.on("data", (bytes) => { relay.bytes.out += bytes.length; if (!stalled()) near.write(bytes); });
    near.on("close", () => { pairs.delete(pair); far.destroy(); });
    far.on("close", () => near.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  relay.port = server.address().port;
  relay.url = `http://127.0.0.1:${relay.port}`;
  /** All connections are gone, as after the death of a router. */
  relay.cut = () => { for (const { near, far } of pairs) { near.resetAndDestroy(); far.destroy(); } };
  t.after(() => { relay.cut(); server.close(); server.closeAllConnections?.(); });
  return relay;
}
