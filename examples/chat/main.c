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
    uint32_t workers;
};

static int usage(FILE *out)
{
    fprintf(out, "usage: chat [--port N] [--host ADDRESS] [--data FILE] [--public FOLDER]\n"
                 "            [--workers N]\n"
                 "  --port N         where to listen; 0: any free port (3000)\n"
                 "  --host ADDRESS   only on this address (all)\n"
                 "  --data FILE      the history (chat.db)\n"
                 "  --public FOLDER  the page (" VIREO_CHAT_PUBLIC ")\n"
                 "  --workers N      threads that serve; 0: one for each processor (1)\n");
    return out == stdout ? 0 : 2;
}

static bool read_number(const char *text, unsigned long most, unsigned long *out)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || n > most)
        return false;
    *out = n;
    return true;
}

/* Returns -1 to go on, or what main returns. */
static int read_options(struct options *o, int argc, char **argv)
{
    static const struct option known[] = {
        {"port", required_argument, NULL, 'p'},
        {"host", required_argument, NULL, 'h'},
        {"data", required_argument, NULL, 'd'},
        {"public", required_argument, NULL, 'w'},
        {"workers", required_argument, NULL, 'n'},
        {"help", no_argument, NULL, 'u'},
        {NULL, 0, NULL, 0},
    };
    unsigned long number;
    int c;

    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (c == 'h')
            o->host = optarg;
        else if (c == 'd')
            o->data = optarg;
        else if (c == 'w')
            o->folder = optarg;
        else if (c == 'p' && read_number(optarg, 65535, &number))
            o->port = (unsigned short)number;
        else if (c == 'n' && read_number(optarg, VIREO_MAX_WORKERS, &number))
            o->workers = (uint32_t)number;
        else
            return usage(c == 'u' ? stdout : stderr);
    }
    return optind == argc ? -1 : usage(stderr);
}

/* What each worker serves. */
struct site {
    const struct options *options;
    struct chat *chat;
};

static int set_up(vireo_app *app, void *user)
{
    const struct site *site = user;

    if (vireo_socketio(app, .max_message_bytes = MAX_MESSAGE_BYTES) == NULL ||
        vireo_static(app, "/", site->options->folder, .headers = page_headers) != 0) {
        fprintf(stderr, "chat: cannot serve the page from %s\n", site->options->folder);
        return VIREO_EINVAL;
    }
    return chat_serve(site->chat, app) ? 0 : VIREO_ENOMEM;
}

/* Returns what main returns. */
static int serve(const struct options *o, struct store *store)
{
    struct site site = {o, chat_new(store)};

    if (site.chat == NULL)
        return 1;
    int result = vireo_run_workers(set_up, &site, .workers = o->workers, .host = o->host,
                                   .port = o->port, .name = "chat");
    chat_free(site.chat);
    return result;
}

int main(int argc, char **argv)
{
    struct options o = {.port = 3000, .data = "chat.db", .folder = VIREO_CHAT_PUBLIC, .workers = 1};
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
