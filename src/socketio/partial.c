/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "socketio/partial.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

struct vireo__sio_partial {
    uint32_t expected;
    uint32_t have;
    vireo__attachment *parts; /* grows with what arrives, not with what was announced */
    uint32_t room;
    size_t text_len;
    char text[];
};

vireo__sio_partial *vireo__sio_partial_new(vireo__str text, uint32_t attachments)
{
    vireo__sio_partial *p = malloc(sizeof *p + text.len);
    if (p == NULL)
        return NULL;
    *p = (vireo__sio_partial){.expected = attachments, .text_len = text.len};
    memcpy(p->text, text.at, text.len);
    return p;
}

static int make_room(vireo__sio_partial *p)
{
    if (p->have < p->room)
        return 0;
    uint32_t room = p->room ? p->room * 2 : 2;
    vireo__attachment *parts = realloc(p->parts, room * sizeof *parts);
    if (parts == NULL)
        return VIREO_ENOMEM;
    p->parts = parts;
    p->room = room;
    return 0;
}

int vireo__sio_partial_add(vireo__sio_partial *p, const void *data, size_t len)
{
    void *copy = malloc(len + !len);
    if (copy == NULL || make_room(p) < 0) {
        free(copy);
        return VIREO_ENOMEM;
    }
    if (len > 0)
        memcpy(copy, data, len);
    p->parts[p->have++] = (vireo__attachment){copy, len};
    return p->have == p->expected;
}

vireo__str vireo__sio_partial_text(const vireo__sio_partial *p)
{
    return (vireo__str){p->text, p->text_len};
}

const vireo__attachment *vireo__sio_partial_parts(const vireo__sio_partial *p, size_t *count)
{
    *count = p->have;
    return p->parts;
}

void vireo__sio_partial_free(vireo__sio_partial *p)
{
    if (p == NULL)
        return;
    for (uint32_t i = 0; i < p->have; i++)
        free((void *)(uintptr_t)p->parts[i].data);
    free(p->parts);
    free(p);
}
