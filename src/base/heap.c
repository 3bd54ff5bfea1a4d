/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "base/heap.h"

#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

void vireo__heap_trim(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
