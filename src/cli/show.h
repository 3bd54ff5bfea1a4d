/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* show.h: what people read: colours on terminals only, and texts of peers that cannot upset one. */

#ifndef VIREO_CLI_SHOW_H
#define VIREO_CLI_SHOW_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"

typedef enum cli_ink {
    CLI_PLAIN, /* back to none */
    CLI_BOLD,
    CLI_DIM,
    CLI_RED,
    CLI_GREEN,
    CLI_YELLOW,
    CLI_BLUE,
    CLI_CYAN
} cli_ink;

/* cli_colours tells whether |out| takes colours: a terminal, TERM not "dumb", and NO_COLOR not set
 * (no-color.org). */
bool cli_colours(FILE *out);

/* cli_paint returns the bytes that switch to |ink|; "" without |colours|. Static. */
const char *cli_paint(bool colours, cli_ink ink);

/* cli_escape appends a text: control characters, those that turn the direction of writing, and what
 * is not UTF-8 stand as \n, \x1b, \u202e. */
void cli_escape(vireo__buf *out, const void *text, size_t n);

/* cli_vescape does so with what vprintf would write. */
__attribute__((format(printf, 2, 0))) void cli_vescape(vireo__buf *out, const char *format,
                                                       va_list args);

#define CLI_HEX_SHOWN 32 /* bytes of a binary that are shown */

/* cli_hex appends the first CLI_HEX_SHOWN bytes as "03 ff 61 ..". */
void cli_hex(vireo__buf *out, const void *bytes, size_t n);

/* cli_width returns how many columns there are for texts: those of the terminal, at most |most|;
 * |most| where |out| is none. */
size_t cli_width(FILE *out, size_t most);

/* cli_wrap writes a text and a line end. Words that would stand beyond |width| go to a new line,
 * which begins at |indent|.
 *
 * at   the column in which it begins */
void cli_wrap(FILE *out, const char *text, size_t at, size_t indent, size_t width);

/* cli_put writes a buffer that was appended to, and empties it. */
void cli_put(FILE *out, vireo__buf *text);

#endif
