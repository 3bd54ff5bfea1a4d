/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "engineio/lines.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

enum {
    SHARED_MARK = 1,
    SHARED_SIZE = 4,      /* bytes of a shared line in what is kept */
    MAX_SHARED = 1 << 24, /* that their three bytes can count */
    FIRST_LINES = 64,
    SEEN = 4096, /* 16 KiB: lines that nobody says again, keys and cookies, pass through it */
    TOGETHER = 4 /* places for those of one hash */
};

typedef struct vireo__line {
    uint32_t refs;
    uint32_t number;
    uint32_t size;
    char text[];
} line;

void vireo__lines_init(vireo__lines *lines, vireo__hash_key key)
{
    *lines = (vireo__lines){0};
    vireo__map_init(&lines->shared, key);
}

void vireo__lines_deinit(vireo__lines *lines)
{
    vireo__map_deinit(&lines->shared);
    free(lines->numbered);
    free(lines->seen);
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* In the place of a line that is gone stands the next number that is free. */
static line *chained(uint32_t number)
{
    return (line *)(uintptr_t)number;
}

static bool take_number(vireo__lines *lines, line *l)
{
    if (lines->unused != 0) {
        l->number = lines->unused - 1;
        lines->unused = (uint32_t)(uintptr_t)lines->numbered[l->number];
        lines->numbered[l->number] = l;
        return true;
    }
    if (lines->count == lines->cap) {
        uint32_t cap = lines->cap > 0 ? lines->cap * 2 : FIRST_LINES;
        line **more = cap <= MAX_SHARED ? realloc(lines->numbered, cap * sizeof *more) : NULL;
        if (more == NULL)
            return false;
        lines->numbered = more;
        lines->cap = cap;
    }
    l->number = lines->count++;
    lines->numbered[l->number] = l;
    return true;
}

static void give_number(vireo__lines *lines, uint32_t number)
{
    lines->numbered[number] = chained(lines->unused);
    lines->unused = number + 1;
}

/* --- shared lines ----------------------------------------------------------------------------- */

static void unref(vireo__lines *lines, line *l)
{
    if (--l->refs > 0)
        return;
    vireo__map_remove(&lines->shared, l->text, l->size);
    give_number(lines, l->number);
    free(l);
}

/* was_seen tells whether a line has come before, as far as is remembered, and remembers it. Where
 * several meet, the latest stay: were there one place for each hash, two lines of every request
 * could forget each other for ever. Two lines of the same hash do no harm: one of them is shared by
 * one. */
static bool was_seen(vireo__lines *lines, const uint8_t *text, size_t n)
{
    if (lines->seen == NULL && (lines->seen = calloc(SEEN, sizeof *lines->seen)) == NULL)
        return false;
    uint64_t hash = vireo__siphash(lines->shared.key, text, n);
    uint32_t *places = &lines->seen[hash % (SEEN / TOGETHER) * TOGETHER];
    uint32_t mark = (uint32_t)(hash >> 32);
    for (int i = 0; i < TOGETHER; i++)
        if (places[i] == mark)
            return true;
    memmove(places + 1, places, (TOGETHER - 1) * sizeof *places);
    places[0] = mark;
    return false;
}

static line *share(vireo__lines *lines, const uint8_t *text, size_t n)
{
    line *l = n <= UINT32_MAX ? malloc(sizeof *l + n) : NULL;
    if (l == NULL)
        return NULL;
    *l = (line){.size = (uint32_t)n};
    memcpy(l->text, text, n);
    if (!take_number(lines, l)) {
        free(l);
        return NULL;
    }
    if (vireo__map_put(&lines->shared, l->text, n, l) < 0) {
        give_number(lines, l->number);
        free(l);
        return NULL;
    }
    return l;
}

/* --- what is kept ----------------------------------------------------------------------------- */

int vireo__lines_add(vireo__lines *lines, vireo__buf *kept, const char *name, const char *value)
{
    size_t at = kept->len;
    vireo__buf_append(kept, name, strlen(name) + 1);
    if (vireo__buf_append(kept, value, strlen(value) + 1) < 0) {
        kept->len = at;
        return kept->error;
    }
    const uint8_t *text = kept->data + at;
    size_t n = kept->len - at;
    if (n <= SHARED_SIZE)
        return 0;
    line *l = vireo__map_get(&lines->shared, text, n);
    if (l == NULL && was_seen(lines, text, n))
        l = share(lines, text, n);
    if (l == NULL) /* where there is no memory to share, it is this one's own */
        return 0;
    l->refs++;
    const uint8_t reference[SHARED_SIZE] = {SHARED_MARK, (uint8_t)(l->number >> 16),
                                            (uint8_t)(l->number >> 8), (uint8_t)l->number};
    kept->len = at;
    return vireo__buf_append(kept, reference, SHARED_SIZE); /* there is room for it */
}

static line *referred(const vireo__lines *lines, const uint8_t *at)
{
    return lines->numbered[(uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]];
}

static size_t size_of(const uint8_t *at)
{
    if (*at == SHARED_MARK)
        return SHARED_SIZE;
    size_t name_size = strlen((const char *)at) + 1;
    return name_size + strlen((const char *)at + name_size) + 1;
}

void vireo__lines_drop(vireo__lines *lines, const uint8_t *kept, size_t n)
{
    for (const uint8_t *at = kept; at < kept + n; at += size_of(at))
        if (*at == SHARED_MARK)
            unref(lines, referred(lines, at));
}

bool vireo__lines_next(const vireo__lines *lines, const uint8_t **kept, size_t *n,
                       const char **name, const char **value)
{
    const uint8_t *at = *kept;
    if (*n == 0)
        return false;
    size_t size = size_of(at);
    *name = *at == SHARED_MARK ? referred(lines, at)->text : (const char *)at;
    *value = *name + strlen(*name) + 1;
    *kept = at + size;
    *n -= size;
    return true;
}

const char *vireo__lines_get(const vireo__lines *lines, const uint8_t *kept, size_t n,
                             const char *name)
{
    const char *its_name, *value;
    while (vireo__lines_next(lines, &kept, &n, &its_name, &value))
        if (strcmp(its_name, name) == 0)
            return value;
    return NULL;
}
