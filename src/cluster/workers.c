/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "cluster/workers.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/random.h"
#include "cluster/adapter.h"
#include "cluster/mail.h"
#include "cluster/waiting.h"
#include "http/app.h"
#include "http/exposition.h"
#include "payload/json_read.h"
#include "socketio/inside.h"

enum {
    /* Workers cannot die alone: one that is silent is busy, and nobody gives it up. */
    HEARTBEAT_MS = 3600 * 1000,
    WARN_MS = 10000, /* between two lines about a full lane */
};

/* From one worker to another. */
typedef struct lane {
    uv_mutex_t lock;
    vireo__list ready;   /* of vireo__letter; under |lock| */
    atomic_size_t count; /* of those that are pending, ready, or taken and not handled */
    atomic_size_t bytes; /* .. and what they hold */
} lane;

typedef struct worker {
    vireo__workers *all;
    vireo_app *app;
    unsigned index;
    vireo__part part;
    uv_async_t wake;
    vireo__turn_task flush;
    vireo__map members; /* by route */
    vireo__doc doc;
    vireo__list taken;                  /* letters that came, to be handled */
    vireo__list hearings;               /* of vireo__hearing */
    uint64_t handled[VIREO__GROUP_MAX]; /* letters of each worker */
    uint64_t sent, dropped;
    uint64_t warned_at;
    vireo__list pending[]; /* letters for each other worker, until the turn ends */
} worker;

struct vireo__workers {
    vireo__group *group;
    _Atomic(worker *) *list; /* NULL: it has not joined */
    size_t most_messages;
    size_t most_bytes;
    uint64_t name; /* the same in the uid of all */
    lane *lanes;   /* [from * count + to] */
};

/* A namespace of a worker. */
typedef struct member {
    vireo__cluster cluster;
    worker *home;
    char *route;
} member;

/* The last digits of a uid are the worker's number. */
static void write_uid(const vireo__workers *all, unsigned index, char uid[VIREO__CLUSTER_UID_SIZE])
{
    snprintf(uid, VIREO__CLUSTER_UID_SIZE, "%012llx%04x",
             (unsigned long long)(all->name & 0xffffffffffff), index & 0xffff);
}

static unsigned long worker_of(const char *uid)
{
    return strlen(uid) == VIREO__CLUSTER_UID_SIZE - 1 ? strtoul(uid + 12, NULL, 16) : ULONG_MAX;
}

static lane *lane_of(const vireo__workers *all, unsigned from, unsigned to)
{
    return &all->lanes[from * all->group->count + to];
}

/* --- sending ---------------------------------------------------------------------------------- */

static bool is_full(const worker *w, unsigned to, size_t bytes)
{
    const lane *l = lane_of(w->all, w->index, to);
    return atomic_load_explicit(&l->count, memory_order_relaxed) >= w->all->most_messages ||
           atomic_load_explicit(&l->bytes, memory_order_relaxed) + bytes > w->all->most_bytes;
}

static void note_full(worker *w, unsigned to)
{
    uint64_t now = vireo__loop_now(w->app->loop);
    w->dropped++;
    if (w->warned_at != 0 && now - w->warned_at < WARN_MS)
        return;
    w->warned_at = now;
    vireo__log_line(&w->app->loop->log, VIREO_WARN, "workers",
                    "worker %u does not keep up with worker %u: messages are dropped", to,
                    w->index);
}

static int send_letter(worker *w, unsigned to, vireo__letter *letter)
{
    lane *l = lane_of(w->all, w->index, to);
    size_t bytes = letter->mail->bytes;
    if (is_full(w, to, bytes)) {
        note_full(w, to);
        vireo__letter_drop(letter);
        return VIREO_EFULL;
    }
    atomic_fetch_add_explicit(&l->count, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&l->bytes, bytes, memory_order_relaxed);
    w->sent++;
    vireo__list_append(&w->pending[to], &letter->node);
    vireo__turn_add(w->app->loop, &w->flush);
    return 0;
}

/* Puts all of |from| at the end of |to|. */
static void move_all(vireo__list *to, vireo__list *from)
{
    while (!vireo__list_empty(from)) {
        vireo__list *first = from->next;
        vireo__list_remove(first);
        vireo__list_append(to, first);
    }
}

static void rouse(const vireo__workers *all, unsigned index)
{
    worker *w = atomic_load_explicit(&all->list[index], memory_order_acquire);
    if (w != NULL && !vireo__group_over(all->group))
        uv_async_send(&w->wake);
}

/* Sends a mail with a letter for each other worker. Returns the last problem there was. */
static int send_to_others(worker *w, vireo__mail *mail)
{
    int error = 0;
    for (unsigned i = 0; i < w->all->group->count - 1; i++) {
        int result = send_letter(w, i < w->index ? i : i + 1, &mail->letter[i]);
        error = result < 0 ? result : error;
    }
    return error;
}

static int tell(const vireo_app *app, const vireo__news *news)
{
    const vireo__workers *all = app->group->adapter_user;
    worker *w = atomic_load_explicit(&all->list[app->worker], memory_order_relaxed);
    vireo__mail *mail = vireo__mail_of_news(news, w->index, app->group->count - 1);
    return mail != NULL ? send_to_others(w, mail) : VIREO_ENOMEM;
}

static void on_turn_end(vireo__turn_task *task)
{
    worker *w = vireo__container(task, worker, flush);
    for (unsigned to = 0; to < w->all->group->count; to++) {
        lane *l = lane_of(w->all, w->index, to);
        if (vireo__list_empty(&w->pending[to]))
            continue;
        uv_mutex_lock(&l->lock);
        move_all(&l->ready, &w->pending[to]);
        uv_mutex_unlock(&l->lock);
        rouse(w->all, to);
    }
}

/* --- receiving -------------------------------------------------------------------------------- */

static bool has_value(const vireo__cluster_message *m)
{
    return m->json.len > 0 && m->type != VIREO__CLUSTER_BROADCAST;
}

static int read_value(worker *w, vireo__cluster_message *m)
{
    int error = vireo__json_read(&w->doc, m->json.at, m->json.len, NULL, NULL);
    if (error == 0 && m->part_count > 0)
        error = vireo__doc_fill_attachments(&w->doc, m->parts, m->part_count);
    m->value = vireo__doc_root(&w->doc);
    return error;
}

static void hand_in(worker *w, member *to, const vireo__mail *mail)
{
    vireo__cluster_message m = mail->m;
    if (!has_value(&m) || read_value(w, &m) == 0)
        vireo__cluster_receive(&to->cluster, &m);
    vireo__doc_reset(&w->doc);
}

/* A question for a namespace that is not here, of a pattern, has one answer less to wait for. */
static void answer_absent(worker *w, const vireo__mail *question)
{
    char uid[VIREO__CLUSTER_UID_SIZE];
    vireo__cluster_type type = question->m.type;
    if (question->m.request == NULL ||
        (type != VIREO__CLUSTER_BROADCAST && type != VIREO__CLUSTER_FETCH &&
         type != VIREO__CLUSTER_SERVER_EVENT))
        return;
    write_uid(w->all, w->index, uid);
    vireo__cluster_message m = {.uid = uid, .request = question->m.request};
    vireo__mail *mail = vireo__mail_new(&m, question->route, w->index, 1);
    if (mail == NULL)
        return;
    mail->absent = true;
    send_letter(w, question->from, &mail->letter[0]);
}

static void hear_absent(const member *to, const vireo__mail *mail)
{
    vireo__request *r =
        vireo__request_find(to->cluster.adapter.ns, strtoull(mail->m.request, NULL, 16));
    if (r != NULL)
        vireo__waiting_server(r, mail->m.uid, 0);
}

static void receive(worker *w, const vireo__mail *mail)
{
    if (mail->news.fn != NULL) {
        mail->news.fn(w->app, &mail->news);
        return;
    }
    member *to = vireo__map_get(&w->members, mail->route, strlen(mail->route));
    if (to == NULL && !mail->absent)
        answer_absent(w, mail);
    else if (to != NULL && mail->absent)
        hear_absent(to, mail);
    else if (to != NULL)
        hand_in(w, to, mail);
}

static void take_lanes(worker *w)
{
    for (unsigned from = 0; from < w->all->group->count; from++) {
        lane *l = lane_of(w->all, from, w->index);
        uv_mutex_lock(&l->lock);
        move_all(&w->taken, &l->ready);
        uv_mutex_unlock(&l->lock);
    }
}

static void drop_letter(vireo__workers *all, unsigned to, vireo__letter *letter)
{
    const vireo__mail *mail = letter->mail;
    lane *l = lane_of(all, mail->from, to);
    atomic_fetch_sub_explicit(&l->count, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&l->bytes, mail->bytes, memory_order_relaxed);
    vireo__list_remove(&letter->node);
    vireo__letter_drop(letter);
}

static bool has_heard(const worker *w, const vireo__hearing *h)
{
    for (unsigned from = 0; from < w->all->group->count; from++)
        if (w->handled[from] < h->until[from])
            return false;
    return true;
}

/* Who began to wait first, has heard all first. */
static void end_hearings(worker *w)
{
    while (!vireo__list_empty(&w->hearings)) {
        vireo__hearing *h = vireo__container(w->hearings.next, vireo__hearing, node);
        if (!has_heard(w, h))
            return;
        vireo__list_remove(&h->node);
        h->run(h);
    }
}

static void on_wake(uv_async_t *handle)
{
    worker *w = handle->data;
    take_lanes(w);
    for (unsigned i = 0; i < VIREO__MAIL_PER_TURN && !vireo__list_empty(&w->taken); i++) {
        vireo__letter *letter = vireo__container(w->taken.next, vireo__letter, node);
        unsigned from = letter->mail->from;
        receive(w, letter->mail);
        drop_letter(w->all, w->index, letter);
        w->handled[from]++;
    }
    if (!vireo__list_empty(&w->taken))
        uv_async_send(&w->wake);
    end_hearings(w);
}

/* What is counted was said, even if its turn is not over yet. */
static void hear(const vireo_app *app, vireo__hearing *h)
{
    const vireo__workers *all = app->group->adapter_user;
    worker *w = atomic_load_explicit(&all->list[app->worker], memory_order_relaxed);
    for (unsigned from = 0; from < all->group->count; from++)
        h->until[from] =
            w->handled[from] +
            atomic_load_explicit(&lane_of(all, from, w->index)->count, memory_order_relaxed);
    vireo__list_append(&w->hearings, &h->node);
    end_hearings(w);
}

/* --- a namespace ------------------------------------------------------------------------------ */

static int respond(vireo__cluster *c, const char *uid, const vireo__cluster_message *m)
{
    const member *from = vireo__container(c, member, cluster);
    worker *w = from->home;
    unsigned long to = worker_of(uid);
    if (to >= w->all->group->count)
        return VIREO_ENOTFOUND;
    vireo__mail *mail = vireo__mail_new(m, from->route, w->index, 1);
    return mail != NULL ? send_letter(w, (unsigned)to, &mail->letter[0]) : VIREO_ENOMEM;
}

static bool any_full(const worker *w, size_t bytes)
{
    for (unsigned to = 0; to < w->all->group->count; to++)
        if (to != w->index && is_full(w, to, bytes))
            return true;
    return false;
}

/* A namespace that goes is not forgotten: it may be back, and questions find out. */
static bool is_news(const vireo__cluster *c, const vireo__cluster_message *m)
{
    return m->type != VIREO__CLUSTER_GOODBYE || vireo__app_stopping(c->adapter.ns->io->app);
}

static int publish(vireo__cluster *c, const vireo__cluster_message *m)
{
    const member *from = vireo__container(c, member, cluster);
    worker *w = from->home;
    unsigned others = w->all->group->count - 1;
    if (others == 0 || !is_news(c, m))
        return 0;
    if (m->request != NULL && any_full(w, 0))
        return VIREO_EFULL;
    vireo__mail *mail = vireo__mail_new(m, from->route, w->index, others);
    return mail != NULL ? send_to_others(w, mail) : VIREO_ENOMEM;
}

static void free_member(vireo__cluster *c)
{
    member *m = vireo__container(c, member, cluster);
    if (vireo__map_get(&m->home->members, m->route, strlen(m->route)) == m)
        vireo__map_remove(&m->home->members, m->route, strlen(m->route));
    free(m->route);
    free(m);
}

static const vireo__cluster_carrier carrier = {
    .publish = publish,
    .respond = respond,
    .free = free_member,
};

static char *make_route(const vireo_ns *ns)
{
    size_t n = strlen(ns->io->path) + 1 + strlen(ns->name) + 1;
    char *route = malloc(n);
    if (route != NULL)
        snprintf(route, n, "%s\n%s", ns->io->path, ns->name);
    return route;
}

static int know_others(member *m)
{
    const worker *w = m->home;
    int error = 0;
    for (unsigned i = 0; i < w->all->group->count && error == 0; i++) {
        char uid[VIREO__CLUSTER_UID_SIZE];
        write_uid(w->all, i, uid);
        if (i == w->index)
            strcpy(m->cluster.uid, uid);
        else
            error = vireo__nodes_heard(&m->cluster.nodes, uid);
    }
    return error;
}

static vireo_adapter *make_member(vireo_ns *ns, void *user)
{
    static const vireo__cluster_options options = {.heartbeat_ms = HEARTBEAT_MS,
                                                   .silence_ms = UINT32_MAX};
    vireo__workers *all = user;
    member *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->home = atomic_load_explicit(&all->list[ns->io->app->worker], memory_order_relaxed);
    m->route = make_route(ns);
    vireo__cluster_init(&m->cluster, ns, &carrier, &options);
    if (m->route == NULL || know_others(m) < 0 ||
        vireo__map_put(&m->home->members, m->route, strlen(m->route), m) < 0) {
        m->cluster.adapter.ops->free(&m->cluster.adapter);
        return NULL;
    }
    vireo__cluster_publish(&m->cluster,
                           &(vireo__cluster_message){.type = VIREO__CLUSTER_HEARTBEAT});
    return &m->cluster.adapter;
}

/* --- a worker --------------------------------------------------------------------------------- */

static void measure(void *owner, vireo__exposition *x)
{
    static const vireo__metric workers = {"vireo_workers", "Loops that are one server.",
                                          VIREO__GAUGE, VIREO__UNITS},
                               sent = {"vireo_workers_messages_total",
                                       "Messages from one worker to another.", VIREO__COUNTER,
                                       VIREO__UNITS},
                               dropped = {"vireo_workers_dropped_total",
                                          "Messages for workers that did not keep up.",
                                          VIREO__COUNTER, VIREO__UNITS},
                               waiting = {"vireo_workers_waiting",
                                          "Messages that wait to be handled.", VIREO__GAUGE,
                                          VIREO__UNITS};
    const worker *w = owner;
    size_t count = 0;
    for (unsigned from = 0; from < w->all->group->count; from++)
        count +=
            atomic_load_explicit(&lane_of(w->all, from, w->index)->count, memory_order_relaxed);
    vireo__expose(x, &workers, 1, NULL);
    vireo__expose(x, &sent, w->sent, NULL);
    vireo__expose(x, &dropped, w->dropped, NULL);
    vireo__expose(x, &waiting, count, NULL);
}

static void drop_all(vireo__workers *all, unsigned to, vireo__list *letters)
{
    while (!vireo__list_empty(letters))
        drop_letter(all, to, vireo__container(letters->next, vireo__letter, node));
}

static void on_wake_closed(uv_handle_t *handle)
{
    worker *w = handle->data;
    w->app->loop->open_handles--;
    free(w);
}

/* All have finished: nobody wakes it any more. */
static void free_worker(void *owner)
{
    worker *w = owner;
    drop_all(w->all, w->index, &w->taken);
    for (unsigned to = 0; to < w->all->group->count; to++)
        drop_all(w->all, to, &w->pending[to]);
    vireo__turn_remove(&w->flush);
    vireo__map_deinit(&w->members);
    vireo__doc_deinit(&w->doc);
    w->app->loop->open_handles++;
    uv_close((uv_handle_t *)&w->wake, on_wake_closed);
}

int vireo__workers_join(vireo__workers *all, vireo_app *app)
{
    unsigned count = all->group->count;
    worker *w = calloc(1, sizeof *w + count * sizeof w->pending[0]);
    if (w == NULL)
        return VIREO_ENOMEM;
    w->all = all;
    w->app = app;
    w->index = app->worker;
    w->flush.run = on_turn_end;
    w->part = (vireo__part){.owner = w, .measure = measure, .on_free = free_worker};
    vireo__map_init(&w->members, app->loop->hash_key);
    vireo__doc_init(&w->doc);
    vireo__list_init(&w->taken);
    vireo__list_init(&w->hearings);
    for (unsigned i = 0; i < count; i++)
        vireo__list_init(&w->pending[i]);
    int error = uv_async_init(app->loop->uv, &w->wake, on_wake);
    if (error < 0) {
        free(w);
        return error;
    }
    w->wake.data = w; /* and it keeps the loop running, which has no listener of its own */
    vireo__app_add_part(app, &w->part);
    atomic_store_explicit(&all->list[w->index], w, memory_order_release);
    uv_async_send(&w->wake); /* for what was sent before */
    return 0;
}

/* --- all of them ------------------------------------------------------------------------------ */

vireo__workers *vireo__workers_new(vireo__group *g, size_t most_messages, size_t most_bytes)
{
    vireo__workers *all = calloc(1, sizeof *all);
    if (all == NULL)
        return NULL;
    all->group = g;
    all->most_messages = most_messages > 0 ? most_messages : VIREO__LANE_MESSAGES;
    all->most_bytes = most_bytes > 0 ? most_bytes : VIREO__LANE_BYTES;
    vireo__random(&all->name, sizeof all->name);
    all->list = calloc(g->count, sizeof *all->list);
    all->lanes = calloc((size_t)g->count * g->count, sizeof *all->lanes);
    if (all->list == NULL || all->lanes == NULL) {
        free(all->list);
        free(all->lanes);
        free(all);
        return NULL;
    }
    for (unsigned i = 0; i < g->count * g->count; i++) {
        uv_mutex_init(&all->lanes[i].lock);
        vireo__list_init(&all->lanes[i].ready);
    }
    g->adapter = make_member;
    g->adapter_user = all;
    g->tell = tell;
    g->hear = hear;
    return all;
}

void vireo__workers_free(vireo__workers *all)
{
    if (all == NULL)
        return;
    for (unsigned i = 0; i < all->group->count * all->group->count; i++) {
        drop_all(all, i % all->group->count, &all->lanes[i].ready);
        uv_mutex_destroy(&all->lanes[i].lock);
    }
    free(all->lanes);
    free(all->list);
    free(all);
}
