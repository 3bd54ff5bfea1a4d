/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* upload: what a page sends is written to a folder while it arrives, under random names; what a
 * client calls its files is only shown. */

#include <vireo/vireo.h>

#include "cli.h"

enum { MAX_FILES = 100, MAX_BYTES = 100 * 1024 * 1024 };

struct uploads {
    char folder[40];
    int count;
    struct upload {
        vireo_req *form; /* that is still arriving; NULL: it is here */
        char filename[200], path[100];
    } all[MAX_FILES];
};

/* A file has arrived; whether the whole form does is not known yet. */
static int on_stored(vireo_req *r, const vireo_file *file, void *user)
{
    struct uploads *uploads = user;
    if (uploads->count == MAX_FILES)
        return VIREO_ETOOBIG;
    struct upload *u = &uploads->all[uploads->count++];
    u->form = r;
    snprintf(u->filename, sizeof u->filename, "%s", file->filename);
    snprintf(u->path, sizeof u->path, "%s", file->path);
    return 0;
}

/* After an error the library removes the files that have come. */
static int on_end(vireo_req *r, int error, void *user)
{
    struct uploads *uploads = user;
    int kept = 0;
    for (int i = 0; i < uploads->count; i++) {
        struct upload *u = &uploads->all[i];
        if (u->form != r || error == 0)
            uploads->all[kept++] = *u;
        if (u->form == r && error == 0)
            uploads->all[kept - 1].form = NULL;
    }
    uploads->count = kept;
    return error < 0 ? error : vireo_redirect(r, 303, "/");
}

static int receive(vireo_req *r)
{
    struct uploads *uploads = vireo_req_user(r);
    return vireo_multipart(r, .folder = uploads->folder, .on_stored = on_stored, .on_end = on_end,
                           .user = uploads);
}

static int list(vireo_req *r)
{
    const struct uploads *uploads = vireo_req_user(r);
    vireo_list *names = vireo_list_new();
    for (int i = 0; i < uploads->count; i++)
        vireo_list_add(names, "%s", uploads->all[i].filename);
    int status = vireo_reply_json(r, 200, "%p", names);
    vireo_list_free(names);
    return status;
}

static int download(vireo_req *r)
{
    struct uploads *uploads = vireo_req_user(r);
    int i = atoi(vireo_param(r, "number"));
    if (i < 0 || i >= uploads->count)
        return VIREO_ENOTFOUND;
    return vireo_reply_download(r, uploads->all[i].path, uploads->all[i].filename);
}

static const vireo_route_entry routes[] = {
    VIREO_POST("/files", receive, .stream = true, .max_body_bytes = MAX_BYTES),
    VIREO_GET("/files", list),
    VIREO_GET("/files/:number", download),
    {0},
};

int main(int argc, char **argv)
{
    struct cli cli = cli_parse(argc, argv, 3000);
    static struct uploads uploads = {.folder = "/tmp/vireo-uploads-XXXXXX"};
    if (mkdtemp(uploads.folder) == NULL)
        return 1;
    vireo_app *app = vireo_app_new();
    vireo_mount(app, "/", routes, &uploads);
    vireo_static(app, "/", PUBLIC_FOLDER);
    return vireo_run(app, .host = cli.host, .port = cli.port, .name = "upload");
}
