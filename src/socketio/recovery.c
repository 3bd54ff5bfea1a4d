/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "socketio/recovery.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "socketio/inside.h"
#include "socketio/local.h"

/* What a presence needs to become a socket again: the data, and behind it each room with the number
 * of the newest event when it was joined:
 *
 *     data | since (8 bytes) name NUL | since name NUL | ..
 */
typedef struct vireo__luggage {
    size_t size; /* of all of it */
    size_t data_size;
    uint32_t rooms;
    _Alignas(16) unsigned char data[];
} luggage;

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
    r->ns = ns;
    r->keep_ms = keep_ms(&io->options);
    vireo__history_init(&r->history, history_bytes(io));
    vireo__map_init(&r->by_pid, io->loop->hash_key);
    vireo__list_init(&r->away);
    ns->recovery = r;
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
    free(r);
    ns->recovery = NULL;
}

/* With the last presence the events go: nobody is left who could have missed one. */
static void free_presence(vireo__presence *p)
{
    vireo__recovery *r = p->home;
    vireo__map_remove(&r->by_pid, p->pid, VIREO__ID_LEN);
    vireo__deadline_stop(&p->deadline);
    free(p->luggage);
    free(p);
    if (r->by_pid.len == 0)
        vireo__history_expire(&r->history, UINT64_MAX);
}

/* --- away ------------------------------------------------------------------------------------- */

static void fetch_from_away(vireo__presence *p)
{
    vireo__list_remove(&p->node);
    p->home->away_count--;
    p->home->away_bytes -= p->luggage->size;
    vireo__deadline_stop(&p->deadline);
}

/* It does not come back: the user frees what its data points to. */
static void expire(vireo__presence *p)
{
    vireo_ns *ns = p->home->ns;
    fetch_from_away(p);
    p->home->expired++;
    if (ns->options.on_expired != NULL)
        ns->options.on_expired(ns, p->id, p->luggage->data_size > 0 ? p->luggage->data : NULL);
    free_presence(p);
    vireo__ns_release(ns);
}

static void on_overdue(vireo__deadline *d)
{
    expire(vireo__container(d, vireo__presence, deadline));
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

/* The namespace is held by what is away. */
static void put_away(vireo__presence *p)
{
    vireo__recovery *r = p->home;
    const vireo_io_options *o = &r->ns->io->options;
    p->socket = NULL;
    vireo__list_append(&r->away, &p->node);
    r->away_count++;
    r->away_bytes += p->luggage->size;
    if (!vireo__deadline_running(&p->deadline) && start_deadline(p) < 0)
        expire(p);
    while (r->away_count > o->recovery_clients || r->away_bytes > o->recovery_client_bytes)
        expire(first_away(r));
}

void vireo__recovery_forget_all(vireo_ns *ns)
{
    while (ns->recovery != NULL && !vireo__list_empty(&ns->recovery->away))
        expire(first_away(ns->recovery));
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
static int unpack_rooms(vireo_socket *s, const luggage *l)
{
    vireo__rooms *rooms = &s->ns->rooms;
    const unsigned char *at = l->data + l->data_size;
    uint64_t now = rooms->now;
    int error = 0;
    for (uint32_t i = 0; i < l->rooms && error == 0; i++) {
        const char *room = (const char *)at + sizeof rooms->now;
        memcpy(&rooms->now, at, sizeof rooms->now);
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

static int make_presence(vireo_socket *s)
{
    vireo__recovery *r = s->ns->recovery;
    vireo__presence *p = calloc(1, sizeof *p);
    if (p == NULL)
        return VIREO_ENOMEM;
    p->home = r;
    p->socket = s;
    p->since = r->history.last;
    vireo__list_init(&p->node);
    vireo__id_make(&s->ns->io->ids, p->pid);
    if (vireo__map_put(&r->by_pid, p->pid, VIREO__ID_LEN, p) < 0) {
        free(p);
        return VIREO_ENOMEM;
    }
    s->presence = p;
    return 0;
}

static vireo__presence *find(const vireo__recovery *r, const char *pid)
{
    return strlen(pid) == VIREO__ID_LEN ? vireo__map_get(&r->by_pid, pid, VIREO__ID_LEN) : NULL;
}

/* find_away finds the presence even if the server has not noticed yet that the client was gone. */
static vireo__presence *find_away(const vireo__recovery *r, const char *pid)
{
    vireo__presence *p = find(r, pid);
    if (p != NULL && p->socket != NULL && p->socket->connected) {
        vireo__socket_close(p->socket, "transport close", "its client is back already");
        p = find(r, pid);
    }
    return p != NULL && p->socket == NULL ? p : NULL;
}

/* Where a client with this |offset| (NULL: it has none) goes on. False if it may have missed what
 * is not kept any more. */
static bool find_place(vireo__presence *p, const char *offset)
{
    const vireo__history *h = &p->home->history;
    uint64_t n = p->since;
    if (offset != NULL && !vireo__history_number(h, offset, &n)) {
        if (p->last != 0) /* it should have one of ours */
            return false;
        n = p->since;
    }
    if (n < p->since) /* an earlier presence's */
        n = p->since;
    if (n >= p->last && n < p->left) /* nothing was sent to it in between */
        n = p->left;
    p->resume = n;
    return vireo__history_reaches(h, n);
}

static int take_over(vireo_socket *s, vireo__presence *p)
{
    fetch_from_away(p);
    p->socket = s;
    s->presence = p;
    s->recovered = true;
    strcpy(s->own_id, p->id);
    unpack_data(s, p->luggage);
    return unpack_rooms(s, p->luggage);
}

int vireo__recovery_begin(vireo_socket *s)
{
    vireo__recovery *r = s->ns->recovery;
    if (r == NULL || vireo__v2_is(s->conn))
        return 0;
    const char *pid = vireo_str(vireo_get(s->auth, "pid"));
    vireo__presence *p = pid != NULL ? find_away(r, pid) : NULL;
    if (p != NULL && find_place(p, vireo_str(vireo_get(s->auth, "offset"))))
        return take_over(s, p);
    r->unknown += pid != NULL;
    return make_presence(s);
}

/* --- what was missed -------------------------------------------------------------------------- */

static bool was_in(const vireo_socket *s, const char *room, uint64_t number)
{
    if (strcmp(room, s->id) == 0)
        return s->presence->in_own_room;
    return vireo__rooms_since(&s->ns->rooms, &s->member, room) < number;
}

/* in_one_of looks at |count| names, and moves |*names| behind them. */
static bool in_one_of(const vireo_socket *s, const char **names, uint32_t count, uint64_t number)
{
    bool in = false;
    for (; count > 0; count--) {
        in = in || was_in(s, *names, number);
        *names += strlen(*names) + 1;
    }
    return in;
}

static bool was_meant(const vireo_socket *s, const vireo__past *past, uint64_t number)
{
    const char *names = vireo__past_names(past);
    if (past->to_one)
        return strcmp(names, s->id) == 0;
    bool meant = in_one_of(s, &names, past->rooms, number) || past->rooms == 0;
    return meant && !in_one_of(s, &names, past->except, number);
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

void vireo__recovery_send_missed(vireo_socket *s)
{
    if (!s->recovered)
        return;
    const vireo__history *h = &s->ns->recovery->history;
    int error = 0;
    for (uint64_t n = s->presence->resume + 1; n <= h->last && error == 0; n++) {
        const vireo__past *past = vireo__history_get(h, n);
        if (!was_meant(s, past, n))
            continue;
        error = send_again(s->conn->session, past);
        s->ns->io->counts.sent += error == 0;
        s->presence->last = n;
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
    p->home->recovered++;
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
        free_presence(p);
        return;
    }
    memcpy(p->luggage->data, s->data, p->luggage->data_size);
    put_away(p);
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
        free_presence(p);
        return;
    }
    strcpy(p->id, s->id);
    memcpy(p->luggage->data, s->data, p->luggage->data_size);
    vireo__ns_hold(s->ns);
    put_away(p);
}

/* --- events ----------------------------------------------------------------------------------- */

static void on_sweep(vireo__deadline *d);

static void start_sweep(vireo__recovery *r)
{
    if (r->history.count > 0 && !vireo__deadline_running(&r->sweep))
        vireo__deadline_start(r->ns->io->loop, &r->sweep, r->keep_ms, on_sweep);
}

static void drop_old(vireo__recovery *r)
{
    uint64_t now = vireo__loop_now(r->ns->io->loop);
    if (now > r->keep_ms)
        vireo__history_expire(&r->history, now - r->keep_ms);
}

/* Where no event is added any more that would drop the old ones, they stay for twice the time at
 * most. */
static void on_sweep(vireo__deadline *d)
{
    vireo__recovery *r = vireo__container(d, vireo__recovery, sweep);
    drop_old(r);
    start_sweep(r);
}

static void keep(vireo__recovery *r, const vireo__numbered *numbered, const char *only,
                 const vireo_to *to)
{
    size_t count;
    vireo__shared *const *rest = vireo__sio_message_rest(&numbered->message, &count);
    vireo__history_event event = {.text = vireo__sio_message_first(&numbered->message),
                                  .parts = rest,
                                  .part_count = count,
                                  .only = only,
                                  .to = to};
    if (to != NULL && to->but != NULL)
        event.but = to->but->id;
    drop_old(r);
    vireo__history_add(&r->history, &event, vireo__loop_now(r->ns->io->loop));
    r->ns->rooms.now = r->history.last;
    start_sweep(r);
}

static int append_offset(vireo__numbered *numbered, const vireo__recovery *r,
                         const vireo__sio_message *message, bool kept)
{
    char offset[VIREO__OFFSET_SIZE];
    numbered->number = kept ? r->history.last + 1 : 0;
    vireo__history_offset(&r->history, r->history.last + kept, offset);
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
        keep(r, numbered, NULL, to);
    return error;
}

int vireo__recovery_send(vireo_socket *s, const vireo__sio_message *message,
                         const vireo__manner *how)
{
    vireo__numbered numbered;
    bool kept = s->connected && !how->volatile_;
    int error = append_offset(&numbered, s->presence->home, message, kept);
    if (error < 0)
        return error;
    if (kept)
        keep(s->presence->home, &numbered, s->id, NULL);
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
    info->recovered = r->recovered;
    info->expired = r->expired;
    info->unknown = r->unknown;
    info->away = r->away_count;
    info->away_bytes = r->away_bytes;
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
