/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* namespaces-server.c: keeps the contract at the head of namespaces-reference.mjs. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/vireo.h>

#include "serve.h"

/* Prints a line that vireo_format returned, and frees it. */
static void observe(char *line)
{
    if (line != NULL)
        puts(line);
    fflush(stdout);
    free(line);
}

/* --- events ----------------------------------------------------------------------------------- */

static void on_whoami(vireo_socket *s, const vireo_msg *m)
{
    vireo_ns *ns = vireo_ns_of(s);
    vireo_ack(m, "{nsp:%s, parent:%s}", vireo_ns_name(ns), (const char *)vireo_ns_user(ns));
}

static void on_join(vireo_socket *s, const vireo_msg *m)
{
    vireo_join(s, vireo_str_or(vireo_arg(m, 0), ""));
    vireo_ack(m, NULL);
}

static void on_parent_all(vireo_socket *s, const vireo_msg *m)
{
    vireo_to to = {.ns = vireo_ns_parent(vireo_ns_of(s))};
    vireo_broadcast(to, "all", "%p", (const void *)vireo_arg(m, 0));
}

static void on_parent_room(vireo_socket *s, const vireo_msg *m)
{
    vireo_to to = {.ns = vireo_ns_parent(vireo_ns_of(s)),
                   .rooms = {vireo_str_or(vireo_arg(m, 0), "")}};
    vireo_broadcast(to, "all", "%p", (const void *)vireo_arg(m, 1));
}

static void on_emit_room(vireo_socket *s, const vireo_msg *m)
{
    vireo_to to = {.ns = vireo_of(vireo_app_of(s), vireo_str_or(vireo_arg(m, 0), "")),
                   .rooms = {vireo_str_or(vireo_arg(m, 1), "")}};
    vireo_broadcast(to, "all", "%p", (const void *)vireo_arg(m, 2));
    vireo_ack(m, NULL);
}

static void on_exists(vireo_socket *s, const vireo_msg *m)
{
    const char *name = vireo_str_or(vireo_arg(m, 0), "");
    vireo_ack(m, "%hhd", (bool)(vireo_of(vireo_app_of(s), name) != NULL));
}

static const vireo_event_handler events[] = {
    {"whoami", on_whoami},
    {"join", on_join},
    {"parent-all", on_parent_all},
    {"parent-room", on_parent_room},
    {"emit-room", on_emit_room},
    {"exists", on_exists},
    {0},
};

static void on_connect(vireo_socket *s)
{
    observe(vireo_format(NULL, "{event:%s, nsp:%s, id:%s}", "connect",
                         vireo_ns_name(vireo_ns_of(s)), vireo_id(s)));
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    observe(vireo_format(NULL, "{event:%s, nsp:%s, id:%s, reason:%s}", "disconnect",
                         vireo_ns_name(vireo_ns_of(s)), vireo_id(s), why->reason));
}

/* --- guards ----------------------------------------------------------------------------------- */

static int digits_guard(vireo_socket *s, const vireo_value *auth)
{
    bool refused = vireo_bool(vireo_get(auth, "refuse"), false);
    return refused ? vireo_refuse(s, "refused", NULL) : 0;
}

/* guard |n| of /slow: its verdict */
static int verdict(vireo_socket *s, int n)
{
    char message[32];
    if (vireo_int(vireo_get(vireo_handshake_auth(s), "stop"), 0) != n)
        return 0;
    snprintf(message, sizeof message, "stopped at %d", n);
    return vireo_refuse(s, message, "{guard:%d}", n);
}

static void observe_guard(const char *event, vireo_socket *s, int n)
{
    observe(
        vireo_format(NULL, "{event:%s, nsp:%s, n:%d}", event, vireo_ns_name(vireo_ns_of(s)), n));
}

static int first_guard(vireo_socket *s, const vireo_value *auth)
{
    (void)auth;
    observe_guard("guard", s, 1);
    vireo_emit(s, "early", "%d", 1);
    vireo_join(s, "early-room");
    return verdict(s, 1);
}

static void answer_guard(vireo_timer *timer, void *user)
{
    vireo_socket *s = user;
    (void)timer;
    observe_guard("answered", s, 2);
    if (verdict(s, 2) == 0)
        vireo_admit(s);
}

static int second_guard(vireo_socket *s, const vireo_value *auth)
{
    uint32_t ms = (uint32_t)vireo_int(vireo_get(auth, "ms"), 0);
    observe_guard("guard", s, 2);
    return vireo_after(vireo_app_of(s), ms, answer_guard, s) ? VIREO_LATER : VIREO_ENOMEM;
}

static int third_guard(vireo_socket *s, const vireo_value *auth)
{
    (void)auth;
    observe_guard("guard", s, 3);
    return verdict(s, 3);
}

static const vireo_guard_fn more_guards[] = {second_guard, third_guard, NULL};

/* --- which namespaces may exist --------------------------------------------------------------- */

static void answer_yes(vireo_timer *timer, void *user)
{
    (void)timer;
    vireo_ns_answer(user, true);
}

static void answer_no(vireo_timer *timer, void *user)
{
    (void)timer;
    vireo_ns_answer(user, false);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static int decide(vireo_ns_request *q, const char *name, const vireo_value *auth)
{
    unsigned ms;
    char yes;
    vireo_app *app = vireo_ns_app(vireo_ns_request_parent(q));
    if (sscanf(name, "/fn-later-%u-%c", &ms, &yes) == 2)
        return vireo_after(app, ms, yes == 'y' ? answer_yes : answer_no, q) ? VIREO_LATER
                                                                            : VIREO_ENOMEM;
    if (strcmp(name, "/fn-error") == 0)
        return VIREO_ENOTFOUND;
    bool allowed = begins(name, "/fn-yes") ||
                   (begins(name, "/fn-") && vireo_bool(vireo_get(auth, "allow"), false));
    return allowed ? 0 : VIREO_EREFUSED;
}

static void on_new_namespace(vireo_ns *ns)
{
    observe(vireo_format(NULL, "{event:%s, name:%s}", "new-namespace", vireo_ns_name(ns)));
}

static void on_namespace_gone(vireo_ns *ns)
{
    observe(vireo_format(NULL, "{event:%s, name:%s}", "namespace-gone", vireo_ns_name(ns)));
}

#define COMMON .on_connect = on_connect, .on_disconnect = on_disconnect, .events = events

static bool add_namespaces(vireo_app *app, uint32_t guard_timeout_ms)
{
    return vireo_namespace(app, "/", COMMON) != NULL &&
           vireo_namespace_matching(app, "^/dyn-[0-9]+$", COMMON, .user = "digits",
                                    .guard = digits_guard) != NULL &&
           vireo_namespace_dynamic(app, decide, COMMON, .user = "decided",
                                   .guard_timeout_ms = guard_timeout_ms) != NULL &&
           vireo_namespace_matching(app, "^/(dyn|fn-no|fn-error)", COMMON, .user = "rest") !=
               NULL &&
           vireo_namespace(app, "/dyn-777", COMMON, .user = "digits") != NULL &&
           vireo_namespace(app, "/slow", COMMON, .guard = first_guard, .guards = more_guards,
                           .guard_timeout_ms = guard_timeout_ms) != NULL;
}

struct options {
    vireo_io_options io;
    uint32_t guard_timeout_ms;
};

static int setup(vireo_app *app, void *user)
{
    const struct options *o = user;
    if (vireo_io_create(app, &o->io) == NULL || !add_namespaces(app, o->guard_timeout_ms))
        return VIREO_ENOMEM;
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"cleanup", no_argument, NULL, 'c'},
        {"connect-timeout", required_argument, NULL, 't'},
        {"guard-timeout", required_argument, NULL, 'g'},
        {"max-children", required_argument, NULL, 'm'},
        {0},
    };
    struct options o = {.io = {.size = sizeof o.io,
                               .on_new_namespace = on_new_namespace,
                               .on_namespace_gone = on_namespace_gone}};
    for (int which; (which = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        uint32_t number = optarg != NULL ? (uint32_t)strtoul(optarg, NULL, 10) : 0;
        if (which == 'c')
            o.io.cleanup_empty_child_namespaces = true;
        else if (which == 't')
            o.io.connect_timeout_ms = number;
        else if (which == 'g')
            o.guard_timeout_ms = number;
        else if (which == 'm')
            o.io.max_child_namespaces = number;
        else
            return 2;
    }
    return serve(setup, &o, NULL, .host = "127.0.0.1", .name = "namespaces");
}
