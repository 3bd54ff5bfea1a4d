/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* args.h: the arguments of an event as people write them:
 *
 *     {"text":"hi"} [1,2] 3 true null "a text"      JSON
 *     {"data":{"$base64":"AQID"}}                   .. with bytes in it
 *     @photo.jpg                                    the bytes of a file
 *     all else                                      a text
 */

#ifndef VIREO_CLI_ARGS_H
#define VIREO_CLI_ARGS_H

#include <stddef.h>

#include <vireo/socket.h>
#include <vireo/value.h>

#define CLI_ARGS_MAX 8

typedef struct cli_args {
    size_t count;
    const void *at[CLI_ARGS_MAX]; /* for %p of a template */
    /* What they point to, unless that is somebody else's: values, or the bytes of files. */
    vireo_value *values[CLI_ARGS_MAX];
    vireo_leaf files[CLI_ARGS_MAX];
    char *bytes[CLI_ARGS_MAX];
    char wrong[256]; /* what is wrong, in words */
} cli_args;

/* cli_args_add adds one argument. Returns 0; a negative number, and |wrong|, for a file that cannot
 * be read, for bytes that are no base64 and for too many of them. */
int cli_args_add(cli_args *args, const char *text, size_t n);

/* cli_args_read adds those of a line: JSON and @files with spaces or commas between them; a line
 * that begins with neither is one text. Returns as cli_args_add. */
int cli_args_read(cli_args *args, const char *line);

void cli_args_deinit(cli_args *args);

/* cli_args_emit and _ask are vireo_emit and vireo_emit_ack. */
int cli_args_emit(vireo_socket *s, const char *event, const cli_args *args);
int cli_args_ask(vireo_socket *s, uint32_t timeout_ms, vireo_ack_fn fn, void *user,
                 const char *event, const cli_args *args);
int cli_args_answer(vireo_pending_ack *p, const cli_args *args); /* takes |p| */

#endif
