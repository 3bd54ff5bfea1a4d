/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* events: every way to send an event, with texts, objects and binary data among its arguments.
 *
 * page to server             the server's answer
 * greet(name, ack)           acknowledges {text}
 * shout(text)                shout({from, text}) to everyone but the sender
 * message(text)              "sent" as a message back, "heard" as a message to everyone else
 * picture(name, bytes, ack)  picture({name, size}, bytes) to everyone else; acknowledges the size
 * add(a, b)                  question({a, b}), which the page acknowledges with the sum;
 * answer(correct) */

#include <vireo/vireo.h>

#include "cli.h"

static void on_greet(vireo_socket *s, const vireo_msg *m)
{
    char text[100];
    (void)s;
    snprintf(text, sizeof text, "Hello, %s!", vireo_str_or(vireo_arg(m, 0), "stranger"));
    vireo_ack(m, "{text:%s}", text);
}

static void on_shout(vireo_socket *s, const vireo_msg *m)
{
    const char *text = vireo_str(vireo_arg(m, 0));
    if (text != NULL) /* what arrives may be anything */
        vireo_broadcast(vireo_others(s), "shout", "{from:%s, text:%s}", vireo_id(s), text);
}

static void on_message(vireo_socket *s, const vireo_msg *m)
{
    vireo_send(s, "%s, %p", "sent", vireo_arg(m, 0));
    vireo_broadcast(vireo_others(s), "message", "%s, %p", "heard", vireo_arg(m, 0));
}

static void on_picture(vireo_socket *s, const vireo_msg *m)
{
    size_t size;
    const char *name = vireo_str_or(vireo_arg(m, 0), "unnamed");
    const void *bytes = vireo_bytes(vireo_arg(m, 1), &size);
    if (bytes == NULL) {
        vireo_ack(m, "{error:%s}", "bytes expected");
        return;
    }
    vireo_broadcast(vireo_others(s), "picture", "{name:%s, size:%zu}, %p", name, size,
                    vireo_binary(bytes, size));
    vireo_ack(m, "%zu", size);
}

/* The page has answered our question, or has not in time. */
static void on_answer(vireo_socket *s, int status, const vireo_value *args, void *user)
{
    intptr_t expected = (intptr_t)user;
    bool correct = status == 0 && vireo_int(vireo_at(args, 0), -1) == expected;
    vireo_emit(s, "answer", "%hhd", correct);
}

static void on_add(vireo_socket *s, const vireo_msg *m)
{
    int a = (int)vireo_int(vireo_arg(m, 0), 0) % 1000;
    int b = (int)vireo_int(vireo_arg(m, 1), 0) % 1000;
    void *sum = (void *)(intptr_t)(a + b);
    vireo_emit_ack(s, 5000, on_answer, sum, "question", "{a:%d, b:%d}", a, b);
}

static const vireo_event_handler events[] = {
    {"greet", on_greet},     {"shout", on_shout}, {"message", on_message},
    {"picture", on_picture}, {"add", on_add},     {0},
};

int main(int argc, char **argv)
{
    struct cli cli = cli_parse(argc, argv, 3000);
    vireo_app *app = vireo_app_new();
    vireo_static(app, "/", PUBLIC_FOLDER);
    vireo_namespace(app, "/", .events = events);
    return vireo_run(app, .host = cli.host, .port = cli.port, .name = "events");
}
