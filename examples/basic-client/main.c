/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* basic-client: what Socket.IO says on the wire, by a client that is a plain WebSocket. It prints
 * the events that come, until it is ended; or it sends one, prints the answer, and ends.
 *
 *     basic-client ws://localhost:3000 ['["greet","Ada"]']
 *
 *     from the server                               from the client
 *     0{"sid":"..","pingInterval":25000,..}  open   40                 join the namespace "/"
 *     40{"sid":".."}                       joined   420["greet","Ada"] an event, to be answered: 0
 *     42["news",1]                       an event
 *     430["Hello, Ada!"]       the answer, of no. 0
 *     2                                      ping   3                  pong
 *     44{"message":".."}                  refused
 *     41                                  the end */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/vireo.h>

struct client {
    char packet[4096]; /* the event to send; "" for none */
    int status;        /* of the program */
};

/* Read and written again, so that nothing in it can confuse a terminal. */
static void print(const char *what, const char *json, size_t len)
{
    vireo_value *value = vireo_parse(json, len, NULL);
    char *text = vireo_json(value, NULL);
    printf("%s %s\n", what, len > 0 && text != NULL ? text : "-");
    free(text);
    vireo_value_free(value);
}

/* A Socket.IO packet; the digits that may stand before the JSON are skipped. */
static void on_packet(vireo_ws *ws, char type, const char *json, size_t len)
{
    static const char *const names[] = {"joined", "disconnected", "event", "answer", "refused"};
    struct client *c = vireo_ws_user(ws);
    for (; len > 0 && json[0] >= '0' && json[0] <= '9'; len--)
        json++;
    print(names[type - '0'], json, len);
    if (type == '0' && c->packet[0] != '\0')
        vireo_ws_send_text(ws, c->packet);
    c->status = type == '3' ? 0 : c->status;
    if (type == '1' || type == '3' || type == '4')
        vireo_ws_close(ws, 1000, NULL);
}

static void on_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    const char *text = data;
    char type = binary || len == 0 ? '6' : text[0]; /* a noop */
    if (type == '0')
        vireo_ws_send_text(ws, "40");
    else if (type == '2')
        vireo_ws_send_text(ws, "3");
    else if (type == '4' && len > 1 && text[1] >= '0' && text[1] <= '4')
        on_packet(ws, text[1], text + 2, len - 2); /* 5 and 6 come with binary parts */
}

static void on_error(vireo_ws *ws, int error, const char *text)
{
    (void)ws;
    fprintf(stderr, "%s (%s)\n", text, vireo_errname(error));
}

static void on_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    (void)code, (void)reason;
    vireo_stop(vireo_ws_app(ws));
}

int main(int argc, char **argv)
{
    struct client c = {.packet = "", .status = argc > 2};
    char url[4096];
    vireo_error error;
    if (argc < 2 || argc > 3 || argv[1][0] == '-' ||
        snprintf(url, sizeof url, "%s/socket.io/?EIO=4&transport=websocket", argv[1]) >=
            (int)sizeof url ||
        (argc == 3 &&
         snprintf(c.packet, sizeof c.packet, "420%s", argv[2]) >= (int)sizeof c.packet))
        return fprintf(stderr, "usage: basic-client ws://HOST:PORT ['[\"event\", ..]']\n"), 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    vireo_app *app = vireo_app_new();
    if (vireo_ws_connect(app, url, .user = &c, .on_message = on_message, .on_error = on_error,
                         .on_close = on_close, .reconnect = {.on = argc == 2}, .error = &error)) {
        vireo_run_loop(app);
        return c.status;
    }
    fprintf(stderr, "%s\n", error.text);
    vireo_app_free(app);
    return 1;
}
