/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* mail.h: a message of the cluster as one piece of memory that several threads may read:
 *
 *     mail | letters | lists of names | parts | texts, bytes
 *
 * with as many letters as there are receivers: the places in their lanes. News (base/news.h) go the
 * same way: then there is no message. */

#ifndef VIREO_CLUSTER_MAIL_H
#define VIREO_CLUSTER_MAIL_H

#include <stdatomic.h>

#include "base/list.h"
#include "base/news.h"
#include "cluster/message.h"

typedef struct vireo__letter {
    vireo__list node;
    struct vireo__mail *mail;
} vireo__letter;

typedef struct vireo__mail {
    atomic_uint letters; /* that are not dropped */
    unsigned from;
    size_t bytes;
    bool absent;              /* no message: the receiver's question has met nobody who knows it */
    const char *route;        /* which namespace, of which server */
    vireo__cluster_message m; /* its value, if any, is in |json| */
    vireo__news news;         /* .. or this; its fn is NULL for a message */
    vireo__letter letter[];
} vireo__mail;

/* vireo__mail_new returns new: a copy of |m| with |letters| (at least 1), each to be dropped; NULL
 * when memory runs out. */
vireo__mail *vireo__mail_new(const vireo__cluster_message *m, const char *route, unsigned from,
                             unsigned letters);

/* vireo__mail_of_news returns new: the same for news. */
vireo__mail *vireo__mail_of_news(const vireo__news *news, unsigned from, unsigned letters);

/* vireo__letter_drop: the receiver has done with it. The last one frees the mail. Any thread. */
void vireo__letter_drop(vireo__letter *letter);

#endif
