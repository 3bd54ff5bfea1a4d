/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* What a server tells of what the system allows it (O03). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "http/advice.h"

#define MB ((uint64_t)1 << 20)

static const struct {
    vireo__facts facts;
    const char *lines[VIREO__ADVICE_LINES];
} rows[] = {
    {{0}, {NULL}},
    {{.descriptors = 1024},
     {"room for 960 connections (the limit: descriptors: ulimit -n, LimitNOFILE of systemd)"}},
    {{.descriptors = VIREO__SPARE_DESCRIPTORS},
     {"room for 0 connections (the limit: descriptors: ulimit -n, LimitNOFILE of systemd)"}},
    {{.descriptors = 10},
     {"room for 0 connections (the limit: descriptors: ulimit -n, LimitNOFILE of systemd)"}},
    {{.descriptors = 1048576, .memory = 512 * MB, .max_connections = 1000000},
     {"room for 32768 connections (the limit: memory, at 16 KiB each)"}},
    {{.descriptors = 1048576, .memory = 512 * MB, .max_connections = 5000},
     {"room for 5000 connections (the limit: max_connections)"}},
    {{.max_connections = 100, .backlog = 4096, .somaxconn = 128},
     {"room for 100 connections (the limit: max_connections)",
      "of connections that come at once, 128 can wait, not 4096: sysctl net.core.somaxconn"}},
    {{.max_connections = 100, .backlog = 4096, .somaxconn = 4096},
     {"room for 100 connections (the limit: max_connections)"}},
    {{.max_connections = 28232, .ports = 28232},
     {"room for 28232 connections (the limit: max_connections)"}},
    {{.max_connections = 28233, .ports = 28232},
     {"room for 28233 connections (the limit: max_connections)",
      "a proxy can have 28232 connections to this port from each of its addresses: sysctl "
      "net.ipv4.ip_local_port_range"}},
    {{.descriptors = UINT64_MAX,
      .memory = UINT64_MAX,
      .max_connections = 1,
      .backlog = UINT64_MAX,
      .somaxconn = 1},
     {"room for 1 connections (the limit: max_connections)",
      "of connections that come at once, 1 can wait, not 18446744073709551615: sysctl "
      "net.core.somaxconn"}},
};

static void tells_what_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char lines[VIREO__ADVICE_LINES][VIREO__ADVICE_SIZE];
        size_t wanted = 0, count = vireo__advise(&rows[i].facts, lines);
        while (wanted < VIREO__ADVICE_LINES && rows[i].lines[wanted] != NULL)
            wanted++;
        assert_int_equal(count, wanted);
        for (size_t k = 0; k < count; k++)
            assert_string_equal(lines[k], rows[i].lines[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tells_what_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
