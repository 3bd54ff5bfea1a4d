/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* connect.c: vireo connect: a prompt at a server.
 *
 *     12:01:02.123 < chat {"text":"hi"}        what came
 *     12:01:03.001 = connected                 what happened
 *     > chat {"text":"ho"}                     what is typed: an event and its arguments
 *     > /help                                  or a command of ours
 */

#include "cli/connect.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/event_line.h"
#include "cli/show.h"

/* --- lines above the prompt ------------------------------------------------------------------- */

static void stamp(vireo__buf *out, bool colours)
{
    char text[32];
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &tm);
    size_t n = strftime(text, sizeof text, "%H:%M:%S", &tm);
    snprintf(text + n, sizeof text - n, ".%03ld ", now.tv_nsec / 1000000);
    vireo__buf_append_str(out, cli_paint(colours, CLI_DIM));
    vireo__buf_append_str(out, text);
    vireo__buf_append_str(out, cli_paint(colours, CLI_PLAIN));
}

static void begin_line(cli_connect *c, vireo__buf *out, cli_ink ink, const char *mark)
{
    vireo__buf_init(out, VIREO__BUF_UNLIMITED);
    stamp(out, c->colours);
    vireo__buf_append_str(out, cli_paint(c->colours, ink));
    vireo__buf_append_str(out, mark);
    vireo__buf_append_byte(out, ' ');
}

static void end_line(cli_connect *c, vireo__buf *out)
{
    vireo__buf_append_str(out, cli_paint(c->colours, CLI_PLAIN));
    vireo__buf_append_byte(out, '\n');
    if (out->error == 0 && c->prompt != NULL)
        cli_prompt_print(c->prompt, (char *)out->data, out->len);
    else if (out->error == 0)
        fwrite(out->data, 1, out->len, stdout);
    vireo__buf_deinit(out);
}

void cli_connect_say(cli_connect *c, cli_ink ink, const char *mark, const char *text, ...)
{
    vireo__buf line;
    va_list args;
    begin_line(c, &line, ink, mark);
    va_start(args, text);
    cli_vescape(&line, text, args);
    va_end(args);
    end_line(c, &line);
}

void cli_connect_show(cli_connect *c, const char *text, ...)
{
    vireo__buf line;
    va_list args;
    vireo__buf_init(&line, VIREO__BUF_UNLIMITED);
    va_start(args, text);
    cli_vescape(&line, text, args);
    va_end(args);
    end_line(c, &line);
}

/* --- what comes ------------------------------------------------------------------------------- */

static void put_bytes(vireo__buf *out, const void *bytes, size_t n)
{
    vireo__buf_append_byte(out, '<');
    vireo__buf_append_u64(out, n);
    vireo__buf_append_str(out, n == 1 ? " byte: " : " bytes: ");
    cli_hex(out, bytes, n);
    vireo__buf_append_byte(out, '>');
}

static void put_argument(vireo__buf *out, const vireo_value *v)
{
    vireo__buf json;
    vireo__buf_init(&json, VIREO__BUF_UNLIMITED);
    cli_line_put(&json, v, put_bytes);
    vireo__buf_append_byte(out, ' ');
    cli_escape(out, json.data, json.len);
    vireo__buf_deinit(&json);
}

/* The server waits for an answer: it is kept until one is typed. */
static unsigned keep(cli_connect *c, const vireo_msg *m)
{
    unsigned slot = c->asked % CLI_CONNECT_OWED;
    vireo_answer_drop(c->owed[slot]);
    c->owed[slot] = vireo_ack_later(m);
    return ++c->asked;
}

static void remember_event(cli_connect *c, const char *name)
{
    for (size_t i = 0; i < CLI_CONNECT_EVENTS; i++)
        if (strcmp(c->events[i], name) == 0)
            return;
    if (strlen(name) < sizeof c->events[0] && name[strcspn(name, " ")] == '\0')
        strcpy(c->events[c->event_count++ % CLI_CONNECT_EVENTS], name);
}

static void on_event(cli_link *link, vireo_socket *s, const vireo_msg *m)
{
    cli_connect *c = link->user;
    vireo__buf line;
    const char *ns = cli_connect_ns_of(c, s);
    begin_line(c, &line, CLI_GREEN, "<");
    if (strcmp(ns, c->ns[0].name) != 0 || c->joined > 1) {
        cli_escape(&line, ns, strlen(ns));
        vireo__buf_append_byte(&line, ' ');
    }
    vireo__buf_append_str(&line, cli_paint(c->colours, CLI_BOLD));
    cli_escape(&line, vireo_event(m), strlen(vireo_event(m)));
    vireo__buf_append_str(&line, cli_paint(c->colours, CLI_PLAIN));
    for (size_t i = 0; i < vireo_arg_count(m); i++)
        put_argument(&line, vireo_arg(m, i));
    if (vireo_wants_ack(m)) {
        char text[64];
        snprintf(text, sizeof text, "  (asks: /answer %u ..)", keep(c, m));
        vireo__buf_append_str(&line, cli_paint(c->colours, CLI_YELLOW));
        vireo__buf_append_str(&line, text);
    }
    end_line(c, &line);
    remember_event(c, vireo_event(m));
}

static void on_message(cli_link *link, const void *data, size_t n, bool binary)
{
    cli_connect *c = link->user;
    vireo__buf line;
    begin_line(c, &line, CLI_GREEN, "<");
    vireo__buf_append_str(&line, cli_paint(c->colours, CLI_PLAIN));
    if (binary)
        put_bytes(&line, data, n);
    else
        cli_escape(&line, data, n);
    end_line(c, &line);
}

void cli_connect_answer(vireo_socket *s, int status, const vireo_value *values, void *user)
{
    cli_connect *c = user;
    vireo__buf line;
    (void)s;
    if (status < 0) {
        cli_connect_say(c, CLI_RED, "!", "no answer: %s", vireo_strerror(status));
        return;
    }
    begin_line(c, &line, CLI_CYAN, "<");
    vireo__buf_append_str(&line, "answer");
    vireo__buf_append_str(&line, cli_paint(c->colours, CLI_PLAIN));
    for (const vireo_value *e = NULL; (e = vireo_next(values, e)) != NULL;)
        put_argument(&line, e);
    end_line(c, &line);
}

/* --- what happens ----------------------------------------------------------------------------- */

static bool at_terminal(const cli_connect *c)
{
    return c->prompt != NULL && cli_prompt_terminal(c->prompt);
}

static void open_prompt(cli_connect *c);

static void on_open(cli_link *link)
{
    cli_connect *c = link->user;
    if (link->raw) {
        const char *protocol = vireo_ws_protocol(link->ws);
        cli_connect_say(c, CLI_BLUE, "=", "connected to %s%s%s; /help tells more", link->url,
                        *protocol ? ", " : "", protocol);
    } else {
        cli_connect_say(c, CLI_BLUE, "=", "connected to %s over %s; /help tells more", link->url,
                        vireo_transport(link->socket));
    }
    if (c->prompt == NULL) /* lines of a pipe wait until they can be sent */
        open_prompt(c);
}

static void on_join(cli_link *link, vireo_socket *s)
{
    cli_connect *c = link->user;
    cli_connect_say(c, CLI_BLUE, "=", "joined %s", cli_connect_ns_of(c, s));
}

static void on_leave(cli_link *link, vireo_socket *s, const char *why)
{
    cli_connect *c = link->user;
    cli_connect_say(c, CLI_YELLOW, "=", "left %s: %s", cli_connect_ns_of(c, s), why);
}

static void on_refuse(cli_link *link, vireo_socket *s, const char *why)
{
    cli_connect *c = link->user;
    const char *ns = cli_connect_ns_of(c, s);
    cli_connect_say(c, CLI_RED, "!", "%s: %s; /join %s {\"token\":\"x\"} gives it an auth", ns, why,
                    ns);
    cli_connect_forget(c, s);
}

static void on_fail(cli_link *link, int status, const char *text)
{
    cli_connect *c = link->user;
    bool again = link->reconnect && status != CLI_REFUSED && at_terminal(c);
    cli_connect_say(c, CLI_RED, "!", "%s%s", text, again ? " (trying again)" : "");
    link->status = status;
    if (status == CLI_REFUSED && at_terminal(c))
        cli_connect_say(c, CLI_BLUE, "=", "/reconnect tries again, /quit ends");
    if (!at_terminal(c)) /* nobody is there to decide */
        cli_connect_quit(c, status);
}

static void on_lost(cli_link *link, const char *text, bool again)
{
    cli_connect *c = link->user;
    cli_connect_say(c, CLI_YELLOW, "=", "disconnected: %s%s", text,
                    again ? "; trying again" : "; /reconnect connects again");
    if (!again && !at_terminal(c))
        cli_connect_quit(c, c->closed ? CLI_OK : CLI_FAILED);
}

static void on_pong(cli_link *link)
{
    cli_connect *c = link->user;
    uint64_t now = uv_hrtime();
    if (c->pinged > 0)
        cli_connect_say(c, CLI_BLUE, "=", "pong after %.1f ms", (double)(now - c->pinged) / 1e6);
    c->pinged = 0;
}

/* --- the command ------------------------------------------------------------------------------ */

static void on_waited(vireo_timer *timer, void *user)
{
    (void)timer;
    cli_connect_quit(user, CLI_OK);
}

static void on_end(void *user)
{
    cli_connect *c = user;
    if (at_terminal(c) || c->wait_ms == 0 ||
        vireo_after(c->link.app, c->wait_ms, on_waited, c) == NULL)
        cli_connect_quit(c, CLI_OK);
}

static bool make_folder(const char *path)
{
    struct stat st;
    return mkdir(path, 0700) == 0 || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

/* VIREO_HISTORY, or $XDG_STATE_HOME/vireo/history. NULL: none is kept. */
static const char *history_file(char *path, size_t size)
{
    const char *own = getenv("VIREO_HISTORY"), *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (own != NULL)
        return *own ? own : NULL;
    if (state == NULL && home == NULL)
        return NULL;
    if (state != NULL)
        snprintf(path, size, "%.3000s", state);
    else
        snprintf(path, size, "%.3000s/.local/state", home);
    size_t n = strlen(path);
    snprintf(path + n, size - n, "/vireo");
    if (!make_folder(path))
        return NULL;
    n = strlen(path);
    snprintf(path + n, size - n, "/history");
    return path;
}

static void open_prompt(cli_connect *c)
{
    static const cli_prompt_events events = {
        .on_line = cli_connect_line, .on_end = on_end, .complete = cli_connect_complete};
    char path[4096];
    c->prompt = cli_prompt_open(&c->link.uv, history_file(path, sizeof path), &events, c);
    if (c->prompt == NULL)
        cli_link_end(&c->link, cli_fail(c->link.self, CLI_FAILED,
                                        "stdin is closed; vireo listen needs none"));
}

static void drop_owed(cli_connect *c)
{
    for (size_t i = 0; i < CLI_CONNECT_OWED; i++) {
        vireo_answer_drop(c->owed[i]);
        c->owed[i] = NULL;
    }
}

void cli_connect_quit(cli_connect *c, int status)
{
    cli_prompt *p = c->prompt;
    if (c->quitting)
        return;
    c->quitting = true;
    c->prompt = NULL;
    cli_prompt_close(p);
    drop_owed(c);
    cli_link_settle(&c->link, status);
}

/* A signal ends the loop without a word of ours. */
static void on_stop(vireo_app *app, void *user)
{
    (void)app;
    cli_connect *c = user;
    cli_prompt *p = c->prompt;
    c->quitting = true;
    c->prompt = NULL;
    cli_prompt_close(p);
    drop_owed(c);
    c->link.open = false;
}

static int run(const cli_command *self, int argc, char **argv)
{
    static const cli_link_events events = {
        .on_open = on_open,
        .on_event = on_event,
        .on_message = on_message,
        .on_pong = on_pong,
        .on_fail = on_fail,
        .on_lost = on_lost,
        .on_join = on_join,
        .on_leave = on_leave,
        .on_refuse = on_refuse,
    };
    cli_connect c = {.link.user = &c, .timeout_ms = 10000};
    cli_words words;
    int status = cli_parse(self, argc, argv, &c, &words);
    if (status >= 0)
        return status;
    c.link.reconnect = !c.no_reconnect;
    c.colours = cli_colours(stdout);
    status = cli_link_open(&c.link, self, &c.target, words.at[0], &events);
    if (status >= 0)
        return status;
    setvbuf(stdout, NULL, _IOLBF, 0);
    vireo_on_stop(c.link.app, on_stop, &c);
    cli_connect_first_ns(&c);
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
        open_prompt(&c);
    return cli_link_run(&c.link);
}

static const cli_option options[] = {
    {"timeout", 't', CLI_TIME, offsetof(cli_connect, timeout_ms), "TIME",
     "for the answer to a /call (10s)"},
    {"no-reconnect", 0, CLI_FLAG, offsetof(cli_connect, no_reconnect), NULL,
     "stay away when the connection is lost"},
    {"wait", 'w', CLI_TIME, offsetof(cli_connect, wait_ms), "TIME",
     "in a pipe: stay so long after the end of the input"},
    {0},
};

static const cli_group groups[] = {{"Options", options, 0}, CLI_TARGET_GROUP(cli_connect), {0}};

const cli_command cli_cmd_connect = {
    .name = "connect",
    .words = "URL",
    .summary = "a prompt at a server: type events, see what comes",
    .text = "Type an event and its arguments, chat {\"text\":\"hi\"}; JSON, @FILE for the bytes of "
            "a file, all else is a text. To a raw WebSocket (ws:) each line is a message. /help "
            "lists the commands of the prompt, Tab completes them and the events seen so far, the "
            "arrows bring back what was typed, Ctrl-D ends it.",
    .examples = "vireo connect localhost:3000\n"
                "vireo connect https://example.org/admin --auth '{\"token\":\"x\"}'\n"
                "vireo connect wss://echo.example.org",
    .min_words = 1,
    .max_words = 1,
    .groups = groups,
    .run = run,
};
