/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* request.h: somebody waits for the answers of several: of the sockets of a broadcast, of the other
 * servers. A request collects what comes, and tells its user exactly once: when all have answered,
 * when its time is over, when it is cancelled. Never before the call that began it has returned.
 *
 *     vireo__request_new  ->  .._expect  ->  .._result*, .._server_done*  ->  fn, gone
 *
 * It waits for two things: for |servers| to say how many sockets they have asked (0 for a question
 * to the servers themselves), and for |clients|, the answers of those sockets. Since an answer may
 * overtake that number, |clients| may be below 0 for a while. */

#ifndef VIREO_SOCKETIO_REQUEST_H
#define VIREO_SOCKETIO_REQUEST_H

#include <vireo/socket.h>

#include "loop/deadline.h"

/* What the user is told. */
typedef enum vireo__request_kind {
    VIREO__REQUEST_LIST, /* an array of all results */
    VIREO__REQUEST_IDS,  /* an array of the "id" of each */
    VIREO__REQUEST_ONE   /* the first result alone; VIREO_ENOTFOUND when nobody was asked */
} vireo__request_kind;

typedef struct vireo__request {
    uint64_t id; /* random: it stands in messages to other servers */
    vireo_ns *ns;
    vireo__list node; /* in ns->requests */
    vireo__deadline deadline;
    vireo__turn_task turn;
    vireo__request_kind kind;
    uint32_t timeout_ms;
    vireo_results_fn fn;
    void *user;
    vireo_value **results; /* copies */
    size_t count;
    size_t room;
    uint64_t ack; /* the ack id of a broadcast here */
    size_t servers;
    int64_t clients;
    size_t asked; /* sockets, over all servers */
    int status;
    void *of_adapter; /* the adapter's own; NULL at first */
} vireo__request;

/* vireo__request_new makes a request that waits for one server, this one. It is in the namespace's
 * list and frees itself.
 *
 * timeout_ms  0: the default
 * Returns 0, VIREO_ENOMEM, or VIREO_ECLOSED once the application is ending. */
int vireo__request_new(vireo__request **made, vireo_ns *ns, vireo__request_kind kind,
                       uint32_t timeout_ms, vireo_results_fn fn, void *user);

/* vireo__request_drop takes it back: its user is not told. */
void vireo__request_drop(vireo__request *r);

/* vireo__request_find returns the one with this id, or NULL. */
vireo__request *vireo__request_find(const vireo_ns *ns, uint64_t id);

void vireo__request_expect(vireo__request *r, size_t servers); /* so many more */

/* vireo__request_server_done: one server has answered, and has asked so many sockets. */
void vireo__request_server_done(vireo__request *r, size_t clients);

/* vireo__request_client_done: so many of the sockets that were asked have answered. */
void vireo__request_client_done(vireo__request *r, size_t clients);

/* vireo__request_lost: so many of them never will. The request ends with VIREO_ECLOSED then. */
void vireo__request_lost(vireo__request *r, size_t clients);

/* vireo__request_result adds a copy of |value| (NULL: null). */
void vireo__request_result(vireo__request *r, const vireo_value *value);
/* .. of each element of |array| */
void vireo__request_results(vireo__request *r, const vireo_value *array);

/* vireo__requests_cancel ends all of the namespace at once with VIREO_ECANCELLED. */
void vireo__requests_cancel(vireo_ns *ns);

#endif
