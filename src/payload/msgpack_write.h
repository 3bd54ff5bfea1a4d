/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* msgpack_write.h: values in, msgpack out, as notepack.io writes them: the shortest form of a whole
 * number, 64 bits for any other. All functions append to |out| and return its sticky error. */

#ifndef VIREO_PAYLOAD_MSGPACK_WRITE_H
#define VIREO_PAYLOAD_MSGPACK_WRITE_H

#include "base/buf.h"
#include "payload/value.h"

/* vireo__msgpack_write writes |v| and all below it. Half an emoji (a lone surrogate), which msgpack
 * cannot say, becomes U+FFFD. */
int vireo__msgpack_write(vireo__buf *out, const vireo_value *v);

/* Parts of what is no tree: the beginning of a map of |n| members, a text of UTF-8, a number. */
int vireo__msgpack_write_map(vireo__buf *out, size_t n);
int vireo__msgpack_write_text(vireo__buf *out, const char *text, size_t n);
int vireo__msgpack_write_uint(vireo__buf *out, uint64_t number);

#endif
