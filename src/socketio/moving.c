/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "socketio/moving.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "http/app.h"
#include "http/group.h"
#include "socketio/inside.h"

/* A question and its answer: one worker has it at a time, but for |node| and |socket|, which are
 * touched by the one that asks alone. */
typedef struct vireo__move {
    vireo__list node; /* recovery->moves */
    vireo__hearing hearing;
    vireo_socket *socket; /* that waits; NULL: no longer */
    vireo__group *group;
    vireo__ns_common *common; /* with a reference */
    unsigned asker;
    bool offset_given;
    char pid[VIREO__ID_SIZE];
    char offset[VIREO__OFFSET_SIZE];
    /* the answer */
    vireo__stay *stay; /* NULL: it does not come back */
    vireo__luggage *luggage;
    bool in_own_room;
    char id[VIREO__ID_SIZE];
    uint64_t claimed; /* the stamp of |offset|, or 0 */
    uint64_t *heard;  /* the stamp of the newest event, of each worker */
    vireo__past **missed;
    size_t count;
} move;

static void free_move(move *m)
{
    for (size_t i = 0; i < m->count; i++)
        vireo__past_unref(m->missed[i]);
    free(m->missed);
    free(m->heard);
    free(m->luggage);
    vireo__common_unref(m->common);
    free(m);
}

static int post(move *m, unsigned worker, void (*fn)(vireo_app *app, void *user))
{
    int error;
    while ((error = vireo__group_post(m->group, worker, fn, m)) == VIREO_ENOMEM)
        uv_sleep(1);
    return error;
}

/* --- whom an event was for -------------------------------------------------------------------- */

/* The rooms of somebody who is away, by name, each with where its number stands. */
typedef struct packed_rooms {
    vireo__map by_name;
    const char *id;
    bool in_own_room;
    bool always;     /* it was in them whenever the event was sent */
    uint64_t number; /* of the event */
} packed_rooms;

static int open_rooms(packed_rooms *rooms, const vireo__recovery *r, vireo__luggage *l)
{
    unsigned char *at = l->data + l->data_size;
    int error = 0;
    vireo__map_init(&rooms->by_name, r->by_pid.key);
    for (uint32_t i = 0; i < l->rooms && error == 0; i++) {
        const char *name = (const char *)at + sizeof(uint64_t);
        size_t n = strlen(name);
        error = vireo__map_put(&rooms->by_name, name, n, at);
        at += sizeof(uint64_t) + n + 1;
    }
    if (error < 0)
        vireo__map_deinit(&rooms->by_name);
    return error;
}

static bool was_in(const char *room, const void *user)
{
    const packed_rooms *rooms = user;
    uint64_t since;
    if (strcmp(room, rooms->id) == 0)
        return rooms->in_own_room;
    const void *at = vireo__map_get(&rooms->by_name, room, strlen(room));
    if (at == NULL || rooms->always)
        return at != NULL;
    memcpy(&since, at, sizeof since);
    return since < rooms->number;
}

static bool meant(packed_rooms *rooms, const vireo__past *past, uint64_t number)
{
    rooms->number = number;
    return vireo__past_meant(past, rooms->id, was_in, rooms);
}

/* --- the worker that it has left -------------------------------------------------------------- */

static void add(move *m, vireo__past *past)
{
    m->missed[m->count++] = vireo__past_ref(past);
}

/* What it has not got of the arrears that it came with, and what has come since. */
static int collect(move *m, const vireo__presence *p)
{
    const vireo__history *h = &p->home->history;
    const vireo__arrears *a = p->arrears;
    size_t most = (a != NULL ? a->count - a->next : 0) + (size_t)(h->last - p->resume);
    packed_rooms rooms = {
        .id = p->id, .in_own_room = p->in_own_room, .always = p->luggage->foreign};
    m->missed = malloc((most + 1) * sizeof(vireo__past *));
    if (m->missed == NULL || open_rooms(&rooms, p->home, p->luggage) < 0)
        return VIREO_ENOMEM;
    for (size_t i = a != NULL ? a->next : 0; a != NULL && i < a->count; i++)
        add(m, a->events[i]);
    for (uint64_t n = p->resume + 1; n <= h->last; n++) {
        vireo__past *past = vireo__history_get(h, n);
        if (meant(&rooms, past, n))
            add(m, past);
    }
    vireo__map_deinit(&rooms.by_name);
    return 0;
}

static int note_heard(move *m, const vireo__history *h)
{
    m->heard = malloc(h->workers * sizeof *m->heard);
    if (m->heard == NULL)
        return VIREO_ENOMEM;
    for (unsigned i = 0; i < h->workers; i++)
        m->heard[i] = h->origins[i].heard;
    return 0;
}

static const char *offset_of(const move *m)
{
    return m->offset_given ? m->offset : NULL;
}

static void on_answer(vireo_app *app, void *move_);

static int post_answer(void *move_)
{
    move *m = move_;
    return post(m, m->asker, on_answer);
}

/* From here on the stay, and all that |m| holds, are the other worker's. */
static void hand_over(vireo__presence *p, move *m)
{
    vireo__recovery *r = p->home;
    vireo__stay *stay = p->stay;
    vireo__presence_fetch(p);
    vireo__map_remove(&r->by_pid, stay->pid, VIREO__ID_LEN);
    p->stay = NULL;
    m->stay = stay;
    m->luggage = p->luggage;
    p->luggage = NULL;
    strcpy(m->id, p->id);
    m->in_own_room = p->in_own_room;
    if (!vireo__history_stamp(&r->history, m->offset, &m->claimed))
        m->claimed = 0;
    vireo__presence_free(p);
}

/* Returns whether |m| is ready to be the answer. */
static bool find(vireo_ns *ns, move *m)
{
    vireo__recovery *r = ns->recovery;
    vireo__presence *p = r != NULL ? vireo__presence_away(r, m->pid) : NULL;
    if (p == NULL || !vireo__presence_place(p, offset_of(m)) || collect(m, p) < 0 ||
        note_heard(m, &r->history) < 0)
        return false;
    hand_over(p, m);
    return true;
}

/* Everything ends, and nobody hears the answer any more. */
static void give_up(vireo_ns *ns, move *m)
{
    const vireo__luggage *l = m->luggage;
    if (m->stay != NULL && ns != NULL && ns->options.on_expired != NULL)
        ns->options.on_expired(ns, m->id, l->data_size > 0 ? m->luggage->data : NULL);
    if (m->stay != NULL) {
        atomic_fetch_add(&m->common->stays->expired, 1);
        vireo__stay_end(m->common->stays, m->stay);
    }
    free_move(m);
}

static void on_question(vireo_app *app, void *move_)
{
    move *m = move_;
    vireo_ns *ns = vireo__ns_of_common(app, m->common);
    if (ns != NULL)
        vireo__ns_hold(ns);
    bool found = ns != NULL && !vireo__app_stopping(app) && find(ns, m);
    int error = found ? vireo__stay_move(m->common->stays, m->stay, m->asker, post_answer, m)
                      : post_answer(m);
    if (error < 0)
        give_up(ns, m);
    if (found)
        vireo__ns_release(ns); /* it was held by who was away */
    if (ns != NULL)
        vireo__ns_release(ns);
}

/* --- the worker to which it comes ------------------------------------------------------------- */

/* Whether all that was heard here, and not there, is kept. */
static bool has_all(const vireo__history *h, const move *m)
{
    for (unsigned i = 0; i < h->workers; i++)
        if (h->origins[i].lost > m->heard[i])
            return false;
    return true;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* gap finds the events that were heard here alone: their numbers, in order. Returns new, or NULL.
 */
static uint64_t *gap(const vireo__recovery *r, const move *m, size_t *count)
{
    const vireo__history *h = &r->history;
    packed_rooms rooms = {.id = m->id, .in_own_room = m->in_own_room, .always = true};
    uint64_t *numbers = malloc((h->count + 1) * sizeof *numbers);
    *count = 0;
    if (numbers == NULL || open_rooms(&rooms, r, m->luggage) < 0) {
        free(numbers);
        return NULL;
    }
    for (unsigned i = 0; i < h->workers; i++) {
        const vireo__past *past;
        for (uint64_t n = h->origins[i].newest; vireo__history_keeps(h, n); n = past->before) {
            past = vireo__history_get(h, n);
            if (past->stamp <= m->heard[i])
                break;
            if (!past->own && meant(&rooms, past, n))
                numbers[(*count)++] = n;
        }
    }
    vireo__map_deinit(&rooms.by_name);
    qsort(numbers, *count, sizeof *numbers, by_number);
    return numbers;
}

static void put(vireo__arrears *a, vireo__past *past)
{
    a->events[a->count++] = past;
    a->bytes += past->bytes;
}

/* The oldest of others give way to what is |bytes| large. */
static void make_room(vireo__recovery *r, size_t bytes)
{
    vireo__list *at = r->arrears.next;
    while (at != &r->arrears && r->arrears_bytes + bytes > r->history.max_bytes) {
        vireo__arrears *a = vireo__container(at, vireo__arrears, node);
        at = at->next;
        if (a->presence->socket == NULL || a->presence->socket->connected)
            vireo__arrears_drop(a);
    }
}

static int take_arrears(vireo__presence *p, move *m)
{
    size_t count;
    vireo__recovery *r = p->home;
    uint64_t *more = gap(r, m, &count);
    vireo__arrears *a =
        more ? calloc(1, sizeof *a + (m->count + count) * sizeof(vireo__past *)) : NULL;
    if (a == NULL) {
        free(more);
        return VIREO_ENOMEM;
    }
    for (size_t i = 0; i < m->count; i++)
        put(a, m->missed[i]);
    m->count = 0;
    for (size_t i = 0; i < count; i++)
        put(a, vireo__past_ref(vireo__history_get(&r->history, more[i])));
    free(more);
    make_room(r, a->bytes);
    a->presence = p;
    a->claimed = m->claimed;
    a->at_ms = vireo__loop_now(r->ns->io->loop);
    p->arrears = a;
    r->arrears_bytes += a->bytes;
    vireo__list_append(&r->arrears, &a->node);
    return 0;
}

/* What is behind |floor| is for it as for everybody. */
static void settle(vireo__presence *p, const move *m)
{
    vireo__recovery_mark(p->home, m->claimed);
    p->floor = p->since = p->left = p->resume = p->home->history.last;
    p->last = m->claimed != 0 ? p->floor : 0;
    p->last_stamp = m->claimed;
}

/* unpack makes a presence of the answer, which is away nowhere yet, and needs its namespace. NULL
 * if it cannot come back; its user was told then. */
static vireo__presence *unpack(vireo_ns *ns, move *m)
{
    vireo__recovery *r = ns->recovery;
    vireo__presence *p = has_all(&r->history, m) ? vireo__presence_make(r, m->stay, NULL) : NULL;
    if (p == NULL)
        return NULL;
    strcpy(p->id, m->id);
    p->in_own_room = m->in_own_room;
    if (take_arrears(p, m) < 0) {
        p->stay = NULL;
        vireo__map_remove(&r->by_pid, m->stay->pid, VIREO__ID_LEN);
        vireo__presence_free(p);
        return NULL;
    }
    settle(p, m);
    p->luggage = m->luggage;
    p->luggage->foreign = true;
    m->luggage = NULL;
    m->stay = NULL;
    vireo__ns_hold(ns);
    return p;
}

static int become_new(vireo_socket *s)
{
    if (s->closed)
        return 0;
    atomic_fetch_add(&s->ns->recovery->stays->unknown, 1);
    return vireo__recovery_new_stay(s);
}

static int land(vireo_socket *s, vireo__presence *p)
{
    if (p == NULL)
        return become_new(s);
    if (!s->closed)
        return vireo__presence_take_over(p, s);
    vireo__presence_put_away(p); /* it has gone again; it may try once more */
    return 0;
}

static void finish(move *m)
{
    vireo_socket *s = m->socket;
    vireo_ns *ns = s->ns;
    vireo__ns_hold(ns);
    vireo__list_remove(&m->node);
    vireo__presence *p = m->stay != NULL ? unpack(ns, m) : NULL;
    give_up(ns, m);
    vireo__admission_go_on(s, land(s, p));
    vireo__ns_release(ns);
}

static void on_heard(vireo__hearing *hearing)
{
    finish(vireo__container(hearing, move, hearing));
}

static void on_answer(vireo_app *app, void *move_)
{
    move *m = move_;
    if (m->socket == NULL) {
        give_up(vireo__ns_of_common(app, m->common), m);
    } else if (m->stay == NULL) {
        finish(m);
    } else {
        m->hearing.run = on_heard;
        vireo__group_hear(app, &m->hearing);
    }
}

int vireo__move_begin(vireo_socket *s, const char *pid, const char *offset, unsigned worker)
{
    vireo__recovery *r = s->ns->recovery;
    vireo_app *app = s->ns->io->app;
    move *m = !vireo__app_stopping(app) ? calloc(1, sizeof *m) : NULL;
    if (m == NULL)
        return vireo__app_stopping(app) ? become_new(s) : VIREO_ENOMEM;
    m->socket = s;
    m->group = app->group;
    m->common = s->ns->common;
    m->asker = app->worker;
    m->offset_given = offset != NULL;
    strcpy(m->pid, pid);
    if (offset != NULL && strlen(offset) < sizeof m->offset)
        strcpy(m->offset, offset); /* a longer one is none of ours */
    vireo__list_init(&m->hearing.node);
    vireo__common_ref(m->common);
    vireo__list_append(&r->moves, &m->node);
    if (post(m, worker, on_question) == 0)
        return VIREO_LATER;
    vireo__list_remove(&m->node);
    free_move(m);
    return become_new(s);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* Where the answer is here, and waits for more to be heard, it is given up now; else when it
 * comes. */
static void cancel(move *m)
{
    vireo_socket *s = m->socket;
    bool here = !vireo__list_empty(&m->hearing.node);
    m->socket = NULL;
    vireo__list_remove(&m->node);
    vireo__list_remove(&m->hearing.node);
    if (here)
        give_up(s->ns, m);
    vireo__admission_go_on(s, VIREO_ECLOSED);
}

void vireo__moves_cancel(vireo__recovery *r)
{
    while (!vireo__list_empty(&r->moves))
        cancel(vireo__container(r->moves.next, move, node));
}

/* --- one who is away must go ------------------------------------------------------------------ */

typedef struct dismissal {
    vireo__ns_common *common;
    char pid[VIREO__ID_SIZE];
} dismissal;

static void free_dismissal(dismissal *d)
{
    vireo__common_unref(d->common);
    free(d);
}

/* It may have come back meanwhile, and have left again. */
static void on_dismissal(vireo_app *app, void *dismissal_)
{
    dismissal *d = dismissal_;
    vireo_ns *ns = vireo__ns_of_common(app, d->common);
    vireo__recovery *r = ns != NULL ? ns->recovery : NULL;
    vireo__presence *p = r != NULL ? vireo__map_get(&r->by_pid, d->pid, VIREO__ID_LEN) : NULL;
    if (p != NULL && !vireo__list_empty(&p->node) && !vireo__stay_away(r->stays, p->stay))
        vireo__presence_expire(p);
    free_dismissal(d);
}

/* Without memory for the message it goes when its time is over. */
void vireo__move_dismiss(const vireo__recovery *r, const char *pid, unsigned worker)
{
    dismissal *d = calloc(1, sizeof *d);
    if (d == NULL)
        return;
    d->common = r->ns->common;
    vireo__common_ref(d->common);
    strcpy(d->pid, pid);
    if (vireo__group_post(r->ns->io->app->group, worker, on_dismissal, d) < 0)
        free_dismissal(d);
}
