/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* listen.c: vireo listen, which writes a line for each event, and vireo record, which writes with
 * it when it came:
 *
 *     {"ms":1250,"event":["chat","hi"]}               {"ms":1300,"text":"raw"}
 *     {"ms":1260,"event":["ready?"],"ack":true}       {"ms":1300,"text":{"$base64":"AQ=="}}
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/event_line.h"
#include "cli/link.h"
#include "cli/show.h"

struct listen {
    cli_target target;
    cli_link link;
    cli_words wanted; /* names of events; none: all */
    const char *answer, *file;
    uint64_t count; /* 0: no end */
    uint32_t timeout_ms;
    bool reconnect, record, values;
    uint64_t seen, began;
    FILE *out;
    vireo__buf line;
};

static struct listen *of(cli_link *link)
{
    return link->user;
}

static void begin_line(struct listen *l, const char *key)
{
    if (!l->record)
        return;
    vireo__buf_append_str(&l->line, "{\"ms\":");
    vireo__buf_append_u64(&l->line, uv_now(&l->link.uv) - l->began);
    vireo__buf_append_str(&l->line, key);
}

/* Each line is out at once: who reads it waits for it. */
static void end_line(struct listen *l)
{
    vireo__buf_append_str(&l->line, l->record ? "}\n" : "\n");
    cli_put(l->out, &l->line);
    fflush(l->out);
    if (ferror(l->out)) /* the reader has gone, or the disk is full */
        cli_link_end(&l->link,
                     errno == EPIPE
                         ? CLI_OK
                         : cli_fail_file(l->link.self, l->file ? l->file : "the output", errno));
    else if (++l->seen == l->count)
        cli_link_end(&l->link, CLI_OK);
}

static bool is_wanted(const struct listen *l, const char *event)
{
    bool wanted = l->wanted.count == 0;
    for (size_t i = 0; !wanted && i < l->wanted.count; i++)
        wanted = strcmp(l->wanted.at[i], event) == 0;
    return wanted;
}

/* The event without its name: one value as it is, and none or several as an array. */
static void write_values(struct listen *l, const vireo_msg *m)
{
    size_t n = vireo_arg_count(m);
    for (size_t i = 0; i < n; i++) {
        if (n > 1)
            vireo__buf_append_byte(&l->line, i == 0 ? '[' : ',');
        cli_line_write(&l->line, vireo_arg(m, i));
    }
    if (n != 1)
        vireo__buf_append_str(&l->line, n == 0 ? "[]" : "]");
}

static void on_event(cli_link *link, vireo_socket *s, const vireo_msg *m)
{
    struct listen *l = of(link);
    (void)s;
    if (!link->open || !is_wanted(l, vireo_event(m)))
        return;
    bool asks = vireo_wants_ack(m);
    if (l->answer != NULL && asks)
        vireo_ack(m, "%p", vireo_json_text(l->answer, strlen(l->answer)));
    begin_line(l, ",\"event\":");
    if (l->values)
        write_values(l, m);
    else
        cli_line_write(&l->line, vireo_args(m));
    if (l->record && asks)
        vireo__buf_append_str(&l->line, ",\"ack\":true");
    end_line(l);
}

static void on_message(cli_link *link, const void *data, size_t n, bool binary)
{
    struct listen *l = of(link);
    size_t len = 0;
    char *json =
        l->record && !binary ? vireo_format(&len, "%.*s", (int)n, (const char *)data) : NULL;
    if (!link->open)
        return;
    begin_line(l, ",\"text\":");
    if (binary)
        cli_line_write_bytes(&l->line, data, n);
    else if (json != NULL)
        vireo__buf_append(&l->line, json, len);
    else
        vireo__buf_append(&l->line, data, n);
    free(json);
    end_line(l);
}

static void on_open(cli_link *link)
{
    struct listen *l = of(link);
    if (l->began == 0)
        l->began = uv_now(&link->uv);
}

static void on_time(vireo_timer *timer, void *user)
{
    struct listen *l = user;
    (void)timer;
    if (l->count == 0)
        cli_link_end(&l->link, CLI_OK);
    else
        cli_link_end(&l->link, cli_fail(l->link.self, CLI_TIMEOUT,
                                        "time is up: %llu of %llu came; is the event's name right? "
                                        "--timeout gives them more time",
                                        (unsigned long long)l->seen, (unsigned long long)l->count));
}

static int check(const cli_command *self, struct listen *l)
{
    vireo_value *v = l->answer ? vireo_parse(l->answer, strlen(l->answer), NULL) : NULL;
    bool good = l->answer == NULL || v != NULL;
    vireo_value_free(v);
    if (!good)
        return cli_usage_error(self, "--answer wants JSON: '\"a text\"' or '{\"ok\":true}'");
    l->out = l->file ? fopen(l->file, "w") : stdout;
    if (l->out == NULL)
        return cli_fail_file(self, l->file, errno);
    return -1;
}

static int listen_with(const cli_command *self, int argc, char **argv, struct listen *l)
{
    static const cli_link_events events = {
        .on_open = on_open, .on_event = on_event, .on_message = on_message};
    cli_words words;
    int status = cli_parse(self, argc, argv, l, &words);
    if (status < 0)
        status = check(self, l);
    if (status >= 0)
        return status;
    l->link.user = l;
    l->link.reconnect = l->reconnect;
    l->link.lost_advice = l->reconnect ? NULL : "; --reconnect comes back";
    l->wanted = (cli_words){words.count - 1, words.at + 1};
    vireo__buf_init(&l->line, VIREO__BUF_UNLIMITED);
    status = cli_link_open(&l->link, self, &l->target, words.at[0], &events);
    if (status < 0) {
        if (l->timeout_ms > 0)
            vireo_after(l->link.app, l->timeout_ms, on_time, l);
        status = cli_link_run(&l->link);
    }
    vireo__buf_deinit(&l->line);
    if (l->out != stdout && fclose(l->out) != 0)
        status = cli_fail_file(self, l->file, errno);
    return status;
}

static int run_listen(const cli_command *self, int argc, char **argv)
{
    struct listen l = {0};
    return listen_with(self, argc, argv, &l);
}

static int run_record(const cli_command *self, int argc, char **argv)
{
    struct listen l = {.record = true};
    return listen_with(self, argc, argv, &l);
}

#define COMMON_OPTIONS                                                                             \
    {"count", 'n', CLI_COUNT, offsetof(struct listen, count), "N", "end after so many"},           \
        {"timeout", 't',                                                                           \
         CLI_TIME,  offsetof(struct listen, timeout_ms),                                           \
         "TIME",    "end after it; with --count, and fewer: exit code 3"},                         \
        {"reconnect", 'r',                                                                         \
         CLI_FLAG,    offsetof(struct listen, reconnect),                                          \
         NULL,        "when the connection is lost, or cannot be had: try again"},                 \
    {                                                                                              \
        "answer", 0, CLI_TEXT, offsetof(struct listen, answer), "JSON",                            \
            "acknowledge events that ask for it with this"                                         \
    }

static const cli_option listen_options[] = {
    {"values", 'v', CLI_FLAG, offsetof(struct listen, values), NULL,
     "without the event's name: its value, or an array of several"},
    COMMON_OPTIONS,
    {0},
};

static const cli_option record_options[] = {
    {"output", 'o', CLI_TEXT, offsetof(struct listen, file), "FILE",
     "write this instead of stdout"},
    COMMON_OPTIONS,
    {0},
};

static const cli_group listen_groups[] = {
    {"Options", listen_options, 0}, CLI_TARGET_GROUP(struct listen), {0}};
static const cli_group record_groups[] = {
    {"Options", record_options, 0}, CLI_TARGET_GROUP(struct listen), {0}};

const cli_command cli_cmd_listen = {
    .name = "listen",
    .words = "URL [EVENT ..]",
    .summary = "writes a line for each event that comes",
    .text =
        "All events, or those that are named, as JSON: [\"chat\",{\"text\":\"hi\"}]. Of a raw "
        "WebSocket (ws:) each message is a line as it is. Bytes stand as {\"$base64\":\"AQID\"}.",
    .examples = "vireo listen localhost:3000 | jq .\n"
                "vireo listen localhost:3000 price --values | jq .amount\n"
                "vireo listen localhost:3000 ready --count 1 --timeout 30s && ./tests\n"
                "vireo listen wss://example.org/feed --reconnect >> feed.txt",
    .min_words = 1,
    .max_words = SIZE_MAX,
    .groups = listen_groups,
    .run = run_listen,
};

const cli_command cli_cmd_record = {
    .name = "record",
    .words = "URL [EVENT ..]",
    .summary = "writes the events that come with their times, for replay",
    .text = "Each line is {\"ms\":1250,\"event\":[\"chat\",\"hi\"]}, or \"text\" of a raw "
            "WebSocket (ws:); ms counts from the connection. Ctrl-C ends it.",
    .examples = "vireo record localhost:3000 -o session.ndjson --timeout 10m\n"
                "vireo replay session.ndjson localhost:4000 --speed 10",
    .min_words = 1,
    .max_words = SIZE_MAX,
    .groups = record_groups,
    .run = run_record,
};
