/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "socketio/recovery.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "http/app.h"
#include "http/group.h"
#include "socketio/inside.h"
#include "socketio/local.h"
#include "socketio/moving.h"

typedef vireo__luggage luggage;

/* --- the namespace's -------------------------------------------------------------------------- */

/* An event may have been sent long before its connection was found to be broken; what was lost
 * since is wanted as long as the client may come back. */
static uint32_t keep_ms(const vireo_io_options *o)
{
    uint64_t ms = (uint64_t)o->recovery_ms + o->ping_interval_ms + o->ping_timeout_ms;
    return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

/* What is sent to a client at once must fit into what may wait for it. */
static size_t history_bytes(const vireo_io *io)
{
    size_t most = io->options.max_queued_bytes / 2;
    return io->options.recovery_bytes < most ? io->options.recovery_bytes : most;
}

int vireo__recovery_open(vireo_ns *ns)
{
    const vireo_io *io = ns->io;
    if (io->options.recovery_ms == 0)
        return 0;
    vireo__recovery *r = calloc(1, sizeof *r);
    if (r == NULL)
        return VIREO_ENOMEM;
    r->stays = vireo__stays_new();
    if (r->stays == NULL) {
        free(r);
        return VIREO_ENOMEM;
    }
    r->ns = ns;
    r->keep_ms = keep_ms(&io->options);
    vireo__history_init(&r->history, history_bytes(io));
    vireo__map_init(&r->by_pid, io->loop->hash_key);
    vireo__list_init(&r->away);
    vireo__list_init(&r->arrears);
    vireo__list_init(&r->moves);
    ns->recovery = r;
    return 0;
}

int vireo__recovery_share(vireo_ns *ns)
{
    vireo__recovery *r = ns->recovery;
    const vireo__group *g = vireo__app_group(ns->io->app);
    vireo__stays *stays = r != NULL ? vireo__common_stays(ns->common) : NULL;
    if (r == NULL)
        return 0;
    if (stays == NULL || vireo__history_share(&r->history, g->count, stays->epoch) < 0)
        return VIREO_ENOMEM;
    vireo__stays_free(r->stays);
    r->stays = stays;
    r->shared = true;
    r->worker = ns->io->app->worker;
    return 0;
}

void vireo__recovery_free(vireo_ns *ns)
{
    vireo__recovery *r = ns->recovery;
    if (r == NULL)
        return;
    vireo__recovery_forget_all(ns);
    vireo__deadline_stop(&r->sweep);
    vireo__history_deinit(&r->history);
    vireo__map_deinit(&r->by_pid);
    if (!r->shared)
        vireo__stays_free(r->stays);
    free(r);
    ns->recovery = NULL;
}

/* --- presences -------------------------------------------------------------------------------- */

static void free_arrears(vireo__arrears *arrears)
{
    if (arrears == NULL)
        return;
    vireo__recovery *r = arrears->presence->home;
    arrears->presence->arrears = NULL;
    vireo__list_remove(&arrears->node);
    r->arrears_bytes -= arrears->bytes;
    for (size_t i = 0; i < arrears->count; i++)
        vireo__past_unref(arrears->events[i]);
    free(arrears);
}

void vireo__arrears_drop(vireo__arrears *arrears)
{
    vireo__presence *p = arrears->presence;
    p->dropped = arrears->count > 0;
    if (p->dropped && p->last_stamp == arrears->claimed)
        p->last = p->last_stamp = 0;
    free_arrears(arrears);
}

vireo__presence *vireo__presence_make(vireo__recovery *r, vireo__stay *stay, const char *pid)
{
    vireo__presence *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->home = r;
    vireo__list_init(&p->node);
    p->stay = stay != NULL ? stay : vireo__stay_begin(r->stays, pid, r->worker);
    if (p->stay == NULL) {
        free(p);
        return NULL;
    }
    if (vireo__map_put(&r->by_pid, p->stay->pid, VIREO__ID_LEN, p) == 0)
        return p;
    if (stay == NULL)
        vireo__stay_end(r->stays, p->stay);
    free(p);
    return NULL;
}

/* With the last presence the events go: nobody is left who could have missed one. */
void vireo__presence_free(vireo__presence *p)
{
    vireo__recovery *r = p->home;
    if (p->stay != NULL) {
        vireo__map_remove(&r->by_pid, p->stay->pid, VIREO__ID_LEN);
        vireo__stay_end(r->stays, p->stay);
    }
    vireo__deadline_stop(&p->deadline);
    free_arrears(p->arrears);
    free(p->luggage);
    free(p);
    if (!vireo__stays_any(r->stays))
        vireo__history_expire(&r->history, UINT64_MAX);
}

/* --- away ------------------------------------------------------------------------------------- */

void vireo__presence_fetch(vireo__presence *p)
{
    vireo__list_remove(&p->node);
    vireo__stay_return(p->home->stays, p->stay);
    vireo__deadline_stop(&p->deadline);
}

/* The user frees what its data points to. */
void vireo__presence_expire(vireo__presence *p)
{
    vireo_ns *ns = p->home->ns;
    vireo__presence_fetch(p);
    atomic_fetch_add(&p->home->stays->expired, 1);
    if (ns->options.on_expired != NULL)
        ns->options.on_expired(ns, p->id, p->luggage->data_size > 0 ? p->luggage->data : NULL);
    vireo__presence_free(p);
    vireo__ns_release(ns);
}

static void on_overdue(vireo__deadline *d)
{
    vireo__presence_expire(vireo__container(d, vireo__presence, deadline));
}

static vireo__presence *first_away(vireo__recovery *r)
{
    return vireo__container(r->away.next, vireo__presence, node);
}

static int start_deadline(vireo__presence *p)
{
    const vireo_io *io = p->home->ns->io;
    return vireo__deadline_start(io->loop, &p->deadline, io->options.recovery_ms, on_overdue);
}

static vireo__presence *find(const vireo__recovery *r, const char *pid)
{
    return strlen(pid) == VIREO__ID_LEN ? vireo__map_get(&r->by_pid, pid, VIREO__ID_LEN) : NULL;
}

/* Who has left first goes first, wherever he is. */
static void trim(vireo__recovery *r)
{
    const vireo_io_options *o = &r->ns->io->options;
    char pid[VIREO__ID_SIZE];
    unsigned worker;
    while (vireo__stays_trim(r->stays, o->recovery_clients, o->recovery_client_bytes, pid, &worker))
        if (worker == r->worker)
            vireo__presence_expire(find(r, pid));
        else
            vireo__move_dismiss(r, pid, worker);
}

void vireo__presence_put_away(vireo__presence *p)
{
    vireo__recovery *r = p->home;
    p->socket = NULL;
    vireo__list_append(&r->away, &p->node);
    vireo__stay_leave(r->stays, p->stay, p->luggage->size);
    if (!vireo__deadline_running(&p->deadline) && start_deadline(p) < 0)
        vireo__presence_expire(p);
    trim(r);
}

void vireo__recovery_forget_all(vireo_ns *ns)
{
    vireo__recovery *r = ns->recovery;
    if (r == NULL)
        return;
    vireo__ns_hold(ns); /* who is here may be the last who needs it */
    vireo__moves_cancel(r);
    while (!vireo__list_empty(&r->away))
        vireo__presence_expire(first_away(r));
    vireo__ns_release(ns);
}

/* --- luggage ---------------------------------------------------------------------------------- */

enum { ROOM_COST = sizeof(uint64_t) + 1 }; /* bytes beside its name */

static void measure_room(const char *room, void *user)
{
    size_t *size = user;
    *size += strlen(room) + ROOM_COST;
}

typedef struct packing {
    const vireo_socket *socket;
    unsigned char *at;
} packing;

static void pack_room(const char *room, void *user)
{
    packing *p = user;
    size_t len = strlen(room) + 1;
    uint64_t since = vireo__rooms_since(&p->socket->ns->rooms, &p->socket->member, room);
    memcpy(p->at, &since, sizeof since);
    memcpy(p->at + sizeof since, room, len);
    p->at += sizeof since + len;
}

static luggage *pack(const vireo_socket *s)
{
    size_t data_size = s->ns->options.data_size;
    size_t size = sizeof(luggage) + sizeof(vireo__presence) + data_size;
    vireo__member_each(&s->member, measure_room, &size);
    if (size > s->ns->io->options.recovery_client_bytes)
        return NULL;
    luggage *l = malloc(size - sizeof(vireo__presence));
    if (l == NULL)
        return NULL;
    *l = (luggage){.size = size, .data_size = data_size, .rooms = s->member.count};
    vireo__member_each(&s->member, pack_room, &(packing){s, l->data + data_size});
    return l;
}

/* It is in the rooms since it was, and not since now. */
static int unpack_rooms(vireo_socket *s, const vireo__presence *p)
{
    const luggage *l = p->luggage;
    vireo__rooms *rooms = &s->ns->rooms;
    const unsigned char *at = l->data + l->data_size;
    uint64_t now = rooms->now;
    int error = 0;
    for (uint32_t i = 0; i < l->rooms && error == 0; i++) {
        const char *room = (const char *)at + sizeof rooms->now;
        memcpy(&rooms->now, l->foreign ? (const void *)&p->floor : at, sizeof rooms->now);
        error = vireo__rooms_join(rooms, &s->member, room);
        at += sizeof rooms->now + strlen(room) + 1;
    }
    rooms->now = now;
    return error;
}

static void unpack_data(vireo_socket *s, const luggage *l)
{
    memcpy(s->data, l->data, l->data_size);
}

/* --- a socket comes --------------------------------------------------------------------------- */

int vireo__recovery_new_stay(vireo_socket *s)
{
    vireo__recovery *r = s->ns->recovery;
    char pid[VIREO__ID_SIZE];
    vireo__id_make(&s->ns->io->ids, pid);
    vireo__presence *p = vireo__presence_make(r, NULL, pid);
    if (p == NULL)
        return VIREO_ENOMEM;
    p->socket = s;
    p->since = r->history.last;
    s->presence = p;
    return 0;
}

vireo__presence *vireo__presence_away(const vireo__recovery *r, const char *pid)
{
    vireo__presence *p = find(r, pid);
    if (p != NULL && p->socket != NULL && p->socket->connected) {
        vireo__socket_close(p->socket, "transport close", "its client is back already");
        p = find(r, pid);
    }
    return p != NULL && p->socket == NULL ? p : NULL;
}

/* Where in its arrears the client is that has the event |stamp| (0: none). False: not in them. */
static bool place_in_arrears(vireo__presence *p, uint64_t stamp)
{
    vireo__arrears *a = p->arrears;
    if (a == NULL)
        return false;
    for (size_t i = a->count; i > 0; i--)
        if (a->events[i - 1]->stamp == stamp) {
            a->next = i;
            return true;
        }
    a->next = stamp == a->claimed ? 0 : a->count;
    return stamp == a->claimed;
}

static bool number_of(const vireo__presence *p, uint64_t stamp, uint64_t *number)
{
    if (p->last == 0 || stamp != p->last_stamp)
        return vireo__history_find(&p->home->history, stamp, number);
    *number = p->last;
    return true;
}

bool vireo__presence_place(vireo__presence *p, const char *offset)
{
    const vireo__history *h = &p->home->history;
    uint64_t stamp = 0, n = p->since;
    bool known = offset != NULL && vireo__history_stamp(h, offset, &stamp);
    if (place_in_arrears(p, known ? stamp : 0)) {
        p->resume = p->floor;
        return vireo__history_reaches(h, p->resume);
    }
    known = known && number_of(p, stamp, &n);
    if (!known && p->dropped)
        return false;
    if (!known && offset != NULL && p->last != 0) /* it should have one of ours */
        return false;
    if (!known)
        n = p->since;
    if (n < p->floor)
        return false;
    if (n < p->since) /* an earlier presence's */
        n = p->since;
    if (n >= p->last && n < p->left) /* nothing was sent to it in between */
        n = p->left;
    p->resume = n;
    return vireo__history_reaches(h, n);
}

int vireo__presence_take_over(vireo__presence *p, vireo_socket *s)
{
    p->socket = s;
    s->presence = p;
    s->recovered = true;
    strcpy(s->own_id, p->id);
    unpack_data(s, p->luggage);
    return unpack_rooms(s, p);
}

static bool is_elsewhere(const vireo__recovery *r, const char *pid, unsigned *worker)
{
    return r->shared && vireo__stay_find(r->stays, pid, worker) && *worker != r->worker;
}

int vireo__recovery_begin(vireo_socket *s)
{
    vireo__recovery *r = s->ns->recovery;
    unsigned worker;
    if (r == NULL || vireo__v2_is(s->conn))
        return 0;
    const char *pid = vireo_str(vireo_get(s->auth, "pid"));
    const char *offset = vireo_str(vireo_get(s->auth, "offset"));
    if (pid != NULL && is_elsewhere(r, pid, &worker))
        return vireo__move_begin(s, pid, offset, worker);
    vireo__presence *p = pid != NULL ? vireo__presence_away(r, pid) : NULL;
    if (p != NULL && vireo__presence_place(p, offset)) {
        vireo__presence_fetch(p);
        return vireo__presence_take_over(p, s);
    }
    if (pid != NULL)
        atomic_fetch_add(&r->stays->unknown, 1);
    return vireo__recovery_new_stay(s);
}

/* --- what was missed -------------------------------------------------------------------------- */

/* in_one_of looks at |count| names, and moves |*names| behind them. */
static bool in_one_of(const char **names, uint32_t count,
                      bool (*was_in)(const char *room, const void *user), const void *user)
{
    bool in = false;
    for (; count > 0; count--) {
        in = in || was_in(*names, user);
        *names += strlen(*names) + 1;
    }
    return in;
}

bool vireo__past_meant(const vireo__past *past, const char *id,
                       bool (*was_in)(const char *room, const void *user), const void *user)
{
    const char *names = vireo__past_names(past);
    if (past->to_one)
        return strcmp(names, id) == 0;
    bool meant = in_one_of(&names, past->rooms, was_in, user) || past->rooms == 0;
    return meant && !in_one_of(&names, past->except, was_in, user);
}

/* A socket, when an event was sent. */
typedef struct then {
    const vireo_socket *socket;
    uint64_t number;
} then;

static bool was_in(const char *room, const void *user)
{
    const then *t = user;
    const vireo_socket *s = t->socket;
    if (strcmp(room, s->id) == 0)
        return s->presence->in_own_room;
    return vireo__rooms_since(&s->ns->rooms, &s->member, room) < t->number;
}

static int send_again(vireo__eio_session *session, const vireo__past *past)
{
    int error = 0;
    for (uint32_t i = 0; i < past->frame_count && error == 0; i++)
        error = vireo__eio_send(session, past->frames[i], NULL, NULL);
    if (error < 0)
        vireo__eio_close(session, true);
    return error;
}

static int send_arrears(vireo_socket *s)
{
    const vireo__arrears *a = s->presence->arrears;
    int error = 0;
    for (size_t i = a != NULL ? a->next : 0; a != NULL && i < a->count && error == 0; i++) {
        error = send_again(s->conn->session, a->events[i]);
        s->ns->io->counts.sent += error == 0;
        s->presence->last = s->presence->floor;
        s->presence->last_stamp = a->events[i]->stamp;
    }
    return error;
}

void vireo__recovery_send_missed(vireo_socket *s)
{
    if (!s->recovered)
        return;
    const vireo__history *h = &s->ns->recovery->history;
    int error = send_arrears(s);
    for (uint64_t n = s->presence->resume + 1; n <= h->last && error == 0; n++) {
        const vireo__past *past = vireo__history_get(h, n);
        if (!vireo__past_meant(past, s->id, was_in, &(then){s, n}))
            continue;
        error = send_again(s->conn->session, past);
        s->ns->io->counts.sent += error == 0;
        s->presence->last = n;
        s->presence->last_stamp = past->stamp;
    }
}

void vireo__recovery_enter(vireo_socket *s)
{
    vireo__presence *p = s->presence;
    if (p == NULL)
        return;
    if (!s->recovered) {
        p->since = p->home->history.last;
        return;
    }
    atomic_fetch_add(&p->home->stays->recovered, 1);
    free(p->luggage);
    p->luggage = NULL;
    vireo__ns_release(s->ns);
}

void vireo__recovery_withdraw(vireo_socket *s)
{
    vireo__presence *p = s->presence;
    if (p == NULL)
        return;
    s->presence = NULL;
    if (p->luggage == NULL) {
        vireo__presence_free(p);
        return;
    }
    memcpy(p->luggage->data, s->data, p->luggage->data_size);
    vireo__presence_put_away(p);
}

/* --- a socket goes ---------------------------------------------------------------------------- */

/* Not "server shutting down": what is kept here ends with this server. */
static bool is_recoverable(const char *reason)
{
    static const char *const reasons[] = {"transport close", "transport error", "ping timeout",
                                          "forced close", "forced server close"};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strcmp(reason, reasons[i]) == 0)
            return true;
    return false;
}

bool vireo__recovery_leaving(vireo_socket *s, const char *reason)
{
    if (s->presence == NULL)
        return false;
    s->presence->left = s->presence->home->history.last;
    return is_recoverable(reason);
}

bool vireo__recovery_pack(vireo_socket *s)
{
    vireo__presence *p = s->presence;
    p->luggage = pack(s);
    p->in_own_room = !s->left_own_room;
    return p->luggage != NULL && start_deadline(p) == 0;
}

void vireo__recovery_leave(vireo_socket *s, bool packed)
{
    vireo__presence *p = s->presence;
    if (p == NULL)
        return;
    s->presence = NULL;
    if (!packed) {
        vireo__presence_free(p);
        return;
    }
    strcpy(p->id, s->id);
    memcpy(p->luggage->data, s->data, p->luggage->data_size);
    vireo__ns_hold(s->ns);
    vireo__presence_put_away(p);
}

/* --- events ----------------------------------------------------------------------------------- */

static void on_sweep(vireo__deadline *d);

static void start_sweep(vireo__recovery *r)
{
    if ((r->history.count > 0 || !vireo__list_empty(&r->arrears)) &&
        !vireo__deadline_running(&r->sweep))
        vireo__deadline_start(r->ns->io->loop, &r->sweep, r->keep_ms, on_sweep);
}

static void drop_arrears(vireo__recovery *r, uint64_t until_ms)
{
    while (!vireo__list_empty(&r->arrears)) {
        vireo__arrears *first = vireo__container(r->arrears.next, vireo__arrears, node);
        if (first->at_ms > until_ms)
            return;
        vireo__arrears_drop(first);
    }
}

static void drop_old(vireo__recovery *r)
{
    uint64_t now = vireo__loop_now(r->ns->io->loop);
    if (now <= r->keep_ms)
        return;
    vireo__history_expire(&r->history, now - r->keep_ms);
    drop_arrears(r, now - r->keep_ms);
}

/* Where no event is added any more that would drop the old ones, they stay for twice the time at
 * most. */
static void on_sweep(vireo__deadline *d)
{
    vireo__recovery *r = vireo__container(d, vireo__recovery, sweep);
    drop_old(r);
    start_sweep(r);
}

static void add(vireo__recovery *r, const vireo__history_event *event)
{
    drop_old(r);
    vireo__history_add(&r->history, event, vireo__loop_now(r->ns->io->loop));
    r->ns->rooms.now = r->history.last;
    start_sweep(r);
}

static void keep(vireo__recovery *r, const vireo__numbered *numbered,
                 const vireo__history_event *whom)
{
    vireo__history_event event = *whom;
    event.text = vireo__sio_message_first(&numbered->message);
    event.parts = vireo__sio_message_rest(&numbered->message, &event.part_count);
    event.stamp = numbered->stamp;
    if (event.to != NULL && event.to->but != NULL)
        event.but = event.to->but->id;
    add(r, &event);
}

/* A pattern has stamps too: what it sends is an event of each of its children. */
uint64_t vireo__recovery_stamp(const vireo_ns *ns)
{
    const vireo_app *app = ns->io->app;
    if (ns->recovery == NULL || !ns->of_workers)
        return 0;
    return ++ns->io->stamps * vireo__app_group(app)->count + app->worker;
}

static uint64_t own_stamp(const vireo__recovery *r)
{
    return r->shared ? vireo__recovery_stamp(r->ns) : r->history.last + 1;
}

void vireo__recovery_pass(const vireo_to *to, const vireo__sio_message *message)
{
    if (message->stamp != 0 && (to->flags & VIREO_VOLATILE) == 0)
        vireo__history_pass(&to->ns->recovery->history, message->stamp);
}

/* Nobody has the room of an empty name. */
void vireo__recovery_mark(vireo__recovery *r, uint64_t unlike)
{
    const vireo__history *h = &r->history;
    if (h->count > 0 && h->last_stamp != unlike &&
        vireo__history_get(h, h->last)->frames[0]->len == 0)
        return;
    vireo__shared *nothing = vireo__shared_new(0);
    if (nothing == NULL)
        return;
    add(r,
        &(vireo__history_event){.text = nothing, .only = "", .stamp = own_stamp(r), .own = true});
    vireo__shared_unref(nothing);
}

static int append_offset(vireo__numbered *numbered, const vireo__recovery *r,
                         const vireo__sio_message *message, bool kept)
{
    char offset[VIREO__OFFSET_SIZE];
    numbered->number = kept ? r->history.last + 1 : 0;
    numbered->stamp = r->history.last_stamp;
    if (kept)
        numbered->stamp = message->stamp != 0 ? message->stamp : own_stamp(r);
    vireo__history_offset(&r->history, numbered->stamp, offset);
    return vireo__sio_message_append(&numbered->message, &r->ns->io->codec, r->ns->name, message,
                                     offset);
}

int vireo__recovery_number(vireo__numbered *numbered, const vireo_to *to,
                           const vireo__sio_message *message)
{
    vireo__recovery *r = to->ns->recovery;
    bool kept = (to->flags & VIREO_VOLATILE) == 0;
    int error = append_offset(numbered, r, message, kept);
    if (error == 0 && kept)
        keep(r, numbered, &(vireo__history_event){.to = to, .own = message->stamp == 0});
    return error;
}

int vireo__recovery_send(vireo_socket *s, const vireo__sio_message *message,
                         const vireo__manner *how)
{
    vireo__numbered numbered;
    vireo__recovery *r = s->presence->home;
    bool kept = s->connected && !how->volatile_;
    int error = append_offset(&numbered, r, message, kept);
    if (error < 0)
        return error;
    if (kept)
        keep(r, &numbered, &(vireo__history_event){.only = s->id, .own = true});
    error = vireo__manner_send(how, s, vireo__recovery_pick(s->presence, message, &numbered));
    vireo__sio_message_release(&numbered.message);
    return error;
}

/* --- what users ask --------------------------------------------------------------------------- */

bool vireo_recovered(const vireo_socket *s)
{
    return s->recovered;
}

static void fill_info(const vireo__recovery *r, vireo_recovery_info *info)
{
    vireo__stays *stays = r->stays;
    info->recovered = atomic_load(&stays->recovered);
    info->expired = atomic_load(&stays->expired);
    info->unknown = atomic_load(&stays->unknown);
    uv_mutex_lock(&stays->lock);
    info->away = stays->away_count;
    info->away_bytes = stays->away_bytes;
    uv_mutex_unlock(&stays->lock);
    info->events = r->history.count;
    info->event_bytes = r->history.bytes;
}

void vireo_ns_get_recovery(const vireo_ns *ns, vireo_recovery_info *info, size_t size)
{
    vireo_recovery_info known = {.size = size < sizeof known ? size : sizeof known};
    if (ns->recovery != NULL)
        fill_info(ns->recovery, &known);
    memset(info, 0, size);
    memcpy(info, &known, known.size);
}
