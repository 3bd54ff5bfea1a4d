/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* base/base64.h: the vectors of RFC 4648 section 10, any bytes there and back, texts that are
 * none. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "base/base64.h"
#include "guard.h"

static const struct {
    const char *plain;
    const char *text;
} vectors[] = {{"", ""},
               {"f", "Zg=="},
               {"fo", "Zm8="},
               {"foo", "Zm9v"},
               {"foob", "Zm9vYg=="},
               {"fooba", "Zm9vYmE="},
               {"foobar", "Zm9vYmFy"}};

static void test_the_vectors_of_the_rfc(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        char text[16];
        uint8_t plain[16];
        size_t n = strlen(vectors[i].plain), size = vireo__base64_size(n);
        assert_int_equal(size, strlen(vectors[i].text));
        vireo__base64_encode(text, vectors[i].plain, n);
        assert_memory_equal(text, vectors[i].text, size);
        assert_int_equal(vireo__base64_decode(plain, text, size), n);
        assert_memory_equal(plain, vectors[i].plain, n);
    }
}

static void test_padding_may_be_missing(void **state)
{
    (void)state;
    uint8_t plain[16];
    assert_int_equal(vireo__base64_decode(plain, "Zg", 2), 1);
    assert_int_equal(vireo__base64_decode(plain, "Zm8", 3), 2);
    assert_int_equal(vireo__base64_decode(plain, "Zm9vYg", 6), 4);
    assert_memory_equal(plain, "foob", 4);
}

static void test_any_bytes_there_and_back_in_place(void **state)
{
    (void)state;
    static const char zeros[400];
    uint8_t data[300];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 151 + (i >> 3));
    for (size_t n = 0; n <= sizeof data; n++) {
        size_t size = vireo__base64_size(n);
        uint8_t *in = guard_copy(data, n);
        char *text = guard_copy(zeros, size);
        vireo__base64_encode(text, in, n);
        assert_int_equal(vireo__base64_decode((uint8_t *)text, text, size), n);
        if (n > 0)
            assert_memory_equal(text, data, n);
        guard_free(in, n);
        guard_free(text, size);
    }
}

static void test_what_is_no_base64(void **state)
{
    (void)state;
    static const char *const wrong[] = {"Z",       "Zm9vY", "====",     "Z===",  "=Zm8",  "Zm=8",
                                        "Zg=",     "Zm9v=", "Zg==Zg==", "Zm 9",  "Zm9\n", "Zm-_",
                                        "Zm9\x80", "=",     "==",       "Zm8==", "Zm9*"};
    uint8_t plain[16];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        size_t n = strlen(wrong[i]);
        char *text = guard_copy(wrong[i], n);
        assert_int_equal(vireo__base64_decode(plain, text, n), -1);
        guard_free(text, n);
    }
    assert_int_equal(vireo__base64_decode(plain, "Zm9\0", 4), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_vectors_of_the_rfc),
        cmocka_unit_test(test_padding_may_be_missing),
        cmocka_unit_test(test_any_bytes_there_and_back_in_place),
        cmocka_unit_test(test_what_is_no_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
