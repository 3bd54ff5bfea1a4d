/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* Patterns of areas (M07), as npm's debug reads them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/debug.h"

enum {
    HTTP = VIREO__DEBUG_HTTP,
    ENGINE = VIREO__DEBUG_ENGINE,
    SESSION = VIREO__DEBUG_ENGINE_SOCKET,
    CLIENT = VIREO__DEBUG_CLIENT,
    SOCKET = VIREO__DEBUG_SOCKET,
    PARSER = VIREO__DEBUG_PARSER,
    ALL = HTTP | ENGINE | SESSION | CLIENT | SOCKET | PARSER,
};

static void reads_patterns(void **state)
{
    static const struct {
        const char *patterns;
        unsigned mask;
    } rows[] = {
        {NULL, 0},
        {"", 0},
        {"express:*", 0},
        {"*", ALL},
        {"**", ALL},
        {"engine", ENGINE},
        {"engine:", 0},
        {"engine*", ENGINE | SESSION},
        {"engine:*", SESSION},
        {"e*e", ENGINE},
        {"*socket", SESSION | SOCKET},
        {"*t*c*t*", SOCKET | CLIENT},
        {"socket.io:*", CLIENT | SOCKET},
        {"socket.io*", CLIENT | SOCKET | PARSER},
        {"engine,http", ENGINE | HTTP},
        {" engine ,, http ", ENGINE | HTTP},
        {"*,-socket.io*", HTTP | ENGINE | SESSION},
        {"-engine:socket,engine*", ENGINE},
        {"-", 0},
        {"-*,*", 0},
        {"http,-", HTTP},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (vireo__debug_mask(rows[i].patterns) != rows[i].mask)
            fail_msg("%s: %x instead of %x", rows[i].patterns, vireo__debug_mask(rows[i].patterns),
                     rows[i].mask);
}

static void cuts_between_characters(void **state)
{
    static const struct {
        const char *text;
        size_t max;
        int len;
    } rows[] = {{"", 4, 0},
                {"abcd", 4, 4},
                {"abcde", 4, 4},
                {"abc", 4, 3},
                {"ab\xc3\xa4z", 3, 2},
                {"ab\xc3\xa4z", 4, 4},
                {"\xf0\x9f\x98\x80!", 3, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(vireo__debug_cut(rows[i].text, strlen(rows[i].text), rows[i].max),
                         rows[i].len);
}

typedef struct seen {
    vireo_level level;
    char area[32];
    char text[600];
} seen;

static void take(void *user, vireo_level level, const char *area, const char *text)
{
    seen *s = user;
    s->level = level;
    strcpy(s->area, area);
    strcpy(s->text, text);
}

static void writes_lines_of_an_area(void **state)
{
    seen s = {0};
    char much[2000];
    const vireo__log log = {take, &s};
    (void)state;
    vireo__debug_line(&log, VIREO__DEBUG_PARSER, "in %s\n\x1b[31m", "42[\"a\"]");
    assert_int_equal(s.level, VIREO_DEBUG);
    assert_string_equal(s.area, "socket.io-parser");
    assert_string_equal(s.text, "in 42[\"a\"]??[31m");
    memset(much, 'x', sizeof much);
    vireo__debug_line(&log, VIREO__DEBUG_HTTP, "%.*s", (int)sizeof much, much);
    assert_int_equal(strlen(s.text), 511);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_patterns),
        cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(writes_lines_of_an_area),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
