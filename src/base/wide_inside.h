/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* wide_inside.h: which implementations of wide.h this platform has, each in a file of its own. */

#ifndef VIREO_BASE_WIDE_INSIDE_H
#define VIREO_BASE_WIDE_INSIDE_H

#include "base/wide.h"

#if defined(__x86_64__)
extern const vireo__wide vireo__wide_avx2;
extern const vireo__wide vireo__wide_sse2;
#define VIREO__WIDE_ALL(last) &vireo__wide_avx2, &vireo__wide_sse2, last
#elif defined(__aarch64__) && defined(__ARM_NEON)
extern const vireo__wide vireo__wide_neon;
#define VIREO__WIDE_ALL(last) &vireo__wide_neon, last
#else
#define VIREO__WIDE_ALL(last) last
#endif

#endif
