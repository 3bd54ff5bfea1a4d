/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* map.h: a hash map from byte strings to pointers, open addressing. Keys are borrowed: they live in
 * the value they lead to. The hash is keyed (SipHash-1-3), since peers choose room and event names
 * and must not be able to make them collide. */

#ifndef VIREO_BASE_MAP_H
#define VIREO_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

/* The key of the hash: random, one per loop; what several loops share has one of its own. */
typedef struct vireo__hash_key {
    uint64_t k0;
    uint64_t k1;
} vireo__hash_key;

vireo__hash_key vireo__hash_key_random(void);

typedef struct vireo__map {
    struct vireo__map_slot *slots; /* NULL while empty: an unused map costs nothing */
    uint32_t len;
    uint32_t cap; /* a power of two, or 0 */
    vireo__hash_key key;
} vireo__map;

void vireo__map_init(vireo__map *m, vireo__hash_key key);
void vireo__map_deinit(vireo__map *m); /* frees the map, not the values */

/* vireo__map_get returns the value or NULL. */
void *vireo__map_get(const vireo__map *m, const void *key, size_t n);

/* vireo__map_put adds or replaces. |key| is borrowed as long as the entry stands; |value| is not
 * NULL. Returns 0 or VIREO_ENOMEM. */
int vireo__map_put(vireo__map *m, const void *key, size_t n, void *value);

/* vireo__map_remove returns the value that stood there, or NULL. */
void *vireo__map_remove(vireo__map *m, const void *key, size_t n);

/* vireo__map_next visits all values: start with |*at| 0, ends with NULL. The map must not change
 * meanwhile. */
void *vireo__map_next(const vireo__map *m, uint32_t *at);

/* vireo__siphash is the hash itself. */
uint64_t vireo__siphash(vireo__hash_key key, const void *data, size_t n);

#endif
