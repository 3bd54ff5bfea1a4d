/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* receive.c: what the messages of other servers ask of this one. They were checked when they were
 * read; names of rooms that nobody can be in are looked up in vain. */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "cluster/adapter.h"
#include "cluster/waiting.h"
#include "payload/json_write.h"
#include "socketio/ask.h"
#include "socketio/describe.h"
#include "socketio/inside.h"
#include "socketio/local.h"
#include "socketio/server_events.h"

#define EMITTER "emitter" /* the uid of programs that only publish */

static vireo_to target_of(const vireo__cluster *c, const vireo__cluster_message *m)
{
    unsigned flags = m->volatile_ ? VIREO_VOLATILE : 0;
    if (m->uncompressed)
        flags |= VIREO_UNCOMPRESSED;
    return (vireo_to){.ns = c->adapter.ns,
                      .more_rooms = m->rooms,
                      .more_except = m->except,
                      .flags = flags,
                      .newest = m->newest};
}

/* respond sends |m| to |uid|; an answer that cannot be carried is one that the other misses. */
static void respond(vireo__cluster *c, const char *uid, vireo__cluster_message *m)
{
    m->uid = c->uid;
    m->ns = c->adapter.ns->name;
    if (!c->closed)
        c->carrier->respond(c, uid, m);
}

/* Who waits for something: the server, and under which id it does. */
typedef struct asked_by {
    char uid[VIREO__CLUSTER_ID_MAX + 1];
    char request[VIREO__CLUSTER_ID_MAX + 1];
} asked_by;

static asked_by asker_of(const vireo__cluster_message *m)
{
    asked_by by;
    strcpy(by.uid, m->uid);
    strcpy(by.request, m->request);
    return by;
}

/* --- a broadcast ------------------------------------------------------------------------------ */

/* Another server's question to the clients here. */
typedef struct question {
    vireo__asker asker;
    vireo__cluster *cluster;
    asked_by by;
} question;

static void on_answer(vireo__asker *asker, const vireo_value *first)
{
    question *q = vireo__container(asker, question, asker);
    respond(q->cluster, q->by.uid,
            &(vireo__cluster_message){
                .type = VIREO__CLUSTER_CLIENT_ANSWER, .request = q->by.request, .value = first});
}

/* There is no message for it: who asked waits until its time is over. */
static void on_lost(vireo__asker *asker)
{
    (void)asker;
}

static void on_over(vireo__asker *asker)
{
    free(vireo__container(asker, question, asker));
}

static void ask_clients(vireo__cluster *c, const vireo__cluster_message *m, vireo__str json,
                        const vireo__attachment *parts, size_t count)
{
    vireo_to to = target_of(c, m);
    question *q = calloc(1, sizeof *q);
    if (q == NULL)
        return;
    q->asker = (vireo__asker){.answered = on_answer, .lost = on_lost, .over = on_over};
    q->cluster = c;
    q->by = asker_of(m);
    asked_by by = q->by;
    int64_t asked = vireo__ask_for_other(&to, json, parts, count, m->timeout_ms, &q->asker);
    if (asked < 0) {
        free(q);
        return;
    }
    respond(c, by.uid,
            &(vireo__cluster_message){.type = VIREO__CLUSTER_CLIENT_COUNT,
                                      .request = by.request,
                                      .count = (uint32_t)asked});
}

static void deliver(vireo__cluster *c, const vireo__cluster_message *m, vireo__str json,
                    const vireo__attachment *parts, size_t count)
{
    vireo_to to = target_of(c, m);
    if (m->request != NULL)
        ask_clients(c, m, json, parts, count);
    else
        vireo__deliver_for_other(&to, m->stamp, json, parts, count);
}

static void on_broadcast(vireo__cluster *c, const vireo__cluster_message *m)
{
    vireo__buf json;
    vireo__attachments parts;
    if (m->value == NULL) {
        deliver(c, m, m->json, m->parts, m->part_count);
        return;
    }
    vireo__buf_init(&json, VIREO__BUF_UNLIMITED);
    vireo__attachments_init(&parts);
    if (vireo__json_write(&json, &parts, m->value, 0) == 0)
        deliver(c, m, (vireo__str){(const char *)json.data, json.len},
                vireo__attachments_list(&parts), parts.count);
    vireo__attachments_deinit(&parts);
    vireo__buf_deinit(&json);
}

/* --- rooms, disconnecting --------------------------------------------------------------------- */

static void on_join(vireo__cluster *c, const vireo__cluster_message *m)
{
    vireo_to to = target_of(c, m);
    vireo__local_join_rooms(&to, m->names);
}

static void on_leave(vireo__cluster *c, const vireo__cluster_message *m)
{
    vireo_to to = target_of(c, m);
    vireo__local_leave_rooms(&to, m->names);
}

static void on_disconnect(vireo__cluster *c, const vireo__cluster_message *m)
{
    vireo_to to = target_of(c, m);
    vireo__local_disconnect(&to, m->close);
}

/* --- descriptions ----------------------------------------------------------------------------- */

static void on_fetch(vireo__cluster *c, const vireo__cluster_message *m)
{
    vireo__buf json;
    vireo_to to = target_of(c, m);
    vireo__buf_init(&json, VIREO__BUF_UNLIMITED);
    if (vireo__describe_all(&json, &to) == 0)
        respond(c, m->uid,
                &(vireo__cluster_message){.type = VIREO__CLUSTER_FETCHED,
                                          .request = m->request,
                                          .json = {(const char *)json.data, json.len}});
    vireo__buf_deinit(&json);
}

/* --- events for servers ----------------------------------------------------------------------- */

typedef struct reply {
    vireo__server_reply base;
    vireo__cluster *cluster;
    const vireo__cluster_message *to;
} reply;

static int send_reply(vireo__server_reply *base, vireo__str json, const vireo__attachment *parts,
                      size_t count)
{
    const reply *r = vireo__container(base, reply, base);
    respond(r->cluster, r->to->uid,
            &(vireo__cluster_message){.type = VIREO__CLUSTER_SERVER_ANSWER,
                                      .request = r->to->request,
                                      .json = json,
                                      .parts = parts,
                                      .part_count = count});
    return 0;
}

static void on_server_event(vireo__cluster *c, const vireo__cluster_message *m)
{
    reply r = {.base = {.send = send_reply}, .cluster = c, .to = m};
    vireo__server_event(c->adapter.ns, m->value, m->request != NULL ? &r.base : NULL);
}

/* --- answers ---------------------------------------------------------------------------------- */

/* Ours are 16 digits of a number. */
static vireo__request *request_of(const vireo__cluster *c, const vireo__cluster_message *m)
{
    char *end;
    uint64_t id = strtoull(m->request, &end, 16);
    return *end == '\0' ? vireo__request_find(c->adapter.ns, id) : NULL;
}

static void on_fetched(vireo__cluster *c, const vireo__cluster_message *m)
{
    vireo__request *r = request_of(c, m);
    if (r != NULL && vireo__waiting_server(r, m->uid, 0))
        vireo__request_results(r, m->value);
}

static void on_server_answer(vireo__cluster *c, const vireo__cluster_message *m)
{
    vireo__request *r = request_of(c, m);
    if (r != NULL && vireo__waiting_server(r, m->uid, 0))
        vireo__request_result(r, m->value);
}

static void on_client_count(vireo__cluster *c, const vireo__cluster_message *m)
{
    vireo__request *r = request_of(c, m);
    if (r != NULL)
        vireo__waiting_server(r, m->uid, m->count);
}

static void on_client_answer(vireo__cluster *c, const vireo__cluster_message *m)
{
    vireo__request *r = request_of(c, m);
    if (r != NULL)
        vireo__waiting_client(r, m->uid, m->value);
}

/* --- who is there ----------------------------------------------------------------------------- */

static void on_hello(vireo__cluster *c, const vireo__cluster_message *m)
{
    (void)m;
    vireo__cluster_publish(c, &(vireo__cluster_message){.type = VIREO__CLUSTER_HEARTBEAT});
}

static void on_heartbeat(vireo__cluster *c, const vireo__cluster_message *m)
{
    (void)c;
    (void)m;
}

static void on_goodbye(vireo__cluster *c, const vireo__cluster_message *m)
{
    vireo__nodes_left(&c->nodes, m->uid);
}

static void (*const handlers[])(vireo__cluster *c, const vireo__cluster_message *m) = {
    [VIREO__CLUSTER_HELLO] = on_hello,
    [VIREO__CLUSTER_HEARTBEAT] = on_heartbeat,
    [VIREO__CLUSTER_BROADCAST] = on_broadcast,
    [VIREO__CLUSTER_JOIN] = on_join,
    [VIREO__CLUSTER_LEAVE] = on_leave,
    [VIREO__CLUSTER_DISCONNECT] = on_disconnect,
    [VIREO__CLUSTER_FETCH] = on_fetch,
    [VIREO__CLUSTER_FETCHED] = on_fetched,
    [VIREO__CLUSTER_SERVER_EVENT] = on_server_event,
    [VIREO__CLUSTER_SERVER_ANSWER] = on_server_answer,
    [VIREO__CLUSTER_CLIENT_COUNT] = on_client_count,
    [VIREO__CLUSTER_CLIENT_ANSWER] = on_client_answer,
    [VIREO__CLUSTER_GOODBYE] = on_goodbye,
};

void vireo__cluster_receive(vireo__cluster *c, const vireo__cluster_message *m)
{
    if (c->closed || strcmp(m->uid, c->uid) == 0 ||
        (m->ns != NULL && strcmp(m->ns, c->adapter.ns->name) != 0))
        return;
    if (strcmp(m->uid, EMITTER) != 0 && vireo__nodes_heard(&c->nodes, m->uid) < 0)
        return;
    handlers[m->type](c, m);
}
