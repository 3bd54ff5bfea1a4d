/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* answer.h: one HTTP/1.x response, as a client reads it, bytes in, head and body out (RFC 9110, RFC
 * 9112). A codec: no I/O, no clock. The grammar is llhttp's, in its strict form.
 *
 *     HEAD --feed--> HEAD_DONE --feed--> BODY --feed--> DONE          any of them --> FAILED
 *
 * feed stops at HEAD_DONE, so that the caller can look at the head, and at DONE. Interim answers
 * (1xx, save 101) are passed over. What follows a 101 is not HTTP: the caller stops at HEAD_DONE.
 *
 * A head is kept as texts in one block, names in lower case: "name\0value\0name\0value\0".
 */

#ifndef VIREO_HTTP_ANSWER_H
#define VIREO_HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <llhttp.h>

#include "base/buf.h"

typedef enum vireo__answer_state {
    VIREO__ANSWER_HEAD,
    VIREO__ANSWER_HEAD_DONE,
    VIREO__ANSWER_BODY,
    VIREO__ANSWER_DONE,
    VIREO__ANSWER_FAILED /* |error| and |why| tell more */
} vireo__answer_state;

typedef struct vireo__answer {
    llhttp_t llhttp;
    vireo__buf head;
    size_t text_at; /* the text that is being read */
    /* Takes the next bytes of the body, which stand in what was fed. False: nothing more is
     * wanted, feed returns, and the answer is of no use any more. */
    bool (*on_body)(void *user, const uint8_t *bytes, size_t n);
    void *user;
    uint32_t max_head_bytes; /* of all heads, interim ones too */
    uint32_t max_headers;
    uint32_t head_bytes; /* received */
    uint32_t headers;
    int error;       /* when FAILED: VIREO_EPROTO, VIREO_ETOOBIG, VIREO_ENOMEM */
    const char *why; /* static */
    uint16_t status;
    uint8_t state;    /* vireo__answer_state */
    bool to_head : 1; /* it answers a HEAD request: no body, whatever the head announces */
    bool interim : 1;
    bool keep_alive : 1; /* when DONE: the connection can be used again */
} vireo__answer;

/* vireo__answer_init prepares for one response; allocates nothing. on_body, user and to_head are
 * then the caller's to set. */
void vireo__answer_init(vireo__answer *a, uint32_t max_head_bytes, uint32_t max_headers);
void vireo__answer_deinit(vireo__answer *a);

/* vireo__answer_feed takes bytes until they end or a state is reached that the caller must look at.
 * At HEAD_DONE even zero bytes lead on. Returns how many it has taken. */
size_t vireo__answer_feed(vireo__answer *a, const uint8_t *bytes, size_t n);

/* vireo__answer_end: the connection has ended; leads to DONE where that is how the body ends. */
void vireo__answer_end(vireo__answer *a);

/* vireo__answer_header looks for |name| (lower case); the first one. NULL if there is none. */
const char *vireo__answer_header(const vireo__answer *a, const char *name);

/* vireo__answer_header_count returns how often |name| stands in the head. */
size_t vireo__answer_header_count(const vireo__answer *a, const char *name);

/* vireo__answer_length returns the length of the body that the head announces; UINT64_MAX if it
 * does not. */
uint64_t vireo__answer_length(const vireo__answer *a);

#endif
