/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* adapter.c: what a namespace asks of the other servers. receive.c is the other direction. */

#include "cluster/adapter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/random.h"
#include "cluster/waiting.h"
#include "socketio/ask.h"
#include "socketio/inside.h"
#include "socketio/local.h"

enum { HEARTBEAT_MS = 5000, SILENCE_MS = 10000 };

#define REQUEST_ID_SIZE 17

static vireo__cluster *cluster_of(vireo_adapter *a)
{
    return vireo__container(a, vireo__cluster, adapter);
}

/* --- sending ---------------------------------------------------------------------------------- */

static void on_heartbeat(vireo__deadline *d)
{
    vireo__cluster *c = vireo__container(d, vireo__cluster, heartbeat);
    vireo__cluster_publish(c, &(vireo__cluster_message){.type = VIREO__CLUSTER_HEARTBEAT});
}

/* A message that everybody gets is as good as a heartbeat. A plain broadcast may be carried to some
 * of them only, to whom somebody of the room is connected. */
static bool is_heard_by_all(const vireo__cluster_message *m)
{
    return m->type != VIREO__CLUSTER_BROADCAST || m->request != NULL;
}

int vireo__cluster_publish(vireo__cluster *c, vireo__cluster_message *m)
{
    if (c->closed)
        return VIREO_ECLOSED;
    m->uid = c->uid;
    m->ns = c->adapter.ns->name;
    int error = c->carrier->publish(c, m);
    /* also when it was not carried: it may be the next time */
    if (is_heard_by_all(m))
        vireo__deadline_start(c->nodes.loop, &c->heartbeat, c->options.heartbeat_ms, on_heartbeat);
    return error;
}

int vireo__cluster_start(vireo__cluster *c)
{
    return vireo__cluster_publish(c, &(vireo__cluster_message){.type = VIREO__CLUSTER_HELLO});
}

/* --- targets ---------------------------------------------------------------------------------- */

static size_t count_names(const char *const *few, const char *const *more)
{
    size_t n = 0;
    while (n < VIREO_TO_ROOMS && few[n] != NULL)
        n++;
    for (; more != NULL && *more != NULL; more++)
        n++;
    return n;
}

/* put_names writes both lists and a NULL; returns where that stands. */
static const char **put_names(const char **at, const char *const *few, const char *const *more)
{
    for (size_t i = 0; i < VIREO_TO_ROOMS && few[i] != NULL; i++)
        *at++ = few[i];
    for (; more != NULL && *more != NULL; more++)
        *at++ = *more;
    *at = NULL;
    return at;
}

/* aim fills in who is meant. Returns new: the memory of the lists, to be freed; NULL when memory
 * runs out. */
static const char **aim(vireo__cluster_message *m, const vireo_to *to)
{
    size_t rooms = count_names(to->rooms, to->more_rooms);
    size_t except = count_names(to->except, to->more_except);
    const char **names = malloc((rooms + except + 3) * sizeof *names);
    if (names == NULL)
        return NULL;
    m->rooms = names;
    m->except = put_names(names, to->rooms, to->more_rooms) + 1;
    const char **end = put_names(names + rooms + 1, to->except, to->more_except);
    if (to->but != NULL) {
        *end++ = to->but->id;
        *end = NULL;
    }
    m->volatile_ = (to->flags & VIREO_VOLATILE) != 0;
    m->uncompressed = (to->flags & VIREO_UNCOMPRESSED) != 0;
    m->newest = to->newest;
    return names;
}

/* publish_to sends |m| with the target |to|. */
static int publish_to(vireo_adapter *a, const vireo_to *to, vireo__cluster_message *m)
{
    const char **names = aim(m, to);
    if (names == NULL)
        return VIREO_ENOMEM;
    int error = vireo__cluster_publish(cluster_of(a), m);
    free(names);
    return error;
}

/* publish_event sends |m| with the array of |message|, to |to| or (NULL) the servers. */
static int publish_event(vireo_adapter *a, const vireo_to *to, vireo__cluster_message *m,
                         const vireo__sio_message *message)
{
    vireo__attachment *parts = vireo__sio_message_parts(message);
    if (parts == NULL)
        return VIREO_ENOMEM;
    m->json = vireo__sio_message_json(message);
    m->parts = parts;
    m->part_count = message->part_count;
    int error = to != NULL ? publish_to(a, to, m) : vireo__cluster_publish(cluster_of(a), m);
    free(parts);
    return error;
}

/* --- what wants no answer --------------------------------------------------------------------- */

/* The sockets here get it whatever becomes of the others, as with the official server. */
static int broadcast(vireo_adapter *a, const vireo_to *to, const vireo__sio_message *message)
{
    publish_event(
        a, to, &(vireo__cluster_message){.type = VIREO__CLUSTER_BROADCAST, .stamp = message->stamp},
        message);
    return vireo__local_broadcast(to, message);
}

static int join(vireo_adapter *a, const vireo_to *to, const char *const *rooms)
{
    vireo__cluster_message m = {.type = VIREO__CLUSTER_JOIN, .names = rooms};
    int error = publish_to(a, to, &m);
    vireo__local_join_rooms(to, rooms);
    return error;
}

static int leave(vireo_adapter *a, const vireo_to *to, const char *const *rooms)
{
    vireo__cluster_message m = {.type = VIREO__CLUSTER_LEAVE, .names = rooms};
    int error = publish_to(a, to, &m);
    vireo__local_leave_rooms(to, rooms);
    return error;
}

static int disconnect(vireo_adapter *a, const vireo_to *to, bool close)
{
    vireo__cluster_message m = {.type = VIREO__CLUSTER_DISCONNECT, .close = close};
    int error = publish_to(a, to, &m);
    vireo__local_disconnect(to, close);
    return error;
}

/* --- requests --------------------------------------------------------------------------------- */

static const char *id_of(char id[REQUEST_ID_SIZE], const vireo__request *r)
{
    snprintf(id, REQUEST_ID_SIZE, "%016llx", (unsigned long long)r->id);
    return id;
}

static int ask(vireo_adapter *a, const vireo_to *to, const vireo__sio_message *message,
               vireo__request *r)
{
    char id[REQUEST_ID_SIZE];
    vireo__cluster_message m = {
        .type = VIREO__CLUSTER_BROADCAST, .request = id_of(id, r), .timeout_ms = r->timeout_ms};
    int error = vireo__waiting_begin(r, &cluster_of(a)->nodes, true);
    if (error == 0)
        error = publish_event(a, to, &m, message);
    return error < 0 ? error : vireo__ask_for_request(to, message, r);
}

static int fetch(vireo_adapter *a, const vireo_to *to, vireo__request *r)
{
    char id[REQUEST_ID_SIZE];
    vireo__cluster_message m = {
        .type = VIREO__CLUSTER_FETCH, .request = id_of(id, r), .timeout_ms = r->timeout_ms};
    int error = vireo__waiting_begin(r, &cluster_of(a)->nodes, false);
    if (error == 0)
        error = publish_to(a, to, &m);
    return error < 0 ? error : vireo__fetch_local(to, r);
}

static int server_emit(vireo_adapter *a, const vireo__sio_message *message, vireo__request *r)
{
    char id[REQUEST_ID_SIZE];
    vireo__cluster_message m = {.type = VIREO__CLUSTER_SERVER_EVENT,
                                .request = r != NULL ? id_of(id, r) : NULL};
    int error = r != NULL ? vireo__waiting_begin(r, &cluster_of(a)->nodes, false) : 0;
    if (error == 0)
        error = publish_event(a, NULL, &m, message);
    if (error == 0 && r != NULL)
        vireo__request_server_done(r, 0);
    return error;
}

static void over(vireo_adapter *a, vireo__request *r)
{
    (void)a;
    vireo__waiting_end(r);
}

static void on_gone(vireo__nodes *nodes, const char *uid)
{
    const vireo__cluster *c = vireo__container(nodes, vireo__cluster, nodes);
    const vireo__list *requests = &c->adapter.ns->requests;
    for (vireo__list *at = requests->next; at != requests; at = at->next)
        vireo__waiting_gone(vireo__container(at, vireo__request, node), uid);
}

/* --- life ------------------------------------------------------------------------------------- */

static void on_room(vireo_adapter *a, vireo_room_event event, const char *room)
{
    vireo__cluster *c = cluster_of(a);
    if (c->carrier->on_room != NULL)
        c->carrier->on_room(c, event, room);
}

static void close_cluster(vireo_adapter *a)
{
    vireo__cluster *c = cluster_of(a);
    vireo__cluster_publish(c, &(vireo__cluster_message){.type = VIREO__CLUSTER_GOODBYE});
    c->closed = true;
    vireo__deadline_stop(&c->heartbeat);
}

static void free_cluster(vireo_adapter *a)
{
    vireo__cluster *c = cluster_of(a);
    close_cluster(a);
    vireo__nodes_deinit(&c->nodes);
    c->carrier->free(c);
}

static const vireo__adapter_ops ops = {
    .broadcast = broadcast,
    .ask = ask,
    .join = join,
    .leave = leave,
    .disconnect = disconnect,
    .fetch = fetch,
    .server_emit = server_emit,
    .over = over,
    .on_room = on_room,
    .close = close_cluster,
    .free = free_cluster,
};

void vireo__cluster_init(vireo__cluster *c, vireo_ns *ns, const vireo__cluster_carrier *carrier,
                         const vireo__cluster_options *options)
{
    uint64_t uid;
    vireo__random(&uid, sizeof uid);
    *c = (vireo__cluster){
        .adapter = {.ops = &ops, .ns = ns}, .carrier = carrier, .options = *options};
    snprintf(c->uid, sizeof c->uid, "%016llx", (unsigned long long)uid);
    if (c->options.heartbeat_ms == 0)
        c->options.heartbeat_ms = HEARTBEAT_MS;
    if (c->options.silence_ms == 0)
        c->options.silence_ms = SILENCE_MS;
    vireo__nodes_init(&c->nodes, ns->io->loop, c->options.silence_ms);
    c->nodes.on_gone = on_gone;
}
