/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* stream: a server that talks by itself: posts, pushed to those who follow their topic.
 *
 * page to server   follow(topic, ack)       acknowledges with its last posts, the oldest first
 *                  unfollow(topic)
 * server to page   post({number, topic, text}) */

#include <vireo/vireo.h>

#include "cli.h"

#define POST "{number:%d, topic:%s, text:%s}"

enum { KEPT = 30 /* the last posts, for who comes later */ };

struct stream {
    struct post {
        int number;
        const char *topic, *text;
    } posts[KEPT];
    int count;
    vireo_ns *ns;
};

/* Stands for wherever posts come from: a queue, another server, a sensor. */
static struct post write_post(int number)
{
    static const char *const topics[] = {"birds", "trains", "weather"};
    static const char *const texts[][3] = {
        {"A wren sings.", "Seven geese fly south.", "The vireo has a new song."},
        {"The night train is on time.", "Track 2 is closed.", "All aboard!"},
        {"Rain until noon.", "A warm wind from the west.", "Clear skies tonight."},
    };
    return (struct post){number, topics[number % 3], texts[number % 3][number / 3 % 3]};
}

/* A topic is a room. Who reads too slowly misses a post (volatile) and does not hold up anybody. */
static void publish(vireo_timer *timer, void *user)
{
    struct stream *stream = user;
    struct post p = write_post(stream->count + 1);
    (void)timer;
    stream->posts[stream->count++ % KEPT] = p;
    vireo_to followers = {.ns = stream->ns, .rooms = {p.topic}, .flags = VIREO_VOLATILE};
    vireo_broadcast(followers, "post", POST, p.number, p.topic, p.text);
}

static void on_follow(vireo_socket *s, const vireo_msg *m)
{
    const struct stream *stream = vireo_ns_user(vireo_ns_of(s));
    const char *topic = vireo_str_or(vireo_arg(m, 0), "");
    vireo_list *last = vireo_list_new();
    for (int i = stream->count > KEPT ? stream->count - KEPT : 0; i < stream->count; i++) {
        const struct post *p = &stream->posts[i % KEPT];
        if (strcmp(p->topic, topic) == 0)
            vireo_list_add(last, POST, p->number, p->topic, p->text);
    }
    vireo_join(s, topic);
    vireo_ack(m, "%p", last);
    vireo_list_free(last);
}

static void on_unfollow(vireo_socket *s, const vireo_msg *m)
{
    vireo_leave(s, vireo_str(vireo_arg(m, 0)));
}

static const vireo_event_handler events[] = {{"follow", on_follow}, {"unfollow", on_unfollow}, {0}};

int main(int argc, char **argv)
{
    static struct stream stream;
    struct cli_option options[] = {{"--every", "milliseconds between two posts (1000)", "1000"},
                                   {0}};
    struct cli cli = cli_parse_more(argc, argv, 3000, options);
    vireo_app *app = vireo_app_new();
    vireo_static(app, "/", PUBLIC_FOLDER);
    stream.ns = vireo_namespace(app, "/", .user = &stream, .events = events);
    vireo_every(app, (uint32_t)atoi(options[0].value), publish, &stream);
    return vireo_run(app, .host = cli.host, .port = cli.port, .name = "stream");
}
