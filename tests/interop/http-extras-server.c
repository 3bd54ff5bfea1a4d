/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http-extras-server FOLDER: ready-made middleware, files and negotiation, for the tests of the
 * same name. The access log goes to stdout. */

#include <stdio.h>

#include <vireo/vireo.h>

#include "serve.h"

static int ok(vireo_req *r)
{
    return vireo_reply_text(r, 200, "ok");
}

static int languages(vireo_req *r)
{
    const char *language = vireo_accepts_languages(r, "en", "de", NULL);
    vireo_vary(r, "Accept-Language");
    return vireo_reply_text(r, language ? 200 : 406, language ? language : "en or de");
}

static int who(vireo_req *r)
{
    return vireo_reply_json(r, 200, "{address:%s, protocol:%s, host:%s}", vireo_address(r),
                            vireo_protocol(r), vireo_host(r));
}

static int setup(vireo_app *app, void *folder)
{
    static const char *const some[] = {"https://a.example", "https://b.example", NULL};
    static const char *const one[] = {"https://a.example", NULL};
    vireo_access_log(app, "/log", .format = VIREO_LOG_COMBINED);
    vireo_cors(app, "/any");
    vireo_cors(app, "/some", .origins = some, .credentials = true, .max_age_s = 60,
               .methods = "GET,PUT", .allowed_headers = "X-One,X-Two",
               .exposed_headers = "X-Three");
    vireo_cors(app, "/socket.io", .origins = one, .credentials = true);
    vireo_rate_limit(app, "/limited", .limit = 2, .window_ms = 3600000);
    vireo_trust_proxy(app, .addresses = "loopback");
    vireo_route(app, "*", "/any", ok, NULL);
    vireo_route(app, "*", "/some", ok, NULL);
    vireo_route(app, "*", "/log/:what", ok, NULL);
    vireo_route(app, "GET", "/limited", ok, NULL);
    vireo_route(app, "GET", "/language", languages, NULL);
    vireo_route(app, "GET", "/who", who, NULL);
    vireo_static(app, "/files", folder, .precompressed = true);
    vireo_namespace(app, "/");
    return 0;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 2)
        return 2;
    return serve(setup, argv[1], NULL, .host = "127.0.0.1", .name = "http-extras-server");
}
