/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* number.h: numbers to text and back, exactly as JavaScript does it. Nothing here depends on the
 * locale. */

#ifndef VIREO_PAYLOAD_NUMBER_H
#define VIREO_PAYLOAD_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIREO__DOUBLE_TEXT 32 /* bytes; the longest text of a double has 25 */

/* vireo__double_write writes the shortest text that reads back as |number|, in the form of ECMA-262
 * section 6.1.6.1.20 (Number::toString): 100, 0.1, 1e+21, 5e-324; 0 for -0.
 *
 * out      has room for VIREO__DOUBLE_TEXT bytes; no NUL is added
 * number   finite
 * Returns the length. */
size_t vireo__double_write(char *out, double number);

/* vireo__double_read returns the double next to a JSON number (half-way to the even one), infinite
 * when it is too large. |text| is |n| bytes that vireo__number_run accepted. O(n). */
double vireo__double_read(const char *text, size_t n);

/* vireo__is_integer tells whether a JSON number is written without fraction and exponent. */
bool vireo__is_integer(const char *text, size_t n);

/* vireo__int_read reads a JSON number for which vireo__is_integer is true. False, |*out| not set,
 * if it does not fit. */
bool vireo__int_read(const char *text, size_t n, int64_t *out);

/* vireo__int_of converts a whole number within int64_t. False, |*out| not set, for all others. */
bool vireo__int_of(double number, int64_t *out);

#endif
