/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* admission.c: the two questions that users may answer for a handshake's request: may it have a
 * session, and with which id. Now, or later: then the request is kept, with what is decided
 * already, and the server looks at it again when the answer is there. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>
#include <vireo/socket.h>

#include "engineio/session.h"

enum { ADMISSION_MS = 10000 }; /* for those who decide later */

typedef struct admission {
    enum { UNASKED, ASKED, ALLOWED, DENIED } allowed;
    enum { NO_ID, ID_ASKED, HAS_ID, BAD_ID } named;
    vireo_req *request;
    vireo__deadline deadline;
    char *message; /* of a denial */
    char id[VIREO__ID_SIZE];
} admission;

static const char admission_key;

static void free_admission(void *pointer)
{
    admission *a = pointer;
    vireo__deadline_stop(&a->deadline);
    free(a->message);
    free(a);
}

static admission *admission_of(vireo_req *r)
{
    admission *a = vireo_req_get(r, &admission_key);
    if (a != NULL)
        return a;
    a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    a->request = r;
    if (vireo_req_set(r, &admission_key, a, free_admission) == 0)
        return a;
    free(a);
    return NULL;
}

static void on_undecided(vireo__deadline *d)
{
    admission *a = vireo__container(d, admission, deadline);
    if (a->allowed == ASKED)
        a->allowed = DENIED;
    else
        a->named = BAD_ID;
    vireo__req_again(a->request);
}

static void await_decision(admission *a, vireo_loop *loop)
{
    if (vireo__deadline_start(loop, &a->deadline, ADMISSION_MS, on_undecided) < 0)
        on_undecided(&a->deadline);
}

static int decided(admission *a, bool inside)
{
    vireo__deadline_stop(&a->deadline);
    return inside ? 0 : vireo__req_again(a->request);
}

/* --- may it have a session -------------------------------------------------------------------- */

int vireo_allow_request(vireo_req *r)
{
    admission *a = vireo_req_get(r, &admission_key);
    if (a == NULL || a->allowed != ASKED)
        return VIREO_EINVAL;
    a->allowed = ALLOWED;
    return decided(a, !vireo__deadline_running(&a->deadline));
}

int vireo_deny_request(vireo_req *r, const char *message)
{
    admission *a = vireo_req_get(r, &admission_key);
    if (a == NULL || a->allowed != ASKED)
        return VIREO_EINVAL;
    a->allowed = DENIED;
    a->message = message != NULL ? strdup(message) : NULL;
    int error = decided(a, !vireo__deadline_running(&a->deadline));
    return error < 0 ? error : VIREO_EREFUSED;
}

static void ask_allowed(admission *a, const vireo__eio_server *server, vireo_req *r)
{
    a->allowed = ASKED;
    int result = server->options.allow_request(r);
    if (a->allowed != ASKED)
        return; /* it has said so itself */
    if (result == VIREO_LATER)
        await_decision(a, server->loop);
    else
        a->allowed = result < 0 ? DENIED : ALLOWED;
}

vireo__eio_decision vireo__eio_ask_allowed(vireo__eio_server *server, vireo_req *r,
                                           const char **message)
{
    *message = "Forbidden";
    if (server->options.allow_request == NULL)
        return VIREO__EIO_YES;
    admission *a = admission_of(r);
    if (a == NULL)
        return VIREO__EIO_NO;
    if (a->allowed == UNASKED)
        ask_allowed(a, server, r);
    if (a->message != NULL)
        *message = a->message;
    if (a->allowed == ASKED)
        return VIREO__EIO_UNDECIDED;
    return a->allowed == ALLOWED ? VIREO__EIO_YES : VIREO__EIO_NO;
}

/* --- with which id ---------------------------------------------------------------------------- */

static bool id_valid(const vireo__eio_server *server, const char *id)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t n = strnlen(id, VIREO__ID_SIZE);
    if (n == 0 || n > VIREO__ID_LEN || strspn(id, letters) != n)
        return false;
    return server->directory != NULL
               ? vireo__directory_find(server->directory, (vireo__str){id, n}) == NULL
               : vireo__eio_session_find(server, id, n) == NULL;
}

int vireo_name_request(vireo_req *r, const char *id)
{
    admission *a = vireo_req_get(r, &admission_key);
    if (a == NULL || a->named != ID_ASKED)
        return VIREO_EINVAL;
    a->named = HAS_ID;
    snprintf(a->id, sizeof a->id, "%s", id);
    if (strlen(id) >= sizeof a->id)
        a->named = BAD_ID;
    return decided(a, false);
}

static void ask_id(admission *a, const vireo__eio_server *server, vireo_req *r)
{
    a->named = ID_ASKED;
    int result = server->options.generate_id(r, a->id);
    if (result == VIREO_LATER)
        await_decision(a, server->loop);
    else
        a->named = result < 0 ? BAD_ID : HAS_ID;
}

vireo__eio_decision vireo__eio_ask_id(vireo__eio_server *server, vireo_req *r,
                                      char id[VIREO__ID_SIZE])
{
    if (server->options.generate_id == NULL) {
        if (server->directory != NULL)
            server->ids.counter = vireo__directory_number(server->directory);
        vireo__id_make(&server->ids, id);
        return VIREO__EIO_YES;
    }
    admission *a = admission_of(r);
    if (a == NULL)
        return VIREO__EIO_NO;
    if (a->named == NO_ID)
        ask_id(a, server, r);
    if (a->named == ID_ASKED)
        return VIREO__EIO_UNDECIDED;
    if (a->named == BAD_ID || !id_valid(server, a->id))
        return VIREO__EIO_NO;
    strcpy(id, a->id);
    return VIREO__EIO_YES;
}
