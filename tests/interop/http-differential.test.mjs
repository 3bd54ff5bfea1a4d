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
const line = (start) => `${start} HTTP/1.1\r\nHost: a\r\n\r\n`;
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
  ["a length with zeros in front", post("Content-Length: 003\r\n", "abc"), taken("abc")],
  ["a length in quotes", post("Content-Length: \"3\"\r\n", "abc"), "400"],
  ["a length with a fraction", post("Content-Length: 3.0\r\n", "abc"), "400"],
  ["a length behind a vertical tab", post("Content-Length: \x0b3\r\n", "abc"), "400"],
  ["a length behind a blank of Latin-1", post("Content-Length: \xa03\r\n", "abc"), "400"],
  ["something like a length", post("Content_Length: 3\r\nContent-Length: 0\r\n", ""), taken()],
  ["a GET with a body", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", taken("abc")],
  ["an empty line behind a body", `${post("Content-Length: 1\r\n", "a")}\r\n`, taken("a")],
  ["a blank before the colon", get("Host : a\r\n"), "400"],
  ["a blank before Content-Length's colon", post("Content-Length : 3\r\n", "abc"), "400"],
  ["a header that goes on in the next line", get("Host: a\r\nX: y\r\n z\r\n"), "400",
    "RFC 9112 section 5.2 lets a server refuse; who reads two headers and who one could be fooled"],
  ["a header line without a colon", get("Host: a\r\nX\r\n"), "400"],
  ["an empty header name", get("Host: a\r\n: x\r\n"), "400"],
  ["a blank in a header's name", get("Host: a\r\nX y: z\r\n"), "400"],
  ["a header's name in Latin-1", get("Host: a\r\nX\xe9: z\r\n"), "400"],
  ["a header's name in brackets", get("Host: a\r\n(X): z\r\n"), "400"],
  ["a NUL in a header's name", get("Host: a\r\nX\0: z\r\n"), "400"],
  ["a first header that begins with a blank", get(" X: y\r\nHost: a\r\n"), "400"],
  ["a header's value in Latin-1", get("Host: a\r\nX: \xe9\xff\r\n"), taken()],
  ["a DEL in a header", get("Host: a\r\nX: \x7f\r\n"), "400"],
  ["two CRs at a line's end", get("Host: a\r\r\n"), "400"],
  ["lines that end with CR alone", "GET / HTTP/1.1\rHost: a\r\r", "400"],
  ["a header of 20,000 bytes", get(`Host: a\r\nX: ${"y".repeat(20000)}\r\n`), "431"],
  ["a hundred and one headers and a Host", get(`Host: a\r\n${"X: y\r\n".repeat(101)}`), "431",
    "max_headers is 100; Node takes 2,000"],
  ["a NUL in a header", get("Host: a\r\nX: a\0b\r\n"), "400"],
  ["a bare CR in a header", get("Host: a\r\nX: a\rb\r\n"), "400"],
  ["a control character in a header", get("Host: a\r\nX: a\x01b\r\n"), "400"],
  ["bare line feeds", "GET / HTTP/1.1\nHost: a\n\n", "400"],
  ["a bare line feed behind a header", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "400"],
  ["no Host", get(""), "400"],
  ["two Hosts", get("Host: a\r\nHost: b\r\n"), "400",
    "RFC 9112 section 3.2 demands it; Node takes the first one"],
  ["an empty Host", get("Host:\r\n"), taken()],
  ["a Host with a blank", get("Host: a b\r\n"), "400", "RFC 9112 section 3.2: an invalid field value"],
  ["a Host that is a list", get("Host: a, b\r\n"), "400", "as above"],
  ["a Host of IPv6", get("Host: [::1]:80\r\n"), taken()],
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
  ["an empty item in front of chunked", post("Transfer-Encoding: ,chunked\r\n", "1\r\na\r\n0\r\n\r\n"), "501",
    "a list of codings, of which we take only chunked alone; Node reads over the empty one"],
  ["an empty coding", post("Transfer-Encoding:\r\n", ""), "400",
    "RFC 9112 section 6.3: chunked is not the last one; Node reads over it"],
  ["an empty coding and a length", post("Transfer-Encoding:\r\nContent-Length: 1\r\n", "a"), "400", "as above"],
  ["the coding identity", post("Transfer-Encoding: identity\r\n", ""), "400"],
  ["identity, chunked", post("Transfer-Encoding: identity, chunked\r\n", "0\r\n\r\n"), "501",
    "RFC 9112 section 7: there is no such coding any more; Node hands it on"],
  ["chunked in capitals", post("Transfer-Encoding: CHUNKED\r\n", "1\r\na\r\n0\r\n\r\n"), taken("a")],
  ["chunked in quotes", post("Transfer-Encoding: \"chunked\"\r\n", "1\r\na\r\n0\r\n\r\n"), "400"],
  ["chunked with a parameter", post("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"), "400"],
  ["chunked and an empty item", post("Transfer-Encoding: chunked,\r\n", "1\r\na\r\n0\r\n\r\n"), "400"],
  ["chunked between tabs", post("Transfer-Encoding:\tchunked\t\r\n", "1\r\na\r\n0\r\n\r\n"), "400"],
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
  ["a chunk's extension in quotes", chunked('1;x="y;z"\r\na\r\n0\r\n\r\n'), taken("a")],
  ["a line end in a quoted extension", chunked('1;x="y\r\nz"\r\na\r\n0\r\n\r\n'), "400"],
  ["an extension without a name", chunked("1;\r\na\r\n0\r\n\r\n"), "400"],
  ["a blank before an extension", chunked("1 ;x=y\r\na\r\n0\r\n\r\n"), "400"],
  ["a NUL in an extension", chunked("1;x=\0\r\na\r\n0\r\n\r\n"), "400"],
  ["a bare CR in an extension", chunked("1;x=\ra\r\na\r\n0\r\n\r\n"), "400"],
  ["an extension of 20,000 bytes", chunked(`1;${"x".repeat(20000)}\r\na\r\n0\r\n\r\n`), "431",
    "as much as a head may have; Node says 413"],
  ["a chunk size with zeros in front", chunked("0001\r\na\r\n0000\r\n\r\n"), taken("a")],
  ["no line end behind a chunk", chunked("1\r\na0\r\n\r\n"), "400"],
  ["a bare line feed behind a chunk", chunked("1\r\na\n0\r\n\r\n"), "400"],
  ["a bare line feed behind the last chunk", chunked("0\r\n\n"), "400"],
  ["a bare line feed in a trailer", chunked("0\r\nX: y\n\r\n"), "400"],
  ["a trailer that goes on in the next line", chunked("0\r\nX: y\r\n z\r\n\r\n"), "400"],
  ["a trailer without a colon", chunked("0\r\nX\r\n\r\n"), "400"],
  ["a trailer without a name", chunked("0\r\n: y\r\n\r\n"), "400"],
  ["a blank before a trailer's colon", chunked("0\r\nX : y\r\n\r\n"), "400"],
  ["a NUL in a trailer", chunked("0\r\nX: \0\r\n\r\n"), "400"],
  ["Content-Length in a trailer", chunked("0\r\nContent-Length: 5\r\n\r\n"), "400"],
  ["Transfer-Encoding in a trailer", chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n"), "400"],
  ["a trailer of 20,000 bytes", chunked(`0\r\nX: ${"y".repeat(20000)}\r\n\r\n`), "431"],
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
  ["an absolute target", line("GET http://a/x?y"), taken()],
  ["an absolute target without a path", line("GET http://a"), taken()],
  ["an absolute target without a host", line("GET http:///x"), "400",
    "RFC 9110 section 4.2.1: to be rejected as invalid; Node hands it on"],
  ["an absolute target in capitals", line("GET HTTP://A/"), taken()],
  ["an absolute target of another host", line("GET http://b/"), "400",
    "RFC 9112 section 3.2.2: Host does not count then; who reads one and who the other could be fooled"],
  ["an absolute target of another port", line("GET http://a:81/"), "400", "as above"],
  ["an absolute target with a user", line("GET http://u@a/"), "400",
    "RFC 9110 section 4.2.4: to be treated as an error; Node hands it on"],
  ["an absolute target of another kind", line("GET ftp://a/"), "400", "nothing is served there; Node hands it on"],
  ["a host and a port for a target", line("GET a:80"), "400"],
  ["a star for a target", line("GET *"), "400", "RFC 9112 section 3.2.4: for OPTIONS only; Node hands it on"],
  ["CONNECT", line("CONNECT a:80"), "501", "no proxy is here; Node closes the connection"],
  ["a NUL in a target", line("GET /\0"), "400"],
  ["a DEL in a target", line("GET /\x7f"), "400"],
  ["a bare CR in a target", line("GET /\ra"), "400"],
  ["a target of 9,000 bytes", line(`GET /${"x".repeat(9000)}`), "414", "8,192 at most; Node takes 16,384"],
  ["a target of 20,000 bytes", line(`GET /${"x".repeat(20000)}`), "414", "Node says 431"],
  ["a method of 5,000 letters", line(`${"G".repeat(5000)} /`), "501", "Node says 400"],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505", "not spoken here; Node says 400"],
  ["RTSP", "OPTIONS / RTSP/1.0\r\nHost: a\r\n\r\n", "400"],
  ["ICE", "SOURCE / ICE/1.0\r\nHost: a\r\n\r\n", "400"],
  ["HTTPS for HTTP", "GET / HTTPS/1.1\r\nHost: a\r\n\r\n", "400"],
  ["HTTP/1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", "505", "no such version; Node says 400"],
  ["HTTP/1 and no more", "GET / HTTP/1.\r\nHost: a\r\n\r\n", "505", "as above"],
  ["a blank in front", ` ${get("Host: a\r\n")}`, "400"],
  ["five empty lines in front", `${"\r\n".repeat(5)}${get("Host: a\r\n")}`, taken()],
  ["a bare line feed in front", `\n${get("Host: a\r\n")}`, "400", "no line end here; Node reads over it"],
  ["a bare CR in front", `\r${get("Host: a\r\n")}`, "400", "as above"],
  ["a vertical tab in the request line", "GET\x0b/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"],
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
