/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* flow-server.c: keeps the contract at the head of flow-reference.mjs. */

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

static void observe_name(const char *event, const vireo_socket *s, const char *name)
{
    observe(vireo_format(NULL, "{event:%s, id:%s, name:%s}", event, vireo_id(s), name));
}

/* |x| as the observations show it; free it. */
static char *shown(const vireo_value *x)
{
    size_t bytes;
    if (vireo_bytes(x, &bytes) != NULL)
        return vireo_format(NULL, "{bytes:%zu}", bytes);
    return vireo_format(NULL, "%p", (const void *)x);
}

static const void *x_of(const vireo_msg *m, size_t i)
{
    return vireo_arg(m, i);
}

/* --- guards of events ------------------------------------------------------------------------- */

static void observe_guard(const vireo_socket *s, const vireo_msg *m, int n)
{
    observe(vireo_format(NULL, "{event:%s, id:%s, n:%d, name:%s}", "guard", vireo_id(s), n,
                         vireo_event(m)));
}

static void decide_held(vireo_timer *timer, void *user)
{
    vireo_held *h = user;
    const vireo_msg *m = vireo_held_msg(h);
    (void)timer;
    if (strcmp(vireo_str_or(vireo_arg(m, 1), ""), "pass") == 0)
        vireo_held_pass(h);
    else
        vireo_held_reject(h, "held");
}

static int hold(vireo_socket *s, const vireo_msg *m)
{
    uint32_t ms = (uint32_t)vireo_int(vireo_arg(m, 0), 0);
    vireo_held *h = vireo_hold(m);
    if (h == NULL || vireo_hold(m) != NULL) /* one is enough */
        return VIREO_ENOMEM;
    return vireo_after(vireo_app_of(s), ms, decide_held, h) != NULL ? VIREO_LATER : VIREO_ENOMEM;
}

static int first_guard(vireo_socket *s, const vireo_msg *m)
{
    observe_guard(s, m, 1);
    if (strcmp(vireo_event(m), "deny") == 0)
        return vireo_deny(m, vireo_str_or(vireo_arg(m, 0), ""));
    return strcmp(vireo_event(m), "hold") == 0 ? hold(s, m) : 0;
}

static int second_guard(vireo_socket *s, const vireo_msg *m)
{
    observe_guard(s, m, 2);
    return strcmp(vireo_event(m), "deny-second") == 0 ? vireo_deny(m, "second") : 0;
}

static const vireo_event_guard_fn event_guards[] = {first_guard, second_guard, NULL};

/* --- acknowledgements ------------------------------------------------------------------------- */

static void on_hold(vireo_socket *s, const vireo_msg *m)
{
    observe_name("handled", s, vireo_event(m));
    vireo_ack(m, "%s", "passed");
}

static void on_ack(vireo_socket *s, const vireo_msg *m)
{
    observe_name("handled", s, vireo_event(m));
    vireo_ack(m, "%p", x_of(m, 0));
}

/* What "later" keeps until its time has come. */
struct later {
    vireo_pending_ack *ack;
    vireo_value *x;
};

static void answer_later(vireo_timer *timer, void *user)
{
    struct later *l = user;
    (void)timer;
    if (vireo_answer_socket(l->ack) == NULL)
        vireo_answer_drop(l->ack);
    else
        vireo_answer(l->ack, "%p", (const void *)l->x);
    vireo_value_free(l->x);
    free(l);
}

static void on_later(vireo_socket *s, const vireo_msg *m)
{
    struct later *l = malloc(sizeof *l);
    if (l == NULL)
        abort();
    l->ack = vireo_ack_later(m);
    l->x = vireo_copy(vireo_arg(m, 1));
    if (l->ack == NULL || vireo_wants_ack(m) || vireo_ack_later(m) != NULL)
        abort();
    vireo_after(vireo_app_of(s), (uint32_t)vireo_int(vireo_arg(m, 0), 0), answer_later, l);
}

static void on_never(vireo_socket *s, const vireo_msg *m)
{
    observe_name("handled", s, vireo_event(m));
    vireo_answer_drop(vireo_ack_later(m));
}

static void on_answer(vireo_socket *s, int status, const vireo_value *args, void *user)
{
    (void)user;
    if (status == 0) {
        char *x = shown(vireo_at(args, 0));
        observe(vireo_format(NULL, "{event:%s, id:%s, count:%zu, x:%p}", "answer", vireo_id(s),
                             vireo_count(args), vireo_json_text(x, strlen(x))));
        free(x);
    } else {
        const char *event = status == VIREO_ETIMEDOUT ? "no-answer" : "answer-lost";
        observe(vireo_format(NULL, "{event:%s, id:%s, message:%s}", event, vireo_id(s),
                             vireo_strerror(status)));
    }
}

static void on_ask(vireo_socket *s, const vireo_msg *m)
{
    uint32_t ms = (uint32_t)vireo_int(vireo_arg(m, 0), 0);
    vireo_emit_ack(s, ms, on_answer, NULL, "question", "%p", x_of(m, 1));
}

/* --- what is sent ----------------------------------------------------------------------------- */

static void out(vireo_socket *s, const vireo_msg *m, const char *letter)
{
    char *x = shown(vireo_arg(m, 0));
    observe(vireo_format(NULL, "{event:%s, id:%s, letter:%s, name:%s, count:%zu, x:%p}", "out",
                         vireo_id(s), letter, vireo_event(m), vireo_arg_count(m),
                         vireo_json_text(x, strlen(x))));
    free(x);
}

static void out_a(vireo_socket *s, const vireo_msg *m)
{
    out(s, m, "a");
}

static void out_b(vireo_socket *s, const vireo_msg *m)
{
    out(s, m, "b");
}

static void out_c(vireo_socket *s, const vireo_msg *m)
{
    out(s, m, "c");
}

static void on_out_listen(vireo_socket *s, const vireo_msg *m)
{
    vireo_on_any_outgoing(s, out_a);
    vireo_on_any_outgoing(s, out_b);
    vireo_prepend_any_outgoing(s, out_c);
    vireo_ack(m, "%zu", vireo_any_outgoing_count(s));
}

static void on_out_unlisten(vireo_socket *s, const vireo_msg *m)
{
    const char *letter = vireo_str_or(vireo_arg(m, 0), "");
    vireo_event_fn fn = *letter == 'a'   ? out_a
                        : *letter == 'b' ? out_b
                        : *letter == 'c' ? out_c
                                         : NULL;
    vireo_off_any_outgoing(s, fn);
    vireo_ack(m, "%zu", vireo_any_outgoing_count(s));
}

static void on_say(vireo_socket *s, const vireo_msg *m)
{
    vireo_emit(s, "said", "%p", x_of(m, 0));
}

static void on_say_all(vireo_socket *s, const vireo_msg *m)
{
    vireo_broadcast(vireo_all(vireo_ns_of(s)), "said", "%p", x_of(m, 0));
}

static void on_say_room(vireo_socket *s, const vireo_msg *m)
{
    vireo_broadcast(vireo_room(s, vireo_str(vireo_arg(m, 0))), "said", "%p", x_of(m, 1));
}

static void on_join(vireo_socket *s, const vireo_msg *m)
{
    vireo_join(s, vireo_str(vireo_arg(m, 0)));
    vireo_ack(m, NULL);
}

static const vireo_event_handler events[] = {
    {"hold", on_hold},
    {"ack", on_ack},
    {"later", on_later},
    {"never", on_never},
    {"ask", on_ask},
    {"out-listen", on_out_listen},
    {"out-unlisten", on_out_unlisten},
    {"say", on_say},
    {"say-all", on_say_all},
    {"say-room", on_say_room},
    {"join", on_join},
    {0},
};

/* --- the namespace ---------------------------------------------------------------------------- */

static void on_any(vireo_socket *s, const vireo_msg *m)
{
    observe_name("any", s, vireo_event(m));
}

static void on_error(vireo_socket *s, const char *text)
{
    observe(vireo_format(NULL, "{event:%s, id:%s, message:%s}", "error", vireo_id(s), text));
}

static void on_connect(vireo_socket *s)
{
    observe(vireo_format(NULL, "{event:%s, id:%s}", "connect", vireo_id(s)));
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    observe(vireo_format(NULL, "{event:%s, id:%s, reason:%s, description:%s}", "disconnect",
                         vireo_id(s), why->reason,
                         why->description[0] != '\0' ? why->description : NULL));
}

static int setup(vireo_app *app, void *user)
{
    const uint32_t *max_owed = user;
    if (vireo_socketio(app, .max_owed = *max_owed) == NULL ||
        vireo_namespace(app, "/", .on_connect = on_connect, .on_disconnect = on_disconnect,
                        .on_any = on_any, .on_error = on_error, .event_guards = event_guards,
                        .events = events) == NULL)
        return VIREO_ENOMEM;
    return 0;
}

int main(int argc, char **argv)
{
    uint32_t max_owed =
        argc > 2 && strcmp(argv[1], "--max-owed") == 0 ? (uint32_t)atoi(argv[2]) : 0;
    return serve(setup, &max_owed, NULL, .host = "127.0.0.1", .name = "flow");
}
