// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// L02: vireo emit, listen and call in pipes. Against the official server and npm's ws.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { program, vireo } from "../js/command.mjs";
import { Example } from "../js/example.mjs";
import { folder, official, rawServer } from "../js/peers.mjs";
import { deferred, next, nextN, within } from "../js/wait.mjs";

test("L02: emit sends an event: JSON, texts, files", async (t) => {
  const file = path.join(folder(t), "bytes");
  writeFileSync(file, Buffer.from([1, 0, 255]));
  const come = deferred();
  const url = await official(t, (io) => io.of("/chat").on("connection", (s) => {
    s.onAny((...event) => come.resolve([event, s.handshake]));
  }));
  const end = await vireo(["emit", `${url}/chat?x=1`, "say", '{"a":[1,"b"]}', "plain text", "7", "-1", `@${file}`,
    "--auth", '{"token":"t"}', "-H", "X-One: 1", "--origin", "http://o.example"]);
  assert.deepEqual([end.code, end.stdout, end.stderr], [0, "", ""]);
  const [event, handshake] = await within(come.promise, "the event");
  assert.deepEqual(event, ["say", { a: [1, "b"] }, "plain text", 7, -1, Buffer.from([1, 0, 255])]);
  assert.deepEqual(handshake.auth, { token: "t" });
  assert.equal(handshake.headers["x-one"], "1");
  assert.equal(handshake.headers.origin, "http://o.example");
  assert.equal(handshake.query.x, "1");
});

for (const transport of ["polling", "websocket"]) {
  test(`L02: emit sends each line of its input, all of them, before it ends (${transport})`, async (t) => {
    const all = deferred();
    let seen = 0;
    const url = await official(t, (io) => io.on("connection", (s) => s.on("n", (i, text, bytes) => {
      assert.equal(i, seen++);
      assert.equal(text.length, 1000);
      assert.deepEqual(bytes, i === 1 ? Buffer.from([1, 2, 3]) : undefined);
      if (seen === 3000) all.resolve();
    })));
    const line = (i) => JSON.stringify(["n", i, "x".repeat(1000), ...(i === 1 ? [{ $base64: "AQID" }] : [])]);
    const input = Array.from({ length: 3000 }, (_, i) => line(i)).join("\n"); // the last without a line end
    const { code, stderr } = await vireo(["emit", url, "--transports", transport], { input });
    assert.deepEqual([code, stderr], [0, ""]);
    await within(all.promise, "all events");
  });
}

test("L02: emit tells which line is wrong, and sends the others", async (t) => {
  const got = [];
  const gone = deferred();
  const url = await official(t, (io) => io.on("connection", (s) => {
    s.onAny((...event) => got.push(event));
    s.on("disconnect", () => gone.resolve());
  }));
  const input = '["a"]\n{"b":1}\n["c"\n["connect"]\n["d",1,2,3,4,5,6,7,8,9]\n["x",[{"$base64":"*"}]]\n\r\n["e"]\r\n';
  const { code, stderr } = await vireo(["emit", url], { input });
  assert.equal(code, 1);
  await within(gone.promise, "its end");
  assert.deepEqual(got, [["a"], ["e"]]);
  assert.match(stderr, /line 2: an event looks like \["name"/);
  assert.match(stderr, /line 3: .* at byte/);
  assert.match(stderr, /line 4: reserved event name/);
  assert.match(stderr, /line 5: more than 8 arguments/);
  assert.match(stderr, /line 6: \{"\$base64":\.\.\} holds no base64/);
});

test("L02: emit ends in good health, however long the server takes for what it was sent last", async (t) => {
  const url = await official(t, (io) => io.of(/./).use((s, next) => setTimeout(next, 100, new Error("late"))));
  const { code, stderr } = await vireo(["emit", url, "--transports", "polling"], { input: '["a"]\n' });
  assert.deepEqual([code, stderr], [0, ""]);
});

test("L02: listen writes a line for each event, which emit can read", async (t) => {
  const sent = [["chat", { text: "hi\n" }, 1], ["no"], ["photo", Buffer.from([1, 2, 3]), { in: Buffer.from([4]) }]];
  const a = await official(t, (io) => io.on("connection", (s) => {
    for (const event of sent) s.emit(...event);
  }));
  const all = await vireo(["listen", a, "--count", "3"]);
  assert.equal(all.code, 0);
  assert.deepEqual(all.lines, ['["chat",{"text":"hi\\n"},1]', '["no"]',
    '["photo",{"$base64":"AQID"},{"in":{"$base64":"BA=="}}]']);
  const some = await vireo(["listen", a, "photo", "chat", "-n", "2"]);
  assert.deepEqual(some.lines, [all.lines[0], all.lines[2]]);
  const values = await vireo(["listen", a, "-n", "3", "--values"]);
  assert.deepEqual(values.lines, ['[{"text":"hi\\n"},1]', "[]", '[{"$base64":"AQID"},{"in":{"$base64":"BA=="}}]']);
  const got = [], come = deferred();
  const b = await official(t, (io) => io.on("connection", (s) => s.onAny((...event) => {
    if (got.push(event) === 3) come.resolve();
  })));
  await vireo(["emit", b], { input: all.stdout });
  await within(come.promise, "the events");
  assert.deepEqual(got, sent);
});

test("L02: listen answers events that ask for it, and comes back", async (t) => {
  const answers = [];
  const second = deferred();
  const url = await official(t, (io) => io.on("connection", async (s) => {
    answers.push(await s.emitWithAck("ready?"));
    if (answers.length === 1) s.conn.close();
    else second.resolve();
  }));
  const { code, lines } = await vireo(["listen", url, "--answer", '{"ok":true}', "--reconnect", "--count", "2"]);
  await within(second.promise, "the second answer");
  assert.equal(code, 0);
  assert.deepEqual(lines, ['["ready?"]', '["ready?"]']);
  assert.deepEqual(answers, [{ ok: true }, { ok: true }]);
});

test("L02: listen's time-outs", async (t) => {
  const url = await official(t, (io) => io.on("connection", (s) => s.emit("one")));
  const late = await vireo(["listen", url, "--count", "2", "--timeout", "300ms"]);
  assert.deepEqual([late.code, late.lines], [3, ['["one"]']]);
  assert.match(late.stderr, /time is up: 1 of 2 came/);
  assert.equal((await vireo(["listen", url, "--timeout", "300ms"])).code, 0);
});

test("L02: listen ends with its reader", async (t) => {
  const url = await official(t, (io) => io.on("connection", (s) => {
    const timer = setInterval(() => s.emit("tick"), 20);
    s.on("disconnect", () => clearInterval(timer));
  }));
  const run = spawn("bash", ["-c", `"$0" listen "$1" | head -2; echo "\${PIPESTATUS[0]}"`, program, url]);
  const lines = [];
  createInterface({ input: run.stdout }).on("line", (line) => lines.push(line));
  await within(once(run, "close"), "the end");
  assert.deepEqual(lines, ['["tick"]', '["tick"]', "0"]);
});

test("L02: call writes the acknowledgement", async (t) => {
  const url = await official(t, (io) => io.on("connection", (s) => {
    s.on("add", (a, b, ack) => ack(a + b));
    s.on("two", (ack) => ack("x", { y: null }));
    s.on("turn", ({ bytes }, ack) => ack({ turned: [Buffer.from(bytes).reverse()] }));
    s.on("mute", () => {});
    s.on("bye", () => s.disconnect());
  }));
  const answer = async (...args) => (await vireo(["call", url, ...args])).stdout;
  assert.equal(await answer("add", "1", "2"), "3\n");
  assert.equal(await answer("add", "1", "2", "--all"), "[3]\n");
  assert.equal(await answer("two"), '["x",{"y":null}]\n');
  assert.equal(await answer("turn", '{"bytes":{"$base64":"AQID"}}'), '{"turned":[{"$base64":"AwIB"}]}\n');
  const late = await vireo(["call", url, "mute", "--timeout", "200ms"]);
  assert.equal(late.code, 3);
  assert.match(late.stderr, /^vireo call: no answer in 0\.2 s; .*--timeout gives it more time\n$/);
  const bye = await vireo(["call", url, "bye"]);
  assert.equal(bye.code, 1);
  assert.match(bye.stderr, /^vireo call: the connection was lost: io server disconnect; the server has closed it[^]*\n$/);
});

test("L02: raw WebSockets: emit, listen, call", async (t) => {
  const wss = await rawServer(t);
  wss.on("connection", (ws) => {
    ws.on("message", (data, binary) => {
      wss.emit("got", String(data), binary);
      ws.send(binary ? Buffer.from([1, 2, 3]) : `you said ${data}`);
    });
    ws.on("close", (code) => wss.emit("gone", code));
  });
  const come = nextN(wss, "got", 2);
  const end = next(wss, "gone");
  const { code, stderr } = await vireo(["emit", wss.url], { input: "one\n\ud83d\ude00 two\n" });
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(await come, [["one", false], ["\ud83d\ude00 two", false]]);
  assert.deepEqual(await end, [1000]);
  const called = await vireo(["call", wss.url, "hello"]);
  assert.deepEqual([called.code, called.stdout], [0, "you said hello\n"]);
  const file = path.join(folder(t), "f");
  writeFileSync(file, "bytes");
  assert.equal((await vireo(["call", wss.url, `@${file}`])).stdout, '{"$base64":"AQID"}\n');
  wss.on("connection", (ws) => { ws.send("first"); ws.send(Buffer.from([7])); });
  assert.deepEqual((await vireo(["listen", wss.url, "-n", "2"])).lines, ["first", '{"$base64":"Bw=="}']);
});

test("L02: TLS: the certificate is verified, --cacert names who signed it", async (t) => {
  const { Certs } = await import("../js/certs.mjs");
  const certs = new Certs();
  t.after(() => certs.remove());
  const { cert, key } = certs.make("a", "IP:127.0.0.1");
  const server = Example.run("vireo", ["serve", "--echo", "--port", "0", "--host", "127.0.0.1", "--cert", cert, "--key", key]);
  t.after(() => server.stop());
  const [, url] = await server.line(/listening on (https:.+)$/);
  const refused = await vireo(["call", url, "x", "1"]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /--cacert FILE names who has signed it/);
  assert.equal((await vireo(["call", url, "x", "1", "--cacert", certs.file("ca.pem")])).stdout, "1\n");
  assert.equal((await vireo(["call", `${url.replace("https", "wss")}/echo`, "x", "--insecure"])).stdout, "x\n");
});
