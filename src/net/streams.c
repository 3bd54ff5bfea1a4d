/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "net/streams.h"

const vireo__streams *vireo__streams_of(vireo_loop *loop)
{
    (void)loop;
    return &vireo__streams_uv;
}

vireo__stream *vireo__dial(vireo_loop *loop, const vireo__dial_address *to,
                           vireo__dialled_fn on_open, const vireo__stream_events *events,
                           void *owner)
{
    return vireo__streams_of(loop)->dial(loop, to, on_open, events, owner);
}
