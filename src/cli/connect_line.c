/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* connect_line.c: what is typed at the prompt of vireo connect: events, or messages to a raw
 * WebSocket, and commands of the prompt, which begin with a slash. */

#include <stdlib.h>
#include <string.h>

#include "cli/advice.h"
#include "cli/args.h"
#include "cli/connect.h"

/* --- namespaces ------------------------------------------------------------------------------- */

static void show_ns(cli_connect *c)
{
    char text[CLI_CONNECT_NAME + 2];
    bool main = c->joined <= 1 && strcmp(c->ns[c->at].name, "/") == 0;
    snprintf(text, sizeof text, "%s> ", main ? "" : c->ns[c->at].name);
    if (c->prompt != NULL)
        cli_prompt_set(c->prompt, text);
}

void cli_connect_first_ns(cli_connect *c)
{
    const char *path = strstr(c->link.url, "://") + 3;
    path += strcspn(path, "/?");
    size_t n = *path == '/' ? strcspn(path, "?") : 0;
    snprintf(c->ns[0].name, CLI_CONNECT_NAME, "%.*s", n > 0 ? (int)n : 1, n > 0 ? path : "/");
    c->ns[0].socket = c->link.socket;
    c->joined = 1;
}

const char *cli_connect_ns_of(const cli_connect *c, const vireo_socket *s)
{
    for (size_t i = 0; i < CLI_CONNECT_NS; i++)
        if (c->ns[i].socket == s)
            return c->ns[i].name;
    return "?";
}

static size_t find_ns(const cli_connect *c, const char *name)
{
    size_t i = 0;
    while (i < CLI_CONNECT_NS && (c->ns[i].socket == NULL || strcmp(c->ns[i].name, name) != 0))
        i++;
    return i;
}

static vireo_socket *current(const cli_connect *c)
{
    return c->ns[c->at].socket;
}

/* --- helpers ---------------------------------------------------------------------------------- */

/* Cuts the first word off. Returns the rest. */
static char *cut_word(char *line)
{
    char *rest = line + strcspn(line, " \t");
    if (*rest != '\0')
        *rest++ = '\0';
    return rest + strspn(rest, " \t");
}

static void wrong(cli_connect *c, const char *text)
{
    cli_connect_say(c, CLI_RED, "!", "%s", text);
}

static void check(cli_connect *c, int error)
{
    if (error < 0)
        cli_connect_say(c, CLI_RED, "!", "not sent: %s%s", vireo_strerror(error),
                        cli_advice_send(error));
}

/* --- sending ---------------------------------------------------------------------------------- */

static void emit(cli_connect *c, char *line, bool ask)
{
    cli_args args = {0};
    char *rest = cut_word(line);
    int error = cli_args_read(&args, rest);
    if (error < 0)
        wrong(c, args.wrong);
    else if (ask)
        check(c, cli_args_ask(current(c), c->timeout_ms, cli_connect_answer, c, line, &args));
    else
        check(c, cli_args_emit(current(c), line, &args));
    if (error >= 0 && !vireo_connected(current(c)))
        cli_connect_say(c, CLI_YELLOW, "=", "not connected: it is sent when it is");
    cli_args_deinit(&args);
}

static void do_call(cli_connect *c, char *rest)
{
    if (*rest == '\0')
        wrong(c, "/call EVENT ARGUMENTS, such as /call add 1, 2");
    else
        emit(c, rest, true);
}

static void do_answer(cli_connect *c, char *rest)
{
    cli_args args = {0};
    char *values = cut_word(rest);
    unsigned long number = strtoul(rest, NULL, 10);
    bool known = number >= 1 && number <= c->asked && c->asked - number < CLI_CONNECT_OWED;
    vireo_pending_ack **owed = known ? &c->owed[(number - 1) % CLI_CONNECT_OWED] : NULL;
    if (owed == NULL || *owed == NULL) {
        wrong(c, "no such question is open: /answer NUMBER VALUES, the number stands behind the "
                 "event");
        return;
    }
    if (cli_args_read(&args, values) < 0) {
        wrong(c, args.wrong);
    } else {
        check(c, cli_args_answer(*owed, &args));
        *owed = NULL;
    }
    cli_args_deinit(&args);
}

static void send_binary(cli_connect *c, const char *text)
{
    cli_args args = {0};
    char word[4096];
    snprintf(word, sizeof word, "@%s", text);
    if (cli_args_add(&args, word, strlen(word)) < 0)
        wrong(c, args.wrong);
    else
        check(c, c->link.ws
                     ? vireo_ws_send(c->link.ws, args.files[0].data, args.files[0].size, true)
                     : VIREO_ECLOSED);
    cli_args_deinit(&args);
}

static void do_file(cli_connect *c, char *rest)
{
    if (*rest == '\0')
        wrong(c, "/file NAME sends the bytes of a file");
    else
        send_binary(c, rest);
}

static void do_hex(cli_connect *c, char *rest)
{
    uint8_t bytes[4096];
    size_t n = 0;
    char *end = rest;
    for (; *rest != '\0' && n < sizeof bytes; rest = end + strspn(end, " ")) {
        unsigned long value = strtoul(rest, &end, 16);
        if (end == rest || value > 255)
            break;
        bytes[n++] = (uint8_t)value;
    }
    if (*rest != '\0' || n == 0)
        wrong(c, "/hex 01 ff 7 sends these bytes");
    else
        check(c, c->link.ws ? vireo_ws_send(c->link.ws, bytes, n, true) : VIREO_ECLOSED);
}

static void do_ping(cli_connect *c, char *rest)
{
    c->pinged = uv_hrtime();
    check(c, c->link.ws ? vireo_ws_ping(c->link.ws, rest, strlen(rest)) : VIREO_ECLOSED);
}

/* --- coming and going ------------------------------------------------------------------------- */

static void do_close(cli_connect *c, char *rest)
{
    char *reason = cut_word(rest);
    unsigned long code = *rest ? strtoul(rest, NULL, 10) : 1000;
    c->closed = true;
    if (!c->link.raw)
        vireo_disconnect(current(c), false);
    else if (c->link.ws == NULL)
        check(c, VIREO_ECLOSED);
    else if (vireo_ws_close(c->link.ws, (uint16_t)(code > 65535 ? 0 : code),
                            *reason ? reason : NULL) == VIREO_EINVAL)
        wrong(c, "/close CODE REASON: the code is 1000 to 1014 or 3000 to 4999, the reason short");
}

static void do_reconnect(cli_connect *c, char *rest)
{
    (void)rest;
    if (!c->link.raw) {
        if (vireo_connected(current(c)))
            vireo_disconnect(current(c), false);
        vireo_open(current(c));
    } else if (c->link.ws != NULL) {
        wrong(c, "it is connected, or will be; /close first");
    } else {
        cli_link_again(&c->link);
    }
}

static void do_join(cli_connect *c, char *rest)
{
    char *auth = cut_word(rest);
    size_t at = find_ns(c, rest), free_at = 0;
    while (free_at < CLI_CONNECT_NS && c->ns[free_at].socket != NULL)
        free_at++;
    if (*rest != '/' || strlen(rest) >= CLI_CONNECT_NAME) {
        wrong(c, "/join /namespace AUTH; the auth is JSON and may be missing");
        return;
    }
    if (at == CLI_CONNECT_NS) {
        vireo_socket *s =
            free_at < CLI_CONNECT_NS ? cli_link_join(&c->link, rest, *auth ? auth : NULL) : NULL;
        if (s == NULL) {
            wrong(c, "not joined: the auth must be an object of JSON, and there may be eight "
                     "namespaces");
            return;
        }
        at = free_at;
        c->ns[at].socket = s;
        strcpy(c->ns[at].name, rest);
        c->joined++;
    }
    c->at = at;
    show_ns(c);
}

void cli_connect_forget(cli_connect *c, vireo_socket *s)
{
    size_t i = 1;
    while (i < CLI_CONNECT_NS && c->ns[i].socket != s)
        i++;
    if (i == CLI_CONNECT_NS)
        return;
    vireo_drop(s);
    c->ns[i].socket = NULL;
    c->joined--;
    c->at = c->at == i ? 0 : c->at;
    show_ns(c);
}

static void do_leave(cli_connect *c, char *rest)
{
    (void)rest;
    if (c->at == 0) {
        wrong(c, "that is the namespace it came for: /close disconnects it, /quit ends");
        return;
    }
    cli_connect_forget(c, current(c));
}

static void do_info(cli_connect *c, char *rest)
{
    (void)rest;
    if (c->link.raw) {
        cli_connect_say(c, CLI_BLUE, "=", "%s, raw WebSocket, %s", c->link.url,
                        c->link.open ? vireo_ws_address(c->link.ws) : "not connected");
        return;
    }
    for (size_t i = 0; i < CLI_CONNECT_NS; i++) {
        vireo_socket *s = c->ns[i].socket;
        if (s != NULL)
            cli_connect_say(c, CLI_BLUE, "=", "%s %s%s%s%s", c->ns[i].name,
                            vireo_connected(s) ? "connected over " : "not connected",
                            vireo_connected(s) ? vireo_transport(s) : "",
                            vireo_connected(s) ? ", id " : "",
                            vireo_connected(s) ? vireo_id(s) : "");
    }
}

static void do_quit(cli_connect *c, char *rest)
{
    (void)rest;
    cli_connect_quit(c, CLI_OK);
}

/* --- the table -------------------------------------------------------------------------------- */

static void do_help(cli_connect *c, char *rest);

enum { SOCKETIO = 1, RAW = 2 };

static const struct {
    const char *name, *words, *help;
    void (*run)(cli_connect *c, char *rest);
    unsigned where;
} commands[] = {
    {"/help", "", "this list", do_help, SOCKETIO | RAW},
    {"/call", "EVENT VALUES", "an event, and its acknowledgement", do_call, SOCKETIO},
    {"/answer", "NUMBER VALUES", "acknowledges an event that came", do_answer, SOCKETIO},
    {"/join", "/NAMESPACE AUTH", "joins a namespace, or goes back to it", do_join, SOCKETIO},
    {"/leave", "", "leaves the namespace", do_leave, SOCKETIO},
    {"/file", "NAME", "sends the bytes of a file", do_file, RAW},
    {"/hex", "01 ff ..", "sends bytes", do_hex, RAW},
    {"/ping", "TEXT", "sends a ping, tells when its pong comes", do_ping, RAW},
    {"/close", "", "disconnects", do_close, SOCKETIO},
    {"/close", "CODE REASON", "closes it; the code and the reason may be missing", do_close, RAW},
    {"/reconnect", "", "connects again", do_reconnect, SOCKETIO | RAW},
    {"/info", "", "where it is connected", do_info, SOCKETIO | RAW},
    {"/quit", "", "ends; so does Ctrl-D", do_quit, SOCKETIO | RAW},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static unsigned here(const cli_connect *c)
{
    return c->link.raw ? RAW : SOCKETIO;
}

static void do_help(cli_connect *c, char *rest)
{
    (void)rest;
    if (c->link.raw)
        cli_connect_show(c, "  Each line is sent as it is; //x sends /x");
    else
        cli_connect_show(c, "  %-27s  emits; values are JSON, @FILE, or a text",
                         "chat {\"text\":\"hi\"}");
    for (size_t i = 0; i < COMMANDS; i++)
        if (commands[i].where & here(c))
            cli_connect_show(c, "  %-10s  %-15s  %s", commands[i].name, commands[i].words,
                             commands[i].help);
}

static void run_command(cli_connect *c, char *line)
{
    const char *names[COMMANDS];
    size_t count = 0;
    char *rest = cut_word(line);
    for (size_t i = 0; i < COMMANDS; i++) {
        if ((commands[i].where & here(c)) == 0)
            continue;
        if (strcmp(commands[i].name, line) == 0) {
            commands[i].run(c, rest);
            return;
        }
        names[count++] = commands[i].name;
    }
    const char *nearest = cli_nearest(line, names, count);
    cli_connect_say(c, CLI_RED, "!", "there is no %s%s%s; /help lists what there is", line,
                    nearest ? "; did you mean " : "", nearest ? nearest : "");
}

void cli_connect_line(void *user, char *line)
{
    cli_connect *c = user;
    size_t blank = strspn(line, " \t");
    if (line[0] == '/' && line[1] != '/')
        run_command(c, line);
    else if (c->link.raw)
        check(c,
              c->link.ws ? vireo_ws_send_text(c->link.ws, line + (line[0] == '/')) : VIREO_ECLOSED);
    else if (line[blank] != '\0')
        emit(c, line + blank + (line[blank] == '/'), false);
}

void cli_connect_complete(void *user, const char *word, bool first,
                          void (*add)(void *to, const char *word), void *to)
{
    const cli_connect *c = user;
    (void)word;
    for (size_t i = 0; first && i < COMMANDS; i++)
        if (commands[i].where & here(c))
            add(to, commands[i].name);
    for (size_t i = 0; i < CLI_CONNECT_EVENTS && c->events[i][0] != '\0'; i++)
        add(to, c->events[i]);
    for (size_t i = 0; !first && i < CLI_CONNECT_NS; i++)
        if (c->ns[i].socket != NULL)
            add(to, c->ns[i].name);
}
