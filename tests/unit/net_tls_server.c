/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* W13, T29: what a server shows and asks: names, client certificates, protocols, versions; reload;
 * tickets; and mistakes in its options. */

#include "tls_fixture.h"

#include "net/tls_tickets.h"

/* --- the peer's side of things ---------------------------------------------------------------- */

/* A connection to |tls| (takes), whose peer asks for |name| (NULL: none). */
static void begin_named(fixture *f, vireo_tls *tls, const char *name, const cert *identity)
{
    *f = (fixture){.tls = tls};
    begin(f, identity, &ca);
    if (name != NULL)
        SSL_set_tlsext_host_name(f->peer.ssl, name);
}

static void connect_again(fixture *f, SSL_SESSION *session)
{
    SSL *old = f->peer.ssl;
    SSL_set_shutdown(old, SSL_SENT_SHUTDOWN); /* else its session would count as broken */
    close(f->peer.fd);
    SSL_CTX *ctx = f->peer.ctx;
    SSL_CTX_up_ref(ctx);
    f->peer.fd = -1;
    for (int i = 0; i < PATIENCE && f->stream != NULL; i++)
        uv_run(f->loop->uv, UV_RUN_ONCE);
    tls_peer fresh = tls_peer_new(connect_socket(f), false, NULL, NULL);
    SSL_free(fresh.ssl);
    SSL_CTX_free(fresh.ctx);
    fresh.ctx = ctx;
    fresh.ssl = SSL_new(ctx);
    fresh.in = BIO_new(BIO_s_mem());
    fresh.out = BIO_new(BIO_s_mem());
    SSL_set_bio(fresh.ssl, fresh.in, fresh.out);
    SSL_set_connect_state(fresh.ssl);
    if (session != NULL)
        SSL_set_session(fresh.ssl, session);
    SSL_free(old);
    SSL_CTX_free(ctx);
    free(f->peer.say);
    f->peer = fresh;
    f->accepted = f->closed = 0;
}

static void expect_name(fixture *f, const char *name)
{
    X509 *shown = SSL_get0_peer_certificate(f->peer.ssl);
    char text[100] = "";
    assert_non_null(shown);
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, text, sizeof text);
    assert_string_equal(text, name);
}

/* --- names ------------------------------------------------------------------------------------ */

static vireo_tls *three_names(void)
{
    const vireo_tls_host hosts[] = {
        {"Wild.Example", .cert_pem = wild.pem, .key_pem = wild.key_pem},
        {"*.wild.example", .cert_pem = wild.pem, .key_pem = wild.key_pem},
        {"deep.a.wild.example", .cert_pem = alice.pem, .key_pem = alice.key_pem,
         .key_password = "secret"},
        {0},
    };
    return vireo_tls_new(.cert_pem = site.pem, .key_pem = site.key_pem, .hosts = hosts);
}

static void chooses_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *asked, *shown;
    } cases[] = {
        {NULL, "site.example"},
        {"site.example", "site.example"},
        {"unknown.example", "site.example"},
        {"wild.example", "wild.example"},
        {"WILD.example", "wild.example"},
        {"a.wild.example", "wild.example"},
        {"A.Wild.EXAMPLE", "wild.example"},
        {"b.a.wild.example", "site.example"}, /* a star is one label */
        {"deep.a.wild.example", "alice"},
        {".wild.example", "site.example"},
        {"*.wild.example", "wild.example"},
        {"example", "site.example"},
    };
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            fixture f;
            begin_named(&f, three_names(), cases[i].asked, NULL);
            SSL_set_max_proto_version(f.peer.ssl, version);
            assert_true(shake(&f, SIZE_MAX));
            expect_name(&f, cases[i].shown);
            const vireo_tls_info *info = vireo__tls_info(f.stream);
            assert_string_equal(info->server_name, cases[i].asked ? cases[i].asked : "");
            assert_string_equal(info->version, version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
            assert_ptr_equal(vireo__tls_info(f.stream), info);
            finish(&f);
        }
    }
}

/* --- clients' certificates -------------------------------------------------------------------- */

static vireo_tls *asking(vireo_tls_verify how)
{
    return vireo_tls_new(.cert_pem = site.pem, .key_pem = site.key_pem, .verify_client = how,
                         .client_ca_pem = ca.pem);
}

/* Whether the server takes the client in: the client may learn of a refusal only afterwards. */
static bool taken_in(fixture *f)
{
    shake(f, SIZE_MAX);
    for (int i = 0; i < PATIENCE && f->accepted == 0 && !f->peer.ended; i++)
        turn(f);
    return f->accepted == 1;
}

static void asks_clients(void **state)
{
    (void)state;
    cert nobody = cert_make("mallory", "DNS:site.example", &stranger, NULL);
    const struct {
        vireo_tls_verify how;
        const cert *shown;
        bool good;
    } cases[] = {
        {VIREO_TLS_VERIFY_NONE, NULL, true},         {VIREO_TLS_VERIFY_NONE, &alice, true},
        {VIREO_TLS_VERIFY_OPTIONAL, NULL, true},     {VIREO_TLS_VERIFY_OPTIONAL, &alice, true},
        {VIREO_TLS_VERIFY_OPTIONAL, &nobody, false}, {VIREO_TLS_VERIFY_REQUIRED, NULL, false},
        {VIREO_TLS_VERIFY_REQUIRED, &alice, true},   {VIREO_TLS_VERIFY_REQUIRED, &nobody, false},
    };
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            fixture f;
            begin_named(&f, asking(cases[i].how), NULL, cases[i].shown);
            SSL_set_max_proto_version(f.peer.ssl, version);
            assert_int_equal(taken_in(&f), cases[i].good);
            if (cases[i].good && cases[i].how != VIREO_TLS_VERIFY_NONE && cases[i].shown != NULL) {
                const vireo_tls_info *info = vireo__tls_info(f.stream);
                assert_string_equal(info->peer_subject, "CN=alice");
                assert_string_equal(info->peer_issuer, "CN=Test CA");
                assert_int_equal(strlen(info->peer_fingerprint), 64);
            } else if (cases[i].good) {
                assert_null(vireo__tls_info(f.stream)->peer_subject);
                assert_null(vireo__tls_info(f.stream)->peer_fingerprint);
            }
            finish(&f);
        }
    }
    cert_free(&nobody);
}

/* .. also those who have asked for another name. */
static void asks_clients_of_every_name(void **state)
{
    (void)state;
    const vireo_tls_host hosts[] = {
        {"wild.example", .cert_pem = wild.pem, .key_pem = wild.key_pem},
        {0},
    };
    for (int shown = 0; shown < 2; shown++) {
        fixture f;
        begin_named(&f,
                    vireo_tls_new(.cert_pem = site.pem, .key_pem = site.key_pem, .hosts = hosts,
                                  .verify_client = VIREO_TLS_VERIFY_REQUIRED,
                                  .client_ca_pem = ca.pem),
                    "wild.example", shown ? &alice : NULL);
        assert_int_equal(taken_in(&f), shown);
        expect_name(&f, "wild.example");
        if (shown)
            assert_string_equal(vireo__tls_info(f.stream)->peer_subject, "CN=alice");
        finish(&f);
    }
}

/* --- protocols and versions ------------------------------------------------------------------- */

static void agrees_on_a_protocol(void **state)
{
    (void)state;
    static const struct {
        const char *ours, *offered, *chosen; /* chosen NULL: no connection */
    } cases[] = {
        {NULL, NULL, ""},
        {NULL, "\x08http/1.1", "http/1.1"},
        {NULL, "\x02h2\x08http/1.1", "http/1.1"},
        {NULL, "\x02h2", NULL},
        {"a,b",
         "\x01"
         "b\x01"
         "a",
         "a"}, /* our order counts */
        {"", "\x02h2", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture f;
        begin_named(
            &f, vireo_tls_new(.cert_pem = site.pem, .key_pem = site.key_pem, .alpn = cases[i].ours),
            NULL, NULL);
        if (cases[i].offered != NULL)
            SSL_set_alpn_protos(f.peer.ssl, (const unsigned char *)cases[i].offered,
                                (unsigned)strlen(cases[i].offered));
        assert_int_equal(taken_in(&f), cases[i].chosen != NULL);
        if (cases[i].chosen != NULL)
            assert_string_equal(vireo__tls_info(f.stream)->alpn, cases[i].chosen);
        finish(&f);
    }
}

static void keeps_to_versions(void **state)
{
    (void)state;
    static const struct {
        vireo_tls_version min;
        int theirs;
        bool good;
    } cases[] = {
        {0, TLS1_1_VERSION, false},
        {0, TLS1_2_VERSION, true},
        {VIREO_TLS_1_2, TLS1_2_VERSION, true},
        {VIREO_TLS_1_3, TLS1_2_VERSION, false},
        {VIREO_TLS_1_3, TLS1_3_VERSION, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture f;
        begin_named(&f,
                    vireo_tls_new(.cert_pem = site.pem, .key_pem = site.key_pem,
                                  .min_version = cases[i].min),
                    NULL, NULL);
        SSL_set_security_level(f.peer.ssl, 0);
        SSL_set_min_proto_version(f.peer.ssl, 0);
        SSL_set_max_proto_version(f.peer.ssl, cases[i].theirs);
        assert_int_equal(taken_in(&f), cases[i].good);
        finish(&f);
    }
}

/* TLS 1.2: who asks for another handshake gets none, and may not fill our memory by asking. */
static void refuses_renegotiation(void **state)
{
    (void)state;
    fixture f;
    begin_named(&f, vireo_tls_new(.cert_pem = site.pem, .key_pem = site.key_pem), NULL, NULL);
    SSL_set_max_proto_version(f.peer.ssl, TLS1_2_VERSION);
    assert_true(shake(&f, SIZE_MAX));
    assert_int_equal(SSL_renegotiate(f.peer.ssl), 1);
    SSL_do_handshake(f.peer.ssl);
    give(&f, SIZE_MAX);
    for (int i = 0; i < 50; i++)
        turn(&f);
    assert_int_not_equal(SSL_do_handshake(f.peer.ssl), 1); /* a warning, or an end */
    finish(&f);
}

/* --- sessions --------------------------------------------------------------------------------- */

static SSL_SESSION *seen_session;

static int on_session(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(seen_session);
    seen_session = session;
    return 1;
}

/* The first connection of a client that keeps its session. */
static void begin_session(fixture *f, int version)
{
    char byte;
    int why;
    begin_named(f, asking(VIREO_TLS_VERIFY_OPTIONAL), NULL, &alice);
    SSL_CTX_set_session_cache_mode(f->peer.ctx, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(f->peer.ctx, on_session);
    SSL_CTX_set_max_proto_version(f->peer.ctx, version);
    SSL_set_max_proto_version(f->peer.ssl, version);
    assert_true(shake(f, SIZE_MAX));
    vireo__stream_write_copy(f->stream, "x", 1);
    assert_int_equal(peer_read(f, &byte, 1, &why), 1); /* and the tickets before it */
    assert_non_null(seen_session);
    assert_false(vireo__tls_info(f->stream)->resumed);
}

static void resumes(void **state)
{
    (void)state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        fixture f;
        begin_session(&f, version);
        assert_int_equal(SSL_SESSION_get_max_early_data(seen_session), 0);
        connect_again(&f, seen_session);
        assert_true(shake(&f, SIZE_MAX));
        assert_true(SSL_session_reused(f.peer.ssl));
        assert_true(vireo__tls_info(f.stream)->resumed);
        assert_string_equal(vireo__tls_info(f.stream)->peer_subject, "CN=alice");
        /* Whom we trust may have changed with a reload: everybody shows his certificate again. */
        assert_int_equal(vireo_tls_reload(f.tls, NULL), 0);
        connect_again(&f, seen_session);
        assert_true(shake(&f, SIZE_MAX));
        assert_false(SSL_session_reused(f.peer.ssl));
        finish(&f);
        SSL_SESSION_free(seen_session);
        seen_session = NULL;
    }
}

static void rotates_the_keys_of_tickets(void **state)
{
    (void)state;
    enum { HOUR = 3600 };
    vireo__tls_tickets *t = vireo__tls_tickets_new();
    vireo__tls_ticket first, same, second, found;
    assert_int_equal(vireo__tls_tickets_seal(t, 1000, &first), 0);
    assert_int_equal(vireo__tls_tickets_seal(t, 1000 + HOUR - 1, &same), 0);
    assert_memory_equal(&first, &same, sizeof first);
    assert_int_equal(vireo__tls_tickets_open(t, 1000 + HOUR - 1, first.name, &found), 1);
    assert_memory_equal(&found, &first, sizeof first);
    assert_int_equal(vireo__tls_tickets_open(t, 1000 + HOUR, first.name, &found), 2);
    assert_int_equal(vireo__tls_tickets_seal(t, 1000 + HOUR, &second), 0);
    assert_memory_not_equal(&first, &second, sizeof first);
    assert_int_equal(vireo__tls_tickets_seal(t, 1000 + 2 * HOUR, &same), 0);
    assert_int_equal(vireo__tls_tickets_open(t, 1000 + 3 * HOUR - 1, first.name, &found), 2);
    assert_int_equal(vireo__tls_tickets_open(t, 1000 + 3 * HOUR, first.name, &found), 0); /* old */
    assert_int_equal(vireo__tls_tickets_open(t, 1000 + 3 * HOUR, second.name, &found), 2);
    assert_int_equal(vireo__tls_tickets_seal(t, 1000 + 3 * HOUR, &same), 0);
    assert_int_equal(vireo__tls_tickets_open(t, 1000, first.name, &found), 0); /* forgotten */
    first.name[0] ^= 1;
    assert_int_equal(vireo__tls_tickets_open(t, 1000, first.name, &found), 0);
    vireo__tls_tickets_free(t);
    vireo__tls_tickets_free(NULL);
}

/* --- files, and reloading them ---------------------------------------------------------------- */

static char folder[] = "/tmp/vireo-tls-XXXXXX";
static char cert_path[64], key_path[64];

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void reloads(void **state)
{
    (void)state;
    fixture f;
    vireo_error error;
    write_file(cert_path, site.pem);
    write_file(key_path, site.key_pem);
    begin_named(&f, vireo_tls_new(.cert_file = cert_path, .key_file = key_path), NULL, NULL);
    assert_true(shake(&f, SIZE_MAX));
    expect_name(&f, "site.example");

    write_file(cert_path, "no certificate");
    assert_int_equal(vireo_tls_reload(f.tls, &error), VIREO_ETLS); /* all stays as it is */
    assert_non_null(strstr(error.text, "cannot read the certificate of /tmp/vireo-tls-"));
    peer_send(&f, "still there", 11);
    give(&f, SIZE_MAX);
    expect_got(&f, "still there");
    connect_again(&f, NULL);
    assert_true(shake(&f, SIZE_MAX));
    expect_name(&f, "site.example");

    write_file(cert_path, wild.pem);
    write_file(key_path, wild.key_pem);
    assert_int_equal(vireo_tls_reload(f.tls, &error), 0);
    f.got.len = 0;
    peer_send(&f, "and now", 7); /* the connection of before does not notice */
    give(&f, SIZE_MAX);
    expect_got(&f, "and now");
    connect_again(&f, NULL);
    assert_true(shake(&f, SIZE_MAX));
    expect_name(&f, "wild.example");
    finish(&f);
}

/* A handshake that was under way goes on with what it has begun with. */
static void reloads_amid_a_handshake(void **state)
{
    (void)state;
    fixture f;
    write_file(cert_path, site.pem);
    write_file(key_path, site.key_pem);
    begin_named(&f, vireo_tls_new(.cert_file = cert_path, .key_file = key_path), NULL, NULL);
    SSL_do_handshake(f.peer.ssl);
    tls_peer_give(&f.peer, 50);
    settle(&f);
    write_file(cert_path, wild.pem);
    write_file(key_path, wild.key_pem);
    assert_int_equal(vireo_tls_reload(f.tls, NULL), 0);
    assert_true(shake(&f, SIZE_MAX));
    expect_name(&f, "site.example");
    finish(&f);
}

/* The listener keeps what it was given. */
static void outlives_its_owner(void **state)
{
    (void)state;
    fixture f;
    begin_named(&f, vireo_tls_new(.cert_pem = site.pem, .key_pem = site.key_pem), NULL, NULL);
    vireo_tls_free(f.tls);
    f.tls = NULL;
    assert_true(shake(&f, SIZE_MAX));
    finish(&f);
}

static void takes_a_chain(void **state)
{
    (void)state;
    cert between = cert_make("Intermediate", NULL, &ca, NULL);
    cert leaf = cert_make("leaf.example", "DNS:leaf.example", &between, NULL);
    char *pem = NULL;
    assert_true(asprintf(&pem, "%s%s%s", leaf.pem, between.pem, leaf.key_pem) > 0);
    fixture f;
    begin_named(&f, vireo_tls_new(.cert_pem = pem), NULL, NULL); /* the key stands there too */
    assert_true(shake(&f, SIZE_MAX));
    expect_name(&f, "leaf.example");
    finish(&f);
    free(pem);
    cert_free(&between);
    cert_free(&leaf);
}

/* --- mistakes --------------------------------------------------------------------------------- */

static void no_accept(vireo__listener *l, vireo__stream *s)
{
    (void)l;
    (void)s;
}

/* The object tells, and so does the listener that is given it. */
static void expect_broken(vireo_tls *tls, const vireo_error *error, const char *text)
{
    vireo_error told = {0};
    vireo_loop *loop = vireo__loop_new(NULL);
    vireo__listener *l = NULL;
    vireo_listen_options where = {.host = "127.0.0.1", .tls = tls, .error = &told};
    assert_non_null(tls);
    assert_true(error->code < 0);
    if (strstr(error->text, text) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error->text, text);
    assert_true(vireo__listener_open(&l, loop, &where, no_accept, NULL) < 0);
    assert_string_equal(told.text, error->text);
    assert_true(vireo_tls_reload(tls, NULL) < 0);
    vireo__loop_free(loop);
    vireo_tls_free(tls);
}

static void tells_mistakes(void **state)
{
    (void)state;
    vireo_error e;
    const vireo_tls_host bad_name[] = {
        {"a.*.example", .cert_pem = site.pem, .key_pem = site.key_pem}, {0}};
    const vireo_tls_host no_cert[] = {{.name = "a.example"}, {0}};
#define BROKEN(text, ...) expect_broken(vireo_tls_new(.error = &e, __VA_ARGS__), &e, text)
#define SITE              .cert_pem = site.pem, .key_pem = site.key_pem
    BROKEN("a server needs cert_file or cert_pem", .alpn = NULL);
    BROKEN("cannot read the certificate of /nonexistent: no such file",
           .cert_file = "/nonexistent");
    BROKEN("cannot read the certificate of the PEM text", .cert_pem = "nonsense");
    BROKEN("cannot read the certificate of the PEM text", .cert_pem = "");
    BROKEN("cannot read the private key of the PEM text", .cert_pem = site.pem);
    BROKEN("does not belong to", .cert_pem = site.pem, .key_pem = wild.key_pem);
    BROKEN("cannot read the private key", .cert_pem = alice.pem, .key_pem = alice.key_pem);
    BROKEN("cannot read the private key", .cert_pem = alice.pem, .key_pem = alice.key_pem,
           .key_password = "wrong");
    BROKEN("verify_client needs client_ca_file", SITE, .verify_client = VIREO_TLS_VERIFY_REQUIRED);
    BROKEN("cannot read the CA certificates of /nonexistent", SITE,
           .verify_client = VIREO_TLS_VERIFY_REQUIRED, .client_ca_file = "/nonexistent");
    BROKEN("there is no CA certificate in the PEM text", SITE,
           .verify_client = VIREO_TLS_VERIFY_REQUIRED, .client_ca_pem = site.key_pem);
    BROKEN("\"ROT13\" names no cipher", SITE, .ciphers = "ROT13");
    BROKEN("\"ROT13\" names no suite", SITE, .ciphersuites = "ROT13");
    BROKEN("min_version", SITE, .min_version = (vireo_tls_version)11);
    BROKEN("is no list of protocols", SITE, .alpn = "a,,b");
    BROKEN("is no list of protocols", SITE, .alpn = "a,");
    BROKEN("\"a.*.example\" is no host's name", SITE, .hosts = bad_name);
    BROKEN("a server needs cert_file or cert_pem", SITE, .hosts = no_cert);
    vireo_tls_free(NULL);
}

static void tells_mistakes_of_clients(void **state)
{
    (void)state;
    vireo_error e = {0};
    assert_null(vireo_tls_client_new(.ca_file = "/nonexistent", .error = &e));
    assert_non_null(strstr(e.text, "cannot read the CA certificates of /nonexistent"));
    assert_null(vireo_tls_client_new(.cert_pem = site.pem, .error = &e));
    assert_non_null(strstr(e.text, "cannot read the private key"));
    vireo_tls_client_free(NULL);
    /* What is broken can be mended: the object is used again. */
    write_file(cert_path, "");
    vireo_tls *tls = vireo_tls_new(.cert_file = cert_path, .key_pem = site.key_pem, .error = &e);
    assert_int_equal(e.code, VIREO_ETLS);
    write_file(cert_path, site.pem);
    assert_int_equal(vireo_tls_reload(tls, &e), 0);
    fixture f;
    begin_named(&f, tls, NULL, NULL);
    assert_true(shake(&f, SIZE_MAX));
    finish(&f);
}

static int begin_group(void **state)
{
    assert_non_null(mkdtemp(folder));
    snprintf(cert_path, sizeof cert_path, "%s/cert.pem", folder);
    snprintf(key_path, sizeof key_path, "%s/key.pem", folder);
    return set_up(state);
}

static int end_group(void **state)
{
    unlink(cert_path);
    unlink(key_path);
    rmdir(folder);
    return tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chooses_by_name),
        cmocka_unit_test(asks_clients),
        cmocka_unit_test(asks_clients_of_every_name),
        cmocka_unit_test(agrees_on_a_protocol),
        cmocka_unit_test(keeps_to_versions),
        cmocka_unit_test(refuses_renegotiation),
        cmocka_unit_test(resumes),
        cmocka_unit_test(rotates_the_keys_of_tickets),
        cmocka_unit_test(reloads),
        cmocka_unit_test(reloads_amid_a_handshake),
        cmocka_unit_test(outlives_its_owner),
        cmocka_unit_test(takes_a_chain),
        cmocka_unit_test(tells_mistakes),
        cmocka_unit_test(tells_mistakes_of_clients),
    };
    return cmocka_run_group_tests(tests, begin_group, end_group);
}
