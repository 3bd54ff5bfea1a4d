/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client-hello: a Socket.IO client. Says hello, asks a question, prints what comes, and keeps
 * trying when the server goes away; Ctrl-C ends it.
 *
 *     client-hello http://localhost:3000 NAME
 */

#include <stdio.h>

#include <vireo/vireo.h>

static void on_answer(vireo_socket *s, int status, const vireo_value *args, void *user)
{
    (void)s;
    (void)user;
    if (status < 0)
        printf("no answer: %s\n", vireo_strerror(status));
    else
        printf("answer: %s\n", vireo_str_or(vireo_at(args, 0), "no text"));
}

static void on_connect(vireo_socket *s)
{
    printf("connected as %s, over %s\n", vireo_id(s), vireo_transport(s));
    vireo_emit(s, "hello", "{from:%s, numbers:[1, %d]}", (const char *)vireo_client_user(s), 2);
    vireo_emit_ack(s, 5000, on_answer, NULL, "how are you", NULL);
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    printf("disconnected: %s\n", why->reason);
    if (!vireo_active(s)) /* it will not connect again by itself */
        vireo_stop(vireo_app_of(s));
}

static void on_connect_error(vireo_socket *s, const vireo_connect_error *error)
{
    printf("not connected: %s. %s\n", error->message, error->description);
    if (error->refused)
        vireo_stop(vireo_app_of(s));
}

static void on_news(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    printf("news: %s\n", vireo_str_or(vireo_arg(m, 0), "no text"));
    vireo_ack(m, "%s", "read");
}

static const vireo_event_handler events[] = {{"news", on_news}, {0}};

int main(int argc, char **argv)
{
    vireo_error error;
    if (argc != 3 || argv[1][0] == '-') {
        fprintf(stderr, "usage: client-hello URL NAME\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    vireo_app *app = vireo_app_new();
    vireo_socket *s = vireo_connect(app, argv[1], .user = argv[2], .events = events,
                                    .on_connect = on_connect, .on_disconnect = on_disconnect,
                                    .on_connect_error = on_connect_error, .error = &error);
    if (s == NULL) {
        fprintf(stderr, "%s\n", error.text);
        vireo_app_free(app);
        return 1;
    }
    vireo_run_loop(app);
    return 0;
}
