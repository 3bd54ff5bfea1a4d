/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* call.c: vireo call: an event and its acknowledgement, or a message and the next one that comes.
 */

#include <stdlib.h>
#include <string.h>

#include "cli/advice.h"
#include "cli/args.h"
#include "cli/event_line.h"
#include "cli/link.h"
#include "cli/show.h"

struct call {
    cli_target target;
    cli_link link;
    cli_words words; /* behind the URL */
    uint32_t timeout_ms;
    bool all;
    cli_args args;
};

static struct call *of(cli_link *link)
{
    return link->user;
}

static void late(struct call *c)
{
    cli_link_end(&c->link, cli_fail(c->link.self, CLI_TIMEOUT,
                                    "no answer in %g s; does the server answer this? --timeout "
                                    "gives it more time",
                                    c->timeout_ms / 1000.0));
}

static void write_line(struct call *c, vireo__buf *line)
{
    vireo__buf_append_byte(line, '\n');
    int error = line->error;
    cli_put(stdout, line);
    vireo__buf_deinit(line);
    cli_link_end(&c->link, error == 0
                               ? CLI_OK
                               : cli_fail(c->link.self, CLI_FAILED, "%s", vireo_strerror(error)));
}

/* One value is written as that, and none or several as an array. */
static void on_answer(vireo_socket *s, int status, const vireo_value *values, void *user)
{
    struct call *c = user;
    bool one = vireo_count(values) == 1 && !c->all;
    (void)s;
    if (status == VIREO_ETIMEDOUT) {
        late(c);
        return;
    }
    if (status < 0)
        return; /* the connection was lost, which is told */
    vireo__buf line;
    vireo__buf_init(&line, VIREO__BUF_UNLIMITED);
    cli_line_write(&line, one ? vireo_at(values, 0) : values);
    write_line(c, &line);
}

static void on_message(cli_link *link, const void *data, size_t n, bool binary)
{
    vireo__buf line;
    if (!link->open)
        return;
    vireo__buf_init(&line, VIREO__BUF_UNLIMITED);
    if (binary)
        cli_line_write_bytes(&line, data, n);
    else
        vireo__buf_append(&line, data, n);
    write_line(of(link), &line);
}

static void on_time(vireo_timer *timer, void *user)
{
    (void)timer;
    late(user);
}

static int ask_raw(struct call *c)
{
    if (c->timeout_ms > 0)
        vireo_after(c->link.app, c->timeout_ms, on_time, c);
    if (c->args.count > 0)
        return vireo_ws_send(c->link.ws, c->args.files[0].data, c->args.files[0].size, true);
    return vireo_ws_send_text(c->link.ws, c->words.at[0]);
}

static void on_open(cli_link *link)
{
    struct call *c = of(link);
    int error = link->raw ? ask_raw(c)
                          : cli_args_ask(link->socket, c->timeout_ms, on_answer, c, c->words.at[0],
                                         &c->args);
    if (error < 0)
        cli_link_end(link, cli_fail(link->self, CLI_FAILED, "not sent: %s%s", vireo_strerror(error),
                                    cli_advice_send(error)));
}

static int read_words(struct call *c)
{
    int error = 0;
    if (c->link.raw)
        return c->words.at[0][0] == '@'
                   ? cli_args_add(&c->args, c->words.at[0], strlen(c->words.at[0]))
                   : 0;
    for (size_t i = 1; error >= 0 && i < c->words.count; i++)
        error = cli_args_add(&c->args, c->words.at[i], strlen(c->words.at[i]));
    return error;
}

static int run(const cli_command *self, int argc, char **argv)
{
    static const cli_link_events events = {.on_open = on_open, .on_message = on_message};
    struct call c = {.link.user = &c, .timeout_ms = 10000};
    cli_words words;
    int status = cli_parse(self, argc, argv, &c, &words);
    if (status >= 0)
        return status;
    c.words = (cli_words){words.count - 1, words.at + 1};
    status = cli_link_open(&c.link, self, &c.target, words.at[0], &events);
    if (status >= 0)
        return status;
    if (read_words(&c) < 0) {
        cli_fail(self, 0, "%s", c.args.wrong);
        cli_link_end(&c.link, CLI_FAILED);
    }
    status = cli_link_run(&c.link);
    cli_args_deinit(&c.args);
    return status;
}

static const cli_option options[] = {
    {"timeout", 't', CLI_TIME, offsetof(struct call, timeout_ms), "TIME",
     "for the answer, from the connection on (10s); 0: none"},
    {"all", 0, CLI_FLAG, offsetof(struct call, all), NULL,
     "write the answer's values as an array, even if it is one"},
    {0},
};

static const cli_group groups[] = {{"Options", options, 0}, CLI_TARGET_GROUP(struct call), {0}};

const cli_command cli_cmd_call = {
    .name = "call",
    .words = "URL EVENT [ARG ..]",
    .summary = "sends an event, waits for its acknowledgement and writes it",
    .text = "Words as those of vireo emit. Of a raw WebSocket (ws:) it sends one message and "
            "writes the next one that comes. Exits with 3 when no answer comes.",
    .examples = "vireo call localhost:3000 add 1 2\n"
                "vireo call localhost:3000/admin users --auth '{\"token\":\"x\"}' | jq length\n"
                "vireo call ws://localhost:3000/echo ping --timeout 500ms",
    .min_words = 2,
    .max_words = 1 + 1 + CLI_ARGS_MAX,
    .groups = groups,
    .run = run,
};
