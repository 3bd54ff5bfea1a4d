/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* outgoing.h: a message that is sent in pieces, and the messages that must wait behind it:
 *
 *     "The fragments of one message MUST NOT be interleaved between the fragments of another
 * message" (RFC 6455 section 5.4)
 *
 * It exists from the first piece until the last; a connection that sends whole messages has none.
 */

#ifndef VIREO_WS_OUTGOING_H
#define VIREO_WS_OUTGOING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/shared.h"
#include "base/utf8.h"
#include "net/wqueue.h"

/* A whole message that waits. */
typedef struct vireo__ws_held {
    struct vireo__ws_held *next;
    vireo__shared *frame;
    vireo__written_fn done;
    void *user;
} vireo__ws_held;

typedef struct vireo__ws_outgoing {
    vireo__ws_held *first;
    vireo__ws_held *last;
    size_t bytes;     /* of the frames that wait */
    vireo__utf8 utf8; /* of the text so far */
    bool binary;
} vireo__ws_outgoing;

/* vireo__ws_outgoing_new returns new: free() it when nothing is held any more. NULL when memory
 * runs out. */
vireo__ws_outgoing *vireo__ws_outgoing_new(bool binary);

/* vireo__ws_outgoing_check tells whether |data| may be the next piece. Returns 0, VIREO_EINVAL or
 * VIREO_EUTF8; then nothing has changed. */
int vireo__ws_outgoing_check(vireo__ws_outgoing *o, const void *data, size_t len, bool binary,
                             bool last);

/* vireo__ws_outgoing_hold appends a frame; takes a reference of its own. Returns 0 or
 * VIREO_ENOMEM. */
int vireo__ws_outgoing_hold(vireo__ws_outgoing *o, vireo__shared *frame, vireo__written_fn done,
                            void *user);

/* vireo__ws_outgoing_next takes the first held message out; the reference of its frame is the
 * caller's. False: there is none. */
bool vireo__ws_outgoing_next(vireo__ws_outgoing *o, vireo__ws_held *held);

#endif
