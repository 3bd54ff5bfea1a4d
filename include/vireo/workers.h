/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* workers.h: a server that uses several processors: the same application several times, each with a
 * loop on a thread of its own, all on one port.
 *
 *     static int setup(vireo_app *app, void *user)
 *     {
 *         vireo_static(app, "/", "public");
 *         vireo_namespace(app, "/", .events = events);
 *         return 0;
 *     }
 *
 *     int main(void)
 *     {
 *         return vireo_run_workers(setup, NULL, .workers = 4, .port = 3000, .name = "chat");
 *     }
 *
 * What is configured stands in |setup|, which is called once for each worker. A connection belongs
 * to one worker; whatever it brings is handled on that one's thread, so that handlers need no locks
 * for what belongs to a socket or to an application. What the program shares between workers is its
 * own matter: variables outside of |setup| are seen by all threads.
 *
 * The workers are one server for clients: a namespace is the same on all of them, its rooms,
 * broadcasts and their answers, vireo_fetch_sockets, vireo_sockets_join and its kin,
 * vireo_server_side_emit (to the other workers). Polling clients need no sticky sessions: a
 * connection that brings a request for a session of another worker goes there. vireo_find,
 * vireo_each, vireo_ns_count and VIREO_LOCAL mean this worker alone. vireo_memory_store_new,
 * vireo_rate_limit, vireo_metrics, vireo_stop and vireo_drain mean all. docs/workers.md has more.
 */

#ifndef VIREO_WORKERS_H
#define VIREO_WORKERS_H

#include <vireo/app.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VIREO_MAX_WORKERS 256

/* Options of vireo_run_workers. What is 0 or NULL has the default. */
typedef struct vireo_workers_options {
    size_t size;      /* filled in by the macro */
    uint32_t workers; /* default: one for each processor that the process may use; at most 256 */
    /* of each application, borrowed for the call; uv_loop must be NULL. max_connections counts for
     * all of them together, max_queued_total for each */
    const vireo_app_options *app;
    /* Where to listen, as in vireo_listen_options. Not looked at if |setup| has called
     * vireo_listen: then its calls count, in their order, and are the same ports for all workers.
     */
    const char *host;
    uint16_t port;
    const char *unix_path;
    const char *name;
    vireo_tls *tls; /* one object for all workers */
    const char *cert_file;
    const char *key_file;
    bool http2;
} vireo_workers_options;

/* A vireo_setup_fn configures one worker; on its thread, one worker after the other.
 *
 * user    what vireo_run_workers was given
 * Returns 0; a negative number ends the whole with 1. */
typedef int (*vireo_setup_fn)(vireo_app *app, void *user);

/* vireo_run_workers sets the workers up and runs them until SIGINT, SIGTERM or a vireo_stop in any
 * of them, then ends everything as vireo_run does. Signals mean what they mean there.
 *
 * Returns what main should: 0 after a clean end, 1 when it could not start (told on stderr). */
#define vireo_run_workers(setup, user, ...)                                                        \
    vireo_workers_run(                                                                             \
        (setup), (user),                                                                           \
        &(const vireo_workers_options){.size = sizeof(vireo_workers_options), __VA_ARGS__})
VIREO_API int vireo_workers_run(vireo_setup_fn setup, void *user,
                                const vireo_workers_options *options);

/* vireo_worker returns the number of the application's worker, from 0; 0 for an application that is
 * alone. vireo_worker_count returns how many there are; 1 then. */
VIREO_API unsigned vireo_worker(const vireo_app *app);
VIREO_API unsigned vireo_worker_count(const vireo_app *app);

#ifdef __cplusplus
}
#endif
#endif
