/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "net/gate.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "net/proxy_protocol.h"

enum {
    REFILL_MS = 1, /* after the others had their turn */
    /* Kept of a visitor who waits: a first message fills one record at most. */
    MAX_HEAD = 16384 + 256,
};

struct vireo__gate {
    vireo_loop *loop;
    vireo__admit_fn admit;
    vireo_tls *tls; /* NULL: none */
    bool proxy;     /* a head of the PROXY protocol comes first */
    vireo__list visitors;
    vireo__list queue; /* of those who wait for a place */
    uint32_t count;    /* of visitors */
    uint32_t max_pending;
    uint32_t working;
    uint32_t budget;        /* handshakes that may still begin before |refill| */
    vireo__deadline refill; /* runs while the budget is not full */
    bool closed;
};

enum state { HEAD, SILENT, WAITING, WORKING };

typedef struct visitor {
    vireo__list node;
    vireo__list place; /* in the queue */
    vireo__gate *gate;
    vireo__stream *stream;
    vireo__deadline deadline;
    vireo__buf head; /* what came of the proxy's head, or before there was a place */
    uint8_t state;
} visitor;

static void serve_queue(vireo__gate *gate);

/* --- leaving ---------------------------------------------------------------------------------- */

static void leave_place(visitor *v)
{
    vireo__list_remove(&v->place);
    if (v->state == WORKING)
        v->gate->working--;
    v->state = SILENT;
}

static void free_visitor(visitor *v)
{
    vireo__gate *gate = v->gate;
    leave_place(v);
    vireo__list_remove(&v->node);
    vireo__deadline_stop(&v->deadline);
    vireo__buf_deinit(&v->head);
    free(v);
    gate->count--;
    serve_queue(gate);
}

static void on_deadline(vireo__deadline *d)
{
    visitor *v = vireo__container(d, visitor, deadline);
    leave_place(v);
    vireo__stream_close(v->stream, VIREO_ETIMEDOUT);
}

static void on_close(vireo__stream *s, int error)
{
    (void)error;
    free_visitor(s->owner);
}

static void on_end(vireo__stream *s)
{
    vireo__stream_close(s, 0);
}

/* --- the handshake ---------------------------------------------------------------------------- */

static void on_handshake(vireo__stream *s, void *user, int error)
{
    visitor *v = user;
    vireo__gate *gate = v->gate;
    if (error < 0) {
        leave_place(v);
        vireo__deadline_stop(&v->deadline); /* the stream has one for its end */
        vireo__stream_end(s);               /* and not close: the client shall read our alert */
        serve_queue(gate);
        return;
    }
    vireo__stream_pause(s);
    free_visitor(v);
    gate->admit(s);
}

static void begin_handshake(visitor *v, uint8_t *bytes, size_t n)
{
    vireo__gate *gate = v->gate;
    vireo__stream *s = v->stream;
    v->state = WORKING;
    gate->working++;
    gate->budget--;
    vireo__tls_ctx *ctx = vireo__tls_server_ctx(gate->tls, NULL);
    int error = vireo__tls_accept(s, ctx, on_handshake, v);
    vireo__tls_ctx_unref(ctx);
    if (error < 0) {
        vireo__stream_close(s, error);
        return;
    }
    vireo__stream_start(s);
    vireo__stream_io_received(s, bytes, n);
}

static void on_refill(vireo__deadline *d)
{
    vireo__gate *gate = vireo__container(d, vireo__gate, refill);
    gate->budget = VIREO__HANDSHAKES_PER_TURN;
    serve_queue(gate);
}

static bool has_place(vireo__gate *gate)
{
    if (gate->working >= vireo__tls_max_handshakes(gate->tls) || gate->budget == 0)
        return false;
    return vireo__deadline_running(&gate->refill) ||
           vireo__deadline_start(gate->loop, &gate->refill, REFILL_MS, on_refill) == 0;
}

static void serve_queue(vireo__gate *gate)
{
    while (!gate->closed && !vireo__list_empty(&gate->queue) && has_place(gate)) {
        visitor *v = vireo__container(gate->queue.next, visitor, place);
        vireo__buf head = v->head;
        vireo__buf_init(&v->head, MAX_HEAD);
        vireo__list_remove(&v->place);
        begin_handshake(v, head.data, head.len);
        vireo__buf_deinit(&head);
    }
}

/* The first bytes of a handshake. */
static void knock(visitor *v, uint8_t *bytes, size_t n)
{
    vireo__stream *s = v->stream;
    if (vireo__list_empty(&v->gate->queue) && has_place(v->gate)) {
        begin_handshake(v, bytes, n);
        return;
    }
    vireo__stream_pause(s);
    int error = vireo__buf_append(&v->head, bytes, n);
    if (error < 0) {
        vireo__stream_close(s, error);
        return;
    }
    v->state = WAITING;
    vireo__list_append(&v->gate->queue, &v->place);
}

/* --- the head of a proxy ---------------------------------------------------------------------- */

static int note_client(vireo__stream *s, const vireo__proxy *told)
{
    if (told->own)
        return 0;
    s->secure = told->secure;
    s->client = strdup(told->address);
    return s->client != NULL ? 0 : VIREO_ENOMEM;
}

/* The head is behind; |n| bytes follow it. */
static void pass_head(visitor *v, const vireo__proxy *told, uint8_t *bytes, size_t n)
{
    vireo__gate *gate = v->gate;
    vireo__stream *s = v->stream;
    int error = note_client(s, told);
    if (error < 0) {
        vireo__stream_close(s, error);
        return;
    }
    v->state = SILENT;
    if (gate->tls != NULL) {
        vireo__buf_deinit(&v->head);
        if (n > 0)
            knock(v, bytes, n);
        return;
    }
    vireo__stream_pause(s);
    free_visitor(v);
    gate->admit(s);
    if (n > 0 && !s->closing)
        vireo__stream_received(s, bytes, n);
}

/* Few heads come in two pieces: only of those anything is kept. */
static void take_head(visitor *v, uint8_t *bytes, size_t n)
{
    vireo__proxy told;
    size_t before = v->head.len;
    size_t more = n < VIREO__PROXY_MAX - before ? n : VIREO__PROXY_MAX - before;
    const uint8_t *all = bytes;
    int len = 0;
    if (before > 0 && (len = vireo__buf_append(&v->head, bytes, more)) == 0)
        all = v->head.data;
    if (len == 0)
        len = vireo__proxy_read(all, before > 0 ? v->head.len : n, &told);
    if (len == 0 && before == 0)
        len = vireo__buf_append(&v->head, bytes, n);
    if (len < 0)
        vireo__stream_close(v->stream, len);
    else if (len > 0)
        pass_head(v, &told, bytes + ((size_t)len - before), n - ((size_t)len - before));
}

/* --- entering --------------------------------------------------------------------------------- */

static void on_data(vireo__stream *s, uint8_t *bytes, size_t n)
{
    visitor *v = s->owner;
    if (v->state == HEAD)
        take_head(v, bytes, n);
    else
        knock(v, bytes, n);
}

static const vireo__stream_events events = {
    .on_data = on_data,
    .on_end = on_end,
    .on_close = on_close,
};

static void ignore_close(vireo__stream *s, int error)
{
    (void)s;
    (void)error;
}

void vireo__gate_enter(vireo__gate *gate, vireo__stream *s)
{
    static const vireo__stream_events unheard = {.on_close = ignore_close};
    visitor *v = NULL;
    if (!gate->closed && gate->count < gate->max_pending)
        v = calloc(1, sizeof *v);
    if (v == NULL) {
        vireo__stream_set_events(s, &unheard, NULL);
        vireo__stream_close(s, 0);
        return;
    }
    v->gate = gate;
    v->stream = s;
    v->state = gate->proxy ? HEAD : SILENT;
    vireo__list_init(&v->place);
    vireo__list_append(&gate->visitors, &v->node);
    vireo__buf_init(&v->head, MAX_HEAD);
    gate->count++;
    vireo__stream_set_events(s, &events, v);
    uint32_t ms = gate->tls != NULL ? vireo__tls_handshake_ms(gate->tls) : VIREO__PROXY_HEAD_MS;
    if (vireo__deadline_start(gate->loop, &v->deadline, ms, on_deadline) < 0)
        vireo__stream_close(s, VIREO_ENOMEM);
    else
        vireo__stream_start(s);
}

/* --- life ------------------------------------------------------------------------------------- */

/* A certificate that cannot be used is told now and not to the first client. */
static int check_tls(const vireo_listen_options *where)
{
    vireo_error why = {.code = VIREO_ETLS};
    if (where->tls == NULL)
        return 0;
    vireo__tls_ctx *ctx = vireo__tls_server_ctx(where->tls, &why);
    vireo__tls_ctx_unref(ctx);
    return ctx != NULL ? 0 : vireo__error_set(where->error, why.code, "%s", why.text);
}

int vireo__gate_new(vireo__gate **out, vireo_loop *loop, const vireo_listen_options *where,
                    vireo__admit_fn admit)
{
    *out = NULL;
    int error = check_tls(where);
    if (error < 0 || (where->tls == NULL && !where->proxy_protocol))
        return error;
    vireo__gate *gate = calloc(1, sizeof *gate);
    if (gate == NULL)
        return vireo__error_set(where->error, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
    gate->loop = loop;
    gate->admit = admit;
    gate->tls = where->tls != NULL ? vireo__tls_ref(where->tls) : NULL;
    gate->proxy = where->proxy_protocol;
    gate->max_pending = where->max_pending > 0 ? where->max_pending : VIREO__GATE_MAX_PENDING;
    gate->budget = VIREO__HANDSHAKES_PER_TURN;
    vireo__list_init(&gate->visitors);
    vireo__list_init(&gate->queue);
    *out = gate;
    return 0;
}

void vireo__gate_close(vireo__gate *gate)
{
    gate->closed = true;
    vireo__deadline_stop(&gate->refill);
    for (vireo__list *at = gate->visitors.next; at != &gate->visitors; at = at->next)
        vireo__stream_close(vireo__container(at, visitor, node)->stream, VIREO_ECANCELLED);
}

void vireo__gate_free(vireo__gate *gate)
{
    if (gate == NULL)
        return;
    vireo__deadline_stop(&gate->refill);
    vireo_tls_free(gate->tls);
    free(gate);
}
