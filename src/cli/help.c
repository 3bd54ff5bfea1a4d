/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* help.c: --help, written from the tables. */

#include <string.h>

#include <vireo/version.h>

#include "cli/command.h"
#include "cli/show.h"

enum {
    COLUMN = 26, /* where the words about an option begin */
    WIDTH = 79
};

static void title(FILE *out, const char *text)
{
    bool colours = cli_colours(out);
    fprintf(out, "\n%s%s%s\n", cli_paint(colours, CLI_BOLD), text, cli_paint(colours, CLI_PLAIN));
}

static void option(FILE *out, const cli_option *o)
{
    char left[96];
    int n = snprintf(left, sizeof left, "  %c%c%s--%s%s%s", o->letter ? '-' : ' ',
                     o->letter ? o->letter : ' ', o->letter ? ", " : "  ", o->name,
                     o->arg ? " " : "", o->arg ? o->arg : "");
    if (n > COLUMN - 2)
        fprintf(out, "%s\n%*s", left, COLUMN, "");
    else
        fprintf(out, "%-*s", COLUMN, left);
    cli_wrap(out, o->help, COLUMN, COLUMN, cli_width(out, WIDTH));
}

/* Paragraphs; and rows of tables, "name  what it is", which go on below their second column. */
static void paragraphs(FILE *out, const char *text)
{
    char line[1024];
    fputc('\n', out);
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)n, text);
        const char *column = strstr(line, "  ");
        size_t indent = column ? (size_t)(column - line) + strspn(column, " ") : 0;
        cli_wrap(out, line, 0, indent, cli_width(out, WIDTH));
        text += n + (text[n] == '\n');
    }
}

/* Each line of |text|, two columns to the right. */
static void indented(FILE *out, const char *text)
{
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        fprintf(out, "%s%.*s\n", n > 0 ? "  " : "", (int)n, text);
        text += n + (text[n] == '\n');
    }
}

static void help_one(FILE *out, const cli_command *c)
{
    bool colours = cli_colours(out);
    fprintf(out, "%svireo %s%s: %s\n\n  vireo %s [OPTION ..] %s\n", cli_paint(colours, CLI_BOLD),
            c->name, cli_paint(colours, CLI_PLAIN), c->summary, c->name, c->words);
    if (c->text != NULL)
        paragraphs(out, c->text);
    for (const cli_group *g = c->groups; g->options != NULL; g++) {
        title(out, g->title);
        for (const cli_option *o = g->options; o->name != NULL; o++)
            option(out, o);
    }
    if (c->examples != NULL) {
        title(out, "Examples");
        indented(out, c->examples);
    }
}

static void help_all(FILE *out)
{
    bool colours = cli_colours(out);
    fprintf(out,
            "%svireo%s: Socket.IO and WebSocket at a terminal (%s)\n\n"
            "  vireo COMMAND [OPTION ..] [WORD ..]\n",
            cli_paint(colours, CLI_BOLD), cli_paint(colours, CLI_PLAIN), VIREO_VERSION);
    title(out, "Commands");
    for (const cli_command *const *c = cli_commands(); *c != NULL; c++) {
        fprintf(out, "  %s%-12s%s", cli_paint(colours, CLI_CYAN), (*c)->name,
                cli_paint(colours, CLI_PLAIN));
        cli_wrap(out, (*c)->summary, 14, 14, cli_width(out, WIDTH));
    }
    paragraphs(
        out,
        "vireo COMMAND --help says more about one; vireo --version says which this is.\n"
        "Exits with 0 when all went well, 1 when it did not, 2 for a wrong command line, 3 when "
        "time was up, 4 when the server refused. NO_COLOR=1 switches colours off.");
}

void cli_help(FILE *out, const cli_command *self)
{
    if (self != NULL)
        help_one(out, self);
    else
        help_all(out);
}
