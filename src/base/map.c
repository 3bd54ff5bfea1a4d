/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "base/map.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/random.h"

struct vireo__map_slot {
    const void *key;
    void *value; /* NULL: the slot is free */
    uint32_t key_len;
    uint32_t hash;
};

enum { FIRST_SLOTS = 8 };

vireo__hash_key vireo__hash_key_random(void)
{
    vireo__hash_key key;
    vireo__random(&key, sizeof key);
    return key;
}

static uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

/* SipHash with one round per word and three at the end, as Aumasson and Bernstein define it. */
uint64_t vireo__siphash(vireo__hash_key key, const void *data, size_t n)
{
    uint64_t v[4] = {key.k0 ^ UINT64_C(0x736f6d6570736575), key.k1 ^ UINT64_C(0x646f72616e646f6d),
                     key.k0 ^ UINT64_C(0x6c7967656e657261), key.k1 ^ UINT64_C(0x7465646279746573)};
    const uint8_t *bytes = data;
    size_t left = n;
    for (; left >= 8; left -= 8, bytes += 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    uint64_t last = (uint64_t)n << 56;
    for (size_t i = 0; i < left; i++)
        last |= (uint64_t)bytes[i] << (8 * i);
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void vireo__map_init(vireo__map *m, vireo__hash_key key)
{
    *m = (vireo__map){.key = key};
}

void vireo__map_deinit(vireo__map *m)
{
    free(m->slots);
    vireo__map_init(m, m->key);
}

/* find returns the slot that holds the key, or the free one where it would go. There is always a
 * free one. */
static struct vireo__map_slot *find(const vireo__map *m, const void *key, size_t n, uint32_t hash)
{
    uint32_t i = hash & (m->cap - 1);
    for (;; i = (i + 1) & (m->cap - 1)) {
        struct vireo__map_slot *slot = &m->slots[i];
        if (slot->value == NULL)
            return slot;
        if (slot->hash == hash && slot->key_len == n && (n == 0 || memcmp(slot->key, key, n) == 0))
            return slot;
    }
}

void *vireo__map_get(const vireo__map *m, const void *key, size_t n)
{
    if (m->len == 0)
        return NULL;
    return find(m, key, n, (uint32_t)vireo__siphash(m->key, key, n))->value;
}

static int grow(vireo__map *m)
{
    vireo__map bigger = *m;
    bigger.cap = m->cap ? m->cap * 2 : FIRST_SLOTS;
    bigger.slots = calloc(bigger.cap, sizeof *bigger.slots);
    if (bigger.slots == NULL)
        return VIREO_ENOMEM;
    for (uint32_t i = 0; i < m->cap; i++) {
        const struct vireo__map_slot *slot = &m->slots[i];
        if (slot->value != NULL)
            *find(&bigger, slot->key, slot->key_len, slot->hash) = *slot;
    }
    free(m->slots);
    *m = bigger;
    return 0;
}

int vireo__map_put(vireo__map *m, const void *key, size_t n, void *value)
{
    if (n > UINT32_MAX || m->len > UINT32_MAX / 4)
        return VIREO_ENOMEM;
    if (m->len >= m->cap / 4 * 3 && grow(m) < 0)
        return VIREO_ENOMEM;
    uint32_t hash = (uint32_t)vireo__siphash(m->key, key, n);
    struct vireo__map_slot *slot = find(m, key, n, hash);
    if (slot->value == NULL)
        m->len++;
    *slot = (struct vireo__map_slot){key, value, (uint32_t)n, hash};
    return 0;
}

/* close_gap moves later entries of the same run forward, so that no search ends early at the slot
 * that became free. */
static void close_gap(vireo__map *m, uint32_t gap)
{
    uint32_t mask = m->cap - 1;
    for (uint32_t i = (gap + 1) & mask; m->slots[i].value != NULL; i = (i + 1) & mask) {
        uint32_t home = m->slots[i].hash & mask;
        if (((i - home) & mask) < ((i - gap) & mask))
            continue; /* it would stand before its home */
        m->slots[gap] = m->slots[i];
        m->slots[i].value = NULL;
        gap = i;
    }
}

void *vireo__map_remove(vireo__map *m, const void *key, size_t n)
{
    if (m->len == 0)
        return NULL;
    struct vireo__map_slot *slot = find(m, key, n, (uint32_t)vireo__siphash(m->key, key, n));
    void *value = slot->value;
    if (value == NULL)
        return NULL;
    slot->value = NULL;
    m->len--;
    close_gap(m, (uint32_t)(slot - m->slots));
    return value;
}

void *vireo__map_next(const vireo__map *m, uint32_t *at)
{
    while (*at < m->cap) {
        void *value = m->slots[(*at)++].value;
        if (value != NULL)
            return value;
    }
    return NULL;
}
