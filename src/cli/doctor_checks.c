/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* doctor_checks.c: the checks of vireo doctor, in the order in which a client meets what they are
 * about. One that fails beyond repair ends the examination: what follows would only tell the same.
 */

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor.h"

#define SLOW_MS   1500            /* an answer that the server gives at once takes no longer */
#define MAX_POST  1000000         /* bytes that are sent for the test of maxPayload */
#define LONG_PING 55000           /* ms: proxies commonly cut what is silent for a minute */
#define NOBODYS   "/vireo-doctor" /* a namespace that nobody has: the server answers at once */
#define V4        "EIO=4&transport="

/* --- name, port ------------------------------------------------------------------------------- */

/* 0, or the error of a connection that was tried. */
static int try_address(const struct addrinfo *a, int patience_ms)
{
    int error = 0;
    socklen_t size = sizeof error;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    bool under_way = connect(fd, a->ai_addr, a->ai_addrlen) < 0;
    if (under_way && errno == EINPROGRESS) {
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        if (poll(&ready, 1, patience_ms) <= 0)
            error = ETIMEDOUT;
        else
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    } else if (under_way) {
        error = errno;
    }
    close(fd);
    return error;
}

static const char *port_remedy(int error)
{
    if (error == ECONNREFUSED)
        return "Nothing listens there: is the server running, on this port? In a container or on\n"
               "another machine it must listen on 0.0.0.0 or ::, not on 127.0.0.1.";
    return "Something between drops what is sent there: look at firewalls, security groups, and\n"
           "which ports a container publishes.";
}

static bool check_port(doctor *d, const struct addrinfo *list)
{
    char good[64] = "", bad[64] = "";
    int error = 0;
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        char text[64] = "?";
        getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST);
        int result = try_address(a, (int)d->patience_ms);
        memcpy(result == 0 ? good : bad, text, sizeof text);
        error = result != 0 ? result : error;
    }
    if (*good == '\0')
        doctor_bad(d, "port", port_remedy(error), "%s port %s: %s", bad, d->port, strerror(error));
    else if (*bad != '\0')
        doctor_note(d, "port",
                    "Clients that try only this address fail: let the server listen on all, or\n"
                    "take the name's address away.",
                    "%s answers, but %s does not: %s", good, bad, strerror(error));
    else
        doctor_fine(d, "port", "%s answers on port %s", good, d->port);
    return *good != '\0';
}

static bool check_name(doctor *d)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    if (d->target.proxy != NULL || d->target.unix_path != NULL)
        return true; /* others look it up, or nobody */
    int error = getaddrinfo(d->host, d->port, &hints, &list);
    if (error != 0) {
        doctor_bad(d, "name", "Is it spelled right, and does this machine's DNS know it?", "%s: %s",
                   d->host, gai_strerror(error));
        return false;
    }
    doctor_fine(d, "name", "%s is known", d->host);
    bool good = check_port(d, list);
    freeaddrinfo(list);
    return good;
}

/* --- the handshake ---------------------------------------------------------------------------- */

/* Returns false when there was no answer: told. */
static bool answered(doctor *d, const doctor_answer *a)
{
    if (a->error == VIREO_ETLS)
        doctor_bad(d, "TLS",
                   "The certificate must be made out to this name, be valid today, and come with "
                   "the\nwhole chain (fullchain.pem, not cert.pem). --cacert FILE names a CA of "
                   "your own.",
                   "%s", a->text);
    else if (a->error == VIREO_ETIMEDOUT)
        doctor_bad(d, "HTTP",
                   "The connection stands but nobody answers: is the server's loop "
                   "busy, or does the port\nspeak something else?",
                   "%s", a->text);
    else if (a->error < 0)
        doctor_bad(d, "HTTP",
                   d->secure ? "Does the port speak TLS? Try http:."
                             : "Does the port speak HTTP without TLS? Try https:.",
                   "%s", a->text);
    return a->error >= 0;
}

static vireo_value *read_open(const doctor_answer *a)
{
    const char *text = (const char *)a->body.data;
    size_t n = a->body.len;
    const char *end = n > 0 ? memchr(text, 0x1e, n) : NULL;
    if (end != NULL)
        n = (size_t)(end - text);
    return n > 1 && text[0] == '0' ? vireo_parse(text + 1, n - 1, NULL) : NULL;
}

static void take_open(doctor *d, const vireo_value *open)
{
    const vireo_value *upgrades = vireo_get(open, "upgrades");
    snprintf(d->sid, sizeof d->sid, "%s", vireo_str_or(vireo_get(open, "sid"), ""));
    d->ping_interval_ms = (uint64_t)vireo_int(vireo_get(open, "pingInterval"), 25000);
    d->ping_timeout_ms = (uint64_t)vireo_int(vireo_get(open, "pingTimeout"), 20000);
    d->max_payload = (uint64_t)vireo_int(vireo_get(open, "maxPayload"), 0);
    d->says_websocket = false;
    for (const vireo_value *e = NULL; (e = vireo_next(upgrades, e)) != NULL;)
        d->says_websocket |= strcmp(vireo_str_or(e, ""), "websocket") == 0;
}

/* Engine.IO's own refusal: {"code":5,"message":".."}; -1 for none. */
static int refusal(const doctor_answer *a, char message[64])
{
    vireo_value *v = vireo_parse((const char *)a->body.data, a->body.len, NULL);
    int code = (int)vireo_int(vireo_get(v, "code"), -1);
    snprintf(message, 64, "%s", vireo_str_or(vireo_get(v, "message"), ""));
    vireo_value_free(v);
    return code;
}

static bool is_revision3(const doctor_answer *a)
{
    const char *text = (const char *)a->body.data;
    return a->status == 200 && a->body.len > 5 && strstr(text, "\"sid\"") != NULL &&
           (strstr(text, ":0{") != NULL || text[0] == 0 || text[0] == 1);
}

static bool speaks_revision3(doctor *d)
{
    doctor_answer a;
    doctor_ask(d, &a, "GET", "EIO=3&transport=polling&b64=1", NULL, NULL, 0);
    bool is = a.error >= 0 && is_revision3(&a);
    doctor_done(&a);
    return is;
}

static void old_revision(doctor *d)
{
    doctor_bad(d, "revision",
               "Update socket.io on the server to 4, or use socket.io-client 2 with it. (A server "
               "of\nversion 3 or 4 speaks to old clients with allowEIO3: true.)",
               "the server is Socket.IO 2 or older (Engine.IO 3), clients of today speak "
               "Engine.IO 4");
}

static void explain_status(doctor *d, const doctor_answer *a)
{
    char message[64];
    int code = refusal(a, message);
    if (code == 0)
        doctor_note(d, "polling",
                    "Clients must say transports: [\"websocket\"], else they fail. Or allow "
                    "polling.",
                    "the server allows no polling (%s)", message);
    else if (code >= 0)
        doctor_bad(d, "handshake",
                   code == 4 ? "The server's allowRequest has said no: which header or cookie does "
                               "it want? --header sends one."
                             : "It is Engine.IO that refuses: compare the versions of client and "
                               "server.",
                   "refused with code %d, %s", code, message);
    else if (!d->secure && a->status == 400 && strcasestr((const char *)a->body.data, "https"))
        doctor_bad(d, "TLS", "Say https: in the URL, here and in the client.",
                   "the port speaks TLS");
    else if (a->status == 404)
        doctor_bad(d, "path",
                   "Is Socket.IO attached to this server, and what is its option path? --path says "
                   "it here,\nthe option path in the client. A proxy must pass it on unchanged.",
                   "%s: 404, nothing is there", d->path);
    else if (a->status >= 300 && a->status < 400)
        doctor_bad(d, "redirect", "Use that URL in the client: WebSockets follow no redirects.",
                   "%u to %s", a->status, a->location);
    else if (a->status == 401 || a->status == 403)
        doctor_bad(d, "access",
                   "Something asks for a login before Socket.IO is reached: --header "
                   "sends one.",
                   "%u, by %s", a->status, *a->server ? a->server : "something in between");
    else if (a->status >= 502 && a->status <= 504)
        doctor_bad(d, "proxy",
                   "The proxy runs, the server behind it does not answer it: is it "
                   "running, on the port\nthat the proxy's configuration names?",
                   "%u, by %s", a->status, *a->server ? a->server : "a proxy");
    else
        doctor_bad(d, "handshake", "This is no answer of Socket.IO: who listens there?", "%u, %s",
                   a->status, *a->type ? a->type : "without a type");
}

/* Returns false when nothing more can be found out. */
static bool check_handshake(doctor *d)
{
    doctor_answer a;
    char message[64];
    bool more = false;
    doctor_ask(d, &a, "GET", V4 "polling", NULL, NULL, 0);
    vireo_value *open = a.error >= 0 && a.status == 200 ? read_open(&a) : NULL;
    if (!answered(d, &a)) {
        more = false;
    } else if (open != NULL) {
        take_open(d, open);
        d->polling = more = true;
        if (d->secure)
            doctor_fine(d, "TLS", "the certificate is in order");
        doctor_fine(d, "revision", "Engine.IO 4, as clients since Socket.IO 3 speak it");
        doctor_fine(d, "handshake", "a session after %u ms", (unsigned)a.took_ms);
    } else if (is_revision3(&a) ||
               (a.status != 404 && refusal(&a, message) != 0 && speaks_revision3(d))) {
        old_revision(d);
    } else if (a.status == 200) {
        doctor_bad(d, "path",
                   "A fallback (of a single-page application, say) answers for Socket.IO: let it "
                   "come\nbehind, or name the right --path.",
                   "%s answers 200 with %s, which is not Socket.IO", d->path,
                   *a.type ? a.type : "something");
    } else {
        more = refusal(&a, message) == 0;
        explain_status(d, &a);
    }
    vireo_value_free(open);
    doctor_done(&a);
    return more;
}

/* --- CORS ------------------------------------------------------------------------------------- */

static void judge_cors(doctor *d, const doctor_answer *a, const char *what)
{
    static const char remedy[] =
        "On the server: new Server(http, { cors: { origin: \"https://your.page\" } }); with "
        "Vireo:\n"
        "vireo_cors(app, \"/socket.io/\", .origins = ..). Scheme, name and port must be the "
        "page's.";
    if (a->allow_origins > 1)
        doctor_bad(d, "CORS", "Proxy and server both add it; take it away in one of them.",
                   "%s: Access-Control-Allow-Origin comes %zu times", what, a->allow_origins);
    else if (*a->allow_origin == '\0')
        doctor_bad(d, "CORS", remedy, "%s: pages of %s are not allowed", what, d->origin);
    else if (strcmp(a->allow_origin, "*") == 0)
        doctor_fine(d, "CORS", "%s: all pages are allowed, without cookies", what);
    else if (strcmp(a->allow_origin, d->origin) != 0)
        doctor_bad(d, "CORS", remedy, "%s: pages of %s are allowed, but not of %s", what,
                   a->allow_origin, d->origin);
    else
        doctor_fine(d, "CORS", "%s: pages of %s are allowed%s", what, d->origin,
                    strcmp(a->allow_credentials, "true") == 0 ? ", with cookies" : "");
}

static void check_cors(doctor *d)
{
    doctor_answer a;
    if (d->origin == NULL) {
        doctor_note(d, "CORS", "--page https://your.page checks whether it may.",
                    "not looked at: pages of other origins need the server's leave");
        return;
    }
    unsigned before = d->problems;
    doctor_ask(d, &a, "GET", V4 "polling", d->origin, NULL, 0);
    if (answered(d, &a))
        judge_cors(d, &a, "a request");
    doctor_done(&a);
    if (d->problems > before)
        return;
    doctor_ask(d, &a, "OPTIONS", V4 "polling", d->origin, NULL, 0);
    if (answered(d, &a) && a.status >= 300)
        doctor_bad(d, "CORS", "OPTIONS must be answered without a login and without a redirect.",
                   "the preflight is answered with %u", a.status);
    else if (a.error >= 0)
        judge_cors(d, &a, "the preflight");
    doctor_done(&a);
}

/* --- polling ---------------------------------------------------------------------------------- */

static bool lost_session(const doctor_answer *a)
{
    char message[64];
    return a->error >= 0 && a->status == 400 && refusal(a, message) == 1;
}

static const char sticky_remedy[] =
    "Several servers stand behind this URL, and each request may reach another one: let the\n"
    "load balancer choose by cookie or address (nginx: ip_hash; or hash), see \"sticky "
    "sessions\".\n"
    "Or let clients say transports: [\"websocket\"].";

/* One POST in the session. */
static bool post(doctor *d, doctor_answer *a, const char *sid, const void *body, size_t n)
{
    char query[320];
    snprintf(query, sizeof query, V4 "polling&sid=%s", sid);
    doctor_ask(d, a, "POST", query, NULL, body, n);
    return a->error >= 0 && a->status == 200;
}

static void tell_poll(doctor *d, const doctor_answer *poll, const doctor_answer *sent)
{
    const doctor_answer *a = sent->error < 0 || sent->status != 200 ? sent : poll;
    if (lost_session(a))
        doctor_bad(d, "polling", sticky_remedy,
                   "the server does not know the session that it "
                   "has just opened");
    else if (a->error == VIREO_ETIMEDOUT)
        doctor_bad(
            d, "buffering",
            "A proxy holds answers back until it has more of them: switch its buffering off\n"
            "(nginx: proxy_buffering off;), and compression and virus scanners with it.",
            "what the server answers at once does not arrive within %u s", d->patience_ms / 1000);
    else if (a->error < 0)
        doctor_bad(d, "polling", "Something cuts the connection: look at the proxy's log.", "%s",
                   a->text);
    else if (a->status != 200)
        doctor_bad(d, "polling", "Look at the log of the server, or of the proxy in front.",
                   "a %s is answered with %u", a == sent ? "POST" : "poll", a->status);
    else if (poll->took_ms > SLOW_MS)
        doctor_bad(d, "buffering",
                   "A proxy holds answers back for a while: switch its buffering off (nginx:\n"
                   "proxy_buffering off;). If it is the server, its loop is too busy.",
                   "what the server answers at once took %.1f s", (double)poll->took_ms / 1000);
    else
        doctor_fine(d, "polling", "a message each way, %u ms", (unsigned)poll->took_ms);
}

/* While a poll waits, something is sent to which the server answers at once. */
static void check_polling(doctor *d)
{
    static const char ask[] = "40" NOBODYS ",";
    char query[320];
    doctor_answer poll, sent;
    snprintf(query, sizeof query, V4 "polling&sid=%s", d->sid);
    doctor_request *r = doctor_begin(d, &poll, "GET", query, NULL, NULL, 0);
    bool good = post(d, &sent, d->sid, ask, sizeof ask - 1);
    doctor_end(d, r);
    unsigned before = d->problems;
    tell_poll(d, &poll, &sent);
    d->polling = good && d->problems == before;
    doctor_done(&poll);
    doctor_done(&sent);
}

/* --- WebSocket -------------------------------------------------------------------------------- */

static const char upgrade_remedy[] =
    "A proxy in front must pass upgrades on. nginx: proxy_http_version 1.1; proxy_set_header\n"
    "Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\"; Apache: mod_proxy_wstunnel.\n"
    "Without a proxy: do the server's transports name websocket?";

/* Sends |text| and waits for an answer that begins with |wanted|. */
static bool exchange(doctor *d, doctor_ws *w, const char *text, const char *wanted)
{
    bool come = w->ws != NULL && vireo_ws_send_text(w->ws, text) == 0 &&
                doctor_ws_wait(d, w, d->patience_ms);
    return come && strncmp(w->last, wanted, strlen(wanted)) == 0;
}

static void upgrade_failed(doctor *d, const doctor_ws *w)
{
    doctor_bad(d, "upgrade", upgrade_remedy, "no WebSocket: %s%s",
               *w->error ? w->error : "it is closed at once",
               d->polling ? "; clients stay with polling, which is slower" : "");
}

static void no_answer(doctor *d, const char *what)
{
    doctor_bad(d, "upgrade",
               "Something lets the WebSocket stand but passes no frames on: a proxy that does not "
               "know\nWebSocket, a virus scanner, an older load balancer.",
               "the WebSocket opens, but %s", what);
}

/* The way of a client: a session by polling, then the WebSocket. */
static void check_upgrade(doctor *d)
{
    char query[320];
    doctor_ws w;
    if (!d->says_websocket) {
        doctor_note(d, "upgrade",
                    "Does the server say transports: [\"polling\"] or allowUpgrades: false? Each "
                    "message\ncosts a request then.",
                    "the server offers no WebSocket");
        return;
    }
    snprintf(query, sizeof query, V4 "websocket&sid=%s", d->sid);
    doctor_ws_open(d, &w, query);
    if (!w.open)
        upgrade_failed(d, &w);
    else if (!exchange(d, &w, "2probe", "3probe"))
        no_answer(d, "the probe is not answered");
    else
        doctor_fine(d, "upgrade", "a WebSocket takes over from polling");
    doctor_ws_close(d, &w);
}

static void check_heartbeat(doctor *d, doctor_ws *w)
{
    uint64_t due = d->ping_interval_ms + d->ping_timeout_ms;
    if (d->ping_interval_ms > LONG_PING)
        doctor_note(d, "heartbeat",
                    "Proxies commonly cut what is silent for a minute: pingInterval: 25000.",
                    "the server pings each %u s", (unsigned)(d->ping_interval_ms / 1000));
    else if (!d->full && d->ping_interval_ms > d->patience_ms)
        doctor_note(d, "heartbeat", "--full waits for it.",
                    "not waited for: a ping is due after "
                    "%u s",
                    (unsigned)(d->ping_interval_ms / 1000));
    else if (doctor_ws_wait(d, w, (uint32_t)(due > 600000 ? 600000 : due)) && w->last[0] == '2')
        doctor_fine(d, "heartbeat", "the server pings, each %.3g s",
                    (double)d->ping_interval_ms / 1000);
    else
        doctor_bad(
            d, "heartbeat",
            "Something between closes silent connections, or swallows pings: raise its idle\n"
            "time-out above pingInterval (nginx: proxy_read_timeout), or lower pingInterval.",
            w->ws == NULL ? "the connection was closed (%u) before a ping came"
                          : "no ping came (%u)",
            w->code);
}

/* A session over the WebSocket alone. */
static void check_websocket(doctor *d)
{
    doctor_ws w;
    doctor_ws_open(d, &w, V4 "websocket");
    bool open = w.open && doctor_ws_wait(d, &w, d->patience_ms) && w.last[0] == '0';
    if (!w.open) {
        upgrade_failed(d, &w);
    } else if (!open) {
        no_answer(d, "the handshake does not come");
    } else {
        vireo_value *v = vireo_parse(w.last + 1, strlen(w.last + 1), NULL);
        take_open(d, v);
        vireo_value_free(v);
        if (exchange(d, &w, "40" NOBODYS ",", "4"))
            doctor_fine(d, "websocket", "a session without polling, a message each way");
        else
            no_answer(d, "what is sent is not answered");
        check_heartbeat(d, &w);
    }
    doctor_ws_close(d, &w);
}

/* --- the largest payload ---------------------------------------------------------------------- */

/* Opens a session of its own: what goes wrong ends it. Returns false when it cannot. */
static bool open_session(doctor *d)
{
    doctor_answer a;
    doctor_ask(d, &a, "GET", V4 "polling", NULL, NULL, 0);
    vireo_value *open = a.error >= 0 && a.status == 200 ? read_open(&a) : NULL;
    if (open != NULL)
        take_open(d, open);
    vireo_value_free(open);
    doctor_done(&a);
    return open != NULL;
}

/* A packet that says nothing ("6", a noop), as long as the server says it may be. */
static void check_payload(doctor *d)
{
    doctor_answer a;
    if (!open_session(d) || d->max_payload == 0)
        return;
    size_t n = d->max_payload < MAX_POST ? (size_t)d->max_payload : MAX_POST;
    char *body = malloc(n);
    if (body == NULL)
        return;
    memset(body, 'x', n);
    body[0] = '6';
    if (post(d, &a, d->sid, body, n))
        doctor_fine(d, "payload", "%zu bytes in one request (maxPayload %llu)", n,
                    (unsigned long long)d->max_payload);
    else if (lost_session(&a))
        doctor_bad(d, "polling", sticky_remedy, "the server does not know its own session");
    else
        doctor_bad(
            d, "payload",
            "A proxy in front takes less than the server: raise its limit (nginx:\n"
            "client_max_body_size), or lower the server's maxHttpBufferSize, which clients obey.",
            "the server says %llu bytes, but %zu of them are refused: %u%s%s",
            (unsigned long long)d->max_payload, n, a.status, a.error < 0 ? " " : "",
            a.error < 0 ? a.text : "");
    doctor_done(&a);
    free(body);
}

/* --- sticky sessions -------------------------------------------------------------------------- */

static void check_sticky(doctor *d)
{
    unsigned lost = 0, failed = 0;
    for (uint64_t i = 0; i < d->tries; i++) {
        doctor_answer a;
        if (!open_session(d)) {
            failed++;
            continue;
        }
        if (!post(d, &a, d->sid, "1", 1)) { /* goodbye */
            lost += lost_session(&a);
            failed += !lost_session(&a);
        }
        doctor_done(&a);
    }
    if (lost > 0)
        doctor_bad(d, "sticky", sticky_remedy,
                   "%u of %u sessions were not known to who was asked "
                   "next",
                   lost, (unsigned)d->tries);
    else if (failed > 0)
        doctor_bad(d, "sticky", "Is one of several servers down, or does a rate limit refuse?",
                   "%u of %u sessions could not be had", failed, (unsigned)d->tries);
    else if (d->tries > 0)
        doctor_fine(d, "sticky", "%u sessions, each known to who was asked next",
                    (unsigned)d->tries);
}

/* ---------------------------------------------------------------------------------------------- */

void doctor_examine(doctor *d)
{
    if (!check_name(d) || !check_handshake(d))
        return;
    if (d->polling) {
        check_cors(d);
        check_polling(d);
    }
    if (d->polling)
        check_upgrade(d);
    check_websocket(d);
    if (d->polling) {
        check_payload(d);
        check_sticky(d);
    }
}
