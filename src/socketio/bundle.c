/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* bundle.c: the browser's client, as it stands in the npm package socket.io-client, served under
 * the official names. */

#include <string.h>

#include "client_bundle.h"
#include "http/accept.h"
#include "socketio/inside.h"

/* One file as it is, and compressed at build time. */
typedef struct bundle_bytes {
    const unsigned char *begin;
    const unsigned char *end;
} bundle_bytes;

enum encoding { IDENTITY, BROTLI, GZIP, DEFLATE, ENCODINGS };

static const char *const encoding_names[ENCODINGS] = {"identity", "br", "gzip", "deflate"};

typedef struct bundle_file {
    const char *name;
    bundle_bytes bytes[ENCODINGS];
} bundle_file;

#define X(name, symbol)                                                                            \
    extern const unsigned char symbol[], symbol##_end[], symbol##_br[], symbol##_br_end[],         \
        symbol##_gz[], symbol##_gz_end[], symbol##_zz[], symbol##_zz_end[];
VIREO__CLIENT_FILES(X)
#undef X

static const bundle_file files[] = {
#define X(name, symbol)                                                                            \
    {name,                                                                                         \
     {{symbol, symbol##_end},                                                                      \
      {symbol##_br, symbol##_br_end},                                                              \
      {symbol##_gz, symbol##_gz_end},                                                              \
      {symbol##_zz, symbol##_zz_end}}},
    VIREO__CLIENT_FILES(X)
#undef X
};

#define ETAG "\"" VIREO__CLIENT_VERSION "\""

static const bundle_file *find_file(const vireo_io *io, const char *path)
{
    size_t prefix = strlen(io->path);
    if (strncmp(path, io->path, prefix) != 0 || path[prefix] != '/')
        return NULL;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (strcmp(path + prefix + 1, files[i].name) == 0)
            return &files[i];
    return NULL;
}

static const char *type_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    return strcmp(dot, ".map") == 0 ? "application/json; charset=utf-8"
                                    : "application/javascript; charset=utf-8";
}

/* As the official server's negotiator chooses: the client's order counts. */
static enum encoding choose_encoding(const char *accept)
{
    int best = vireo__accept_best(VIREO__ACCEPT_ENCODING_IN_ORDER, accept, encoding_names + BROTLI,
                                  ENCODINGS - BROTLI);
    return best < 0 ? IDENTITY : (enum encoding)(BROTLI + best);
}

static void reply_bytes(vireo_req *r, const bundle_file *file)
{
    enum encoding e = choose_encoding(vireo_header(r, "accept-encoding"));
    const bundle_bytes *bytes = &file->bytes[e];
    vireo_reply_header(r, "Vary", "Accept-Encoding");
    if (e != IDENTITY)
        vireo_reply_header(r, "Content-Encoding", encoding_names[e]);
    vireo_reply(r, 200, type_of(file->name), bytes->begin, (size_t)(bytes->end - bytes->begin));
}

bool vireo__bundle_serve(const vireo_io *io, vireo_req *r)
{
    const bundle_file *file = find_file(io, vireo_path(r));
    if (file == NULL)
        return false;
    const char *known = vireo_header(r, "if-none-match");
    vireo_reply_header(r, "Cache-Control", "public, max-age=0");
    vireo_reply_header(r, "ETag", ETAG);
    if (known != NULL && (strcmp(known, ETAG) == 0 || strcmp(known, "W/" ETAG) == 0))
        vireo_reply(r, 304, NULL, NULL, 0);
    else
        reply_bytes(r, file);
    return true;
}
