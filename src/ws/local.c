/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "ws/local.h"

#include <stdlib.h>

static void free_local(vireo__loop_part *part)
{
    vireo__ws_local *local = vireo__container(part, vireo__ws_local, part);
    vireo__turn_remove(&local->forget);
    vireo__rooms_deinit(&local->topics);
    vireo__ws_zlib_free(local->zlib);
    free(local);
}

static void on_forget(vireo__turn_task *task)
{
    vireo__ws_zlib_forget(vireo__container(task, vireo__ws_local, forget)->zlib);
}

vireo__ws_local *vireo__ws_local_of(vireo_loop *loop)
{
    vireo__loop_part *part = vireo__loop_part_of(loop, free_local);
    if (part != NULL)
        return vireo__container(part, vireo__ws_local, part);
    vireo__ws_local *local = calloc(1, sizeof *local);
    vireo__ws_zlib *zlib = vireo__ws_zlib_new();
    if (local == NULL || zlib == NULL) {
        vireo__ws_zlib_free(zlib);
        free(local);
        return NULL;
    }
    local->part.free = free_local;
    local->zlib = zlib;
    local->forget.run = on_forget;
    vireo__rooms_init(&local->topics, loop->hash_key);
    vireo__list_init(&local->endpoints);
    vireo__loop_add_part(loop, &local->part);
    return local;
}
