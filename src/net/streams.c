/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "net/streams.h"

#include <stdlib.h>
#include <string.h>

/* Of a uv_loop_t that is not ours we do not know who runs it, and whether always the same thread
 * does. */
static vireo_io_kind wanted(const vireo_loop *loop)
{
    const char *text = getenv("VIREO_IO");
    vireo_io_kind io = loop->io;
    if (io == VIREO_IO_AUTO && text != NULL && strcmp(text, "uv") == 0)
        io = VIREO_IO_UV;
    if (io == VIREO_IO_AUTO && text != NULL && strcmp(text, "uring") == 0)
        io = VIREO_IO_URING;
    return io == VIREO_IO_AUTO && loop->own == NULL ? VIREO_IO_UV : io;
}

static const vireo__streams *choose(vireo_loop *loop)
{
    const vireo__streams *streams = NULL;
    vireo_io_kind io = wanted(loop);
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

/* A ring pays when many connections share it. Who only dials has few: his are libuv's, until a
 * listener of the loop has chosen for all that come after. */
static const vireo__streams *streams_to_dial(vireo_loop *loop)
{
    bool open = loop->streams == NULL && wanted(loop) == VIREO_IO_AUTO;
    return open ? &vireo__streams_uv : vireo__streams_of(loop);
}

vireo__stream *vireo__dial(vireo_loop *loop, const vireo__dial_address *to,
                           vireo__dialled_fn on_open, const vireo__stream_events *events,
                           void *owner)
{
    const vireo__streams *streams = streams_to_dial(loop);
    return streams != NULL ? streams->dial(loop, to, on_open, events, owner) : NULL;
}
