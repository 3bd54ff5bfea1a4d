/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* api-server.c: a Socket.IO server with its HTTP API under /api, for who sends "Authorization:
 * Bearer secret". Namespaces "/" and "/other"; a socket's auth {name} becomes its data. */

#include <stdio.h>
#include <string.h>

#include <vireo/vireo.h>

#include "../../examples/cli.h"

#include "serve.h"

static int authorize(vireo_req *r)
{
    const char *header = vireo_header(r, "authorization");
    bool right = header != NULL && strcmp(header, vireo_req_user(r)) == 0;
    return right ? vireo_pass(r) : VIREO_STATUS(403);
}

static char *describe(vireo_socket *s)
{
    return vireo_format(NULL, "{name:%s}", vireo_str(vireo_get(vireo_handshake_auth(s), "name")));
}

static int setup(vireo_app *app, void *user)
{
    static char secret[] = "Bearer secret";
    (void)user;
    vireo_io *io = vireo_socketio(app);
    if (io == NULL || vireo_io_api(io, "/open") != VIREO_EINVAL)
        return VIREO_EINVAL; /* nobody would be asked */
    vireo_io_namespace(io, "/", .describe = describe);
    vireo_io_namespace(io, "/other");
    return vireo_io_api(io, "/api", .authorize = authorize, .user = secret, .max_body_bytes = 1000);
}

int main(int argc, char **argv)
{
    struct cli cli = cli_parse(argc, argv, 0);
    return serve(setup, NULL, NULL, .host = cli.host, .port = cli.port, .name = "api");
}
