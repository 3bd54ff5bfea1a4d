/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "ws/outgoing.h"

#include <stdlib.h>

#include <vireo/error.h>

vireo__ws_outgoing *vireo__ws_outgoing_new(bool binary)
{
    vireo__ws_outgoing *o = calloc(1, sizeof *o);
    if (o != NULL)
        o->binary = binary;
    return o;
}

int vireo__ws_outgoing_check(vireo__ws_outgoing *o, const void *data, size_t len, bool binary,
                             bool last)
{
    if (binary != o->binary)
        return VIREO_EINVAL;
    if (binary)
        return 0;
    vireo__utf8 utf8 = o->utf8;
    if (vireo__utf8_feed(&utf8, data, len) < len || (last && !vireo__utf8_complete(&utf8)))
        return VIREO_EUTF8;
    o->utf8 = utf8;
    return 0;
}

int vireo__ws_outgoing_hold(vireo__ws_outgoing *o, vireo__shared *frame, vireo__written_fn done,
                            void *user)
{
    vireo__ws_held *held = malloc(sizeof *held);
    if (held == NULL)
        return VIREO_ENOMEM;
    *held = (vireo__ws_held){.frame = vireo__shared_ref(frame), .done = done, .user = user};
    if (o->last != NULL)
        o->last->next = held;
    else
        o->first = held;
    o->last = held;
    o->bytes += frame->len;
    return 0;
}

bool vireo__ws_outgoing_next(vireo__ws_outgoing *o, vireo__ws_held *held)
{
    vireo__ws_held *first = o->first;
    if (first == NULL)
        return false;
    *held = *first;
    o->first = first->next;
    if (o->first == NULL)
        o->last = NULL;
    o->bytes -= first->frame->len;
    free(first);
    return true;
}
