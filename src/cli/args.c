/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "cli/args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define MAX_FILE (100u << 20) /* bytes: a server takes 1 MB unless it says otherwise */

static int fail(cli_args *args, int error, const char *text, const char *detail)
{
    snprintf(args->wrong, sizeof args->wrong, "%s%.200s", text, detail);
    return error;
}

static int add(cli_args *args, uint32_t tag, char *data, size_t n)
{
    if (data == NULL)
        return fail(args, VIREO_ENOMEM, "out of memory", "");
    args->owned[args->count] = data;
    args->leaves[args->count++] = vireo_leaf_of(tag, data, n);
    return 0;
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
    return ferror(in) ? -EIO : 0;
}

static int add_file(cli_args *args, const char *name, size_t n)
{
    char path[4096];
    vireo__buf bytes;
    if (n >= sizeof path)
        return fail(args, VIREO_ETOOBIG, "too long a name of a file", "");
    memcpy(path, name, n);
    path[n] = '\0';
    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        snprintf(args->wrong, sizeof args->wrong, "%.200s: %s", path, strerror(errno));
        return -errno;
    }
    vireo__buf_init(&bytes, MAX_FILE);
    int error = read_file(in, &bytes);
    fclose(in);
    if (error < 0) {
        vireo__buf_deinit(&bytes);
        return fail(args, error, "cannot be read whole: ", path);
    }
    return add(args, VIREO_LEAF_BINARY, (char *)bytes.data, bytes.len);
}

static int add_json(cli_args *args, const char *text, size_t n)
{
    vireo_value *v = vireo_parse(text, n, NULL);
    if (v == NULL)
        return VIREO_EJSON;
    vireo_value_free(v);
    char *copy = malloc(n + 1);
    if (copy != NULL)
        memcpy(copy, text, n);
    return add(args, VIREO_LEAF_JSON, copy, n);
}

static int add_text(cli_args *args, const char *text, size_t n)
{
    size_t len = 0;
    char *json = vireo_format(&len, "%.*s", (int)n, text);
    return add(args, VIREO_LEAF_JSON, json, len);
}

int cli_args_add(cli_args *args, const char *text, size_t n)
{
    if (args->count == CLI_ARGS_MAX)
        return fail(args, VIREO_ETOOBIG, "an event may have eight arguments here", "");
    if (n > 1 && text[0] == '@')
        return add_file(args, text + 1, n - 1);
    int error = add_json(args, text, n);
    return error == VIREO_EJSON ? add_text(args, text, n) : error;
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
        vireo_error error;
        vireo_value *v = *line == '@' ? NULL : vireo_parse(line, len, &error);
        if (v == NULL && *line != '@')
            return fail(args, VIREO_EJSON, "that is not JSON: ", error.text);
        vireo_value_free(v);
        int result = cli_args_add(args, line, len);
        if (result < 0)
            return result;
        line += len;
        line += strspn(line, " \t,");
    }
    return 0;
}

void cli_args_deinit(cli_args *args)
{
    for (size_t i = 0; i < args->count; i++)
        free(args->owned[i]);
    args->count = 0;
}

/* A template takes as many of the leaves as it has values. */
static const char *template_of(const cli_args *args)
{
    static const char all[] = "%p,%p,%p,%p,%p,%p,%p,%p";
    return args->count > 0 ? all + 3 * (CLI_ARGS_MAX - args->count) : NULL;
}

#define LEAF(i)  ((const void *)&args->leaves[i])
#define LEAVES() LEAF(0), LEAF(1), LEAF(2), LEAF(3), LEAF(4), LEAF(5), LEAF(6), LEAF(7)

int cli_args_emit(vireo_socket *s, const char *event, const cli_args *args)
{
    return vireo_emit(s, event, template_of(args), LEAVES());
}

int cli_args_ask(vireo_socket *s, uint32_t timeout_ms, vireo_ack_fn fn, void *user,
                 const char *event, const cli_args *args)
{
    return vireo_emit_ack(s, timeout_ms, fn, user, event, template_of(args), LEAVES());
}

int cli_args_answer(vireo_pending_ack *p, const cli_args *args)
{
    return vireo_answer(p, template_of(args), LEAVES());
}
