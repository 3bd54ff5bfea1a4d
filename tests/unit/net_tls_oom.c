/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* W13, W14: memory runs out once, at every allocation of ours in turn, while a server is set up and
 * while a connection passes through it. Whatever is lost is told, nothing leaks, and the next
 * connection is served as if nothing had been. (What OpenSSL allocates is its own affair: it is not
 * tested here.) */

#include "tls_fixture.h"

#include "oom.h"

/* --- making contexts -------------------------------------------------------------------------- */

static vireo_tls *make_server(vireo_error *error)
{
    const vireo_tls_host hosts[] = {{"wild.example", .cert_pem = wild.pem, .key_pem = wild.key_pem},
                                    {0}};
    return vireo_tls_new(.cert_pem = site.pem, .key_pem = site.key_pem, .hosts = hosts,
                         .verify_client = VIREO_TLS_VERIFY_OPTIONAL, .client_ca_pem = ca.pem,
                         .error = error);
}

static void no_accept(vireo__listener *l, vireo__stream *s)
{
    (void)l;
    (void)s;
}

static void making_a_server(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        vireo_error error = {0}, told = {0};
        oom_fail_at(n);
        vireo_tls *tls = make_server(&error);
        bool failed = oom_failed();
        assert_non_null(tls);
        assert_int_equal(error.code, failed ? VIREO_ENOMEM : 0);
        /* What is broken serves nobody, least of all without TLS. */
        vireo_loop *loop = vireo__loop_new(NULL);
        vireo_listen_options where = {.host = "127.0.0.1", .tls = tls, .error = &told};
        vireo__listener *l = NULL;
        int result = vireo__listener_open(&l, loop, &where, no_accept, NULL);
        assert_int_equal(result, failed ? VIREO_ENOMEM : 0);
        if (result == 0)
            vireo__listener_close(l, NULL);
        vireo__loop_free(loop);
        vireo_tls_free(tls);
        if (!failed)
            break;
    }
}

static void making_a_client(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        vireo_error error = {0};
        oom_fail_at(n);
        vireo_tls_client *client =
            vireo_tls_client_new(.ca_pem = ca.pem, .server_name = "a.example", .error = &error);
        bool failed = oom_failed();
        assert_int_equal(client == NULL, failed);
        assert_int_equal(error.code, failed ? VIREO_ENOMEM : 0);
        vireo_tls_client_free(client);
        if (!failed)
            break;
    }
}

static void reloading(void **state)
{
    (void)state;
    vireo_tls *tls = make_server(NULL);
    for (int n = 1;; n++) {
        vireo_error error = {0};
        oom_fail_at(n);
        int result = vireo_tls_reload(tls, &error);
        bool failed = oom_failed();
        assert_int_equal(result, failed ? VIREO_ENOMEM : 0);
        vireo__tls_ctx *ctx = vireo__tls_server_ctx(tls, NULL);
        assert_non_null(ctx); /* the old one is still there */
        vireo__tls_ctx_unref(ctx);
        if (!failed)
            break;
    }
    vireo_tls_free(tls);
}

/* --- a connection ----------------------------------------------------------------------------- */

/* Some turns; then the time-outs of whatever waits. */
static bool comes_true(fixture *f, bool (*done)(fixture *f))
{
    for (int i = 0; i < 40 && !f->peer.ended; i++) {
        if (done(f))
            return true;
        give(f, SIZE_MAX);
        turn(f);
    }
    return done(f);
}

static bool shaken(fixture *f)
{
    return SSL_do_handshake(f->peer.ssl) == 1 && BIO_ctrl_pending(f->peer.out) == 0 &&
           f->accepted == 1;
}

static bool has_got(fixture *f)
{
    return f->got.len >= 4;
}

static bool has_answer(fixture *f)
{
    char bytes[4];
    return SSL_peek(f->peer.ssl, bytes, 4) == 4;
}

/* Returns whether all went well. */
static bool converse(fixture *f)
{
    if (!comes_true(f, shaken))
        return false;
    SSL_write(f->peer.ssl, "ping", 4);
    if (!comes_true(f, has_got) || f->stream == NULL || vireo__tls_info(f->stream) == NULL)
        return false;
    if (vireo__stream_write_copy(f->stream, "pong", 4) < 0)
        return false;
    if (!comes_true(f, has_answer))
        return false;
    if (f->stream != NULL)
        vireo__stream_end(f->stream);
    SSL_shutdown(f->peer.ssl);
    give(f, SIZE_MAX);
    return true;
}

static void next_peer(fixture *f)
{
    tls_peer_free(&f->peer);
    vireo__loop_advance(f->loop, 60000);
    for (int i = 0; i < PATIENCE && vireo__listener_streams(f->listener) > 0; i++)
        uv_run(f->loop->uv, UV_RUN_NOWAIT);
    assert_int_equal(vireo__listener_streams(f->listener), 0);
    assert_int_equal(f->closed, f->accepted);
    f->accepted = f->closed = 0;
    f->got.len = 0;
    vireo__buf_reserve(&f->got, 100);
    f->peer = tls_peer_new(connect_socket(f), f->host != NULL, f->host ? &site : NULL, &ca);
    if (f->where.proxy_protocol)
        send(f->peer.fd, "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", 32, MSG_NOSIGNAL);
}

static void passing_through(void **state)
{
    (void)state;
    for (int proxy = 0; proxy < 2; proxy++) {
        fixture f = {.tls = make_server(NULL), .where = {.proxy_protocol = proxy}};
        begin(&f, NULL, &ca);
        for (int n = 1;; n++) {
            next_peer(&f);
            oom_fail_at(n);
            bool good = converse(&f);
            bool failed = oom_failed();
            assert_true(good || failed);
            if (!failed)
                break;
            next_peer(&f); /* the next one does not notice */
            assert_true(converse(&f));
        }
        finish(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(making_a_server),
        cmocka_unit_test(making_a_client),
        cmocka_unit_test(reloading),
        cmocka_unit_test(passing_through),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
