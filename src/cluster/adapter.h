/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* adapter.h (cluster): the adapter that all carriers share. It turns what a namespace asks of its
 * adapter (socketio/adapter.h) into messages (message.h), knows who else is there by heartbeats,
 * waits for their answers, and does what their messages ask. A carrier only takes messages to the
 * others, in whatever form:
 *
 *     namespace --ops--> cluster --publish, respond--> carrier ~~~> carrier --receive--> cluster
 *
 * What is asked of all is done here at once, when it was given to the carrier; a server passes over
 * its own messages. Messages of one server should arrive in the order in which it sent them. */

#ifndef VIREO_CLUSTER_ADAPTER_H
#define VIREO_CLUSTER_ADAPTER_H

#include "cluster/message.h"
#include "cluster/nodes.h"
#include "socketio/adapter.h"

#define VIREO__CLUSTER_UID_SIZE 17 /* 16 hexadecimal digits and their NUL */

typedef struct vireo__cluster vireo__cluster;

/* How messages get to the others. A message is borrowed for the call. Return 0 or a negative
 * number. Nobody's vireo__cluster_receive may be called before they have returned. */
typedef struct vireo__cluster_carrier {
    int (*publish)(vireo__cluster *c, const vireo__cluster_message *m); /* to all others */
    /* an answer: to the server |uid| */
    int (*respond)(vireo__cluster *c, const char *uid, const vireo__cluster_message *m);
    /* for carriers that subscribe per room; may be NULL */
    void (*on_room)(vireo__cluster *c, vireo_room_event event, const char *room);
    void (*free)(vireo__cluster *c); /* .. the carrier's memory, |c| in it */
} vireo__cluster_carrier;

/* What is 0 has the default, which is the official server's. */
typedef struct vireo__cluster_options {
    uint32_t heartbeat_ms; /* sent after so long a silence; default 5,000 */
    uint32_t silence_ms;   /* who was not heard for so long, is given up; default 10,000 */
} vireo__cluster_options;

/* Embedded in the carrier's own struct. */
struct vireo__cluster {
    vireo_adapter adapter;
    const vireo__cluster_carrier *carrier;
    vireo__cluster_options options;
    vireo__nodes nodes; /* the others */
    vireo__deadline heartbeat;
    bool closed;
    char uid[VIREO__CLUSTER_UID_SIZE];
};

/* vireo__cluster_init makes an adapter for |ns|: return &c->adapter from a vireo_adapter_fn. Ended
 * by the namespace, which calls |carrier->free|. */
void vireo__cluster_init(vireo__cluster *c, vireo_ns *ns, const vireo__cluster_carrier *carrier,
                         const vireo__cluster_options *options);

/* vireo__cluster_start says hello to the others: when the carrier can carry, and again when it was
 * cut off. Returns what |publish| does. */
int vireo__cluster_start(vireo__cluster *c);

/* vireo__cluster_receive does what another server's message asks. Calls users: only from the loop.
 *
 * m   as vireo__cluster_read has made it; a broadcast of somebody trusted may have no value, but
 *     the text and parts that its sender was given */
void vireo__cluster_receive(vireo__cluster *c, const vireo__cluster_message *m);

/* vireo__cluster_count returns how many servers there are, this one included. */
static inline size_t vireo__cluster_count(const vireo__cluster *c)
{
    return (size_t)c->nodes.by_uid.len + 1;
}

/* --- between the files of the adapter --------------------------------------------------------- */

/* vireo__cluster_publish fills in who sends it and where, and publishes. */
int vireo__cluster_publish(vireo__cluster *c, vireo__cluster_message *m);

#endif
