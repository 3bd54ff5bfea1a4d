/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* https: TLS on one port, and on a second one nothing but the way to the first.
 *
 *     https --cert fullchain.pem --key privkey.pem --port 80 --https-port 443
 *
 * Certificates are renewed while it runs: twice a day it reads the files again, which no connection
 * notices. */

#include <string.h>

#include <vireo/vireo.h>

#include "cli.h"

enum { HALF_A_DAY_MS = 12 * 3600 * 1000 };

static void reload(vireo_timer *timer, void *tls)
{
    vireo_error error;
    (void)timer;
    if (vireo_tls_reload(tls, &error) < 0)
        fprintf(stderr, "the old certificate stays: %s\n", error.text);
}

/* Middleware: the port is the first one that listens, the one with TLS. */
static int to_https(vireo_req *r)
{
    char url[2048];
    const char *host = vireo_host(r);
    size_t n = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    if (vireo_secure(r))
        return vireo_pass(r);
    if (snprintf(url, sizeof url, "https://%.*s:%u%s", (int)n, host, vireo_port(vireo_req_app(r)),
                 vireo_target(r)) >= (int)sizeof url)
        return VIREO_ETOOBIG;
    return vireo_redirect(r, 308, url);
}

static int hello(vireo_req *r)
{
    const vireo_tls_info *tls = vireo_req_tls(r);
    return vireo_reply_json(r, 200, "{version:%s, cipher:%s}", tls->version, tls->cipher);
}

static void on_echo(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    vireo_ack(m, "%p", vireo_arg(m, 0));
}

static const vireo_event_handler events[] = {{"echo", on_echo}, {0}};

int main(int argc, char **argv)
{
    struct cli_option more[] = {{"--cert", "FILE: certificate, with its chain", NULL},
                                {"--key", "FILE: its private key", NULL},
                                {"--https-port", "N: where to speak TLS (3443)", "3443"},
                                {0}};
    struct cli cli = cli_parse_more(argc, argv, 3080, more);
    vireo_error error;
    vireo_app *app = vireo_app_new();
    vireo_tls *tls = vireo_tls_new(.cert_file = more[0].value, .key_file = more[1].value);
    vireo_use(app, "/", to_https, NULL);
    vireo_route(app, "GET", "/", hello, NULL);
    vireo_namespace(app, "/", .events = events);
    vireo_every(app, HALF_A_DAY_MS, reload, tls);
    if (vireo_listen(app, .host = cli.host, .port = cli_port(argv[0], more[2].value), .tls = tls,
                     .error = &error) < 0) {
        fprintf(stderr, "https: %s\n", error.text);
        vireo_app_free(app);
        vireo_tls_free(tls);
        return 1;
    }
    printf("https: speaks TLS on port %u\n", vireo_port(app));
    int result = vireo_run(app, .host = cli.host, .port = cli.port, .name = "https");
    vireo_tls_free(tls);
    return result;
}
