/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* partial.h: a packet whose attachments are still arriving. */

#ifndef VIREO_SOCKETIO_PARTIAL_H
#define VIREO_SOCKETIO_PARTIAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "payload/attachments.h"

typedef struct vireo__sio_partial vireo__sio_partial;

/* vireo__sio_partial_new keeps a copy of |text| until |attachments| parts have come. Returns new,
 * or NULL. */
vireo__sio_partial *vireo__sio_partial_new(vireo__str text, uint32_t attachments);
/* vireo__sio_partial_add copies one part. Returns 1 when it was the last, 0 when more are to come,
 * or VIREO_ENOMEM. */
int vireo__sio_partial_add(vireo__sio_partial *p, const void *data, size_t len);
vireo__str vireo__sio_partial_text(const vireo__sio_partial *p);
const vireo__attachment *vireo__sio_partial_parts(const vireo__sio_partial *p, size_t *count);
void vireo__sio_partial_free(vireo__sio_partial *p);

#endif
