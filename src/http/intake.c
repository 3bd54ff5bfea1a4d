/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* intake.c: the way of a body from the parser to who reads it.
 *
 *     parse.body -> [inflater] -> collected, for a handler that waits for all of it
 *                              -> or a function, piece by piece (vireo_on_body)
 *
 * A body that is neither coded nor streamed has no intake: it stays in parse.body. What the parser
 * has read of a connection's bytes stands there, at most one reading, until it was passed on; while
 * a reader is paused the connection reads no more, and the kernel holds the rest back. */

#include <stdlib.h>

#include <vireo/error.h>

#include "http/coding.h"
#include "http/request.h"

enum {
    PIECE = 16384,        /* bytes inflated at once */
    PIECES_PER_TURN = 64, /* a small body may be a large one; the others must have their turn */
    KEEP = VIREO__READ_BUFFER,
};

struct vireo__intake {
    void (*fn)(vireo_req *r, const void *data, size_t len, bool last, void *user);
    void *user;
    vireo__inflater *inflater; /* NULL: not coded */
    vireo__buf collected;      /* when there is no fn */
    size_t at;                 /* in parse.body: what is before it was passed on */
    uint64_t total;            /* bytes behind the inflater */
    bool paused;
    bool waits; /* for its next turn */
    bool over;  /* all was passed on */
};

static vireo__intake *new_intake(vireo_req *r)
{
    vireo__intake *in = vireo__arena_take(&r->arena, sizeof *in, 16);
    if (in == NULL)
        return NULL;
    *in = (vireo__intake){.fn = NULL};
    vireo__buf_init(&in->collected, VIREO__BUF_UNLIMITED); /* |total| is limited */
    r->intake = in;
    return in;
}

void vireo__intake_end(vireo_req *r)
{
    if (r->intake == NULL)
        return;
    vireo__inflater_free(r->intake->inflater);
    vireo__buf_deinit(&r->intake->collected);
    r->intake = NULL;
}

int vireo__intake_begin(vireo_req *r)
{
    size_t size;
    const char *headers = vireo__req_headers(r, &size);
    vireo__coding coding =
        vireo__coding_read(vireo__headers_get(headers, size, "content-encoding"));
    if (coding == VIREO__CODING_NONE || r->intake != NULL || !vireo__parser_has_body(&r->parse))
        return 0;
    if (coding == VIREO__CODING_UNKNOWN)
        return VIREO_STATUS(415);
    vireo__intake *in = new_intake(r);
    if (in == NULL || (in->inflater = vireo__inflater_new(coding)) == NULL)
        return VIREO_ENOMEM;
    return 0;
}

/* --- passing on ------------------------------------------------------------------------------- */

static bool complete(const vireo_req *r)
{
    return r->parse.state == VIREO__PARSE_DONE;
}

static int pass(vireo_req *r, const uint8_t *data, size_t n, bool last)
{
    vireo__intake *in = r->intake;
    in->over = last;
    if (in->fn == NULL)
        return vireo__buf_append(&in->collected, data, n);
    if (n > 0 || last)
        in->fn(r, n > 0 ? (const void *)data : "", n, last, in->user);
    return 0;
}

static int pass_plain(vireo_req *r)
{
    vireo__buf *body = &r->parse.body;
    vireo__intake *in = r->intake;
    int error = pass(r, body->data + in->at, body->len - in->at, complete(r));
    in->at = 0;
    vireo__buf_reset(body, KEEP);
    return error;
}

/* Returns a negative number, 0 when the input is used up, 1 when there is more. */
static int pass_piece(vireo_req *r)
{
    uint8_t out[PIECE];
    vireo__intake *in = r->intake;
    vireo__buf *body = &r->parse.body;
    vireo__coding_io io = {body->data + in->at, body->len - in->at, out, sizeof out};
    int error = vireo__inflater_step(in->inflater, &io);
    size_t made = sizeof out - io.out_len;
    bool empty = io.in_len == 0 && made < sizeof out;
    in->at = body->len - io.in_len;
    in->total += made;
    if (error < 0)
        return error;
    if (in->total > r->parse.max_body_bytes)
        return VIREO_ETOOBIG;
    if (empty && complete(r) && !vireo__inflater_ended(in->inflater))
        return VIREO_EPROTO;
    if (empty) {
        vireo__buf_reset(body, KEEP);
        in->at = 0;
    }
    error = pass(r, out, made, empty && complete(r));
    return error < 0 ? error : !empty;
}

static int pass_inflated(vireo_req *r)
{
    vireo__intake *in = r->intake;
    for (int i = 0; i < PIECES_PER_TURN; i++) {
        int more = pass_piece(r);
        if (more <= 0 || in->paused || r->answered)
            return more < 0 ? more : 0;
    }
    in->waits = true;
    vireo__conn_pause_sending(r->conn);
    return 0;
}

/* Has the handler read what it finds, as if it had come so. */
static int give_collected(vireo_req *r)
{
    vireo__buf *body = &r->parse.body;
    vireo__buf_deinit(body);
    *body = r->intake->collected;
    vireo__buf_init(&r->intake->collected, VIREO__BUF_UNLIMITED);
    return vireo__buf_cstr(body) != NULL ? 0 : VIREO_ENOMEM;
}

int vireo__intake_run(vireo_req *r)
{
    vireo__intake *in = r->intake;
    if (in == NULL || in->over || in->paused || r->answered ||
        (in->fn == NULL && r->stage != VIREO__STAGE_BODY))
        return 0;
    in->waits = false;
    int error = in->inflater != NULL ? pass_inflated(r) : pass_plain(r);
    if (error == 0 && in->over && in->fn == NULL)
        error = give_collected(r);
    if (in->over && in->inflater != NULL) {
        vireo__inflater_free(in->inflater);
        in->inflater = NULL;
    }
    return error;
}

bool vireo__intake_takes(const vireo_req *r)
{
    const vireo__intake *in = r->intake;
    if (in == NULL)
        return r->stage == VIREO__STAGE_BODY;
    return !in->paused && !in->waits && (in->fn != NULL || r->stage == VIREO__STAGE_BODY);
}

bool vireo__intake_over(const vireo_req *r)
{
    return complete(r) && (r->intake == NULL || r->intake->over);
}

/* --- for users -------------------------------------------------------------------------------- */

int vireo_on_body(vireo_req *r,
                  void (*fn)(vireo_req *r, const void *data, size_t len, bool last, void *user),
                  void *user)
{
    if (r->answered)
        return VIREO_EANSWERED;
    if (r->stage != VIREO__STAGE_HELD || r->mount != NULL ||
        (r->intake != NULL && r->intake->fn != NULL))
        return VIREO_EINVAL;
    vireo__intake *in = r->intake != NULL ? r->intake : new_intake(r);
    if (in == NULL)
        return VIREO_ENOMEM;
    in->fn = fn;
    in->user = user;
    in->over = false; /* what was collected is passed on all the same */
    vireo__turn_add(r->app->loop, &r->conn->resume);
    return 0;
}

void vireo_body_pause(vireo_req *r)
{
    if (r->intake != NULL)
        r->intake->paused = true;
}

void vireo_body_resume(vireo_req *r)
{
    if (r->intake == NULL || !r->intake->paused)
        return;
    r->intake->paused = false;
    if (!r->answered)
        vireo__turn_add(r->app->loop, &r->conn->resume);
}
