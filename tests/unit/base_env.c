/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* vireo/env.h and base/dotenv.h: H19, settings from the environment and a .env file. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vireo/env.h>

#include "base/dotenv.h"
#include "guard.h"
#include "oom.h"

static const struct {
    const char *text;
    const char *settings; /* "name=value|.." */
} table[] = {
    {"", ""},
    {"A=1", "A=1|"},
    {"A=1\nB=2\n", "A=1|B=2|"},
    {"A=1\r\nB=2\r\n", "A=1|B=2|"},
    {"A=1\rB=2", "A=1|B=2|"},
    {"\n\n  A = 1  \n", "A=1|"},
    {"A=", "A=|"},
    {"A=\nB=2", "A=|B=2|"},
    {"A", ""},
    {"A\nB=2", "B=2|"},
    {"=1\nB=2", "B=2|"},
    {"A B=1", ""},
    {"# A=1\nB=2 # two\nC=3#three", "B=2|C=3|"},
    {"a.b-c_1=x y", "a.b-c_1=x y|"},
    {"export A=1\nexport  B=2\nexport=3\nexport\n", "A=1|B=2|export=3|"},
    {"A: 1\nB:2\nC:\t3", "A=1|C=3|"},
    {"A='x # y' # z", "A=x # y|"},
    {"A=\"x # y\"", "A=x # y|"},
    {"A=`x'\"y`", "A=x'\"y|"},
    {"A='a\nb'\nB=2", "A=a\nb|B=2|"},
    {"A='a\r\nb\rc'\r\nB=2", "A=a\nb\nc|B=2|"},
    {"A=\"a\nb\"\nB=2", "A=a\nb|B=2|"},
    {"A='x\\ny'", "A=x\\ny|"},
    {"A=\"x\\ny\\r\\tz\"", "A=x\ny\r\\tz|"},
    {"A=x\\ny", "A=x\\ny|"},
    {"A=\"a\\\"b\"", "A=a\\\"b|"},
    {"A='a\\'b'", "A=a\\'b|"},
    {"A='a\\'", "A=a\\|"},
    {"A='abc\nB=2", "A='abc|B=2|"},
    {"A='a' b\nB=2", "A='a' b|B=2|"},
    {"A='a' 'b'", "A=a' 'b|"},
    {"A=''\nB=\"\"", "A=|B=|"},
    {"A='  x '", "A=  x |"},
    {"A=$B ${C}", "A=$B ${C}|"},
    {"A=1\nA=2", "A=1|A=2|"},
    {"A=\xc3\xa9", "A=\xc3\xa9|"},
    {"A=\"abc\\", "A=\"abc\\|"},
};

static void reads_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        size_t n = strlen(table[i].text);
        for (size_t cut = 0; cut <= n; cut++) {
            char *copy = guard_copy(table[i].text, cut), text[200] = "", value[100];
            vireo__str rest = {copy, cut};
            for (vireo__dotenv one; vireo__dotenv_next(&rest, &one);) {
                size_t len = vireo__dotenv_value(&one, value);
                assert_true(len <= one.value.len);
                sprintf(text + strlen(text), "%.*s=%.*s|", (int)one.name.len, one.name.at, (int)len,
                        value);
            }
            guard_free(copy, cut);
            if (cut == n && strcmp(text, table[i].settings) != 0)
                fail_msg("%s: %s, not %s", table[i].text, text, table[i].settings);
        }
    }
}

static const char *put_file(const void *text, size_t n)
{
    static char path[40];
    snprintf(path, sizeof path, "/tmp/vireo-env-%d", (int)getpid());
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    assert_int_equal(write(fd, text, n), (ssize_t)n);
    close(fd);
    return path;
}

static void forget(void)
{
    unsetenv("V_A");
    unsetenv("V_B");
    unsetenv("V_C");
}

static void loads_into_the_environment(void **state)
{
    (void)state;
    static const char text[] = "V_A=1\nV_B=file\nV_A=2\nV_C=\"x\\ny\"\n";
    vireo_error error;
    forget();
    setenv("V_B", "shell", 1);
    assert_int_equal(vireo_env_load(put_file(text, sizeof text - 1), &error), 4);
    assert_string_equal(vireo_env("V_A", NULL), "2");
    assert_string_equal(vireo_env("V_B", NULL), "shell");
    assert_string_equal(vireo_env("V_C", NULL), "x\ny");
    forget();
    assert_null(vireo_env("V_A", NULL));
    assert_string_equal(vireo_env("V_A", "otherwise"), "otherwise");
    assert_int_equal(vireo_env_load(put_file("", 0), &error), 0);
}

static void tells_what_cannot_be_loaded(void **state)
{
    (void)state;
    vireo_error error;
    assert_int_equal(vireo_env_load("/tmp/vireo-no-such-file", &error), -ENOENT);
    assert_int_equal(error.code, -ENOENT);
    assert_non_null(strstr(error.text, "/tmp/vireo-no-such-file"));
    assert_int_equal(vireo_env_load("/tmp", NULL), -EISDIR);
    assert_int_equal(vireo_env_load(put_file("V_A=\0", 5), NULL), VIREO_EINVAL);
    static char large[(1 << 20) + 1];
    memset(large, '#', sizeof large);
    assert_int_equal(vireo_env_load(put_file(large, sizeof large - 1), NULL), 0);
    assert_int_equal(vireo_env_load(put_file(large, sizeof large), NULL), VIREO_ETOOBIG);
}

static void bears_want_of_memory(void **state)
{
    (void)state;
    const char *path = put_file("V_A=1\nV_B=2\n", 12);
    for (int n = 1;; n++) {
        forget();
        oom_fail_at(n);
        int result = vireo_env_load(path, NULL);
        if (!oom_failed()) {
            assert_int_equal(result, 2);
            break;
        }
        assert_true(result == VIREO_ENOMEM || result == -ENOMEM);
    }
    forget();
}

static void reads_numbers_and_truth(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t number;
        int truth; /* 2: otherwise */
    } rows[] = {
        {"1", 1, 1},
        {"0", 0, 0},
        {"-5", -5, 2},
        {"", 77, 2},
        {"1x", 77, 2},
        {" 1", 77, 2},
        {"+1", 77, 2},
        {"-", 77, 2},
        {"1.5", 77, 2},
        {"0x1", 77, 2},
        {"TRUE", 77, 1},
        {"yes", 77, 1},
        {"On", 77, 1},
        {"no", 77, 0},
        {"off", 77, 0},
        {"False", 77, 0},
        {"truely", 77, 2},
        {"9223372036854775807", INT64_MAX, 2},
        {"9223372036854775808", 77, 2},
        {"-9223372036854775808", INT64_MIN, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        setenv("V_A", rows[i].text, 1);
        assert_int_equal(vireo_env_int("V_A", 77), rows[i].number);
        assert_int_equal(vireo_env_bool("V_A", true), rows[i].truth != 0);
        assert_int_equal(vireo_env_bool("V_A", false), rows[i].truth == 1);
    }
    forget();
    assert_int_equal(vireo_env_int("V_A", -1), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_files),
        cmocka_unit_test(loads_into_the_environment),
        cmocka_unit_test(tells_what_cannot_be_loaded),
        cmocka_unit_test(bears_want_of_memory),
        cmocka_unit_test(reads_numbers_and_truth),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(put_file("", 0));
    return failed;
}
