/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* input.h: the lines of stdin in a loop that has other things to do: of a pipe, a terminal or a
 * file. */

#ifndef VIREO_CLI_INPUT_H
#define VIREO_CLI_INPUT_H

#include <stddef.h>

#include <uv.h>

typedef struct cli_input cli_input;

/* |line| is borrowed for the call, ended by a NUL that does not count in |n|, and may be changed.
 */
typedef void (*cli_line_fn)(void *user, char *line, size_t n);
typedef void (*cli_end_fn)(void *user, const char *error); /* NULL: the input has ended */

#define CLI_LINE_MAX (64u << 20) /* bytes of a line; what is longer ends it with an error */

/* cli_input_open begins to read. Returns NULL when memory runs out, or when stdin is closed. */
cli_input *cli_input_open(uv_loop_t *loop, cli_line_fn on_line, cli_end_fn on_end, void *user);

/* cli_input_pause: no further lines, until cli_input_resume. Both are allowed in a callback. */
void cli_input_pause(cli_input *in);
void cli_input_resume(cli_input *in);

/* cli_input_close ends it, without another callback; it is freed in the loop. NULL is allowed. */
void cli_input_close(cli_input *in);

#endif
