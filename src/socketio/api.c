/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* api.c: <vireo/api.h>: requests that become broadcasts and their kin. */

#include <stdlib.h>
#include <string.h>

#include <vireo/api.h>
#include <vireo/error.h>

#include "http/group.h"
#include "socketio/census.h"
#include "socketio/inside.h"

typedef struct api {
    vireo_io *io;
    uint32_t timeout_ms;
} api;

/* What a body says of who is meant. */
typedef struct target {
    vireo_to to;
    const vireo_value *body;
    const char **rooms;
    const char **except;
} target;

/* --- who is meant ----------------------------------------------------------------------------- */

static int refuse(vireo_req *r, const char *text)
{
    return vireo_fail(r, VIREO_STATUS(422), text);
}

static vireo_ns *find_namespace(const vireo_req *r, const char *name)
{
    const api *a = vireo_req_user(r);
    return vireo_io_of(a->io, name != NULL ? name : "/");
}

/* texts_of returns new: the texts of an array, ended by NULL; NULL when it is none, or an element
 * is no name of a room. */
static const char **texts_of(const vireo_value *list)
{
    size_t count = vireo_count(list);
    const char **texts =
        vireo_type_of(list) == VIREO_ARRAY ? (const char **)calloc(count + 1, sizeof *texts) : NULL;
    const vireo_value *v = NULL;
    for (size_t i = 0; texts != NULL && (v = vireo_next(list, v)) != NULL; i++) {
        texts[i] = vireo_str(v);
        if (vireo__room_name_valid(texts[i]))
            continue;
        free((void *)texts);
        return NULL;
    }
    return texts;
}

/* Where |key| is missing there are none. */
static bool take_names(const vireo_value *body, const char *key, const char ***out)
{
    const vireo_value *list = vireo_get(body, key);
    *out = list != NULL ? texts_of(list) : NULL;
    return list == NULL || *out != NULL;
}

static void close_target(const target *t)
{
    free((void *)t->rooms);
    free((void *)t->except);
}

static bool reads(target *t)
{
    return vireo_type_of(t->body) == VIREO_OBJECT && take_names(t->body, "rooms", &t->rooms) &&
           take_names(t->body, "except", &t->except);
}

/* The workers of a process are one server, unless they know each other as others do. */
static bool is_one_server(const vireo_ns *ns)
{
    return vireo__app_group(ns->io->app) != NULL && ns->options.adapter == NULL &&
           ns->io->options.adapter == NULL;
}

/* open_target reads a request's body. Returns true, and close_target is due; or the request is
 * refused, with the result in |*answer|. */
static bool open_target(vireo_req *r, target *t, int *answer)
{
    *t = (target){.body = vireo_body_json(r, NULL)};
    if (!reads(t)) {
        close_target(t);
        *answer = refuse(r, "an object is expected; rooms and except are lists of names");
        return false;
    }
    t->to = (vireo_to){
        .ns = find_namespace(r, vireo_str(vireo_get(t->body, "namespace"))),
        .more_rooms = t->rooms,
        .more_except = t->except,
        .flags = (vireo_bool(vireo_get(t->body, "volatile"), false) ? VIREO_VOLATILE : 0u) |
                 (vireo_bool(vireo_get(t->body, "local"), false) ? VIREO_LOCAL : 0u)};
    if (t->to.ns != NULL && is_one_server(t->to.ns))
        t->to.flags &= ~(unsigned)VIREO_LOCAL;
    if (t->to.ns != NULL)
        return true;
    close_target(t);
    *answer = vireo_fail(r, VIREO_STATUS(404), "no such namespace");
    return false;
}

/* All of a namespace are meant only by who says so: an empty list may be a mistake. */
static bool names_somebody(const target *t)
{
    return (t->rooms != NULL && t->rooms[0] != NULL) ||
           vireo_bool(vireo_get(t->body, "all"), false);
}

/* --- what is done ----------------------------------------------------------------------------- */

static int reply_done(vireo_req *r, int error)
{
    return error < 0 ? error : vireo_reply_json(r, 200, "{ok:true}");
}

static int emit_to(vireo_req *r, const target *t)
{
    const char *event = vireo_str(vireo_get(t->body, "event"));
    const vireo_value *args = vireo_get(t->body, "args");
    if (event == NULL || (args != NULL && vireo_type_of(args) != VIREO_ARRAY))
        return refuse(r, "an event is expected, and its args, if any, as a list");
    if (t->rooms != NULL && t->rooms[0] == NULL)
        return refuse(r, "rooms is empty: leave it out for all");
    int sent = vireo_broadcast_value(t->to, event, args);
    if (sent == VIREO_ERESERVED)
        return refuse(r, "the name of this event is reserved");
    return sent < 0 ? sent : vireo__census_sent(r, &t->to, sent);
}

static int on_emit(vireo_req *r)
{
    target t;
    int answer;
    if (!open_target(r, &t, &answer))
        return answer;
    answer = emit_to(r, &t);
    close_target(&t);
    return answer;
}

/* change_rooms is join or leave, which want a list under their own name. */
static int change_rooms(vireo_req *r, const char *key,
                        int (*change)(vireo_to to, const char *const *rooms))
{
    target t;
    int answer;
    if (!open_target(r, &t, &answer))
        return answer;
    const char **rooms = texts_of(vireo_get(t.body, key));
    if (rooms == NULL || !names_somebody(&t))
        answer = refuse(r, "rooms (or all) are expected, and a list of what to join or leave");
    else
        answer = reply_done(r, change(t.to, rooms));
    free((void *)rooms);
    close_target(&t);
    return answer;
}

static int on_join(vireo_req *r)
{
    return change_rooms(r, "join", vireo_sockets_join);
}

static int on_leave(vireo_req *r)
{
    return change_rooms(r, "leave", vireo_sockets_leave);
}

static int on_disconnect(vireo_req *r)
{
    target t;
    int answer;
    if (!open_target(r, &t, &answer))
        return answer;
    bool close = vireo_bool(vireo_get(t.body, "close"), false);
    answer = names_somebody(&t) ? reply_done(r, vireo_disconnect_sockets(t.to, close))
                                : refuse(r, "rooms (or all) are expected");
    close_target(&t);
    return answer;
}

/* --- what is there ---------------------------------------------------------------------------- */

static int on_namespaces(vireo_req *r)
{
    const api *a = vireo_req_user(r);
    return vireo__census_namespaces(r, a->io);
}

/* A request that waits for other servers; its client may go away meanwhile. */
typedef struct listing {
    vireo_req *request;
} listing;

static void on_gone(vireo_req *r, void *user)
{
    (void)r;
    ((listing *)user)->request = NULL;
}

/* What a client's handshake brought (cookies, tokens) is left out. */
static void on_sockets(vireo_ns *ns, int status, const vireo_value *results, void *user)
{
    listing *l = user;
    vireo_req *r = l->request;
    const vireo_value *socket = NULL;
    (void)ns;
    free(l);
    if (r == NULL)
        return;
    vireo_on_abort(r, NULL, NULL);
    vireo_list *list = vireo_list_new();
    while ((socket = vireo_next(results, socket)) != NULL)
        vireo_list_add(list, "{id:%p,rooms:%p,data:%p}", (const void *)vireo_get(socket, "id"),
                       (const void *)vireo_get(socket, "rooms"),
                       (const void *)vireo_get(socket, "data"));
    int error =
        vireo_reply_json(r, 200, "{sockets:%p,complete:%hhd}", (void *)list, (bool)(status == 0));
    vireo_list_free(list);
    if (error < 0)
        vireo_fail(r, error, NULL);
}

static int list_sockets(vireo_req *r, vireo_ns *ns, uint32_t timeout_ms)
{
    const char *room = vireo_query(r, "room");
    vireo_to to = {.ns = ns, .rooms = {room}};
    listing *l = calloc(1, sizeof *l);
    if (l == NULL)
        return VIREO_ENOMEM;
    l->request = r;
    int error = vireo_fetch_sockets(to, timeout_ms, on_sockets, l);
    if (error < 0) {
        free(l);
        return error;
    }
    vireo_on_abort(r, on_gone, l);
    return 0;
}

static int on_list(vireo_req *r)
{
    const api *a = vireo_req_user(r);
    vireo_ns *ns = find_namespace(r, vireo_query(r, "namespace"));
    if (ns == NULL)
        return vireo_fail(r, VIREO_STATUS(404), "no such namespace");
    return list_sockets(r, ns, a->timeout_ms);
}

/* --- registering ------------------------------------------------------------------------------ */

static int mount(vireo_io *io, const char *prefix, const vireo_io_api_options *o, api *a)
{
    const vireo_route_entry routes[] = {
        VIREO_POST("/emit", on_emit, .max_body_bytes = o->max_body_bytes),
        VIREO_POST("/join", on_join, .max_body_bytes = o->max_body_bytes),
        VIREO_POST("/leave", on_leave, .max_body_bytes = o->max_body_bytes),
        VIREO_POST("/disconnect", on_disconnect, .max_body_bytes = o->max_body_bytes),
        VIREO_GET("/sockets", on_list),
        VIREO_GET("/namespaces", on_namespaces),
        {0},
    };
    int error = vireo_use(io->app, prefix, o->authorize, o->user);
    return error < 0 ? error : vireo_mount(io->app, prefix, routes, a);
}

int vireo_io_add_api(vireo_io *io, const char *prefix, const vireo_io_api_options *options)
{
    vireo_io_api_options o = {0};
    memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    api *a = o.authorize != NULL ? calloc(1, sizeof *a) : NULL;
    if (a == NULL)
        return o.authorize != NULL ? VIREO_ENOMEM : VIREO_EINVAL;
    *a = (api){io, o.timeout_ms};
    int error = vireo__app_own(io->app, a, free);
    return error < 0 ? error : mount(io, prefix, &o, a);
}
