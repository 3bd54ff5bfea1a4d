/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* doctor_session.c: the checks of vireo doctor that need a session: polling, upgrade, WebSocket,
 * heartbeat, the namespace, the largest payload, sticky sessions. */

#include <stdlib.h>
#include <string.h>

#include "cli/doctor.h"

#define SLOW_MS   1500            /* an answer that the server gives at once takes no longer */
#define MAX_POST  1000000         /* bytes that are sent for the test of maxPayload */
#define LONG_PING 55000           /* ms: proxies commonly cut what is silent for a minute */
#define NOBODYS   "/vireo-doctor" /* a namespace that nobody has: the server answers at once */

/* --- polling ---------------------------------------------------------------------------------- */

static bool lost_session(const doctor_answer *a)
{
    char message[64];
    return a->error >= 0 && a->status == 400 && doctor_refusal(a, message) == 1;
}

static const char sticky_remedy[] =
    "Several servers stand behind this URL, and each request may reach another one: let the "
    "load balancer choose by cookie or address (nginx: ip_hash; or hash), see \"sticky "
    "sessions\". "
    "Or let clients say transports: [\"websocket\"].";

/* One POST in the session. */
static bool post(doctor *d, doctor_answer *a, const char *sid, const void *body, size_t n)
{
    char query[320];
    snprintf(query, sizeof query, DOCTOR_V4 "polling&sid=%s", sid);
    doctor_ask(d, a, "POST", query, NULL, body, n);
    return a->error >= 0 && a->status == 200;
}

static void tell_poll(doctor *d, const doctor_answer *poll, const doctor_answer *sent)
{
    const doctor_answer *a = sent->error < 0 || sent->status != 200 ? sent : poll;
    if (lost_session(a))
        doctor_bad(d, "sticky", sticky_remedy,
                   "the server does not know the session that it has just opened");
    else if (a->error == VIREO_ETIMEDOUT)
        doctor_bad(d, "buffering",
                   "A proxy holds answers back until it has more of them: switch its buffering off "
                   "(nginx: proxy_buffering off;), and compression and virus scanners with it.",
                   "what the server answers at once does not arrive within %u s",
                   d->patience_ms / 1000);
    else if (a->error < 0)
        doctor_bad(d, "polling", "Something cuts the connection: look at the proxy's log.", "%s",
                   a->text);
    else if (a->status != 200)
        doctor_bad(d, "polling", "Look at the log of the server, or of the proxy in front.",
                   "a %s is answered with %u", a == sent ? "POST" : "poll", a->status);
    else if (poll->took_ms > SLOW_MS)
        doctor_bad(d, "buffering",
                   "A proxy holds answers back for a while: switch its buffering off (nginx: "
                   "proxy_buffering off;). If it is the server, its loop is too busy.",
                   "what the server answers at once took %.1f s", (double)poll->took_ms / 1000);
    else
        doctor_fine(d, "polling", "a message each way, %u ms", (unsigned)poll->took_ms);
}

/* While a poll waits, something is sent to which the server answers at once. */
void doctor_check_polling(doctor *d)
{
    static const char ask[] = "40" NOBODYS ",";
    char query[320];
    doctor_answer poll, sent;
    snprintf(query, sizeof query, DOCTOR_V4 "polling&sid=%s", d->sid);
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
    "A proxy in front must pass upgrades on. nginx: proxy_http_version 1.1; proxy_set_header "
    "Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\"; Apache: mod_proxy_wstunnel. "
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
               "know WebSocket, a virus scanner, an older load balancer.",
               "the WebSocket opens, but %s", what);
}

/* The way of a client: a session by polling, then the WebSocket. */
void doctor_check_upgrade(doctor *d)
{
    char query[320];
    doctor_ws w;
    if (!d->says_websocket) {
        doctor_note(d, "upgrade",
                    "Does the server say transports: [\"polling\"] or allowUpgrades: false? Each "
                    "message costs a request then.",
                    "the server offers no WebSocket");
        return;
    }
    snprintf(query, sizeof query, DOCTOR_V4 "websocket&sid=%s", d->sid);
    doctor_ws_open(d, &w, query);
    if (!w.open)
        upgrade_failed(d, &w);
    else if (!exchange(d, &w, "2probe", "3probe"))
        no_answer(d, "the probe is not answered");
    else
        doctor_fine(d, "upgrade", "a WebSocket takes over from polling");
    doctor_ws_close(d, &w);
}

/* |json| is {"message":"..","data":..} */
static void refused(doctor *d, const char *json)
{
    vireo_value *v = vireo_parse(json, strlen(json), NULL);
    const char *message = vireo_str_or(vireo_get(v, "message"), json);
    if (strcmp(message, "Invalid namespace") == 0)
        doctor_bad(
            d, "namespace",
            "The path of a client's URL is the namespace. If it is where Socket.IO is on the "
            "server, it belongs into the option path (here --path); else the server must "
            "declare it: io.of(..).",
            "the server has no namespace %s", d->ns);
    else
        doctor_bad(d, "namespace",
                   "A middleware of the server (io.use) has said no. --auth JSON gives it what a "
                   "client's option auth does, --header 'Cookie: ..' a cookie.",
                   "%s refuses us: %s", d->ns, message);
    vireo_value_free(v);
}

/* Asks for the URL's namespace, as a client does. */
static void check_namespace(doctor *d, doctor_ws *w)
{
    bool main = strcmp(d->ns, "/") == 0;
    const char *ns = main ? "" : d->ns, *auth = d->target.auth ? d->target.auth : "";
    char text[1024], yes[300], no[300];
    snprintf(text, sizeof text, "40%s%s%s", ns, main ? "" : ",", auth);
    snprintf(yes, sizeof yes, "40%s%s", ns, main ? "{" : ",");
    snprintf(no, sizeof no, "44%s%s", ns, main ? "{" : ",");
    if (exchange(d, w, text, yes))
        doctor_fine(d, "namespace", "%s takes us in", d->ns);
    else if (strncmp(w->last, no, strlen(no)) == 0)
        refused(d, w->last + strlen(no) - main);
    else
        doctor_bad(d, "namespace",
                   "Does a middleware of the server (io.use) forget to call next(), or wait for a "
                   "database?",
                   "%s neither takes us in nor refuses us", d->ns);
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
    else if (doctor_ws_pinged(d, w, (uint32_t)(due > 600000 ? 600000 : due)))
        doctor_fine(d, "heartbeat", "the server pings, each %.3g s",
                    (double)d->ping_interval_ms / 1000);
    else
        doctor_bad(
            d, "heartbeat",
            "Something between closes silent connections, or swallows pings: raise its idle "
            "time-out above pingInterval (nginx: proxy_read_timeout), or lower pingInterval.",
            w->ws == NULL ? "the connection was closed (%u) before a ping came"
                          : "no ping came (%u)",
            w->code);
}

/* A session over the WebSocket alone. */
void doctor_check_websocket(doctor *d)
{
    doctor_ws w;
    doctor_ws_open(d, &w, DOCTOR_V4 "websocket");
    bool open = w.open && doctor_ws_wait(d, &w, d->patience_ms) && w.last[0] == '0';
    unsigned before = d->problems;
    if (!w.open) {
        upgrade_failed(d, &w);
    } else if (!open) {
        no_answer(d, "the handshake does not come");
    } else {
        vireo_value *v = vireo_parse(w.last + 1, strlen(w.last + 1), NULL);
        doctor_take_open(d, v);
        vireo_value_free(v);
        if (exchange(d, &w, "40" NOBODYS ",", "4"))
            doctor_fine(d, "websocket", "a session without polling, a message each way");
        else
            no_answer(d, "what is sent is not answered");
        if (d->problems == before)
            check_namespace(d, &w);
        check_heartbeat(d, &w);
    }
    doctor_ws_close(d, &w);
}

/* --- the largest payload ---------------------------------------------------------------------- */

/* Opens a session of its own: what goes wrong ends it. Returns false when it cannot. */
static bool open_session(doctor *d)
{
    doctor_answer a;
    doctor_ask(d, &a, "GET", DOCTOR_V4 "polling", NULL, NULL, 0);
    vireo_value *open = a.error >= 0 && a.status == 200 ? doctor_read_open(&a) : NULL;
    if (open != NULL)
        doctor_take_open(d, open);
    strcpy(d->cookies, a.cookies);
    vireo_value_free(open);
    doctor_done(&a);
    return open != NULL;
}

/* A packet that says nothing ("6", a noop), as long as the server says it may be. */
void doctor_check_payload(doctor *d)
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
        doctor_bad(d, "sticky", sticky_remedy, "the server does not know its own session");
    else
        doctor_bad(
            d, "payload",
            "A proxy in front takes less than the server: raise its limit (nginx: "
            "client_max_body_size), or lower the server's maxHttpBufferSize, which clients obey.",
            "the server says %llu bytes, but %zu of them are refused: %u%s%s",
            (unsigned long long)d->max_payload, n, a.status, a.error < 0 ? " " : "",
            a.error < 0 ? a.text : "");
    doctor_done(&a);
    free(body);
}

/* --- sticky sessions -------------------------------------------------------------------------- */

typedef struct tally {
    unsigned lost, failed;
} tally;

/* As many sessions as were asked for: a handshake and a goodbye, each on a connection of its own.
 */
static tally try_sessions(doctor *d)
{
    tally t = {0};
    for (uint64_t i = 0; i < d->tries; i++) {
        doctor_answer a;
        if (!open_session(d)) {
            t.failed++;
            continue;
        }
        if (!post(d, &a, d->sid, "1", 1)) {
            t.lost += lost_session(&a);
            t.failed += !lost_session(&a);
        }
        doctor_done(&a);
    }
    return t;
}

/* "a=1; b=2" is "a, b". */
static void name_cookies(const char *cookies, char *names, size_t size)
{
    size_t n = 0;
    for (const char *at = cookies; *at != '\0' && n < size;) {
        n += (size_t)snprintf(names + n, size - n, "%s%.*s", n > 0 ? ", " : "",
                              (int)strcspn(at, "="), at);
        at += strcspn(at, ";");
        at += strspn(at, "; ");
    }
}

/* Those that a balancer knows by its cookie, tried without it. */
static void check_cookie(doctor *d)
{
    char names[128] = "";
    name_cookies(d->cookies, names, sizeof names);
    d->no_cookies = true;
    tally t = try_sessions(d);
    d->no_cookies = false;
    if (t.lost > 0)
        doctor_note(d, "sticky",
                    "Pages of another origin must say withCredentials: true, else their browser "
                    "keeps no cookies; other clients need a jar for them, or "
                    "transports: [\"websocket\"].",
                    "by cookie (%s): %u of %u sessions without it were lost", names, t.lost,
                    (unsigned)d->tries);
}

void doctor_check_sticky(doctor *d)
{
    tally t = try_sessions(d);
    unsigned tries = (unsigned)d->tries;
    if (t.lost > 0)
        doctor_bad(d, "sticky", sticky_remedy,
                   "%u of %u sessions were not known to who was asked next", t.lost, tries);
    else if (t.failed > 0)
        doctor_bad(d, "sticky", "Is one of several servers down, or does a rate limit refuse?",
                   "%u of %u sessions could not be had", t.failed, tries);
    else if (tries > 0)
        doctor_fine(d, "sticky", "%u sessions, each known to who was asked next", tries);
    if (tries > 0 && t.lost + t.failed == 0 && *d->cookies != '\0')
        check_cookie(d);
}
