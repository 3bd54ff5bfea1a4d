/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* socketio_client_url.c: what a client's URL says, and the URLs that are asked for it (C01, C13).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "socketio/client.h"

typedef struct row {
    const char *url;
    const char *ns; /* NULL: it is refused */
    const char *query;
    const char *asked; /* the handshake's URL over polling, without its timestamp */
} row;

static const row rows[] = {
    {"http://localhost", "/", "", "http://localhost/socket.io/?EIO=4&transport=polling"},
    {"http://localhost:80/", "/", "", "http://localhost/socket.io/?EIO=4&transport=polling"},
    {"https://localhost:443", "/", "", "https://localhost/socket.io/?EIO=4&transport=polling"},
    {"wss://h:80", "/", "", "https://h:80/socket.io/?EIO=4&transport=polling"},
    {"ws://h:443", "/", "", "http://h:443/socket.io/?EIO=4&transport=polling"},
    {"localhost:3000", "/", "", "https://localhost:3000/socket.io/?EIO=4&transport=polling"},
    {"example.org/a", "/a", "", "https://example.org/socket.io/?EIO=4&transport=polling"},
    {"http://[::1]:3000/a/b?x=1&y", "/a/b", "x=1&y",
     "http://[::1]:3000/socket.io/?x=1&y&EIO=4&transport=polling"},
    {"http://h?q=1", "/", "q=1", "http://h/socket.io/?q=1&EIO=4&transport=polling"},
    {"http://u:p%20w@h/", "/", "", "http://u:p%20w@h/socket.io/?EIO=4&transport=polling"},
    {"http://h/a%2Fb", "/a%2Fb", "", "http://h/socket.io/?EIO=4&transport=polling"},
    {"http://", NULL, NULL, NULL},
    {"http://h:99999", NULL, NULL, NULL},
    {"http://h/a,b", NULL, NULL, NULL},
    {"", NULL, NULL, NULL},
    {"http://h/\n", NULL, NULL, NULL},
};

static char *ask(const vireo__client_url *url, const char *path, bool no_slash)
{
    vireo__buf out;
    vireo__eio_place *place = vireo__eio_place_new();
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    assert_non_null(place);
    assert_int_equal(vireo__eio_place_find(place, &url->uri, path, no_slash), 0);
    place->query = strdup(url->query);
    vireo__eio_place_url(place, VIREO__EIO_KIND_POLLING, NULL, NULL, &out);
    assert_non_null(vireo__buf_cstr(&out));
    vireo__eio_place_unref(place);
    return (char *)out.data;
}

static void urls_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vireo__client_url url;
        const char *why = NULL;
        int error = vireo__client_url_read(&url, rows[i].url, &why);
        assert_int_equal(error, rows[i].ns != NULL ? 0 : VIREO_EINVAL);
        if (error == 0) {
            char *asked = ask(&url, "/socket.io", false);
            assert_string_equal(url.ns, rows[i].ns);
            assert_string_equal(url.query, rows[i].query);
            assert_string_equal(asked, rows[i].asked);
            free(asked);
        } else {
            assert_non_null(why);
        }
        vireo__client_url_free(&url);
    }
}

static void the_longest_url(void **state)
{
    char text[8002];
    vireo__client_url url;
    const char *why;
    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "http://h/?", 10);
    text[8000] = '\0';
    assert_int_equal(vireo__client_url_read(&url, text, &why), 0);
    vireo__client_url_free(&url);
    text[8000] = 'x';
    text[8001] = '\0';
    assert_int_equal(vireo__client_url_read(&url, text, &why), VIREO_EINVAL);
    vireo__client_url_free(&url);
}

static void paths_and_their_slash(void **state)
{
    static const struct {
        const char *path;
        bool no_slash;
        const char *asked;
    } paths[] = {
        {"/io/", false, "http://h/io/?EIO=4&transport=polling"},
        {"/io", true, "http://h/io?EIO=4&transport=polling"},
        {"/io/", true, "http://h/io?EIO=4&transport=polling"},
        {"/", false, "http://h/?EIO=4&transport=polling"},
        {"/", true, "http://h?EIO=4&transport=polling"},
    };
    vireo__client_url url;
    const char *why;
    (void)state;
    assert_int_equal(vireo__client_url_read(&url, "http://h", &why), 0);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char *asked = ask(&url, paths[i].path, paths[i].no_slash);
        assert_string_equal(asked, paths[i].asked);
        free(asked);
    }
    vireo__client_url_free(&url);
}

static void what_comes_behind_the_query(void **state)
{
    vireo__buf out;
    vireo__eio_place place = {.host = (char[]){"h"},
                              .path = (char[]){"/io/"},
                              .query = (char[]){""},
                              .timestamp_name = (char[]){"now"},
                              .force_base64 = true};
    (void)state;
    vireo__buf_init(&out, VIREO__BUF_UNLIMITED);
    vireo__eio_place_url(&place, VIREO__EIO_KIND_POLLING, NULL, "x", &out);
    assert_string_equal(vireo__buf_cstr(&out), "http://h/io/?EIO=4&transport=polling&now=x&b64=1");
    vireo__buf_reset(&out, 0);
    vireo__eio_place_url(&place, VIREO__EIO_KIND_POLLING, "S", "x", &out);
    assert_string_equal(vireo__buf_cstr(&out), "http://h/io/?EIO=4&transport=polling&now=x&sid=S");
    vireo__buf_reset(&out, 0);
    vireo__eio_place_url(&place, VIREO__EIO_KIND_WEBSOCKET, "S", NULL, &out);
    assert_string_equal(vireo__buf_cstr(&out),
                        "http://h/io/?EIO=4&transport=websocket&b64=1&sid=S");
    vireo__buf_deinit(&out);
}

static void transports_in_their_order(void **state)
{
    vireo__eio_place place = {.refs = 1};
    (void)state;
    assert_int_equal(vireo__eio_place_kinds(&place, "polling,websocket"), 0);
    assert_int_equal(place.kind_count, 2);
    assert_int_equal(place.kinds[0], VIREO__EIO_KIND_POLLING);
    assert_int_equal(vireo__eio_place_kinds(&place, "pigeon, websocket ,polling,websocket"), 0);
    assert_int_equal(place.kind_count, 2);
    assert_int_equal(place.kinds[0], VIREO__EIO_KIND_WEBSOCKET);
    assert_int_equal(vireo__eio_place_kinds(&place, "pigeon"), VIREO_EINVAL);
    assert_int_equal(vireo__eio_place_kinds(&place, ""), VIREO_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_read),
        cmocka_unit_test(the_longest_url),
        cmocka_unit_test(paths_and_their_slash),
        cmocka_unit_test(what_comes_behind_the_query),
        cmocka_unit_test(transports_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
