/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* options.c: command lines, read by tables: --name VALUE, --name=VALUE, -n VALUE, -nVALUE, flags
 * together as -ab; options and words in any order; all behind "--" are words, and so are "-" and
 * negative numbers. */

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/advice.h"
#include "cli/command.h"
#include "cli/show.h"

enum { MAX_NAMES = 64, MAX_NAME = 31 };

/* --- errors ----------------------------------------------------------------------------------- */

/* What a peer has said may stand in it: it reaches the terminal as text, never as a command. */
static void put_error(const cli_command *self, const char *text, va_list args)
{
    vireo__buf line;
    bool terminal = isatty(STDERR_FILENO), colours = cli_colours(stderr);
    vireo__buf_init(&line, VIREO__BUF_UNLIMITED);
    cli_vescape(&line, text, args);
    const char *escaped = vireo__buf_cstr(&line);
    size_t at = strlen("vireo: ") + (self ? strlen(self->name) + 1 : 0);
    fprintf(stderr, "%svireo%s%s:%s ", cli_paint(colours, CLI_RED), self ? " " : "",
            self ? self->name : "", cli_paint(colours, CLI_PLAIN));
    cli_wrap(stderr, escaped ? escaped : text, at, 2, terminal ? cli_width(stderr, 100) : SIZE_MAX);
    vireo__buf_deinit(&line);
}

int cli_fail(const cli_command *self, int status, const char *text, ...)
{
    va_list args;
    va_start(args, text);
    put_error(self, text, args);
    va_end(args);
    return status;
}

int cli_fail_file(const cli_command *self, const char *name, int error)
{
    return cli_fail(self, CLI_FAILED, "%s: %s%s", name, strerror(error), cli_advice_file(error));
}

int cli_usage_error(const cli_command *self, const char *text, ...)
{
    va_list args;
    va_start(args, text);
    put_error(self, text, args);
    fprintf(stderr, "vireo %s%s--help says more.\n", self ? self->name : "", self ? " " : "");
    va_end(args);
    return CLI_USAGE;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters must be changed, added or left out to make one of the other. */
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(b), row[MAX_NAME + 1];
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; *a != '\0'; a++, i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t change = corner + (*a != b[j - 1]);
            corner = row[j];
            row[j] = least(change, 1 + least(row[j], row[j - 1]));
        }
    }
    return row[n];
}

const char *cli_nearest(const char *text, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    size_t best = strlen(text) / 3 + 2; /* what is further away is another word */
    if (strlen(text) > MAX_NAME)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t d = strlen(names[i]) <= MAX_NAME ? distance(text, names[i]) : best;
        if (strncmp(text, names[i], strlen(text)) == 0 && strlen(text) > 1)
            d = 0;
        if (d < best) {
            best = d;
            nearest = names[i];
        }
    }
    return nearest;
}

/* --- values ----------------------------------------------------------------------------------- */

/* A whole number without a sign, and what stands behind it. */
static bool read_number(const char *text, uint64_t *number, const char **rest)
{
    char *end;
    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    *number = strtoull(text, &end, 10);
    *rest = end;
    return errno == 0;
}

static bool read_count(const char *text, uint64_t *count)
{
    const char *unit;
    uint64_t factor;
    if (!read_number(text, count, &unit))
        return false;
    switch (unit[0]) {
    case '\0':
        return true;
    case 'k':
        factor = 1000;
        break;
    case 'M':
        factor = 1000000;
        break;
    default:
        return false;
    }
    return unit[1] == '\0' && !__builtin_mul_overflow(*count, factor, count);
}

/* At most nine digits on both sides of the point: what else strtod knows is no factor. */
static bool read_factor(const char *text, double *factor)
{
    size_t whole = strspn(text, "0123456789"), point = text[whole] == '.';
    size_t part = point ? strspn(text + whole + 1, "0123456789") : 0;
    if (text[whole + point + part] != '\0' || whole > 9 || part > 9)
        return false;
    *factor = strtod(text, NULL);
    return *factor > 0;
}

static bool read_time(const char *text, uint32_t *ms)
{
    static const struct {
        const char *unit;
        uint32_t ms;
    } units[] = {{"", 1000}, {"s", 1000}, {"ms", 1}, {"m", 60000}, {"h", 3600000}};
    const char *unit;
    uint64_t number;
    if (!read_number(text, &number, &unit))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(unit, units[i].unit) == 0 && number < UINT32_MAX / units[i].ms) {
            *ms = (uint32_t)number * units[i].ms;
            return true;
        }
    return false;
}

static bool read_port(const char *text, uint16_t *port)
{
    const char *rest;
    uint64_t number;
    if (!read_number(text, &number, &rest) || *rest != '\0' || number > UINT16_MAX)
        return false;
    *port = (uint16_t)number;
    return true;
}

/* Which of the words "a|b|c". */
static bool read_choice(const char *words, const char *text, unsigned *choice)
{
    size_t n = strlen(text);
    for (*choice = 0; words != NULL; ++*choice) {
        const char *end = strchr(words, '|');
        size_t len = end ? (size_t)(end - words) : strlen(words);
        if (len == n && memcmp(words, text, n) == 0)
            return true;
        words = end ? end + 1 : NULL;
    }
    return false;
}

static bool add_to_list(cli_list *list, const char *text)
{
    if (list->count == CLI_LIST_MAX)
        return false;
    list->at[list->count++] = text;
    return true;
}

static bool read_value(const cli_option *o, const char *text, void *to)
{
    switch (o->kind) {
    case CLI_FLAG:
        *(bool *)to = true;
        return true;
    case CLI_TEXT:
        *(const char **)to = text;
        return true;
    case CLI_LIST:
        return add_to_list(to, text);
    case CLI_COUNT:
        return read_count(text, to);
    case CLI_FACTOR:
        return read_factor(text, to);
    case CLI_PORT:
        return read_port(text, to);
    case CLI_TIME:
        return read_time(text, to);
    case CLI_CHOICE:
        return read_choice(o->arg, text, to);
    }
    return false;
}

static const char *what_it_wants(const cli_option *o)
{
    switch (o->kind) {
    case CLI_COUNT:
        return "a number, such as 250, 10k or 2M";
    case CLI_FACTOR:
        return "a number above 0, such as 10 or 0.5";
    case CLI_PORT:
        return "a port, 0 to 65535";
    case CLI_TIME:
        return "a time, such as 5s, 250ms or 2m";
    case CLI_LIST:
        return "not so many of them";
    default:
        return o->arg;
    }
}

/* --- the line --------------------------------------------------------------------------------- */

typedef struct line {
    const cli_command *self;
    char *into;
    int argc;
    char **argv;
    int at;
} line;

static const cli_option *find(const line *l, const char *name, size_t n, char letter, void **to)
{
    for (const cli_group *g = l->self->groups; g->options != NULL; g++)
        for (const cli_option *o = g->options; o->name != NULL; o++)
            if (name ? strlen(o->name) == n && memcmp(o->name, name, n) == 0
                     : o->letter == letter) {
                *to = l->into + g->at + o->at;
                return o;
            }
    return NULL;
}

static int unknown(const line *l, const char *name, size_t n)
{
    const char *names[MAX_NAMES] = {"help"};
    char text[MAX_NAME + 1];
    size_t count = 1;
    for (const cli_group *g = l->self->groups; g->options != NULL; g++)
        for (const cli_option *o = g->options; o->name != NULL && count < MAX_NAMES; o++)
            names[count++] = o->name;
    snprintf(text, sizeof text, "%.*s", (int)least(n, MAX_NAME), name);
    const char *nearest = cli_nearest(text, names, count);
    return cli_usage_error(l->self, "there is no option --%s%s%s%s", text,
                           nearest ? "; did you mean --" : "", nearest ? nearest : "",
                           nearest ? "?" : "");
}

static int take(line *l, const cli_option *o, const char *text, void *to)
{
    if (o->kind != CLI_FLAG && text == NULL) {
        if (++l->at >= l->argc)
            return cli_usage_error(l->self, "--%s wants a value: %s", o->name, what_it_wants(o));
        text = l->argv[l->at];
    }
    if (!read_value(o, text, to))
        return cli_usage_error(l->self, "--%s \"%s\": it wants %s", o->name, text,
                               what_it_wants(o));
    return -1;
}

static int take_long(line *l, const char *name)
{
    const char *equals = strchr(name, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    void *to;
    const cli_option *o = find(l, name, n, 0, &to);
    if (o == NULL)
        return unknown(l, name, n);
    if (o->kind == CLI_FLAG && equals != NULL)
        return cli_usage_error(l->self, "--%s takes no value", o->name);
    return take(l, o, equals ? equals + 1 : NULL, to);
}

static int take_letters(line *l, const char *letters)
{
    for (; *letters != '\0'; letters++) {
        void *to;
        const cli_option *o = find(l, NULL, 0, *letters, &to);
        if (o == NULL)
            return cli_usage_error(l->self, "there is no option -%c", *letters);
        bool rest = o->kind != CLI_FLAG && letters[1] != '\0';
        int status = take(l, o, rest ? letters + 1 : NULL, to);
        if (status >= 0 || o->kind != CLI_FLAG)
            return status;
    }
    return -1;
}

static bool is_option(const char *text)
{
    return text[0] == '-' && text[1] != '\0' && !isdigit((unsigned char)text[1]);
}

static int check_count(const cli_command *self, const cli_words *words)
{
    if (words->count < self->min_words)
        return cli_usage_error(self, "something is missing: vireo %s %s", self->name, self->words);
    if (words->count > self->max_words)
        return cli_usage_error(self, "what is \"%s\" for? vireo %s %s", words->at[self->max_words],
                               self->name, self->words);
    return -1;
}

int cli_parse(const cli_command *self, int argc, char **argv, void *into, cli_words *words)
{
    line l = {.self = self, .into = into, .argc = argc, .argv = argv, .at = 1};
    *words =
        (cli_words){.at = argv + 1}; /* words move to the front: what was there has been read */
    for (; l.at < argc; l.at++) {
        const char *text = argv[l.at];
        int status = -1;
        if (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0) {
            cli_help(stdout, self);
            return CLI_OK;
        }
        if (strcmp(text, "--") == 0) {
            while (++l.at < argc)
                words->at[words->count++] = argv[l.at];
            break;
        }
        if (!is_option(text))
            words->at[words->count++] = argv[l.at];
        else
            status = text[1] == '-' ? take_long(&l, text + 2) : take_letters(&l, text + 1);
        if (status >= 0)
            return status;
    }
    return check_count(self, words);
}
