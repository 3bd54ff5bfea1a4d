/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* rooms.h: many sockets at once: rooms, broadcasts, and what reaches the sockets of all servers.
 *
 * Names of rooms are UTF-8 of at most 255 bytes, ended by a NUL.
 */

#ifndef VIREO_ROOMS_H
#define VIREO_ROOMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vireo/sse.h>
#include <vireo/value.h>
#include <vireo/version.h>
#include <vireo/ws.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What can be done with one of these: socket.h. */
typedef struct vireo_ns vireo_ns;         /* a namespace */
typedef struct vireo_socket vireo_socket; /* a client in a namespace */
/* an event that arrived; valid until its handler returns */
typedef struct vireo_msg vireo_msg;

/* --- rooms ------------------------------------------------------------------------------------ */

/* vireo_join and vireo_leave: 0, VIREO_EINVAL (NULL, empty or too long a name), VIREO_ETOOBIG
 * (max_rooms), VIREO_ECLOSED, VIREO_ENOMEM. Joining twice is one membership. Nobody is in a room
 * that is NULL, so that a name which a client sent can be handed on as vireo_str answered it. */
VIREO_API int vireo_join(vireo_socket *s, const char *room);
VIREO_API int vireo_leave(vireo_socket *s, const char *room);
VIREO_API bool vireo_in_room(const vireo_socket *s, const char *room);

/* vireo_room_count returns how many sockets are in |room|. A socket is in the room named by its own
 * id. */
VIREO_API size_t vireo_room_count(vireo_ns *ns, const char *room);

/* vireo_ns_each_room calls |fn| for each room of the sockets connected to this server, those of
 * their own ids included, with the number of its sockets. |fn| must not join or leave. */
VIREO_API void vireo_ns_each_room(vireo_ns *ns,
                                  void (*fn)(const char *room, size_t count, void *user),
                                  void *user);

/* vireo_each_room calls |fn| for each room of |s|, its own id first. |fn| must not join or
 * leave. */
VIREO_API void vireo_each_room(const vireo_socket *s, void (*fn)(const char *room, void *user),
                               void *user);

/* --- broadcasts ------------------------------------------------------------------------------- */

#define VIREO_TO_ROOMS 8 /* rooms named in place in a vireo_to; more go into |more_rooms| */

enum vireo_to_flags {
    /* Leave it out for whoever cannot take it now (vireo_writable), attachments and all. It never
     * waits. */
    VIREO_VOLATILE = 1,
    VIREO_LOCAL = 2, /* only to clients of this process */
    /* Do not compress it: neither the answer to a poll that carries nothing else, nor the message
     * of a WebSocket. For what is compressed already, or is not worth the time. */
    VIREO_UNCOMPRESSED = 4
};

/* A vireo_to says who gets a broadcast: the union of the rooms (all sockets of the namespace when
 * none is named), each socket once, without those in one of the |except| rooms, without |but| and
 * without those in the room of |but|'s id. A plain value; what it points to is borrowed for the
 * call it is used in.
 *
 *     vireo_broadcast((vireo_to){ .ns = ns, .rooms = {"a", "b"}, .except = {"c"} }, "news", "%s",
 *                     text);
 *
 * With |only| it is that socket, whatever else is named (|ns| need not be): how an event with flags
 * is sent to one client, at the price of a vireo_emit:
 *
 *     vireo_broadcast((vireo_to){ .only = s, .flags = VIREO_VOLATILE }, "tick", "%d", n);
 *
 * |newest| is a text of at most 255 bytes which says what an event is about, where only the last
 * word counts: positions, prices. While a receiver takes what it is sent it is an event as any
 * other. While it does not (vireo_writable), only the newest event with the same text, of the same
 * namespace, waits for it: the older one is taken out of its queue, attachments and all, and the
 * newer one stands at the end. So what arrives is in order, and some of it was left out. What a
 * question (vireo_broadcast_ack) and a guest are sent is not looked at for this.
 *
 *     vireo_broadcast((vireo_to){ .ns = ns, .newest = "position:42" }, "position", "%d,%g,%g", 42,
 *                     x, y); */
typedef struct vireo_to {
    vireo_ns *ns;
    const char *rooms[VIREO_TO_ROOMS]; /* the first NULL ends it */
    const char *except[VIREO_TO_ROOMS];
    const char *const *more_rooms; /* ended by NULL; may be NULL */
    const char *const *more_except;
    const vireo_socket *but;
    unsigned flags;
    vireo_socket *only;
    const char *newest;
} vireo_to;

VIREO_API vireo_to vireo_all(vireo_ns *ns);             /* io.emit */
VIREO_API vireo_to vireo_only(vireo_socket *s);         /* this one */
VIREO_API vireo_to vireo_others(const vireo_socket *s); /* socket.broadcast */
/* io.to(room), the sender included if it is in it */
VIREO_API vireo_to vireo_room(const vireo_socket *s, const char *room);
VIREO_API vireo_to vireo_room_others(const vireo_socket *s, const char *room); /* socket.to(room) */
VIREO_API vireo_to vireo_ns_room(vireo_ns *ns, const char *room);              /* io.to(room) */

/* vireo_broadcast sends one event to every socket in |to|; encoded once, shared by all.
 *
 * Returns the number of local sockets and guests queued (>= 0), or VIREO_EINVAL, VIREO_ERESERVED,
 * VIREO_ETEMPLATE, VIREO_ENOMEM. Never calls back before it returns. */
VIREO_API int vireo_broadcast(vireo_to to, const char *event, const char *tmpl, ...)
    VIREO_PRINTF(3, 4);
VIREO_API int vireo_broadcast_value(vireo_to to, const char *event, const vireo_value *args);
VIREO_API int vireo_broadcast_json(vireo_to to, const char *event, const char *args, size_t len);

/* vireo_relay passes the arguments of |m| on under the name |event| (NULL: the same) as they came,
 * binary parts included. Returns as vireo_broadcast. */
VIREO_API int vireo_relay(vireo_to to, const char *event, const vireo_msg *m);

/* Guests: a raw WebSocket (ws.h) or an event stream (sse.h) can be in the rooms of a namespace too.
 * Each broadcast to such a room, or to all of the namespace, then reaches sockets and guests alike,
 * made once for each kind:
 *
 *     vireo_broadcast(vireo_ns_room(ns, "news"), "headline", "{title:%s}", title);
 *
 *     a socket         the event headline, with its argument
 *     a WebSocket      the text ["headline",{"title":..}]; binary parts as messages behind it, and
 *                      {"_placeholder":true,"num":0} in their places
 *     an event stream  event: headline, data: {"title":..}; of several arguments, or none, an
 *                      array; events with binary parts do not reach it
 *
 * Return as vireo_join. A guest leaves with its end. vireo_each passes guests over. */
VIREO_API int vireo_join_ws(vireo_ns *ns, vireo_ws *ws, const char *room);
VIREO_API int vireo_join_sse(vireo_ns *ns, vireo_sse *e, const char *room);
VIREO_API void vireo_leave_ws(vireo_ns *ns, vireo_ws *ws, const char *room);
VIREO_API void vireo_leave_sse(vireo_ns *ns, vireo_sse *e, const char *room);

/* vireo_each calls |fn| for each local socket in |to|; disconnecting any of them inside |fn| is
 * allowed. When memory runs out it calls nobody. */
VIREO_API void vireo_each(vireo_to to, void (*fn)(vireo_socket *s, void *user), void *user);

/* --- all servers ------------------------------------------------------------------------------ */

/* What follows reaches the sockets of all servers that the namespace's adapter connects, or of this
 * one alone with VIREO_LOCAL in |to.flags| or without an adapter. The functions return 0 when it is
 * on its way, or VIREO_EINVAL (a namespace that is a pattern, too), VIREO_ENOMEM, VIREO_ECLOSED
 * once the application ends, and what the adapter says. Results are told to a vireo_results_fn
 * exactly once, after the call has returned, unless it returned a negative number. timeout_ms 0 is
 * 5,000. */

/* A vireo_results_fn receives what several have answered.
 *
 * status   0: all have answered; VIREO_ETIMEDOUT; VIREO_ECLOSED: a client went away before it had
 *          answered; VIREO_ECANCELLED: the server ends; VIREO_ENOMEM. |results| then holds what had
 *          come
 * results  an array, see the function; valid until the return */
typedef void (*vireo_results_fn)(vireo_ns *ns, int status, const vireo_value *results, void *user);

/* vireo_broadcast_ack sends an event to every socket in |to| and collects their answers: an array
 * with the first value of each, in the order of arrival. Nobody in |to|: an empty array. */
VIREO_API int vireo_broadcast_ack(vireo_to to, uint32_t timeout_ms, vireo_results_fn on_results,
                                  void *user, const char *event, const char *tmpl, ...)
    VIREO_PRINTF(6, 7);

/* vireo_emit_ack_to asks the one socket with this id, wherever it is connected. |results| is the
 * first value of its answer, NULL unless |status| is 0; VIREO_ENOTFOUND: there is no such socket.
 */
VIREO_API int vireo_emit_ack_to(vireo_ns *ns, const char *id, uint32_t timeout_ms,
                                vireo_results_fn on_answer, void *user, const char *event,
                                const char *tmpl, ...) VIREO_PRINTF(7, 8);

/* vireo_fetch_sockets collects descriptions of the sockets in |to|, an array of
 *
 *     {id, rooms: [..], data: .., handshake: {headers: {..}, time, address, xdomain, secure,
 *                                             issued, url, query: {..}, auth: {..}}}
 *
 * |data| is what the namespace's |describe| says. To act on one of them use its id as a room. */
VIREO_API int vireo_fetch_sockets(vireo_to to, uint32_t timeout_ms, vireo_results_fn on_sockets,
                                  void *user);

/* vireo_all_sockets collects the ids alone. */
VIREO_API int vireo_all_sockets(vireo_to to, uint32_t timeout_ms, vireo_results_fn on_ids,
                                void *user);

/* vireo_sockets_join and _leave have all sockets in |to| join or leave |rooms|, ended by a NULL:
 *
 *     vireo_sockets_join(vireo_ns_room(ns, "a"), (const char *[]){"b", "c", NULL}); */
VIREO_API int vireo_sockets_join(vireo_to to, const char *const *rooms);
VIREO_API int vireo_sockets_leave(vireo_to to, const char *const *rooms);

/* vireo_disconnect_sockets does vireo_disconnect to all sockets in |to|. */
VIREO_API int vireo_disconnect_sockets(vireo_to to, bool close);

/* vireo_server_side_emit sends an event to the other servers of the namespace, not to this one: to
 * their |server_events|. VIREO_ERESERVED: connect, connection, new_namespace. */
VIREO_API int vireo_server_side_emit(vireo_ns *ns, const char *event, const char *tmpl, ...)
    VIREO_PRINTF(3, 4);

/* vireo_server_side_emit_ack collects their answers, an array with one value of each server. */
VIREO_API int vireo_server_side_emit_ack(vireo_ns *ns, uint32_t timeout_ms,
                                         vireo_results_fn on_results, void *user, const char *event,
                                         const char *tmpl, ...) VIREO_PRINTF(6, 7);

#ifdef __cplusplus
}
#endif
#endif
