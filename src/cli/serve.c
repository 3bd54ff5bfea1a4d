/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* serve.c: vireo serve: a folder, an echo, a chat, on one port.
 *
 *     --echo   /socket.io   each event comes back, and its acknowledgement holds its arguments
 *              /echo        raw WebSocket: each message comes back
 *     --chat   /socket.io   each event goes to all others of its namespace
 *              /chat        raw WebSocket: so does each message; what begins as ["event",.. is that
 *                           event for the sockets, all else their event "message"
 *              /            a page to chat in, unless there is a folder
 */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <vireo/vireo.h>

#include "cli/command.h"
#include "cli/page.h"

struct serve {
    const char *host;
    const char *cert, *key;
    const char *cors;
    uint64_t max_message;
    uint16_t port;
    bool echo, chat, log;
    vireo_ws_endpoint *raw; /* of the chat */
    const char *origins[2];
};

static struct serve *of(vireo_app *app)
{
    return vireo_app_user(app);
}

/* --- the echo --------------------------------------------------------------------------------- */

/* Binary parts stay what they are, which a list would not let them. */
static void answer_same(const vireo_msg *m)
{
    const void *a = vireo_arg(m, 0), *b = vireo_arg(m, 1), *c = vireo_arg(m, 2);
    switch (vireo_arg_count(m)) {
    case 0:
        vireo_ack(m, NULL);
        break;
    case 1:
        vireo_ack(m, "%p", a);
        break;
    case 2:
        vireo_ack(m, "%p, %p", a, b);
        break;
    default:
        vireo_ack(m, "%p, %p, %p", a, b, c);
    }
}

static void echo_event(vireo_socket *s, const vireo_msg *m)
{
    vireo_relay(vireo_only(s), NULL, m);
    answer_same(m);
}

static void echo_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    vireo_ws_send(ws, data, len, binary);
}

/* --- the chat --------------------------------------------------------------------------------- */

static void relay_event(vireo_socket *s, const vireo_msg *m)
{
    vireo_ws_endpoint *raw = of(vireo_app_of(s))->raw;
    bool main = strcmp(vireo_ns_name(vireo_ns_of(s)), "/") == 0;
    int reached = vireo_relay(vireo_others(s), NULL, m);
    size_t len = 0;
    char *text = main && vireo_ws_count(raw) > 0 ? vireo_json(vireo_args(m), &len) : NULL;
    if (text != NULL)
        reached += vireo_ws_broadcast(raw, NULL, text, len, false);
    free(text);
    vireo_ack(m, "{reached:%d}", reached);
}

/* ["name",1,2] is the event "name" with the arguments 1 and 2. */
static bool tell_event(vireo_ns *ns, const char *text, size_t len)
{
    vireo_value *v = vireo_parse(text, len, NULL);
    const vireo_value *e = vireo_next(v, NULL);
    const char *event = vireo_type_of(v) == VIREO_ARRAY ? vireo_str(e) : NULL;
    vireo_list *list = vireo_list_new();
    char *json = NULL;
    size_t n = 0;
    while (event != NULL && (e = vireo_next(v, e)) != NULL)
        vireo_list_add(list, "%p", (const void *)e);
    if (event != NULL)
        json = vireo_format(&n, "%p", (const void *)list);
    bool told = json != NULL && /* without its [ and ] */
                vireo_broadcast_json(vireo_all(ns), event, json + 1, n - 2) >= 0;
    free(json);
    vireo_list_free(list);
    vireo_value_free(v);
    return told;
}

static void relay_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    vireo_ns *ns = vireo_of(vireo_ws_app(ws), "/");
    vireo_ws_broadcast(vireo_ws_endpoint_of(ws), ws, data, len, binary);
    if (binary)
        vireo_broadcast(vireo_all(ns), "message", "%p", vireo_binary(data, len));
    else if (!tell_event(ns, data, len))
        vireo_broadcast(vireo_all(ns), "message", "%.*s", (int)len, (const char *)data);
}

static int send_page(vireo_req *r)
{
    return vireo_reply_html(r, 200, cli_chat_page);
}

/* --- the command ------------------------------------------------------------------------------ */

static int any_namespace(vireo_ns_request *q, const char *name, const vireo_value *auth)
{
    (void)q;
    (void)name;
    (void)auth;
    return 0;
}

static bool set_up_socketio(vireo_app *app, const struct serve *o, vireo_event_fn on_any)
{
    const vireo_ns_options ns = {.size = sizeof ns, .on_any = on_any};
    return vireo_socketio(app, .max_message_bytes = (size_t)o->max_message,
                          .cleanup_empty_child_namespaces = true) != NULL &&
           vireo_ns_create(app, "/", &ns) != NULL &&
           vireo_ns_create_dynamic(app, any_namespace, &ns) != NULL;
}

static bool set_up(vireo_app *app, struct serve *o, const char *folder)
{
    size_t max = (size_t)o->max_message;
    bool good = true;
    if (o->log)
        good = vireo_access_log(app, "/") == 0;
    if (o->cors != NULL) {
        o->origins[0] = o->cors;
        bool all = strcmp(o->cors, "*") == 0;
        good = good &&
               vireo_cors(app, "/", .origins = all ? NULL : o->origins, .credentials = !all) == 0;
    }
    if (o->echo || o->chat)
        good = good && set_up_socketio(app, o, o->chat ? relay_event : echo_event);
    if (o->echo)
        good = good && vireo_websocket(app, "/echo", .on_message = echo_message,
                                       .max_message_bytes = max) != NULL;
    if (o->chat)
        good = good && (o->raw = vireo_websocket(app, "/chat", .on_message = relay_message,
                                                 .max_message_bytes = max)) != NULL;
    if (o->chat && folder == NULL)
        good = good && vireo_route(app, "GET", "/", send_page, NULL) == 0;
    if (folder != NULL)
        good = good && vireo_static(app, "/", folder) == 0;
    return good;
}

/* http://name:port, or * */
static bool is_origin(const char *text)
{
    const char *host = strstr(text, "://");
    bool known = strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
    return strcmp(text, "*") == 0 ||
           (known && host[3] != '\0' && strpbrk(host + 3, "/?# ") == NULL);
}

/* Told before anything is opened, so that the sentence is about what was written. */
static int check(const cli_command *self, const struct serve *o, const char *folder)
{
    struct stat st;
    if (o->echo && o->chat)
        return cli_usage_error(self, "--echo or --chat, not both: start it twice, on two ports");
    if (o->key != NULL && o->cert == NULL)
        return cli_usage_error(self, "--key wants --cert, the certificate that it belongs to");
    if (o->cors != NULL && !is_origin(o->cors))
        return cli_usage_error(
            self, "--cors \"%s\": it wants an origin, such as https://a.example, or *", o->cors);
    if (o->max_message == 0 || o->max_message > INT32_MAX)
        return cli_usage_error(self, "--max-message: 1 to %d bytes", INT32_MAX);
    if (folder != NULL && (stat(folder, &st) < 0 || !S_ISDIR(st.st_mode)))
        return cli_fail(self, CLI_FAILED,
                        "\"%s\" is no folder that can be read; is the name right?", folder);
    return -1;
}

static void tell(const struct serve *o, const char *folder)
{
    if (folder != NULL)
        printf("vireo: / is the folder %s\n", folder);
    if (o->echo)
        printf("vireo: Socket.IO and ws /echo answer with what they are sent\n");
    if (o->chat)
        printf("vireo: Socket.IO and ws /chat tell all others what they are sent%s\n",
               folder ? "" : "; / is a page to chat in");
}

static int run(const cli_command *self, int argc, char **argv)
{
    struct serve o = {.port = 3000, .max_message = 1000000};
    cli_words words;
    int status = cli_parse(self, argc, argv, &o, &words);
    if (status >= 0)
        return status;
    const char *folder = words.count > 0 ? words.at[0] : o.echo || o.chat ? NULL : ".";
    status = check(self, &o, folder);
    if (status >= 0)
        return status;
    vireo_app *app = vireo_app_new();
    if (app == NULL)
        return cli_fail(self, CLI_FAILED, "out of memory");
    vireo_app_set_user(app, &o);
    if (!set_up(app, &o, folder)) {
        vireo_app_free(app);
        return folder != NULL
                   ? cli_fail(self, CLI_FAILED, "\"%s\" cannot be served; may it be read?", folder)
                   : cli_fail(self, CLI_FAILED, "out of memory");
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    tell(&o, folder);
    return vireo_run(app, .name = "vireo", .host = o.host, .port = o.port, .cert_file = o.cert,
                     .key_file = o.key);
}

static const cli_option options[] = {
    {"port", 'p', CLI_PORT, offsetof(struct serve, port), "N",
     "where to listen; 0: any free port (3000)"},
    {"host", 0, CLI_TEXT, offsetof(struct serve, host), "ADDRESS",
     "only on this address, such as 127.0.0.1 (all)"},
    {"echo", 'e', CLI_FLAG, offsetof(struct serve, echo), NULL,
     "Socket.IO, and WebSocket at /echo: answers with what it is sent"},
    {"chat", 'c', CLI_FLAG, offsetof(struct serve, chat), NULL,
     "Socket.IO, and WebSocket at /chat: tells all others"},
    {"cert", 0, CLI_TEXT, offsetof(struct serve, cert), "FILE",
     "TLS: certificate in PEM, with its chain"},
    {"key", 0, CLI_TEXT, offsetof(struct serve, key), "FILE",
     "its private key, unless it stands in --cert"},
    {"cors", 0, CLI_TEXT, offsetof(struct serve, cors), "ORIGIN",
     "pages of this origin may connect; * for all"},
    {"max-message", 0, CLI_COUNT, offsetof(struct serve, max_message), "BYTES",
     "of one message (1M)"},
    {"log", 'l', CLI_FLAG, offsetof(struct serve, log), NULL, "a line for each request"},
    {0},
};

static const cli_group groups[] = {{"Options", options, 0}, {0}};

const cli_command cli_cmd_serve = {
    .name = "serve",
    .words = "[FOLDER]",
    .summary = "a folder, an echo server or a chat, in one command",
    .text = "Without --echo and --chat it serves FOLDER, or the folder it is started in. Files "
            "whose names begin with a dot are not served. Ctrl-C ends it.",
    .examples = "vireo serve public --port 8080\n"
                "vireo serve --echo                       to try a client against\n"
                "vireo serve --chat                       open http://localhost:3000 twice\n"
                "vireo serve --cert chain.pem --key key.pem --port 443",
    .max_words = 1,
    .groups = groups,
    .run = run,
};
