/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* handshake.c: what is kept of the request that opened a session, for as long as that lives. */

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engineio/session.h"
#include "net/tls_info.h"

/* The URL is kept as a line too, since most clients ask for the same. No header has this name. */
static const char url_line[] = ":url";

static const uint8_t *lines_of(const vireo__eio_handshake *h)
{
    return (const uint8_t *)h->address + strlen(h->address) + 1;
}

static int keep_lines(vireo__eio_server *server, vireo_req *r, vireo__buf *kept)
{
    size_t size;
    const char *at = vireo__req_headers(r, &size), *end = at + size;
    vireo__lines_add(&server->lines, kept, url_line, vireo_target(r));
    while (at < end && kept->error == 0) {
        const char *value = at + strlen(at) + 1;
        vireo__lines_add(&server->lines, kept, at, value);
        at = value + strlen(value) + 1;
    }
    return kept->error;
}

static size_t owner_room(const vireo__eio_server *server)
{
    size_t size = server->options.owner_size;
    return size > 0 ? (size + 7) & ~(size_t)7 : sizeof(void *);
}

static vireo__eio_handshake *handshake_of(const vireo__eio_session *s)
{
    return (vireo__eio_handshake *)(uintptr_t)(s->owner + owner_room(s->server));
}

static vireo__eio_session *make(vireo__eio_server *server, vireo_req *r, const vireo__buf *kept)
{
    bool secure = vireo_secure(r); /* may learn the address, where that failed before */
    const char *address = vireo_address(r);
    size_t address_size = strlen(address) + 1;
    vireo__eio_session *s =
        calloc(1, sizeof *s + owner_room(server) + offsetof(vireo__eio_handshake, address) +
                      address_size + kept->len);
    if (s == NULL)
        return NULL;
    s->server = server;
    vireo__eio_handshake *h = handshake_of(s);
    if (vireo__req_keep_values(r, &h->values) < 0) {
        free(s);
        return NULL;
    }
    h->issued_ms = vireo__wall_clock_ms();
    h->secure = secure;
    h->tls = vireo__tls_info_copy(vireo_req_tls(r));
    h->xdomain = vireo_header(r, "origin") != NULL;
    h->lines_size = (uint32_t)kept->len; /* the head of a request is far smaller */
    memcpy(h->address, address, address_size);
    memcpy(h->address + address_size, kept->data, kept->len);
    return s;
}

vireo__eio_session *vireo__eio_session_alloc(vireo__eio_server *server, vireo_req *r)
{
    vireo__buf *kept = vireo__loop_scratch(server->loop);
    vireo__eio_session *s = keep_lines(server, r, kept) == 0 ? make(server, r, kept) : NULL;
    if (s == NULL)
        vireo__lines_drop(&server->lines, kept->data, kept->len);
    return s;
}

void vireo__eio_session_free(vireo__eio_session *s)
{
    vireo__eio_handshake *h = handshake_of(s);
    vireo__lines_drop(&s->server->lines, lines_of(h), h->lines_size);
    vireo__values_free(&h->values);
    free(h->tls);
    free(s);
}

/* --- what is asked ---------------------------------------------------------------------------- */

const vireo__eio_handshake *vireo__eio_handshake_of(const vireo__eio_session *s)
{
    return handshake_of(s);
}

const char *vireo__eio_header(const vireo__eio_session *s, const char *name)
{
    const vireo__eio_handshake *h = handshake_of(s);
    return vireo__lines_get(&s->server->lines, lines_of(h), h->lines_size, name);
}

const char *vireo__eio_url(const vireo__eio_session *s)
{
    return vireo__eio_header(s, url_line);
}

void vireo__eio_each_header(const vireo__eio_session *s,
                            void (*fn)(const char *name, const char *value, void *user), void *user)
{
    const char *name, *value;
    const uint8_t *at = lines_of(handshake_of(s));
    size_t n = handshake_of(s)->lines_size;
    while (vireo__lines_next(&s->server->lines, &at, &n, &name, &value))
        if (strcmp(name, url_line) != 0)
            fn(name, value, user);
}
