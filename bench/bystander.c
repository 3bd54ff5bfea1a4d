/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* bystander.c: what somebody else's attack costs a well-behaved client: one raw WebSocket
 * connection sends a small message to /echo every 4 ms and notes how long the echo takes, while
 * other processes attack the same server.
 *
 *     bystander ATTACK --port N [--secs N] [--tls]
 *
 *     calm      nobody attacks
 *     bomb      messages that inflate to 256 times the server's limit
 *     slow      clients that ask for echoes of 64 KiB and never read one
 *     flood     connections that shake hands and vanish
 *     tls       the same over TLS: the server signs, the attacker computes nothing
 *
 * Prints one line of JSON: percentiles in milliseconds, and how many attacks the server has met, so
 * that a quiet run cannot be mistaken for a robust server. A delayed message counts from the time
 * at which it was due. The bystander has a higher priority than the attackers, so that what is
 * measured is the server and not the scheduler beside it. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum {
    PERIOD_US = 4000,
    ATTACKERS = 4, /* processes */
    CROWD = 32,    /* connections of each */
    MESSAGE = 64 * 1024,
    BOMB_INFLATED = 256 * 1000 * 1000,
    GIVE_UP_MS = 30000,
};

static const char upgrade[] = "GET /echo HTTP/1.1\r\n"
                              "Host: localhost\r\n"
                              "Upgrade: websocket\r\n"
                              "Connection: Upgrade\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                              "Sec-WebSocket-Version: 13\r\n"
                              "%s\r\n";
static const char deflate_offer[] = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bystander: %s\n", what);
    exit(2);
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* --- a connection ----------------------------------------------------------------------------- */

static int dial(uint16_t port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int one = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/* Closed with a reset: the attackers must not run out of ports. */
static void vanish(int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

static bool send_all(int fd, const void *data, size_t len)
{
    for (const char *at = data; len > 0;) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static bool shake_hands(int fd, const char *extensions)
{
    char text[1024];
    int len = snprintf(text, sizeof text, upgrade, extensions);
    if (!send_all(fd, text, (size_t)len))
        return false;
    ssize_t n = recv(fd, text, sizeof text, 0);
    return n > 12 && memcmp(text, "HTTP/1.1 101", 12) == 0;
}

/* A final frame with a mask of zeros in front of |len| bytes. Returns the size of its head. */
static size_t frame_head(uint8_t out[14], uint8_t first, uint64_t len)
{
    size_t n = 2;
    out[0] = first;
    if (len < 126) {
        out[1] = (uint8_t)(0x80 | len);
    } else {
        out[1] = 0x80 | 127;
        for (int i = 0; i < 8; i++)
            out[n++] = (uint8_t)(len >> (56 - 8 * i));
    }
    memset(out + n, 0, 4);
    return n + 4;
}

/* --- the attacks: each runs in a process of its own, and counts what the server has met ------- */

typedef void attack(uint16_t port, volatile uint64_t *count);

/* Until the close frame, or the end. */
static void wait_for_answer(int fd)
{
    char answer[1024];
    if (recv(fd, answer, sizeof answer, 0) < 0)
        return;
}

static size_t make_bomb(uint8_t *out, size_t size)
{
    static uint8_t zeros[65536];
    z_stream z = {.next_out = out, .avail_out = (uInt)size};
    deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
    for (size_t left = BOMB_INFLATED; left > 0;) {
        z.next_in = zeros;
        z.avail_in = (uInt)(left < sizeof zeros ? left : sizeof zeros);
        left -= z.avail_in;
        deflate(&z, left > 0 ? Z_NO_FLUSH : Z_SYNC_FLUSH);
    }
    deflateEnd(&z);
    return z.total_out - 4; /* without the 00 00 ff ff of the flush (RFC 7692, 7.2.1) */
}

static void attack_bomb(uint16_t port, volatile uint64_t *count)
{
    static uint8_t bomb[1024 * 1024];
    size_t len = make_bomb(bomb, sizeof bomb);
    uint8_t head[14];
    size_t head_len = frame_head(head, 0xC1, len); /* FIN, RSV1: compressed; text */
    for (int fd; (fd = dial(port)) >= 0; vanish(fd)) {
        if (!shake_hands(fd, deflate_offer))
            die("no permessage-deflate");
        if (send_all(fd, head, head_len))
            send_all(fd, bomb, len); /* the server may well close before it has read all */
        wait_for_answer(fd);
        ++*count;
    }
}

static void attack_slow(uint16_t port, volatile uint64_t *count)
{
    static uint8_t message[14 + MESSAGE];
    int fds[CROWD];
    size_t head_len = frame_head(message, 0x82, MESSAGE);
    memset(fds, -1, sizeof fds);
    for (size_t i = 0;; i = (i + 1) % CROWD) {
        if (fds[i] < 0 && ((fds[i] = dial(port)) < 0 || !shake_hands(fds[i], "")))
            return;
        /* Only whole messages: what does not fit means that the server has stopped reading. */
        struct pollfd p = {.fd = fds[i], .events = POLLOUT};
        if (poll(&p, 1, 1) == 1 && (p.revents & (POLLERR | POLLHUP)) == 0 &&
            send_all(fds[i], message, head_len + MESSAGE)) {
            ++*count;
        } else if ((p.revents & (POLLERR | POLLHUP)) != 0) {
            vanish(fds[i]);
            fds[i] = -1;
        }
    }
}

static void attack_flood(uint16_t port, volatile uint64_t *count)
{
    char request[1024];
    int len = snprintf(request, sizeof request, upgrade, "");
    int fds[CROWD];
    for (;;) {
        for (size_t i = 0; i < CROWD; i++)
            if ((fds[i] = dial(port)) < 0 || !send_all(fds[i], request, (size_t)len))
                return;
        for (size_t i = 0; i < CROWD; i++) {
            char answer[1024];
            if (recv(fds[i], answer, sizeof answer, 0) > 0)
                ++*count;
            vanish(fds[i]);
        }
    }
}

/* A ClientHello, made once: the server answers each copy of it with a key exchange and a
 * signature. */
static size_t make_hello(void *out, size_t size)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    BIO *wire = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), wire);
    SSL_connect(ssl);
    int n = BIO_read(wire, out, (int)size);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return (size_t)n;
}

static void attack_tls(uint16_t port, volatile uint64_t *count)
{
    char hello[2048];
    size_t len = make_hello(hello, sizeof hello);
    int fds[CROWD];
    for (;;) {
        for (size_t i = 0; i < CROWD; i++)
            if ((fds[i] = dial(port)) < 0 || !send_all(fds[i], hello, len))
                return;
        for (size_t i = 0; i < CROWD; i++) {
            char answer[4096];
            if (recv(fds[i], answer, sizeof answer, 0) > 0)
                ++*count;
            vanish(fds[i]);
        }
    }
}

static const struct {
    const char *name;
    attack *run;
} attacks[] = {{"calm", NULL},
               {"bomb", attack_bomb},
               {"slow", attack_slow},
               {"flood", attack_flood},
               {"tls", attack_tls}};

static attack *find_attack(const char *name)
{
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++)
        if (strcmp(name, attacks[i].name) == 0)
            return attacks[i].run;
    die("usage: bystander calm|bomb|slow|flood|tls --port N [--secs N] [--tls]");
}

/* Returns the place where the attackers count, shared by all of them. */
static volatile uint64_t *begin_attack(attack *run, uint16_t port, pid_t pids[ATTACKERS])
{
    volatile uint64_t *counts = mmap(NULL, ATTACKERS * sizeof *counts, PROT_READ | PROT_WRITE,
                                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (counts == MAP_FAILED)
        die("no memory");
    for (int i = 0; run != NULL && i < ATTACKERS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            run(port, &counts[i]);
            exit(1);
        }
    }
    return counts;
}

static uint64_t attacks_met(const volatile uint64_t *counts)
{
    uint64_t sum = 0;
    for (int i = 0; i < ATTACKERS; i++)
        sum += counts[i];
    return sum;
}

static void end_attack(const pid_t pids[ATTACKERS])
{
    for (int i = 0; i < ATTACKERS && pids[i] > 0; i++) {
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
    }
}

/* --- the bystander ---------------------------------------------------------------------------- */

typedef struct bystander {
    int fd;
    SSL *ssl; /* NULL: without TLS */
} bystander;

static bool put(bystander *b, const void *data, size_t len)
{
    return b->ssl != NULL ? SSL_write(b->ssl, data, (int)len) == (int)len
                          : send_all(b->fd, data, len);
}

static int get(bystander *b, void *data, size_t size)
{
    return b->ssl != NULL ? SSL_read(b->ssl, data, (int)size) : (int)recv(b->fd, data, size, 0);
}

static void get_all(bystander *b, void *data, size_t len)
{
    for (size_t done = 0; done < len;) {
        int n = get(b, (char *)data + done, len - done);
        if (n <= 0)
            die("the server has closed the bystander's connection");
        done += (size_t)n;
    }
}

static void enter(bystander *b, uint16_t port, bool tls)
{
    char text[1024];
    b->fd = dial(port);
    if (b->fd < 0)
        die("cannot connect");
    if (tls) {
        b->ssl = SSL_new(SSL_CTX_new(TLS_client_method()));
        SSL_set_fd(b->ssl, b->fd);
        if (SSL_connect(b->ssl) != 1)
            die("no TLS");
    }
    int len = snprintf(text, sizeof text, upgrade, "");
    if (!put(b, text, (size_t)len) || get(b, text, sizeof text) < 12 ||
        memcmp(text, "HTTP/1.1 101", 12) != 0)
        die("no WebSocket");
}

/* --- what it says and hears ------------------------------------------------------------------- */

static const char text[] = "thirty-two bytes of conversation";
enum { LEN = sizeof text - 1 };

static void say(bystander *b)
{
    uint8_t frame[14 + LEN];
    size_t head = frame_head(frame, 0x81, LEN);
    memcpy(frame + head, text, LEN);
    if (!put(b, frame, head + LEN))
        die("cannot send");
}

static void hear(bystander *b)
{
    uint8_t answer[2 + LEN];
    get_all(b, answer, sizeof answer);
    if (memcmp(answer + 2, text, LEN) != 0)
        die("that is no echo");
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool can_hear(bystander *b, int64_t wait_us)
{
    struct pollfd p = {.fd = b->fd, .events = POLLIN};
    struct timespec wait = {.tv_nsec = (long)(wait_us > 0 ? wait_us : 0) * 1000};
    return (b->ssl != NULL && SSL_pending(b->ssl) > 0) || ppoll(&p, 1, &wait, NULL) > 0;
}

/* Speaks when it is time to, whether or not it has been answered. */
static void measure(bystander *b, int64_t *took, size_t count)
{
    int64_t start = now_us();
    for (size_t said = 0, heard = 0; heard < count;) {
        int64_t early = start + (int64_t)said * PERIOD_US - now_us();
        if (said < count && early <= 0) {
            say(b);
            said++;
        } else if (can_hear(b, early > 0 ? early : PERIOD_US)) {
            hear(b);
            took[heard] = now_us() - (start + (int64_t)heard * PERIOD_US);
            heard++;
        }
        if (now_us() - start > (int64_t)count * PERIOD_US + (int64_t)GIVE_UP_MS * 1000)
            die("the bystander is starved");
    }
}

int main(int argc, char **argv)
{
    uint16_t port = 9001;
    unsigned secs = 4;
    bool tls = false;
    pid_t pids[ATTACKERS] = {0};
    attack *run = find_attack(argc > 1 ? argv[1] : "");
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--tls") == 0)
            tls = true;
        else if (strcmp(argv[i], "--port") == 0 && i + 1 < argc)
            port = (uint16_t)atoi(argv[++i]);
        else if (strcmp(argv[i], "--secs") == 0 && i + 1 < argc)
            secs = (unsigned)atoi(argv[++i]);
        else
            find_attack("");
    }
    size_t count = secs * 1000000ul / PERIOD_US;
    int64_t *took = calloc(count, sizeof *took);
    bystander b = {0};
    if (took == NULL)
        die("no memory");
    enter(&b, port, tls);
    volatile uint64_t *counts = begin_attack(run, port, pids);
    sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 2});
    int64_t began = now_us();
    while (run != NULL && attacks_met(counts) == 0) {
        measure(&b, took, 25);
        if (now_us() - began > (int64_t)GIVE_UP_MS * 1000)
            die("no attack has reached the server");
    }
    uint64_t before = attacks_met(counts);
    began = now_us();
    measure(&b, took, count);
    int64_t lasted = now_us() - began;
    uint64_t met = attacks_met(counts) - before;
    end_attack(pids);
    qsort(took, count, sizeof *took, by_size);
    printf("{\"attack\":\"%s\",\"per_s\":%.1f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,"
           "\"max_ms\":%.3f}\n",
           argv[1], (double)met * 1000000 / (double)lasted, (double)took[count / 2] / 1000,
           (double)took[count * 99 / 100] / 1000, (double)took[count - 1] / 1000);
    free(took);
    return 0;
}
