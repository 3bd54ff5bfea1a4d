/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http/agent: requests to servers whose every word the test says: answers whole and in pieces,
 * connections used again, redirects, time-outs, the end at every moment (W11). */

#include "far_end.h"

#include "http/agent.h"
#include "oom.h"

typedef struct fixture {
    far_end far;
    vireo__exchange *x;
    vireo__ask ask;
    char url[200];
    char log[1000]; /* "H200 " at the head, the body, "done" or "E(error) " */
    char text[300]; /* of the error */
    int done;
    int cancel_in; /* 1: on_head, 2: on_body */
    bool detach;
    vireo__stream *stream;
} fixture;

static void on_detached_data(vireo__stream *s, uint8_t *bytes, size_t n)
{
    fixture *f = s->owner;
    strncat(f->log, (const char *)bytes, n);
}

static void on_detached_end(vireo__stream *s)
{
    vireo__stream_close(s, 0);
}

static void on_detached_close(vireo__stream *s, int error)
{
    fixture *f = s->owner;
    (void)error;
    f->stream = NULL;
}

static void on_head(vireo__exchange *x, const vireo__answer *answer)
{
    static const vireo__stream_events events = {
        .on_data = on_detached_data, .on_end = on_detached_end, .on_close = on_detached_close};
    fixture *f = vireo__exchange_user(x);
    sprintf(f->log + strlen(f->log), "H%u ", answer->status);
    if (f->cancel_in == 1)
        vireo__exchange_cancel(x);
    if (!f->detach)
        return;
    f->stream = vireo__exchange_detach(x);
    vireo__stream_set_events(f->stream, &events, f);
    f->x = NULL;
}

static void on_body(vireo__exchange *x, const uint8_t *bytes, size_t n)
{
    fixture *f = vireo__exchange_user(x);
    strncat(f->log, (const char *)bytes, n);
    if (f->cancel_in == 2)
        vireo__exchange_cancel(x);
}

static void on_done(vireo__exchange *x, int error, const char *text)
{
    fixture *f = vireo__exchange_user(x);
    assert_ptr_equal(x, f->x);
    f->x = NULL;
    f->done++;
    snprintf(f->text, sizeof f->text, "%s", text);
    if (error == 0)
        strcat(f->log, " done");
    else if (error > -4096)
        sprintf(f->log + strlen(f->log), "E(%d)", -error);
    else
        sprintf(f->log + strlen(f->log), "E(%s)", vireo_errname(error));
}

static const vireo__exchange_events events = {
    .on_head = on_head, .on_body = on_body, .on_done = on_done};

static void begin(fixture *f)
{
    *f = (fixture){0};
    far_begin(&f->far);
    f->ask = (vireo__ask){
        .method = "GET",
        .connect_timeout_ms = 90000,
        .head_timeout_ms = 60000,
        .idle_timeout_ms = 40000,
        .max_body_bytes = 1000,
    };
}

static int ask(fixture *f, const char *target)
{
    vireo_error error = {0};
    snprintf(f->url, sizeof f->url, "http://127.0.0.1:%u%s", f->far.port, target);
    f->ask.url = f->url;
    f->log[0] = '\0';
    f->done = 0;
    int result = vireo__agent_ask(vireo__app_agent(f->far.app), &f->ask, &events, f, &f->x, &error);
    assert_int_equal(f->done, 0);
    assert_int_equal(error.code, result);
    return result;
}

static void until_done(fixture *f)
{
    for (int i = 0; i < PATIENCE && f->done == 0; i++)
        far_turn(&f->far);
    assert_int_equal(f->done, 1);
}

static void expect(fixture *f, const char *log)
{
    until_done(f);
    if (strcmp(f->log, log) != 0)
        fail_msg("\"%s\" instead of \"%s\" (%s)", f->log, log, f->text);
}

static void expect_head(fixture *f, const char *target, const char *more)
{
    char head[600], expected[600];
    snprintf(expected, sizeof expected, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s\r\n", target,
             f->far.port, more);
    far_read_head(&f->far, head, sizeof head);
    assert_string_equal(head, expected);
}

static void finish(fixture *f)
{
    if (f->stream != NULL)
        vireo__stream_close(f->stream, 0);
    far_finish(&f->far);
}

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

/* --- requests and answers --------------------------------------------------------------------- */

static void gets_an_answer(void **state)
{
    static const char answer[] = ANSWER;
    (void)state;
    for (size_t cut = 1; cut < sizeof answer; cut++) {
        fixture f;
        begin(&f);
        assert_int_equal(ask(&f, "/x?y=z"), 0);
        far_accept(&f.far);
        expect_head(&f, "/x?y=z", "");
        far_say_bytes(&f.far, answer, cut);
        far_turn(&f.far);
        far_turn(&f.far);
        assert_int_equal(f.done, cut == sizeof answer - 1);
        far_say(&f.far, answer + cut);
        expect(&f, "H200 hello done");
        finish(&f);
    }
}

static void writes_requests(void **state)
{
    static const char *const headers[] = {"X-One", "1", "Accept", "text/*, x", NULL};
    static const char *const host[] = {"Host", "other.example", NULL};
    static const struct {
        const char *method, *target;
        const char *const *headers;
        const char *body;
        const char *expected; /* $ stands for the port */
    } cases[] = {
        {"GET", "", NULL, NULL, "GET / HTTP/1.1\r\nHost: 127.0.0.1:$\r\n\r\n"},
        {"GET", "?x", NULL, NULL, "GET /?x HTTP/1.1\r\nHost: 127.0.0.1:$\r\n\r\n"},
        {"DELETE", "/#part", NULL, NULL, "DELETE / HTTP/1.1\r\nHost: 127.0.0.1:$\r\n\r\n"},
        {"GET", "/", headers, NULL,
         "GET / HTTP/1.1\r\nHost: 127.0.0.1:$\r\nX-One: 1\r\nAccept: text/*, x\r\n\r\n"},
        {"GET", "/", host, NULL, "GET / HTTP/1.1\r\nHost: other.example\r\n\r\n"},
        {"POST", "/", NULL, "abc",
         "POST / HTTP/1.1\r\nHost: 127.0.0.1:$\r\nContent-Length: 3\r\n\r\nabc"},
        {"POST", "/", NULL, NULL,
         "POST / HTTP/1.1\r\nHost: 127.0.0.1:$\r\nContent-Length: 0\r\n\r\n"},
        {"PUT", "/", NULL, "", "PUT / HTTP/1.1\r\nHost: 127.0.0.1:$\r\nContent-Length: 0\r\n\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture f;
        char expected[300];
        const char *port = strchr(cases[i].expected, '$');
        begin(&f);
        f.ask.method = cases[i].method;
        f.ask.headers = cases[i].headers;
        f.ask.body = cases[i].body;
        f.ask.body_len = cases[i].body ? strlen(cases[i].body) : 0;
        assert_int_equal(ask(&f, cases[i].target), 0);
        far_accept(&f.far);
        if (port == NULL)
            strcpy(expected, cases[i].expected);
        else
            snprintf(expected, sizeof expected, "%.*s%u%s", (int)(port - cases[i].expected),
                     cases[i].expected, f.far.port, port + 1);
        far_expect(&f.far, expected);
        far_say(&f.far, ANSWER);
        expect(&f, "H200 hello done");
        finish(&f);
    }
}

static void refuses_bad_requests(void **state)
{
    static const char *const bad_name[] = {"X Y", "1", NULL};
    static const char *const bad_value[] = {"X", "1\r\nY: 2", NULL};
    static const char *const no_value[] = {"X", NULL};
    static const struct {
        const char *url;
        const char *const *headers;
        const char *proxy;
        const char *text;
    } cases[] = {
        {"ftp://h/", NULL, NULL, "scheme"},
        {"http://h h/", NULL, NULL, "blank"},
        {"http://a:%00@h/", NULL, NULL, "%XX"},
        {"http://h/", bad_name, NULL, "name of a header"},
        {"http://h/", bad_value, NULL, "control characters"},
        {"http://h/", no_value, NULL, "missing"},
        {"http://h/", NULL, "ftp://p", "proxy"},
    };
    (void)state;
    fixture f;
    begin(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vireo_error error = {0};
        f.ask.url = cases[i].url;
        f.ask.headers = cases[i].headers;
        f.ask.proxy = cases[i].proxy;
        assert_int_equal(
            vireo__agent_ask(vireo__app_agent(f.far.app), &f.ask, &events, &f, &f.x, &error),
            VIREO_EINVAL);
        if (strstr(error.text, cases[i].text) == NULL)
            fail_msg("%s", error.text);
    }
    finish(&f);
}

static void knows_the_users_of_urls(void **state)
{
    static const char *const own[] = {"authorization", "Mine", NULL};
    (void)state;
    for (int i = 0; i < 2; i++) {
        fixture f;
        char url[100];
        vireo_error error;
        begin(&f);
        snprintf(url, sizeof url, "http://us%%65r:p%%40ss@127.0.0.1:%u/", f.far.port);
        f.ask.url = url;
        f.ask.headers = i == 1 ? own : NULL;
        assert_int_equal(
            vireo__agent_ask(vireo__app_agent(f.far.app), &f.ask, &events, &f, &f.x, &error), 0);
        far_accept(&f.far);
        expect_head(&f, "/",
                    i == 1 ? "authorization: Mine\r\n" : "Authorization: Basic dXNlcjpwQHNz\r\n");
        finish(&f);
        assert_string_equal(f.log, "E(VIREO_ECANCELLED)"); /* the application has ended */
    }
}

static void reads_bodies_of_every_kind(void **state)
{
    static const struct {
        const char *answer;
        bool hang_up;
        const char *log;
    } cases[] = {
        {"HTTP/1.1 204 \r\n\r\n", false, "H204  done"},
        {"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", false,
         "H200 abc done"},
        {"HTTP/1.1 200 \r\n\r\nto the end", true, "H200 to the end done"},
        {"HTTP/1.1 100 \r\n\r\nHTTP/1.1 404 \r\nContent-Length: 2\r\n\r\nno", false,
         "H404 no done"},
        {"HTTP/1.1 200 \r\nContent-Length: 9\r\n\r\nhell", true, "H200 hellE(VIREO_EPROTO)"},
        {"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\nx", false, "H200 E(VIREO_EPROTO)"},
        {"SSH-2.0-OpenSSH_9\r\n", false, "E(VIREO_EPROTO)"},
        {"HTTP/1.1 2", true, "E(VIREO_ECLOSED)"},
        {"", true, "E(VIREO_ECLOSED)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture f;
        begin(&f);
        ask(&f, "/");
        far_accept(&f.far);
        expect_head(&f, "/", "");
        far_say(&f.far, cases[i].answer);
        if (cases[i].hang_up)
            shutdown(f.far.fd, SHUT_WR);
        expect(&f, cases[i].log);
        assert_int_equal(f.text[0] != '\0', strstr(f.log, "done") == NULL);
        finish(&f);
    }
}

static void limits_the_body(void **state)
{
    (void)state;
    for (int announced = 0; announced <= 1; announced++)
        for (size_t n = 10; n <= 11; n++) {
            fixture f;
            begin(&f);
            f.ask.max_body_bytes = 10;
            ask(&f, "/");
            far_accept(&f.far);
            if (announced)
                far_say(&f.far, n == 10 ? "HTTP/1.1 200 \r\nContent-Length: 10\r\n\r\n"
                                        : "HTTP/1.1 200 \r\nContent-Length: 11\r\n\r\n");
            else
                far_say(&f.far, "HTTP/1.1 200 \r\n\r\n");
            if (n == 10 || !announced) {
                far_say(&f.far, "12345");
                far_settle(&f.far);
                far_say_bytes(&f.far, "678901", n - 5);
                shutdown(f.far.fd, SHUT_WR);
            }
            expect(&f, n == 10     ? "H200 1234567890 done"
                       : announced ? "E(VIREO_ETOOBIG)"
                                   : "H200 12345E(VIREO_ETOOBIG)");
            finish(&f);
        }
}

/* --- connections used again ------------------------------------------------------------------- */

static void uses_a_connection_again(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    for (int i = 0; i < 3; i++) {
        ask(&f, "/");
        if (i == 0)
            far_accept(&f.far);
        expect_head(&f, "/", "");
        far_say(&f.far, ANSWER);
        expect(&f, "H200 hello done");
        assert_false(far_has_caller(&f.far));
    }
    far_advance(&f.far, VIREO__AGENT_IDLE_MS);
    far_expect_end(&f.far);
    finish(&f);
}

static void does_not_use_again_what_is_over(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 \r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 \r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 \r\n", /* more than was asked for */
    };
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        fixture f;
        begin(&f);
        ask(&f, "/");
        far_accept(&f.far);
        expect_head(&f, "/", "");
        far_say(&f.far, answers[i]);
        expect(&f, "H200  done");
        far_expect_end(&f.far);
        finish(&f);
    }
}

static void forgets_a_connection_that_ends_or_speaks(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        fixture f;
        begin(&f);
        ask(&f, "/");
        far_accept(&f.far);
        expect_head(&f, "/", "");
        far_say(&f.far, ANSWER);
        expect(&f, "H200 hello done");
        if (i == 0)
            far_hang_up(&f.far);
        else if (i == 1)
            far_reset(&f.far);
        else
            far_say(&f.far, "HTTP/1.1 408 \r\n\r\n");
        far_settle(&f.far);
        ask(&f, "/");
        far_accept(&f.far);
        far_say(&f.far, ANSWER);
        expect(&f, "H200 hello done");
        finish(&f);
    }
}

/* The server closes at the moment we ask: once, and only what may be repeated, is asked again. */
static void asks_again_when_the_connection_was_dead(void **state)
{
    static const struct {
        const char *method;
        const char *early; /* comes before the end */
        bool again;
    } cases[] = {{"GET", "", true}, {"POST", "", false}, {"GET", "HTTP/1.1", false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture f;
        char head[300];
        begin(&f);
        ask(&f, "/");
        far_accept(&f.far);
        expect_head(&f, "/", "");
        far_say(&f.far, ANSWER);
        expect(&f, "H200 hello done");
        f.ask.method = cases[i].method;
        ask(&f, "/again");
        far_read_head(&f.far, head, sizeof head);
        far_say(&f.far, cases[i].early);
        far_settle(&f.far);
        shutdown(f.far.fd, SHUT_WR);
        if (cases[i].again) {
            far_accept(&f.far);
            expect_head(&f, "/again", "");
            shutdown(f.far.fd, SHUT_WR); /* not a second time */
        }
        expect(&f, "E(VIREO_ECLOSED)");
        finish(&f);
    }
}

static void keeps_only_some(void **state)
{
    enum { MANY = VIREO__AGENT_IDLE + 1 };
    (void)state;
    fixture f[MANY];
    far_end far;
    far_begin(&far);
    int fds[MANY];
    for (int i = 0; i < MANY; i++) {
        f[i] = (fixture){.far = far};
        f[i].ask = (vireo__ask){.method = "GET",
                                .connect_timeout_ms = 90000,
                                .head_timeout_ms = 60000,
                                .max_body_bytes = 1000};
        ask(&f[i], "/");
        far.fd = -1;
        far_accept(&far);
        fds[i] = far.fd;
    }
    for (int i = 0; i < MANY; i++) {
        far.fd = fds[i];
        far_say(&far, ANSWER);
        expect(&f[i], "H200 hello done");
    }
    far_settle(&far);
    for (int i = 0; i < MANY; i++) {
        char byte;
        assert_int_equal(recv(fds[i], &byte, 1, MSG_PEEK) >= 0, 1);
        while (recv(fds[i], &byte, 1, 0) == 1)
            continue;
        bool ended = recv(fds[i], &byte, 1, 0) == 0;
        assert_int_equal(ended, i == 0); /* the oldest */
    }
    far.fd = -1;
    far_finish(&far);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
}

/* --- redirects -------------------------------------------------------------------------------- */

static void follows_redirects(void **state)
{
    static const char *const headers[] = {"Authorization", "secret", "Cookie", "c=d",
                                          "X-Other",       "x",      NULL};
    (void)state;
    fixture f;
    far_end other;
    char answer[200], head[400];
    begin(&f);
    far_begin(&other);
    f.ask.max_redirects = 3;
    f.ask.headers = headers;
    ask(&f, "/a/b?c");
    far_accept(&f.far);
    far_read_head(&f.far, head, sizeof head);
    far_say(&f.far, "HTTP/1.1 302 Found\r\nLocation: ../d\r\nContent-Length: 4\r\n\r\nbody");
    far_accept(&f.far);
    expect_head(&f, "/d", "Authorization: secret\r\nCookie: c=d\r\nX-Other: x\r\n");
    snprintf(answer, sizeof answer, "HTTP/1.1 307 x\r\nLocation: ws://127.0.0.1:%u/far\r\n\r\n",
             other.port);
    far_say(&f.far, answer);
    far_hang_up(&f.far);
    close(f.far.listener);
    f.far.listener = dup(other.listener);
    f.far.port = other.port;
    far_accept(&f.far);
    expect_head(&f, "/far", "X-Other: x\r\n");
    far_say(&f.far, ANSWER);
    expect(&f, "H200 hello done");
    finish(&f);
    far_finish(&other);
}

static void changes_the_method_as_all_do(void **state)
{
    static const struct {
        int status;
        const char *method;
        const char *then;
    } cases[] = {
        {301, "POST", "GET"},  {302, "POST", "GET"}, {303, "POST", "GET"},  {303, "PUT", "GET"},
        {303, "HEAD", "HEAD"}, {302, "PUT", "PUT"},  {307, "POST", "POST"}, {308, "POST", "POST"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture f;
        char head[300], answer[100], expected[100];
        begin(&f);
        f.ask.max_redirects = 1;
        f.ask.method = cases[i].method;
        f.ask.body = "abc";
        f.ask.body_len = 3;
        ask(&f, "/");
        far_accept(&f.far);
        far_read_head(&f.far, head, sizeof head);
        snprintf(answer, sizeof answer, "HTTP/1.1 %d x\r\nLocation: /then\r\n\r\n",
                 cases[i].status);
        far_say(&f.far, answer);
        far_accept(&f.far);
        far_read_head(&f.far, head, sizeof head);
        snprintf(expected, sizeof expected, "%s /then HTTP/1.1\r\n", cases[i].then);
        assert_memory_equal(head, expected, strlen(expected));
        assert_int_equal(strstr(head, "Content-Length: 3") != NULL,
                         strcmp(cases[i].then, "GET") != 0);
        finish(&f);
    }
}

static void refuses_redirects(void **state)
{
    static const struct {
        const char *location;
        const char *log;
        unsigned max;
    } cases[] = {
        {"/again", "H302 body done", 0}, /* not asked to follow: an answer */
        {NULL, "H302 body done", 5},        {"/again", "E(VIREO_EREFUSED)", 2},
        {"ftp://h/", "E(VIREO_EINVAL)", 5}, {"http://a b/", "E(VIREO_EINVAL)", 5},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture f;
        char answer[200];
        unsigned hops = cases[i].location && cases[i].location[0] == '/' ? cases[i].max : 0;
        begin(&f);
        f.ask.max_redirects = cases[i].max;
        ask(&f, "/");
        for (unsigned n = 0; n <= hops; n++) {
            far_accept(&f.far);
            snprintf(answer, sizeof answer, "HTTP/1.1 302 x\r\n%s%s%sContent-Length: 4\r\n\r\nbody",
                     cases[i].location ? "Location: " : "",
                     cases[i].location ? cases[i].location : "", cases[i].location ? "\r\n" : "");
            far_say(&f.far, answer);
        }
        expect(&f, cases[i].log);
        finish(&f);
    }
}

/* --- time ------------------------------------------------------------------------------------- */

static void waits_only_so_long(void **state)
{
    (void)state;
    for (int stage = 0; stage < 3; stage++) {
        fixture f;
        uint64_t ms = stage == 2 ? 40000 : 60000;
        begin(&f);
        ask(&f, "/");
        far_accept(&f.far);
        expect_head(&f, "/", "");
        if (stage == 1)
            far_say(&f.far, "HTTP/1.1 200 \r\nX: y\r\n");
        if (stage == 2)
            far_say(&f.far, "HTTP/1.1 200 \r\n\r\nsome");
        far_advance(&f.far, ms - 20000);
        far_settle(&f.far);
        if (stage == 2) { /* each byte gives it time */
            far_say(&f.far, "!");
            far_advance(&f.far, ms - 20000);
            far_settle(&f.far);
        }
        assert_int_equal(f.done, 0);
        far_advance(&f.far, 20000);
        expect(&f, stage == 2 ? "H200 some!E(VIREO_ETIMEDOUT)" : "E(VIREO_ETIMEDOUT)");
        far_expect_end(&f.far);
        finish(&f);
    }
}

static void waits_for_ever_if_wanted(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    f.ask.idle_timeout_ms = 0;
    ask(&f, "/");
    far_accept(&f.far);
    far_say(&f.far, "HTTP/1.1 200 \r\n\r\n");
    far_advance(&f.far, 100000000);
    far_settle(&f.far);
    assert_int_equal(f.done, 0);
    finish(&f);
}

static void tells_of_a_refused_connection(void **state)
{
    (void)state;
    fixture f;
    begin(&f);
    far_stop_listening(&f.far);
    ask(&f, "/");
    expect(&f, "E(111)");
    assert_non_null(strstr(f.text, "cannot connect to 127.0.0.1"));
    finish(&f);
}

/* --- giving it up ----------------------------------------------------------------------------- */

static void is_cancelled_at_any_moment(void **state)
{
    (void)state;
    for (int stage = 0; stage < 6; stage++) {
        fixture f;
        begin(&f);
        f.cancel_in = stage - 3;
        ask(&f, "/");
        if (stage > 0)
            far_accept(&f.far);
        if (stage == 2)
            expect_head(&f, "/", "");
        if (stage >= 3)
            far_say(&f.far, stage == 3 ? "HTTP/1.1 200 \r\nContent-Le" : ANSWER);
        if (stage < 4) {
            far_settle(&f.far);
            vireo__exchange_cancel(f.x);
            vireo__exchange_cancel(f.x);
            assert_int_equal(f.done, 0);
        }
        expect(&f, stage == 4   ? "H200 E(VIREO_ECANCELLED)"
                   : stage == 5 ? "H200 helloE(VIREO_ECANCELLED)"
                                : "E(VIREO_ECANCELLED)");
        far_settle(&f.far);
        assert_int_equal(f.done, 1);
        finish(&f);
    }
}

static void ends_with_the_application(void **state)
{
    (void)state;
    for (int stage = 0; stage < 4; stage++) {
        fixture f;
        begin(&f);
        ask(&f, "/");
        if (stage > 0)
            far_accept(&f.far);
        if (stage == 2)
            far_say(&f.far, "HTTP/1.1 200 \r\n\r\nsome");
        if (stage == 3) {
            far_say(&f.far, ANSWER);
            until_done(&f);
        }
        far_settle(&f.far);
        finish(&f);
        assert_int_equal(f.done, 1);
    }
    fixture f;
    begin(&f);
    vireo_stop(f.far.app);
    assert_int_equal(ask(&f, "/"), VIREO_ECLOSED);
    finish(&f);
}

static void gives_the_stream_away(void **state)
{
    static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                                 "Upgrade: x\r\n\r\n";
    (void)state;
    for (size_t cut = 1; cut < sizeof answer; cut += 7) {
        fixture f;
        begin(&f);
        f.detach = true;
        ask(&f, "/");
        far_accept(&f.far);
        expect_head(&f, "/", "");
        far_say_bytes(&f.far, answer, cut);
        far_settle(&f.far);
        far_say(&f.far, answer + cut);
        far_say(&f.far, "early");
        far_settle(&f.far);
        far_say(&f.far, " late");
        for (int i = 0; i < PATIENCE && strlen(f.log) < 15; i++)
            far_turn(&f.far);
        assert_string_equal(f.log, "H101 early late");
        assert_int_equal(f.done, 0);
        vireo__stream_write_copy(f.stream, "hello", 5);
        far_expect(&f.far, "hello");
        finish(&f);
    }
}

/* --- want of memory --------------------------------------------------------------------------- */

static void survives_want_of_memory(void **state)
{
    static const char *const headers[] = {"X-One", "1", NULL};
    (void)state;
    for (int n = 1;; n++) {
        fixture f;
        bool said = false;
        begin(&f);
        f.ask.headers = headers;
        f.ask.method = "POST";
        f.ask.body = "abc";
        f.ask.body_len = 3;
        f.ask.max_redirects = 1;
        vireo__app_agent(f.far.app);
        oom_fail_at(n);
        int result = ask(&f, "/");
        for (int i = 0; i < 500 && result == 0 && f.done == 0; i++) {
            int fd = f.far.fd < 0 || said ? accept4(f.far.listener, NULL, NULL, SOCK_NONBLOCK) : -1;
            if (fd >= 0) {
                far_hang_up(&f.far);
                f.far.fd = fd;
                far_say(&f.far, said ? ANSWER : "HTTP/1.1 302 x\r\nLocation: /then\r\n\r\n");
                said = true;
            }
            far_turn(&f.far);
        }
        bool failed = oom_failed();
        if (result < 0)
            assert_int_equal(result, VIREO_ENOMEM);
        else if (strcmp(f.log, "H200 hello done") != 0)
            assert_non_null(strstr(f.log, "E(VIREO_ENOMEM)"));
        finish(&f);
        if (!failed) {
            assert_string_equal(f.log, "H200 hello done");
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gets_an_answer),
        cmocka_unit_test(writes_requests),
        cmocka_unit_test(refuses_bad_requests),
        cmocka_unit_test(knows_the_users_of_urls),
        cmocka_unit_test(reads_bodies_of_every_kind),
        cmocka_unit_test(limits_the_body),
        cmocka_unit_test(uses_a_connection_again),
        cmocka_unit_test(does_not_use_again_what_is_over),
        cmocka_unit_test(forgets_a_connection_that_ends_or_speaks),
        cmocka_unit_test(asks_again_when_the_connection_was_dead),
        cmocka_unit_test(keeps_only_some),
        cmocka_unit_test(follows_redirects),
        cmocka_unit_test(changes_the_method_as_all_do),
        cmocka_unit_test(refuses_redirects),
        cmocka_unit_test(waits_only_so_long),
        cmocka_unit_test(waits_for_ever_if_wanted),
        cmocka_unit_test(tells_of_a_refused_connection),
        cmocka_unit_test(is_cancelled_at_any_moment),
        cmocka_unit_test(ends_with_the_application),
        cmocka_unit_test(gives_the_stream_away),
        cmocka_unit_test(survives_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
