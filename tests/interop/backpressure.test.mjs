// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// A client that does not read, among a hundred that do: it is disconnected with a reason that says
// so, the server's memory stays bounded, and the others miss nothing. The server is
// sending-server.c; the official server has no such limit.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { joinedSession } from "../js/raw.mjs";
import { startServer } from "../js/server.mjs";

const packet = (...args) => `42${JSON.stringify(args)}`;
const resident = (pid) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024;

if (process.env.VIREO_KINDS !== "node")
  test("a slow reader among a hundred", async (t) => {
    const limit = 1000000;
    const server = await startServer("vireo", ["--max-queued", limit], "sending");
    t.after(() => server.stop());
    const others = [];
    for (let i = 0; i < 99; i++) others.push(await joinedSession(t, server));
    const slow = await joinedSession(t, server);
    slow.socket.pause();
    slow.sendText(packet("fill"));
    await server.observe({ event: "filled", id: slow.id });
    const before = resident(server.pid);
    // More than the limit, in pieces that each wait for the one before, as those who read see it.
    const text = "m".repeat(8000);
    const count = Math.ceil(limit / text.length) + 10;
    for (let i = 0; i < count; i++) {
      others[0].sendText(packet("say-all", {}, [i, text]));
      for (const other of others) assert.equal(await other.readText(), packet("said", [i, text]));
    }
    const end = await server.observe({ event: "disconnect", id: slow.id });
    assert.deepEqual([end.reason, end.description], ["transport error", "the client reads too slowly"]);
    assert.equal(server.seen({ event: "disconnect" }).length, 1, "nobody else");
    const grown = resident(server.pid) - before;
    assert.ok(grown < 50 * limit, `${grown} bytes more for a limit of ${limit}`);
    others[1].sendText(packet("say-all", {}, "all is well"));
    for (const other of others) assert.equal(await other.readText(), packet("said", "all is well"));
  });
