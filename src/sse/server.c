/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* server.c: <vireo/sse.h>: an endpoint is a route, the list of its streams and their rooms. A
 * stream has left HTTP behind once its head is sent: no request stays in memory, its body ends with
 * the connection, and an event is the same bytes for every receiver, on whichever worker (feed.h).
 *
 *     | vireo_sse | data_size bytes of the user | address, NUL |
 */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>
#include <vireo/sse.h>

#include "base/rooms.h"
#include "http/connlog.h"
#include "http/exposition.h"
#include "http/group.h"
#include "http/server.h"
#include "payload/template.h"
#include "sse/feed.h"
#include "sse/format.h"
#include "sse/server.h"

enum {
    DEFAULT_HEARTBEAT_MS = 15000, /* proxies commonly cut what is silent for 30 to 60 s */
    DEFAULT_HISTORY_BYTES = 1 << 20,
    DEFAULT_QUEUED_BYTES = 1 << 20,
    DEFAULT_ROOMS = 1000,
    MAX_DATA_SIZE = 1 << 30,
    MAX_ROOM_NAME = 255,
    SCRATCH_KEPT = 16384,  /* bytes of the buffer in which events are written */
    ITEMS_PER_TURN = 1024, /* of other workers, before the connections have their turn again */
    WARN_MS = 10000        /* between two lines about workers that do not keep up */
};

struct vireo_sse_endpoint {
    vireo_app *app;
    vireo_loop *loop;
    vireo_sse_options options;
    vireo__list streams; /* until on_close has returned */
    size_t open;
    uint64_t opened; /* so far */
    vireo__rooms rooms;
    vireo__sse_feed *feed; /* of all workers' endpoints like this one, or its own */
    vireo__sse_reader *reader;
    vireo__turn_task wake; /* the other workers */
    vireo_sse *opening;    /* it has yet to get what it missed; NULL: none does */
    vireo__list held;      /* .. then this, published meanwhile */
    uint64_t dropped;      /* what these were to hear, and did not */
    uint64_t warned_at;
    vireo__shared *heartbeat;
    vireo__buf text;  /* of the event that is being written */
    vireo__part part; /* of the application */
};

struct vireo_sse {
    vireo__stream *stream;
    vireo_sse_endpoint *endpoint;
    vireo__list node;
    vireo__member member;
    vireo__list partings;
    vireo__deadline heartbeat;
    bool ended : 1;  /* nothing more can be sent */
    bool closed : 1; /* by us */
    bool missed : 1;
    _Alignas(max_align_t) uint8_t data[];
};

static vireo_sse *of_member(vireo__member *member)
{
    return vireo__container(member, vireo_sse, member);
}

/* --- the end of a stream ---------------------------------------------------------------------- */

/* From here on it is in no room and receives nothing. */
static void leave(vireo_sse *e)
{
    if (e->ended)
        return;
    e->ended = true;
    e->endpoint->open--;
    vireo__deadline_stop(&e->heartbeat);
    vireo__rooms_leave_all(&e->endpoint->rooms, &e->member);
    vireo__partings_tell(&e->partings);
}

int vireo__sse_on_parting(vireo_sse *e, vireo__parting *p)
{
    if (e->ended)
        return VIREO_ECLOSED;
    vireo__list_append(&e->partings, &p->node);
    return 0;
}

static void end(vireo_sse *e)
{
    leave(e);
    vireo__stream_end(e->stream);
}

void vireo_sse_close(vireo_sse *e)
{
    e->closed = true;
    end(e);
}

static void on_data(vireo__stream *s, uint8_t *bytes, size_t n)
{
    (void)s, (void)bytes, (void)n; /* there is nothing that a client could have to say */
}

static void on_end(vireo__stream *s)
{
    end(s->owner);
}

static void on_drain(vireo__stream *s)
{
    vireo_sse *e = s->owner;
    if (e->endpoint->options.on_drain != NULL)
        e->endpoint->options.on_drain(e);
}

static void tell_log(const vireo_sse *e, const vireo__conn_event *more)
{
    vireo__conn_event line = *more;
    if (!vireo__connlog_on(e->endpoint->app))
        return;
    line.area = "sse";
    line.address = vireo_sse_address(e);
    line.transport = "sse";
    vireo__connlog_write(e->endpoint->app, &line);
}

static void on_close(vireo__stream *s, int error)
{
    vireo_sse *e = s->owner;
    const char *by = error < 0 ? "network" : e->closed ? "server" : "client";
    leave(e);
    tell_log(e, &(vireo__conn_event){.event = "disconnect",
                                     .by = by,
                                     .reason = error < 0 ? vireo_strerror(error) : NULL});
    if (e->endpoint->options.on_close != NULL)
        e->endpoint->options.on_close(e, error);
    vireo__list_remove(&e->node);
    free(e);
}

static const vireo__stream_events stream_events = {
    .on_data = on_data,
    .on_end = on_end,
    .on_drain = on_drain,
    .on_close = on_close,
};

/* --- sending ---------------------------------------------------------------------------------- */

static void on_silence(vireo__deadline *d);

static void await_silence(vireo_sse *e)
{
    vireo__deadline_start(e->endpoint->loop, &e->heartbeat, e->endpoint->options.heartbeat_ms,
                          on_silence);
}

int vireo__sse_send_shared(vireo_sse *e, vireo__shared *text)
{
    if (e->ended)
        return VIREO_ECLOSED;
    int error = vireo__stream_write(e->stream, text, 0, text->len, NULL, NULL);
    if (error == 0)
        await_silence(e);
    return error;
}

static void on_silence(vireo__deadline *d)
{
    vireo_sse *e = vireo__container(d, vireo_sse, heartbeat);
    vireo__sse_send_shared(e, e->endpoint->heartbeat);
}

/* begin_text and finish_text stand around what writes an event into endpoint->text. */
static vireo__buf *begin_text(vireo_sse_endpoint *endpoint)
{
    vireo__buf_reset(&endpoint->text, SCRATCH_KEPT);
    return &endpoint->text;
}

static int finish_text(vireo_sse *e, int error)
{
    const vireo__buf *text = &e->endpoint->text;
    if (error == 0 && e->ended)
        error = VIREO_ECLOSED;
    if (error == 0)
        error = vireo__stream_write_copy(e->stream, text->data, text->len);
    if (error == 0)
        await_silence(e);
    return error;
}

static int send_data(vireo_sse *e, const char *event, vireo__str data)
{
    vireo__buf *text = begin_text(e->endpoint);
    return finish_text(e, vireo__sse_format_event(text, NULL, event, data));
}

/* One JSON value in the loop's scratch buffer. */
static int write_json(vireo_loop *loop, vireo__str *json, const char *tmpl, va_list args)
{
    vireo__buf *scratch = vireo__loop_scratch(loop);
    int error = vireo__template_write_one(scratch, NULL, tmpl, args);
    *json = (vireo__str){(const char *)scratch->data, scratch->len};
    return error < 0 ? error : 0;
}

int vireo_sse_send(vireo_sse *e, const char *event, const char *tmpl, ...)
{
    vireo__str json;
    va_list args;
    va_start(args, tmpl);
    int error = write_json(e->endpoint->loop, &json, tmpl, args);
    va_end(args);
    return error < 0 ? error : send_data(e, event, json);
}

int vireo_sse_send_text(vireo_sse *e, const char *event, const char *text)
{
    return send_data(e, event, vireo__str_of(text));
}

int vireo_sse_comment(vireo_sse *e, const char *comment)
{
    vireo__buf *text = begin_text(e->endpoint);
    return finish_text(e, vireo__sse_format_comment(text, vireo__str_of(comment)));
}

/* --- publishing ------------------------------------------------------------------------------- */

typedef struct delivery {
    vireo__shared *text;
    int count;
} delivery;

/* What is published inside on_open has later ids than what is replayed behind that. */
static int hold(vireo_sse *e, vireo__shared *text)
{
    vireo__sse_item *item = vireo__sse_item_new(text, NULL);
    if (item == NULL)
        return VIREO_ENOMEM;
    vireo__list_append(&e->endpoint->held, &item->node);
    return 0;
}

static void deliver(vireo__member *member, void *user)
{
    delivery *d = user;
    vireo_sse *e = of_member(member);
    int error = e == e->endpoint->opening ? hold(e, d->text) : vireo__sse_send_shared(e, d->text);
    if (error == 0)
        d->count++;
}

/* A stream that is too slow is closed by its stream, with an event of a later turn: nobody leaves
 * the list or a room while we walk. */
static int deliver_all(vireo_sse_endpoint *endpoint, const char *room, vireo__shared *text)
{
    delivery d = {text, 0};
    if (room != NULL) {
        vireo__visit visit = vireo__visit_begin(&endpoint->rooms);
        vireo__visit_room(&visit, room, deliver, &d);
        return d.count;
    }
    for (vireo__list *at = endpoint->streams.next; at != &endpoint->streams; at = at->next)
        deliver(&vireo__container(at, vireo_sse, node)->member, &d);
    return d.count;
}

/* What other workers have published. */
static void hand_out(vireo_sse_endpoint *endpoint, vireo__list *items)
{
    while (!vireo__list_empty(items)) {
        vireo__sse_item *item = vireo__container(items->next, vireo__sse_item, node);
        deliver_all(endpoint, item->to_all ? NULL : item->room, item->text);
        vireo__sse_item_free(item);
    }
}

static void on_woken(void *reader_, void *unused)
{
    vireo__sse_reader *reader = reader_;
    vireo_sse_endpoint *endpoint = vireo__sse_reader_owner(reader);
    vireo__list items;
    (void)unused;
    if (endpoint == NULL)
        return;
    bool all = vireo__sse_feed_take(reader, ITEMS_PER_TURN, &items);
    hand_out(endpoint, &items);
    while (!all && vireo__loop_post(endpoint->loop, on_woken, reader, NULL) == VIREO_ENOMEM)
        uv_sleep(1);
}

static int wake(vireo__sse_reader *reader, void *owner)
{
    vireo_sse_endpoint *endpoint = owner; /* another thread's: its loop only */
    return vireo__loop_post(endpoint->loop, on_woken, reader, NULL);
}

static void wake_others(vireo__turn_task *task)
{
    vireo_sse_endpoint *endpoint = vireo__container(task, vireo_sse_endpoint, wake);
    if (vireo__group_over(vireo__app_group(endpoint->app)))
        return;
    while (vireo__sse_feed_wake(endpoint->feed, wake) == VIREO_ENOMEM)
        uv_sleep(1);
}

static void tell_others(vireo_sse_endpoint *endpoint, unsigned missed)
{
    uint64_t now = vireo__loop_now(endpoint->loop);
    if (vireo__app_group(endpoint->app) == NULL)
        return;
    vireo__turn_add(endpoint->loop, &endpoint->wake);
    endpoint->dropped += missed;
    if (missed == 0 || (endpoint->warned_at != 0 && now - endpoint->warned_at < WARN_MS))
        return;
    endpoint->warned_at = now;
    vireo__log_line(&endpoint->loop->log, VIREO_WARN, "sse",
                    "%u workers do not keep up: events are dropped", missed);
}

static int publish_data(vireo_sse_endpoint *endpoint, const char *room, const char *event,
                        vireo__str data)
{
    vireo__list before;
    vireo__shared *text;
    unsigned missed;
    int error = vireo__sse_feed_publish(endpoint->reader, room, event, data, begin_text(endpoint),
                                        &before, &text, &missed);
    if (error < 0)
        return error;
    tell_others(endpoint, missed);
    hand_out(endpoint, &before);
    int count = deliver_all(endpoint, room, text);
    vireo__shared_unref(text);
    return count;
}

int vireo_sse_publish(vireo_sse_endpoint *endpoint, const char *room, const char *event,
                      const char *tmpl, ...)
{
    vireo__str json;
    va_list args;
    va_start(args, tmpl);
    int error = write_json(endpoint->loop, &json, tmpl, args);
    va_end(args);
    return error < 0 ? error : publish_data(endpoint, room, event, json);
}

int vireo_sse_publish_text(vireo_sse_endpoint *endpoint, const char *room, const char *event,
                           const char *text)
{
    return publish_data(endpoint, room, event, vireo__str_of(text));
}

/* --- opening ---------------------------------------------------------------------------------- */

static vireo_sse *new_stream(vireo_sse_endpoint *endpoint, const char *address)
{
    size_t size = endpoint->options.data_size;
    vireo_sse *e = calloc(1, sizeof *e + size + strlen(address) + 1);
    if (e == NULL)
        return NULL;
    e->endpoint = endpoint;
    vireo__member_init(&e->member, 0);
    vireo__list_init(&e->node);
    vireo__list_init(&e->partings);
    strcpy((char *)e->data + size, address);
    return e;
}

/* Sends what was published to all or to a room of |e|. */
static void replay(vireo_sse *e, vireo__list *past)
{
    while (!vireo__list_empty(past)) {
        vireo__sse_item *item = vireo__container(past->next, vireo__sse_item, node);
        if (item->to_all || vireo__rooms_has(&e->endpoint->rooms, &e->member, item->room))
            vireo__sse_send_shared(e, item->text);
        vireo__sse_item_free(item);
    }
}

/* Hands out to the others what |e| must not get: it was published before. What it has missed stands
 * in |past|. */
static void catch_up(vireo_sse *e, const char *last_id, vireo__list *past)
{
    vireo__list before;
    vireo__list_init(past);
    if (last_id != NULL && *last_id != '\0')
        e->missed = !vireo__sse_feed_return(e->endpoint->reader, last_id, &before, past);
    else
        vireo__sse_feed_take(e->endpoint->reader, SIZE_MAX, &before);
    hand_out(e->endpoint, &before);
}

static void send_retry(vireo_sse *e)
{
    if (e->endpoint->options.retry_ms == 0)
        return;
    vireo__buf *text = begin_text(e->endpoint);
    finish_text(e, vireo__sse_format_retry(text, e->endpoint->options.retry_ms));
}

/* The head leaves at once; what on_open sends and what is replayed follow in the same write. */
static void begin(vireo_sse *e, vireo_req *r)
{
    vireo_sse_endpoint *endpoint = e->endpoint;
    vireo__list past;
    catch_up(e, vireo_header(r, "last-event-id"), &past);
    vireo__list_append(&endpoint->streams, &e->node);
    endpoint->open++;
    endpoint->opened++;
    tell_log(e, &(vireo__conn_event){.event = "connect"});
    e->stream->max_queued = endpoint->options.max_queued_bytes;
    await_silence(e);
    send_retry(e);
    endpoint->opening = vireo__list_empty(&past) ? NULL : e;
    if (endpoint->options.on_open != NULL)
        endpoint->options.on_open(e, r);
    endpoint->opening = NULL;
    replay(e, &past);
    replay(e, &endpoint->held);
}

static int refuse_stopping(vireo_req *r)
{
    vireo_reply_header(r, "Retry-After", "1");
    return vireo_reply_text(r, 503, "the server is going away");
}

static int on_request(vireo_req *r)
{
    vireo_sse_endpoint *endpoint = vireo_req_user(r);
    if (vireo__app_leaving(endpoint->app))
        return refuse_stopping(r);
    int error = endpoint->options.on_request != NULL ? endpoint->options.on_request(r) : 0;
    if (error < 0 || vireo__req_answered(r))
        return error;
    vireo_reply_header(r, "Cache-Control", "no-cache");
    vireo_reply_header(r, "X-Accel-Buffering", "no");
    if (strcmp(vireo_method(r), "HEAD") == 0)
        return vireo_reply(r, 200, "text/event-stream", NULL, 0);
    vireo_sse *e = new_stream(endpoint, vireo_address(r));
    if (e == NULL)
        return VIREO_ENOMEM;
    e->stream = vireo__req_take_stream(r, "text/event-stream", &stream_events, e);
    if (e->stream == NULL) {
        free(e);
        return VIREO_ENOMEM;
    }
    begin(e, r);
    return 0;
}

/* --- rooms ------------------------------------------------------------------------------------ */

int vireo_sse_join(vireo_sse *e, const char *room)
{
    size_t len = strnlen(room, MAX_ROOM_NAME + 1);
    if (len == 0 || len > MAX_ROOM_NAME)
        return VIREO_EINVAL;
    if (e->ended)
        return VIREO_ECLOSED;
    vireo__rooms *rooms = &e->endpoint->rooms;
    if (e->member.count >= e->endpoint->options.max_rooms &&
        !vireo__rooms_has(rooms, &e->member, room))
        return VIREO_ETOOBIG;
    return vireo__rooms_join(rooms, &e->member, room);
}

int vireo_sse_leave(vireo_sse *e, const char *room)
{
    vireo__rooms_leave(&e->endpoint->rooms, &e->member, room);
    return 0;
}

/* --- registering, and the application's end --------------------------------------------------- */

/* Nobody leaves the list inside |fn|: streams end with events of the loop only. */
void vireo_sse_each(vireo_sse_endpoint *endpoint, void (*fn)(vireo_sse *e, void *user), void *user)
{
    for (vireo__list *at = endpoint->streams.next; at != &endpoint->streams; at = at->next) {
        vireo_sse *e = vireo__container(at, vireo_sse, node);
        if (!e->ended)
            fn(e, user);
    }
}

static void end_stream(vireo_sse *e, void *user)
{
    (void)user;
    vireo_sse_close(e);
}

/* Those that are on their way out stand at the end of the list. */
static size_t drain(void *owner, size_t keep)
{
    vireo_sse_endpoint *endpoint = owner;
    vireo__list *all = &endpoint->streams;
    while (endpoint->open > keep) {
        vireo_sse *e = vireo__container(all->next, vireo_sse, node);
        vireo__list_remove(&e->node);
        vireo__list_append(all, &e->node);
        vireo_sse_close(e);
    }
    return endpoint->open > 0 || vireo__list_empty(all) ? endpoint->open : 1;
}

static void on_stop(void *owner)
{
    vireo_sse_each(owner, end_stream, NULL);
}

static void measure(void *owner, vireo__exposition *x)
{
    static const vireo__metric open = {"vireo_event_streams", "Open event streams.", VIREO__GAUGE,
                                       VIREO__UNITS},
                               opened = {"vireo_event_streams_opened_total",
                                         "Event streams opened.", VIREO__COUNTER, VIREO__UNITS},
                               dropped = {"vireo_event_streams_dropped_total",
                                          "Events for workers that did not keep up.",
                                          VIREO__COUNTER, VIREO__UNITS};
    const vireo_sse_endpoint *endpoint = owner;
    vireo__expose(x, &open, endpoint->open, NULL);
    vireo__expose(x, &opened, endpoint->opened, NULL);
    if (vireo__app_group(endpoint->app) != NULL)
        vireo__expose(x, &dropped, endpoint->dropped, NULL);
}

static void on_free(void *owner)
{
    vireo_sse_endpoint *endpoint = owner;
    vireo__rooms_deinit(&endpoint->rooms);
    vireo__turn_remove(&endpoint->wake);
    if (endpoint->reader != NULL)
        vireo__sse_feed_leave(endpoint->reader);
    if (vireo__app_group(endpoint->app) == NULL)
        vireo__sse_feed_free(endpoint->feed);
    vireo__shared_unref(endpoint->heartbeat);
    vireo__buf_deinit(&endpoint->text);
    free(endpoint);
}

static void fill_options(vireo_sse_options *own, const vireo_sse_options *given)
{
    memcpy(own, given, given->size < sizeof *own ? given->size : sizeof *own);
    if (own->heartbeat_ms == 0)
        own->heartbeat_ms = DEFAULT_HEARTBEAT_MS;
    if (own->history_bytes == 0)
        own->history_bytes = DEFAULT_HISTORY_BYTES;
    if (own->max_queued_bytes == 0)
        own->max_queued_bytes = DEFAULT_QUEUED_BYTES;
    if (own->max_rooms == 0)
        own->max_rooms = DEFAULT_ROOMS;
}

static void *make_feed(void *options)
{
    const vireo_sse_options *o = options;
    return vireo__sse_feed_new(o->history_events, o->history_bytes, 0, 0);
}

static void free_feed(void *feed)
{
    vireo__sse_feed_free(feed);
}

/* With several workers those of one path share one. */
static vireo__sse_reader *join_feed(vireo_sse_endpoint *endpoint, const char *path)
{
    static const char key;
    endpoint->feed = vireo__app_group(endpoint->app) == NULL
                         ? make_feed(&endpoint->options)
                         : vireo__group_share_named(endpoint->app, &key, path, make_feed,
                                                    &endpoint->options, free_feed);
    return endpoint->feed != NULL ? vireo__sse_feed_join(endpoint->feed, endpoint) : NULL;
}

static vireo_sse_endpoint *new_endpoint(vireo_app *app, const char *path,
                                        const vireo_sse_options *options)
{
    static const char heartbeat[] = ":\n\n";
    vireo_sse_endpoint *endpoint = calloc(1, sizeof *endpoint);
    if (endpoint == NULL)
        return NULL;
    fill_options(&endpoint->options, options);
    endpoint->app = app;
    endpoint->loop = vireo__app_loop(app);
    vireo__list_init(&endpoint->streams);
    vireo__list_init(&endpoint->held);
    vireo__rooms_init(&endpoint->rooms, endpoint->loop->hash_key);
    endpoint->wake.run = wake_others;
    endpoint->reader = join_feed(endpoint, path);
    vireo__buf_init(&endpoint->text, VIREO__BUF_UNLIMITED);
    endpoint->heartbeat = vireo__shared_copy(heartbeat, strlen(heartbeat));
    return endpoint;
}

vireo_sse_endpoint *vireo_sse_register(vireo_app *app, const char *path,
                                       const vireo_sse_options *options)
{
    vireo_sse_endpoint *endpoint = new_endpoint(app, path, options);
    if (endpoint == NULL)
        return NULL;
    if (endpoint->heartbeat == NULL || endpoint->reader == NULL ||
        endpoint->options.data_size > MAX_DATA_SIZE ||
        vireo_route(app, "GET", path, on_request, endpoint) < 0) {
        on_free(endpoint);
        return NULL;
    }
    endpoint->part = (vireo__part){.owner = endpoint,
                                   .drain = drain,
                                   .measure = measure,
                                   .on_stop = on_stop,
                                   .on_free = on_free};
    vireo__app_add_part(app, &endpoint->part);
    return endpoint;
}

/* --- looking at them -------------------------------------------------------------------------- */

size_t vireo_sse_count(const vireo_sse_endpoint *endpoint, const char *room)
{
    return room == NULL ? endpoint->open : vireo__rooms_count(&endpoint->rooms, room);
}

bool vireo_sse_missed(const vireo_sse *e)
{
    return e->missed;
}

void *vireo_sse_data(vireo_sse *e)
{
    return e->endpoint->options.data_size > 0 ? e->data : NULL;
}

void *vireo_sse_user(const vireo_sse *e)
{
    return e->endpoint->options.user;
}

void *vireo_sse_endpoint_user(const vireo_sse_endpoint *endpoint)
{
    return endpoint->options.user;
}

vireo_sse_endpoint *vireo_sse_endpoint_of(const vireo_sse *e)
{
    return e->endpoint;
}

size_t vireo_sse_queued(const vireo_sse *e)
{
    return vireo__stream_queued(e->stream);
}

const char *vireo_sse_address(const vireo_sse *e)
{
    return (const char *)e->data + e->endpoint->options.data_size;
}
