// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// L01 to L07: what goes wrong is told with what to do next, and by the exit code: 1 it did not work,
// 2 the command line is wrong, 3 time is up, 4 the server has refused.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { createRequire } from "node:module";
import net from "node:net";
import path from "node:path";
import { test } from "node:test";
import { Certs } from "../js/certs.mjs";
import { vireo } from "../js/command.mjs";
import { folder, official, rawServer } from "../js/peers.mjs";

/** Listens on a free port, and returns "127.0.0.1:port". */
async function listen(t, server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections?.();
    server.close();
  });
  return `127.0.0.1:${server.address().port}`;
}

const answers = (t, status, headers = {}, body = "") =>
  listen(t, http.createServer((req, res) => res.writeHead(status, headers).end(body)));

/** Each case: words of the command line, exit code, what stderr (or else stdout) says. */
async function tells(cases) {
  for (const [args, code, text, options] of cases) {
    const run = await vireo(args, options);
    const told = run.stderr || run.stdout;
    assert.match(told, text, args.join(" "));
    assert.equal(run.code, code, `${args.join(" ")}: ${told}`);
    assert(!told.includes("\x1b"), told); // eslint-disable-line no-control-regex
    if (run.stderr) assert.match(run.stderr, /^vireo[ :]/);
  }
}

test("there is no connection: the port, the name, the answer", async (t) => {
  const closed = await new Promise((resolve) => {
    const gone = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = gone.address();
      gone.close(() => resolve(`127.0.0.1:${port}`));
    });
  });
  const ssh = await listen(t, net.createServer((c) => c.on("error", () => {}).end("SSH-2.0-OpenSSH_9.2\r\n")));
  const mute = await listen(t, net.createServer((c) => c.on("error", () => {})));
  const cut = await listen(t, net.createServer((c) => c.destroy()));
  await tells([
    [["emit", closed, "x"], 1, /Connection refused; is the server running, and is this its port\?\n$/],
    [["emit", `ws://${closed}/`, "x"], 1, /is the server running, and is this its port\?\n$/],
    [["bench", closed, "-c", "2"], 1, /no connection: .*is the server running/],
    [["connect", closed, "--no-reconnect"], 1, /! cannot connect to .*is the server running/],
    [["call", `http://${"x".repeat(64)}.invalid`, "x"], 1, /no address was found for x+\.invalid.*; is the name spelled right\?\n$/],
    [["call", `ws://${"x".repeat(64)}.invalid`, "x"], 1, /is the name spelled right\?\n$/],
    [["call", "localhost", "x", "--unix", "/no/such.sock"], 1, /is the server running, and is this its socket\?\n$/],
    [["emit", ssh, "x"], 1, /Expected HTTP\/; does something else listen on this port\?\n$/],
    [["emit", `ws://${ssh}`, "x"], 1, /does something else listen on this port\?\n$/],
    [["emit", mute, "x", "--connect-timeout", "300ms"], 1, /no connection stood within 300 ms; .*--connect-timeout gives it more time\n$/],
    [["emit", `ws://${mute}`, "x", "--connect-timeout", "300ms"], 1, /did not answer within 300 ms; .*--connect-timeout gives/],
    [["emit", cut, "x"], 1, /; does the port speak TLS \(https:\), or no HTTP at all\?\n$/],
    [["emit", `ws://${cut}`, "x"], 1, /; does the port speak TLS \(wss:\), and is there a WebSocket at this path\?\n$/],
  ]);
});

test("there is no connection: HTTP answers otherwise", async (t) => {
  const cases = [
    [404, /404 Not Found; is Socket\.IO there, and at this --path\?/, /instead of 101; is there a WebSocket at this path\? .*http: instead of ws:/],
    [400, /is it Socket\.IO 3 or newer\? vireo doctor looks closer/, /is this URL that of a WebSocket\?/],
    [401, /it wants to know who asks: --header/, /--header 'Authorization: \.\.', or 'Cookie: \.\.'/],
    [403, /--header/, /--header/],
    [426, /that is a raw WebSocket: its URL begins with ws:/, /does a proxy in front pass upgrades on\?/],
    [429, /wait a little/, /wait a little/],
    [502, /look at the log of the server, or of the proxy/, /look at the log/],
    [301, /vireo doctor looks closer/, /is the path right\?/],
    [200, /that is no Socket\.IO 3 or 4: vireo doctor looks closer/, /is the path right\?/],
  ];
  for (const [status, io, raw] of cases) {
    const at = await answers(t, status, { "content-type": "text/html" }, "<p>");
    await tells([[["emit", at, "x"], 1, io], [["emit", `ws://${at}`, "x"], 1, raw]]);
  }
  const two = http.createServer();
  const io2 = createRequire(import.meta.url)("socket.io-2")(two);
  t.after(() => io2.close());
  await tells([[["emit", await listen(t, two), "x"], 1, /vireo doctor looks closer/]]);
});

test("there is no connection: certificates", async (t) => {
  const certs = new Certs();
  t.after(() => certs.remove());
  const serve = ({ cert, key }) => listen(t, https.createServer({ cert: readFileSync(cert), key: readFileSync(key) },
    (req, res) => res.end()));
  const good = certs.make("good", "IP:127.0.0.1"), other = certs.make("other", "DNS:other.example");
  const [fine, wrong] = [await serve(good), await serve(other)];
  const old = await serve(certs.make("old", "IP:127.0.0.1", "/CN=old", -1));
  const own = await serve({ cert: certs.file("ca.pem"), key: certs.file("ca.key") });
  const plain = await answers(t, 404);
  const ca = ["--cacert", certs.file("ca.pem")];
  for (const scheme of ["https", "wss"]) {
    await tells([
      [["call", `${scheme}://${fine}`, "x"], 1, /; --cacert FILE names who has signed it, unless the server leaves out/],
      [["call", `${scheme}://${own}`, "x"], 1, /self-signed.*; --cacert FILE with this certificate trusts it, --insecure/],
      [["call", `${scheme}://${wrong}`, "x", ...ca], 1, /mismatch; it is made out to another name: use that one/],
      [["call", `${scheme}://${old}`, "x", ...ca], 1, /expired; the server needs a new one, or this machine's clock/],
      [["call", `${scheme}://${plain}`, "x"], 1, /; this port speaks no TLS: http: or ws: instead/],
    ]);
  }
  await tells([
    [["call", `http://${fine}`, "x"], 1, /does the port speak TLS \(https:\)/],
    [["call", fine, "x", "--cacert", "/no/such.pem"], 1, /\/no\/such\.pem: no such file; is the name right\?/],
    [["call", fine, "x", "--cacert", good.key], 1, /there is no CA certificate in/],
    [["call", fine, "x", "--cert", good.cert], 1, /it holds none that can be read, as PEM .*; --key FILE names its private key/],
    [["call", fine, "x", "--cert", good.cert, "--key", other.key], 1, /does not belong to the certificate.*; name the one that was made/],
    [["serve", "--cert", good.cert], 1, /cannot read the private key of .*as PEM/],
  ]);
});

test("there is no connection: proxies", async (t) => {
  const refuses = (status) => listen(t, http.createServer().on("connect", (req, socket) =>
    socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`)));
  const [login, unreached] = [await refuses(407), await refuses(502)];
  for (const url of ["http://127.0.0.1:1", "ws://127.0.0.1:1"]) {
    await tells([
      [["emit", url, "x", "--proxy", "http://127.0.0.1:1"], 1, /is the proxy running, and is this its port\?/],
      [["emit", url, "x", "--proxy", `http://${login}`], 1, /407 No; give it the right user and password in its URL\n$/],
      [["emit", url, "x", "--proxy", `http://${unreached}`], 1, /502 No; can the proxy reach this server, and may it\?/],
      [["emit", url, "x", "--proxy", `socks5://${unreached}`], 1, /no SOCKS5; is it another kind of proxy\?/],
      [["emit", url, "x", "--proxy", "ftp://h"], 2, /--proxy "ftp:\/\/h": .*; such as http:\/\/user:password@host:3128 or socks5/],
    ]);
  }
});

test("the server refuses, goes, or says nothing", async (t) => {
  const url = await official(t, (io) => {
    io.use((s, pass) => pass(s.handshake.auth.ok ? undefined
      : Object.assign(new Error("who are you\x1b[31m"), { data: { code: 7 } })));
    io.on("connection", (s) => {
      s.on("bye", () => s.disconnect());
      s.on("cut", () => s.conn.transport.socket?.terminate() ?? s.conn.close());
    });
  });
  const wss = await rawServer(t);
  wss.on("connection", (ws) => ws.on("message", (text) => {
    if (String(text) === "bye") ws.close(4001, "enough\u202e");
    if (String(text) === "big") ws.close(1009);
    if (String(text) === "cut") ws.terminate();
  }));
  const leaving = await rawServer(t);
  leaving.on("connection", (ws) => ws.close(1012));
  const auth = ["--auth", '{"ok":1}'];
  await tells([
    [["call", url, "x"], 4, /^vireo call: the server refused: who are you\\x1b\[31m \{"code":7\}; what does it want\? --auth JSON, or --header/],
    [["connect", url], 4, /! the server refused: who are you.*--auth JSON[^/]*$/],
    [["bench", url, "-c", "1"], 1, /no connection: who are you.*--auth JSON/],
    [["emit", `${url}/none`, "x", ...auth], 4, /Invalid namespace; it has no such namespace, which is the URL's path\n$/],
    [["call", url, "bye", ...auth], 1, /the connection was lost: io server disconnect; the server has closed it: its log/],
    [["call", url, "cut", ...auth, "--transports", "websocket"], 1, /transport close; the server ended, or something between cut it\n$/],
    [["call", url, "x", ...auth, "-t", "200ms"], 3, /no answer in 0\.2 s; .*--timeout gives it more time\n$/],
    [["listen", url, "x", ...auth, "-n", "2", "-t", "200ms"], 3, /time is up: 0 of 2 came; is the event's name right\? --timeout/],
    [["listen", leaving.url], 1, /lost: code 1012, the server restarts; --reconnect comes back\n$/],
    [["call", wss.url, "x", "-t", "200ms"], 3, /no answer in 0\.2 s/],
    [["call", wss.url, "bye"], 1, /lost: code 4001 enough\\u202e\n$/],
    [["call", wss.url, "big"], 1, /lost: code 1009, too large a message\n$/],
    [["call", wss.url, "cut"], 1, /lost: code 1006, cut off without a goodbye\n$/],
    [["emit", url, "connect", ...auth], 1, /not sent: reserved event name; .*take another name\n$/],
  ]);
});

test("what is sent cannot be read", async (t) => {
  const url = await official(t, () => {});
  const wss = await rawServer(t);
  const at = folder(t);
  const file = path.join(at, "f");
  writeFileSync(file, "{");
  await tells([
    [["emit", url, "x", "@/no/such"], 1, /\/no\/such: No such file or directory; a text that begins with @ is written "@\.\."\n$/],
    [["call", wss.url, "@/no/such"], 1, /No such file/],
    [["emit", url, "x", `@${at}`], 1, /Is a directory; name a file in it\n$/],
    [["emit", url, "x", '{"$base64":"*"}'], 1, /holds no base64/],
    [["emit", url, "x", ..."123456789"], 2, /what is "9" for\? vireo emit URL/],
    [["emit", url], 1, /line 1: .* at byte/, { input: "no\n" }],
    [["record", url, "-o", "/no/such/file"], 1, /\/no\/such\/file: No such file or directory; is the name right\?/],
    [["replay", "/no/such", url], 1, /\/no\/such: No such file or directory; is the name right\?/],
    [["replay", at, url], 1, /Is a directory; name a file in it/],
    [["decode", "--file", "/no/such"], 1, /No such file or directory; is the name right\?/],
    [["decode", "--file", at], 1, /Is a directory; name a file in it/],
    [["decode", "--file", file], 1, /for lines of JSON say --in text/],
  ]);
  const full = await official(t, (io) => io.on("connection", (s) => s.emit("x")));
  await tells([[["record", full, "-o", "/dev/full", "-n", "1"], 1, /\/dev\/full: No space left on device; make room, or name another disk/]]);
});

test("what is typed at the prompt", async (t) => {
  const url = await official(t, () => {});
  const wss = await rawServer(t);
  const says = async (at, line, text) => {
    const { stdout } = await vireo(["connect", at], { input: `${line}\n` });
    assert.match(stdout, text, line);
  };
  await says(url, 'chat {"a":', /! that is not JSON: .* at byte \d+; a text stands in quotes/);
  await says(url, 'chat {"$base64":"*"}', /! \{"\$base64":\.\.\} holds no base64/);
  await says(url, "chat @/no/such", /! \/no\/such: No such file or directory; a text that begins with @/);
  await says(url, "chat 1 2 3 4 5 6 7 8 9", /! an event may have 8 arguments here; put them into an array/);
  await says(url, "disconnect", /! not sent: reserved event name; .*take another name/);
  await says(url, "/hlep", /! there is no \/hlep; did you mean \/help; \/help lists what there is/);
  await says(url, "/call", /! \/call EVENT ARGUMENTS, such as/);
  await says(url, "/answer 1", /! no such question is open: \/answer NUMBER VALUES/);
  await says(url, "/join admin", /! \/join \/namespace AUTH/);
  await says(url, "/join /admin [", /! not joined: the auth must be an object of JSON/);
  await says(url, "/leave", /! that is the namespace it came for: \/close disconnects it, \/quit ends/);
  await says(wss.url, "/file", /! \/file NAME sends/);
  await says(wss.url, "/file /no/such", /No such file/);
  await says(wss.url, "/hex zz", /! \/hex 01 ff 7 sends these bytes/);
  await says(wss.url, "/close 99", /! \/close CODE REASON: the code is 1000 to 1014 or 3000 to 4999/);
  await says(wss.url, "/reconnect", /! it is connected, or will be; \/close first/);
});

test("the command line is wrong", async () => {
  await tells([
    [["emit", "http://", "x"], 2, /there is no host\nvireo emit --help says more\.\n$/],
    [["emit", "http://h:99999/", "x"], 2, /the port is no number from 1 to 65535/],
    [["emit", "http://a b/", "x"], 2, /encode it as %XX/],
    [["emit", "ftp://h/", "x"], 2, /"ftp:\/\/h\/": a URL begins with http:\/\/, https:\/\/, ws:\/\/ or wss:\/\//],
    [["doctor", "http://"], 2, /is no URL of a server/],
    [["emit", "h", "x", "--auth", "{"], 2, /--auth wants an object of JSON: '\{"token":"x"\}'/],
    [["emit", "h", "x", "--auth", "[1]"], 2, /--auth wants an object/],
    [["emit", "h", "x", "--header", "bad"], 2, /--header "bad": it wants NAME: VALUE/],
    [["emit", "h", "x", "--header", "a b: c"], 2, /it wants NAME: VALUE/],
    [["emit", "h", "x", "--header", "a: b\r\nc: d"], 2, /it wants NAME: VALUE/],
    [["emit", "h", "x", "--transports", "carrier"], 2, /transports are polling and websocket/],
    [["emit", "h", "x", "--path", ""], 2, /the path begins with a slash/],
    [["emit", "ws://h", "x", "--protocols", "a b"], 2, /sub-protocols are different names with commas/],
    [["emit", "h", "x", "--speak", "latin"], 2, /--speak "latin": it wants auto\|socketio\|ws/],
    [["listen", "h", "--answer", "{"], 2, /--answer wants JSON: /],
    [["listen", "h", "--count", "x"], 2, /--count "x": it wants a number, such as 250/],
    [["listen", "h", "--timeout", "1y"], 2, /--timeout "1y": it wants a time, such as 5s/],
    ...["0", "-1", "x", "1e3", "nan", "", "1.5.5"].map((n) => [["replay", "f", "h", "--speed", n], 2,
      /--speed ".*": it wants a number above 0, such as 10 or 0\.5/]),
    [["serve", "--cors", "a.example"], 2, /--cors "a\.example": it wants an origin, such as https:\/\/a\.example, or \*/],
    [["serve", "--cors", "https://a.example/"], 2, /it wants an origin/],
    [["serve", "--port", "0", "--host", "nonsense"], 1, /is no IP address: give one such as/],
    [["serve", "--port", "0", "--host", "192.0.2.1"], 1, /; this machine has no such address/],
    [["bench", "h", "-c", "0"], 2, /--connections wants 1 or more/],
    [["bench", "h", "--threads", "65"], 2, /--threads wants 1 to 64/],
    [["bench", "h", "--window", "1001"], 2, /--window wants 1 to 1000/],
    [["bench", "h", "--size", "10000001"], 2, /--size wants at most 10000000 bytes/],
    [["bench", "h", "--pid", "4194305"], 1, /there is no such process on this machine/],
  ]);
});
