/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* emit.c: vireo emit: one event from the command line, or one for each line of the input. */

#include <string.h>

#include "cli/advice.h"
#include "cli/args.h"
#include "cli/event_line.h"
#include "cli/input.h"
#include "cli/link.h"

#define ENOUGH (4u << 20) /* bytes queued, beyond which the input waits */

struct emit {
    cli_target target;
    cli_link link;
    cli_input *in;
    cli_words words; /* behind the URL */
    size_t line, wrong;
    cli_args args;
};

static struct emit *of(cli_link *link)
{
    return link->user;
}

static void end(struct emit *e, int status)
{
    cli_input_close(e->in);
    e->in = NULL;
    cli_link_settle(&e->link, status);
}

/* --- one -------------------------------------------------------------------------------------- */

static int send_args(struct emit *e, const char *event)
{
    int error = 0;
    if (!e->link.raw)
        return cli_args_emit(e->link.socket, event, &e->args);
    for (size_t i = 0; error >= 0 && i < e->args.count; i++)
        error = vireo_ws_send(e->link.ws, e->args.files[i].data, e->args.files[i].size, true);
    return error;
}

/* A raw message is sent as it is written. */
static int send_words(struct emit *e)
{
    int error = 0;
    if (!e->link.raw)
        return send_args(e, e->words.at[0]);
    for (size_t i = 0; error >= 0 && i < e->words.count; i++)
        if (e->words.at[i][0] != '@')
            error = vireo_ws_send_text(e->link.ws, e->words.at[i]);
    return error < 0 ? error : send_args(e, NULL);
}

/* The arguments are read before anything is opened. */
static int read_words(struct emit *e, bool raw)
{
    int error = 0;
    for (size_t i = raw ? 0 : 1; error >= 0 && i < e->words.count; i++)
        if (!raw || e->words.at[i][0] == '@')
            error = cli_args_add(&e->args, e->words.at[i], strlen(e->words.at[i]));
    return error;
}

/* --- lines ------------------------------------------------------------------------------------ */

static int send_event(struct emit *e, const char *line, size_t n)
{
    vireo_error problem = {0};
    cli_args args = {0};
    vireo_value *v = cli_line_read(line, n, &problem);
    const char *event = v != NULL ? cli_line_args(v, &args) : NULL;
    int error = event != NULL ? cli_args_emit(e->link.socket, event, &args) : VIREO_EJSON;
    if (error < 0)
        cli_fail(e->link.self, 0, "line %zu: %s", e->line,
                 v == NULL       ? problem.text
                 : event == NULL ? args.wrong
                                 : vireo_strerror(error));
    cli_args_deinit(&args);
    vireo_value_free(v);
    return error;
}

static size_t queued(const struct emit *e)
{
    return e->link.raw ? vireo_ws_queued(e->link.ws) : vireo_queued(e->link.socket);
}

static void on_line(void *user, char *line, size_t n)
{
    struct emit *e = user;
    int error = 0;
    e->line++;
    if (!e->link.open)
        return;
    if (e->link.raw) {
        error = vireo_ws_send(e->link.ws, line, n, false);
        if (error < 0)
            cli_fail(e->link.self, 0, "line %zu: %s", e->line, vireo_strerror(error));
    } else if (n > 0) {
        error = send_event(e, line, n);
    }
    e->wrong += error < 0;
    if (queued(e) > ENOUGH)
        cli_input_pause(e->in);
}

static void on_end(void *user, const char *error)
{
    struct emit *e = user;
    if (error != NULL)
        cli_fail(e->link.self, 0, "the input: %s", error);
    end(e, error != NULL || e->wrong > 0 ? CLI_FAILED : CLI_OK);
}

static void on_drain(cli_link *link)
{
    if (of(link)->in != NULL)
        cli_input_resume(of(link)->in);
}

/* --- the command ------------------------------------------------------------------------------ */

static void on_open(cli_link *link)
{
    struct emit *e = of(link);
    if (e->words.count == 0) {
        e->in = cli_input_open(&link->uv, on_line, on_end, e);
        if (e->in == NULL)
            cli_link_end(link, cli_fail(link->self, CLI_FAILED,
                                        "stdin is closed; name the EVENT on the command line"));
        return;
    }
    int error = send_words(e);
    if (error < 0)
        cli_fail(link->self, 0, "not sent: %s%s", vireo_strerror(error), cli_advice_send(error));
    end(e, error < 0 ? CLI_FAILED : CLI_OK);
}

static void on_lost(cli_link *link, const char *text, bool again)
{
    (void)again;
    end(of(link), cli_link_tell_lost(link, text));
}

static int run(const cli_command *self, int argc, char **argv)
{
    static const cli_link_events events = {
        .on_open = on_open, .on_drain = on_drain, .on_lost = on_lost};
    struct emit e = {.link.user = &e};
    cli_words words;
    int status = cli_parse(self, argc, argv, &e, &words);
    if (status >= 0)
        return status;
    e.words = (cli_words){words.count - 1, words.at + 1};
    status = cli_link_open(&e.link, self, &e.target, words.at[0], &events);
    if (status >= 0)
        return status;
    if (read_words(&e, e.link.raw) < 0) {
        cli_fail(self, 0, "%s", e.args.wrong);
        cli_link_end(&e.link, CLI_FAILED);
    }
    status = cli_link_run(&e.link);
    cli_args_deinit(&e.args);
    return status;
}

static const cli_group groups[] = {CLI_TARGET_GROUP(struct emit), {0}};

const cli_command cli_cmd_emit = {
    .name = "emit",
    .words = "URL [EVENT [ARG ..]]",
    .summary = "sends an event, or one for each line of the input",
    .text = "An ARG that is JSON is sent as that, @FILE as the bytes of a file, all else as a "
            "text. Without EVENT each line of the input is an event: [\"chat\",{\"text\":\"hi\"}]. "
            "To a raw WebSocket (ws:) each word, or each line, is a message.",
    .examples = "vireo emit localhost:3000 chat '{\"text\":\"hi\"}'\n"
                "vireo emit localhost:3000/admin photo @cat.jpg --auth '{\"token\":\"x\"}'\n"
                "vireo listen :3000 | vireo emit :4000      from one server to another\n"
                "vireo emit ws://localhost:3000/echo hello",
    .min_words = 1,
    .max_words = 1 + 1 + CLI_ARGS_MAX,
    .groups = groups,
    .run = run,
};
