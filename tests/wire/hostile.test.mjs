// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Peers that stall, never read, say nothing, vanish or flood. The server gives each of them up in
// its time, its memory stays bounded, and a client that behaves is served all the while.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { call, connected, settle } from "../js/client.mjs";
import { Polling, Wire, frame, joinedSession, request, webSocketSession } from "../js/raw.mjs";
import { forEachKind, startServer } from "../js/server.mjs";
import { until } from "../js/wait.mjs";

const POLL = "/socket.io/?EIO=4&transport=polling";
const MiB = 1 << 20;

function residentBytes(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024;
}

forEachKind("hostile peers", (kind) => {
  const run = (name, args, body) => test(name, async (t) => {
    const server = await startServer(kind, args);
    t.after(() => server.stop());
    const bystander = await connected(t, server, { transports: ["websocket"] });
    const { id } = bystander;
    await body(t, server, bystander);
    assert.deepEqual(await call(bystander, "ack", "still served"), ["still served"]);
    assert.equal(bystander.id, id);
  });

  run("a head that comes a byte at a time is cut off in time (H16)", ["--header-timeout", 400],
    async (t, server, bystander) => {
      const wire = await Wire.open(t, server);
      const bytes = Buffer.from(request("GET", POLL, { Host: "x", X: "y".repeat(2000) }));
      let at = 0;
      const drip = setInterval(() => !wire.ended && wire.write(bytes.subarray(at, ++at)), 20);
      t.after(() => clearInterval(drip));
      const rest = await wire.readEnd();
      assert.ok(at < bytes.length, `after ${at} bytes`);
      if (rest.length) assert.match(rest.toString("latin1"), /^HTTP\/1\.1 408 /);
      await settle(bystander);
    });

  run("one that opens and says nothing is cut off in time (H16)", ["--header-timeout", 300],
    async (t, server, bystander) => {
      const wires = await Promise.all(Array.from({ length: 20 }, () => Wire.open(t, server)));
      for (const wire of wires) {
        const rest = await wire.readEnd();
        if (rest.length) assert.match(rest.toString("latin1"), /^HTTP\/1\.1 408 /);
      }
      await settle(bystander);
    });

  run("a WebSocket that joins nothing is cut off in time (N13)", ["--connect-timeout", 300],
    async (t, server) => {
      const wire = await webSocketSession(t, server);
      await wire.readClose();
      wire.socket.end();
      await wire.readEnd();
    });

  run("one that does not answer the close handshake does not hold up the end (R18)", [],
    async (t, server) => {
      const wire = await joinedSession(t, server);
      wire.sendText('42["disconnect-me",true]');
      assert.equal(await wire.readText(), "41");
      await wire.readClose();
      // and says nothing more: server.stop() in t.after must still succeed
    });

  run("a thousand that vanish without closing (S17)",
    ["--ping-interval", 1000, "--ping-timeout", 3000], async (t, server, bystander) => {
      const silent = [];
      const cut = [];
      for (let i = 0; i < 20; i++) {
        const wires = await Promise.all(Array.from({ length: 50 }, () => joinedSession(t, server)));
        for (const [k, wire] of wires.entries()) {
          if (k % 2) {
            wire.socket.resetAndDestroy(); // the kernel tells the server
            cut.push(wire.id);
          } else {
            wire.socket.pause(); // silence: only the heartbeat can tell
            silent.push(wire.id);
          }
        }
      }
      for (const id of cut) {
        const { reason } = await server.observe({ event: "disconnect", id });
        assert.match(reason, /^transport (close|error)$/);
      }
      for (const id of silent)
        assert.equal((await server.observe({ event: "disconnect", id })).reason, "ping timeout");
      await settle(bystander);
    });

  if (kind === "vireo") {
    run("one that never reads is closed at its limit, memory stays bounded (W07)",
      ["--queue-limit", MiB], async (t, server, bystander) => {
        const wire = await joinedSession(t, server);
        wire.socket.pause();
        const before = residentBytes(server.pid);
        for (let i = 0; i < 100; i++) {
          wire.sendText('42["flood",100,10000]'); // 100 MB in all, were it taken
          if (i % 10 === 0) await settle(bystander);
        }
        const seen = await server.observe({ event: "disconnect", id: wire.id });
        assert.match(seen.reason, /^(transport error|forced close|transport close)$/);
        const grown = residentBytes(server.pid) - before;
        assert.ok(grown < 40 * MiB, `grew by ${grown} bytes`);
      });

    run("a poller that never polls is closed at its limit (W07)", ["--queue-limit", MiB],
      async (t, server, bystander) => {
        const session = await Polling.open(server);
        const id = await session.join();
        const before = residentBytes(server.pid);
        for (let i = 0; i < 30; i++) {
          const res = await session.push('42["flood",100,10000]').catch(() => null);
          if (res?.status !== 200) break;
          await settle(bystander);
        }
        await server.observe({ event: "disconnect", id });
        const grown = residentBytes(server.pid) - before;
        assert.ok(grown < 40 * MiB, `grew by ${grown} bytes`);
      });

    run("a slow receiver of a broadcast is closed, the fast ones get all (W07)",
      ["--queue-limit", MiB], async (t, server, bystander) => {
        const slow = await joinedSession(t, server);
        slow.sendText('420["join","crowd"]');
        await slow.readText();
        slow.socket.pause();
        const fast = await connected(t, server, { transports: ["websocket"] });
        await call(fast, "join", "crowd");
        let got = 0;
        fast.on("news", () => got++);
        const text = "x".repeat(100000);
        for (let i = 0; i < 150; i++) {
          bystander.emit("emit-to", { rooms: ["crowd"] }, "news", i, text);
          if (i % 5 === 4) {
            await settle(bystander);
            await settle(fast);
          }
        }
        assert.equal(got, 150);
        await server.observe({ event: "disconnect", id: slow.id });
      });
  }

  run("lengths that are announced and not sent cost no memory (W04)", [],
    async (t, server, bystander) => {
      const before = residentBytes(server.pid);
      const wires = [];
      for (let i = 0; i < 200; i++) {
        const wire = await joinedSession(t, server);
        wire.write(frame(2, "", { length: 1000000 }));
        const post = await Wire.open(t, server);
        const { target } = await Polling.open(server);
        post.write(request("POST", target, { Host: "x", "Content-Length": 1000000 }, "4"));
        wires.push(wire, post);
      }
      await settle(bystander);
      const grown = residentBytes(server.pid) - before;
      assert.ok(grown < 60 * MiB, `200 frames and 200 posts grew it by ${grown} bytes`);
      for (const wire of wires) wire.socket.destroy();
    });

  run("one that floods does not starve the others (S24)", [], async (t, server, bystander) => {
    const wire = await joinedSession(t, server);
    // Acknowledgements that nobody waits for: read, understood, and nothing comes back.
    const block = Buffer.concat(Array.from({ length: 2000 }, () => frame(1, "43999[1]")));
    let blocks = 0;
    const flood = () => ++blocks <= 200 && wire.socket.write(block, flood);
    flood();
    for (let i = 0; i < 20; i++) assert.deepEqual(await call(bystander, "ack", i), [i]);
    wire.sendText('420["ack","at the end of the flood"]');
    await wire.readText();
  });

  run("binary without end, a packet that never completes (S05)", [], async (t, server, bystander) => {
    const wire = await joinedSession(t, server);
    wire.sendText('4510-["echo",{"_placeholder":true,"num":0}]');
    for (let i = 0; i < 9; i++) wire.sendFrame(2, Buffer.alloc(100000));
    await settle(bystander);
    wire.socket.destroy();
    const seen = await server.observe({ event: "disconnect", id: wire.id });
    assert.match(seen.reason, /^transport (close|error)$/);
  });

  run("a thousand handshakes that are never followed up (T01)", ["--ping-interval", 200,
    "--ping-timeout", 1500], async (t, server, bystander) => {
    for (let i = 0; i < 20; i++)
      await Promise.all(Array.from({ length: 50 }, () => Polling.open(server)));
    const last = await Polling.open(server);
    let status;
    await until(async () => { ({ status } = await last.poll()); return status !== 200; }, "its end");
    assert.equal(status, 400, "it was given up");
    await settle(bystander);
  });

  run("pollers that vanish (T15)", ["--ping-interval", 200, "--ping-timeout", 1500],
    async (t, server) => {
      const ids = [];
      for (let i = 0; i < 50; i++) {
        const session = await Polling.open(server);
        ids.push(await session.join());
        const cut = new AbortController();
        session.poll({ signal: cut.signal }).catch(() => {});
        setImmediate(() => cut.abort());
      }
      for (const id of ids) {
        const { reason } = await server.observe({ event: "disconnect", id });
        assert.match(reason, /^(transport error|ping timeout)$/);
      }
    });

  run("connections that are opened and closed at once (S17)", [], async (t, server) => {
    for (let i = 0; i < 10; i++) {
      const wires = await Promise.all(Array.from({ length: 50 }, () => Wire.open(null, server)));
      wires.forEach((wire, k) => {
        if (k % 3 === 1) wire.write("GET / HT");
        if (k % 3 === 2) wire.write(request("GET", POLL));
        if (k % 2) wire.socket.resetAndDestroy();
        else wire.socket.destroy();
      });
    }
    assert.equal((await Polling.open(server)).sid.length, 20);
  });
}, { concurrency: 2 });
