/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* session_visitor.h: a small application with sessions, and a visitor with a cookie. */

#ifndef VIREO_TESTS_SESSION_VISITOR_H
#define VIREO_TESTS_SESSION_VISITOR_H

#include "http_peer.h"

#include <vireo/session.h>

typedef struct visitor {
    vireo_app *app;
    char cookie[200];     /* "sid=..", "" while there is none */
    char set_cookie[300]; /* of the last reply, "" if it had none */
    int status;
    char body[300];
} visitor;

/* "42", or "-". */
static inline int visitor__show(vireo_req *r)
{
    const vireo_value *n = vireo_session_get(vireo_session_of(r), "n");
    char text[30] = "-";
    if (n != NULL)
        snprintf(text, sizeof text, "%d", (int)vireo_int(n, -1));
    return vireo_reply_text(r, 200, text);
}

static inline int visitor__count(vireo_req *r)
{
    vireo_session *s = vireo_session_of(r);
    int64_t n = vireo_int(vireo_session_get(s, "n"), 0);
    int error = vireo_session_set(s, "n", "%lld", (long long)n + 1);
    return error < 0 ? error : visitor__show(r);
}

static inline int visitor__same(vireo_req *r)
{
    vireo_session *s = vireo_session_of(r);
    vireo_session_set(s, "n", "%d", (int)vireo_int(vireo_session_get(s, "n"), 0));
    vireo_session_unset(s, "never was there");
    return visitor__show(r);
}

static inline int visitor__unset(vireo_req *r)
{
    vireo_session_unset(vireo_session_of(r), "n");
    return visitor__show(r);
}

static inline int visitor__login(vireo_req *r)
{
    int error = vireo_session_regenerate(r);
    return error < 0 ? error : visitor__count(r);
}

static inline int visitor__logout(vireo_req *r)
{
    int error = vireo_session_destroy(r);
    return error < 0 ? error : visitor__show(r);
}

static inline void visitor__routes(vireo_app *app)
{
    vireo_route(app, "GET", "/show", visitor__show, NULL);
    vireo_route(app, "GET", "/count", visitor__count, NULL);
    vireo_route(app, "GET", "/same", visitor__same, NULL);
    vireo_route(app, "GET", "/unset", visitor__unset, NULL);
    vireo_route(app, "GET", "/login", visitor__login, NULL);
    vireo_route(app, "GET", "/logout", visitor__logout, NULL);
}

/* Registers sessions, with the options as vireo_sessions takes them, and then the routes. */
#define visitor_sessions(app, ...)                                                                 \
    do {                                                                                           \
        assert_int_equal(vireo_sessions(app, __VA_ARGS__), 0);                                     \
        visitor__routes(app);                                                                      \
    } while (0)

static inline void visitor__read_reply(visitor *v, const char *reply)
{
    const char *set = strstr(reply, "Set-Cookie: ");
    const char *body = strstr(reply, "\r\n\r\n");
    v->status = atoi(reply + 9);
    snprintf(v->body, sizeof v->body, "%s", body + 4);
    v->set_cookie[0] = '\0';
    if (set == NULL || set > body)
        return;
    snprintf(v->set_cookie, sizeof v->set_cookie, "%.*s", (int)strcspn(set + 12, "\r"), set + 12);
    snprintf(v->cookie, sizeof v->cookie, "%.*s", (int)strcspn(set + 12, ";"), set + 12);
    if (v->cookie[strlen(v->cookie) - 1] == '=') /* it was cleared */
        v->cookie[0] = '\0';
}

/* Sends a request with the visitor's cookie and |headers|, and reads the reply. */
static inline const char *visit_with(visitor *v, const char *path, const char *headers)
{
    char request[1000];
    snprintf(request, sizeof request,
             "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s%s%s%s\r\n", path,
             v->cookie[0] ? "Cookie: " : "", v->cookie, v->cookie[0] ? "\r\n" : "", headers);
    peer p = peer_open(v->app);
    peer_send(&p, request);
    for (int patience = PEER_PATIENCE; !p.ended && patience > 0; patience--)
        peer_wait(&p);
    assert_true(p.ended);
    visitor__read_reply(v, p.got);
    peer_close(&p);
    return v->body;
}

static inline const char *visit(visitor *v, const char *path)
{
    return visit_with(v, path, "");
}

static inline vireo_app *visitor_app(vireo_log_fn log, void *user)
{
    vireo_app *app = vireo_app_new(.log = log, .log_user = user);
    assert_int_equal(vireo_secrets(app, "secret", NULL), 0);
    return peer_listen(app);
}

#endif
