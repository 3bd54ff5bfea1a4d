/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "socketio/census.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>
#include <vireo/workers.h>

#include "engineio/place.h"
#include "http/gather.h"
#include "socketio/inside.h"
#include "socketio/local.h"

/* Which sockets? |path| is of the server that was asked, and there as long as any worker runs. */
typedef struct question {
    const char *path;
    char **names; /* of namespaces */
    char **rooms;
    char **except;
    bool local;
    unsigned worker; /* that has sent something */
    int sent;        /* .. to so many of its own */
} question;

static void free_question(void *given)
{
    question *q = given;
    vireo__eio_texts_free(q->names);
    vireo__eio_texts_free(q->rooms);
    vireo__eio_texts_free(q->except);
    free(q);
}

static vireo_io *server_of(vireo_app *app, const question *q)
{
    vireo_io *io = *vireo__app_extension(app);
    while (io != NULL && strcmp(io->path, q->path) != 0)
        io = io->next;
    return io;
}

static vireo_ns *find(vireo_app *app, const question *q, const char *name)
{
    const vireo_io *io = server_of(app, q);
    return io != NULL ? vireo__ns_find(io, vireo__str_of(name)) : NULL;
}

/* --- what was sent ---------------------------------------------------------------------------- */

static void count_one(vireo_socket *s, void *user)
{
    (void)s;
    ++*(int *)user;
}

static void tell_sent(vireo_app *app, const void *given, void *part)
{
    const question *q = given;
    int *count = part;
    if (vireo_worker(app) == q->worker) {
        *count = q->sent;
        return;
    }
    vireo_to to = {.ns = q->local ? NULL : find(app, q, q->names[0]),
                   .more_rooms = (const char *const *)q->rooms,
                   .more_except = (const char *const *)q->except};
    if (to.ns != NULL)
        vireo__local_each(&to, count_one, count);
}

static void add_sent(void *sum, const void *part)
{
    *(int *)sum += *(const int *)part;
}

static int answer_sent(vireo_req *r, const void *unused, void *sum)
{
    (void)unused;
    return vireo_reply_json(r, 200, "{sent:%d}", *(const int *)sum);
}

/* |list| may be NULL: it stays so. False when memory runs out. */
static bool copy(char ***out, const char *const *list)
{
    *out = list != NULL ? vireo__eio_texts_copy((char *const *)(uintptr_t)list, 0) : NULL;
    return list == NULL || *out != NULL;
}

int vireo__census_sent(vireo_req *r, const vireo_to *to, int sent)
{
    static const vireo__gathering all = {.size = sizeof(int),
                                         .tell = tell_sent,
                                         .add = add_sent,
                                         .answer = answer_sent,
                                         .free_question = free_question};
    const char *const names[] = {to->ns->name, NULL};
    question *q = calloc(1, sizeof *q);
    if (q == NULL)
        return VIREO_ENOMEM;
    q->path = to->ns->io->path;
    q->local = (to->flags & VIREO_LOCAL) != 0;
    q->worker = vireo_worker(vireo_req_app(r));
    q->sent = sent;
    if (copy(&q->names, names) && copy(&q->rooms, to->more_rooms) &&
        copy(&q->except, to->more_except))
        return vireo__gather(r, &all, q);
    free_question(q);
    return VIREO_ENOMEM;
}

/* --- namespaces ------------------------------------------------------------------------------- */

/* A number for each name that was asked about. */
typedef struct counts {
    size_t n; /* 0: memory ran out */
    size_t *of;
} counts;

static void tell_namespaces(vireo_app *app, const void *given, void *part)
{
    const question *q = given;
    counts *c = part;
    size_t n = 0;
    while (q->names[n] != NULL)
        n++;
    c->of = calloc(n + 1, sizeof *c->of);
    for (; c->of != NULL && c->n < n; c->n++) {
        const vireo_ns *ns = find(app, q, q->names[c->n]);
        c->of[c->n] = ns != NULL ? ns->sockets.len : 0;
    }
}

static void add_namespaces(void *sum_, const void *part_)
{
    counts *sum = sum_;
    const counts *part = part_;
    for (size_t i = 0; i < sum->n && i < part->n; i++)
        sum->of[i] += part->of[i];
}

static void free_counts(void *part)
{
    free(((counts *)part)->of);
}

static int answer_namespaces(vireo_req *r, const void *given, void *sum)
{
    const question *q = given;
    const counts *c = sum;
    if (c->of == NULL)
        return VIREO_ENOMEM;
    vireo_list *list = vireo_list_new();
    for (size_t i = 0; i < c->n; i++)
        vireo_list_add(list, "{name:%s,sockets:%zu}", q->names[i], c->of[i]);
    int error = vireo_reply_json(r, 200, "{namespaces:%p}", (void *)list);
    vireo_list_free(list);
    return error;
}

static char **names_of(const vireo_io *io)
{
    uint32_t at = 0;
    size_t n = 0;
    const char **names = (const char **)calloc(io->namespaces.len + 1, sizeof *names);
    char **copies;
    if (names == NULL)
        return NULL;
    for (const vireo_ns *ns; (ns = vireo__map_next(&io->namespaces, &at)) != NULL;)
        names[n++] = ns->name;
    if (!copy(&copies, names))
        copies = NULL;
    free((void *)names);
    return copies;
}

int vireo__census_namespaces(vireo_req *r, const vireo_io *io)
{
    static const vireo__gathering all = {.size = sizeof(counts),
                                         .tell = tell_namespaces,
                                         .add = add_namespaces,
                                         .answer = answer_namespaces,
                                         .free_part = free_counts,
                                         .free_question = free_question};
    question *q = calloc(1, sizeof *q);
    if (q == NULL)
        return VIREO_ENOMEM;
    q->path = io->path;
    q->names = names_of(io);
    if (q->names != NULL)
        return vireo__gather(r, &all, q);
    free_question(q);
    return VIREO_ENOMEM;
}
