/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "cluster/mail.h"

#include <stdlib.h>
#include <string.h>

#include "payload/json_write.h"

/* Measures while |memory| is NULL, then copies to there. */
typedef struct packer {
    char *memory;
    size_t size;
} packer;

static void *put(packer *p, const void *bytes, size_t n)
{
    char *at = p->memory != NULL ? p->memory + p->size : NULL;
    if (at != NULL && n > 0)
        memcpy(at, bytes, n);
    p->size += n;
    return at;
}

static const char *put_text(packer *p, const char *text)
{
    return text != NULL ? put(p, text, strlen(text) + 1) : NULL;
}

static size_t count_names(const char *const *names)
{
    size_t n = 0;
    while (names != NULL && names[n] != NULL)
        n++;
    return n;
}

/* Only the place: the names follow when all lists have theirs, so that these stay aligned. */
static const char **put_list(packer *p, const char *const *names)
{
    return names != NULL ? put(p, names, (count_names(names) + 1) * sizeof *names) : NULL;
}

static void put_names(packer *p, const char **list, const char *const *names)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        const char *copy = put_text(p, names[i]);
        if (list != NULL)
            list[i] = copy;
    }
}

static void put_parts(packer *p, vireo__attachment *list, const vireo__cluster_message *m)
{
    for (size_t i = 0; i < m->part_count; i++) {
        const void *copy = put(p, m->parts[i].data, m->parts[i].size);
        if (list != NULL)
            list[i].data = copy;
    }
}

static const char *pack(packer *p, vireo__cluster_message *copy, const vireo__cluster_message *m,
                        const char *route)
{
    const char **rooms = put_list(p, m->rooms), **except = put_list(p, m->except),
               **names = put_list(p, m->names);
    vireo__attachment *parts = put(p, m->parts, m->part_count * sizeof *parts);
    put_names(p, rooms, m->rooms);
    put_names(p, except, m->except);
    put_names(p, names, m->names);
    put_parts(p, parts, m);
    *copy = *m;
    copy->rooms = rooms;
    copy->except = except;
    copy->names = names;
    copy->parts = parts;
    copy->value = NULL;
    copy->uid = put_text(p, m->uid);
    copy->ns = put_text(p, m->ns);
    copy->request = put_text(p, m->request);
    copy->newest = put_text(p, m->newest);
    copy->json.at = put(p, m->json.at, m->json.len);
    return put_text(p, route);
}

/* Returns new: with the letters, and room for |size| bytes behind them in |rest|. */
static vireo__mail *allocate(unsigned from, unsigned letters, size_t size, packer *rest)
{
    size_t head = sizeof(vireo__mail) + letters * sizeof(vireo__letter);
    vireo__mail *mail = malloc(head + size);
    if (mail == NULL)
        return NULL;
    *mail = (vireo__mail){.from = from, .bytes = head + size};
    atomic_init(&mail->letters, letters);
    for (unsigned i = 0; i < letters; i++) {
        vireo__list_init(&mail->letter[i].node);
        mail->letter[i].mail = mail;
    }
    *rest = (packer){.memory = (char *)mail + head};
    return mail;
}

static vireo__mail *make(const vireo__cluster_message *m, const char *route, unsigned from,
                         unsigned letters)
{
    packer measured = {0}, rest;
    vireo__cluster_message unused;
    pack(&measured, &unused, m, route);
    vireo__mail *mail = allocate(from, letters, measured.size, &rest);
    if (mail != NULL)
        mail->route = pack(&rest, &mail->m, m, route);
    return mail;
}

vireo__mail *vireo__mail_new(const vireo__cluster_message *m, const char *route, unsigned from,
                             unsigned letters)
{
    vireo__buf json;
    vireo__attachments parts;
    vireo__mail *mail = NULL;
    if (m->value == NULL)
        return make(m, route, from, letters);
    vireo__buf_init(&json, VIREO__BUF_UNLIMITED);
    vireo__attachments_init(&parts);
    if (vireo__json_write(&json, &parts, m->value, 0) == 0) {
        vireo__cluster_message text = *m;
        text.json = (vireo__str){(const char *)json.data, json.len};
        text.parts = vireo__attachments_list(&parts);
        text.part_count = parts.count;
        mail = make(&text, route, from, letters);
    }
    vireo__attachments_deinit(&parts);
    vireo__buf_deinit(&json);
    return mail;
}

vireo__mail *vireo__mail_of_news(const vireo__news *news, unsigned from, unsigned letters)
{
    packer rest;
    vireo__mail *mail = allocate(from, letters, strlen(news->name) + 1, &rest);
    if (mail == NULL)
        return NULL;
    mail->news =
        (vireo__news){news->fn, put_text(&rest, news->name), vireo__shared_ref(news->bytes)};
    mail->bytes += news->bytes->len;
    return mail;
}

void vireo__letter_drop(vireo__letter *letter)
{
    vireo__mail *mail = letter->mail;
    if (atomic_fetch_sub_explicit(&mail->letters, 1, memory_order_acq_rel) != 1)
        return;
    vireo__shared_unref(mail->news.bytes);
    free(mail);
}
