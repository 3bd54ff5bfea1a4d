/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client_manager.c: a connection to a server, made again when it is lost:
 *
 *     CLOSED -- open --> OPENING -- handshake --> OPEN -- lost --+
 *       ^                   \-- it cannot be had ----------------+-> CLOSED, reconnecting
 *       +------------------------------- the wait is over: OPENING <-----------+
 */

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "socketio/client.h"

static void on_timer(vireo__deadline *d);

static vireo__manager *of_engine(vireo__eio_client *engine)
{
    return vireo__eio_client_owner(engine);
}

/* --- telling ---------------------------------------------------------------------------------- */

/* Sockets leave the list at the end of a turn only; those that come meanwhile stand behind the last
 * one. */
void vireo__manager_each(vireo__manager *m, void (*fn)(vireo__client *c, const void *arg),
                         const void *arg)
{
    const vireo__list *last = m->sockets.prev;
    for (vireo__list *at = &m->sockets; at != last;) {
        at = at->next;
        vireo__client *c = vireo__container(at, vireo__client, node);
        if (!c->dropped)
            fn(c, arg);
    }
}

#define TELL(name, event)                                                                          \
    static void name(vireo__client *c, const void *arg)                                            \
    {                                                                                              \
        (void)arg;                                                                                 \
        if (c->options.event != NULL)                                                              \
            c->options.event(c->socket);                                                           \
    }
TELL(tell_ping, on_ping)
TELL(tell_drain, on_drain)
TELL(tell_failed, on_reconnect_failed)
#undef TELL

#define TELL(name, event)                                                                          \
    static void name(vireo__client *c, const void *arg)                                            \
    {                                                                                              \
        if (c->options.event != NULL)                                                              \
            c->options.event(c->socket, arg);                                                      \
    }
TELL(tell_error, on_error)
TELL(tell_reconnect_error, on_reconnect_error)
TELL(tell_packet, on_packet)
TELL(tell_upgrading, on_upgrading)
TELL(tell_upgrade, on_upgrade)
TELL(tell_upgrade_error, on_upgrade_error)
#undef TELL

#define TELL(name, event)                                                                          \
    static void name(vireo__client *c, const void *arg)                                            \
    {                                                                                              \
        if (c->options.event != NULL)                                                              \
            c->options.event(c->socket, *(const uint32_t *)arg);                                   \
    }
TELL(tell_attempt, on_reconnect_attempt)
TELL(tell_reconnect, on_reconnect)
#undef TELL

/* A handler of another socket may have closed the connection already. */
static void tell_open(vireo__client *c, const void *arg)
{
    (void)arg;
    if (c->manager->state != VIREO__MANAGER_OPEN)
        return;
    c->told_open = true;
    if (c->options.on_open != NULL)
        c->options.on_open(c->socket);
}

static void tell_close(vireo__client *c, const void *why)
{
    if (!c->told_open)
        return;
    c->told_open = false;
    if (c->options.on_close != NULL)
        c->options.on_close(c->socket, why);
}

static void tell_connect_error(vireo__client *c, const void *error)
{
    if (c->active && !c->socket->connected && c->options.on_connect_error != NULL)
        c->options.on_connect_error(c->socket, error);
}

/* --- once more -------------------------------------------------------------------------------- */

static void give_up(vireo__manager *m)
{
    m->attempts = 0;
    m->reconnecting = false;
    vireo__manager_each(m, tell_failed, NULL);
}

static void reconnect(vireo__manager *m)
{
    uint32_t chance;
    if (m->reconnecting || m->skip_reconnect || m->state != VIREO__MANAGER_CLOSED)
        return;
    if (m->max_attempts > 0 && m->attempts >= m->max_attempts) {
        give_up(m);
        return;
    }
    vireo__random(&chance, sizeof chance);
    uint32_t ms = vireo__backoff_delay(&m->backoff, m->attempts++, chance);
    m->reconnecting = true;
    if (vireo__deadline_start(m->io.loop, &m->timer, ms > 0 ? ms : 1, on_timer) < 0)
        give_up(m);
}

/* The handlers of on_reconnect_attempt may have ended it. */
static void wait_is_over(vireo__manager *m)
{
    uint32_t attempt = m->attempts;
    vireo__manager_each(m, tell_attempt, &attempt);
    if (!m->skip_reconnect)
        vireo__manager_open(m);
}

/* --- failures --------------------------------------------------------------------------------- */

static void let_engine_go(vireo__manager *m)
{
    vireo__deadline_stop(&m->timer);
    vireo__sio_decoder_deinit(&m->decoder, &m->io.codec);
    if (m->engine != NULL)
        vireo__eio_client_leave(m->engine);
    m->engine = NULL;
    m->state = VIREO__MANAGER_CLOSED;
    m->place_at = (m->place_at + 1) % m->place_count;
}

static void could_not_open(vireo__manager *m, const vireo_connect_error *error)
{
    let_engine_go(m);
    vireo__manager_each(m, tell_error, error);
    vireo__manager_each(m, tell_connect_error, error);
    if (m->reconnecting) {
        m->reconnecting = false;
        reconnect(m);
        vireo__manager_each(m, tell_reconnect_error, error);
    } else if (m->reconnection && m->attempts == 0) {
        reconnect(m);
    }
}

typedef struct ending {
    const char *reason;
    const char *description;
} ending;

static void lose(vireo__client *c, const void *arg)
{
    const ending *e = arg;
    if (c->active)
        vireo__client_lost(c, e->reason, e->description);
}

void vireo__manager_fail(vireo__manager *m, int error)
{
    if (m->engine != NULL)
        vireo__eio_client_fail(m->engine, "transport error", error);
}

void vireo__manager_lost(vireo__manager *m, const char *reason, const char *description)
{
    ending e = {reason, description};
    vireo_disconnect_info why = {.reason = reason, .description = description};
    bool was_open = m->state == VIREO__MANAGER_OPEN;
    let_engine_go(m);
    m->attempts = 0;
    if (was_open)
        vireo__manager_each(m, tell_close, &why);
    vireo__manager_each(m, lose, &e);
    if (m->reconnection)
        reconnect(m);
}

void vireo__manager_close(vireo__manager *m, const char *reason)
{
    m->skip_reconnect = true;
    m->reconnecting = false;
    vireo__manager_lost(m, reason, "");
}

/* --- events of the engine --------------------------------------------------------------------- */

static void socket_opened(vireo__client *c, const void *arg)
{
    (void)arg;
    if (c->active && c->manager->state == VIREO__MANAGER_OPEN)
        vireo__client_opened(c);
}

static void on_open(vireo__eio_client *engine)
{
    vireo__manager *m = of_engine(engine);
    uint32_t attempts = m->attempts;
    bool again = m->reconnecting;
    vireo__deadline_stop(&m->timer);
    m->state = VIREO__MANAGER_OPEN;
    m->clients->websocket_worked = vireo__eio_client_websocket_works(engine);
    m->attempts = 0;
    m->reconnecting = false;
    vireo__manager_each(m, tell_open, NULL);
    vireo__manager_each(m, socket_opened, NULL);
    if (again && m->state == VIREO__MANAGER_OPEN)
        vireo__manager_each(m, tell_reconnect, &attempts);
}

static void on_message(vireo__eio_client *engine, bool binary, uint8_t *data, size_t len)
{
    vireo__client_received(of_engine(engine), binary, data, len);
}

static void on_ping(vireo__eio_client *engine)
{
    vireo__manager_each(of_engine(engine), tell_ping, NULL);
}

static void on_packet(vireo__eio_client *engine, const vireo_packet_info *packet)
{
    vireo__manager *m = of_engine(engine);
    if (m->watched)
        vireo__manager_each(m, tell_packet, packet);
}

static void on_upgrading(vireo__eio_client *engine)
{
    vireo__manager_each(of_engine(engine), tell_upgrading, "websocket");
}

static void on_upgrade_error(vireo__eio_client *engine, int error, const char *text)
{
    vireo_connect_error why = {.message = "probe error", .description = text, .code = error};
    vireo__manager_each(of_engine(engine), tell_upgrade_error, &why);
}

static void on_upgrade(vireo__eio_client *engine)
{
    vireo__manager *m = of_engine(engine);
    m->clients->websocket_worked = true;
    vireo__manager_each(m, tell_upgrade, "websocket");
}

static void flush(vireo__client *c, const void *arg)
{
    (void)arg;
    if (!c->socket->connected)
        return;
    vireo__client_flush(c);
    vireo__client_drain(c, false);
}

static void on_drain(vireo__eio_client *engine)
{
    vireo__manager *m = of_engine(engine);
    vireo__manager_each(m, flush, NULL);
    vireo__manager_each(m, tell_drain, NULL);
}

static void on_close(vireo__eio_client *engine, const vireo__eio_failure *why)
{
    vireo__manager *m = of_engine(engine);
    m->engine = NULL;
    m->clients->websocket_worked = vireo__eio_client_websocket_works(engine);
    if (m->state == VIREO__MANAGER_OPEN)
        vireo__manager_lost(m, why->reason, why->text);
    else
        could_not_open(m,
                       &(vireo_connect_error){.message = *why->message ? why->message : why->reason,
                                              .description = why->text,
                                              .code = why->error < 0 ? why->error : VIREO_ECLOSED,
                                              .status = why->status});
}

static const vireo__eio_client_events engine_events = {
    .on_open = on_open,
    .on_message = on_message,
    .on_ping = on_ping,
    .on_packet = on_packet,
    .on_upgrading = on_upgrading,
    .on_upgrade = on_upgrade,
    .on_upgrade_error = on_upgrade_error,
    .on_drain = on_drain,
    .on_close = on_close,
};

/* --- opening ---------------------------------------------------------------------------------- */

static void fail_memory(vireo__manager *m)
{
    could_not_open(m, &(vireo_connect_error){.message = vireo_strerror(VIREO_ENOMEM),
                                             .description = "",
                                             .code = VIREO_ENOMEM});
}

static void begin(vireo__manager *m)
{
    bool websocket = m->remember_upgrade && m->clients->websocket_worked;
    m->engine =
        vireo__eio_client_open(m->io.app, m->places[m->place_at], websocket, &engine_events, m);
    if (m->engine == NULL ||
        (m->timeout_ms != VIREO_CLIENT_NEVER &&
         vireo__deadline_start(m->io.loop, &m->timer, m->timeout_ms, on_timer) < 0))
        fail_memory(m);
}

void vireo__manager_open(vireo__manager *m)
{
    if (m->state != VIREO__MANAGER_CLOSED || m->ended)
        return;
    m->skip_reconnect = false;
    m->state = VIREO__MANAGER_OPENING;
    vireo__turn_add(m->io.loop, &m->turn);
}

static void on_timer(vireo__deadline *d)
{
    vireo__manager *m = vireo__container(d, vireo__manager, timer);
    char text[64];
    snprintf(text, sizeof text, "no connection stood within %u ms", m->timeout_ms);
    if (m->state == VIREO__MANAGER_CLOSED)
        wait_is_over(m);
    else
        could_not_open(m, &(vireo_connect_error){
                              .message = "timeout", .description = text, .code = VIREO_ETIMEDOUT});
}

/* --- the turn --------------------------------------------------------------------------------- */

static void send_connect(vireo__client *c, const void *arg)
{
    (void)arg;
    if (!c->connect_due)
        return;
    c->connect_due = false;
    vireo__client_send_connect(c);
}

static void free_dropped(vireo__manager *m)
{
    for (vireo__list *at = m->sockets.next, *next; at != &m->sockets; at = next) {
        vireo__client *c = vireo__container(at, vireo__client, node);
        next = at->next;
        if (c->dropped && !m->ended)
            vireo__client_free(c);
    }
}

static void on_turn(vireo__turn_task *task)
{
    vireo__manager *m = vireo__container(task, vireo__manager, turn);
    if (m->state == VIREO__MANAGER_OPENING && m->engine == NULL)
        begin(m);
    if (m->state == VIREO__MANAGER_OPEN)
        vireo__manager_each(m, send_connect, NULL);
    free_dropped(m);
    if (!m->ended && vireo__list_empty(&m->sockets))
        vireo__manager_free(m);
}

/* --- making ----------------------------------------------------------------------------------- */

static int add_places(vireo__manager *m, vireo_app *app, const vireo__client_url *url,
                      const vireo_client_options *o, vireo_error *error)
{
    size_t n = 1;
    uint32_t chance;
    while (o->more_urls != NULL && o->more_urls[n - 1] != NULL)
        n++;
    m->places = calloc(n, sizeof(vireo__eio_place *));
    if (m->places == NULL)
        return vireo__error_set(error, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
    for (size_t i = 0; i < n; i++) {
        vireo__client_url other = {.text = NULL};
        const char *why = NULL;
        int result = i == 0 ? 0 : vireo__client_url_read(&other, o->more_urls[i - 1], &why);
        if (result < 0)
            vireo__error_set(error, result, "%s is no URL to connect to: %s", o->more_urls[i - 1],
                             why);
        else
            m->places[i] = vireo__client_place(app, i == 0 ? url : &other, o, error);
        vireo__client_url_free(&other);
        if (m->places[i] == NULL)
            return VIREO_EINVAL;
        m->place_count++;
    }
    vireo__random(&chance, sizeof chance);
    m->place_at = chance % m->place_count;
    return 0;
}

static void take_options(vireo__manager *m, const vireo_client_options *o)
{
    m->io.options.max_message_bytes = o->max_message_bytes;
    m->io.codec.parser = o->parser;
    m->io.codec.user = o->parser_user;
    m->io.codec.max_values = vireo__io_default_values(o->max_message_bytes);
    m->io.codec.max_attachments = o->max_attachments;
    m->io.options.max_owed = UINT32_MAX;
    m->backoff = (vireo__backoff){o->reconnect_delay_ms, o->reconnect_delay_max_ms, 2,
                                  o->randomization <= 1 ? o->randomization : 0};
    m->max_attempts = o->reconnect_attempts;
    m->timeout_ms = o->timeout_ms;
    m->max_queued_bytes = o->max_queued_bytes;
    m->reconnection = !o->no_reconnect;
    m->remember_upgrade = o->remember_upgrade;
    m->shared = !o->force_new;
}

vireo__manager *vireo__manager_new(vireo__clients *clients, vireo_app *app,
                                   const vireo__client_url *url, const vireo_client_options *o,
                                   vireo_error *error)
{
    if (!vireo__sio_parser_valid(o->parser)) {
        vireo__error_set(error, VIREO_EINVAL, "a parser needs encode and decode: see VIREO_PARSER");
        return NULL;
    }
    vireo__manager *m = calloc(1, sizeof *m);
    if (m == NULL) {
        vireo__error_set(error, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
        return NULL;
    }
    vireo__io_init(&m->io, app, &vireo__sio_client_end);
    m->clients = clients;
    m->turn.run = on_turn;
    vireo__list_init(&m->sockets);
    vireo__list_append(&clients->managers, &m->node);
    take_options(m, o);
    if (add_places(m, app, url, o, error) == 0)
        return m;
    vireo__manager_free(m);
    return NULL;
}

void vireo__manager_free(vireo__manager *m)
{
    vireo__deadline_stop(&m->timer);
    vireo__turn_remove(&m->turn);
    vireo__list_remove(&m->node);
    vireo__sio_decoder_deinit(&m->decoder, &m->io.codec);
    for (uint32_t i = 0; i < m->place_count; i++)
        vireo__eio_place_unref(m->places[i]);
    free(m->places);
    free(m->key);
    _Static_assert(offsetof(vireo__manager, io) == 0, "what frees the one frees the other");
    vireo__io_free(&m->io);
}
