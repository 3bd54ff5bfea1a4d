/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* server.h: event streams, as the floors above see them beside <vireo/sse.h>. */

#ifndef VIREO_SSE_SERVER_H
#define VIREO_SSE_SERVER_H

#include <vireo/sse.h>

#include "base/parting.h"
#include "base/shared.h"

/* vireo__sse_send_shared queues text that is an event already (sse/format.h). Returns as
 * vireo_sse_send. */
int vireo__sse_send_shared(vireo_sse *e, vireo__shared *text);

/* vireo__sse_on_parting has |p| told when nothing more can be sent. Returns 0, or VIREO_ECLOSED if
 * it is so already. */
int vireo__sse_on_parting(vireo_sse *e, vireo__parting *p);

#endif
