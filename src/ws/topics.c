/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* topics.c: subscribe and publish of <vireo/ws.h>, on the rooms of base/rooms.h. The topics of an
 * application are those of its loop; what is published goes to the other workers' as well. */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/rooms.h"
#include "http/group.h"
#include "payload/template.h"
#include "ws/endpoint.h"
#include "ws/local.h"

enum { TOPIC_BYTES_MAX = 1024 }; /* peers often choose names */

typedef struct vireo__subscriber {
    vireo__member member;
    vireo__list partings;
    vireo_ws *ws;
} subscriber;

static vireo__rooms *topics_of(const vireo_app *app)
{
    vireo__ws_local *local = vireo__ws_local_of(vireo__app_loop(app));
    return local != NULL ? &local->topics : NULL;
}

static subscriber *need_subscriber(vireo_ws *ws)
{
    if (ws->subscriber == NULL) {
        ws->subscriber = malloc(sizeof *ws->subscriber);
        if (ws->subscriber != NULL) {
            vireo__member_init(&ws->subscriber->member, 0);
            vireo__list_init(&ws->subscriber->partings);
            ws->subscriber->ws = ws;
        }
    }
    return ws->subscriber;
}

int vireo_ws_subscribe(vireo_ws *ws, const char *topic)
{
    if (vireo_ws_ready_state(ws) != VIREO_WS_OPEN)
        return VIREO_ECLOSED;
    if (strlen(topic) > TOPIC_BYTES_MAX)
        return VIREO_ETOOBIG;
    vireo__rooms *topics = topics_of(ws->endpoint->app);
    subscriber *s = need_subscriber(ws);
    if (topics == NULL || s == NULL)
        return VIREO_ENOMEM;
    if (s->member.count >= ws->endpoint->options.max_topics &&
        !vireo__rooms_has(topics, &s->member, topic))
        return VIREO_EFULL;
    return vireo__rooms_join(topics, &s->member, topic);
}

void vireo_ws_unsubscribe(vireo_ws *ws, const char *topic)
{
    if (ws->subscriber != NULL)
        vireo__rooms_leave(topics_of(ws->endpoint->app), &ws->subscriber->member, topic);
}

bool vireo_ws_subscribed(const vireo_ws *ws, const char *topic)
{
    return ws->subscriber != NULL &&
           vireo__rooms_has(topics_of(ws->endpoint->app), &ws->subscriber->member, topic);
}

int vireo__ws_on_parting(vireo_ws *ws, vireo__parting *p)
{
    if (vireo_ws_ready_state(ws) != VIREO_WS_OPEN)
        return VIREO_ECLOSED;
    subscriber *s = need_subscriber(ws);
    if (s == NULL)
        return VIREO_ENOMEM;
    vireo__list_append(&s->partings, &p->node);
    return 0;
}

void vireo__ws_leave_topics(vireo_ws *ws)
{
    if (ws->subscriber == NULL)
        return;
    if (ws->subscriber->member.count > 0)
        vireo__rooms_leave_all(topics_of(ws->endpoint->app), &ws->subscriber->member);
    vireo__partings_tell(&ws->subscriber->partings);
    free(ws->subscriber);
    ws->subscriber = NULL;
}

typedef struct publication {
    vireo__shared *frame;
    int count;
} publication;

static void deliver(vireo__member *member, void *user)
{
    publication *p = user;
    vireo_ws *ws = vireo__container(member, subscriber, member)->ws;
    if (vireo__ws_send(&ws->conn, p->frame, NULL, NULL) == 0)
        p->count++;
}

static int publish_here(vireo__rooms *topics, const char *topic, const vireo_ws *except,
                        vireo__shared *frame)
{
    publication p = {.frame = frame};
    vireo__visit visit = vireo__visit_begin(topics);
    if (except != NULL && except->subscriber != NULL)
        vireo__visit_skip(&visit, &except->subscriber->member);
    vireo__visit_room(&visit, topic, deliver, &p);
    return p.count;
}

static void publish_there(vireo_app *app, const vireo__news *news)
{
    vireo__rooms *topics = topics_of(app);
    if (topics != NULL)
        publish_here(topics, news->name, NULL, news->bytes);
}

void vireo__ws_tell_others(const vireo_app *app,
                           void (*fn)(vireo_app *app, const vireo__news *news), const char *name,
                           vireo__shared *frame)
{
    if (vireo__app_group(app) != NULL)
        vireo__group_tell(app, &(vireo__news){.fn = fn, .name = name, .bytes = frame});
}

int vireo_ws_publish(vireo_app *app, const char *topic, const vireo_ws *except, const void *data,
                     size_t len, bool binary)
{
    vireo__shared *frame;
    vireo__rooms *topics = topics_of(app);
    if (topics == NULL)
        return VIREO_ENOMEM;
    int error = vireo__ws_make_frame(data, len, binary, &frame);
    if (error < 0)
        return error;
    vireo__ws_tell_others(app, publish_there, topic, frame);
    int count = publish_here(topics, topic, except, frame);
    vireo__shared_unref(frame);
    return count;
}

int vireo_ws_publish_json(vireo_app *app, const char *topic, const vireo_ws *except,
                          const char *tmpl, ...)
{
    vireo__buf *text = vireo__loop_scratch(vireo__app_loop(app));
    va_list args;
    va_start(args, tmpl);
    int error = vireo__template_write_one(text, NULL, tmpl, args);
    va_end(args);
    return error < 0 ? error : vireo_ws_publish(app, topic, except, text->data, text->len, false);
}

size_t vireo_ws_subscribers(vireo_app *app, const char *topic)
{
    vireo__rooms *topics = topics_of(app);
    return topics != NULL ? vireo__rooms_count(topics, topic) : 0;
}
