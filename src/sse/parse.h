/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* parse.h: the text of an event stream, as a client reads it (WHATWG HTML, 9.2.6 "Interpreting an
 * event stream"), in pieces of any size. Codec. */

#ifndef VIREO_SSE_PARSE_H
#define VIREO_SSE_PARSE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

typedef struct vireo__sse_parser {
    vireo__buf line;  /* what has come of one, when it goes on in the next piece */
    vireo__buf event; /* of the event that is being read: its type, */
    vireo__buf data;  /* .. its data, */
    vireo__buf id;    /* .. and the id of the newest event, which lasts */
    size_t max_bytes; /* of one event; beyond: VIREO_ETOOBIG */
    /* An event is complete; |event| is "message" if nothing was said. All is ended by a NUL and
     * borrowed for the call. False: nothing more is wanted. */
    bool (*on_event)(void *user, const char *event, vireo__str data, const char *id);
    void *user;
    uint32_t retry_ms; /* the newest that the server has told; 0: none */
    uint8_t mark;      /* bytes of a byte order mark that were passed over; 3: it is over */
    bool after_cr;     /* a LF now is the rest of a CRLF */
} vireo__sse_parser;

/* vireo__sse_parser_init prepares; the callback and its user are then the caller's to set. */
void vireo__sse_parser_init(vireo__sse_parser *p, size_t max_bytes);
void vireo__sse_parser_deinit(vireo__sse_parser *p);

/* vireo__sse_parser_restart: another stream begins. What was left of an event is forgotten, the id
 * stays. */
void vireo__sse_parser_restart(vireo__sse_parser *p);

/* vireo__sse_parse takes the next bytes. Returns 0; VIREO_ETOOBIG, VIREO_ENOMEM; VIREO_EUTF8 for a
 * line that is none; VIREO_ECANCELLED when on_event wants no more. */
int vireo__sse_parse(vireo__sse_parser *p, const uint8_t *bytes, size_t n);

#endif
