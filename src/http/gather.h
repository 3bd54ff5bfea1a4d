/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* gather.h: a request whose answer is of all workers (group.h): each tells its part, on its own
 * thread, and the one that has the request answers when all have told theirs. Without a group it is
 * the same with one part. */

#ifndef VIREO_HTTP_GATHER_H
#define VIREO_HTTP_GATHER_H

#include <vireo/http.h>

typedef struct vireo__gathering {
    size_t size; /* of a part; all zero at first */
    /* |question| is the one of vireo__gather: read only, since several threads do */
    void (*tell)(vireo_app *app, const void *question, void *part);
    void (*add)(void *sum, const void *part);
    /* as a handler, with the sum of all */
    int (*answer)(vireo_req *r, const void *question, void *sum);
    void (*free_part)(void *part);         /* what it holds; NULL: nothing */
    void (*free_question)(void *question); /* NULL: it is nobody's */
} vireo__gathering;

/* vireo__gather asks all workers, and keeps |r| until they have told. What a worker cannot be asked
 * for want of memory is missing in the sum.
 *
 * how        static
 * question   takes, also when it fails; may be NULL
 * Returns what a handler should. */
int vireo__gather(vireo_req *r, const vireo__gathering *how, void *question);

#endif
