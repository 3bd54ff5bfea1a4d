/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* lws.c: a server on libwebsockets for the raw half of the contract (bench/README.md), in the
 * environment of the other peers: PORT, and DEFLATE=1.
 *
 * Its sub-protocols stand for the paths: a connection is told by its path what it is. The library
 * asks each connection to write one message when its socket is writable, so each has a queue of
 * references to messages that stand once in memory. */

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A message; |bytes| begins with the room that the library wants for a frame's head. */
typedef struct message {
    unsigned references;
    size_t len;
    enum lws_write_protocol kind;
    unsigned char bytes[];
} message;

typedef struct waiting {
    struct waiting *next;
    message *message;
} waiting;

typedef struct client {
    struct lws *wsi;
    struct client *next, **link; /* among all of /bcast */
    waiting *first, **last;
    message *coming; /* in pieces, when it is longer than the library's buffer */
    int broadcasts;
} client;

static void die(const char *what)
{
    fprintf(stderr, "lws: %s\n", what);
    exit(1);
}

static void forget(message *m)
{
    if (--m->references == 0)
        free(m);
}

static void queue(client *c, message *m)
{
    waiting *w = malloc(sizeof *w);
    if (w == NULL)
        die("out of memory");
    *w = (waiting){.message = m};
    m->references++;
    *c->last = w;
    c->last = &w->next;
    lws_callback_on_writable(c->wsi);
}

static void open_client(client *c, struct lws *wsi, client **everyone)
{
    char path[32] = "";
    lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI);
    *c = (client){.wsi = wsi, .broadcasts = strcmp(path, "/bcast") == 0};
    c->last = &c->first;
    if (!c->broadcasts)
        return;
    c->next = *everyone;
    c->link = everyone;
    if (c->next != NULL)
        c->next->link = &c->next;
    *everyone = c;
}

static void close_client(client *c)
{
    if (c->link != NULL)
        *c->link = c->next;
    if (c->link != NULL && c->next != NULL)
        c->next->link = c->link;
    for (waiting *w = c->first, *next; w != NULL; w = next) {
        next = w->next;
        forget(w->message);
        free(w);
    }
    free(c->coming);
}

/* Adds a piece; returns the message when that was the last. */
static message *collect(client *c, const void *bytes, size_t n)
{
    size_t before = c->coming != NULL ? c->coming->len : 0;
    message *m = realloc(c->coming, sizeof *m + LWS_PRE + before + n);
    if (m == NULL)
        die("out of memory");
    memcpy(m->bytes + LWS_PRE + before, bytes, n);
    m->len = before + n;
    c->coming = m;
    if (!lws_is_final_fragment(c->wsi) || lws_remaining_packet_payload(c->wsi) > 0)
        return NULL;
    m->references = 1;
    m->kind = lws_frame_is_binary(c->wsi) ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
    c->coming = NULL;
    return m;
}

static void receive(client *c, const void *bytes, size_t n, client *everyone)
{
    message *m = collect(c, bytes, n);
    if (m == NULL)
        return;
    if (!c->broadcasts)
        queue(c, m);
    for (client *each = everyone; c->broadcasts && each != NULL; each = each->next)
        queue(each, m);
    forget(m);
}

static int write_one(client *c)
{
    waiting *w = c->first;
    if (w == NULL)
        return 0;
    message *m = w->message;
    int written = lws_write(c->wsi, m->bytes + LWS_PRE, m->len, m->kind);
    c->first = w->next;
    if (c->first == NULL)
        c->last = &c->first;
    free(w);
    forget(m);
    if (c->first != NULL)
        lws_callback_on_writable(c->wsi);
    return written < 0 ? -1 : 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    client **everyone = lws_context_user(lws_get_context(wsi));
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
        open_client(user, wsi, everyone);
        break;
    case LWS_CALLBACK_RECEIVE:
        receive(user, in, len, *everyone);
        break;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return write_one(user);
    case LWS_CALLBACK_CLOSED:
        close_client(user);
        break;
    default:
        break;
    }
    return 0;
}

int main(void)
{
    static const struct lws_extension deflate[] = {
        {"permessage-deflate", lws_extension_callback_pm_deflate,
         "permessage-deflate; client_no_context_takeover"},
        {NULL, NULL, NULL}};
    static const struct lws_protocols protocols[] = {{.name = "bench",
                                                      .callback = on_event,
                                                      .per_session_data_size = sizeof(client),
                                                      .rx_buffer_size = 65536},
                                                     {0}};
    client *everyone = NULL;
    const char *port = getenv("PORT"), *compress = getenv("DEFLATE");
    struct lws_context_creation_info info = {
        .port = port != NULL ? atoi(port) : 9001,
        .iface = "127.0.0.1",
        .protocols = protocols,
        .extensions = compress != NULL && strcmp(compress, "1") == 0 ? deflate : NULL,
        .user = &everyone,
    };
    lws_set_log_level(LLL_ERR, NULL);
    struct lws_context *context = lws_create_context(&info);
    if (context == NULL)
        die("cannot listen");
    while (lws_service(context, 0) >= 0)
        continue;
    lws_context_destroy(context);
    return 0;
}
