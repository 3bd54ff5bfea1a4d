/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws_endpoint.c: <vireo/ws.h> where it is more than a connection: what is known of one, arguments,
 * broadcasts, messages in pieces, refusals, the application's end. */

#include "ws_fixture.h"

/* --- one connection --------------------------------------------------------------------------- */

static void look_around(fixture *f, vireo_ws *ws)
{
    char *data = vireo_ws_data(ws);
    for (int i = 0; i < 100; i++)
        assert_int_equal(data[i], 0);
    memset(data, 1, 100);
    assert_int_equal((uintptr_t)data % _Alignof(max_align_t), 0);
    assert_ptr_equal(vireo_ws_app(ws), f->app);
    assert_ptr_equal(vireo_ws_endpoint_of(ws), f->endpoint);
    assert_string_equal(vireo_ws_address(ws), "127.0.0.1");
    assert_int_equal(vireo_ws_ready_state(ws), VIREO_WS_OPEN);
    assert_int_equal(vireo_ws_count(f->endpoint), 1);
}

static void refuse_to_send(fixture *f, vireo_ws *ws)
{
    (void)f;
    assert_string_equal(vireo_ws_address(ws), "127.0.0.1");
    assert_int_equal(vireo_ws_send_text(ws, "x"), VIREO_ECLOSED);
    assert_int_equal(vireo_ws_send_piece(ws, "x", 1, false, false), VIREO_ECLOSED);
    assert_int_equal(vireo_ws_ping(ws, "x", 1), VIREO_ECLOSED);
    assert_int_equal(vireo_ws_close(ws, 1000, NULL), VIREO_ECLOSED);
    assert_int_equal(vireo_ws_queued(ws), 0);
    vireo_ws_terminate(ws);
}

static void test_what_is_known_of_a_connection(void **state)
{
    (void)state;
    fixture f;
    start(&f, &(vireo_ws_options){.data_size = 100}, 0);
    f.in_open = look_around;
    f.in_close = refuse_to_send;
    int fd = client_open_noted(&f);
    close(fd);
    expect_log(&f, "close1006() ");
    assert_int_equal(vireo_ws_count(f.endpoint), 0);
    finish(&f);
}

static void test_arguments_are_checked(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    char long_reason[125];
    memset(long_reason, 'x', 124);
    long_reason[124] = '\0';
    int fd = client_open_noted(&f);
    assert_null(vireo_ws_data(f.ws));
    assert_int_equal(vireo_ws_send(f.ws, "\xFF", 1, false), VIREO_EUTF8);
    assert_int_equal(vireo_ws_broadcast(f.endpoint, NULL, "\xFF", 1, false), VIREO_EUTF8);
    assert_int_equal(vireo_ws_send_json(f.ws, "{"), VIREO_ETEMPLATE);
    assert_int_equal(vireo_ws_ping(f.ws, long_reason, 126), VIREO_EINVAL);
    assert_int_equal(vireo_ws_close(f.ws, 1005, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_ws_close(f.ws, 2999, NULL), VIREO_EINVAL);
    assert_int_equal(vireo_ws_close(f.ws, 0, "why"), VIREO_EINVAL);
    assert_int_equal(vireo_ws_close(f.ws, 1000, long_reason), VIREO_EINVAL);
    assert_int_equal(vireo_ws_close(f.ws, 1000, "\xFF"), VIREO_EINVAL);
    assert_int_equal(vireo_ws_close(f.ws, 1000, long_reason + 1), 0);
    char close_frame[127] = {(char)CLOSE, 125, 3, (char)0xE8};
    memset(close_frame + 4, 'x', 123);
    expect_bytes(&f, fd, close_frame, sizeof close_frame);
    close(fd);
    finish(&f);
}
/* --- many connections ------------------------------------------------------------------------- */

static void test_broadcast(void **state)
{
    (void)state;
    fixture f;
    int fds[5];
    start(&f, NULL, 0);
    for (int i = 0; i < 5; i++)
        fds[i] = client_open_noted(&f);
    assert_int_equal(vireo_ws_count(f.endpoint), 5);
    assert_int_equal(vireo_ws_broadcast(f.endpoint, NULL, "all", 3, false), 5);
    assert_int_equal(vireo_ws_broadcast(f.endpoint, f.ws, "others", 6, true), 4);
    vireo_ws_close(f.ws, 1000, NULL);
    assert_int_equal(vireo_ws_broadcast(f.endpoint, NULL, "open", 4, false), 4);
    for (int i = 0; i < 4; i++)
        EXPECT(&f, fds[i],
               "\x81\x03"
               "all\x82\x06others\x81\x04open");
    EXPECT(&f, fds[4],
           "\x81\x03"
           "all\x88\x02\x03\xE8");
    for (int i = 0; i < 5; i++)
        close(fds[i]);
    finish(&f);
}

static void count(vireo_ws *ws, void *user)
{
    (void)ws;
    ++*(int *)user;
}

static void end_all(vireo_ws *ws, void *user);

static void end_one(vireo_ws *ws, void *user)
{
    (void)user;
    vireo_ws_terminate(ws);
}

/* Ends this one and all others while they are being visited. */
static void end_all(vireo_ws *ws, void *user)
{
    ++*(int *)user;
    vireo_ws_close(ws, 1000, NULL);
    vireo_ws_each(vireo_ws_endpoint_of(ws), end_one, NULL);
}

static void test_each(void **state)
{
    (void)state;
    fixture f;
    int fds[5], n = 0;
    start(&f, NULL, 0);
    for (int i = 0; i < 5; i++)
        fds[i] = client_open_noted(&f);
    vireo_ws_each(f.endpoint, count, &n);
    assert_int_equal(n, 5);
    n = 0;
    vireo_ws_each(f.endpoint, end_all, &n);
    assert_int_equal(n, 1);
    vireo_ws_each(f.endpoint, count, &n);
    assert_int_equal(n, 1);
    for (int i = 0; i < 5; i++)
        close(fds[i]);
    expect_log(&f, "close1006() close1006() close1006() close1006() close1006() ");
    finish(&f);
}

/* --- messages in pieces ----------------------------------------------------------------------- */

static void test_send_in_pieces(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    int fd = client_open_noted(&f);
    assert_int_equal(vireo_ws_send_piece(f.ws, "\xFF", 1, false, false), VIREO_EUTF8);
    assert_int_equal(vireo_ws_send_piece(f.ws, "a\xE2\x82", 3, false, false), 0);
    assert_int_equal(vireo_ws_send_piece(f.ws, "x", 1, false, false), VIREO_EUTF8);
    assert_int_equal(vireo_ws_send_piece(f.ws, "x", 1, true, false), VIREO_EINVAL);
    assert_int_equal(vireo_ws_send_text(f.ws, "waits"), 0);
    assert_int_equal(vireo_ws_broadcast(f.endpoint, NULL, "too", 3, true), 1);
    assert_int_equal(vireo_ws_ping(f.ws, "p", 1), 0);
    assert_true(vireo_ws_queued(f.ws) > 8);
    assert_int_equal(vireo_ws_send_piece(f.ws, "", 0, false, true), VIREO_EUTF8);
    assert_int_equal(vireo_ws_send_piece(f.ws, "\xAC", 1, false, true), 0);
    assert_int_equal(vireo_ws_send_piece(f.ws, "\xFF", 1, true, true), 0);
    EXPECT(&f, fd,
           "\x01\x03"
           "a\xE2\x82\x89\x01p\x80\x01\xAC\x81\x05waits\x82\x03too\x82\x01\xFF");
    vireo_ws_send_piece(f.ws, "never", 5, true, false);
    vireo_ws_send_text(f.ws, "ends");
    close(fd);
    expect_log(&f, "close1006() ");
    finish(&f);
}

static void on_piece(vireo_ws *ws, const void *data, size_t len, bool binary, bool last)
{
    fixture *f = vireo_ws_user(ws);
    note(f, binary ? (last ? "BL" : "B") : (last ? "TL" : "T"), data, len);
}

static void test_receive_in_pieces(void **state)
{
    (void)state;
    fixture f;
    start(&f, &(vireo_ws_options){.on_piece = on_piece}, 0);
    int fd = client_open_noted(&f);
    client_frame(&f, fd, TEXT, "one");
    expect_log(&f, "T(one) ");
    client_frame(&f, fd, FIN, "two");
    client_frame(&f, fd, FIN | BINARY, "three");
    expect_log(&f, "TL(two) BL(three) ");
    client_write(&f, fd, "\x82\x85\0\0\0\0ab", 8);
    expect_log(&f, "B(ab) ");
    client_write(&f, fd, "cde", 3);
    expect_log(&f, "BL(cde) ");
    close(fd);
    finish(&f);
}

/* --- refusing --------------------------------------------------------------------------------- */

static void expect_refusal(fixture *f, const char *version, const char *status, const char *header)
{
    char answer[4096] = "";
    char request[500];
    int fd = client_connect(f);
    snprintf(request, sizeof request, "%.*s%s\r\nConnection: Upgrade, close\r\n\r\n",
             (int)(sizeof REQUEST("") - 5), REQUEST(""), version);
    client_write(f, fd, request, strlen(request));
    answer[client_read(f, fd, answer, sizeof answer - 1)] = '\0';
    assert_non_null(strstr(answer, status));
    assert_non_null(strstr(answer, header));
    assert_int_equal(f->log.len, 0);
    close(fd);
}

static void test_refusals(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    expect_refusal(&f, "12", "HTTP/1.1 426 ", "Sec-WebSocket-Version: 13\r\n");
    f.upgrade_result = VIREO_ENOTFOUND;
    expect_refusal(&f, "13", "HTTP/1.1 404 ", "\r\n");
    f.upgrade_result = 0;
    f.upgrade_status = 403;
    expect_refusal(&f, "13", "HTTP/1.1 403 ", "\r\n");
    finish(&f);
}

/* W09: a handshake with further headers; the answer is in |answer|. */
static int shake_hands(fixture *f, const char *headers, char *answer, size_t size)
{
    char request[1000];
    int fd = client_connect(f);
    snprintf(request, sizeof request, "%.*s%s\r\n", (int)sizeof REQUEST("13") - 3, REQUEST("13"),
             headers);
    client_write(f, fd, request, strlen(request));
    size_t at = 0;
    while (at + 1 < size && (at < 4 || memcmp(answer + at - 4, "\r\n\r\n", 4) != 0))
        assert_int_equal(client_read(f, fd, answer + at++, 1), 1);
    answer[at] = '\0';
    return fd;
}

static void test_sub_protocols(void **state)
{
    (void)state;
    fixture f;
    char answer[1000];
    char ours[] = "v2, v1";
    start(&f, &(vireo_ws_options){.protocols = ours, .data_size = 8}, 0);
    memset(ours, 'x', sizeof ours - 1); /* it was copied */
    int fd = shake_hands(&f, "Sec-WebSocket-Protocol: v3, v1\r\n", answer, sizeof answer);
    assert_non_null(strstr(answer, "101 "));
    assert_non_null(strstr(answer, "\r\nSec-WebSocket-Protocol: v1\r\n"));
    expect_log(&f, "open ");
    assert_string_equal(vireo_ws_protocol(f.ws), "v1");
    assert_string_equal(vireo_ws_address(f.ws), "127.0.0.1");
    close(fd);
    expect_log(&f, "close1006() ");
    fd = shake_hands(&f, "Sec-WebSocket-Protocol: v3\r\n", answer, sizeof answer);
    assert_null(strstr(answer, "Sec-WebSocket-Protocol"));
    expect_log(&f, "open ");
    assert_string_equal(vireo_ws_protocol(f.ws), "");
    close(fd);
    expect_log(&f, "close1006() ");
    fd = shake_hands(&f, "Sec-WebSocket-Protocol: v1, v1\r\n", answer, sizeof answer);
    assert_non_null(strstr(answer, "400 "));
    close(fd);
    finish(&f);
}

static void test_origin_header(void **state)
{
    (void)state;
    static const struct {
        const char *header, *status;
    } rows[] = {{"", "101 "},
                {"Origin: http://x\r\n", "101 "}, /* the Host is x */
                {"Origin: https://good.example\r\n", "101 "},
                {"Origin: https://evil.example\r\n", "403 "},
                {"Origin: null\r\n", "403 "}};
    fixture f;
    char answer[1000];
    start(&f, &(vireo_ws_options){.origins = "self, https://good.example"}, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fd = shake_hands(&f, rows[i].header, answer, sizeof answer);
        assert_non_null(strstr(answer, rows[i].status));
        close(fd);
    }
    finish(&f);
}

static int keep_user(vireo_req *r)
{
    assert_null(vireo_header(r, "x-none"));
    char *name = vireo_ws_upgrade_data(r);
    assert_int_equal(name[0], 0);
    snprintf(name, 20, "%s", vireo_header(r, "x-name"));
    return strcmp(name, "bad") == 0 ? vireo_reply_text(r, 401, "who?") : 0;
}

static void see_user(vireo_ws *ws)
{
    fixture *f = vireo_ws_user(ws);
    const char *name = vireo_ws_data(ws);
    note(f, "user", name, strlen(name));
}

/* What the veto has learned is there in on_open. */
static void test_data_from_the_upgrade(void **state)
{
    (void)state;
    fixture f;
    char answer[1000];
    start(&f, NULL, 0);
    vireo_ws_options options = {.size = sizeof options,
                                .user = &f,
                                .data_size = 20,
                                .on_upgrade = keep_user,
                                .on_open = see_user};
    assert_non_null(vireo_ws_register(f.app, "/login", &options));
    static const char head[] = "GET /login";
    for (int bad = 0; bad < 2; bad++) {
        char request[1000];
        int fd = client_connect(&f);
        snprintf(request, sizeof request, "%s%.*sX-Name: %s\r\n\r\n", head,
                 (int)sizeof REQUEST("13") - 10, &REQUEST("13")[7], bad ? "bad" : "anna");
        client_write(&f, fd, request, strlen(request));
        assert_int_equal(client_read(&f, fd, answer, 12), 12);
        assert_memory_equal(answer, bad ? "HTTP/1.1 401" : "HTTP/1.1 101", 12);
        if (!bad)
            expect_log(&f, "user(anna) ");
        close(fd);
    }
    assert_int_equal(f.log.len, 0);
    finish(&f);
}

static void test_options_out_of_range(void **state)
{
    (void)state;
    static const vireo_ws_options rows[] = {
        {.deflate = {.server_max_window_bits = 7}},
        {.deflate = {.server_max_window_bits = 16}},
        {.deflate = {.client_max_window_bits = 7}},
        {.deflate = {.client_max_window_bits = 16}},
        {.deflate = {.level = 10}},
        {.deflate = {.mem_level = 10}},
        {.data_size = ((size_t)1 << 30) + 1},
    };
    vireo_app *app = vireo_app_new();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vireo_ws_options options = rows[i];
        options.size = sizeof options;
        assert_null(vireo_ws_register(app, "/x", &options));
    }
    assert_null(vireo_websocket(app, "no slash", .protocols = "a", .origins = "b"));
    vireo_app_free(app);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void test_the_application_ends(void **state)
{
    (void)state;
    fixture f;
    start(&f, NULL, 0);
    int polite = client_open_noted(&f);
    int silent = client_open_noted(&f);
    int closing = client_open_noted(&f);
    vireo_ws_close(f.ws, 4000, NULL);
    vireo_stop(f.app);
    EXPECT(&f, polite, "\x88\x02\x03\xE9");
    EXPECT(&f, silent, "\x88\x02\x03\xE9");
    EXPECT(&f, closing, "\x88\x02\x0F\xA0");
    client_frame(&f, polite, CLOSE, "\x03\xE9");
    expect_end(&f, polite);
    close(polite);
    expect_log(&f, "close1001() ");
    advance(&f, 2100);
    expect_log(&f, "close1006() close1006() ");
    close(silent);
    close(closing);
    finish(&f);
}
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_known_of_a_connection),
        cmocka_unit_test(test_arguments_are_checked),
        cmocka_unit_test(test_broadcast),
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_send_in_pieces),
        cmocka_unit_test(test_receive_in_pieces),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_sub_protocols),
        cmocka_unit_test(test_origin_header),
        cmocka_unit_test(test_data_from_the_upgrade),
        cmocka_unit_test(test_options_out_of_range),
        cmocka_unit_test(test_the_application_ends),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
