/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http/accept.h: H15, negotiation (RFC 9110 section 12.5). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <stdlib.h>

#include "http/accept.h"

static const struct {
    vireo__accept kind;
    const char *header;
    const char *offers; /* with spaces between them */
    int best;
} table[] = {
    {VIREO__ACCEPT_TYPE, NULL, "text/html application/json", 0},
    {VIREO__ACCEPT_TYPE, "", "text/html", -1},
    {VIREO__ACCEPT_TYPE, "*/*", "text/html application/json", 0},
    {VIREO__ACCEPT_TYPE, "application/json", "text/html application/json", 1},
    {VIREO__ACCEPT_TYPE, "Application/JSON", "text/html application/json", 1},
    {VIREO__ACCEPT_TYPE, "text/*", "application/json text/html", 1},
    {VIREO__ACCEPT_TYPE, "image/png", "application/json text/html", -1},
    {VIREO__ACCEPT_TYPE, "text/html;q=0.5, application/json;q=0.9", "text/html application/json",
     1},
    {VIREO__ACCEPT_TYPE, "application/json, text/html", "text/html application/json", 1},
    {VIREO__ACCEPT_TYPE, "text/*, text/plain;q=0.1", "text/plain text/html", 1},
    {VIREO__ACCEPT_TYPE, "*/*;q=0.1, text/*;q=0.2", "image/png text/html", 1},
    {VIREO__ACCEPT_TYPE, "text/html;q=0", "text/html", -1},
    {VIREO__ACCEPT_TYPE, "*/*, text/html;q=0", "text/html text/plain", 1},
    {VIREO__ACCEPT_TYPE, "text/html;level=1", "text/html text/html;level=1", 1},
    {VIREO__ACCEPT_TYPE, "text/html;level=\"1\", text/html;q=0.4", "text/html text/html;level=1",
     1},
    {VIREO__ACCEPT_TYPE, "text/html;level=\"a,b;q=0\"", "text/html;level=\"A,B;q=0\"", 0},
    {VIREO__ACCEPT_TYPE, "text/html;q=0.4;level=1", "text/html", 0}, /* level: an extension */
    {VIREO__ACCEPT_TYPE, "text/html;q=1.0000", "text/html", -1},
    {VIREO__ACCEPT_TYPE, "text/html;q=1.001", "text/html", -1},
    {VIREO__ACCEPT_TYPE, "text/html;q=2", "text/html", -1},
    {VIREO__ACCEPT_TYPE, "text/html;q=-1", "text/html", -1},
    {VIREO__ACCEPT_TYPE, "text/html;q=", "text/html", -1},
    {VIREO__ACCEPT_TYPE, "text/html;q=0.001", "text/html", 0},
    {VIREO__ACCEPT_TYPE, "text/html ; Q=0. , ,text/plain ; q=1.", "text/html text/plain", 1},
    {VIREO__ACCEPT_TYPE, "text", "text/html", -1},
    {VIREO__ACCEPT_TYPE, "text/html;level=\"", "text/html", -1},
    {VIREO__ACCEPT_TYPE, "*/html", "text/html", 0},
    {VIREO__ACCEPT_ENCODING, NULL, "gzip identity", 1},
    {VIREO__ACCEPT_ENCODING, NULL, "gzip", -1},
    {VIREO__ACCEPT_ENCODING, "", "gzip identity", 1},
    {VIREO__ACCEPT_ENCODING, "gzip, br", "br gzip identity", 0},
    {VIREO__ACCEPT_ENCODING, "gzip;q=0.5, br;q=1.0", "gzip br", 1},
    {VIREO__ACCEPT_ENCODING, "*", "identity gzip", 0},
    {VIREO__ACCEPT_ENCODING, "gzip", "identity gzip", 1},
    {VIREO__ACCEPT_ENCODING, "gzip;q=0.1", "identity gzip", 1},
    {VIREO__ACCEPT_ENCODING, "gzip;q=0", "identity gzip", 0},
    {VIREO__ACCEPT_ENCODING, "gzip, identity;q=0", "identity", -1},
    {VIREO__ACCEPT_ENCODING, "gzip, *;q=0", "identity", -1},
    {VIREO__ACCEPT_ENCODING, "gzip, *;q=0", "br gzip", 1},
    {VIREO__ACCEPT_ENCODING, "GZIP", "gzip", 0},
    {VIREO__ACCEPT_LANGUAGE, NULL, "en de", 0},
    {VIREO__ACCEPT_LANGUAGE, "de-CH, de;q=0.9, *;q=0.5", "fr de de-CH", 2},
    {VIREO__ACCEPT_LANGUAGE, "de-CH, de;q=0.9, *;q=0.5", "fr de", 1},
    {VIREO__ACCEPT_LANGUAGE, "en", "fr en-US", 1},
    {VIREO__ACCEPT_LANGUAGE, "en-US", "fr en", 1},
    {VIREO__ACCEPT_LANGUAGE, "en-US", "en-GB", -1},
    {VIREO__ACCEPT_LANGUAGE, "EN-us", "en-US", 0},
    {VIREO__ACCEPT_LANGUAGE, "es", "fr en", -1},
    {VIREO__ACCEPT_CHARSET, NULL, "utf-8", 0},
    {VIREO__ACCEPT_CHARSET, "iso-8859-1, UTF-8;q=0.8", "utf-8", 0},
    {VIREO__ACCEPT_CHARSET, "iso-8859-1, *;q=0", "utf-8", -1},
};

static int best(vireo__accept kind, const char *header, const char *offers)
{
    const char *list[8];
    size_t n = 0;
    char *copy = strdup(offers), *state = NULL;
    for (char *at = strtok_r(copy, " ", &state); at != NULL; at = strtok_r(NULL, " ", &state))
        list[n++] = at;
    int result = vireo__accept_best(kind, header, list, n);
    free(copy);
    return result;
}

static void chooses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int got = best(table[i].kind, table[i].header, table[i].offers);
        if (got != table[i].best)
            fail_msg("%s for %s: %d, not %d", table[i].header, table[i].offers, got, table[i].best);
    }
}

/* Each header, cut everywhere, from memory of exactly its size. */
static void stays_inside_its_header(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        size_t n = table[i].header != NULL ? strlen(table[i].header) : 0;
        for (size_t cut = 0; cut <= n; cut++) {
            char *copy = strndup(table[i].header != NULL ? table[i].header : "", cut);
            best(table[i].kind, copy, table[i].offers);
            free(copy);
        }
    }
}

/* VIREO__MAX_ACCEPT is hit exactly, and by one more. */
static void looks_at_so_many_ranges(void **state)
{
    (void)state;
    char header[2000] = "";
    for (int i = 1; i < VIREO__MAX_ACCEPT; i++)
        strcat(header, "a/b;q=0,");
    size_t n = strlen(header);
    strcpy(header + n, "text/html");
    assert_int_equal(best(VIREO__ACCEPT_TYPE, header, "text/html"), 0);
    strcpy(header + n, "a/b,text/html");
    assert_int_equal(best(VIREO__ACCEPT_TYPE, header, "text/html"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chooses),
        cmocka_unit_test(stays_inside_its_header),
        cmocka_unit_test(looks_at_so_many_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
