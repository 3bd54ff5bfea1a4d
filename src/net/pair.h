/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* pair.h: a way to another loop of the process: a stream here, and the descriptor of its peer, for
 * a parcel (stream.h). */

#ifndef VIREO_NET_PAIR_H
#define VIREO_NET_PAIR_H

#include "net/stream.h"

/* vireo__pair_open makes both.
 *
 * events   of the stream, which reads nothing yet
 * far      the descriptor, non-blocking; the caller's
 * Returns the stream; NULL when memory or descriptors run out. */
vireo__stream *vireo__pair_open(vireo_loop *loop, const vireo__stream_events *events, void *owner,
                                int *far);

#endif
