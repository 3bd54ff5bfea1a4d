/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* compress.c: answers to polls, compressed as the official server does it: from a threshold on,
 * with gzip or deflate, whichever the client names first. */

#include <vireo/error.h>

#include "engineio/session.h"
#include "http/accept.h"
#include "http/coding.h"

static vireo__coding choose(const vireo_req *r)
{
    static const char *const offers[] = {"gzip", "deflate"};
    int best = vireo__accept_best(VIREO__ACCEPT_ENCODING_IN_ORDER,
                                  vireo_header(r, "accept-encoding"), offers, 2);
    return best < 0 ? VIREO__CODING_NONE : best == 0 ? VIREO__CODING_GZIP : VIREO__CODING_DEFLATE;
}

void vireo__eio_compress(vireo__eio_server *server, vireo_req *r, vireo__str *body)
{
    const vireo_http_compression *o = &server->options.http_compression;
    if (o->off || body->len < o->threshold || body->len > o->max_bytes)
        return;
    vireo__coding coding = choose(r);
    if (coding == VIREO__CODING_NONE ||
        !vireo__encode_whole(&server->compressed, coding, o->level, body->at, body->len) ||
        vireo_reply_header(r, "Content-Encoding", vireo__coding_name(coding)) < 0)
        return;
    *body = (vireo__str){(const char *)server->compressed.data, server->compressed.len};
}
