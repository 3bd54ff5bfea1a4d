/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "cli/args.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/advice.h"
#include "cli/event_line.h"

#define MAX_FILE (100u << 20) /* bytes: a server takes 1 MB unless it says otherwise */

__attribute__((format(printf, 3, 4))) static int fail(cli_args *args, int error, const char *text,
                                                      ...)
{
    va_list values;
    va_start(values, text);
    vsnprintf(args->wrong, sizeof args->wrong, text, values);
    va_end(values);
    return error;
}

static int make_room(cli_args *args)
{
    return args->count < CLI_ARGS_MAX
               ? 0
               : fail(args, VIREO_ETOOBIG,
                      "an event may have %d arguments here; put them into an array", CLI_ARGS_MAX);
}

static int read_file(FILE *in, vireo__buf *bytes)
{
    size_t n;
    do {
        uint8_t *room = vireo__buf_reserve(bytes, 65536);
        if (room == NULL)
            return bytes->error;
        n = fread(room, 1, 65536, in);
        bytes->len += n;
    } while (n > 0);
    return ferror(in) ? -errno : 0;
}

static int add_file(cli_args *args, const char *name, size_t n)
{
    char path[4096];
    vireo__buf bytes;
    if (make_room(args) < 0)
        return VIREO_ETOOBIG;
    if (n >= sizeof path)
        return fail(args, VIREO_ETOOBIG, "too long a name of a file");
    memcpy(path, name, n);
    path[n] = '\0';
    FILE *in = fopen(path, "rb");
    if (in == NULL)
        return fail(args, -errno, "%.128s: %s; a text that begins with @ is written \"@..\"", path,
                    strerror(errno));
    vireo__buf_init(&bytes, MAX_FILE);
    int error = read_file(in, &bytes);
    fclose(in);
    if (error < 0) {
        vireo__buf_deinit(&bytes);
        return fail(args, error, "%.128s: %s%s", path, vireo_strerror(error),
                    cli_advice_file(-error));
    }
    size_t i = args->count++;
    args->bytes[i] = (char *)bytes.data;
    args->files[i] = vireo_leaf_of(VIREO_LEAF_BINARY, bytes.data, bytes.len);
    args->at[i] = &args->files[i];
    return 0;
}

static int add_json(cli_args *args, const char *text, size_t n)
{
    vireo_error error;
    if (make_room(args) < 0)
        return VIREO_ETOOBIG;
    vireo_value *v = cli_line_read(text, n, &error);
    if (v == NULL)
        return fail(args, error.code, "%s%.160s%s",
                    error.code != VIREO_EINVAL ? "that is not JSON: " : "", error.text,
                    error.code != VIREO_EINVAL ? "; a text stands in quotes" : "");
    args->values[args->count] = v;
    args->at[args->count++] = v;
    return 0;
}

static int add_text(cli_args *args, const char *text, size_t n)
{
    size_t len = 0;
    char *json = vireo_format(&len, "%.*s", (int)n, text);
    int error =
        json != NULL ? add_json(args, json, len) : fail(args, VIREO_ENOMEM, "out of memory");
    free(json);
    return error;
}

int cli_args_add(cli_args *args, const char *text, size_t n)
{
    if (n > 1 && text[0] == '@')
        return add_file(args, text + 1, n - 1);
    int error = add_json(args, text, n);
    bool json = error == 0 || error == VIREO_EINVAL || error == VIREO_ETOOBIG;
    return json ? error : add_text(args, text, n);
}

/* The end of the value that |text| begins with: brackets and quotes in pairs, else up to a space or
 * a comma. */
static size_t span(const char *text)
{
    size_t i = 0, depth = 0;
    bool quoted = false;
    for (; text[i] != '\0'; i++) {
        char c = text[i];
        if (quoted && c == '\\' && text[i + 1] != '\0')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            depth++;
        else if (!quoted && (c == '}' || c == ']') && depth > 0)
            depth--;
        else if (!quoted && depth == 0 && strchr(" \t,", c) != NULL)
            break;
    }
    return i;
}

static bool begins_value(const char *line)
{
    size_t n = span(line);
    vireo_value *v = strchr("{[\"@", *line) == NULL ? vireo_parse(line, n, NULL) : NULL;
    bool number_or_word = v != NULL;
    vireo_value_free(v);
    return number_or_word || strchr("{[\"@", *line) != NULL;
}

int cli_args_read(cli_args *args, const char *line)
{
    size_t n = strlen(line);
    while (n > 0 && strchr(" \t", line[n - 1]) != NULL)
        n--;
    if (n == 0)
        return 0;
    if (!begins_value(line))
        return add_text(args, line, n);
    while (*line != '\0') {
        size_t len = span(line);
        int error = *line == '@' ? cli_args_add(args, line, len) : add_json(args, line, len);
        if (error < 0)
            return error;
        line += len;
        line += strspn(line, " \t,");
    }
    return 0;
}

void cli_args_deinit(cli_args *args)
{
    for (size_t i = 0; i < args->count; i++) {
        vireo_value_free(args->values[i]);
        free(args->bytes[i]);
    }
    args->count = 0;
}

/* A template takes as many of the leaves as it has values. */
static const char *template_of(const cli_args *args)
{
    static const char all[] = "%p,%p,%p,%p,%p,%p,%p,%p";
    return args->count > 0 ? all + 3 * (CLI_ARGS_MAX - args->count) : NULL;
}

#define ALL(at) at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7]

int cli_args_emit(vireo_socket *s, const char *event, const cli_args *args)
{
    return vireo_emit(s, event, template_of(args), ALL(args->at));
}

int cli_args_ask(vireo_socket *s, uint32_t timeout_ms, vireo_ack_fn fn, void *user,
                 const char *event, const cli_args *args)
{
    return vireo_emit_ack(s, timeout_ms, fn, user, event, template_of(args), ALL(args->at));
}

int cli_args_answer(vireo_pending_ack *p, const cli_args *args)
{
    return vireo_answer(p, template_of(args), ALL(args->at));
}
