/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* cli.h: the command line of the examples: --port N, --host ADDRESS, --help, and what one of them
 * has of its own. */

#ifndef EXAMPLES_CLI_H
#define EXAMPLES_CLI_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cli {
    const char *host; /* NULL: all addresses */
    uint16_t port;    /* 0: the system chooses */
};

/* An option of one example: "--name" with a value. A list of them ends with {0}. */
struct cli_option {
    const char *name;
    const char *help;
    const char *value; /* the default; then what was given */
};

static inline void cli_usage(FILE *out, const char *program, unsigned port,
                             const struct cli_option *more)
{
    fprintf(out,
            "usage: %s [--port N] [--host ADDRESS]\n"
            "  --port N         where to listen; 0: any free port (%u)\n"
            "  --host ADDRESS   only on this address, such as 127.0.0.1 (all)\n",
            program, port);
    for (; more != NULL && more->name != NULL; more++)
        fprintf(out, "  %-16s %s\n", more->name, more->help);
    exit(out == stdout ? 0 : 2);
}

/* cli_port reads a port number; ends the program for what is none. */
static inline uint16_t cli_port(const char *program, const char *text)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || port > UINT16_MAX) {
        fprintf(stderr, "usage: %s [--port N] ..; \"%s\" is no port\n", program, text);
        exit(2);
    }
    return (uint16_t)port;
}

static inline struct cli_option *cli_find(struct cli_option *more, const char *name)
{
    while (more != NULL && more->name != NULL && strcmp(more->name, name) != 0)
        more++;
    return more != NULL && more->name != NULL ? more : NULL;
}

/* cli_parse_more reads the command line; ends the program for --help and for what it does not
 * know. */
static inline struct cli cli_parse_more(int argc, char **argv, uint16_t default_port,
                                        struct cli_option *more)
{
    struct cli cli = {.port = default_port};
    for (int i = 1; i < argc; i++) {
        struct cli_option *own = cli_find(more, argv[i]);
        if (strcmp(argv[i], "--help") == 0)
            cli_usage(stdout, argv[0], default_port, more);
        else if (i + 1 == argc)
            cli_usage(stderr, argv[0], default_port, more);
        else if (own != NULL)
            own->value = argv[++i];
        else if (strcmp(argv[i], "--host") == 0)
            cli.host = argv[++i];
        else if (strcmp(argv[i], "--port") == 0)
            cli.port = cli_port(argv[0], argv[++i]);
        else
            cli_usage(stderr, argv[0], default_port, more);
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* who reads our log reads it line by line */
    return cli;
}

static inline struct cli cli_parse(int argc, char **argv, uint16_t default_port)
{
    return cli_parse_more(argc, argv, default_port, NULL);
}

#endif
