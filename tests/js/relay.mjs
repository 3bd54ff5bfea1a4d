// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// A relay of TCP connections that can be disturbed: cut, stalled, slow, closed to newcomers, led
// elsewhere; or all of it by chance, with bytes that change on their way.

import net from "node:net";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** Some byte is another one, is missing, or comes twice. */
function corrupted(bytes, { below, pick }) {
  const at = below(bytes.length);
  const kind = pick(["bit", "byte", "gone", "twice"]);
  if (kind === "gone") return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
  if (kind === "twice") return Buffer.concat([bytes.subarray(0, at + 1), bytes.subarray(at)]);
  const copy = Buffer.from(bytes);
  copy[at] = kind === "bit" ? copy[at] ^ (1 << below(8)) : below(256);
  return copy;
}

export async function startRelay(t, target) {
  const pairs = new Set();
  const relay = { target, accepted: 0, mute: false, bytes: { in: 0, out: 0 }, corrupted: 0 };

  /** What becomes of bytes on their way, by chance: `relay.storm` = { choices: choicesFrom(seed),
   *  delay: at most so many ms, cut, stall, corrupt: how likely for each piece }. */
  function blow(pair, bytes) {
    const { choices, cut = 0, stall = 0, corrupt = 0 } = relay.storm;
    if (choices.random() < cut) end(pair);
    if (choices.random() < stall) pair.stalled = true; // for ever, and nobody is told
    if (choices.random() >= corrupt) return bytes;
    relay.corrupted++;
    return corrupted(bytes, choices);
  }

  function pass(pair, from, to, way) {
    let behind = Promise.resolve(), waiting = 0;
    from.on("data", (bytes) => {
      relay.bytes[way] += bytes.length;
      if (relay.stalled || pair.stalled) return;
      const storm = relay.storm;
      if (storm) bytes = blow(pair, bytes);
      if (pair.stalled || to.destroyed) return;
      if (!storm && waiting === 0) { to.write(bytes); return; }
      const delay = storm ? storm.choices.random() * (storm.delay ?? 0) : 0;
      waiting++;
      behind = behind.then(() => sleep(delay)).then(() => {
        waiting--;
        if (!to.destroyed) to.write(bytes);
      });
    });
  }

  const end = ({ near, far }) => { near.resetAndDestroy(); far.destroy(); };
  const server = net.createServer((near) => {
    relay.accepted++;
    near.on("error", () => {});
    if (relay.mute) return; // accepted, and then nothing
    if (relay.refusing) { near.destroy(); return; }
    const far = net.connect(relay.target, "127.0.0.1");
    const pair = { near, far };
    pairs.add(pair);
    far.on("error", () => near.destroy());
    pass(pair, near, far, "in");
    pass(pair, far, near, "out");
    near.on("close", () => { pairs.delete(pair); far.destroy(); });
    far.on("close", () => near.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  relay.port = server.address().port;
  relay.url = `http://127.0.0.1:${relay.port}`;
  /** All connections are gone, as after the death of a router. */
  relay.cut = () => pairs.forEach(end);
  /** From now on nothing of the clients' is read, or again. */
  relay.slow = (on) => { for (const { near } of pairs) near[on ? "pause" : "resume"](); };
  t.after(() => { relay.cut(); server.close(); server.closeAllConnections?.(); });
  return relay;
}
