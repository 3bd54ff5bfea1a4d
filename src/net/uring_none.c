/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* uring_none.c: in the place of uring.c, tcp_uring.c and dial_uring.c where there is no liburing.
 */

#include "net/streams.h"

int vireo__streams_uring(const vireo__streams **out, vireo_loop *loop)
{
    (void)loop;
    *out = NULL;
    return 0;
}
