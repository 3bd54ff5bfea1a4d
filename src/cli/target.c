/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* target.c: where to connect, and how, as the command line says it (cli_target, link.h): looked at
 * before anything is opened, so that what is told is about what was written. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/link.h"
#include "http/parse.h"
#include "net/tunnel.h"

const cli_option cli_target_options[] = {
    {"speak", 0, CLI_CHOICE, offsetof(cli_target, speak), "auto|socketio|ws",
     "ws: raw WebSocket; auto: as the URL begins, ws: or http:"},
    {"header", 'H', CLI_LIST, offsetof(cli_target, headers), "'NAME: VALUE'",
     "a header of the requests; may be given again"},
    {"auth", 'a', CLI_TEXT, offsetof(cli_target, auth), "JSON",
     "Socket.IO: what the server's middleware is given"},
    {"path", 0, CLI_TEXT, offsetof(cli_target, path), "PATH",
     "Socket.IO: where it is on the server (/socket.io)"},
    {"transports", 0, CLI_TEXT, offsetof(cli_target, transports), "LIST",
     "Socket.IO: polling,websocket; or one of them"},
    {"msgpack", 0, CLI_FLAG, offsetof(cli_target, msgpack), NULL,
     "Socket.IO: packets of socket.io-msgpack-parser, as the server's"},
    {"protocols", 0, CLI_TEXT, offsetof(cli_target, protocols), "LIST",
     "WebSocket: sub-protocols to ask for"},
    {"origin", 0, CLI_TEXT, offsetof(cli_target, origin), "ORIGIN",
     "the header Origin, as a browser would send it"},
    {"proxy", 0, CLI_TEXT, offsetof(cli_target, proxy), "URL",
     "http://[user:password@]host:port or socks5://host"},
    {"unix", 0, CLI_TEXT, offsetof(cli_target, unix_path), "PATH",
     "connect to this unix socket instead of the URL's host"},
    {"cacert", 0, CLI_TEXT, offsetof(cli_target, ca_file), "FILE",
     "who may have signed the server's certificate (PEM)"},
    {"cert", 0, CLI_TEXT, offsetof(cli_target, cert), "FILE", "a certificate of our own (PEM)"},
    {"key", 0, CLI_TEXT, offsetof(cli_target, key), "FILE", "its private key"},
    {"insecure", 'k', CLI_FLAG, offsetof(cli_target, insecure), NULL,
     "take any certificate: for tests only"},
    {"connect-timeout", 0, CLI_TIME, offsetof(cli_target, connect_timeout_ms), "TIME",
     "of one attempt to connect (10s)"},
    {0},
};

/* "Name: value", which is cut in two. */
static bool read_header(char *text, const char *pair[2])
{
    char *colon = strchr(text, ':');
    if (colon == NULL || !vireo__http_token(text, (size_t)(colon - text)))
        return false;
    *colon = '\0';
    pair[0] = text;
    pair[1] = colon + 1 + strspn(colon + 1, " ");
    return pair[1][strcspn(pair[1], "\r\n")] == '\0';
}

/* Those of --header, and Origin, as pairs. */
static int read_headers(cli_link *link)
{
    const cli_target *t = link->target;
    size_t size = 1, n = 0;
    for (size_t i = 0; i < t->headers.count; i++)
        size += strlen(t->headers.at[i]) + 1;
    char *at = link->header_texts = malloc(size);
    if (at == NULL)
        return cli_fail(link->self, CLI_FAILED, "out of memory");
    for (; n < t->headers.count; n++) {
        strcpy(at, t->headers.at[n]);
        if (!read_header(at, &link->headers[2 * n]))
            return cli_usage_error(link->self, "--header \"%s\": it wants NAME: VALUE",
                                   t->headers.at[n]);
        at += strlen(t->headers.at[n]) + 1;
    }
    if (t->origin != NULL) {
        link->headers[2 * n] = "Origin";
        link->headers[2 * n + 1] = t->origin;
    }
    return -1;
}

static int check_auth(cli_link *link)
{
    const char *auth = link->target->auth;
    vireo_value *v = auth != NULL ? vireo_parse(auth, strlen(auth), NULL) : NULL;
    bool good = auth == NULL || vireo_type_of(v) == VIREO_OBJECT;
    vireo_value_free(v);
    return good
               ? -1
               : cli_usage_error(link->self, "--auth wants an object of JSON: '{\"token\":\"x\"}'");
}

static int check_proxy(cli_link *link)
{
    const char *why = NULL, *url = link->target->proxy;
    vireo__proxy *proxy = url != NULL ? vireo__proxy_new(url, &why) : NULL;
    bool good = url == NULL || proxy != NULL;
    vireo__proxy_free(proxy);
    return good ? -1
                : cli_usage_error(link->self,
                                  "--proxy \"%s\": %s; such as http://user:password@host:3128 or "
                                  "socks5://host",
                                  url, why);
}

static const char *tls_advice(const cli_target *t, const char *text)
{
    if (strstr(text, "private key") != NULL && t->key == NULL)
        return "; --key FILE names its private key";
    if (strstr(text, "no such file") != NULL)
        return "; is the name right?";
    if (strstr(text, "does not belong") != NULL)
        return "; name the one that was made with it";
    return "";
}

static int read_tls(cli_link *link)
{
    const cli_target *t = link->target;
    vireo_error error;
    if (t->ca_file == NULL && t->cert == NULL && !t->insecure)
        return -1;
    link->tls = vireo_tls_client_new(.ca_file = t->ca_file, .cert_file = t->cert,
                                     .key_file = t->key, .insecure = t->insecure, .error = &error);
    if (link->tls != NULL)
        return -1;
    return cli_fail(link->self, CLI_FAILED, "%s%s", error.text, tls_advice(t, error.text));
}

/* --- the URL ---------------------------------------------------------------------------------- */

/* A URL without a scheme: this machine is asked without TLS. */
static char *complete_url(const char *url)
{
    static const char *const local[] = {"localhost", "127.", "[::1]", ":"};
    const char *scheme = strstr(url, "://") ? "" : "https://", *host = "";
    char *whole = NULL;
    for (size_t i = 0; *scheme != '\0' && i < sizeof local / sizeof local[0]; i++)
        if (strncmp(url, local[i], strlen(local[i])) == 0)
            scheme = "http://";
    if (url[0] == ':')
        host = "localhost";
    return asprintf(&whole, "%s%s%s", scheme, host, url) < 0 ? NULL : whole;
}

static int check_scheme(cli_link *link)
{
    static const char *const known[] = {"http://", "https://", "ws://", "wss://"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strncasecmp(link->url, known[i], strlen(known[i])) == 0)
            return -1;
    return cli_usage_error(
        link->self, "\"%s\": a URL begins with http://, https://, ws:// or wss://", link->url);
}

void cli_link_release(cli_link *link)
{
    vireo_tls_client_free(link->tls);
    free(link->header_texts);
    free(link->url);
}

int cli_link_prepare(cli_link *link, const cli_command *self, const cli_target *target,
                     const char *url)
{
    static int (*const parts[])(cli_link *) = {check_scheme, check_auth, check_proxy, read_headers,
                                               read_tls};
    int status = -1;
    link->self = self;
    link->target = target;
    link->url = complete_url(url);
    if (link->url == NULL)
        return cli_fail(self, CLI_FAILED, "out of memory");
    link->raw = target->speak == CLI_SPEAK_WS ||
                (target->speak == CLI_SPEAK_AUTO && strncasecmp(link->url, "ws", 2) == 0);
    for (size_t i = 0; status < 0 && i < sizeof parts / sizeof parts[0]; i++)
        status = parts[i](link);
    if (status >= 0)
        cli_link_release(link);
    return status;
}
