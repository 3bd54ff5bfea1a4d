/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* session.c: a session's states.
 *
 *     OPEN --eio_close--> CLOSING --transport has sent all--> CLOSED --end of turn--> on_close
 *       \------------------session_end-------------------------^
 */

#include "engineio/session.h"

#include <assert.h>
#include <string.h>

#include <vireo/error.h>

/* how long a closing polling session waits for the client's next GET */
enum { CLOSE_WAIT_MS = 30000 };

static void on_turn_end(vireo__turn_task *task);
static void on_ping_due(vireo__deadline *d);

/* --- finding ---------------------------------------------------------------------------------- */

static const void *id_of(const vireo__table_link *link, size_t *n)
{
    const vireo__eio_session *s = vireo__container(link, vireo__eio_session, by_id);
    *n = strlen(s->id);
    return s->id;
}

void vireo__eio_sessions_init(vireo__eio_server *server)
{
    vireo__table_init(&server->sessions, server->loop->hash_key, id_of);
}

vireo__eio_session *vireo__eio_session_find(const vireo__eio_server *server, const char *id,
                                            size_t n)
{
    vireo__table_link *link = vireo__table_get(&server->sessions, id, n);
    return link != NULL ? vireo__container(link, vireo__eio_session, by_id) : NULL;
}

/* --- opening ---------------------------------------------------------------------------------- */

bool vireo__eio_req_v3(const vireo_req *r)
{
    return !vireo__str_equal(vireo__req_query_value(r, "EIO"), "4");
}

static int register_session(vireo__eio_session *s)
{
    vireo__eio_server *server = s->server;
    int error = vireo__table_put(&server->sessions, &s->by_id);
    if (error < 0 || server->directory == NULL)
        return error;
    error = vireo__directory_add(server->directory, s->id, server->app);
    if (error < 0)
        vireo__table_remove(&server->sessions, &s->by_id);
    return error;
}

vireo__eio_session *vireo__eio_session_new(vireo__eio_server *server, vireo_req *r, const char *id)
{
    vireo__eio_session *s = vireo__eio_session_alloc(server, r);
    if (s == NULL)
        return NULL;
    s->turn.run = on_turn_end;
    s->v3 = vireo__eio_req_v3(r);
    s->jsonp = vireo__req_query_value(r, "j").at != NULL;
    s->octets = s->v3 && !s->jsonp && vireo__req_query_value(r, "b64").at == NULL;
    strcpy(s->id, id);
    if (register_session(s) < 0) {
        vireo__eio_session_free(s);
        return NULL;
    }
    vireo__list_append(&server->list, &s->node);
    server->counts.opened++;
    vireo__debug(server->loop, VIREO__DEBUG_ENGINE, "%.*s.. opened, protocol %d, from %s",
                 VIREO__DEBUG_ID, s->id, vireo__eio_protocol(s),
                 vireo__eio_handshake_of(s)->address);
    return s;
}

int vireo__eio_session_write_open(const vireo__eio_session *s, bool over_websocket, vireo__buf *out)
{
    const vireo__eio_options *options = &s->server->options;
    return vireo__eio_write_open(
        out, &(vireo__eio_handshake_data){
                 .sid = s->id,
                 .upgrade_to_websocket = !over_websocket && !options->no_upgrades &&
                                         options->transports & VIREO__EIO_WEBSOCKET,
                 .ping_interval_ms = options->ping_interval_ms,
                 .ping_timeout_ms = options->ping_timeout_ms,
                 .max_payload = options->max_payload,
             });
}

static void on_pong_overdue(vireo__deadline *d)
{
    vireo__eio_session_end(vireo__container(d, vireo__eio_session, heartbeat), "ping timeout", "");
}

/* In v3 the client sends the PINGs. */
static uint32_t v3_patience_ms(const vireo__eio_options *o)
{
    return o->ping_timeout_ms > UINT32_MAX - o->ping_interval_ms
               ? UINT32_MAX
               : o->ping_interval_ms + o->ping_timeout_ms;
}

void vireo__eio_session_start(vireo__eio_session *s)
{
    const vireo__eio_server *server = s->server;
    const vireo__eio_options *o = &server->options;
    int error =
        s->v3
            ? vireo__deadline_start(server->loop, &s->heartbeat, v3_patience_ms(o), on_pong_overdue)
            : vireo__deadline_start(server->loop, &s->heartbeat, o->ping_interval_ms, on_ping_due);
    if (error == 0)
        error = server->events->on_open(s);
    if (error == 0)
        return;
    s->refused = true;
    vireo__eio_session_end(s, "forced close", vireo_strerror(error));
}

/* --- heartbeat -------------------------------------------------------------------------------- */

static void await(vireo__eio_session *s, uint32_t ms, void (*fn)(vireo__deadline *))
{
    if (vireo__deadline_start(s->server->loop, &s->heartbeat, ms, fn) < 0)
        vireo__eio_session_end(s, "transport error", vireo_strerror(VIREO_ENOMEM));
}

static void on_ping_due(vireo__deadline *d)
{
    vireo__eio_session *s = vireo__container(d, vireo__eio_session, heartbeat);
    s->awaiting_pong = true;
    s->pong_extended = false;
    await(s, s->server->options.ping_timeout_ms, on_pong_overdue);
    vireo__eio_send(s, s->server->ping, NULL, NULL);
}

/* A peer that is busy sending something large is alive, though its PONG stands behind it: once per
 * PING, the first other packet moves the deadline. */
static void note_sign_of_life(vireo__eio_session *s)
{
    if (s->v3 || !s->awaiting_pong || s->pong_extended)
        return;
    s->pong_extended = true;
    await(s, s->server->options.ping_timeout_ms, on_pong_overdue);
}

static void on_wrong_direction(vireo__eio_session *s)
{
    vireo__eio_session_end(s, "transport error", "invalid heartbeat direction");
}

static void on_ping(vireo__eio_session *s)
{
    if (!s->v3) {
        on_wrong_direction(s);
        return;
    }
    await(s, v3_patience_ms(&s->server->options), on_pong_overdue);
    vireo__eio_send(s, s->server->pong, NULL, NULL);
}

static void on_pong(vireo__eio_session *s)
{
    if (s->v3) {
        on_wrong_direction(s);
        return;
    }
    s->awaiting_pong = false;
    await(s, s->server->options.ping_interval_ms, on_ping_due);
}

/* --- packets ---------------------------------------------------------------------------------- */

void vireo__eio_session_packet(vireo__eio_session *s, const vireo__eio_packet *packet)
{
    if (s->state != VIREO__EIO_STATE_OPEN)
        return;
    if (s->server->options.watched)
        vireo__eio_watch_packet(s, packet);
    if (packet->type != VIREO__EIO_PONG)
        note_sign_of_life(s);
    switch (packet->type) {
    case VIREO__EIO_PING:
        on_ping(s);
        break;
    case VIREO__EIO_PONG:
        on_pong(s);
        break;
    case VIREO__EIO_MESSAGE:
        if (s->server->loop->debug & VIREO__DEBUG_ENGINE_SOCKET)
            vireo__eio_trace(s, "<-", packet->binary, packet->data, packet->len);
        s->server->events->on_message(s, packet->binary, packet->data, packet->len);
        break;
    default:
        break; /* OPEN, UPGRADE and NOOP mean nothing here; CLOSE is the polling transport's */
    }
}

/* --- sending ---------------------------------------------------------------------------------- */

int vireo__eio_session_too_slow(vireo__eio_session *s)
{
    s->server->counts.too_slow++;
    vireo__eio_session_end(s, "transport error", "the client reads too slowly");
    return VIREO_EFULL;
}

/* Over a WebSocket frames have heads. */
static bool has_room(const vireo__eio_session *s, size_t len)
{
    size_t limit = s->server->options.max_queued_bytes;
    size_t queued = vireo__eio_queued(s);
    if (s->ws != NULL)
        queued += (vireo__outbox_count(&s->outbox) + 1) * VIREO__WS_HEAD_ROOM;
    return len <= limit && queued <= limit - len &&
           vireo__outbox_count(&s->outbox) < vireo__max_pieces(limit) &&
           !vireo__loop_too_far_behind(s->server->loop, queued, len);
}

static int send_by_outbox(vireo__eio_session *s, vireo__outbox_item item)
{
    if (!has_room(s, vireo__ws_payload_len(item.frame)))
        return vireo__eio_session_too_slow(s);
    int error = vireo__outbox_push(&s->outbox, s->server->loop, item);
    if (error == 0 && s->poll != NULL)
        vireo__turn_add(s->server->loop, &s->turn);
    return error;
}

static void show(vireo__eio_session *s, vireo__shared *frame)
{
    if (s->server->loop->debug & VIREO__DEBUG_ENGINE_SOCKET)
        vireo__eio_trace_frame(s, frame);
    if (s->server->options.watched)
        vireo__eio_watch_frame(s, frame);
}

int vireo__eio_send(vireo__eio_session *s, vireo__shared *frame, vireo__written_fn done, void *user)
{
    if (s->state != VIREO__EIO_STATE_OPEN)
        return VIREO_ECLOSED;
    show(s, frame);
    if (s->ws == NULL || !vireo__outbox_empty(&s->outbox))
        return send_by_outbox(s, (vireo__outbox_item){frame, done, user});
    int error = vireo__eio_websocket_send(s->ws, frame, done, user);
    return error == VIREO_EFULL ? vireo__eio_session_too_slow(s) : error;
}

/* The outbox of a session with a WebSocket holds what must not be given to it yet, and all that
 * came behind that. */
int vireo__eio_send_newest(vireo__eio_session *s, const vireo__outbox_name *name,
                           vireo__shared *text, vireo__shared *const *parts, size_t count)
{
    const vireo__eio_server *server = s->server;
    if (s->state != VIREO__EIO_STATE_OPEN)
        return VIREO_ECLOSED;
    bool waits = s->outbox.names != NULL || !vireo__eio_writable(s);
    int error;
    if (waits) {
        vireo__outbox_drop(&s->outbox, server->loop, name);
        show(s, text);
        error = send_by_outbox(s, (vireo__outbox_item){.frame = text});
    } else {
        error = vireo__eio_send(s, text, NULL, NULL);
    }
    for (size_t i = 0; i < count && error == 0; i++)
        error = vireo__eio_send(s, parts[i], NULL, NULL);
    if (waits && error == 0)
        vireo__outbox_name_last(&s->outbox, server->loop, name, 1 + count);
    return error;
}

bool vireo__eio_writable(const vireo__eio_session *s)
{
    if (s->state != VIREO__EIO_STATE_OPEN)
        return false;
    if (s->ws != NULL)
        return vireo__outbox_empty(&s->outbox) && vireo__eio_websocket_writable(s->ws);
    return s->poll != NULL;
}

size_t vireo__eio_queued(const vireo__eio_session *s)
{
    return vireo__outbox_bytes(&s->outbox) +
           (s->ws != NULL ? vireo__eio_websocket_queued(s->ws) : 0);
}

/* --- closing ---------------------------------------------------------------------------------- */

static void on_close_wait_over(vireo__deadline *d)
{
    vireo__eio_session_end(vireo__container(d, vireo__eio_session, heartbeat), "forced close", "");
}

void vireo__eio_close(vireo__eio_session *s, bool discard)
{
    if (s->state == VIREO__EIO_STATE_CLOSED)
        return;
    if (discard) {
        vireo__eio_session_end(s, "forced close", "");
        return;
    }
    if (s->state == VIREO__EIO_STATE_CLOSING)
        return;
    s->state = VIREO__EIO_STATE_CLOSING;
    s->server->closing++;
    vireo__deadline_stop(&s->heartbeat);
    if (s->ws != NULL) {
        vireo__eio_websocket_flush(s);
        if (s->ws != NULL)
            vireo__eio_websocket_close(s->ws);
        return;
    }
    await(s, CLOSE_WAIT_MS, on_close_wait_over);
    if (s->poll != NULL)
        vireo__turn_add(s->server->loop, &s->turn);
}

void vireo__eio_session_end(vireo__eio_session *s, const char *reason, const char *description)
{
    vireo__eio_server *server = s->server;
    size_t queued = vireo__eio_queued(s);
    if (s->state == VIREO__EIO_STATE_CLOSED)
        return;
    server->closing -= s->state == VIREO__EIO_STATE_CLOSING;
    s->state = VIREO__EIO_STATE_CLOSED;
    vireo__deadline_stop(&s->heartbeat);
    s->reason = reason;
    s->description = description;
    s->queued_at_end = queued < UINT32_MAX ? (uint32_t)queued : UINT32_MAX;
    vireo__debug(server->loop, VIREO__DEBUG_ENGINE, "%.*s.. closed: %s%s%s", VIREO__DEBUG_ID, s->id,
                 reason, *description != '\0' ? ", " : "", description);
    vireo__table_remove(&server->sessions, &s->by_id);
    if (server->directory != NULL && s->ws == NULL)
        vireo__directory_remove_soon(server->directory, server->loop, s->id);
    else if (server->directory != NULL)
        vireo__directory_remove(server->directory, s->id);
    vireo__list_remove(&s->node);
    vireo__list_append(&server->closed, &s->node);
    vireo__eio_polling_end(s, VIREO__EIO_CLOSE_PACKET);
    if (s->probe != NULL)
        vireo__eio_websocket_detach(s->probe);
    if (s->ws != NULL)
        vireo__eio_websocket_detach(s->ws);
    vireo__turn_add(server->loop, &s->turn);
}

void vireo__eio_session_finish(vireo__eio_session *s)
{
    vireo__eio_server *server = s->server;
    vireo__turn_remove(&s->turn);
    vireo__outbox_clear(&s->outbox, server->loop, VIREO_ECLOSED);
    server->counts.closed[vireo__reason_index(s->reason)]++;
    if (!s->refused)
        server->events->on_close(s, &(vireo__eio_close_info){s->reason, s->description,
                                                             s->queued_at_end, s->close_code});
    vireo__list_remove(&s->node);
    vireo__eio_session_free(s);
}

static void on_turn_end(vireo__turn_task *task)
{
    vireo__eio_session *s = vireo__container(task, vireo__eio_session, turn);
    if (s->state == VIREO__EIO_STATE_CLOSED)
        vireo__eio_session_finish(s);
    else if (s->ws != NULL)
        vireo__eio_websocket_written(s->ws);
    else
        vireo__eio_polling_flush(s);
}

/* --- what the floor above asks ---------------------------------------------------------------- */

void *vireo__eio_owner(const vireo__eio_session *s)
{
    return s->server->options.owner_size > 0 ? (void *)(uintptr_t)s->owner
                                             : *(void *const *)(const void *)s->owner;
}

void vireo__eio_set_owner(vireo__eio_session *s, void *owner)
{
    assert(s->server->options.owner_size == 0);
    *(void **)(void *)s->owner = owner;
}

void *vireo__eio_server_owner(const vireo__eio_session *s)
{
    return s->server->owner;
}

const char *vireo__eio_id(const vireo__eio_session *s)
{
    return s->id;
}

const char *vireo__eio_transport(const vireo__eio_session *s)
{
    return s->ws != NULL ? "websocket" : "polling";
}

int vireo__eio_protocol(const vireo__eio_session *s)
{
    return s->v3 ? 3 : 4;
}
