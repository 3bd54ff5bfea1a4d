/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client.c: who the client is, when proxies stand before us (vireo/proxy.h). Found out when it is
 * first asked for, and kept. */

#include <stdlib.h>

#include <vireo/proxy.h>

#include "http/request.h"
#include "net/tls.h"

static void read_headers(const vireo_req *r, vireo__forwarding *out)
{
    *out = (vireo__forwarding){0};
    if (r->app->trust->forwarded) {
        const char *text = vireo_header(r, "forwarded");
        out->forwarded = text != NULL ? text : "";
        return;
    }
    out->x_for = vireo_header(r, "x-forwarded-for");
    out->x_proto = vireo_header(r, "x-forwarded-proto");
    out->x_host = vireo_header(r, "x-forwarded-host");
}

/* Fills in |out| with what proxies say, as far as it is believed. |peer|: "" for a unix socket. */
static void believe(const vireo_req *r, const char *peer, vireo__client *out)
{
    vireo__forwarding headers;
    vireo__ip ip;
    if (*peer != '\0' && !vireo__ip_read(vireo__str_of(peer), &ip))
        return;
    read_headers(r, &headers);
    vireo__forwarded_find(&r->app->trust->whom, *peer != '\0' ? &ip : NULL, &headers, out);
}

static const vireo__client *client_of(const vireo_req *request)
{
    static const vireo__client nobody = {.protocol = {"", 0}, .host = {"", 0}};
    vireo_req *r = (vireo_req *)(uintptr_t)request;
    const vireo__stream *s = r->conn != NULL ? r->conn->stream : NULL;
    if (r->client != NULL)
        return r->client;
    if (s == NULL ||
        s->closing) /* the peer's address is not known any more, and so not whom to believe */
        return &nobody;
    vireo__client *c = vireo__arena_take(&r->arena, sizeof *c, 16);
    if (c == NULL)
        return &nobody;
    *c = nobody;
    vireo__stream_address(s, r->address, sizeof r->address);
    if (r->app->trust != NULL)
        believe(r, r->address, c);
    if (c->has_ip)
        vireo__ip_write(&c->ip, r->address);
    r->client = c;
    return c;
}

const char *vireo_address(const vireo_req *r)
{
    client_of(r);
    return r->address;
}

const char *vireo_protocol(const vireo_req *r)
{
    vireo__str told = client_of(r)->protocol;
    bool secure = told.len > 0 ? vireo__str_equal_nocase(told, "https")
                               : r->conn != NULL && r->conn->stream->secure;
    return secure ? "https" : "http";
}

bool vireo_secure(const vireo_req *r)
{
    return vireo_protocol(r)[4] == 's';
}

static const char carried_tls;

void vireo__req_carry_tls(vireo_req *r, vireo_tls_info *info)
{
    if (info != NULL && vireo_req_set(r, &carried_tls, info, free) < 0)
        free(info);
}

const vireo_tls_info *vireo_req_tls(const vireo_req *r)
{
    const vireo_tls_info *carried = r->http2 ? vireo_req_get(r, &carried_tls) : NULL;
    if (carried != NULL)
        return carried;
    return r->conn != NULL ? vireo__tls_info(r->conn->stream) : NULL;
}

const char *vireo_host(const vireo_req *r)
{
    vireo__str host = client_of(r)->host;
    const char *own = vireo_header(r, "host");
    char *copy = host.len > 0
                     ? vireo__arena_take(&((vireo_req *)(uintptr_t)r)->arena, host.len + 1, 1)
                     : NULL;
    if (copy == NULL)
        return own != NULL ? own : "";
    memcpy(copy, host.at, host.len);
    copy[host.len] = '\0';
    return copy;
}

int vireo_app_trust_proxy(vireo_app *app, const vireo_proxy_options *options)
{
    vireo_proxy_options o = {0};
    memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    vireo__proxies *trust = calloc(1, sizeof *trust);
    if (trust == NULL)
        return VIREO_ENOMEM;
    trust->whom.hops = o.hops;
    trust->forwarded = o.forwarded;
    int error = vireo__trust_read(&trust->whom, o.addresses != NULL ? o.addresses : "");
    if (error < 0) {
        free(trust);
        return error;
    }
    free(app->trust);
    app->trust = trust;
    return 0;
}
