/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* event_line.h: events as lines of JSON, which listen and record write, emit and replay read:
 *
 *     ["chat",{"text":"hi"},1]
 *     ["photo",{"name":"cat","data":{"$base64":"AQID"}}]      bytes, wherever they stand
 */

#ifndef VIREO_CLI_EVENT_LINE_H
#define VIREO_CLI_EVENT_LINE_H

#include <vireo/socket.h>

#include "base/buf.h"
#include "cli/args.h"

/* cli_line_put appends a value as JSON; |bytes| appends what stands for a binary leaf. */
void cli_line_put(vireo__buf *out, const vireo_value *v,
                  void (*bytes)(vireo__buf *out, const void *data, size_t n));

/* cli_line_write appends a value, or the array of an event, as such a line, without a line end;
 * cli_line_write_bytes appends {"$base64":".."}. */
void cli_line_write(vireo__buf *out, const vireo_value *v);
void cli_line_write_bytes(vireo__buf *out, const void *data, size_t n);

/* cli_line_read reads JSON. Returns new, for vireo_value_free: each {"$base64":".."} is a binary
 * leaf of it. NULL, and |error|, for what is no JSON, and for one that holds no base64. */
vireo_value *cli_line_read(const char *text, size_t n, vireo_error *error);

/* cli_line_args reads the array: its arguments into |args|, which borrows them. Returns the event's
 * name, borrowed too; NULL, and args->wrong, when it is none. */
const char *cli_line_args(const vireo_value *array, cli_args *args);

#endif
