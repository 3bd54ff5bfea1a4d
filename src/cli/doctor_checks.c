/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* doctor_checks.c: the checks of vireo doctor, in the order in which a client meets what they are
 * about: name, port, TLS, handshake, CORS here, what a session needs in doctor_session.c. One that
 * fails beyond repair ends the examination: what follows would only tell the same. */

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor.h"

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
        return "Nothing listens there: is the server running, on this port? In a container or on "
               "another machine it must listen on 0.0.0.0 or ::, not on 127.0.0.1.";
    return "Something between drops what is sent there: look at firewalls, security groups, and "
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
                    "Clients that try only this address fail: let the server listen on all, or "
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

/* By a word of what OpenSSL says. */
static const char *tls_remedy(const char *text)
{
    static const struct {
        const char *word, *remedy;
    } known[] = {
        {"expired", "Renew the certificate and reload the server; or is this machine's clock "
                    "wrong?"},
        {"not yet valid", "Is this machine's clock right?"},
        {"mismatch", "The certificate is made out to another name: say that one in the URL, or "
                     "have one made with this name in it (subjectAltName)."},
        {"self-signed", "No browser trusts it: take one of a CA (Let's Encrypt costs nothing), or "
                        "name it with --cacert FILE here and as the option ca in Node clients."},
        {"issuer", "The server must send the whole chain (fullchain.pem, not cert.pem). If a CA of "
                   "your own has signed it, --cacert FILE names that."},
        {"application protocol", "The port speaks HTTP/2 only. Socket.IO begins with HTTP/1.1: let "
                                 "the server or the proxy offer both (Node: allowHTTP1: true)."},
        {"version number", "The port speaks no TLS: say http: in the URL, here and in the client."},
        {"handshake failure", "The two have no cipher or version of TLS in common: TLS 1.2 or 1.3 "
                              "is wanted. Or the server wants a certificate: --cert and --key."},
        {"certificate required", "The server wants a certificate: --cert and --key."},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strstr(text, known[i].word) != NULL)
            return known[i].remedy;
    return "The certificate must be made out to this name, be valid today, and come with the whole "
           "chain (fullchain.pem, not cert.pem).";
}

/* Returns false when there was no answer: told. */
static bool answered(doctor *d, const doctor_answer *a)
{
    if (a->error == VIREO_ETLS)
        doctor_bad(d, "TLS", tls_remedy(a->text), "%s", a->text);
    else if (a->error == VIREO_ETIMEDOUT)
        doctor_bad(d, "HTTP",
                   "The connection stands but nobody answers: is the server's loop busy, or does "
                   "the port speak something else?",
                   "%s", a->text);
    else if (a->error < 0)
        doctor_bad(d, "HTTP",
                   d->secure ? "Does the port speak TLS? Try http:."
                             : "Does the port speak HTTP/1.1 without TLS? Try https:. A port for "
                               "HTTP/2 alone does not do: Socket.IO begins with HTTP/1.1.",
                   "%s", a->text);
    return a->error >= 0;
}

vireo_value *doctor_read_open(const doctor_answer *a)
{
    const char *text = (const char *)a->body.data;
    size_t n = a->body.len;
    const char *end = n > 0 ? memchr(text, 0x1e, n) : NULL;
    if (end != NULL)
        n = (size_t)(end - text);
    return n > 1 && text[0] == '0' ? vireo_parse(text + 1, n - 1, NULL) : NULL;
}

void doctor_take_open(doctor *d, const vireo_value *open)
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

int doctor_refusal(const doctor_answer *a, char message[64])
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
               "of version 3 or 4 speaks to old clients with allowEIO3: true.)",
               "the server is Socket.IO 2 or older (Engine.IO 3), clients of today speak "
               "Engine.IO 4");
}

static void explain_status(doctor *d, const doctor_answer *a)
{
    char message[64];
    int code = doctor_refusal(a, message);
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
                   "it here, the option path in the client. A proxy must pass it on unchanged.",
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
                   "running, on the port that the proxy's configuration names?",
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
    doctor_ask(d, &a, "GET", DOCTOR_V4 "polling", NULL, NULL, 0);
    vireo_value *open = a.error >= 0 && a.status == 200 ? doctor_read_open(&a) : NULL;
    if (!answered(d, &a)) {
        more = false;
    } else if (open != NULL) {
        doctor_take_open(d, open);
        strcpy(d->cookies, a.cookies);
        d->polling = more = true;
        if (d->secure)
            doctor_fine(d, "TLS", "the certificate is in order");
        doctor_fine(d, "revision", "Engine.IO 4, as clients since Socket.IO 3 speak it");
        doctor_fine(d, "handshake", "a session after %u ms", (unsigned)a.took_ms);
    } else if (is_revision3(&a) ||
               (a.status != 404 && doctor_refusal(&a, message) != 0 && speaks_revision3(d))) {
        old_revision(d);
    } else if (a.status == 200) {
        doctor_bad(d, "path",
                   "A fallback (of a single-page application, say) answers for Socket.IO: let it "
                   "come behind, or name the right --path.",
                   "%s answers 200 with %s, which is not Socket.IO", d->path,
                   *a.type ? a.type : "something");
    } else {
        more = doctor_refusal(&a, message) == 0;
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
        "Vireo: "
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
    doctor_ask(d, &a, "GET", DOCTOR_V4 "polling", d->origin, NULL, 0);
    if (answered(d, &a))
        judge_cors(d, &a, "a request");
    doctor_done(&a);
    if (d->problems > before)
        return;
    doctor_ask(d, &a, "OPTIONS", DOCTOR_V4 "polling", d->origin, NULL, 0);
    if (answered(d, &a) && a.status >= 300)
        doctor_bad(d, "CORS", "OPTIONS must be answered without a login and without a redirect.",
                   "the preflight is answered with %u", a.status);
    else if (a.error >= 0)
        judge_cors(d, &a, "the preflight");
    doctor_done(&a);
}

/* ---------------------------------------------------------------------------------------------- */

void doctor_examine(doctor *d)
{
    if (!check_name(d) || !check_handshake(d))
        return;
    if (d->polling) {
        check_cors(d);
        doctor_check_polling(d);
    }
    if (d->polling)
        doctor_check_upgrade(d);
    doctor_check_websocket(d);
    if (d->polling) {
        doctor_check_payload(d);
        doctor_check_sticky(d);
    }
}
