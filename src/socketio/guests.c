/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "socketio/guests.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/rooms.h"
#include "payload/doc.h"
#include "payload/json_read.h"
#include "payload/json_write.h"
#include "socketio/inside.h"
#include "sse/format.h"
#include "sse/server.h"
#include "ws/endpoint.h"

enum { KIND_WS, KIND_SSE };

struct vireo__guests {
    vireo_ns *ns;
    vireo__rooms rooms;
    vireo__map by_owner; /* the vireo_ws or vireo_sse -> guest */
    vireo__list list;
};

typedef struct guest {
    const void *owner; /* the map's key */
    vireo__guests *home;
    vireo__member member; /* its kind tells what the owner is */
    vireo__list node;
    vireo__parting parting;
} guest;

/* --- coming and going ------------------------------------------------------------------------- */

static vireo__guests *home_of(vireo_ns *ns)
{
    if (ns->guests != NULL)
        return ns->guests;
    vireo__guests *guests = calloc(1, sizeof *guests);
    if (guests == NULL)
        return NULL;
    vireo__rooms_init(&guests->rooms, ns->io->loop->hash_key);
    vireo__map_init(&guests->by_owner, ns->io->loop->hash_key);
    vireo__list_init(&guests->list);
    guests->ns = ns;
    ns->guests = guests;
    return guests;
}

void vireo__guests_free(vireo__guests *guests)
{
    if (guests == NULL)
        return;
    vireo__rooms_deinit(&guests->rooms);
    vireo__map_deinit(&guests->by_owner);
    free(guests);
}

static guest *find(const vireo__guests *guests, const void *owner)
{
    return guests ? vireo__map_get(&guests->by_owner, &owner, sizeof owner) : NULL;
}

/* The namespace may go with its last guest. */
static void dismiss(guest *g)
{
    vireo_ns *ns = g->home->ns;
    vireo__rooms_leave_all(&g->home->rooms, &g->member);
    vireo__map_remove(&g->home->by_owner, &g->owner, sizeof g->owner);
    vireo__list_remove(&g->node);
    vireo__list_remove(&g->parting.node);
    free(g);
    vireo__ns_release(ns);
}

static void on_parting(vireo__parting *p)
{
    dismiss(vireo__container(p, guest, parting));
}

static int watch(guest *g)
{
    void *owner = (void *)(uintptr_t)g->owner;
    return g->member.kind == KIND_WS ? vireo__ws_on_parting(owner, &g->parting)
                                     : vireo__sse_on_parting(owner, &g->parting);
}

static int receive(vireo__guests *home, const void *owner, uint8_t kind, guest **out)
{
    guest *g = calloc(1, sizeof *g);
    if (g == NULL)
        return VIREO_ENOMEM;
    g->owner = owner;
    g->home = home;
    g->parting.fn = on_parting;
    vireo__member_init(&g->member, kind);
    vireo__list_init(&g->parting.node);
    vireo__list_append(&home->list, &g->node);
    vireo__ns_hold(home->ns);
    int error = vireo__map_put(&home->by_owner, &g->owner, sizeof g->owner, g);
    if (error == 0)
        error = watch(g);
    if (error < 0)
        dismiss(g);
    *out = g;
    return error;
}

static int join(vireo_ns *ns, const void *owner, uint8_t kind, const char *room)
{
    if (!vireo__room_name_valid(room))
        return VIREO_EINVAL;
    vireo__guests *home = home_of(ns);
    if (home == NULL)
        return VIREO_ENOMEM;
    guest *g = find(home, owner);
    int error = g == NULL ? receive(home, owner, kind, &g) : 0;
    if (error < 0)
        return error;
    if (g->member.count >= ns->io->options.max_rooms &&
        !vireo__rooms_has(&home->rooms, &g->member, room))
        return VIREO_ETOOBIG;
    error = vireo__rooms_join(&home->rooms, &g->member, room);
    if (g->member.count == 0)
        dismiss(g);
    return error;
}

static void leave(vireo_ns *ns, const void *owner, const char *room)
{
    guest *g = vireo__room_name_valid(room) ? find(ns->guests, owner) : NULL;
    if (g == NULL)
        return;
    vireo__rooms_leave(&ns->guests->rooms, &g->member, room);
    if (g->member.count == 0)
        dismiss(g);
}

int vireo_join_ws(vireo_ns *ns, vireo_ws *ws, const char *room)
{
    if (vireo_ws_ready_state(ws) != VIREO_WS_OPEN)
        return VIREO_ECLOSED;
    return join(ns, ws, KIND_WS, room);
}

int vireo_join_sse(vireo_ns *ns, vireo_sse *e, const char *room)
{
    return join(ns, e, KIND_SSE, room);
}

void vireo_leave_ws(vireo_ns *ns, vireo_ws *ws, const char *room)
{
    leave(ns, ws, room);
}

void vireo_leave_sse(vireo_ns *ns, vireo_sse *e, const char *room)
{
    leave(ns, e, room);
}

/* --- sending ---------------------------------------------------------------------------------- */

/* One event on its way, made for each kind when the first of that kind is met. */
typedef struct mail {
    const vireo__sio_message *message;
    vireo__str json;
    bool skip_slow; /* volatile */
    bool sse_tried;
    vireo__shared *frame;
    vireo__shared *event;
    int count;
} mail;

/* The event's name is the type of the stream's event; its argument the data, as one JSON value:
 * an array where there are several or none. */
static int write_event(mail *m, vireo__doc *doc, vireo__buf *out)
{
    vireo__buf data;
    int error = vireo__json_read(doc, m->json.at, m->json.len, NULL, NULL);
    if (error < 0)
        return error;
    const vireo_value *args = vireo__doc_root(doc);
    const char *name = vireo_str(vireo_at(args, 0));
    vireo__buf_init(&data, VIREO__BUF_UNLIMITED);
    bool one = vireo_count(args) == 2;
    if (!one)
        vireo__buf_append_byte(&data, '[');
    for (size_t i = 1; i < vireo_count(args); i++) {
        if (i > 1)
            vireo__buf_append_byte(&data, ',');
        vireo__json_write(&data, NULL, vireo_at(args, i), 0);
    }
    if (!one)
        vireo__buf_append_byte(&data, ']');
    error = data.error;
    if (error == 0)
        error = vireo__sse_format_event(out, NULL, name,
                                        (vireo__str){(const char *)data.data, data.len});
    vireo__buf_deinit(&data);
    return error;
}

/* NULL for an event that a stream cannot carry: one with binary parts, or with a line break in its
 * name. */
static vireo__shared *event_of(mail *m)
{
    vireo__doc doc;
    vireo__buf text;
    if (m->sse_tried)
        return m->event;
    m->sse_tried = true;
    vireo__doc_init(&doc);
    vireo__buf_init(&text, VIREO__BUF_UNLIMITED);
    if (m->message->part_count == 0 && write_event(m, &doc, &text) == 0)
        m->event = vireo__shared_copy(text.data, text.len);
    vireo__buf_deinit(&text);
    vireo__doc_deinit(&doc);
    return m->event;
}

static int send_ws(mail *m, vireo_ws *ws)
{
    if (m->skip_slow && vireo_ws_queued(ws) > 0)
        return VIREO_EFULL;
    if (m->frame == NULL)
        m->frame = vireo__ws_frame_copy(VIREO__WS_TEXT, m->json.at, m->json.len);
    int error = m->frame != NULL ? vireo__ws_send(&ws->conn, m->frame, NULL, NULL) : VIREO_ENOMEM;
    for (size_t i = 0; i < m->message->part_count && error == 0; i++)
        error = vireo__ws_send(&ws->conn, m->message->parts[i], NULL, NULL);
    return error;
}

static int send_sse(mail *m, vireo_sse *e)
{
    if (m->skip_slow && vireo_sse_queued(e) > 0)
        return VIREO_EFULL;
    vireo__shared *event = event_of(m);
    return event != NULL ? vireo__sse_send_shared(e, event) : VIREO_EINVAL;
}

static void deliver(vireo__member *member, void *user)
{
    mail *m = user;
    void *owner = (void *)(uintptr_t)vireo__container(member, guest, member)->owner;
    int error = member->kind == KIND_WS ? send_ws(m, owner) : send_sse(m, owner);
    if (error == 0)
        m->count++;
}

static size_t visit_rooms(const vireo__visit *v, const char *const *few, const char *const *more,
                          vireo__visit_fn fn, mail *m)
{
    size_t named = 0;
    for (size_t i = 0; i < VIREO_TO_ROOMS && few[i] != NULL; i++, named++)
        vireo__visit_room(v, few[i], fn, m);
    for (; more != NULL && *more != NULL; more++, named++)
        vireo__visit_room(v, *more, fn, m);
    return named;
}

int vireo__guests_broadcast(const vireo_to *to, const vireo__sio_message *message)
{
    vireo__guests *guests = to->ns->guests;
    if (guests == NULL || vireo__list_empty(&guests->list))
        return 0;
    mail m = {.message = message,
              .json = vireo__sio_message_json(message),
              .skip_slow = (to->flags & VIREO_VOLATILE) != 0};
    vireo__visit v = vireo__visit_begin(&guests->rooms);
    if (to->but != NULL)
        vireo__visit_room(&v, to->but->id, NULL, NULL);
    visit_rooms(&v, to->except, to->more_except, NULL, NULL);
    if (visit_rooms(&v, to->rooms, to->more_rooms, deliver, &m) == 0)
        for (vireo__list *at = guests->list.next; at != &guests->list; at = at->next)
            vireo__visit_meet(&v, &vireo__container(at, guest, node)->member, deliver, &m);
    vireo__shared_unref(m.frame);
    vireo__shared_unref(m.event);
    return m.count;
}
