/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "net/streams.h"

#include <stdlib.h>
#include <string.h>

static vireo_io_kind wanted(const vireo_loop *loop)
{
    const char *text = getenv("VIREO_IO");
    if (loop->io != VIREO_IO_AUTO || text == NULL)
        return loop->io;
    if (strcmp(text, "uv") == 0)
        return VIREO_IO_UV;
    return strcmp(text, "uring") == 0 ? VIREO_IO_URING : VIREO_IO_AUTO;
}

static const vireo__streams *choose(vireo_loop *loop)
{
    const vireo__streams *streams = NULL;
    vireo_io_kind io = wanted(loop);
    if (io == VIREO_IO_AUTO)
        io = VIREO_IO_UV;
    if (io != VIREO_IO_UV && vireo__streams_uring(&streams, loop) < 0)
        return NULL;
    if (streams == NULL && io == VIREO_IO_URING)
        vireo__log_line(&loop->log, VIREO_WARN, "net",
                        "io_uring is not possible here: streams are libuv's");
    return streams != NULL ? streams : &vireo__streams_uv;
}

const vireo__streams *vireo__streams_of(vireo_loop *loop)
{
    if (loop->streams == NULL)
        loop->streams = choose(loop);
    return loop->streams;
}

vireo__stream *vireo__dial(vireo_loop *loop, const vireo__dial_address *to,
                           vireo__dialled_fn on_open, const vireo__stream_events *events,
                           void *owner)
{
    const vireo__streams *streams = vireo__streams_of(loop);
    return streams != NULL ? streams->dial(loop, to, on_open, events, owner) : NULL;
}
