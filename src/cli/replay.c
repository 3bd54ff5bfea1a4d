/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* replay.c: vireo replay: sends what vireo record has written, at the times at which it came. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/advice.h"
#include "cli/args.h"
#include "cli/event_line.h"
#include "cli/link.h"

enum { MAX_WAIT_MS = 24 * 3600 * 1000, WHY = 512 };

struct replay {
    cli_target target;
    cli_link link;
    double speed;
    FILE *in;
    const char *name;
    size_t number; /* of the line */
    char *line;
    size_t size;
    vireo_value *next; /* what waits for its time */
    uint64_t began;    /* the loop's clock when the connection stood */
};

static void end(struct replay *r, int status)
{
    cli_link_settle(&r->link, status);
}

static int send_text(struct replay *r, const vireo_value *text)
{
    size_t n;
    const void *bytes = vireo_bytes(text, &n);
    const char *string = bytes == NULL ? vireo_str_len(text, &n) : bytes;
    return string != NULL ? vireo_ws_send(r->link.ws, string, n, bytes != NULL) : VIREO_EINVAL;
}

/* The answer is not what was recorded: it was asked for so that the server can give one. */
static void on_answer(vireo_socket *s, int status, const vireo_value *values, void *user)
{
    (void)s;
    (void)status;
    (void)values;
    (void)user;
}

static int send_event(struct replay *r, const char *event, const cli_args *args)
{
    if (vireo_bool(vireo_get(r->next, "ack"), false))
        return cli_args_ask(r->link.socket, 0, on_answer, NULL, event, args);
    return cli_args_emit(r->link.socket, event, args);
}

/* Sends what waits. Returns 0, or a negative number with |why|, which says so in words. */
static int send_next(struct replay *r, char why[WHY])
{
    cli_args args = {0};
    const vireo_value *text = vireo_get(r->next, "text"), *list = vireo_get(r->next, "event");
    const char *event = NULL;
    int error = VIREO_EINVAL;
    if (r->link.raw && text == NULL)
        snprintf(why, WHY, "it was recorded of Socket.IO: --speak socketio, or an http: URL");
    else if (r->link.raw)
        error = send_text(r, text);
    else if (list == NULL)
        snprintf(why, WHY, "it was recorded of a raw WebSocket: --speak ws, or a ws: URL");
    else if ((event = cli_line_args(list, &args)) == NULL)
        snprintf(why, WHY, "%s", args.wrong);
    else
        error = send_event(r, event, &args);
    if (error < 0 && *why == '\0')
        snprintf(why, WHY, "%s%s", vireo_strerror(error), cli_advice_send(error));
    cli_args_deinit(&args);
    return error;
}

/* Reads the next line. Returns 1, 0 at the end, a negative number when it is no line of a record.
 */
static int read_next(struct replay *r, char why[WHY])
{
    vireo_error error = {.text = "no \"ms\" is in it"};
    ssize_t n = getline(&r->line, &r->size, r->in);
    if (n < 0 && ferror(r->in)) {
        snprintf(why, WHY, "%s%s", strerror(errno), cli_advice_file(errno));
        return -EIO;
    }
    if (n < 0)
        return 0;
    r->number++;
    r->next = cli_line_read(r->line, (size_t)n, &error);
    if (vireo_type_of(vireo_get(r->next, "ms")) == VIREO_NUMBER)
        return 1;
    snprintf(why, WHY, "%s; vireo record writes lines like {\"ms\":12,\"event\":[\"chat\"]}",
             error.text);
    vireo_value_free(r->next);
    r->next = NULL;
    return VIREO_EINVAL;
}

static void wrong_line(struct replay *r, const char *why)
{
    end(r, cli_fail(r->link.self, CLI_FAILED, "%s, line %zu: %s", r->name, r->number, why));
}

static void on_due(vireo_timer *timer, void *user);

static void wait_for_next(struct replay *r)
{
    char why[WHY] = "";
    int more = read_next(r, why);
    if (more == 0)
        end(r, CLI_OK);
    else if (more < 0)
        wrong_line(r, why);
    if (more <= 0)
        return;
    double due = vireo_num(vireo_get(r->next, "ms"), 0) / r->speed;
    double wait = due - (double)(uv_now(&r->link.uv) - r->began);
    wait = wait < 0 ? 0 : wait > MAX_WAIT_MS ? MAX_WAIT_MS : wait;
    if (vireo_after(r->link.app, (uint32_t)wait, on_due, r) == NULL)
        end(r, cli_fail(r->link.self, CLI_FAILED, "out of memory"));
}

static void on_due(vireo_timer *timer, void *user)
{
    struct replay *r = user;
    (void)timer;
    if (!r->link.open)
        return;
    char why[WHY] = "";
    int error = send_next(r, why);
    vireo_value_free(r->next);
    r->next = NULL;
    if (error < 0)
        wrong_line(r, why);
    else
        wait_for_next(r);
}

static void on_open(cli_link *link)
{
    struct replay *r = link->user;
    r->began = uv_now(&link->uv);
    wait_for_next(r);
}

static int run(const cli_command *self, int argc, char **argv)
{
    static const cli_link_events events = {.on_open = on_open};
    struct replay r = {.link.user = &r, .speed = 1};
    cli_words words;
    int status = cli_parse(self, argc, argv, &r, &words);
    if (status >= 0)
        return status;
    r.name = words.at[0];
    bool input = strcmp(r.name, "-") == 0;
    r.in = input ? stdin : fopen(r.name, "r");
    r.name = input ? "the input" : r.name;
    if (r.in == NULL)
        return cli_fail_file(self, r.name, errno);
    status = cli_link_open(&r.link, self, &r.target, words.at[1], &events);
    if (status < 0)
        status = cli_link_run(&r.link);
    vireo_value_free(r.next);
    free(r.line);
    if (r.in != stdin)
        fclose(r.in);
    return status;
}

static const cli_option options[] = {
    {"speed", 's', CLI_FACTOR, offsetof(struct replay, speed), "N",
     "so many times as fast as it was recorded: 10, or 0.5 (1)"},
    {0},
};

static const cli_group groups[] = {{"Options", options, 0}, CLI_TARGET_GROUP(struct replay), {0}};

const cli_command cli_cmd_replay = {
    .name = "replay",
    .words = "FILE URL",
    .summary = "sends what vireo record has written, with the same gaps",
    .text = "FILE - is the input.",
    .examples = "vireo replay session.ndjson localhost:4000\n"
                "vireo replay session.ndjson localhost:4000 --speed 100",
    .min_words = 2,
    .max_words = 2,
    .groups = groups,
    .run = run,
};
