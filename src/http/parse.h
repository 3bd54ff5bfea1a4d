/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* parse.h: one HTTP/1.x request, bytes in, head and body out (RFC 9110, RFC 9112). A codec: no I/O,
 * no clock.
 *
 * The grammar is llhttp's. Around it stands what a server at the edge must be stricter about,
 * because another program in front of it may read the same bytes differently: line ends are CR LF
 * and nothing else, a header is one line, names are tokens, the length of a body is told once and
 * in one way.
 *
 *     HEAD --feed--> HEAD_DONE --feed--> BODY --feed--> DONE          any of them --> FAILED, with
 * a status
 *
 * feed stops at HEAD_DONE, so that the caller can look at the head and set the body's limit, and at
 * DONE; what it did not take belongs to the next request, or to another protocol.
 *
 * A head is kept as texts in one block, in lower case where it counts:
 *
 *     "/chat?x=1\0host\0example.org\0accept\0text/html\0"
 *      ^target     ^headers_at                            ^head.len
 */

#ifndef VIREO_HTTP_PARSE_H
#define VIREO_HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <llhttp.h>

#include "base/buf.h"

#define VIREO__MAX_TARGET                                                                          \
    8192 /* bytes of a request target, beyond: 414. RFC 9112 section 3 recommends at least 8000 */

typedef enum vireo__parse_state {
    VIREO__PARSE_HEAD,
    VIREO__PARSE_HEAD_DONE,
    VIREO__PARSE_BODY,
    VIREO__PARSE_DONE,
    VIREO__PARSE_FAILED /* |status| says with what to refuse; the connection cannot go on */
} vireo__parse_state;

typedef struct vireo__parser {
    llhttp_t llhttp;
    vireo__buf head; /* does not move after HEAD_DONE unless its owner appends to it */
    vireo__buf body;
    size_t headers_at; /* where the first header's name stands in |head|; before it the target */
    size_t text_at;    /* the text that is being read */
    uint64_t content_length; /* as announced; 0 without */
    uint64_t remaining;      /* bytes of the body, or of its chunk, still to come */
    uint64_t body_bytes;     /* received so far, kept or not */
    size_t max_body_bytes;   /* set at HEAD_DONE; beyond: 413 */
    uint32_t max_head_bytes;
    uint32_t max_headers;
    uint32_t head_bytes; /* received */
    uint32_t headers;
    uint32_t line_bytes;    /* of the line of chunked framing that is being read */
    uint32_t framing_bytes; /* what such lines had beyond need; bounded as a head is */
    uint16_t status;        /* when FAILED; 0 for want of memory */
    uint8_t state;          /* vireo__parse_state */
    uint8_t line;           /* where in a line the next byte stands */
    uint8_t spaces;         /* of the request line */
    uint8_t host_count;
    bool discard : 1;      /* set by the owner: count the body, do not keep it */
    bool request_line : 1; /* is not over */
    bool at_version : 1;   /* the next byte is its version's first */
    bool named : 1;        /* the header that is being read has a name */
    bool started : 1;      /* a byte other than an empty line's has come */
    bool saw_headers : 1;  /* llhttp has seen the whole head */
    bool saw_end : 1;      /* llhttp has seen the whole message */
    bool has_length : 1;
    bool has_coding : 1;
    bool chunked : 1;
    bool connection_close : 1;
    bool connection_keep : 1;
    bool connection_upgrade : 1;
    bool upgrade_websocket : 1;
    bool expect_continue : 1; /* the client waits for a 100 before it sends its body */
} vireo__parser;

/* vireo__parser_init prepares a parser for one request; allocates nothing. */
void vireo__parser_init(vireo__parser *p, uint32_t max_head_bytes, uint32_t max_headers);
void vireo__parser_deinit(vireo__parser *p);

/* vireo__parser_feed takes bytes off |bytes| until they end or a state is reached that the caller
 * must look at. At HEAD_DONE even zero bytes lead on, to BODY or DONE. Returns how many it has
 * taken. Memory grows with what was received, never with what was announced. */
size_t vireo__parser_feed(vireo__parser *p, const uint8_t *bytes, size_t n);

/* For a whole head. */
const char *vireo__parser_method(const vireo__parser *p); /* static */
static inline const char *vireo__parser_target(const vireo__parser *p)
{
    return (const char *)p->head.data;
}

/* vireo__parser_keep_alive tells whether the client wants the connection to go on after this
 * request. */
bool vireo__parser_keep_alive(const vireo__parser *p);

/* vireo__parser_has_body tells whether a body follows the head (of whatever length; not
 * "Content-Length: 0"). */
static inline bool vireo__parser_has_body(const vireo__parser *p)
{
    return p->chunked || p->content_length > 0;
}

/* vireo__parser_upgrade tells whether the client asks to go on with WebSocket. */
static inline bool vireo__parser_upgrade(const vireo__parser *p)
{
    return p->connection_upgrade && p->upgrade_websocket && p->llhttp.http_minor >= 1 &&
           !vireo__parser_has_body(p);
}

/* vireo__http_token tells whether |text| is a token (RFC 9110 section 5.6.2): not empty, no
 * separators. */
bool vireo__http_token(const char *text, size_t n);

#endif
