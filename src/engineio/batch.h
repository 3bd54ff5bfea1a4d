/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* batch.h: how many of the messages that wait go into one POST. A server refuses bodies beyond its
 * maxPayload. */

#ifndef VIREO_ENGINEIO_BATCH_H
#define VIREO_ENGINEIO_BATCH_H

#include "engineio/outbox.h"

/* vireo__eio_batch returns how many messages at the front of |box| fit into |max_payload| bytes (0:
 * no limit), counted as the official client does; at least 1 unless the box is empty: whether the
 * server takes what is too large by itself is the server's to say. */
size_t vireo__eio_batch(const vireo__outbox *box, size_t max_payload);

#endif
