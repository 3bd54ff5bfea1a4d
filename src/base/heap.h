/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* heap.h: what can be asked of malloc beyond malloc. */

#ifndef VIREO_BASE_HEAP_H
#define VIREO_BASE_HEAP_H

/* vireo__heap_trim gives free pages back to the system, wherever they lie in the heap. Takes about
 * a microsecond for each; nothing where malloc cannot do that. */
void vireo__heap_trim(void);

#endif
