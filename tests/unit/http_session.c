/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* vireo/session.h: H10, sessions with the store in memory, and with stores that fail. */

#include "oom.h"
#include "session_visitor.h"

#include <vireo/proxy.h>

/* --- a store that watches another one --------------------------------------------------------- */

typedef struct watcher {
    vireo_session_store store;
    vireo_session_store *inner;
    int gets, sets, touches, destroys;
    int refuse; /* what get and set fail with at once */
    int fail;   /* what they end with later */
    bool hold;  /* get is not answered until let_go */
    vireo_store_done held_done;
    void *held_context;
    vireo_store_done done;
    void *context;
} watcher;

static void failed_later(void *user, int error, const char *json, size_t len)
{
    watcher *w = user;
    (void)error;
    (void)json;
    (void)len;
    w->done(w->context, w->fail, NULL, 0);
}

static int watch_get(vireo_session_store *s, const char *id, vireo_store_done done, void *context)
{
    watcher *w = (watcher *)s;
    w->gets++;
    if (w->refuse)
        return w->refuse;
    if (w->hold) {
        w->held_done = done;
        w->held_context = context;
        return 0;
    }
    if (w->fail) {
        w->done = done;
        w->context = context;
        return w->inner->get(w->inner, id, failed_later, w);
    }
    return w->inner->get(w->inner, id, done, context);
}

static int watch_set(vireo_session_store *s, const char *id, const char *json, size_t len,
                     uint32_t ttl, bool fresh, vireo_store_done done, void *context)
{
    watcher *w = (watcher *)s;
    w->sets++;
    if (w->refuse)
        return w->refuse;
    if (w->fail) {
        w->done = done;
        w->context = context;
        return w->inner->destroy(w->inner, "x", failed_later, w);
    }
    return w->inner->set(w->inner, id, json, len, ttl, fresh, done, context);
}

static int watch_touch(vireo_session_store *s, const char *id, uint32_t ttl, vireo_store_done done,
                       void *context)
{
    watcher *w = (watcher *)s;
    w->touches++;
    return w->inner->touch(w->inner, id, ttl, done, context);
}

static int watch_destroy(vireo_session_store *s, const char *id, vireo_store_done done,
                         void *context)
{
    watcher *w = (watcher *)s;
    w->destroys++;
    return w->inner->destroy(w->inner, id, done, context);
}

static void watch_close(vireo_session_store *s)
{
    watcher *w = (watcher *)s;
    if (w->held_done != NULL)
        w->held_done(w->held_context, VIREO_ECANCELLED, NULL, 0);
    w->inner->close(w->inner);
}

static vireo_session_store *watched(watcher *w, vireo_app *app)
{
    *w = (watcher){.store = {watch_get, watch_set, watch_touch, watch_destroy, watch_close},
                   .inner = vireo_memory_store(app)};
    return &w->store;
}

/* --- visits ----------------------------------------------------------------------------------- */

static void keeps_what_visitors_are_given(void **state)
{
    (void)state;
    watcher w;
    visitor a = {.app = visitor_app(NULL, NULL)}, b = {.app = a.app};
    visitor_sessions(a.app, "/", .store = watched(&w, a.app));
    /* who was given nothing takes no place */
    assert_string_equal(visit(&a, "/show"), "-");
    assert_string_equal(a.set_cookie, "");
    assert_int_equal(w.gets + w.sets + w.touches, 0);
    assert_string_equal(visit(&a, "/count"), "1");
    assert_memory_equal(a.cookie, "sid=s%3A", 8);
    assert_non_null(strstr(a.set_cookie, "; Path=/; HttpOnly"));
    assert_null(strstr(a.set_cookie, "Max-Age"));
    assert_int_equal(w.sets, 1);
    assert_string_equal(visit(&a, "/count"), "2");
    assert_string_equal(a.set_cookie, ""); /* it has the cookie */
    assert_string_equal(visit(&b, "/show"), "-");
    assert_string_equal(visit(&b, "/count"), "1");
    assert_string_not_equal(a.cookie, b.cookie);
    /* what is not changed is not written */
    w.sets = w.touches = 0;
    assert_string_equal(visit(&a, "/show"), "2");
    assert_string_equal(visit(&a, "/same"), "2");
    assert_int_equal(w.sets, 0);
    assert_int_equal(w.touches, 2);
    assert_string_equal(visit(&a, "/unset"), "-");
    assert_string_equal(visit(&a, "/show"), "-");
    assert_int_equal(w.sets, 1);
    vireo_app_free(a.app);
}

static void takes_no_id_from_outside(void **state)
{
    (void)state;
    visitor v = {.app = visitor_app(NULL, NULL)}, thief = v;
    visitor_sessions(v.app, "/");
    visit(&v, "/count");
    strcpy(thief.cookie, v.cookie);
    char *digit = strstr(thief.cookie, "%3A") + 3;
    *digit = *digit == 'A' ? 'B' : 'A'; /* the signature is wrong now */
    assert_string_equal(visit(&thief, "/show"), "-");
    assert_string_equal(visit(&thief, "/count"), "1");
    assert_string_not_equal(thief.cookie, v.cookie);
    /* signed, but nobody has this session: it gets another id */
    vireo__loop_advance(vireo__app_loop(v.app), 86400 * 1000 + 1);
    char old[200];
    strcpy(old, v.cookie);
    assert_string_equal(visit(&v, "/count"), "1");
    assert_string_not_equal(v.cookie, old);
    vireo_app_free(v.app);
}

static void changes_ids_at_logins(void **state)
{
    (void)state;
    watcher w;
    visitor v = {.app = visitor_app(NULL, NULL)}, planted;
    visitor_sessions(v.app, "/", .store = watched(&w, v.app));
    visit(&v, "/count");
    planted = v;
    assert_string_equal(visit(&v, "/login"), "1"); /* the old members are gone */
    assert_string_not_equal(v.cookie, planted.cookie);
    assert_int_equal(w.destroys, 1);
    assert_string_equal(visit(&v, "/show"), "1");
    assert_string_equal(visit(&planted, "/show"), "-");
    visitor fresh = {.app = v.app};
    assert_string_equal(visit(&fresh, "/login"), "1"); /* with none before */
    assert_int_equal(w.destroys, 1);
    planted = v;
    assert_string_equal(visit(&v, "/logout"), "-");
    assert_string_equal(v.set_cookie,
                        "sid=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; HttpOnly");
    assert_string_equal(visit(&planted, "/show"), "-");
    visitor none = {.app = v.app};
    assert_string_equal(visit(&none, "/logout"), "-");
    assert_string_equal(none.set_cookie, "");
    vireo_app_free(v.app);
}

static void sets_the_cookie_as_told(void **state)
{
    (void)state;
    visitor v = {.app = visitor_app(NULL, NULL)};
    vireo_trust_proxy(v.app, .hops = 1);
    visitor_sessions(v.app, "/", .cookie = "__Secure-id", .path = "/", .domain = "a.example",
                     .max_age_s = 100, .rolling = true, .secure = true, .for_scripts = true,
                     .same_site = VIREO_SAME_SITE_STRICT);
    assert_string_equal(visit(&v, "/count"), "1");
    assert_string_equal(v.set_cookie, ""); /* not in the clear */
    visit_with(&v, "/count", "X-Forwarded-Proto: https\r\n");
    assert_memory_equal(v.set_cookie, "__Secure-id=s%3A", 16);
    assert_non_null(strstr(v.set_cookie, "; Max-Age=100; Expires="));
    assert_non_null(strstr(v.set_cookie, "; Domain=a.example; Path=/; Secure; SameSite=Strict"));
    visit_with(&v, "/show", "X-Forwarded-Proto: https\r\n");
    assert_string_equal(v.body, "1");
    assert_memory_equal(v.set_cookie, "__Secure-id=s%3A", 16); /* again, as it rolls */
    vireo_app_free(v.app);
}

static void refuses_what_cannot_work(void **state)
{
    (void)state;
    vireo_app *app = vireo_app_new();
    assert_int_equal(vireo_sessions(app, "/"), VIREO_EINVAL); /* no secrets */
    vireo_secrets(app, "secret", NULL);
    assert_int_equal(vireo_sessions(app, "/", .cookie = "a b"), VIREO_EINVAL);
    assert_int_equal(vireo_sessions(app, "/", .same_site = VIREO_SAME_SITE_NONE), VIREO_EINVAL);
    assert_int_equal(
        vireo_sessions(app, "/", .store = vireo_memory_store(app), .cookie = "__Host-a"),
        VIREO_EINVAL);
    assert_int_equal(vireo_sessions(app, "no-slash"), VIREO_EINVAL);
    assert_null(vireo_session_get(NULL, "x"));
    assert_int_equal(vireo_session_set(NULL, "x", "1"), VIREO_EINVAL);
    vireo_session_unset(NULL, "x");
    vireo_session_unref(vireo_session_ref(NULL));
    vireo_app_free(app);
}

static void holds_only_where_it_is_in_charge(void **state)
{
    (void)state;
    visitor v = {.app = visitor_app(NULL, NULL)};
    visitor_sessions(v.app, "/count");
    visit(&v, "/count");
    assert_int_equal(v.status, 200);
    assert_string_equal(visit(&v, "/show"), "-");
    visit(&v, "/login");
    assert_int_equal(v.status, 400); /* VIREO_EINVAL: there is none */
    vireo_app_free(v.app);
}

/* --- the end of sessions ---------------------------------------------------------------------- */

static void forgets_after_a_time(void **state)
{
    (void)state;
    visitor v = {.app = visitor_app(NULL, NULL)};
    visitor_sessions(v.app, "/", .max_age_s = 100);
    vireo_loop *loop = vireo__app_loop(v.app);
    visit(&v, "/count");
    for (int i = 0; i < 3; i++) { /* each visit counts */
        peer_settle(v.app);
        vireo__loop_advance(loop, 99000);
        assert_string_equal(visit(&v, "/show"), "1");
    }
    peer_settle(v.app);
    vireo__loop_advance(loop, 100001);
    assert_string_equal(visit(&v, "/show"), "-");
    vireo_app_free(v.app);
}

static void remembers_for_years(void **state)
{
    (void)state;
    visitor v = {.app = visitor_app(NULL, NULL)};
    visitor_sessions(v.app, "/", .max_age_s = 2 * 365 * 86400u); /* more than a deadline can hold */
    visit(&v, "/count");
    for (int i = 0; i < 9; i++) {
        peer_settle(v.app);
        vireo__loop_advance(vireo__app_loop(v.app), (uint64_t)2 * 365 * 86400 * 1000 / 10);
    }
    assert_string_equal(visit(&v, "/show"), "1");
    vireo_app_free(v.app);
}

static void bounds_the_memory(void **state)
{
    (void)state;
    vireo_app *app = visitor_app(NULL, NULL);
    visitor v[4] = {{.app = app}, {.app = app}, {.app = app}, {.app = app}};
    visitor_sessions(app, "/", .store = vireo_memory_store(app, .max_sessions = 3));
    for (int i = 0; i < 3; i++)
        visit(&v[i], "/count");
    assert_string_equal(visit(&v[0], "/show"), "1"); /* used just now */
    visit(&v[3], "/count");
    assert_string_equal(visit(&v[0], "/show"), "1");
    assert_string_equal(visit(&v[1], "/show"), "-");
    assert_string_equal(visit(&v[2], "/show"), "1");
    assert_string_equal(visit(&v[3], "/show"), "1");
    vireo_app_free(app);
}

/* --- what goes wrong -------------------------------------------------------------------------- */

static void keep_log(void *user, vireo_level level, const char *area, const char *text)
{
    (void)level;
    if (strcmp(area, "session") == 0)
        snprintf(user, 100, "%s", text);
}

static void tells_of_stores_that_fail(void **state)
{
    (void)state;
    watcher w;
    char logged[100] = "";
    visitor v = {.app = visitor_app(keep_log, logged)};
    visitor_sessions(v.app, "/", .store = watched(&w, v.app));
    visit(&v, "/count");
    w.refuse = VIREO_ECLOSED;
    visit(&v, "/show");
    assert_int_equal(v.status, 500);
    w.refuse = 0;
    w.fail = VIREO_ETIMEDOUT;
    visit(&v, "/show");
    assert_int_equal(v.status, 500);
    visitor fresh = {.app = v.app};
    assert_string_equal(visit(&fresh, "/count"), "1"); /* the reply does not wait */
    peer_settle(v.app);
    assert_string_equal(logged, "cannot write a session: operation has timed out");
    w.fail = 0;
    w.refuse = VIREO_EFULL;
    visitor other = {.app = v.app};
    visit(&other, "/count");
    assert_string_equal(other.set_cookie, "");
    assert_string_equal(logged, "cannot write a session: the write queue is full");
    w.refuse = 0;
    assert_string_equal(visit(&v, "/show"), "1");
    vireo_app_free(v.app);
}

static void bears_visitors_that_go_away(void **state)
{
    (void)state;
    watcher w;
    visitor v = {.app = visitor_app(NULL, NULL)};
    visitor_sessions(v.app, "/", .store = watched(&w, v.app));
    visit(&v, "/count");
    w.hold = true;
    char request[400];
    snprintf(request, sizeof request, "GET /show HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n",
             v.cookie);
    for (int late = 0; late < 2; late++) { /* answered afterwards, or never */
        peer p = peer_open(v.app);
        peer_send(&p, request);
        for (int patience = PEER_PATIENCE; w.held_done == NULL && patience > 0; patience--)
            peer_wait(&p);
        assert_non_null(w.held_done);
        peer_close(&p);
        peer_settle(v.app);
        if (late)
            break;
        w.held_done(w.held_context, 0, "{\"n\":1}", 7);
        w.held_done = NULL;
    }
    vireo_app_free(v.app);
}

static int put_large(vireo_req *r)
{
    static char text[VIREO_SESSION_MAX_BYTES];
    int len = atoi(vireo_query(r, "n"));
    memset(text, 'x', sizeof text);
    int error = vireo_session_set(vireo_session_of(r), "t", "%.*s", len, text);
    return error < 0 ? error : vireo_reply_text(r, 200, "ok");
}

static void limits_the_size(void **state)
{
    (void)state;
    char logged[100] = "", path[40];
    visitor v = {.app = visitor_app(keep_log, logged)};
    visitor_sessions(v.app, "/");
    vireo_route(v.app, "GET", "/large", put_large, NULL);
    static const char around[] =
        "{\"cookie\":{\"originalMaxAge\":null,\"expires\":null,\"httpOnly\":true,\"path\":\"/\"},"
        "\"t\":\"\"}";
    size_t most = VIREO_SESSION_MAX_BYTES - (sizeof around - 1);
    snprintf(path, sizeof path, "/large?n=%zu", most + 1);
    visit(&v, path);
    assert_string_equal(v.set_cookie, "");
    assert_string_equal(logged, "cannot write a session: larger than its limit");
    snprintf(path, sizeof path, "/large?n=%zu", most);
    visit(&v, path);
    assert_string_not_equal(v.set_cookie, "");
    vireo_app_free(v.app);
}

/* --- outside of requests ---------------------------------------------------------------------- */

static vireo_session *kept_session;

static int keep_session(vireo_req *r)
{
    kept_session = vireo_session_ref(vireo_session_of(r));
    return visitor__show(r);
}

typedef struct outcome {
    int calls, error;
} outcome;

static void on_done(vireo_session *s, int error, void *user)
{
    outcome *o = user;
    assert_ptr_equal(s, kept_session);
    o->calls++;
    o->error = error;
}

static void saves_and_reloads(void **state)
{
    (void)state;
    visitor v = {.app = visitor_app(NULL, NULL)};
    outcome o = {0};
    visitor_sessions(v.app, "/");
    vireo_route(v.app, "GET", "/keep", keep_session, NULL);
    visit(&v, "/count");
    visit(&v, "/keep");
    assert_int_equal(vireo_session_set(kept_session, "n", "%d", 7), 0);
    assert_int_equal(vireo_session_set(kept_session, "cookie", "%d", 7), VIREO_EINVAL);
    assert_int_equal(vireo_session_save(kept_session, on_done, &o), 0);
    assert_int_equal(o.calls, 0);
    peer_until(v.app, &o.calls, 1);
    assert_int_equal(o.error, 0);
    assert_string_equal(visit(&v, "/show"), "7");
    visit(&v, "/count");
    assert_int_equal(vireo_int(vireo_session_get(kept_session, "n"), 0), 7);
    assert_int_equal(vireo_session_reload(kept_session, on_done, &o), 0);
    peer_until(v.app, &o.calls, 2);
    assert_int_equal(vireo_int(vireo_session_get(kept_session, "n"), 0), 8);
    assert_int_equal(strlen(vireo_session_id(kept_session)), VIREO_SESSION_ID_SIZE - 1);
    /* ended elsewhere: it does not come back */
    visitor elsewhere = v;
    visit(&elsewhere, "/logout");
    vireo_session_set(kept_session, "n", "%d", 9);
    assert_int_equal(vireo_session_save(kept_session, on_done, &o), 0);
    peer_until(v.app, &o.calls, 3);
    assert_int_equal(o.error, VIREO_ENOTFOUND);
    assert_int_equal(vireo_session_save(kept_session, on_done, &o), VIREO_EINVAL);
    assert_string_equal(visit(&v, "/show"), "-");
    vireo_session_unref(kept_session);
    vireo_app_free(v.app);
}

static void finishes_at_the_end(void **state)
{
    (void)state;
    visitor v = {.app = visitor_app(NULL, NULL)};
    outcome o = {0};
    visitor_sessions(v.app, "/");
    vireo_route(v.app, "GET", "/keep", keep_session, NULL);
    visit(&v, "/count");
    visit(&v, "/keep");
    assert_int_equal(vireo_session_save(kept_session, on_done, &o), 0);
    vireo_app_free(v.app);
    assert_int_equal(o.calls, 1);
    assert_true(o.error == 0 || o.error == VIREO_ECANCELLED);
    vireo_session_unref(kept_session);
}

static void bears_want_of_memory(void **state)
{
    (void)state;
    char logged[100] = "";
    int good = 0;
    for (int n = 1; good < 3; n++) {
        visitor v = {.app = visitor_app(keep_log, logged)};
        visitor_sessions(v.app, "/");
        visit(&v, "/count");
        char request[400];
        snprintf(request, sizeof request, "GET /count HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n",
                 v.cookie);
        peer p = peer_open(v.app);
        peer_settle(v.app);
        oom_fail_at(n);
        (void)send(p.fd, request, strlen(request), 0);
        peer_settle(v.app);
        good += !oom_failed();
        peer_take(&p, 65536);
        if (good > 0)
            assert_non_null(strstr(p.got, "\r\n\r\n2"));
        peer_close(&p);
        vireo_app_free(v.app);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_visitors_are_given),
        cmocka_unit_test(takes_no_id_from_outside),
        cmocka_unit_test(changes_ids_at_logins),
        cmocka_unit_test(sets_the_cookie_as_told),
        cmocka_unit_test(refuses_what_cannot_work),
        cmocka_unit_test(holds_only_where_it_is_in_charge),
        cmocka_unit_test(forgets_after_a_time),
        cmocka_unit_test(remembers_for_years),
        cmocka_unit_test(bounds_the_memory),
        cmocka_unit_test(tells_of_stores_that_fail),
        cmocka_unit_test(bears_visitors_that_go_away),
        cmocka_unit_test(limits_the_size),
        cmocka_unit_test(saves_and_reloads),
        cmocka_unit_test(finishes_at_the_end),
        cmocka_unit_test(bears_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
