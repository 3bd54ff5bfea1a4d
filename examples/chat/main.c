/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* main.c: the chat's program: its options, its page, its parts put together.
 *
 *     main.c    this
 *     chat.c    the events: what clients say and what they are told
 *     people.c  who is where
 *     store.c   the history, in SQLite
 *     text.c    names and messages, checked
 *     limit.h   how often one may ask
 *     public/   the page
 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include <vireo/vireo.h>

#include "chat.h"
#include "store.h"

#ifndef VIREO_CHAT_PUBLIC
#define VIREO_CHAT_PUBLIC "public"
#endif

/* The largest text, each character written as \uXXXX\uXXXX, is 24 kB; nothing longer need be
 * read. */
#define MAX_MESSAGE_BYTES (64 * 1024)

/* The page has no script, style or image but its own, and talks to nobody but its server. Were
 * markup ever to slip into it, it would not run. */
static const char page_headers[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src "
    "'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n";

struct options {
    const char *host;
    const char *data;
    const char *folder;
    unsigned short port;
};

static int usage(FILE *out)
{
    fprintf(out, "usage: chat [--port N] [--host ADDRESS] [--data FILE] [--public FOLDER]\n"
                 "  --port N         where to listen; 0: any free port (3000)\n"
                 "  --host ADDRESS   only on this address (all)\n"
                 "  --data FILE      the history (chat.db)\n"
                 "  --public FOLDER  the page (" VIREO_CHAT_PUBLIC ")\n");
    return out == stdout ? 0 : 2;
}

static bool read_port(const char *text, unsigned short *port)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || n > 65535)
        return false;
    *port = (unsigned short)n;
    return true;
}

/* Returns -1 to go on, or what main returns. */
static int read_options(struct options *o, int argc, char **argv)
{
    static const struct option known[] = {
        {"port", required_argument, NULL, 'p'}, {"host", required_argument, NULL, 'h'},
        {"data", required_argument, NULL, 'd'}, {"public", required_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'u'},       {NULL, 0, NULL, 0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (c == 'h')
            o->host = optarg;
        else if (c == 'd')
            o->data = optarg;
        else if (c == 'w')
            o->folder = optarg;
        else if (c != 'p' || !read_port(optarg, &o->port))
            return usage(c == 'u' ? stdout : stderr);
    }
    return optind == argc ? -1 : usage(stderr);
}

/* Returns what main returns. */
static int serve(const struct options *o, struct store *store)
{
    vireo_app *app = vireo_app_new();

    if (app == NULL)
        return 1;
    if (vireo_socketio(app, .max_message_bytes = MAX_MESSAGE_BYTES) == NULL ||
        vireo_static(app, "/", o->folder, .headers = page_headers) != 0) {
        fprintf(stderr, "chat: cannot serve the page from %s\n", o->folder);
        vireo_app_free(app);
        return 1;
    }
    struct chat *chat = chat_new(app, store);
    if (chat == NULL) {
        vireo_app_free(app);
        return 1;
    }
    int result = vireo_run(app, .host = o->host, .port = o->port, .name = "chat");
    chat_free(chat);
    return result;
}

int main(int argc, char **argv)
{
    struct options o = {.port = 3000, .data = "chat.db", .folder = VIREO_CHAT_PUBLIC};
    int result = read_options(&o, argc, argv);

    if (result >= 0)
        return result;
    struct store *store = store_open(o.data);
    if (store == NULL)
        return 1;
    result = serve(&o, store);
    store_close(store);
    return result;
}
