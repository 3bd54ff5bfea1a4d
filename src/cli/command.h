/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* command.h: the frame of the command vireo: its sub-commands, their options, what it exits with.
 *
 * A sub-command is a row of the table in main.c. Its options are tables too, from which the command
 * line is read, --help is written and the completions of shells are made: what one of them knows,
 * all know.
 */

#ifndef VIREO_CLI_COMMAND_H
#define VIREO_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What the program exits with; docs/command.md and the manual page list them. */
enum {
    CLI_OK = 0,
    CLI_FAILED = 1,  /* it did not work: no connection, input that cannot be read, a finding */
    CLI_USAGE = 2,   /* the command line is wrong */
    CLI_TIMEOUT = 3, /* what was waited for did not come in time */
    CLI_REFUSED = 4  /* the server refused: a connect_error, an HTTP status */
};

/* --- options ---------------------------------------------------------------------------------- */

typedef enum cli_kind {
    CLI_FLAG,   /* bool */
    CLI_TEXT,   /* const char * */
    CLI_LIST,   /* cli_list: may be given more than once */
    CLI_COUNT,  /* uint64_t: 250, 10k, 2M */
    CLI_FACTOR, /* double, above 0: 10, 0.5 */
    CLI_PORT,   /* uint16_t */
    CLI_TIME,   /* uint32_t, milliseconds: 5, 5s, 250ms, 2m */
    CLI_CHOICE, /* unsigned: which of the words of |arg|, "auto|text|hex" */
} cli_kind;

#define CLI_LIST_MAX 64

typedef struct cli_list {
    size_t count;
    const char *at[CLI_LIST_MAX + 1]; /* ended by NULL */
} cli_list;

/* One option: "--port N", "-p N". A table of them ends with {0}. */
typedef struct cli_option {
    const char *name; /* "port" */
    char letter;      /* 'p'; 0: none */
    cli_kind kind;
    size_t at;        /* offsetof in the command's structure */
    const char *arg;  /* what help calls its value; NULL for a flag */
    const char *help; /* one line */
} cli_option;

/* Options that several commands share: their structure lies |at| in the command's own. */
typedef struct cli_group {
    const char *title; /* of help: "Options" */
    const cli_option *options;
    size_t at;
} cli_group;

/* --- commands --------------------------------------------------------------------------------- */

typedef struct cli_command cli_command;

struct cli_command {
    const char *name;
    const char *words;    /* what else it takes: "URL EVENT [ARG ..]" */
    const char *summary;  /* one line, without a full stop */
    const char *text;     /* what --help says beyond it; lines of at most 79 characters */
    const char *examples; /* lines */
    size_t min_words, max_words;
    const cli_group *groups;                                    /* ends with {0} */
    int (*run)(const cli_command *self, int argc, char **argv); /* returns what main returns */
};

/* cli_commands returns all of them, ended by NULL. Static. */
const cli_command *const *cli_commands(void);

/* cli_find returns the command of this name, or NULL. */
const cli_command *cli_find(const char *name);

extern const cli_command cli_cmd_bench;
extern const cli_command cli_cmd_call;
extern const cli_command cli_cmd_completion;
extern const cli_command cli_cmd_connect;
extern const cli_command cli_cmd_decode;
extern const cli_command cli_cmd_doctor;
extern const cli_command cli_cmd_emit;
extern const cli_command cli_cmd_listen;
extern const cli_command cli_cmd_record;
extern const cli_command cli_cmd_replay;
extern const cli_command cli_cmd_serve;

/* What stands on a command line beside options; borrowed from argv. */
typedef struct cli_words {
    size_t count;
    char **at;
} cli_words;

/* cli_parse reads the command line of |self| into the structure |into|, where defaults stand
 * already. argv[0] is the command's name; argv is sorted: options first.
 *
 * Returns -1 to go on, or what main returns: --help was given, or something is wrong, which was
 * told. */
int cli_parse(const cli_command *self, int argc, char **argv, void *into, cli_words *words);

/* cli_usage_error tells on stderr what is wrong with the command line, and where to read more.
 * |self| may be NULL. Returns CLI_USAGE. */
__attribute__((format(printf, 2, 3))) int cli_usage_error(const cli_command *self, const char *text,
                                                          ...);

/* cli_fail tells on stderr what did not work. Returns |status|. */
__attribute__((format(printf, 3, 4))) int cli_fail(const cli_command *self, int status,
                                                   const char *text, ...);

/* cli_fail_file tells why a file could not be opened, read or written: |error| is an errno. Returns
 * CLI_FAILED. */
int cli_fail_file(const cli_command *self, const char *name, int error);

/* cli_help writes the help of a command, or of all for NULL. */
void cli_help(FILE *out, const cli_command *self);

/* cli_nearest returns the one of |count| names that |text| may have been meant for, or NULL. */
const char *cli_nearest(const char *text, const char *const *names, size_t count);

#endif
