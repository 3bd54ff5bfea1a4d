/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* cli.h: the command line of the examples: --port N, --host ADDRESS, --help. */

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

static inline void cli_usage(FILE *out, const char *program, unsigned port)
{
    fprintf(out,
            "usage: %s [--port N] [--host ADDRESS]\n"
            "  --port N         where to listen; 0: any free port (%u)\n"
            "  --host ADDRESS   only on this address, such as 127.0.0.1 (all)\n",
            program, port);
    exit(out == stdout ? 0 : 2);
}

/* cli_parse reads the command line; ends the program for --help and for what it does not know. */
static inline struct cli cli_parse(int argc, char **argv, uint16_t default_port)
{
    struct cli cli = {.port = default_port};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            cli_usage(stdout, argv[0], default_port);
        } else if (strcmp(argv[i], "--host") == 0 && i + 1 < argc) {
            cli.host = argv[++i];
        } else if (strcmp(argv[i], "--port") == 0 && i + 1 < argc) {
            char *end;
            unsigned long port = strtoul(argv[++i], &end, 10);
            if (argv[i][0] < '0' || argv[i][0] > '9' || *end != '\0' || port > UINT16_MAX)
                cli_usage(stderr, argv[0], default_port);
            cli.port = (uint16_t)port;
        } else {
            cli_usage(stderr, argv[0], default_port);
        }
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* who reads our log reads it line by line */
    return cli;
}

#endif
