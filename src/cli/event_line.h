/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* event_line.h: events as lines of JSON, which listen and record write, emit and replay read:
 *
 *     ["chat",{"text":"hi"},1]
 *     ["photo",{"$base64":"AQID"}]      an argument that is binary
 *
 * Binary deeper in an argument stands as Node writes it, {"type":"Buffer","data":[1,2,3]}.
 */

#ifndef VIREO_CLI_EVENT_LINE_H
#define VIREO_CLI_EVENT_LINE_H

#include <vireo/socket.h>

#include "base/buf.h"
#include "cli/args.h"

/* cli_line_write appends the array, without a line end. */
void cli_line_write(vireo__buf *out, const vireo_msg *m);

/* cli_line_write_bytes appends {"$base64":".."}. */
void cli_line_write_bytes(vireo__buf *out, const void *data, size_t n);

/* cli_line_bytes returns new: the bytes of a {"$base64":".."}; free() it; NULL if |v| is none. */
void *cli_line_bytes(const vireo_value *v, size_t *n);

/* cli_line_args reads the array: its arguments into |args|. Returns the event's name, borrowed from
 * |array|; NULL, and args->wrong, when it is none. */
const char *cli_line_args(const vireo_value *array, cli_args *args);

#endif
