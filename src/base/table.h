/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* table.h: a hash table of objects that are many: what joins it has a link inside itself, and the
 * table owns nothing but its buckets, one per object.
 *
 * It grows by one bucket at a time and shrinks likewise (linear hashing, Litwin 1980), so that it
 * costs 16 bytes per object at any size, where a table that doubles costs between one and two times
 * as much as it needs and, while it moves, three times:
 *
 *     buckets     0   1   2   3 | 4   5            4 and 5 were split off from 0 and 1,
 *                 |       |   |       |            2 is the next to be split
 *     objects     a   -   b   c   -   d -> e
 *
 * The buckets stand in segments, so that none of them ever moves. For few objects with keys of
 * their own choice, map.h is the simpler thing. The hash is keyed, as there. */

#ifndef VIREO_BASE_TABLE_H
#define VIREO_BASE_TABLE_H

#include <stdbool.h>

#include "base/map.h"

/* Stands inside what joins the table. */
typedef struct vireo__table_link {
    struct vireo__table_link *next;
} vireo__table_link;

/* Tells the key of an object: bytes that do not change while it is in the table. */
typedef const void *(*vireo__table_key_fn)(const vireo__table_link *link, size_t *n);

typedef struct vireo__table {
    vireo__table_link ***segments; /* NULL while empty: an unused table costs nothing */
    uint32_t segments_cap;
    uint32_t buckets;
    uint32_t len;
    vireo__table_key_fn key_of;
    vireo__hash_key key;
} vireo__table;

void vireo__table_init(vireo__table *t, vireo__hash_key key, vireo__table_key_fn key_of);
void vireo__table_deinit(vireo__table *t); /* frees the table, not the objects */

/* vireo__table_get returns the link whose key that is, the newest if there are several; or NULL. */
vireo__table_link *vireo__table_get(const vireo__table *t, const void *key, size_t n);

/* vireo__table_put adds an object, which must not be in a table. Returns 0 or VIREO_ENOMEM. */
int vireo__table_put(vireo__table *t, vireo__table_link *link);

/* vireo__table_remove: nothing if it is not in this table. */
void vireo__table_remove(vireo__table *t, vireo__table_link *link);

#endif
