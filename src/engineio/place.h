/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* place.h: where a server is and how it is asked: what all sessions of a client with one server
 * have in common. Its URLs:
 *
 *     http://host[:port]/path/?<query>&EIO=4&transport=polling&t=..&sid=..
 *
 * Not changed once it is filled in; counted references. */

#ifndef VIREO_ENGINEIO_PLACE_H
#define VIREO_ENGINEIO_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include <vireo/error.h>
#include <vireo/ws.h>

#include "base/buf.h"
#include "base/uri.h"
#include "net/tls.h"

typedef enum vireo__eio_kind { VIREO__EIO_KIND_POLLING, VIREO__EIO_KIND_WEBSOCKET } vireo__eio_kind;

#define VIREO__EIO_KINDS 2

typedef struct vireo__eio_place {
    uint32_t refs;
    bool secure;
    char *host;  /* [user:password@]host[:port] as in a URL; without the scheme's own port */
    char *path;  /* with its slashes */
    char *query; /* encoded, without '?'; "" for none */
    char **headers[VIREO__EIO_KINDS]; /* names and values by turns, ended by NULL; or NULL */
    char *proxy;
    char *unix_path;
    char *protocols;
    vireo_tls_client *tls_client; /* NULL: the system's; |tls| keeps it */
    vireo__tls_ctx *tls;
    vireo_ws_deflate deflate;
    vireo__eio_kind kinds[VIREO__EIO_KINDS]; /* transports, in the order of their use */
    uint8_t kind_count;
    bool try_all : 1; /* transports, while opening */
    bool no_upgrade : 1;
    bool force_base64 : 1;
    bool cookies : 1; /* are kept and sent */
    bool timestamps[VIREO__EIO_KINDS];
    char *timestamp_name;
    uint32_t request_timeout_ms; /* of a poll and a POST; 0: none */
    uint32_t connect_timeout_ms; /* of one connection */
    size_t max_message_bytes;
    size_t max_queued_bytes;
} vireo__eio_place;

/* vireo__eio_place_new returns new: a place without anything; NULL when memory runs out. */
vireo__eio_place *vireo__eio_place_new(void);
vireo__eio_place *vireo__eio_place_ref(vireo__eio_place *place);
void vireo__eio_place_unref(vireo__eio_place *place); /* NULL is allowed */

/* vireo__eio_place_find fills in host, secure, and what |path|, |no_slash| say of the path.
 * Returns 0 or VIREO_ENOMEM. */
int vireo__eio_place_find(vireo__eio_place *place, const vireo__uri *uri, const char *path,
                          bool no_slash);

/* vireo__eio_place_kinds reads "polling,websocket"; names that are not known are passed over, as
 * by the official client. VIREO_EINVAL if none is left. */
int vireo__eio_place_kinds(vireo__eio_place *place, const char *names);

/* vireo__eio_place_url appends a URL.
 *
 * sid     encoded already; NULL before the handshake
 * stamp   of the request; NULL: none
 * Returns the buffer's sticky error. */
int vireo__eio_place_url(const vireo__eio_place *place, vireo__eio_kind kind, const char *sid,
                         const char *stamp, vireo__buf *out);

static inline const char *vireo__eio_kind_name(vireo__eio_kind kind)
{
    return kind == VIREO__EIO_KIND_POLLING ? "polling" : "websocket";
}

/* vireo__eio_texts_copy returns new: a copy of |list|, ended by NULL, with room for |more|; NULL
 * when memory runs out. |list| may be NULL. */
char **vireo__eio_texts_copy(char *const *list, size_t more);
void vireo__eio_texts_free(char **list); /* NULL is allowed */

#endif
