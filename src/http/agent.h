/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* agent.h: requests to other servers. The clients of WebSocket, event streams and Socket.IO's
 * polling stand on it.
 *
 *     vireo__agent_ask -> [redirects] -> on_head -> on_body* -> on_done
 *                                              \-> vireo__exchange_detach: the stream is yours
 *
 * Connections that can be used again are kept for a moment, and the next request to the same place
 * by the same way takes one of them. A request that met the end of such a connection, before a byte
 * of the answer had come, is sent again on a new one, if doing it twice does no harm.
 */

#ifndef VIREO_HTTP_AGENT_H
#define VIREO_HTTP_AGENT_H

#include <vireo/app.h>

#include "http/answer.h"
#include "net/stream.h"
#include "net/tls.h"

#define VIREO__AGENT_HEAD_BYTES 65536 /* of an answer's heads; what is beyond: VIREO_ETOOBIG */
#define VIREO__AGENT_HEADERS    200
#define VIREO__AGENT_IDLE       8    /* connections kept for later; beyond, the oldest is closed */
#define VIREO__AGENT_IDLE_MS    4000 /* many servers close them after 5 s */

typedef struct vireo__agent vireo__agent;
typedef struct vireo__exchange vireo__exchange;

/* A request. All is copied. */
typedef struct vireo__ask {
    const char *method;         /* a token */
    const char *url;            /* http and https; ws and wss mean the same here */
    const char *const *headers; /* names and values by turns, ended by NULL; may be NULL */
    const void *body;
    size_t body_len;
    const char *proxy;     /* its URL (net/tunnel.h); NULL: none */
    vireo__tls_ctx *tls;   /* for https; takes a reference; NULL: that of the loop (net/tls.h) */
    const char *unix_path; /* connect to this socket, whatever the URL's host is; NULL: do not */
    uint32_t connect_timeout_ms; /* until the connection stands; not 0 */
    uint32_t head_timeout_ms;    /* from then to the whole head of the answer; not 0 */
    uint32_t idle_timeout_ms;    /* without a byte of the body; 0: for ever */
    uint64_t max_body_bytes;     /* beyond: VIREO_ETOOBIG */
    unsigned max_redirects;      /* more: VIREO_EREFUSED; 0: a redirect is an answer as any other */
    bool allow_downgrade;        /* follow a redirect from https to http */
    bool while_ending; /* the application ends, and this is a last word: asked all the same */
} vireo__ask;

/* None of them comes inside a call of a function below. All may be NULL save on_done. */
typedef struct vireo__exchange_events {
    /* The head of the answer, once. May cancel, may detach. */
    void (*on_head)(vireo__exchange *x, const vireo__answer *answer);
    /* The next bytes of the body, borrowed for the call. May cancel. */
    void (*on_body)(vireo__exchange *x, const uint8_t *bytes, size_t n);
    /* The end, exactly once, unless it was detached: 0, or a negative number and |text| (borrowed)
     * that tells it in words. The exchange is freed after the return. */
    void (*on_done)(vireo__exchange *x, int error, const char *text);
} vireo__exchange_events;

/* vireo__app_agent returns the application's agent, made when it is first asked for; NULL when
 * memory runs out. */
vireo__agent *vireo__app_agent(vireo_app *app);

/* vireo__agent_ask begins a request.
 *
 * error   what is wrong with it, in words; may be NULL
 * Returns 0 and the exchange in |*out|; VIREO_EINVAL, VIREO_ENOMEM; VIREO_ECLOSED when the
 * application ends. */
int vireo__agent_ask(vireo__agent *agent, const vireo__ask *ask,
                     const vireo__exchange_events *events, void *user, vireo__exchange **out,
                     vireo_error *error);

/* vireo__exchange_cancel gives it up: on_done comes at the end of this turn, with
 * VIREO_ECANCELLED, and nothing before it. */
void vireo__exchange_cancel(vireo__exchange *x);

/* vireo__exchange_detach takes the stream away from HTTP, inside on_head only. The caller sets its
 * events at once. When on_head has returned, the exchange is gone and bytes that stood behind the
 * head are given to those events. */
vireo__stream *vireo__exchange_detach(vireo__exchange *x);

void *vireo__exchange_user(const vireo__exchange *x);

/* vireo__exchange_url returns the URL that was asked last; valid as long as |x|. */
const char *vireo__exchange_url(const vireo__exchange *x);

#endif
