/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "base/table.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

enum {
    SEGMENT = 32, /* buckets: small enough for a namespace with one socket */
    FIRST_SEGMENTS = 4,
    SPARSE = 2 /* buckets per object, beyond which they become fewer */
};

void vireo__table_init(vireo__table *t, vireo__hash_key key, vireo__table_key_fn key_of)
{
    *t = (vireo__table){.key = key, .key_of = key_of};
}

static vireo__table_link **bucket(const vireo__table *t, uint32_t i)
{
    return &t->segments[i / SEGMENT][i % SEGMENT];
}

/* A bucket that was split off from another has one bit more than that, its highest. */
static uint32_t without_highest_bit(uint32_t i)
{
    return i == 0 ? 0 : i & ~(UINT32_C(1) << (31 - __builtin_clz(i)));
}

/* bucket_of returns which of the buckets holds a hash: as many of its bits as there are buckets
 * for, or one less where that bucket has not been split off yet. */
static uint32_t bucket_of(const vireo__table *t, uint32_t hash)
{
    uint32_t bits = t->buckets > 1 ? UINT32_MAX >> __builtin_clz(t->buckets - 1) : 0;
    uint32_t i = hash & bits;
    return i < t->buckets ? i : without_highest_bit(i);
}

static uint32_t hash_of(const vireo__table *t, const vireo__table_link *link)
{
    size_t n;
    const void *key = t->key_of(link, &n);
    return (uint32_t)vireo__siphash(t->key, key, n);
}

/* --- the number of buckets -------------------------------------------------------------------- */

static int add_segment(vireo__table *t)
{
    uint32_t count = t->buckets / SEGMENT;
    if (count == t->segments_cap) {
        uint32_t cap = count > 0 ? count * 2 : FIRST_SEGMENTS;
        vireo__table_link ***more = realloc(t->segments, cap * sizeof *more);
        if (more == NULL)
            return VIREO_ENOMEM;
        t->segments = more;
        t->segments_cap = cap;
    }
    t->segments[count] = calloc(SEGMENT, sizeof *t->segments[count]);
    return t->segments[count] != NULL ? 0 : VIREO_ENOMEM;
}

/* Objects of the bucket that is split go to the new one if they have its highest bit. */
static int add_bucket(vireo__table *t)
{
    if (t->buckets % SEGMENT == 0 && add_segment(t) < 0)
        return VIREO_ENOMEM;
    uint32_t added = t->buckets++;
    if (added == 0)
        return 0;
    vireo__table_link **from = bucket(t, without_highest_bit(added));
    while (*from != NULL) {
        vireo__table_link *link = *from;
        if (bucket_of(t, hash_of(t, link)) != added) {
            from = &link->next;
            continue;
        }
        *from = link->next;
        link->next = *bucket(t, added);
        *bucket(t, added) = link;
    }
    return 0;
}

static void drop_bucket(vireo__table *t)
{
    uint32_t dropped = --t->buckets;
    vireo__table_link **to = bucket(t, without_highest_bit(dropped));
    while (*to != NULL)
        to = &(*to)->next;
    *to = *bucket(t, dropped);
    if (dropped % SEGMENT == 0)
        free(t->segments[dropped / SEGMENT]);
    else
        *bucket(t, dropped) = NULL;
}

void vireo__table_deinit(vireo__table *t)
{
    for (uint32_t i = 0; i < t->buckets; i += SEGMENT)
        free(t->segments[i / SEGMENT]);
    free(t->segments);
    vireo__table_init(t, t->key, t->key_of);
}

/* --- objects ---------------------------------------------------------------------------------- */

vireo__table_link *vireo__table_get(const vireo__table *t, const void *key, size_t n)
{
    if (t->len == 0)
        return NULL;
    vireo__table_link *link = *bucket(t, bucket_of(t, (uint32_t)vireo__siphash(t->key, key, n)));
    for (; link != NULL; link = link->next) {
        size_t its_n;
        const void *its_key = t->key_of(link, &its_n);
        if (its_n == n && (n == 0 || memcmp(its_key, key, n) == 0))
            break;
    }
    return link;
}

/* A table that cannot grow only becomes slower. */
int vireo__table_put(vireo__table *t, vireo__table_link *link)
{
    if (t->len >= t->buckets && t->buckets < UINT32_MAX / 2 && add_bucket(t) < 0 && t->buckets == 0)
        return VIREO_ENOMEM;
    vireo__table_link **first = bucket(t, bucket_of(t, hash_of(t, link)));
    link->next = *first;
    *first = link;
    t->len++;
    return 0;
}

void vireo__table_remove(vireo__table *t, vireo__table_link *link)
{
    if (t->len == 0)
        return;
    vireo__table_link **at = bucket(t, bucket_of(t, hash_of(t, link)));
    while (*at != NULL && *at != link)
        at = &(*at)->next;
    if (*at == NULL)
        return;
    *at = link->next;
    t->len--;
    if (t->len == 0)
        vireo__table_deinit(t);
    while (t->buckets > SPARSE * t->len)
        drop_bucket(t);
}
