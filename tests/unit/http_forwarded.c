/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http/forwarded.h: H13, who the client is, behind proxies. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <vireo/error.h>

#include "guard.h"
#include "http/forwarded.h"

static const struct {
    const char *text;
    const char *written; /* NULL: no address */
} addresses[] = {
    {"127.0.0.1", "127.0.0.1"},
    {"255.255.255.255", "255.255.255.255"},
    {"::1", "::1"},
    {"::ffff:10.0.0.1", "10.0.0.1"},
    {"2001:DB8::17", "2001:db8::17"},
    {"[2001:db8::17]", "2001:db8::17"},
    {"[2001:db8::17]:4711", "2001:db8::17"},
    {"[::ffff:1.2.3.4]:1", "1.2.3.4"},
    {"1.2.3.4:80", "1.2.3.4"},
    {"1.2.3.4:_hidden", "1.2.3.4"},
    {"", NULL},
    {"1.2.3", NULL},
    {"1.2.3.4.5", NULL},
    {"1.2.3.256", NULL},
    {"01.2.3.4", NULL},
    {"1.2.3.4:", NULL},
    {"1.2.3.4:x", NULL},
    {"[1.2.3.4]", NULL},
    {"[::1", NULL},
    {"[]", NULL},
    {"[::1]80", NULL},
    {"[::1]:", NULL},
    {"::1]:80", NULL},
    {"unknown", NULL},
    {"_secret", NULL},
    {"localhost", NULL},
    {"fe80::1%eth0", NULL},
    {"1.2.3.4 ", NULL},
    {"0000:0000:0000:0000:0000:ffff:192.168.100.200:1", NULL},
    {"0000:0000:0000:0000:0000:ffff:192.168.100.228", "192.168.100.228"},
};

static void reads_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        size_t n = strlen(addresses[i].text);
        vireo__ip ip;
        char text[VIREO__IP_TEXT] = "";
        for (size_t cut = 0; cut <= n; cut++) {
            char *copy = guard_copy(addresses[i].text, cut);
            bool found = vireo__ip_read((vireo__str){copy, cut}, &ip);
            guard_free(copy, cut);
            if (cut < n)
                continue;
            if (found != (addresses[i].written != NULL))
                fail_msg("%s: %d", addresses[i].text, found);
            if (found)
                vireo__ip_write(&ip, text);
            assert_string_equal(text, addresses[i].written != NULL ? addresses[i].written : "");
        }
    }
    vireo__ip ip;
    assert_false(vireo__ip_read((vireo__str){"::1\0", 4}, &ip));
}

static void reads_lists_of_trust(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "loopback",
                                       "loopback, linklocal ,uniquelocal",
                                       "10.0.0.0/8",
                                       "10.1.2.3/32",
                                       "0.0.0.0/0",
                                       "::/0",
                                       "fc00::/7, 1.2.3.4",
                                       "::ffff:10.0.0.0/104",
                                       "2001:db8::1/128"};
    static const char *const bad[] = {"localhost", "10.0.0.0/33",   "::1/129",
                                      "10.0.0.0/", "10.0.0.0/-1",   "10.0.0.0/a",
                                      "10/8",      "1.2.3.4:80",    "loopback uniquelocal",
                                      "[::1]",     "10.0.0.0/0008", "Loopback"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        vireo__trust trust = {0};
        if (vireo__trust_read(&trust, good[i]) != 0)
            fail_msg("%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vireo__trust trust = {0};
        if (vireo__trust_read(&trust, bad[i]) != VIREO_EINVAL)
            fail_msg("%s", bad[i]);
    }
}

static void limits_the_networks(void **state)
{
    (void)state;
    vireo__trust trust = {0};
    for (int i = 0; i < VIREO__MAX_NETWORKS; i++)
        assert_int_equal(vireo__trust_read(&trust, "10.0.0.1"), 0);
    assert_int_equal(vireo__trust_read(&trust, "10.0.0.1"), VIREO_EINVAL);
}

static const struct {
    const char *list;
    unsigned hops;
    const char *peer; /* NULL: a unix socket */
    vireo__forwarding headers;
    const char *found; /* "address protocol host" */
} table[] = {
    /* nobody is trusted, or not the peer */
    {"", 0, "10.0.0.1", {.x_for = "1.1.1.1", .x_proto = "https", .x_host = "h"}, "-  "},
    {"10.0.0.2", 0, "10.0.0.1", {.x_for = "1.1.1.1", .x_proto = "https"}, "-  "},
    {"10.0.0.1", 0, "10.0.0.1", {0}, "-  "},
    {"10.0.0.1", 0, "10.0.0.1", {.x_for = "1.1.1.1"}, "1.1.1.1  "},
    {"10.0.0.1", 0, "::ffff:10.0.0.1", {.x_for = "1.1.1.1"}, "1.1.1.1  "},
    {"10.0.0.0/8", 0, "10.255.0.1", {.x_for = "6.6.6.6, 1.1.1.1"}, "1.1.1.1  "},
    {"10.0.0.0/8", 0, "11.0.0.1", {.x_for = "1.1.1.1"}, "-  "},
    {"10.0.0.0/9", 0, "10.128.0.1", {.x_for = "1.1.1.1"}, "-  "},
    {"fe80::/10", 0, "febf::1", {.x_for = "1.1.1.1"}, "1.1.1.1  "},
    {"fe80::/10", 0, "fec0::1", {.x_for = "1.1.1.1"}, "-  "},
    {"loopback", 0, "127.9.9.9", {.x_for = "1.1.1.1"}, "1.1.1.1  "},
    {"loopback", 0, "::1", {.x_for = "::2"}, "::2  "},
    {"linklocal", 0, "169.254.1.1", {.x_for = "1.1.1.1"}, "1.1.1.1  "},
    {"uniquelocal", 0, "192.168.7.7", {.x_for = "8.8.8.8, 172.16.3.3"}, "8.8.8.8  "},
    /* all are trusted: the furthest */
    {"10.0.0.0/8", 0, "10.0.0.1", {.x_for = "10.0.0.3, 10.0.0.2"}, "10.0.0.3  "},
    {"0.0.0.0/0", 0, "10.0.0.1", {.x_for = "9.9.9.9, 1.1.1.1"}, "9.9.9.9  "},
    /* so many hops */
    {"", 1, "10.0.0.1", {.x_for = "9.9.9.9, 1.1.1.1"}, "1.1.1.1  "},
    {"", 2, "10.0.0.1", {.x_for = "9.9.9.9, 1.1.1.1"}, "9.9.9.9  "},
    {"", 3, "10.0.0.1", {.x_for = "9.9.9.9, 1.1.1.1"}, "9.9.9.9  "},
    {"", 1, NULL, {.x_for = "1.1.1.1"}, "1.1.1.1  "},
    {"loopback", 0, NULL, {.x_for = "1.1.1.1"}, "1.1.1.1  "},
    {"", 0, NULL, {.x_for = "1.1.1.1"}, "-  "},
    /* what is no address ends the search */
    {"", 9, "10.0.0.1", {.x_for = "9.9.9.9, unknown, 1.1.1.1"}, "1.1.1.1  "},
    {"", 9, "10.0.0.1", {.x_for = "unknown"}, "-  "},
    {"", 9, "10.0.0.1", {.x_for = "9.9.9.9,, 1.1.1.1"}, "1.1.1.1  "},
    {"", 1, "10.0.0.1", {.x_for = ""}, "-  "},
    {"", 1, "10.0.0.1", {.x_for = "1.1.1.1:1234"}, "1.1.1.1  "},
    {"", 1, "10.0.0.1", {.x_for = "[::5]:1234"}, "::5  "},
    /* protocol and host go with the hop */
    {"",
     1,
     "10.0.0.1",
     {.x_for = "1.1.1.1", .x_proto = "https", .x_host = "a.example:8"},
     "1.1.1.1 https a.example:8"},
    {"", 1, "10.0.0.1", {.x_for = "9.9.9.9, 1.1.1.1", .x_proto = "http, https"}, "1.1.1.1 https "},
    {"", 2, "10.0.0.1", {.x_for = "9.9.9.9, 1.1.1.1", .x_proto = "http, https"}, "9.9.9.9 http "},
    {"", 2, "10.0.0.1", {.x_for = "9.9.9.9, 1.1.1.1", .x_proto = "https"}, "9.9.9.9 https "},
    {"", 1, "10.0.0.1", {.x_proto = "https", .x_host = "a"}, "- https a"},
    {"", 1, "10.0.0.1", {.x_proto = "javascript", .x_host = "a\" b"}, "-  "},
    {"", 1, "10.0.0.1", {.x_proto = "HTTPS", .x_host = "[::1]:8"}, "- HTTPS [::1]:8"},
    {"", 0, "10.0.0.1", {.x_proto = "https", .x_host = "a"}, "-  "},
    /* Forwarded, which then counts alone */
    {"",
     1,
     "10.0.0.1",
     {.forwarded = "for=1.1.1.1;proto=https;host=a.example", .x_for = "6.6.6.6"},
     "1.1.1.1 https a.example"},
    {"", 1, "10.0.0.1", {.forwarded = "", .x_for = "6.6.6.6", .x_host = "b"}, "-  "},
    {"",
     1,
     "10.0.0.1",
     {.forwarded = "FOR=\"[2001:db8::17]:4711\" ; Host=\"a:80\""},
     "2001:db8::17  a:80"},
    {"",
     1,
     "10.0.0.1",
     {.forwarded = "for=9.9.9.9;proto=http, for=1.1.1.1;proto=https"},
     "1.1.1.1 https "},
    {"",
     2,
     "10.0.0.1",
     {.forwarded = "for=9.9.9.9;proto=http, for=1.1.1.1;proto=https"},
     "9.9.9.9 http "},
    {"", 2, "10.0.0.1", {.forwarded = "for=9.9.9.9, for=unknown"}, "-  "},
    {"", 2, "10.0.0.1", {.forwarded = "for=\"9.9.9.9,for=8.8.8.8\""}, "-  "},
    {"", 2, "10.0.0.1", {.forwarded = "for=\"_a,\\\"b\", for=1.1.1.1"}, "1.1.1.1  "},
    {"", 1, "10.0.0.1", {.forwarded = "proto=https"}, "- https "},
    {"", 1, "10.0.0.1", {.forwarded = "for=::5"}, "::5  "},
    {"", 1, "10.0.0.1", {.forwarded = "host=\"a\\b\""}, "-  "},
};

static void find(char out[200], const vireo__trust *trust, const char *peer,
                 const vireo__forwarding *headers)
{
    vireo__ip ip;
    vireo__client client;
    char address[VIREO__IP_TEXT] = "-";
    assert_true(peer == NULL || vireo__ip_read(vireo__str_of(peer), &ip));
    vireo__forwarded_find(trust, peer != NULL ? &ip : NULL, headers, &client);
    if (client.has_ip)
        vireo__ip_write(&client.ip, address);
    sprintf(out, "%s %.*s %.*s", address, (int)client.protocol.len, client.protocol.at,
            (int)client.host.len, client.host.at);
}

static void finds_the_client(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        vireo__trust trust = {.hops = table[i].hops};
        char text[200];
        assert_int_equal(vireo__trust_read(&trust, table[i].list), 0);
        find(text, &trust, table[i].peer, &table[i].headers);
        if (strcmp(text, table[i].found) != 0)
            fail_msg("row %zu: %s, not %s", i, text, table[i].found);
    }
}

/* Of a list that is longer, the last VIREO__MAX_HOPS entries are known. */
static void looks_at_so_many_hops(void **state)
{
    (void)state;
    char list[1000] = "1.1.1.1", text[200];
    vireo__trust trust = {.hops = 1000};
    for (int i = 0; i < VIREO__MAX_HOPS - 1; i++)
        strcat(list, ", 2.2.2.2");
    find(text, &trust, "10.0.0.1", &(vireo__forwarding){.x_for = list, .x_host = list});
    assert_string_equal(text, "1.1.1.1  1.1.1.1");
    strcat(list, ", 2.2.2.2");
    find(text, &trust, "10.0.0.1", &(vireo__forwarding){.x_for = list, .x_host = list});
    assert_string_equal(text, "2.2.2.2  2.2.2.2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_addresses),       cmocka_unit_test(reads_lists_of_trust),
        cmocka_unit_test(limits_the_networks),   cmocka_unit_test(finds_the_client),
        cmocka_unit_test(looks_at_so_many_hops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
