/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* local.h: what all WebSockets of one loop share. Made when the first of them needs it, freed with
 * the loop. */

#ifndef VIREO_WS_LOCAL_H
#define VIREO_WS_LOCAL_H

#include "base/rooms.h"
#include "loop/loop.h"
#include "ws/deflate.h"

typedef struct vireo__ws_local {
    vireo__loop_part part;
    vireo__ws_zlib *zlib;
    vireo__turn_task forget; /* the frame that was compressed last: a broadcast is over by then */
    vireo__rooms topics;
    vireo__list endpoints; /* of a group's worker: those that others may send to */
} vireo__ws_local;

/* vireo__ws_local_of returns that of |loop|; NULL when memory runs out. */
vireo__ws_local *vireo__ws_local_of(vireo_loop *loop);

#endif
