/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http_echo: codecs behind a pipe, for the comparison with npm's packages. One JSON array in, one
 * JSON value out, a line each.
 *
 *     ["range", "bytes=0-1", 10]                    [[0,1]], "whole" or "none"
 *     ["accept", kind 0..3, header|null, [offers]]  the best one, or null
 *     ["cookies", "a=1; b=2"]                       [["a","1"],["b","2"]], still encoded
 *     ["sign", "value", "secret"]                   "s:value.signature"
 *     ["unsign", "s:value.signature", "secret"]     "value", or null
 *     ["client", list, peer, x-forwarded-for|null]  the client's address
 *     ["env", "text of a file"]                     [["NAME","value"]]
 *     ["page", "template", {values}]                "text", or null
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/page.h>

#include "base/dotenv.h"
#include "http/accept.h"
#include "http/cookies.h"
#include "http/forwarded.h"
#include "http/range.h"
#include "payload/json_write.h"

typedef const vireo_value *args;

static vireo__str text_of(args a, size_t i)
{
    vireo__str s;
    s.at = vireo_str_len(vireo_at(a, i), &s.len);
    return s;
}

static void put(vireo__buf *out, vireo__str s)
{
    vireo__json_write_string(out, s.at, s.len);
}

static void pair(vireo__buf *out, size_t i, vireo__str name, vireo__str value)
{
    vireo__buf_append_str(out, i > 0 ? ",[" : "[");
    put(out, name);
    vireo__buf_append_byte(out, ',');
    put(out, value);
    vireo__buf_append_byte(out, ']');
}

static void range(args a, vireo__buf *out)
{
    vireo__ranges ranges;
    vireo__range_result result =
        vireo__range_read(text_of(a, 1), (uint64_t)vireo_int(vireo_at(a, 2), 0), &ranges);
    if (result != VIREO__RANGE_PARTS) {
        vireo__buf_append_str(out, result == VIREO__RANGE_NONE ? "\"none\"" : "\"whole\"");
        return;
    }
    for (size_t i = 0; i < ranges.count; i++) {
        vireo__buf_append_str(out, i > 0 ? ",[" : "[[");
        vireo__buf_append_u64(out, ranges.at[i].first);
        vireo__buf_append_byte(out, ',');
        vireo__buf_append_u64(out, ranges.at[i].first + ranges.at[i].length - 1);
        vireo__buf_append_byte(out, ']');
    }
    vireo__buf_append_byte(out, ']');
}

static void accept_best(args a, vireo__buf *out)
{
    const char *offers[16];
    size_t n = vireo_count(vireo_at(a, 3));
    for (size_t i = 0; i < n && i < 16; i++)
        offers[i] = vireo_str(vireo_at(vireo_at(a, 3), i));
    int best = vireo__accept_best((vireo__accept)vireo_int(vireo_at(a, 1), 0),
                                  vireo_str(vireo_at(a, 2)), offers, n);
    vireo__json_write(out, NULL, best >= 0 ? vireo_at(vireo_at(a, 3), (size_t)best) : NULL, 0);
}

static void cookies(args a, vireo__buf *out)
{
    vireo__str rest = text_of(a, 1), name, value;
    vireo__buf_append_byte(out, '[');
    for (size_t i = 0; vireo__cookie_next(&rest, &name, &value); i++)
        pair(out, i, name, value);
    vireo__buf_append_byte(out, ']');
}

static void sign(args a, vireo__buf *out)
{
    vireo__buf text;
    vireo__buf_init(&text, VIREO__BUF_UNLIMITED);
    vireo__sign(&text, text_of(a, 1), vireo_str(vireo_at(a, 2)));
    put(out, (vireo__str){(char *)text.data, text.len});
    vireo__buf_deinit(&text);
}

static void unsign(args a, vireo__buf *out)
{
    const char *const secrets[] = {vireo_str(vireo_at(a, 2)), NULL};
    vireo__str value;
    if (vireo__unsign(text_of(a, 1), secrets, &value))
        put(out, value);
    else
        vireo__json_write_null(out);
}

static void client(args a, vireo__buf *out)
{
    vireo__trust trust = {0};
    vireo__ip peer;
    vireo__client c;
    char text[VIREO__IP_TEXT];
    if (vireo__trust_read(&trust, vireo_str(vireo_at(a, 1))) < 0 ||
        !vireo__ip_read(text_of(a, 2), &peer))
        abort();
    vireo__forwarded_find(&trust, &peer, &(vireo__forwarding){.x_for = vireo_str(vireo_at(a, 3))},
                          &c);
    vireo__ip_write(c.has_ip ? &c.ip : &peer, text);
    put(out, vireo__str_of(text));
}

static void env(args a, vireo__buf *out)
{
    vireo__str rest = text_of(a, 1);
    vireo__dotenv one;
    vireo__buf_append_byte(out, '[');
    for (size_t i = 0; vireo__dotenv_next(&rest, &one); i++) {
        char *value = malloc(one.value.len + 1);
        if (value == NULL)
            abort();
        pair(out, i, one.name, (vireo__str){value, vireo__dotenv_value(&one, value)});
        free(value);
    }
    vireo__buf_append_byte(out, ']');
}

static void page(args a, vireo__buf *out)
{
    vireo_pages *pages = vireo_pages_new();
    char *text = NULL;
    size_t len = 0;
    if (vireo_pages_add(pages, "page", vireo_str(vireo_at(a, 1)), NULL) == 0)
        text = vireo_page_render(pages, "page", vireo_at(a, 2), &len, NULL);
    if (text != NULL)
        put(out, (vireo__str){text, len});
    else
        vireo__json_write_null(out);
    free(text);
    vireo_pages_free(pages);
}

static const struct {
    const char *name;
    void (*run)(args a, vireo__buf *out);
} commands[] = {
    {"range", range},   {"accept", accept_best}, {"cookies", cookies}, {"sign", sign},
    {"unsign", unsign}, {"client", client},      {"env", env},         {"page", page},
};

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    for (ssize_t n; (n = getline(&line, &size, stdin)) > 0;) {
        vireo_value *a = vireo_parse(line, (size_t)n, NULL);
        vireo__buf out;
        vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
        for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
            if (strcmp(commands[i].name, vireo_str_or(vireo_at(a, 0), "")) == 0)
                commands[i].run(a, &out);
        puts(vireo__buf_cstr(&out));
        fflush(stdout);
        vireo__buf_deinit(&out);
        vireo_value_free(a);
    }
    free(line);
    return 0;
}
