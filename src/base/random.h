/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* random.h: unpredictable bytes. */

#ifndef VIREO_BASE_RANDOM_H
#define VIREO_BASE_RANDOM_H

#include <stddef.h>

/* vireo__random fills |out|. Ends the process if the system has no randomness to give: no session
 * id could be secret then. */
void vireo__random(void *out, size_t n);

#endif
