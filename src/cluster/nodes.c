/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "cluster/nodes.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

void vireo__nodes_init(vireo__nodes *nodes, vireo_loop *loop, uint32_t silence_ms)
{
    nodes->loop = loop;
    nodes->silence_ms = silence_ms;
    vireo__map_init(&nodes->by_uid, loop->hash_key);
}

static void free_node(vireo__node *node)
{
    vireo__deadline_stop(&node->silence);
    free(node);
}

void vireo__nodes_deinit(vireo__nodes *nodes)
{
    uint32_t at = 0;
    for (vireo__node *node; (node = vireo__map_next(&nodes->by_uid, &at)) != NULL;)
        free_node(node);
    vireo__map_deinit(&nodes->by_uid);
}

static void forget(vireo__node *node)
{
    vireo__nodes *nodes = node->in;
    vireo__map_remove(&nodes->by_uid, node->uid, strlen(node->uid));
    nodes->on_gone(nodes, node->uid);
    free_node(node);
}

static void on_silent(vireo__deadline *d)
{
    forget(vireo__container(d, vireo__node, silence));
}

static int add(vireo__nodes *nodes, vireo__node **made, const char *uid)
{
    if (nodes->by_uid.len >= VIREO__CLUSTER_NODES_MAX)
        return VIREO_ETOOBIG;
    vireo__node *node = calloc(1, sizeof *node);
    if (node == NULL)
        return VIREO_ENOMEM;
    node->in = nodes;
    strcpy(node->uid, uid);
    if (vireo__map_put(&nodes->by_uid, node->uid, strlen(node->uid), node) < 0) {
        free(node);
        return VIREO_ENOMEM;
    }
    *made = node;
    return 0;
}

int vireo__nodes_heard(vireo__nodes *nodes, const char *uid)
{
    vireo__node *node = vireo__map_get(&nodes->by_uid, uid, strlen(uid));
    int error = node == NULL ? add(nodes, &node, uid) : 0;
    if (error == 0)
        error = vireo__deadline_start(nodes->loop, &node->silence, nodes->silence_ms, on_silent);
    if (error == VIREO_ENOMEM && node != NULL)
        forget(node); /* nobody would notice its end */
    return error;
}

void vireo__nodes_left(vireo__nodes *nodes, const char *uid)
{
    vireo__node *node = vireo__map_get(&nodes->by_uid, uid, strlen(uid));
    if (node != NULL)
        forget(node);
}
