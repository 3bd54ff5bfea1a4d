/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* text.h: a text that grows. open_memstream(3) would do, but AddressSanitizer forgets a closed one
 * only after another thread may have got its address. */

#ifndef VIREO_TESTS_TEXT_H
#define VIREO_TESTS_TEXT_H

/* text_add appends to |*text|, which is NULL at first and the caller's to free(). */
__attribute__((format(printf, 2, 3))) void text_add(char **text, const char *format, ...);

#endif
