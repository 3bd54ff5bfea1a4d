/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http/range.h: H07, ranges (RFC 9110 section 14). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "guard.h"
#include "http/range.h"

static const struct {
    const char *text;
    uint64_t size;
    const char *parts; /* "first+length ..", "whole", "none" */
} table[] = {
    {"bytes=0-499", 10000, "0+500"},
    {"bytes=500-999", 10000, "500+500"},
    {"bytes=-500", 10000, "9500+500"},
    {"bytes=9500-", 10000, "9500+500"},
    {"bytes=0-", 10000, "0+10000"},
    {"bytes=0-0,-1", 10000, "0+1 9999+1"},
    {"bytes=0-0, -1", 10000, "0+1 9999+1"},
    {"BYTES=0-0", 10000, "0+1"},
    {"bytes= 0-0 ,\t1-1", 10000, "0+2"},
    {"bytes=0-999999", 100, "0+100"},
    {"bytes=99-99", 100, "99+1"},
    {"bytes=99-100", 100, "99+1"},
    {"bytes=100-", 100, "none"},
    {"bytes=100-200,300-", 100, "none"},
    {"bytes=100-200,5-6", 100, "5+2"},
    {"bytes=-0", 100, "none"},
    {"bytes=-100", 100, "0+100"},
    {"bytes=-101", 100, "0+100"},
    {"bytes=-18446744073709551616", 100, "0+100"},
    {"bytes=0-18446744073709551615", 100, "0+100"},
    {"bytes=0-18446744073709551616", 100, "0+100"},
    {"bytes=18446744073709551616-", 100, "none"},
    {"bytes=0-18446744073709551615", UINT64_MAX, "0+18446744073709551615"},
    {"bytes=0-", 0, "whole"},
    {"bytes=-1", 0, "whole"},
    /* overlapping and touching ones become one, in the place of the first */
    {"bytes=0-9,5-14", 100, "0+15"},
    {"bytes=0-9,10-19", 100, "0+20"},
    {"bytes=0-9,11-19", 100, "0+10 11+9"},
    {"bytes=50-59,0-9,55-70", 100, "50+21 0+10"},
    {"bytes=50-59,0-9,5-55", 100, "0+60"},
    {"bytes=0-9,20-29,40-49,5-45", 100, "0+50"},
    {"bytes=0-,0-,0-,0-,0-", 100, "0+100"},
    /* what is no range is as if there were no Range */
    {"", 100, "whole"},
    {"bytes", 100, "whole"},
    {"bytes=", 100, "whole"},
    {"bytes=,", 100, "whole"},
    {"bytes=-", 100, "whole"},
    {"bytes=1", 100, "whole"},
    {"bytes=a-b", 100, "whole"},
    {"bytes=5-4", 100, "whole"},
    {"bytes=0-1,5-4", 100, "whole"},
    {"bytes=0-1,x", 100, "whole"},
    {"bytes=0 -1", 100, "whole"},
    {"bytes=--1", 100, "whole"},
    {"bytes=+1-2", 100, "whole"},
    {"bytes=0x1-2", 100, "whole"},
    {"bytes =0-1", 100, "whole"},
    {"items=0-1", 100, "whole"},
    {"0-1", 100, "whole"},
};

static void show(char out[400], vireo__range_result result, const vireo__ranges *ranges)
{
    static const char *const names[] = {"whole", "", "none"};
    strcpy(out, names[result]);
    for (size_t i = 0; result == VIREO__RANGE_PARTS && i < ranges->count; i++)
        sprintf(out + strlen(out), "%s%llu+%llu", i ? " " : "",
                (unsigned long long)ranges->at[i].first, (unsigned long long)ranges->at[i].length);
}

static void reads_ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        vireo__ranges ranges;
        char text[400];
        size_t n = strlen(table[i].text);
        for (size_t cut = 0; cut <= n; cut++) {
            char *copy = guard_copy(table[i].text, cut);
            show(text, vireo__range_read((vireo__str){copy, cut}, table[i].size, &ranges), &ranges);
            guard_free(copy, cut);
        }
        if (strcmp(text, table[i].parts) != 0)
            fail_msg("%s of %llu: %s, not %s", table[i].text, (unsigned long long)table[i].size,
                     text, table[i].parts);
    }
}

/* VIREO__MAX_RANGES is hit exactly, and by one more. */
static void limits_their_number(void **state)
{
    (void)state;
    char text[400] = "bytes=";
    vireo__ranges ranges;
    for (int i = 0; i < VIREO__MAX_RANGES; i++)
        sprintf(text + strlen(text), "%d-%d,", 10 * i, 10 * i);
    assert_int_equal(vireo__range_read(vireo__str_of(text), 1000, &ranges), VIREO__RANGE_PARTS);
    assert_int_equal(ranges.count, VIREO__MAX_RANGES);
    strcat(text, "990-");
    assert_int_equal(vireo__range_read(vireo__str_of(text), 1000, &ranges), VIREO__RANGE_WHOLE);
    strcpy(strrchr(text, ',') + 1, "9990-"); /* one that cannot be had counts too */
    assert_int_equal(vireo__range_read(vireo__str_of(text), 1000, &ranges), VIREO__RANGE_WHOLE);
}

static void writes_heads_of_parts(void **state)
{
    (void)state;
    vireo__buf out;
    vireo__buf_init(&out, 1000);
    vireo__range_part(&out, "B", "text/plain", &(vireo__range){10, 5}, 100);
    vireo__range_part(&out, "B", NULL, &(vireo__range){0, 1}, 100);
    vireo__range_end(&out, "B");
    vireo__range_write(&out, NULL, 7);
    assert_string_equal(
        vireo__buf_cstr(&out),
        "\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 10-14/100\r\n\r\n"
        "\r\n--B\r\nContent-Range: bytes 0-0/100\r\n\r\n"
        "\r\n--B--\r\nbytes */7");
    vireo__buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_ranges),
        cmocka_unit_test(limits_their_number),
        cmocka_unit_test(writes_heads_of_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
