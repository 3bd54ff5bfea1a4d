/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* sse/feed.h (O06, E02): one order for all readers, what comes before what, inboxes that are full,
 * memory that runs out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "oom.h"
#include "sse/feed.h"

enum { EVENT_BYTES = sizeof "data: x\n\n" - 1 };

/* The first letter of each. */
static void spell(char *out, vireo__list *items)
{
    while (!vireo__list_empty(items)) {
        vireo__sse_item *item = vireo__container(items->next, vireo__sse_item, node);
        const char *data = strstr((const char *)item->text->data, "data: ");
        size_t n = strlen(out);
        out[n] = data[6];
        out[n + 1] = '\0';
        if (!item->to_all)
            assert_string_equal(item->room, "room");
        vireo__sse_item_free(item);
    }
}

typedef struct said {
    int error;
    unsigned missed;
    char before[64];
    char text[64];
} said;

static said publish_to(vireo__sse_reader *r, const char *room, const char *data)
{
    said out = {0};
    vireo__list before;
    vireo__shared *text;
    vireo__buf buf;
    vireo__buf_init(&buf, VIREO__BUF_UNLIMITED);
    out.error = vireo__sse_feed_publish(r, room, NULL, vireo__str_of(data), &buf, &before, &text,
                                        &out.missed);
    vireo__buf_deinit(&buf);
    if (out.error < 0)
        return out;
    spell(out.before, &before);
    snprintf(out.text, sizeof out.text, "%.*s", (int)text->len, (const char *)text->data);
    vireo__shared_unref(text);
    return out;
}

static said publish(vireo__sse_reader *r, const char *data)
{
    return publish_to(r, NULL, data);
}

static const char *take(vireo__sse_reader *r, size_t most, bool all)
{
    static char out[64];
    vireo__list items;
    out[0] = '\0';
    assert_int_equal(vireo__sse_feed_take(r, most, &items), all);
    spell(out, &items);
    return out;
}

/* What it has to hand out, a bar, and what the client has missed; "lost" if that is not known. */
static const char *back(vireo__sse_reader *r, const char *id)
{
    static char out[128];
    vireo__list before, past;
    out[0] = '\0';
    bool known = vireo__sse_feed_return(r, id, &before, &past);
    spell(out, &before);
    strcat(out, known ? "|" : "|lost");
    spell(out, &past);
    return out;
}

static int woken;
static int wake_problem;

static int wake(vireo__sse_reader *r, void *owner)
{
    assert_ptr_equal(vireo__sse_reader_owner(r), owner);
    woken++;
    return wake_problem;
}

static int wake_all(vireo__sse_feed *f)
{
    woken = 0;
    assert_int_equal(vireo__sse_feed_wake(f, wake), wake_problem);
    return woken;
}

/* --- tests ------------------------------------------------------------------------------------ */

static void own_events_come_behind_those_of_others(void **state)
{
    (void)state;
    vireo__sse_feed *f = vireo__sse_feed_new(100, 10000, 0, 0);
    vireo__sse_reader *a = vireo__sse_feed_join(f, "a"), *b = vireo__sse_feed_join(f, "b");
    assert_string_equal(publish(a, "1").before, "");
    publish_to(a, "room", "2");
    assert_string_equal(publish(b, "3").before, "12");
    assert_string_equal(publish(b, "4").before, "");
    assert_string_equal(publish(a, "5").before, "34");
    assert_string_equal(take(a, 10, true), "");
    assert_string_equal(take(b, 10, true), "5");
    vireo__sse_feed_free(f);
}

static void ids_are_of_one_row(void **state)
{
    (void)state;
    char epoch[9], wanted[64];
    vireo__sse_feed *f = vireo__sse_feed_new(100, 10000, 0, 0);
    vireo__sse_reader *r[2] = {vireo__sse_feed_join(f, "a"), vireo__sse_feed_join(f, "b")};
    for (int i = 1; i < 10; i++) {
        said s = publish(r[i % 2], "x");
        if (i == 1)
            snprintf(epoch, sizeof epoch, "%.8s", s.text + 4);
        snprintf(wanted, sizeof wanted, "id: %s-%d\ndata: x\n\n", epoch, i);
        assert_string_equal(s.text, wanted);
    }
    vireo__sse_feed_free(f);
}

static void who_comes_back_goes_on_behind_what_was_handed_out(void **state)
{
    (void)state;
    char id[32];
    vireo__sse_feed *f = vireo__sse_feed_new(3, 10000, 0, 0);
    vireo__sse_reader *a = vireo__sse_feed_join(f, "a"), *b = vireo__sse_feed_join(f, "b");
    sscanf(publish(a, "1").text, "id: %31s", id);
    publish_to(a, "room", "2");
    publish(b, "3");
    publish(a, "4");
    assert_string_equal(back(b, id), "4|234");
    assert_string_equal(back(a, id), "|234");
    assert_string_equal(take(b, 10, true), "");
    publish(a, "5");
    assert_string_equal(back(b, id), "5|lost");
    assert_string_equal(back(b, "nonsense"), "|lost");
    vireo__sse_feed_free(f);
}

static void no_history(void **state)
{
    (void)state;
    vireo__sse_feed *f = vireo__sse_feed_new(0, 10000, 0, 0);
    vireo__sse_reader *a = vireo__sse_feed_join(f, "a"), *b = vireo__sse_feed_join(f, "b");
    assert_string_equal(publish(a, "1").text, "data: 1\n\n");
    assert_string_equal(back(b, "12345678-1"), "1|lost");
    vireo__sse_feed_free(f);
}

static void an_inbox_is_full(void **state)
{
    (void)state;
    vireo__sse_feed *f = vireo__sse_feed_new(0, 0, 2, (size_t)4 * EVENT_BYTES);
    vireo__sse_reader *a = vireo__sse_feed_join(f, "a"), *b = vireo__sse_feed_join(f, "b");
    assert_int_equal(publish(a, "1").missed, 0);
    assert_int_equal(publish(a, "2").missed, 0); /* exactly so many */
    assert_int_equal(publish(a, "3").missed, 1);
    assert_string_equal(take(b, 1, false), "1");
    assert_int_equal(publish(a, "4").missed, 0);
    assert_string_equal(take(b, 10, true), "24");
    assert_int_equal(publish(a, "5xxxxxxxxx").missed, 0);
    assert_int_equal(publish(a, "6xxxxxxxxx").missed, 0); /* exactly the bytes */
    assert_string_equal(take(b, 10, true), "56");
    assert_int_equal(publish(a, "7xxxxxxxxx").missed, 0);
    assert_int_equal(publish(a, "8xxxxxxxxxx").missed, 1); /* one byte beyond */
    assert_string_equal(take(b, 10, true), "7");
    vireo__sse_feed_free(f);
}

static void woken_once_until_it_has_taken_all(void **state)
{
    (void)state;
    vireo__sse_feed *f = vireo__sse_feed_new(0, 0, 0, 0);
    vireo__sse_reader *a = vireo__sse_feed_join(f, "a"), *b = vireo__sse_feed_join(f, "b");
    vireo__sse_feed_join(f, "c");
    assert_int_equal(wake_all(f), 0);
    publish(a, "1");
    wake_problem = VIREO_ENOMEM;
    assert_int_equal(wake_all(f), 2);
    wake_problem = 0;
    assert_int_equal(wake_all(f), 2);
    publish(a, "2");
    assert_int_equal(wake_all(f), 0);
    assert_string_equal(take(b, 1, false), "1");
    publish(a, "3");
    assert_int_equal(wake_all(f), 0);
    assert_string_equal(take(b, 10, true), "23");
    publish(a, "4");
    assert_int_equal(wake_all(f), 1);
    vireo__sse_feed_free(f);
}

static void who_has_left_gets_nothing(void **state)
{
    (void)state;
    vireo__sse_feed *f = vireo__sse_feed_new(0, 0, 1, 1000);
    vireo__sse_reader *a = vireo__sse_feed_join(f, "a"), *b = vireo__sse_feed_join(f, "b");
    publish(a, "1");
    vireo__sse_feed_leave(b);
    assert_null(vireo__sse_reader_owner(b));
    assert_int_equal(publish(a, "2").missed, 0);
    assert_int_equal(wake_all(f), 0);
    vireo__sse_feed_free(f);
}

static void what_cannot_be_written_changes_nothing(void **state)
{
    (void)state;
    vireo__sse_feed *f = vireo__sse_feed_new(10, 1000, 0, 0);
    vireo__sse_reader *a = vireo__sse_feed_join(f, "a"), *b = vireo__sse_feed_join(f, "b");
    publish(b, "1");
    assert_int_equal(publish(a, "\xff").error, VIREO_EUTF8);
    assert_string_equal(take(b, 10, true), "");
    assert_string_equal(publish(a, "2").before, "1");
    vireo__sse_feed_free(f);
}

/* Either nothing was published, or all but those who are counted have it. */
static void memory_runs_out(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        char id[32];
        vireo__sse_feed *f = vireo__sse_feed_new(10, 1000, 0, 0);
        vireo__sse_reader *a = vireo__sse_feed_join(f, "a"), *b = vireo__sse_feed_join(f, "b");
        sscanf(publish(a, "0").text, "id: %31s", id);
        take(b, 10, true);
        oom_fail_at(n);
        said s = publish_to(a, "room", "1");
        bool failed = oom_failed();
        assert_true(s.error == 0 || (failed && s.error == VIREO_ENOMEM));
        assert_string_equal(take(b, 10, true), s.error == 0 && s.missed == 0 ? "1" : "");
        if (s.error < 0)
            assert_string_equal(back(a, id), "|");
        vireo__sse_feed_free(f);
        if (!failed)
            break;
    }
    for (int n = 1;; n++) {
        char id[32];
        vireo__sse_feed *f = vireo__sse_feed_new(10, 1000, 0, 0);
        vireo__sse_reader *a = vireo__sse_feed_join(f, "a");
        sscanf(publish(a, "0").text, "id: %31s", id);
        publish(a, "1");
        publish(a, "2");
        oom_fail_at(n);
        const char *got = back(a, id);
        bool failed = oom_failed();
        assert_string_equal(got, failed ? "|lost" : "|12");
        vireo__sse_feed_free(f);
        if (!failed)
            break;
    }
    for (int n = 1;; n++) {
        oom_fail_at(n);
        vireo__sse_feed *f = vireo__sse_feed_new(10, 1000, 0, 0);
        vireo__sse_reader *r = f != NULL ? vireo__sse_feed_join(f, "a") : NULL;
        vireo__sse_feed_free(f);
        if (!oom_failed())
            break;
        assert_null(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_events_come_behind_those_of_others),
        cmocka_unit_test(ids_are_of_one_row),
        cmocka_unit_test(who_comes_back_goes_on_behind_what_was_handed_out),
        cmocka_unit_test(no_history),
        cmocka_unit_test(an_inbox_is_full),
        cmocka_unit_test(woken_once_until_it_has_taken_all),
        cmocka_unit_test(who_has_left_gets_nothing),
        cmocka_unit_test(what_cannot_be_written_changes_nothing),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
