/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* cluster/workers.h (O06): a lane between two workers, empty, full and one beyond; what waits when
 * all is over. */

#include "two_workers.h"

#include <vireo/error.h>
#include <vireo/metrics.h>
#include <vireo/vireo.h>

#include "cluster/mail.h"
#include "http/exposition.h"

static unsigned told[2];   /* news that came to each worker */
static unsigned events[2]; /* .. and events from the other one */

static void hear(vireo_app *app, const vireo__news *news)
{
    assert_string_equal(news->name, "name");
    told[vireo_worker(app)]++;
}

static void on_event(vireo_ns *ns, const vireo_msg *m)
{
    (void)m;
    events[vireo_worker(vireo_ns_app(ns))]++;
}

static int results, last_status;

static void on_results(vireo_ns *ns, int status, const vireo_value *list, void *user)
{
    (void)ns;
    (void)list;
    (void)user;
    results++;
    last_status = status;
}

static int setup(vireo_app *app, void *unused)
{
    static const vireo_server_handler server_events[] = {{"event", on_event}, {0}};
    (void)unused;
    return vireo_namespace(app, "/", .server_events = server_events) != NULL ? 0 : VIREO_ENOMEM;
}

/* Each side has told the other that it is there. */
static void open_quiet(size_t most_messages, size_t most_bytes)
{
    memset(told, 0, sizeof told);
    memset(events, 0, sizeof events);
    results = 0;
    two_open(setup, most_messages, most_bytes);
    peer_settle(two.apps[0]);
}

static int tell(unsigned from, size_t n)
{
    vireo__shared *bytes = vireo__shared_new(n);
    assert_non_null(bytes);
    memset(bytes->data, 'x', n);
    int error = vireo__group_tell(two.apps[from],
                                  &(vireo__news){.fn = hear, .name = "name", .bytes = bytes});
    vireo__shared_unref(bytes);
    return error;
}

static vireo_ns *ns_of(unsigned worker)
{
    return vireo_of(two.apps[worker], "/");
}

static int emit(unsigned from)
{
    return vireo_server_side_emit(ns_of(from), "event", NULL);
}

static int fetch(unsigned from)
{
    return vireo_fetch_sockets(vireo_all(ns_of(from)), 0, on_results, NULL);
}

static uint64_t dropped(unsigned worker)
{
    vireo__exposition x;
    vireo__exposition_init(&x);
    for (vireo__list *at = two.apps[worker]->parts.next; at != &two.apps[worker]->parts;
         at = at->next) {
        const vireo__part *part = vireo__container(at, vireo__part, node);
        if (part->measure != NULL)
            part->measure(part->owner, &x);
    }
    vireo__buf text;
    vireo__buf_init(&text, VIREO__BUF_UNLIMITED);
    vireo__exposition_write(&x, &text);
    const char *line = strstr(vireo__buf_cstr(&text), "\nvireo_workers_dropped_total ");
    assert_non_null(line);
    uint64_t n = strtoull(strchr(line, ' '), NULL, 10);
    vireo__buf_deinit(&text);
    vireo__exposition_deinit(&x);
    return n;
}

/* --- tests ------------------------------------------------------------------------------------ */

/* One receiver is as far behind as it may be; the other direction is not touched by that. */
static void a_lane_is_full(void **state)
{
    (void)state;
    open_quiet(5, 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(tell(0, 1), 0);
    assert_int_equal(emit(0), 0); /* of whatever kind: exactly so many */
    assert_int_equal(two.lines, 0);
    assert_int_equal(tell(0, 1), VIREO_EFULL);
    assert_int_equal(emit(0), VIREO_EFULL);
    assert_int_equal(fetch(0), VIREO_EFULL);
    assert_int_equal(two.lines, 1); /* not one for each */
    assert_string_equal(two.log,
                        "workers: worker 1 does not keep up with worker 0: messages are dropped");
    assert_int_equal(dropped(0), 2); /* the question was not begun */
    assert_int_equal(tell(1, 1), 0);
    assert_int_equal(dropped(1), 0);
    peer_settle(two.apps[0]);
    assert_int_equal(told[1], 4);
    assert_int_equal(events[1], 1);
    assert_int_equal(told[0], 1);
    assert_int_equal(results, 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(tell(0, 1), 0); /* it has caught up */
    peer_settle(two.apps[0]);
    assert_int_equal(told[1], 9);
    assert_int_equal(fetch(0), 0);
    peer_settle(two.apps[0]);
    assert_int_equal(results, 1);
    assert_int_equal(last_status, 0);
    two_close();
}

static void a_lane_is_full_of_bytes(void **state)
{
    (void)state;
    const size_t own = sizeof(vireo__mail) + sizeof(vireo__letter) + sizeof "name", most = 10000;
    open_quiet(0, most);
    assert_int_equal(tell(0, most - own + 1), VIREO_EFULL);
    assert_int_equal(tell(0, most - own), 0); /* exactly */
    assert_int_equal(emit(0), VIREO_EFULL);
    peer_settle(two.apps[0]);
    assert_int_equal(tell(0, 1000), 0);
    assert_int_equal(tell(0, most - 2 * own - 1000 + 1), VIREO_EFULL);
    assert_int_equal(tell(0, most - 2 * own - 1000), 0);
    peer_settle(two.apps[0]);
    assert_int_equal(told[1], 3);
    assert_int_equal(dropped(0), 3);
    two_close();
}

/* As many as there may be by default; and no more than so many are handled in one turn. */
static void the_usual_limit(void **state)
{
    (void)state;
    open_quiet(0, 0);
    for (int i = 0; i < VIREO__LANE_MESSAGES; i++)
        assert_int_equal(tell(0, 1), 0);
    assert_int_equal(tell(0, 1), VIREO_EFULL);
    for (unsigned before = 0; told[1] < VIREO__LANE_MESSAGES; before = told[1]) {
        peer_turn(two.apps[0]);
        assert_in_range(told[1] - before, 0, 2 * VIREO__MAIL_PER_TURN);
    }
    assert_int_equal(told[1], VIREO__LANE_MESSAGES);
    two_close();
}

static void the_usual_limit_of_bytes(void **state)
{
    (void)state;
    const size_t megabyte = 1024 * 1024;
    open_quiet(0, 0);
    for (size_t i = 0; i < VIREO__LANE_BYTES / megabyte - 1; i++)
        assert_int_equal(tell(0, megabyte), 0);
    assert_int_equal(tell(0, megabyte), VIREO_EFULL); /* with what each needs itself */
    peer_settle(two.apps[0]);
    assert_int_equal(told[1], VIREO__LANE_BYTES / megabyte - 1);
    two_close();
}

/* What nobody has read goes with the workers: said in this turn, handed over, and taken. */
static void all_is_over(void **state)
{
    (void)state;
    open_quiet(0, 0);
    for (int i = 0; i < 3 * VIREO__MAIL_PER_TURN; i++) {
        tell(0, 10);
        tell(1, 10);
    }
    peer_turn(two.apps[0]);
    tell(0, 10);
    fetch(1);
    two_close();
    assert_int_equal(results, 1); /* a question ends, once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lane_is_full),  cmocka_unit_test(a_lane_is_full_of_bytes),
        cmocka_unit_test(the_usual_limit), cmocka_unit_test(the_usual_limit_of_bytes),
        cmocka_unit_test(all_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
