/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "socketio/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"

#define FRAME_COST 64 /* bytes that a frame needs beside its own: its head, the allocator's */
#define ENTRY_COST 32 /* the same of an entry, and its slots in a ring that is half full */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void vireo__history_init(vireo__history *h, size_t max_bytes)
{
    uint8_t random[VIREO__EPOCH_LEN];
    *h = (vireo__history){.max_bytes = max_bytes};
    vireo__random(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        h->epoch[i] = alphabet[random[i] % 64];
}

static vireo__past **slot(const vireo__history *h, uint64_t number)
{
    return &h->ring[number & (h->slots - 1)];
}

static void free_past(vireo__past *p)
{
    for (uint32_t i = 0; i < p->frame_count; i++)
        vireo__shared_unref(p->frames[i]);
    free(p);
}

static vireo__past *oldest(const vireo__history *h)
{
    return *slot(h, h->last - h->count + 1);
}

static void drop_oldest(vireo__history *h)
{
    vireo__past *p = oldest(h);
    h->bytes -= p->bytes;
    h->count--;
    free_past(p);
}

static void drop_all(vireo__history *h)
{
    while (h->count > 0)
        drop_oldest(h);
    free(h->ring);
    h->ring = NULL;
    h->slots = 0;
}

void vireo__history_deinit(vireo__history *h)
{
    drop_all(h);
}

void vireo__history_expire(vireo__history *h, uint64_t until_ms)
{
    while (h->count > 0 && oldest(h)->at_ms <= until_ms)
        drop_oldest(h);
    if (h->count == 0)
        drop_all(h);
}

/* --- adding ----------------------------------------------------------------------------------- */

/* Names are measured with |out| NULL first, and then written. Returns how many bytes they take. */
static size_t put_name(char *out, size_t at, const char *name)
{
    size_t size = strlen(name) + 1;
    if (out != NULL)
        memcpy(out + at, name, size);
    return at + size;
}

static size_t put_names(char *out, size_t at, const char *const *few, const char *const *more,
                        uint32_t *count)
{
    *count = 0;
    for (size_t i = 0; i < VIREO_TO_ROOMS && few[i] != NULL; i++, (*count)++)
        at = put_name(out, at, few[i]);
    for (; more != NULL && *more != NULL; more++, (*count)++)
        at = put_name(out, at, *more);
    return at;
}

static size_t put_all_names(char *out, const vireo__history_event *e, uint32_t *rooms,
                            uint32_t *except)
{
    *rooms = 1;
    *except = 0;
    if (e->only != NULL)
        return put_name(out, 0, e->only);
    size_t at = put_names(out, 0, e->to->rooms, e->to->more_rooms, rooms);
    at = put_names(out, at, e->to->except, e->to->more_except, except);
    if (e->but == NULL)
        return at;
    ++*except;
    return put_name(out, at, e->but);
}

static size_t frames_cost(const vireo__history_event *e)
{
    size_t cost = e->text->len + FRAME_COST;
    for (size_t i = 0; i < e->part_count; i++)
        cost += e->parts[i]->len + FRAME_COST;
    return cost;
}

static vireo__past *make_past(const vireo__history_event *e, size_t max_bytes)
{
    uint32_t rooms, except;
    size_t names = put_all_names(NULL, e, &rooms, &except);
    size_t own = sizeof(vireo__past) + (e->part_count + 1) * sizeof(vireo__shared *) + names;
    size_t cost = own + ENTRY_COST + frames_cost(e);
    vireo__past *p = cost <= max_bytes ? malloc(own) : NULL;
    if (p == NULL)
        return NULL;
    *p = (vireo__past){.bytes = cost,
                       .rooms = rooms,
                       .except = except,
                       .to_one = e->only != NULL,
                       .frame_count = (uint32_t)e->part_count + 1};
    p->frames[0] = vireo__shared_ref(e->text);
    for (size_t i = 0; i < e->part_count; i++)
        p->frames[i + 1] = vireo__shared_ref(e->parts[i]);
    put_all_names((char *)(p->frames + p->frame_count), e, &rooms, &except);
    return p;
}

/* grow makes room for one more slot: each entry moves to where its number stands in the larger
 * ring. */
static bool grow(vireo__history *h)
{
    enum { FIRST_SLOTS = 64 };
    vireo__history larger = *h;
    if (h->count < h->slots)
        return true;
    larger.slots = h->slots > 0 ? h->slots * 2 : FIRST_SLOTS;
    larger.ring = malloc(larger.slots * sizeof(vireo__past *));
    if (larger.ring == NULL)
        return false;
    for (uint64_t n = h->last - h->count + 1; n <= h->last; n++)
        *slot(&larger, n) = *slot(h, n);
    free(h->ring);
    *h = larger;
    return true;
}

void vireo__history_add(vireo__history *h, const vireo__history_event *event, uint64_t now_ms)
{
    vireo__past *p = make_past(event, h->max_bytes);
    while (p != NULL && h->count > 0 && p->bytes > h->max_bytes - h->bytes)
        drop_oldest(h);
    if (p == NULL || !grow(h)) {
        if (p != NULL)
            free_past(p);
        drop_all(h);
        h->last++;
        return;
    }
    p->at_ms = now_ms;
    h->last++;
    h->count++;
    h->bytes += p->bytes;
    *slot(h, h->last) = p;
}

/* --- offsets ---------------------------------------------------------------------------------- */

void vireo__history_offset(const vireo__history *h, uint64_t number, char out[VIREO__OFFSET_SIZE])
{
    int digits = 1;
    for (uint64_t rest = number >> 6; rest > 0; rest >>= 6)
        digits++;
    memcpy(out, h->epoch, VIREO__EPOCH_LEN);
    char *end = out + VIREO__EPOCH_LEN + digits;
    *end = '\0';
    while (digits-- > 0) {
        *--end = alphabet[number & 63];
        number >>= 6;
    }
}

bool vireo__history_number(const vireo__history *h, const char *offset, uint64_t *number)
{
    char own[VIREO__OFFSET_SIZE];
    if (strlen(offset) >= VIREO__OFFSET_SIZE || strncmp(offset, h->epoch, VIREO__EPOCH_LEN) != 0)
        return false;
    *number = 0;
    for (const char *c = offset + VIREO__EPOCH_LEN; *c != '\0'; c++) {
        const char *digit = strchr(alphabet, *c);
        if (digit == NULL)
            return false;
        *number = *number << 6 | (uint64_t)(digit - alphabet);
    }
    /* Only what reads exactly as we wrote it: no zeros in front, nothing that has overflowed. */
    vireo__history_offset(h, *number, own);
    return strcmp(own, offset) == 0 && *number <= h->last;
}
