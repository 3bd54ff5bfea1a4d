/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "socketio/history.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/random.h"

#define FRAME_COST 64 /* bytes that a frame needs beside its own: its head, the allocator's */
#define ENTRY_COST 32 /* the same of an entry, and its slots in a ring that is half full */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void vireo__history_init(vireo__history *h, size_t max_bytes)
{
    uint8_t random[VIREO__EPOCH_LEN];
    *h = (vireo__history){.max_bytes = max_bytes, .workers = 1};
    vireo__random(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        h->epoch[i] = alphabet[random[i] % 64];
}

int vireo__history_share(vireo__history *h, unsigned workers, const char *epoch)
{
    h->origins = calloc(workers, sizeof *h->origins);
    if (h->origins == NULL)
        return VIREO_ENOMEM;
    h->workers = workers;
    memcpy(h->epoch, epoch, sizeof h->epoch);
    return 0;
}

static vireo__past **slot(const vireo__history *h, uint64_t number)
{
    return &h->ring[number & (h->slots - 1)];
}

vireo__past *vireo__past_ref(vireo__past *past)
{
    atomic_fetch_add_explicit(&past->refs, 1, memory_order_relaxed);
    return past;
}

void vireo__past_unref(vireo__past *p)
{
    if (atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) > 1)
        return;
    for (uint32_t i = 0; i < p->frame_count; i++)
        vireo__shared_unref(p->frames[i]);
    free(p);
}

static vireo__past *oldest(const vireo__history *h)
{
    return *slot(h, h->last - h->count + 1);
}

static vireo__origin *origin_of(const vireo__history *h, uint64_t stamp)
{
    return &h->origins[stamp % h->workers];
}

static void lose(vireo__history *h, uint64_t stamp)
{
    if (h->origins != NULL && origin_of(h, stamp)->lost < stamp)
        origin_of(h, stamp)->lost = stamp;
}

static void drop_oldest(vireo__history *h)
{
    vireo__past *p = oldest(h);
    h->bytes -= p->bytes;
    h->count--;
    if (!p->own)
        lose(h, p->stamp);
    vireo__past_unref(p);
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
    free(h->origins);
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
                       .own = e->own,
                       .frame_count = (uint32_t)e->part_count + 1};
    atomic_init(&p->refs, 1);
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

/* hear notes that the event |stamp| has come as number h->last + 1. Returns the number of the one
 * before of the same worker, or 0. */
static uint64_t hear(vireo__history *h, uint64_t stamp, bool kept)
{
    h->last_stamp = stamp;
    if (h->origins == NULL)
        return h->last;
    vireo__origin *origin = origin_of(h, stamp);
    uint64_t before = origin->newest;
    if (stamp > origin->heard)
        origin->heard = stamp;
    origin->newest = kept ? h->last + 1 : 0;
    return before;
}

void vireo__history_add(vireo__history *h, const vireo__history_event *event, uint64_t now_ms)
{
    uint64_t stamp = h->origins != NULL ? event->stamp : h->last + 1;
    vireo__past *p = make_past(event, h->max_bytes);
    while (p != NULL && h->count > 0 && p->bytes > h->max_bytes - h->bytes)
        drop_oldest(h);
    if (p == NULL || !grow(h)) {
        if (p != NULL)
            vireo__past_unref(p);
        drop_all(h);
        hear(h, stamp, false);
        if (!event->own)
            lose(h, stamp);
        h->last++;
        return;
    }
    p->at_ms = now_ms;
    p->stamp = stamp;
    p->before = hear(h, stamp, true);
    h->last++;
    h->count++;
    h->bytes += p->bytes;
    *slot(h, h->last) = p;
}

void vireo__history_pass(vireo__history *h, uint64_t stamp)
{
    if (h->origins == NULL)
        return;
    if (origin_of(h, stamp)->heard < stamp)
        origin_of(h, stamp)->heard = stamp;
    lose(h, stamp);
}

bool vireo__history_find(const vireo__history *h, uint64_t stamp, uint64_t *number)
{
    *number = h->origins == NULL ? stamp : 0;
    if (h->origins == NULL || stamp == 0)
        return stamp <= h->last;
    if (stamp == h->last_stamp) {
        *number = h->last;
        return true;
    }
    uint64_t n = origin_of(h, stamp)->newest;
    while (vireo__history_keeps(h, n) && vireo__history_get(h, n)->stamp > stamp)
        n = vireo__history_get(h, n)->before;
    *number = n;
    return vireo__history_keeps(h, n) && vireo__history_get(h, n)->stamp == stamp;
}

/* --- offsets ---------------------------------------------------------------------------------- */

void vireo__history_offset(const vireo__history *h, uint64_t stamp, char out[VIREO__OFFSET_SIZE])
{
    int digits = 1;
    for (uint64_t rest = stamp >> 6; rest > 0; rest >>= 6)
        digits++;
    memcpy(out, h->epoch, VIREO__EPOCH_LEN);
    char *end = out + VIREO__EPOCH_LEN + digits;
    *end = '\0';
    while (digits-- > 0) {
        *--end = alphabet[stamp & 63];
        stamp >>= 6;
    }
}

bool vireo__history_stamp(const vireo__history *h, const char *offset, uint64_t *stamp)
{
    char own[VIREO__OFFSET_SIZE];
    if (strlen(offset) >= VIREO__OFFSET_SIZE || strncmp(offset, h->epoch, VIREO__EPOCH_LEN) != 0)
        return false;
    *stamp = 0;
    for (const char *c = offset + VIREO__EPOCH_LEN; *c != '\0'; c++) {
        const char *digit = strchr(alphabet, *c);
        if (digit == NULL)
            return false;
        *stamp = *stamp << 6 | (uint64_t)(digit - alphabet);
    }
    /* Only what reads exactly as we wrote it: no zeros in front, nothing that has overflowed. */
    vireo__history_offset(h, *stamp, own);
    return strcmp(own, offset) == 0 && (h->origins != NULL || *stamp <= h->last);
}
