/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* O06, V02: clients whose connections break again and again, and that come back to any of several
 * workers, while all workers send to all of them. What each worker sends is numbered, and so is
 * what is sent to each client alone, by a number in its data: each client sees all numbers, each
 * once, in their order. Meant for ThreadSanitizer, too. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <vireo/vireo.h>

enum { WORKERS = 3, MOVERS = 4, ROUNDS = 40, PATIENCE_S = 20, ROOM = 4 << 20, KINDS = WORKERS + 1 };

/* --- the server ------------------------------------------------------------------------------- */

static struct {
    atomic_uint port;
    atomic_uint moves;        /* clients that came back to another worker */
    atomic_uint begun, ended; /* clients that were new, and whose data was let go of */
    unsigned said[WORKERS];
} server;

struct data {
    unsigned worker;
    unsigned next; /* number of what is sent to it alone */
};

static void on_connect(vireo_socket *s)
{
    struct data *d = vireo_data(s);
    unsigned worker = vireo_worker(vireo_app_of(s));
    if (vireo_recovered(s))
        atomic_fetch_add(&server.moves, d->worker != worker);
    else if (vireo_join(s, "all") == 0)
        atomic_fetch_add(&server.begun, 1);
    d->worker = worker;
}

static void on_expired(vireo_ns *ns, const char *id, void *data)
{
    (void)ns;
    (void)id;
    (void)data;
    atomic_fetch_add(&server.ended, 1);
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    (void)s;
    atomic_fetch_add(&server.ended, !why->recoverable);
}

static void speak_to(vireo_socket *s, void *unused)
{
    struct data *d = vireo_data(s);
    (void)unused;
    vireo_emit(s, "n", "%d,%u", WORKERS, ++d->next);
}

static void speak(vireo_timer *timer, void *user)
{
    vireo_app *app = user;
    unsigned worker = vireo_worker(app);
    vireo_ns *ns = vireo_of(app, "/");
    (void)timer;
    vireo_broadcast(vireo_ns_room(ns, "all"), "n", "%u,%u", worker, ++server.said[worker]);
    if (server.said[worker] % 3 == 0)
        vireo_each(vireo_all(ns), speak_to, NULL);
    if (server.said[worker] % 7 == 0)
        vireo_broadcast((vireo_to){.ns = ns, .flags = VIREO_VOLATILE}, "v", "%s", "text");
    vireo_after(app, 1, speak, app);
}

static void on_stop(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_stop(vireo_app_of(s));
}

static int setup(vireo_app *app, void *unused)
{
    static const vireo_event_handler events[] = {{"stop", on_stop}, {0}};
    (void)unused;
    vireo_socketio(app, .recovery_ms = 60000);
    vireo_namespace(app, "/", .data_size = sizeof(struct data), .on_connect = on_connect,
                    .on_disconnect = on_disconnect, .on_expired = on_expired, .events = events);
    int error = vireo_listen(app, .host = "127.0.0.1");
    vireo_after(app, 1, speak, app);
    atomic_store(&server.port, vireo_port(app));
    return error;
}

static void *run_server(void *unused)
{
    (void)unused;
    return (void *)(intptr_t)vireo_run_workers(setup, NULL, .workers = WORKERS);
}

/* --- a client --------------------------------------------------------------------------------- */

typedef struct mover {
    int fd;
    int old; /* a connection of which the server does not know yet that it is left; or -1 */
    unsigned seed;
    char sid[64], pid[64], offset[64];
    unsigned last[KINDS]; /* number, of each who sends */
    char *room;
    size_t len;
    const char *problem; /* NULL: none */
} mover;

static bool dial(mover *c)
{
    static const char request[] =
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)atomic_load(&server.port)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    c->len = 0;
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return connect(c->fd, (struct sockaddr *)&to, sizeof to) == 0 &&
           send(c->fd, request, sizeof request - 1, MSG_NOSIGNAL) == (ssize_t)sizeof request - 1;
}

static bool receive(mover *c)
{
    ssize_t n = recv(c->fd, c->room + c->len, ROOM - c->len, 0);
    c->len += n > 0 ? (size_t)n : 0;
    return n > 0;
}

static void drop(mover *c, size_t n)
{
    c->len -= n;
    memmove(c->room, c->room + n, c->len);
}

static bool upgrade(mover *c)
{
    char *end;
    while ((end = memmem(c->room, c->len, "\r\n\r\n", 4)) == NULL)
        if (!receive(c))
            return false;
    drop(c, (size_t)(end + 4 - c->room));
    return true;
}

/* Takes the next packet, as text. */
static bool take(mover *c, char *packet, size_t size)
{
    for (;;) {
        const uint8_t *b = (const uint8_t *)c->room;
        size_t head = c->len >= 2 && (b[1] & 127) == 126 ? 4 : 2;
        size_t n = c->len < head ? 0
                   : head == 4   ? (size_t)(b[2] << 8 | b[3])
                                 : (size_t)(b[1] & 127);
        if (c->len >= head && c->len >= head + n && n < size) {
            memcpy(packet, c->room + head, n);
            packet[n] = '\0';
            drop(c, head + n);
            return true;
        }
        if (!receive(c))
            return false;
    }
}

static bool say(const mover *c, const char *packet)
{
    uint8_t frame[256] = {0x81, 0};
    size_t n = strlen(packet), head = n < 126 ? 6 : 8;
    frame[1] = (uint8_t)(0x80 | (n < 126 ? n : 126));
    if (n >= 126)
        frame[3] = (uint8_t)n;
    memcpy(frame + head, packet, n); /* under a mask of zeros */
    return send(c->fd, frame, head + n, MSG_NOSIGNAL) == (ssize_t)(head + n);
}

/* Each number once, and none left out. */
static void look(mover *c, const char *packet)
{
    unsigned who, number;
    char offset[64];
    if (sscanf(packet, "42[\"v\",\"text\",\"%63[^\"]\"]", offset) == 1) {
        strcpy(c->offset, offset);
        return;
    }
    if (sscanf(packet, "42[\"n\",%u,%u,\"%63[^\"]\"]", &who, &number, offset) != 3)
        return;
    if (who >= KINDS || (c->last[who] != 0 && number != c->last[who] + 1)) {
        c->problem = number <= c->last[who] ? "twice, or out of order" : "lost";
        fprintf(stderr, "of %u: %u after %u\n", who, number, c->last[who]);
    }
    c->last[who] = number;
    strcpy(c->offset, offset);
}

/* Connects, and hears what it has missed, until it is in. Returns whether it is recovered. */
static bool enter(mover *c)
{
    char packet[512], sid[64], pid[64];
    if (c->pid[0] == '\0')
        strcpy(packet, "40");
    else if (c->offset[0] == '\0')
        snprintf(packet, sizeof packet, "40{\"pid\":\"%s\"}", c->pid);
    else
        snprintf(packet, sizeof packet, "40{\"pid\":\"%s\",\"offset\":\"%s\"}", c->pid, c->offset);
    if (!dial(c) || !upgrade(c) || !say(c, packet))
        return false;
    while (take(c, packet, sizeof packet)) {
        if (sscanf(packet, "40{\"sid\":\"%63[^\"]\",\"pid\":\"%63[^\"]\"}", sid, pid) == 2) {
            bool same = strcmp(sid, c->sid) == 0 && strcmp(pid, c->pid) == 0;
            strcpy(c->sid, sid);
            strcpy(c->pid, pid);
            return same;
        }
        look(c, packet);
        if (c->pid[0] != '\0' && rand_r(&c->seed) % 400 == 0)
            return true; /* it breaks before it is in */
    }
    return false;
}

static void hear(mover *c, unsigned packets)
{
    char packet[512];
    while (packets-- > 0 && c->problem == NULL)
        if (take(c, packet, sizeof packet))
            look(c, packet);
        else
            c->problem = "cut off";
}

static void leave(mover *c)
{
    if (c->old >= 0)
        close(c->old);
    c->old = -1;
    if (rand_r(&c->seed) % 2 == 0)
        close(c->fd);
    else
        c->old = c->fd; /* nobody reads it any more */
}

static void *move_about(void *user)
{
    mover *c = user;
    c->room = malloc(ROOM);
    c->old = -1;
    enter(c);
    for (int round = 0; round < ROUNDS && c->problem == NULL; round++) {
        hear(c, (unsigned)rand_r(&c->seed) % 30);
        leave(c);
        if (rand_r(&c->seed) % 4 == 0)
            usleep(20000);
        if (c->problem == NULL && !enter(c))
            c->problem = "not recovered";
    }
    hear(c, 100);
    leave(c);
    if (c->old >= 0)
        close(c->old);
    free(c->room);
    return NULL;
}

/* --- the test --------------------------------------------------------------------------------- */

static void nothing_is_lost_and_nothing_twice(void **state)
{
    static mover movers[MOVERS], last = {.old = -1};
    pthread_t server_thread, threads[MOVERS];
    void *result;
    (void)state;
    assert_int_equal(pthread_create(&server_thread, NULL, run_server, NULL), 0);
    while (atomic_load(&server.port) == 0)
        usleep(1000);
    for (int i = 0; i < MOVERS; i++) {
        movers[i].seed = (unsigned)i + 1;
        assert_int_equal(pthread_create(&threads[i], NULL, move_about, &movers[i]), 0);
    }
    for (int i = 0; i < MOVERS; i++)
        pthread_join(threads[i], NULL);
    last.room = malloc(ROOM);
    enter(&last);
    say(&last, "42[\"stop\"]");
    pthread_join(server_thread, &result);
    close(last.fd);
    free(last.room);
    assert_int_equal((intptr_t)result, 0);
    for (int i = 0; i < MOVERS; i++)
        if (movers[i].problem != NULL)
            fail_msg("client %d: %s", i, movers[i].problem);
    assert_true(atomic_load(&server.moves) >= ROUNDS);
    assert_int_equal(atomic_load(&server.begun), MOVERS + 1);
    assert_int_equal(atomic_load(&server.ended), MOVERS + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_lost_and_nothing_twice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
