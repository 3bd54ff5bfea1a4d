/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* group.h: applications that are one server: each has a loop on a thread of its own, and all serve
 * the same ports.
 *
 *     main thread     listens, accepts, gives each connection to the worker that has the fewest
 *     worker 0..n-1   an application each; whatever belongs to it is touched on its thread alone
 *
 *   group.c      who is in it; messages to each other; what they share; their end
 *   ports.c      listening, and what happens to a connection that was accepted
 *   handover.c   a connection whose request belongs to another worker goes there
 *   bridge.c     .. or, of HTTP/2, is carried there
 *   settle.c     waiting for what has come already and is still on its way between them
 *
 * Law: the applications are made and set up one after the other, then all run, and none is freed
 * before all have finished (vireo__group_finish). In between any of them may be sent messages. */

#ifndef VIREO_HTTP_GROUP_H
#define VIREO_HTTP_GROUP_H

#include <stdatomic.h>

#include <vireo/app.h>
#include <vireo/socket.h>

#include "base/news.h"
#include "loop/loop.h"
#include "net/listener.h"

#define VIREO__GROUP_MAX 256 /* workers */

typedef struct vireo__group vireo__group;

/* A port that all workers serve. */
typedef struct vireo__port {
    vireo__list node;
    vireo__group *group;
    unsigned number; /* from 0, in the order of their opening */
    vireo__listener *listener;
    vireo_tls *tls; /* of all; NULL: none */
} vireo__port;

/* vireo__group_hear; all zero at first. */
typedef struct vireo__hearing {
    vireo__list node; /* alone while it does not wait */
    void (*run)(struct vireo__hearing *h);
    uint64_t until[VIREO__GROUP_MAX]; /* messages of each worker */
} vireo__hearing;

struct vireo__group {
    unsigned count;
    vireo_app **apps;  /* NULL until it has joined */
    atomic_uint *load; /* connections of each */
    atomic_bool stopping;
    atomic_bool over;
    atomic_uint empty; /* workers whose slow end is over */
    vireo_loop *loop;  /* of the main thread */
    unsigned open_ports;
    vireo__list ports; /* changed while the workers are set up, by the main thread */
    struct vireo__settling *settlings;
    unsigned last;            /* who was given a connection last; the main thread's */
    vireo__list shared;       /* of what they share; under |lock| */
    vireo_adapter_fn adapter; /* of namespaces that have none of their own */
    void *adapter_user;
    /* vireo__group_tell; of who connects them (cluster/workers.h) */
    int (*tell)(const vireo_app *app, const vireo__news *news);
    void (*hear)(const vireo_app *app, vireo__hearing *h);
    uv_mutex_t lock;
    uv_cond_t changed;
    /* what a worker wants the main thread to do, while it is set up */
    int (*wanted)(void *argument);
    void *argument;
    int answer;
    bool set_up; /* the one that is being set up has done so */
    enum { VIREO__GROUP_SETTING_UP, VIREO__GROUP_STARTED, VIREO__GROUP_GIVEN_UP } state;
    unsigned left; /* workers that have not finished */
};

/* vireo__group_new returns new: a group of |count| workers, on the main thread; NULL when memory or
 * descriptors run out. vireo__group_free when all applications are freed. */
vireo__group *vireo__group_new(unsigned count);
void vireo__group_free(vireo__group *g);

/* vireo__group_join makes |app| the worker |index|, before it is set up. */
void vireo__group_join(vireo__group *g, unsigned index, vireo_app *app);

/* --- setting up: one worker runs, and the main thread serves it ------------------------------ */

/* vireo__group_serve does what the worker that is being set up wants of the main thread, until it
 * says vireo__group_set_up. */
void vireo__group_serve(vireo__group *g);
void vireo__group_set_up(vireo__group *g);

/* vireo__group_begin lets all that were set up run, with |start|, or end at once; they wait for it
 * with vireo__group_await. |count| have been begun. */
void vireo__group_begin(vireo__group *g, unsigned count, bool start);
bool vireo__group_await(vireo__group *g);

/* vireo__group_call has the main thread call |fn|, on the thread of a worker that is being set up.
 * Returns what |fn| does. */
int vireo__group_call(vireo__group *g, int (*fn)(void *argument), void *argument);

/* vireo__group_share returns an object that is the same for all workers: the first of them that
 * asks has it made, and each finds it when it asks for the same |key| as often as the first one
 * did. |free| is called with the group's end. For setting up only. NULL when memory runs out. */
void *vireo__group_share(vireo_app *app, const void *key, void *(*make)(void *argument),
                         void *argument, void (*free)(void *object));

/* vireo__group_share_named does so among those of one |name| (copied). */
void *vireo__group_share_named(vireo_app *app, const void *key, const char *name,
                               void *(*make)(void *argument), void *argument,
                               void (*free)(void *object));

/* --- running ---------------------------------------------------------------------------------- */

/* vireo__group_post is vireo_post for the worker |index|; VIREO_ECLOSED once all have finished. */
int vireo__group_post(vireo__group *g, unsigned index, void (*fn)(vireo_app *app, void *user),
                      void *user);

/* vireo__group_others posts it to all but |app|, again and again while memory is short. */
void vireo__group_others(const vireo_app *app, void (*fn)(vireo_app *app, void *user), void *user);

/* vireo__group_tell has |news| told to all other workers, if there are any: in the order in which
 * they are told it. Returns 0; VIREO_EFULL: somebody is so far behind that it misses this;
 * VIREO_ENOMEM. */
int vireo__group_tell(const vireo_app *app, const vireo__news *news);

/* vireo__group_hear calls |h->run|, perhaps at once, when |app| has heard all that the other
 * workers have said by now. Removed from its list it is not called. */
void vireo__group_hear(const vireo_app *app, vireo__hearing *h);

/* vireo__group_connections returns how many connections all of them have. */
size_t vireo__group_connections(const vireo__group *g);

/* vireo__group_stop ends the accepting; the first call of it returns true. Any thread. */
bool vireo__group_stop(vireo__group *g);

/* vireo__group_over tells whether all have finished: they are being freed, and nobody may be sent
 * anything. */
static inline bool vireo__group_over(const vireo__group *g)
{
    return atomic_load(&g->over);
}

/* vireo__group_finish returns when all workers have called it, and the main thread
 * vireo__group_finish_main: its loop runs no more. */
void vireo__group_finish(vireo__group *g);
void vireo__group_finish_main(vireo__group *g);

/* --- ports.c ---------------------------------------------------------------------------------- */

/* vireo__group_listen is vireo_app_listen for a worker; |o| is complete. */
int vireo__group_listen(vireo_app *app, const vireo_listen_options *o);

/* vireo__group_close_ports ends the accepting, on the main thread. */
void vireo__group_close_ports(vireo__group *g);

#endif
