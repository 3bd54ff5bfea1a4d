/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* prompt.h: a line that is edited at a terminal while a loop runs and prints above it; with history
 * and completion. Where stdin is no terminal, its lines come without all that. Stands on libedit.
 */

#ifndef VIREO_CLI_PROMPT_H
#define VIREO_CLI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

typedef struct cli_prompt cli_prompt;

typedef struct cli_prompt_events {
    void (*on_line)(void *user, char *line); /* borrowed for the call */
    void (*on_end)(void *user);              /* Ctrl-D, the end of the input */
    /* Calls |add| for each word that may stand where |word| is being typed; |first| in the line. */
    void (*complete)(void *user, const char *word, bool first,
                     void (*add)(void *to, const char *word), void *to);
} cli_prompt_events;

/* cli_prompt_open shows the prompt. Returns NULL when it cannot.
 *
 * history   a file, read now and written at the end; NULL: none */
cli_prompt *cli_prompt_open(uv_loop_t *loop, const char *history, const cli_prompt_events *events,
                            void *user);

/* cli_prompt_print writes whole lines above what is being typed. */
void cli_prompt_print(cli_prompt *p, const char *text, size_t n);

/* cli_prompt_set changes the prompt: "/admin> ". Copied. */
void cli_prompt_set(cli_prompt *p, const char *prompt);

/* cli_prompt_terminal tells whether there is one. */
bool cli_prompt_terminal(const cli_prompt *p);

/* cli_prompt_close gives the terminal back and writes the history; freed in the loop. Allowed in
 * its callbacks. NULL is allowed. */
void cli_prompt_close(cli_prompt *p);

#endif
