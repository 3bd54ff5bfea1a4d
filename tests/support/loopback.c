/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "loopback.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "payload/json_read.h"
#include "socketio/inside.h"

#define MOST_PARTS 64 /* of one message */

/* What one server has sent to another, and is on its way. */
typedef struct delivery {
    vireo__list node; /* of an inbox */
    loopback *hub;
    uint64_t to; /* member.id */
    int from;
    vireo__shared *bytes;
} delivery;

typedef struct inbox {
    vireo__list list; /* of delivery */
    vireo_timer *timer;
    struct member *owner;
} inbox;

/* A namespace of a server. */
typedef struct member {
    vireo__cluster cluster;
    vireo__list node; /* hub->members */
    uint64_t id;
    loopback_server *server;
    vireo_loop *loop;
    vireo__doc doc;
    vireo__arena memory;
    inbox from[LOOPBACK_SERVERS];
} member;

struct loopback {
    uv_mutex_t lock;     /* for the members */
    vireo__list members; /* changed by their own threads */
    uint64_t made;
    vireo__cluster_options options;
    atomic_bool cut[LOOPBACK_SERVERS];
    atomic_int lag_ms;
};

/* --- bytes ------------------------------------------------------------------------------------ */

static void put_number(vireo__buf *out, size_t n)
{
    uint8_t bytes[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    vireo__buf_append(out, bytes, 4);
}

static void put_bytes(vireo__buf *out, const void *data, size_t n)
{
    put_number(out, n);
    vireo__buf_append(out, data, n);
}

vireo__shared *loopback_encode(const vireo__cluster_message *m)
{
    vireo__buf json, all;
    vireo__attachments parts;
    vireo__shared *bytes = NULL;
    vireo__buf_init(&json, VIREO__BUF_UNLIMITED);
    vireo__buf_init(&all, VIREO__BUF_UNLIMITED);
    vireo__attachments_init(&parts);
    if (vireo__cluster_write(&json, &parts, m) == 0) {
        put_bytes(&all, json.data, json.len);
        put_number(&all, parts.count);
        for (size_t i = 0; i < parts.count; i++)
            put_bytes(&all, vireo__attachments_list(&parts)[i].data,
                      vireo__attachments_list(&parts)[i].size);
        bytes = all.error == 0 ? vireo__shared_copy(all.data, all.len) : NULL;
    }
    vireo__attachments_deinit(&parts);
    vireo__buf_deinit(&json);
    vireo__buf_deinit(&all);
    return bytes;
}

static bool take_number(vireo__str *rest, size_t *n)
{
    const uint8_t *p = (const uint8_t *)rest->at;
    if (rest->len < 4)
        return false;
    *n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    *rest = (vireo__str){rest->at + 4, rest->len - 4};
    return true;
}

static bool take_bytes(vireo__str *rest, vireo__str *piece)
{
    size_t n;
    if (!take_number(rest, &n) || n > rest->len)
        return false;
    *piece = (vireo__str){rest->at, n};
    *rest = (vireo__str){rest->at + n, rest->len - n};
    return true;
}

int loopback_decode(vireo__cluster_message *m, vireo__doc *doc, vireo__arena *memory,
                    const uint8_t *data, size_t n)
{
    vireo__attachment parts[MOST_PARTS];
    vireo__str rest = {(const char *)data, n}, json, part;
    size_t count;
    if (!take_bytes(&rest, &json) || !take_number(&rest, &count) || count > MOST_PARTS)
        return VIREO_EPROTO;
    for (size_t i = 0; i < count; i++) {
        if (!take_bytes(&rest, &part))
            return VIREO_EPROTO;
        parts[i] = (vireo__attachment){part.at, part.len};
    }
    int error = rest.len > 0 ? VIREO_EPROTO : vireo__json_read(doc, json.at, json.len, NULL, NULL);
    if (error == 0 && count > 0)
        error = vireo__doc_fill_attachments(doc, parts, count);
    return error < 0 ? error : vireo__cluster_read(m, vireo__doc_root(doc), memory);
}

/* --- receiving -------------------------------------------------------------------------------- */

static void free_delivery(delivery *d)
{
    vireo__shared_unref(d->bytes);
    free(d);
}

static void receive(member *to, delivery *d)
{
    vireo__cluster_message m;
    if (loopback_decode(&m, &to->doc, &to->memory, d->bytes->data, d->bytes->len) == 0)
        vireo__cluster_receive(&to->cluster, &m);
    vireo__doc_reset(&to->doc);
    vireo__arena_reset(&to->memory);
    free_delivery(d);
}

static void wait_for_next(inbox *in);

static void on_timer(vireo_timer *timer, void *user)
{
    inbox *in = user;
    delivery *d = vireo__container(in->list.next, delivery, node);
    (void)timer;
    in->timer = NULL;
    vireo__list_remove(&d->node);
    wait_for_next(in);
    receive(in->owner, d);
}

static void wait_for_next(inbox *in)
{
    int most = atomic_load(&in->owner->server->hub->lag_ms);
    if (vireo__list_empty(&in->list))
        return;
    uint32_t ms = 1 + (most > 0 ? (uint32_t)rand() % (uint32_t)most : 0);
    in->timer = vireo__timer_new(in->owner->loop, ms, false, on_timer, in);
}

static member *find(loopback *hub, uint64_t id)
{
    member *found = NULL;
    uv_mutex_lock(&hub->lock);
    for (vireo__list *at = hub->members.next; at != &hub->members; at = at->next)
        if (vireo__container(at, member, node)->id == id)
            found = vireo__container(at, member, node);
    uv_mutex_unlock(&hub->lock);
    return found;
}

/* On the thread of the member, who alone can free it. */
static void arrive(void *a, void *b)
{
    delivery *d = a;
    loopback *hub = d->hub;
    member *to = find(hub, d->to);
    (void)b;
    if (to == NULL || atomic_load(&hub->cut[d->from]) ||
        atomic_load(&hub->cut[to->server->index])) {
        free_delivery(d);
        return;
    }
    inbox *in = &to->from[d->from];
    if (atomic_load(&hub->lag_ms) == 0 && vireo__list_empty(&in->list)) {
        receive(to, d);
        return;
    }
    vireo__list_append(&in->list, &d->node);
    if (in->timer == NULL)
        wait_for_next(in);
}

/* --- sending ---------------------------------------------------------------------------------- */

static void send_to(loopback *hub, const member *to, int from, vireo__shared *bytes)
{
    delivery *d = calloc(1, sizeof *d);
    if (d == NULL)
        return;
    *d = (delivery){.hub = hub, .to = to->id, .from = from, .bytes = vireo__shared_ref(bytes)};
    if (vireo__loop_post(to->loop, arrive, d, NULL) < 0)
        free_delivery(d);
}

/* |uid| NULL: to all but |from|. */
static void send_bytes(loopback *hub, int from, const char *ns, const char *uid,
                       vireo__shared *bytes)
{
    uv_mutex_lock(&hub->lock);
    for (vireo__list *at = hub->members.next; at != &hub->members; at = at->next) {
        const member *to = vireo__container(at, member, node);
        bool meant = uid != NULL ? strcmp(to->cluster.uid, uid) == 0 : to->server->index != from;
        if (meant && strcmp(to->cluster.adapter.ns->name, ns) == 0)
            send_to(hub, to, from, bytes);
    }
    uv_mutex_unlock(&hub->lock);
}

static int respond(vireo__cluster *c, const char *uid, const vireo__cluster_message *m)
{
    const member *from = vireo__container(c, member, cluster);
    vireo__shared *bytes = loopback_encode(m);
    if (bytes == NULL)
        return VIREO_ENOMEM;
    send_bytes(from->server->hub, from->server->index, m->ns, uid, bytes);
    vireo__shared_unref(bytes);
    return 0;
}

static int publish(vireo__cluster *c, const vireo__cluster_message *m)
{
    return respond(c, NULL, m);
}

void loopback_inject(loopback *hub, int from, const char *ns, const void *data, size_t n)
{
    vireo__shared *bytes = vireo__shared_copy(data, n);
    send_bytes(hub, from, ns, NULL, bytes);
    vireo__shared_unref(bytes);
}

void loopback_cut(loopback *hub, int server, bool cut)
{
    atomic_store(&hub->cut[server], cut);
}

void loopback_lag(loopback *hub, int ms)
{
    atomic_store(&hub->lag_ms, ms);
}

/* --- life ------------------------------------------------------------------------------------- */

static void empty(inbox *in)
{
    vireo_timer_stop(in->timer);
    while (!vireo__list_empty(&in->list)) {
        delivery *d = vireo__container(in->list.next, delivery, node);
        vireo__list_remove(&d->node);
        free_delivery(d);
    }
}

static void free_member(vireo__cluster *c)
{
    member *m = vireo__container(c, member, cluster);
    uv_mutex_lock(&m->server->hub->lock);
    vireo__list_remove(&m->node);
    uv_mutex_unlock(&m->server->hub->lock);
    for (int i = 0; i < LOOPBACK_SERVERS; i++)
        empty(&m->from[i]);
    vireo__doc_deinit(&m->doc);
    vireo__arena_deinit(&m->memory);
    free(m);
}

static const vireo__cluster_carrier carrier = {
    .publish = publish,
    .respond = respond,
    .free = free_member,
};

vireo_adapter *loopback_adapter(vireo_ns *ns, void *server)
{
    loopback_server *place = server;
    loopback *hub = place->hub;
    member *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->server = place;
    m->loop = ns->io->loop;
    vireo__doc_init(&m->doc);
    vireo__arena_init(&m->memory);
    for (int i = 0; i < LOOPBACK_SERVERS; i++) {
        vireo__list_init(&m->from[i].list);
        m->from[i].owner = m;
    }
    vireo__cluster_init(&m->cluster, ns, &carrier, &hub->options);
    uv_mutex_lock(&hub->lock);
    m->id = ++hub->made;
    vireo__list_append(&hub->members, &m->node);
    uv_mutex_unlock(&hub->lock);
    vireo__cluster_start(&m->cluster);
    return &m->cluster.adapter;
}

loopback *loopback_new(const vireo__cluster_options *options)
{
    loopback *hub = calloc(1, sizeof *hub);
    if (hub == NULL)
        return NULL;
    uv_mutex_init(&hub->lock);
    vireo__list_init(&hub->members);
    hub->options = *options;
    return hub;
}

void loopback_free(loopback *hub)
{
    uv_mutex_destroy(&hub->lock);
    free(hub);
}
