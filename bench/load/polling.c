/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* polling.c: Engine.IO's HTTP long-polling. A session has two connections: on one a GET always
 * waits for packets, on the other packets are posted, as many at once as are due. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "echo.h"

typedef struct session {
    conn *get, *post;
    bool posting; /* the answer to a POST is to come */
    bool pong;    /* Engine.IO's heartbeat is to be answered */
    char id[64];
} session;

static const char common_head[] =
    "Host: localhost:%u\r\n"
    "Connection: keep-alive\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: */*\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Origin: http://localhost:%u\r\n"
    "Sec-Fetch-Mode: cors\r\n";

/* --- requests --------------------------------------------------------------------------------- */

static void ask(session *s)
{
    char text[1024];
    unsigned port = ntohs(s->get->l->to.sin_port);
    int n = snprintf(text, sizeof text, "GET %s%s%s HTTP/1.1\r\n", s->get->l->path,
                     s->id[0] != '\0' ? "&sid=" : "", s->id);
    n += snprintf(text + n, sizeof text - (size_t)n, common_head, port, port);
    memcpy(text + n, "\r\n", 2);
    conn_send(s->get, text, (size_t)n + 2);
}

static void post(session *s, const void *body, size_t len)
{
    load *l = s->get->l;
    char head[1024];
    unsigned port = ntohs(l->to.sin_port);
    int n = snprintf(head, sizeof head,
                     "POST %s&sid=%s HTTP/1.1\r\n"
                     "Content-Type: text/plain;charset=UTF-8\r\n"
                     "Content-Length: %zu\r\n",
                     l->path, s->id, len);
    n += snprintf(head + n, sizeof head - (size_t)n, common_head, port, port);
    memcpy(head + n, "\r\n", 2);
    n += 2;
    uint8_t *both = allocate((size_t)n + len, 1);
    memcpy(both, head, (size_t)n);
    memcpy(both + n, body, len);
    conn_send(s->post, both, (size_t)n + len);
    free(both);
    s->posting = true;
}

static void post_due(conn *c)
{
    session *s = c->polls;
    if (s->posting)
        return;
    if (s->pong) {
        s->pong = false;
        post(s, "3", 1);
        return;
    }
    size_t len;
    const uint8_t *packets = echo_take_due(s->get, &len);
    if (len > 0)
        post(s, packets, len - 1); /* nothing is separated behind the last */
}

/* --- a session's beginning -------------------------------------------------------------------- */

static void prepare(load *l)
{
    echo_prepare(l);
    for (unsigned i = 0; i < l->connections; i++) {
        session *s = allocate(1, sizeof *s);
        s->get = &l->conns[i];
        s->post = &l->conns[l->connections + i];
        s->get->polls = s->post->polls = s;
    }
}

void polling_on_dialled(conn *c)
{
    session *s = c->polls;
    if (c == s->get) {
        conn_dial(s->post);
        return;
    }
    c->stage = READY;
    s->get->stage = OPENING;
    ask(s);
}

static void read_id(session *s, const char *text)
{
    static const char before[] = "\"sid\":\"";
    const char *id = strstr(text, before), *end;
    if (text[0] != '0' || id == NULL || (end = strchr(id += sizeof before - 1, '"')) == NULL ||
        (size_t)(end - id) >= sizeof s->id)
        die("no open packet: %.80s", text);
    memcpy(s->id, id, (size_t)(end - id));
    s->get->stage = JOINING_NAMESPACE;
    post(s, "40", 2);
}

static void on_packet(session *s, const uint8_t *text, size_t n)
{
    if (n == 1 && text[0] == '2')
        s->pong = true;
    else if (s->get->stage == READY)
        echo_on_message(s->get, text, n);
    else if (s->get->stage == JOINING_NAMESPACE && n >= 3 && memcmp(text, "40{", 3) == 0)
        protocol_became_ready(s->get);
    else
        load_wrong(s->get->l, "in the handshake", text, n);
}

static void on_answer(conn *c, uint8_t *body, size_t n)
{
    session *s = c->polls;
    if (c == s->post) {
        s->posting = false;
        return;
    }
    body[n] = '\0';
    if (c->stage == OPENING) {
        read_id(s, (char *)body);
    } else {
        for (uint8_t *at = body, *end = body + n, *next; at < end; at = next + 1) {
            next = memchr(at, ECHO_SEPARATOR, (size_t)(end - at));
            if (next == NULL)
                next = end;
            on_packet(s, at, (size_t)(next - at));
        }
    }
    ask(s);
}

/* --- answers ---------------------------------------------------------------------------------- */

/* Puts the chunks at |in| together in place. Returns how much of |in| they are, 0 when the last one
 * is not there yet. */
static size_t join_chunks(uint8_t *in, size_t n, size_t *len)
{
    uint8_t *at = in, *end = in + n, *to = in;
    for (;;) {
        char *after;
        uint8_t *line = memmem(at, (size_t)(end - at), "\r\n", 2);
        if (line == NULL)
            return 0;
        size_t size = strtoul((char *)at, &after, 16);
        at = line + 2;
        if ((size_t)(end - at) < 2 || (size_t)(end - at) - 2 < size)
            return 0;
        memmove(to, at, size);
        to += size;
        at += size + 2;
        if (size == 0) {
            *len = (size_t)(to - in);
            return (size_t)(at - in);
        }
    }
}

/* Whether all chunks are there; join_chunks changes what it reads. */
static bool ends_with_last_chunk(const uint8_t *in, size_t n)
{
    return n >= 5 && memcmp(in + n - 5, "0\r\n\r\n", 5) == 0;
}

size_t polling_on_bytes(conn *c, uint8_t *bytes, size_t n)
{
    char *head = (char *)bytes, *end = memmem(head, n, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    size_t head_len = (size_t)(end + 4 - head), len = 0, used = 0;
    uint8_t *body = bytes + head_len;
    *end = '\0';
    const char *length = strcasestr(head, "\r\nContent-Length:");
    bool ok = strncmp(head, "HTTP/1.1 200", 12) == 0;
    if (length != NULL)
        used = len = strtoul(length + 17, NULL, 10);
    else if (strcasestr(head, "\r\nTransfer-Encoding: chunked") == NULL)
        die("an answer without a length: %s", head);
    else if (ends_with_last_chunk(body, n - head_len))
        used = join_chunks(body, n - head_len, &len);
    bool whole = length != NULL ? n - head_len >= used : used > 0;
    *end = '\r';
    if (!whole)
        return 0;
    if (!ok)
        die("refused: %.60s", head);
    uint8_t *behind = body + len, kept = *behind; /* on_answer ends it with a NUL */
    on_answer(c, body, len);
    *behind = kept;
    return head_len + used;
}

const traffic polling_traffic = {
    .prepare = prepare, .begin = echo_begin, .on_message = echo_on_message, .on_read = post_due};
