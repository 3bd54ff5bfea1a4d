/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* format.h: the text of an event stream (WHATWG HTML, 9.2.5 "Parsing an event stream"). Codec.
 *
 *     id: 4f1c-17\n
 *     event: tick\n
 *     data: first line\n
 *     data: second line\n
 *     \n
 */

#ifndef VIREO_SSE_FORMAT_H
#define VIREO_SSE_FORMAT_H

#include "base/buf.h"
#include "base/str.h"

/* vireo__sse_format_event appends one event. |id| and |event| may be NULL. |data| may have lines,
 * ended by CR, LF or both; a reader gets LF between them.
 * Returns 0; VIREO_EINVAL for a line break or NUL in |id| or |event|; VIREO_EUTF8; VIREO_ENOMEM. */
int vireo__sse_format_event(vireo__buf *out, const char *id, const char *event, vireo__str data);

/* vireo__sse_format_comment appends |text| as comment lines. Returns the same. */
int vireo__sse_format_comment(vireo__buf *out, vireo__str text);

/* vireo__sse_format_retry appends the client's new reconnection time. */
int vireo__sse_format_retry(vireo__buf *out, uint32_t retry_ms);

#endif
