/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* main.c: the command vireo: which sub-command is meant.
 *
 *     command.h      the frame: tables of commands and options, exit codes
 *     options.c      command lines          help.c        --help
 *     completion.c   completions of shells  show.h        colours, texts that are safe to show
 *     link.h         a connection           target.c      where to, and how
 *     advice.h       what to do next        args.h        arguments of events as they are typed
 *     prompt.h       a line that is edited  input.h       lines of stdin
 *     event_line.h   events as lines of JSON
 *     NAME*.c        vireo NAME             listen.c      vireo record too
 */

#include <locale.h>
#include <string.h>

#include <vireo/version.h>

#include "cli/command.h"

static const cli_group no_options[] = {{0}};

static int run_help(const cli_command *self, int argc, char **argv);

static const cli_command help = {
    .name = "help",
    .words = "[COMMAND]",
    .summary = "what a command does, and its options",
    .max_words = 1,
    .groups = no_options,
    .run = run_help,
};

const cli_command *const *cli_commands(void)
{
    static const cli_command *const all[] = {
        &cli_cmd_connect,
        &cli_cmd_emit,
        &cli_cmd_listen,
        &cli_cmd_call,
        &cli_cmd_record,
        &cli_cmd_replay,
        &cli_cmd_serve,
        &cli_cmd_doctor,
        &cli_cmd_bench,
        &cli_cmd_decode,
        &cli_cmd_completion,
        &help,
        NULL,
    };
    return all;
}

const cli_command *cli_find(const char *name)
{
    const cli_command *const *c = cli_commands();
    while (*c != NULL && strcmp((*c)->name, name) != 0)
        c++;
    return *c;
}

static int unknown(const char *name)
{
    const char *names[32];
    size_t count = 0;
    for (const cli_command *const *c = cli_commands(); *c != NULL && count < 32; c++)
        names[count++] = (*c)->name;
    const char *nearest = cli_nearest(name, names, count);
    return cli_usage_error(NULL, "there is no command \"%s\"%s%s%s", name,
                           nearest ? "; did you mean " : "", nearest ? nearest : "",
                           nearest ? "?" : "");
}

static int run_help(const cli_command *self, int argc, char **argv)
{
    cli_words words;
    int status = cli_parse(self, argc, argv, NULL, &words);
    const cli_command *about = NULL;
    if (status >= 0)
        return status;
    if (words.count == 1 && (about = cli_find(words.at[0])) == NULL)
        return unknown(words.at[0]);
    cli_help(stdout, about);
    return CLI_OK;
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, ""); /* for the width of characters; numbers stay as C writes them */
    if (argc < 2) {
        cli_help(stderr, NULL);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("vireo %s\n", vireo_version());
        return CLI_OK;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        cli_help(stdout, NULL);
        return CLI_OK;
    }
    const cli_command *command = cli_find(argv[1]);
    return command ? command->run(command, argc - 1, argv + 1) : unknown(argv[1]);
}
