/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* codec.h: how one end of connections, server or client, writes packets and reads them. */

#ifndef VIREO_SOCKETIO_CODEC_H
#define VIREO_SOCKETIO_CODEC_H

#include <vireo/parser.h>

#include "loop/loop.h"

typedef struct vireo__sio_codec {
    vireo_loop *loop;
    const vireo_parser *parser; /* NULL: the JSON of Socket.IO, read and written without detours */
    void *user;                 /* the parser's */
    uint32_t max_values;        /* of one packet that arrives */
    uint32_t max_attachments;
} vireo__sio_codec;

/* vireo__sio_parser_valid: what a user has given as .parser; NULL is. */
static inline bool vireo__sio_parser_valid(const vireo_parser *p)
{
    return p == NULL || (p->size >= sizeof *p && p->encode != NULL && p->decode != NULL);
}

#endif
