/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http-app: the HTTP server that tests of Node's runner talk to. Prints its port.
 *
 * /form /query   what was sent, as a tree        /upload     the parts of a form
 * /text?n=N      N bytes of compressible text    /pieces     a reply in pieces, one per turn
 * /download      a file, to be saved             all else    what came, as JSON */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/vireo.h>

static int say_form(vireo_req *r)
{
    vireo_error error = {0};
    const vireo_value *form = vireo_body_form(r, &error);
    return form != NULL ? vireo_reply_value(r, 200, form) : vireo_fail(r, error.code, NULL);
}

static int say_query(vireo_req *r)
{
    return vireo_reply_value(r, 200, vireo_query_form(r, NULL));
}

static int say_all(vireo_req *r)
{
    size_t n;
    const char *body = vireo_body(r, &n);
    return vireo_reply_json(r, 200, "{method:%s,url:%s,body:%.*s}", vireo_method(r),
                            vireo_target(r), (int)n, body);
}

static int say_text(vireo_req *r)
{
    const char *wanted = vireo_query(r, "n");
    size_t n = wanted != NULL ? strtoul(wanted, NULL, 10) : 0;
    char *text = malloc(n + 1);
    for (size_t i = 0; text != NULL && i < n; i++)
        text[i] = (char)('a' + i % 7);
    vireo_reply_header(r, "ETag", "\"tag\"");
    int error = text != NULL ? vireo_reply(r, 200, "text/plain", text, n) : VIREO_ENOMEM;
    free(text);
    return error;
}

typedef struct pieces {
    vireo_req *request;
    int left;
} pieces;

static void write_piece(vireo_timer *timer, void *user)
{
    pieces *p = user;
    char text[32];
    snprintf(text, sizeof text, "piece %d\n", p->left);
    vireo_reply_write(p->request, text, strlen(text));
    if (--p->left > 0)
        return;
    vireo_reply_trailer(p->request, "X-Done", "yes");
    vireo_reply_end(p->request);
    vireo_timer_stop(timer);
    free(p);
}

static int say_pieces(vireo_req *r)
{
    pieces *p = malloc(sizeof *p);
    if (p == NULL)
        return VIREO_ENOMEM;
    *p = (pieces){r, 3};
    vireo_reply_header(r, "Trailer", "X-Done");
    int error = vireo_reply_begin(r, 200, "text/plain");
    if (error == 0 && vireo_every(vireo_req_app(r), 20, write_piece, p) == NULL)
        error = VIREO_ENOMEM;
    if (error < 0)
        free(p);
    return error;
}

static int download(vireo_req *r)
{
    const char *name = vireo_query(r, "name");
    return vireo_reply_download(r, "/etc/hostname", name);
}

/* --- forms ------------------------------------------------------------------------------------ */

static const char log_key;

static void add(vireo_req *r, const char *text)
{
    char *log = vireo_req_get(r, &log_key);
    if (strlen(log) + strlen(text) < 4000)
        strcat(log, text);
}

static int on_field(vireo_req *r, const char *name, const char *value, size_t len, void *user)
{
    char text[300];
    (void)user;
    snprintf(text, sizeof text, "%s=%.100s(%zu);", name, value, len);
    add(r, text);
    return 0;
}

static int on_stored(vireo_req *r, const vireo_file *file, void *user)
{
    char text[300];
    (void)user;
    snprintf(text, sizeof text, "%s:%s:%s:%zu;", file->field, file->filename, file->type,
             (size_t)file->size);
    add(r, text);
    return 0;
}

static int on_end(vireo_req *r, int error, void *user)
{
    (void)user;
    return error < 0 ? error : vireo_reply_text(r, 200, vireo_req_get(r, &log_key));
}

static int upload(vireo_req *r)
{
    char *log = calloc(1, 4096);
    if (log == NULL || vireo_req_set(r, &log_key, log, free) < 0) {
        free(log);
        return VIREO_ENOMEM;
    }
    return vireo_multipart(r, .on_field = on_field, .on_stored = on_stored, .on_end = on_end);
}

static const vireo_route_entry routes[] = {
    VIREO_POST("/form", say_form),
    VIREO_GET("/query", say_query),
    VIREO_GET("/text", say_text),
    VIREO_GET("/pieces", say_pieces),
    VIREO_GET("/download", download),
    VIREO_POST("/upload", upload, .stream = true, .max_body_bytes = 50000000),
    VIREO_ROUTE("*", "/*path", say_all),
    {0},
};

int main(void)
{
    vireo_app *app = vireo_app_new();
    vireo_mount(app, "/", routes, NULL);
    vireo_compress(app, .threshold = 100);
    setvbuf(stdout, NULL, _IOLBF, 0);
    return vireo_run(app, .host = "127.0.0.1", .name = "tests/http-app");
}
