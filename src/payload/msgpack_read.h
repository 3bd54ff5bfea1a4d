/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* msgpack_read.h: msgpack in, values out: the same tree that JSON gives.
 *
 * - Texts that are not UTF-8 are mended with U+FFFD, as JavaScript does.
 * - Whole numbers are exact up to 64 bits.
 * - What notepack.io, the encoder of socket.io-msgpack-parser, writes for values of JavaScript:
 *
 *       d4 00 xx           undefined: null in an array; in a map its key is left out
 *       d7 00 <int64>      a Date: its ISO text, as in JSON
 *       c7/c8/c9 .. 00 ..  an ArrayBuffer: binary, as bin 8/16/32
 *       other extensions   an array of type and bytes, as its decoder gives
 *
 * - A key is a text, or a whole number, which becomes one.
 * - Memory is one node (24 bytes) per value or key and the length of the texts; nothing is
 *   allocated for what is only announced. Depth as in JSON, and one level for the packet itself. */

#ifndef VIREO_PAYLOAD_MSGPACK_READ_H
#define VIREO_PAYLOAD_MSGPACK_READ_H

#include <vireo/error.h>

#include "payload/doc.h"
#include "payload/json_read.h"

#define VIREO__MSGPACK_DEPTH (VIREO__JSON_DEPTH + 1)

/* vireo__msgpack_read reads one value, which must be all of the |n| bytes; what the document held
 * before ends.
 *
 * data       binary parts of the tree point into it: borrowed as long as the document is used
 * max_nodes  values and keys
 * error      may be NULL; says what is wrong and at which byte
 * Returns 0, VIREO_EPROTO, VIREO_EDEPTH, VIREO_ETOOBIG (max_nodes), VIREO_ENOMEM. After an error
 * the document is empty. */
int vireo__msgpack_read(vireo__doc *doc, const void *data, size_t n, uint32_t max_nodes,
                        vireo_error *error);

#endif
