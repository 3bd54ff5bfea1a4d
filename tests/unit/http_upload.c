/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* vireo/upload.h: H06, forms with files as a handler sees them: fields, files passed on or stored,
 * limits, and what is left behind when an upload fails: nothing. */

#include "http_peer.h"

#include <dirent.h>
#include <sys/stat.h>

#include <vireo/upload.h>

#define TEXT(status, body_len, rest)                                                               \
    "HTTP/1.1 " status "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " body_len  \
    "\r\n" rest
#define FIELD(name, value)                                                                         \
    "--B\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_PART(name, filename, content)                                                         \
    "--B\r\nContent-Disposition: form-data; name=\"" name "\"; filename=\"" filename               \
    "\"\r\nContent-Type: text/plain\r\n\r\n" content "\r\n"
#define LAST "--B--\r\n"

static struct {
    char folder[64];
    char log[1000];
    char stored[300];
    vireo_multipart_options options;
    int ended, error;
} seen;

static void note(const char *format, const char *a, const char *b)
{
    size_t n = strlen(seen.log);
    snprintf(seen.log + n, sizeof seen.log - n, format, a, b);
}

static int on_field(vireo_req *r, const char *name, const char *value, size_t len, void *user)
{
    (void)r;
    assert_string_equal(user, "user");
    assert_int_equal(strlen(value), len);
    note("%s=%s;", name, value);
    return strcmp(value, "bad") == 0 ? VIREO_STATUS(422) : 0;
}

static int on_file(vireo_req *r, const vireo_file *file, void *user)
{
    (void)user;
    assert_int_equal(file->size, 0);
    assert_null(file->path);
    note("<%s %s:", file->field, file->filename);
    if (strcmp(file->filename, "early") == 0)
        return vireo_reply_text(r, 200, "early");
    return strcmp(file->filename, "bad") == 0 ? VIREO_STATUS(422) : 0;
}

static int on_data(vireo_req *r, const vireo_file *file, const void *data, size_t len, void *user)
{
    char piece[200];
    (void)r;
    (void)user;
    assert_true(len > 0 && len <= file->size);
    snprintf(piece, sizeof piece, "%.*s", (int)len, (const char *)data);
    note("%s%s", piece, "");
    return 0;
}

static int on_stored(vireo_req *r, const vireo_file *file, void *user)
{
    char size[32];
    (void)r;
    (void)user;
    snprintf(size, sizeof size, "%d", (int)file->size);
    note(" %s %s>", size, file->type);
    snprintf(seen.stored, sizeof seen.stored, "%s", file->path != NULL ? file->path : "");
    return 0;
}

static int on_end(vireo_req *r, int error, void *user)
{
    (void)user;
    seen.ended++;
    seen.error = error;
    return error < 0 ? error : vireo_reply_text(r, 200, seen.log);
}

static int upload(vireo_req *r)
{
    return vireo_req_multipart(r, &seen.options);
}

static void ignore_log(void *user, vireo_level level, const char *area, const char *text)
{
    (void)user;
    (void)level;
    (void)area;
    assert_non_null(strstr(text, "Input/output error")); /* the folder that is not there */
}

static vireo_app *new_app(const vireo_multipart_options *options)
{
    static const vireo_route_entry table[] = {
        VIREO_POST("/stream", upload, .stream = true, .max_body_bytes = 5000),
        VIREO_POST("/collected", upload, .max_body_bytes = 5000),
        {0},
    };
    memset(seen.log, 0, sizeof seen.log);
    seen.ended = seen.error = 0;
    seen.options = *options;
    seen.options.size = sizeof seen.options;
    seen.options.user = (void *)(uintptr_t) "user";
    seen.options.on_field = on_field;
    seen.options.on_file = on_file;
    seen.options.on_stored = on_stored;
    seen.options.on_end = on_end;
    vireo_app *app = vireo_app_new(.log = ignore_log);
    vireo_mount(app, "/", table, NULL);
    return peer_listen(app);
}

static void send_form(peer *p, const char *path, const char *form)
{
    char head[300];
    snprintf(head, sizeof head,
             "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; "
             "boundary=B\r\nContent-Length: %zu\r\n\r\n",
             path, strlen(form));
    peer_send(p, head);
    peer_send(p, form);
}

static void converse(vireo_app *app, const char *path, const char *form, const char *reply)
{
    peer p = peer_open(app);
    send_form(&p, path, form);
    peer_expect(&p, reply);
    peer_close(&p);
}

static int files_in_folder(void)
{
    int count = -2; /* . and .. */
    DIR *folder = opendir(seen.folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static void passes_on_what_comes(void **state)
{
    (void)state;
    static const char form[] = FIELD("a", "1") FILE_PART("f", "../x", "hello") FIELD("b", "") LAST;
    static const char *const paths[] = {"/stream", "/collected"};
    for (int i = 0; i < 2; i++) {
        vireo_app *app = new_app(&(vireo_multipart_options){.on_data = on_data});
        converse(app, paths[i], form,
                 TEXT("200 OK", "34", "\r\na=1;<f ../x:hello 5 text/plain>b=;"));
        assert_int_equal(seen.ended, 1);
        vireo_app_free(app);
    }
}

static void stores_files(void **state)
{
    (void)state;
    static const char form[] = FILE_PART("f", "../../x", "hello") LAST;
    vireo_app *app = new_app(&(vireo_multipart_options){.folder = seen.folder});
    converse(app, "/stream", form, TEXT("200 OK", "25", "\r\n<f ../../x: 5 text/plain>"));
    assert_int_equal(files_in_folder(), 1);
    assert_memory_equal(seen.stored, seen.folder, strlen(seen.folder));
    assert_int_equal(strlen(seen.stored), strlen(seen.folder) + 33);
    struct stat st;
    assert_int_equal(stat(seen.stored, &st), 0);
    assert_int_equal(st.st_size, 5);
    assert_int_equal(st.st_mode & 0777, 0600);
    unlink(seen.stored);
    vireo_app_free(app);
}

static void leaves_nothing_of_what_fails(void **state)
{
    (void)state;
    static const char *const forms[] = {
        FILE_PART("f", "x", "hello") FIELD("a", "bad") LAST,
        FILE_PART("f", "x", "hello") FILE_PART("f", "bad", "hello") LAST,
        FILE_PART("f", "x", "hello") "--B\r\nX\r\n\r\n\r\n" LAST,
        FILE_PART("f", "x", "hello") "--B",
        FILE_PART("f", "x", "hello") FILE_PART("f", "early", "hello") LAST,
        FILE_PART("f", "x", "hello") FILE_PART("f", "y", "hello") FILE_PART("f", "z", "") LAST,
        FILE_PART("f", "x", "hello") FILE_PART("f", "y", "hello you there") LAST,
    };
    static const char *const replies[] = {
        TEXT("422 Unprocessable Content", "21", "\r\nUnprocessable Content"),
        TEXT("422 Unprocessable Content", "21", "\r\nUnprocessable Content"),
        TEXT("400 Bad Request", "11", "\r\nBad Request"),
        TEXT("400 Bad Request", "11", "\r\nBad Request"),
        TEXT("200 OK", "5", "\r\nearly"),
        TEXT("413 Payload Too Large", "17", "\r\nPayload Too Large"),
        TEXT("413 Payload Too Large", "17", "\r\nPayload Too Large"),
    };
    static const int errors[] = {VIREO_STATUS(422), VIREO_STATUS(422), VIREO_EPROTO, VIREO_EPROTO,
                                 VIREO_ECANCELLED,  VIREO_ETOOBIG,     VIREO_ETOOBIG};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        vireo_app *app = new_app(&(vireo_multipart_options){
            .folder = seen.folder, .max_files = 2, .max_file_bytes = 14});
        converse(app, "/stream", forms[i], replies[i]);
        assert_int_equal(seen.ended, 1);
        assert_int_equal(seen.error, errors[i]);
        assert_int_equal(files_in_folder(), 0);
        vireo_app_free(app);
    }
}

static void tells_of_clients_that_go_away(void **state)
{
    (void)state;
    vireo_app *app = new_app(&(vireo_multipart_options){.folder = seen.folder});
    peer p = peer_open(app);
    peer_send(&p, "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; "
                  "boundary=B\r\nContent-Length: 4000\r\n\r\n" FILE_PART("f", "x", "hello"));
    peer_settle(app);
    assert_int_equal(files_in_folder(), 1);
    struct linger reset = {1, 0};
    setsockopt(p.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    peer_close(&p);
    peer_until(app, &seen.ended, 1);
    assert_int_equal(seen.error, VIREO_ECLOSED);
    peer_settle(app);
    assert_int_equal(files_in_folder(), 0);
    vireo_app_free(app);
}

static void has_limits(void **state)
{
    (void)state;
    static const char form[] = FIELD("a", "12345") FILE_PART("f", "x", "12345") LAST;
    static const struct {
        vireo_multipart_options options;
        int error;
    } table[] = {
        {{.max_field_bytes = 5, .max_file_bytes = 5, .max_parts = 2, .max_files = 1}, 0},
        {{.max_field_bytes = 4}, VIREO_ETOOBIG},
        {{.max_file_bytes = 4}, VIREO_ETOOBIG},
        {{.max_parts = 1}, VIREO_ETOOBIG},
        {{.max_head_bytes = 40}, VIREO_ETOOBIG},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        vireo_app *app = new_app(&table[i].options);
        peer p = peer_open(app);
        send_form(&p, "/stream", form);
        peer_until(app, &seen.ended, 1);
        assert_int_equal(seen.error, table[i].error);
        peer_close(&p);
        vireo_app_free(app);
    }
}

static void refuses_what_is_no_form(void **state)
{
    (void)state;
    vireo_app *app = new_app(&(vireo_multipart_options){.folder = NULL});
    peer_converse(app,
                  "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                  "Content-Length: 1\r\n\r\nx",
                  TEXT("415 Unsupported Media Type", "22", "\r\nUnsupported Media Type"), false);
    peer_converse(app, "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
                  TEXT("415 Unsupported Media Type", "22", "\r\nUnsupported Media Type"), false);
    seen.options.folder = "/nowhere/at/all";
    converse(app, "/stream", FILE_PART("f", "x", "hello") LAST,
             TEXT("500 Internal Server Error", "21", "\r\nInternal Server Error"));
    seen.options.on_end = NULL;
    converse(app, "/stream", FIELD("a", "1") LAST,
             TEXT("400 Bad Request", "11", "\r\nBad Request"));
    vireo_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_on_what_comes),
        cmocka_unit_test(stores_files),
        cmocka_unit_test(leaves_nothing_of_what_fails),
        cmocka_unit_test(tells_of_clients_that_go_away),
        cmocka_unit_test(has_limits),
        cmocka_unit_test(refuses_what_is_no_form),
    };
    strcpy(seen.folder, "/tmp/vireo-upload-XXXXXX");
    if (mkdtemp(seen.folder) == NULL)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(seen.folder);
    return failed;
}
