/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "loop/lookup.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include <vireo/error.h>

struct vireo__lookup {
    uv_getaddrinfo_t request;
    vireo_loop *loop;
    vireo__lookup_fn fn; /* NULL: cancelled */
    void *user;
};

static int code_of(int status)
{
    if (status == UV_EAI_MEMORY || status == UV_ENOMEM)
        return VIREO_ENOMEM;
    return status == UV_ECANCELED ? VIREO_ECANCELLED : VIREO_ENOTFOUND;
}

static void on_addresses(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
    vireo__lookup *l = vireo__container(request, vireo__lookup, request);
    l->loop->open_handles--;
    if (l->fn != NULL && status < 0)
        l->fn(l->user, NULL, code_of(status), uv_strerror(status));
    else if (l->fn != NULL)
        l->fn(l->user, addresses, 0, "");
    uv_freeaddrinfo(addresses);
    free(l);
}

vireo__lookup *vireo__lookup_start(vireo_loop *loop, const char *name, uint16_t port,
                                   vireo__lookup_fn fn, void *user)
{
    static const struct addrinfo hints = {
        .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP, .ai_flags = AI_NUMERICSERV};
    char service[8];
    vireo__lookup *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    *l = (vireo__lookup){.loop = loop, .fn = fn, .user = user};
    snprintf(service, sizeof service, "%u", port);
    if (uv_getaddrinfo(loop->uv, &l->request, on_addresses, name, service, &hints) < 0) {
        free(l);
        return NULL;
    }
    loop->open_handles++;
    return l;
}

void vireo__lookup_cancel(vireo__lookup *lookup)
{
    lookup->fn = NULL;
    uv_cancel((uv_req_t *)&lookup->request);
}
