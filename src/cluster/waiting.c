/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "cluster/waiting.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

/* One server, from the request's view. */
typedef struct awaited {
    bool answered; /* it has said how many clients it has asked */
    bool gone;
    int64_t clients; /* of them those that have not answered; below 0: they were faster */
    char uid[VIREO__CLUSTER_ID_MAX + 1];
} awaited;

typedef struct waiting {
    vireo__map servers; /* of awaited */
    bool for_clients;
} waiting;

static awaited *add(vireo__request *r, const char *uid)
{
    waiting *w = r->of_adapter;
    awaited *one = w->servers.len < VIREO__CLUSTER_NODES_MAX ? calloc(1, sizeof *one) : NULL;
    if (one == NULL)
        return NULL;
    strcpy(one->uid, uid);
    if (vireo__map_put(&w->servers, one->uid, strlen(one->uid), one) < 0) {
        free(one);
        return NULL;
    }
    vireo__request_expect(r, 1);
    return one;
}

/* find returns the entry of |uid|, which is made for a server that was not known; NULL if it
 * cannot. */
static awaited *find(vireo__request *r, const char *uid)
{
    waiting *w = r->of_adapter;
    if (w == NULL)
        return NULL;
    awaited *one = vireo__map_get(&w->servers, uid, strlen(uid));
    return one != NULL ? one : add(r, uid);
}

int vireo__waiting_begin(vireo__request *r, const vireo__nodes *nodes, bool for_clients)
{
    waiting *w = calloc(1, sizeof *w);
    if (w == NULL)
        return VIREO_ENOMEM;
    vireo__map_init(&w->servers, nodes->by_uid.key);
    w->for_clients = for_clients;
    r->of_adapter = w;
    uint32_t at = 0;
    for (const vireo__node *node; (node = vireo__map_next(&nodes->by_uid, &at)) != NULL;)
        if (add(r, node->uid) == NULL)
            return VIREO_ENOMEM;
    return 0;
}

void vireo__waiting_end(vireo__request *r)
{
    waiting *w = r->of_adapter;
    uint32_t at = 0;
    if (w == NULL)
        return;
    for (awaited *one; (one = vireo__map_next(&w->servers, &at)) != NULL;)
        free(one);
    vireo__map_deinit(&w->servers);
    free(w);
    r->of_adapter = NULL;
}

bool vireo__waiting_server(vireo__request *r, const char *uid, uint32_t clients)
{
    awaited *one = find(r, uid);
    if (one == NULL || one->answered || one->gone)
        return false;
    one->answered = true;
    one->clients += clients;
    vireo__request_server_done(r, clients);
    return true;
}

void vireo__waiting_client(vireo__request *r, const char *uid, const vireo_value *value)
{
    awaited *one = find(r, uid);
    if (one == NULL || one->gone || (one->answered && one->clients <= 0))
        return;
    one->clients--;
    vireo__request_result(r, value);
    vireo__request_client_done(r, 1);
}

/* Clients of a server that has not said how many it has asked may have been among them: one is
 * missed in their place. */
void vireo__waiting_gone(vireo__request *r, const char *uid)
{
    waiting *w = r->of_adapter;
    awaited *one = w != NULL ? vireo__map_get(&w->servers, uid, strlen(uid)) : NULL;
    if (one == NULL || one->gone)
        return;
    one->gone = true;
    size_t missing = one->clients > 0 ? (size_t)one->clients : 0;
    if (!one->answered && w->for_clients) {
        missing = 1;
        vireo__request_server_done(r, 1);
    } else if (!one->answered) {
        vireo__request_server_done(r, 0);
    }
    vireo__request_lost(r, missing);
}
