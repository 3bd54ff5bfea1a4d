/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* news.h: what one worker tells all others (http/group.h), for floors that know nothing of rooms:
 * one piece of memory that each of them reads where it is. */

#ifndef VIREO_BASE_NEWS_H
#define VIREO_BASE_NEWS_H

#include "base/shared.h"

struct vireo_app;

typedef struct vireo__news {
    /* called for each other worker, on its thread, with its application; borrows the news */
    void (*fn)(struct vireo_app *app, const struct vireo__news *news);
    const char *name;     /* copied */
    vireo__shared *bytes; /* a reference is kept */
} vireo__news;

#endif
