// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// H16: malformed and ambiguous requests, answered by this server and by Node's http. Behind each
// stands a request that is plain: whether it is answered, and how, tells where a server believes the
// first one to end. Where the two differ, we are the stricter one and the table says why; a
// request that we take and Node refuses would be a mistake.

import assert from "node:assert/strict";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { Example } from "../js/example.mjs";
import { Wire } from "../js/raw.mjs";

const NEXT = "GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const get = (headers) => `GET / HTTP/1.1\r\n${headers}\r\n`;
const post = (headers, body) => `POST / HTTP/1.1\r\nHost: a\r\n${headers}\r\n${body}`;
const chunked = (body) => post("Transfer-Encoding: chunked\r\n", body);
const taken = (body = "") => `200 ${body}, 200`;

// [what, request, how both answer] or [what, request, how we answer, why we are stricter]
const table = [
  ["a plain request", get("Host: a\r\n"), taken()],
  ["a body", post("Content-Length: 3\r\n", "abc"), taken("abc")],
  ["chunks", chunked("3\r\nabc\r\n0\r\n\r\n"), taken("abc")],
  ["an empty line in front", `\r\n${get("Host: a\r\n")}`, taken()],
  ["a trailer", chunked("1\r\na\r\n0\r\nX: y\r\n\r\n"), taken("a")],
  ["a chunk's extension", chunked("1;x=y\r\na\r\n0\r\n\r\n"), taken("a")],
  ["a chunk size in capitals", chunked("A\r\n0123456789\r\n0\r\n\r\n"), taken("0123456789")],
  ["an expectation with the body", post("Content-Length: 1\r\nExpect: 100-continue\r\n", "a"),
    taken("a")],
  ["Transfer-Encoding and Content-Length", post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
    "0\r\n\r\n"), "400"],
  ["Content-Length and Transfer-Encoding", post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
    "0\r\n\r\n"), "400"],
  ["two lengths", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), "400"],
  ["two different lengths", post("Content-Length: 3\r\nContent-Length: 0\r\n", "abc"), "400"],
  ["a list of lengths", post("Content-Length: 3, 3\r\n", "abc"), "400"],
  ["a signed length", post("Content-Length: +3\r\n", "abc"), "400"],
  ["a negative length", post("Content-Length: -3\r\n", "abc"), "400"],
  ["a length in hexadecimal", post("Content-Length: 0x3\r\n", "abc"), "400"],
  ["a length with a blank inside", post("Content-Length: 1 0\r\n", "abc"), "400"],
  ["no length at all", post("Content-Length:\r\n", ""), "400"],
  ["a length too long for 64 bits", post("Content-Length: 99999999999999999999\r\n", ""), "400"],
  ["a blank before the colon", get("Host : a\r\n"), "400"],
  ["a blank before Content-Length's colon", post("Content-Length : 3\r\n", "abc"), "400"],
  ["a header that goes on in the next line", get("Host: a\r\nX: y\r\n z\r\n"), "400",
    "RFC 9112 section 5.2 lets a server refuse; who reads two headers and who one could be fooled"],
  ["a header line without a colon", get("Host: a\r\nX\r\n"), "400"],
  ["an empty header name", get("Host: a\r\n: x\r\n"), "400"],
  ["a NUL in a header", get("Host: a\r\nX: a\0b\r\n"), "400"],
  ["a bare CR in a header", get("Host: a\r\nX: a\rb\r\n"), "400"],
  ["a control character in a header", get("Host: a\r\nX: a\x01b\r\n"), "400"],
  ["bare line feeds", "GET / HTTP/1.1\nHost: a\n\n", "400"],
  ["a bare line feed behind a header", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "400"],
  ["no Host", get(""), "400"],
  ["two Hosts", get("Host: a\r\nHost: b\r\n"), "400",
    "RFC 9112 section 3.2 demands it; Node takes the first one"],
  ["a Host with a path", get("Host: a/b\r\n"), "400", "RFC 9112 section 3.2: an invalid field value"],
  ["a Host with a user", get("Host: a@b\r\n"), "400", "as above"],
  ["chunked that is not last", post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), "400"],
  ["chunked twice", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), "400",
    "RFC 9112 section 6.1: not to be applied twice; Node reads it as once"],
  ["chunked in two lines", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "0\r\n\r\n"), "400", "RFC 9112 section 6.1: not to be applied twice; Node reads it as once"],
  ["a coding that is none", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), "400"],
  ["gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), "501",
    "RFC 9112 section 6.1: we cannot undo it; Node hands it on coded"],
  ["chunked with a vertical tab", post("Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n"), "400"],
  ["a chunk size with a sign", chunked("+1\r\na\r\n0\r\n\r\n"), "400"],
  ["a chunk size in hexadecimal notation", chunked("0x1\r\na\r\n0\r\n\r\n"), "400"],
  ["a chunk size with a blank", chunked("1 \r\na\r\n0\r\n\r\n"), "400",
    "RFC 9112 section 7.1 has no blank there; Node reads over it in some versions"],
  ["an empty chunk size", chunked("\r\na\r\n0\r\n\r\n"), "400"],
  ["a chunk size beyond 64 bits", chunked("11111111111111111\r\na\r\n0\r\n\r\n"), "400"],
  ["a chunk that is longer than told", chunked("1\r\nab\r\n0\r\n\r\n"), "400"],
  ["a bare line feed behind a chunk size", chunked("1\na\r\n0\r\n\r\n"), "400"],
  ["a bare line feed in an extension", chunked("1;a\n\r\na\r\n0\r\n\r\n"), "400"],
  ["HTTP/1.0 with chunks", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400",
    "RFC 9112 section 6.1: the framing is faulty; Node reads the chunks"],
  ["HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", "505", "no such version; Node says 400"],
  ["HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505", "not spoken here; Node says 400"],
  ["HTTP/0.9", "GET /\r\n\r\n", "400"],
  ["HTTP in small letters", "GET / http/1.1\r\nHost: a\r\n\r\n", "400"],
  ["two blanks in the request line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "400",
    "RFC 9112 section 3: exactly one; Node reads over it"],
  ["a blank behind the request line", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "400"],
  ["a tab in the request line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"],
  ["a fragment", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", "400",
    "RFC 9112 section 3.2 has none in a request's target; Node hands it on"],
  ["a relative target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", "400"],
  ["an unknown method", "HELLO / HTTP/1.1\r\nHost: a\r\n\r\n", "501",
    "RFC 9110 section 9.1: not implemented; Node says 400"],
  ["a method in small letters", "get / HTTP/1.1\r\nHost: a\r\n\r\n", "501", "as above"],
  ["another protocol", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "400"],
  ["an expectation nobody knows", get("Host: a\r\nExpect: the best\r\n"), "417",
    "the client may send its body or not: what follows cannot be told apart; Node goes on"],
];

/** The statuses of all that comes, and the body that the first request was believed to have. */
async function answers(t, server, bytes) {
  const wire = await Wire.open(t, server);
  wire.write(Buffer.from(bytes + NEXT, "latin1"));
  const all = [];
  for (;;) {
    let res;
    try {
      res = await wire.readResponse();
    } catch (err) {
      if (!/ended before/.test(err.message)) throw err;
      break;
    }
    const body = res.status === 200 && all.length === 0 ? JSON.parse(res.body).body : "";
    if (res.status !== 100) all.push(all.length === 0 && res.status === 200 ? `200 ${body}` : `${res.status}`);
  }
  return all.join(", ");
}

describe("H16: requests that two parsers could read differently", { concurrency: 4 }, () => {
  let example, vireo, node;
  before(async () => {
    example = await Example.start({ after: () => {} }, "tests/http-app");
    const { hostname, port } = new URL(example.url);
    vireo = { host: hostname, port: Number(port) };
    const server = http.createServer((req, res) => {
      const parts = [];
      req.on("data", (part) => parts.push(part));
      req.on("end", () => res.end(JSON.stringify({ body: Buffer.concat(parts).toString("latin1") })));
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    node = { host: "127.0.0.1", port: server.address().port, server };
  });
  after(async () => {
    node.server.close();
    node.server.closeAllConnections();
    await example.stop();
  });

  for (const [what, bytes, expected, why] of table) {
    test(what, async (t) => {
      const ours = await answers(t, vireo, bytes);
      assert.equal(ours, expected);
      const theirs = await answers(t, node, bytes);
      if (why === undefined) assert.equal(theirs, expected, "Node answers differently");
      else assert.ok(!ours.startsWith("200"), "a reason is given where we refuse");
    });
  }
});
