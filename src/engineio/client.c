/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <vireo/value.h>

#include "base/random.h"
#include "base/url.h"
#include "engineio/client_inside.h"

enum {
    SID_MAX = 256,           /* bytes of a session's id */
    INTERVAL_MAX = 86400000, /* ms; a server that promises less than a sign of life a day */
};

/* --- the end ---------------------------------------------------------------------------------- */

static void free_client(vireo__eio_client *c)
{
    vireo_app *app = c->app;
    vireo__eio_jar_free(c);
    vireo__outbox_clear(&c->outbox, c->loop, VIREO_ECLOSED);
    vireo__eio_place_unref(c->place);
    free(c->sid);
    free(c->url_sid);
    free(c->text);
    vireo__app_leave(app, &c->guest);
    free(c);
}

/* Nothing of it is under way any more; its memory goes at the end of the turn. */
static void let_go(vireo__eio_client *c, bool cut)
{
    vireo__deadline_stop(&c->heartbeat);
    vireo__eio_client_stop_polling(c, !cut && c->sid != NULL && c->wire == NULL);
    vireo__eio_wire_leave(c->probe, true);
    vireo__eio_wire_leave(c->wire, cut);
    c->probe = c->wire = NULL;
    vireo__turn_add(c->loop, &c->turn);
}

static void set_failure(vireo__eio_client *c, const char *reason, const char *message, int error,
                        const char *text)
{
    c->reason = reason;
    c->message = message;
    c->error = error;
    c->text = text != NULL ? strdup(text) : NULL;
}

static void fail(vireo__eio_client *c, const char *reason, const char *message, int error,
                 const char *text)
{
    if (c->state == VIREO__EIO_CLIENT_LEAVING) {
        c->state = VIREO__EIO_CLIENT_GONE;
        let_go(c, true);
    }
    if (!vireo__eio_client_lives(c))
        return;
    set_failure(c, reason, message, error, text);
    c->state = VIREO__EIO_CLIENT_FAILED;
    /* a server whose transport is still fine is told good-bye */
    let_go(c, strncmp(reason, "transport", strlen("transport")) == 0);
}

void vireo__eio_client_fail(vireo__eio_client *c, const char *reason, int error)
{
    fail(c, reason, "", error, error < 0 ? vireo_strerror(error) : NULL);
}

void vireo__eio_client_closed(vireo__eio_client *c, const char *text)
{
    fail(c, "transport close", "", 0, text);
}

static void tell_end(vireo__eio_client *c)
{
    c->events->on_close(c, &(vireo__eio_failure){.reason = c->reason,
                                                 .message = c->message,
                                                 .text = c->text != NULL ? c->text : "",
                                                 .error = c->error,
                                                 .status = c->status});
}

/* --- opening ---------------------------------------------------------------------------------- */

static void begin(vireo__eio_client *c, vireo__eio_kind kind)
{
    if (kind == VIREO__EIO_KIND_POLLING)
        vireo__eio_client_poll(c);
    else
        vireo__eio_client_dial(c, false);
}

static void try_next(vireo__eio_client *c)
{
    vireo__eio_client_stop_polling(c, false);
    vireo__eio_wire_leave(c->wire, true);
    c->wire = NULL;
    begin(c, c->place->kinds[++c->kind_at]);
}

void vireo__eio_client_lost(vireo__eio_client *c, const char *message, int error, unsigned status,
                            const char *text)
{
    c->websocket_works = false;
    if (c->state == VIREO__EIO_CLIENT_OPENING && c->place->try_all &&
        c->kind_at + 1 < c->place->kind_count) {
        try_next(c);
        return;
    }
    if (vireo__eio_client_lives(c))
        c->status = status;
    fail(c, "transport error", message, error < 0 ? error : VIREO_EPROTO, text);
}

/* --- the handshake ---------------------------------------------------------------------------- */

static uint64_t clock_with_sleep_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void on_silence(vireo__deadline *d)
{
    fail(vireo__container(d, vireo__eio_client, heartbeat), "ping timeout", "", 0, NULL);
}

static void await_ping(vireo__eio_client *c)
{
    c->expires = clock_with_sleep_ms() + c->ping_ms;
    if (vireo__deadline_start(c->loop, &c->heartbeat, c->ping_ms, on_silence) < 0)
        vireo__eio_client_fail(c, "transport error", VIREO_ENOMEM);
}

bool vireo__eio_client_stands(vireo__eio_client *c)
{
    if (c->state != VIREO__EIO_CLIENT_OPEN || (c->wire != NULL && !vireo__eio_wire_stands(c->wire)))
        return false;
    if (clock_with_sleep_ms() <= c->expires)
        return true;
    fail(c, "ping timeout", "", 0, NULL);
    return false;
}

static bool offers_websocket(const vireo_value *upgrades)
{
    for (const vireo_value *u = NULL; (u = vireo_next(upgrades, u)) != NULL;)
        if (strcmp(vireo_str_or(u, ""), "websocket") == 0)
            return true;
    return false;
}

static bool knows_websocket(const vireo__eio_place *place)
{
    for (size_t i = 0; i < place->kind_count; i++)
        if (place->kinds[i] == VIREO__EIO_KIND_WEBSOCKET)
            return true;
    return false;
}

static bool take_sid(vireo__eio_client *c, const vireo_value *sid)
{
    vireo__buf encoded;
    size_t len;
    const char *text = vireo_str_len(sid, &len);
    if (len == 0 || len > SID_MAX || strlen(text) != len)
        return false;
    vireo__buf_init(&encoded, VIREO__BUF_UNLIMITED);
    vireo__url_encode(&encoded, text, len);
    c->sid = strdup(text);
    if (vireo__buf_cstr(&encoded) == NULL)
        vireo__buf_deinit(&encoded);
    c->url_sid = (char *)encoded.data;
    return c->sid != NULL && c->url_sid != NULL;
}

/* What is no number of milliseconds, or an absurd one, is no handshake. */
static bool take_times(vireo__eio_client *c, const vireo_value *hello)
{
    int64_t interval = vireo_int(vireo_get(hello, "pingInterval"), -1);
    int64_t timeout = vireo_int(vireo_get(hello, "pingTimeout"), -1);
    int64_t payload = vireo_int(vireo_get(hello, "maxPayload"), 0);
    if (interval < 0 || interval > INTERVAL_MAX || timeout < 0 || timeout > INTERVAL_MAX)
        return false;
    c->ping_ms = (uint32_t)(interval + timeout);
    c->max_payload = payload > 0 ? (size_t)payload : 0;
    return c->ping_ms > 0;
}

static void open_up(vireo__eio_client *c, bool upgrade)
{
    c->state = VIREO__EIO_CLIENT_OPEN;
    c->websocket_works = c->wire != NULL;
    await_ping(c);
    if (c->state != VIREO__EIO_CLIENT_OPEN)
        return;
    c->events->on_open(c);
    if (c->state == VIREO__EIO_CLIENT_OPEN && upgrade)
        vireo__eio_client_dial(c, true); /* what comes of it or not, polling goes on */
}

static void take_handshake(vireo__eio_client *c, const vireo__eio_packet *packet)
{
    vireo_value *hello = vireo_parse((const char *)packet->data, packet->len, NULL);
    bool good = take_times(c, hello) && take_sid(c, vireo_get(hello, "sid"));
    bool upgrade = c->wire == NULL && !c->place->no_upgrade && knows_websocket(c->place) &&
                   offers_websocket(vireo_get(hello, "upgrades"));
    vireo_value_free(hello);
    if (good)
        open_up(c, upgrade);
    else
        fail(c, "parse error", "parse error", VIREO_EPROTO, "the handshake cannot be read");
}

/* --- packets ---------------------------------------------------------------------------------- */

static int send_text(vireo__eio_client *c, const char *text);

static void take_ping(vireo__eio_client *c)
{
    int error = send_text(c, "3");
    if (error < 0)
        vireo__eio_client_fail(c, "transport error", error);
    else
        await_ping(c);
    if (c->state == VIREO__EIO_CLIENT_OPEN)
        c->events->on_ping(c);
}

static void tell_come(vireo__eio_client *c, const vireo__eio_packet *packet)
{
    c->events->on_packet(c, &(vireo_packet_info){.type = (char)('0' + packet->type),
                                                 .binary = packet->binary,
                                                 .data = packet->data,
                                                 .len = packet->len});
}

bool vireo__eio_client_packet(vireo__eio_client *c, const vireo__eio_packet *packet)
{
    bool open = c->state == VIREO__EIO_CLIENT_OPEN;
    if (vireo__eio_client_lives(c))
        tell_come(c, packet);
    if (packet->type == VIREO__EIO_OPEN && c->state == VIREO__EIO_CLIENT_OPENING)
        take_handshake(c, packet);
    else if (packet->type == VIREO__EIO_PING && open)
        take_ping(c);
    else if (packet->type == VIREO__EIO_MESSAGE && open)
        c->events->on_message(c, packet->binary, packet->data, packet->len);
    else if (packet->type == VIREO__EIO_CLOSE && c->wire == NULL)
        vireo__eio_client_closed(c, "transport closed by the server");
    return vireo__eio_client_lives(c);
}

/* --- sending ---------------------------------------------------------------------------------- */

/* A text's payload begins with the packet's type. */
static void tell_queued(vireo__eio_client *c, vireo__shared *frame)
{
    const uint8_t *data = vireo__ws_payload(frame);
    size_t len = vireo__ws_payload_len(frame);
    bool binary = vireo__ws_frame_opcode(frame) == VIREO__WS_BINARY;
    size_t type = binary || len == 0 ? 0 : 1;
    c->events->on_packet(c, &(vireo_packet_info){.sent = true,
                                                 .type = type > 0 ? (char)data[0] : '4',
                                                 .binary = binary,
                                                 .data = data + type,
                                                 .len = len - type});
}

/* What has nothing in front of it goes to the WebSocket at once; the stream collects what is sent
 * in one turn. */
static int send_frame(vireo__eio_client *c, vireo__shared *frame)
{
    tell_queued(c, frame);
    if (c->wire != NULL && vireo__outbox_empty(&c->outbox))
        return vireo__eio_wire_send(c->wire, frame);
    int error = vireo__outbox_push(&c->outbox, c->loop, (vireo__outbox_item){.frame = frame});
    if (error == 0)
        vireo__turn_add(c->loop, &c->turn);
    return error;
}

static int send_text(vireo__eio_client *c, const char *text)
{
    vireo__shared *frame = vireo__ws_frame_copy(VIREO__WS_TEXT, text, strlen(text));
    int error = frame != NULL ? send_frame(c, frame) : VIREO_ENOMEM;
    vireo__shared_unref(frame);
    return error;
}

int vireo__eio_client_send(vireo__eio_client *c, vireo__shared *frame)
{
    return c->state == VIREO__EIO_CLIENT_OPEN ? send_frame(c, frame) : VIREO_ECLOSED;
}

static int flush_to_wire(vireo__eio_client *c)
{
    vireo__outbox_item item;
    int error = 0;
    while (error == 0 && vireo__outbox_pop(&c->outbox, c->loop, &item)) {
        error = vireo__eio_wire_send(c->wire, item.frame);
        vireo__shared_unref(item.frame);
    }
    return error;
}

/* flush sends what waits. While polling comes to its end nothing new is begun. */
static void flush(vireo__eio_client *c)
{
    int error = 0;
    if (vireo__outbox_empty(&c->outbox))
        return;
    if (c->wire != NULL)
        error = flush_to_wire(c);
    else if (c->post == NULL && !c->upgrading)
        vireo__eio_client_post(c);
    if (error < 0)
        vireo__eio_client_fail(c, "transport error", error);
}

/* --- going on --------------------------------------------------------------------------------- */

static bool all_sent(const vireo__eio_client *c)
{
    return vireo__outbox_empty(&c->outbox) && c->post == NULL && !c->upgrading;
}

static void go_on(vireo__eio_client *c)
{
    if (c->upgrading && c->get == NULL && c->post == NULL && !c->taking)
        vireo__eio_wire_switch(c);
    if (vireo__eio_client_lives(c) || c->state == VIREO__EIO_CLIENT_LEAVING)
        flush(c);
    if (c->state != VIREO__EIO_CLIENT_LEAVING || !all_sent(c))
        return;
    c->state = VIREO__EIO_CLIENT_GONE;
    let_go(c, false);
}

static void on_turn(vireo__turn_task *task)
{
    vireo__eio_client *c = vireo__container(task, vireo__eio_client, turn);
    if (c->state != VIREO__EIO_CLIENT_FAILED && c->state != VIREO__EIO_CLIENT_GONE)
        go_on(c);
    if (c->state == VIREO__EIO_CLIENT_FAILED) {
        c->state = VIREO__EIO_CLIENT_GONE;
        tell_end(c);
    }
    if (c->state == VIREO__EIO_CLIENT_GONE) {
        vireo__turn_remove(&c->turn);
        free_client(c);
    }
}

void vireo__eio_client_go_on(vireo__eio_client *c)
{
    vireo__turn_add(c->loop, &c->turn);
}

/* --- leaving ---------------------------------------------------------------------------------- */

static void on_left_late(vireo__deadline *d)
{
    vireo__eio_client *c = vireo__container(d, vireo__eio_client, heartbeat);
    c->state = VIREO__EIO_CLIENT_GONE;
    let_go(c, true);
}

void vireo__eio_client_leave(vireo__eio_client *c)
{
    bool open = c->state == VIREO__EIO_CLIENT_OPEN;
    c->owner = NULL;
    c->state = open ? VIREO__EIO_CLIENT_LEAVING : VIREO__EIO_CLIENT_GONE;
    if (open &&
        vireo__deadline_start(c->loop, &c->heartbeat, VIREO__EIO_LEAVE_MS, on_left_late) < 0)
        c->state = VIREO__EIO_CLIENT_GONE;
    if (c->state == VIREO__EIO_CLIENT_GONE)
        let_go(c, true);
    else
        vireo__turn_add(c->loop, &c->turn);
}

static vireo__eio_client *of_guest(vireo__guest *guest)
{
    return vireo__container(guest, vireo__eio_client, guest);
}

/* The owner hears of the application's end by itself, and leaves. */
static void on_stop(vireo__guest *guest)
{
    (void)guest;
}

static void on_cut(vireo__guest *guest)
{
    vireo__eio_client *c = of_guest(guest);
    if (c->state == VIREO__EIO_CLIENT_GONE || c->state == VIREO__EIO_CLIENT_FAILED)
        return;
    if (c->state == VIREO__EIO_CLIENT_LEAVING)
        c->state = VIREO__EIO_CLIENT_GONE;
    else
        set_failure(c, "transport close", "", 0, NULL);
    if (c->state != VIREO__EIO_CLIENT_GONE)
        c->state = VIREO__EIO_CLIENT_FAILED;
    let_go(c, true);
}

/* --- making, asking --------------------------------------------------------------------------- */

vireo__eio_client *vireo__eio_client_open(vireo_app *app, vireo__eio_place *place, bool websocket,
                                          const vireo__eio_client_events *events, void *owner)
{
    vireo__eio_client *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->app = app;
    c->loop = vireo__app_loop(app);
    c->place = vireo__eio_place_ref(place);
    c->events = events;
    c->owner = owner;
    c->guest = (vireo__guest){.on_stop = on_stop, .on_cut = on_cut};
    c->turn.run = on_turn;
    c->reason = c->message = "";
    vireo__list_init(&c->cookies);
    vireo__app_enter(app, &c->guest);
    bool ws = websocket && knows_websocket(place);
    begin(c, ws ? VIREO__EIO_KIND_WEBSOCKET : place->kinds[0]);
    return c;
}

char *vireo__eio_client_url(const vireo__eio_client *c, vireo__eio_kind kind)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    enum { STAMP = 8 };
    char stamp[STAMP + 1] = "";
    uint8_t random[STAMP];
    vireo__buf url;
    vireo__random(random, sizeof random);
    for (size_t i = 0; i < STAMP; i++)
        stamp[i] = digits[random[i] % 36];
    vireo__buf_init(&url, VIREO__BUF_UNLIMITED);
    vireo__eio_place_url(c->place, kind, c->url_sid, c->place->timestamps[kind] ? stamp : NULL,
                         &url);
    if (vireo__buf_cstr(&url) == NULL)
        vireo__buf_deinit(&url);
    return (char *)url.data;
}

void *vireo__eio_client_owner(const vireo__eio_client *c)
{
    return c->owner;
}

const char *vireo__eio_client_id(const vireo__eio_client *c)
{
    return c->sid != NULL ? c->sid : "";
}

vireo__eio_kind vireo__eio_client_kind(const vireo__eio_client *c)
{
    return c->wire != NULL ? VIREO__EIO_KIND_WEBSOCKET : VIREO__EIO_KIND_POLLING;
}

bool vireo__eio_client_writable(const vireo__eio_client *c)
{
    if (c->state != VIREO__EIO_CLIENT_OPEN || c->upgrading || !vireo__outbox_empty(&c->outbox))
        return false;
    return c->wire != NULL ? vireo__eio_wire_writable(c->wire) : c->post == NULL;
}

size_t vireo__eio_client_queued(const vireo__eio_client *c)
{
    return vireo__outbox_bytes(&c->outbox) +
           (c->wire != NULL ? vireo__eio_wire_queued(c->wire) : 0);
}

bool vireo__eio_client_websocket_works(const vireo__eio_client *c)
{
    return c->websocket_works;
}
