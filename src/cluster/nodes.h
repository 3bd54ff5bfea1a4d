/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* nodes.h: who else is in a cluster. A server is known from the first message of it that is heard
 * until it says goodbye or has been silent for too long. */

#ifndef VIREO_CLUSTER_NODES_H
#define VIREO_CLUSTER_NODES_H

#include "base/map.h"
#include "cluster/message.h"
#include "loop/deadline.h"

/* servers that are known at a time; whoever can write to the carrier can make names up */
#define VIREO__CLUSTER_NODES_MAX 1000

typedef struct vireo__nodes {
    vireo_loop *loop;
    vireo__map by_uid; /* of vireo__node */
    uint32_t silence_ms;
    /* One has left, and is forgotten. */
    void (*on_gone)(struct vireo__nodes *nodes, const char *uid);
} vireo__nodes;

typedef struct vireo__node {
    vireo__nodes *in;
    vireo__deadline silence;
    char uid[VIREO__CLUSTER_ID_MAX + 1];
} vireo__node;

void vireo__nodes_init(vireo__nodes *nodes, vireo_loop *loop, uint32_t silence_ms);
void vireo__nodes_deinit(vireo__nodes *nodes); /* |on_gone| is not called */

/* vireo__nodes_heard: a message of |uid| has come. Returns 0, VIREO_ETOOBIG (it is not known, and
 * too many are), VIREO_ENOMEM. */
int vireo__nodes_heard(vireo__nodes *nodes, const char *uid);

/* vireo__nodes_left: it has said goodbye. */
void vireo__nodes_left(vireo__nodes *nodes, const char *uid);

#endif
