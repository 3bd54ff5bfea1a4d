/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "loop/loop.h"

#include <stdlib.h>
#include <unistd.h>

#include <vireo/error.h>

#include "loop/deadline.h"

enum {
    WRITE_NODES_KEPT = 16384,  /* free nodes kept for the next broadcast: 1 MB */
    WRITE_BLOCKS_KEPT = 1024,  /* and blocks: 1 MB */
    SCRATCH_KEPT = 256 * 1024, /* bytes: one large message must not hold its memory for ever */
};

typedef struct post {
    vireo__list node;
    void (*fn)(void *a, void *b);
    void *a;
    void *b;
} post;

/* --- the end of the turn ---------------------------------------------------------------------- */

void vireo__turn_add(vireo_loop *loop, vireo__turn_task *task)
{
    if (vireo__turn_queued(task))
        return;
    if (vireo__list_empty(&loop->turn))
        uv_ref((uv_handle_t *)&loop->prepare); /* uv_run must not return before it was run */
    vireo__list_append(&loop->turn, &task->node);
}

void vireo__turn_remove(vireo__turn_task *task)
{
    if (!vireo__turn_queued(task))
        return;
    vireo__list_remove(&task->node);
    task->node.next = NULL;
}

static void run_tasks(vireo_loop *loop)
{
    while (!vireo__list_empty(&loop->turn)) {
        vireo__turn_task *task = vireo__container(loop->turn.next, vireo__turn_task, node);
        vireo__turn_remove(task);
        task->run(task);
    }
}

static void end_turn(vireo_loop *loop)
{
    do {
        run_tasks(loop);
        if (loop->hooks != NULL)
            loop->hooks->flush(loop);
    } while (!vireo__list_empty(&loop->turn));
    uv_unref((uv_handle_t *)&loop->prepare);
}

static void on_prepare(uv_prepare_t *handle)
{
    vireo_loop *loop = handle->data;
    end_turn(loop);
    if (loop->hooks != NULL)
        loop->hooks->sleep(loop);
}

static void on_check(uv_check_t *handle)
{
    vireo_loop *loop = handle->data;
    if (loop->hooks != NULL)
        loop->hooks->wake(loop);
    unsigned late = loop->greedy_of_late - loop->greedy_of_late / 8;
    loop->greedy_of_late = loop->greedy > late ? loop->greedy : late;
    loop->greedy = 0;
    end_turn(loop);
}

/* --- work from other threads ------------------------------------------------------------------ */

static void run_posts(vireo_loop *loop)
{
    vireo__list ready;
    uv_mutex_lock(&loop->posts_lock);
    vireo__list_move(&ready, &loop->posts);
    uv_mutex_unlock(&loop->posts_lock);
    while (!vireo__list_empty(&ready)) {
        post *p = vireo__container(ready.next, post, node);
        vireo__list_remove(&p->node);
        p->fn(p->a, p->b);
        free(p);
    }
}

static void on_wake(uv_async_t *handle)
{
    run_posts(handle->data);
}

int vireo__loop_post(vireo_loop *loop, void (*fn)(void *a, void *b), void *a, void *b)
{
    post *p = malloc(sizeof *p);
    if (p == NULL)
        return VIREO_ENOMEM;
    *p = (post){.fn = fn, .a = a, .b = b};
    uv_mutex_lock(&loop->posts_lock);
    bool closed = loop->posts_closed;
    if (!closed) {
        vireo__list_append(&loop->posts, &p->node);
        uv_async_send(&loop->wake);
    }
    uv_mutex_unlock(&loop->posts_lock);
    if (closed)
        free(p);
    return closed ? VIREO_ECLOSED : 0;
}

/* --- parts ------------------------------------------------------------------------------------ */

void vireo__loop_add_part(vireo_loop *loop, vireo__loop_part *part)
{
    vireo__list_append(&loop->parts, &part->node);
}

vireo__loop_part *vireo__loop_part_of(const vireo_loop *loop, void (*free)(vireo__loop_part *part))
{
    for (const vireo__list *at = loop->parts.next; at != &loop->parts; at = at->next) {
        vireo__loop_part *part = vireo__container(at, vireo__loop_part, node);
        if (part->free == free)
            return part;
    }
    return NULL;
}

static void free_parts(vireo_loop *loop)
{
    while (!vireo__list_empty(&loop->parts)) {
        vireo__loop_part *part = vireo__container(loop->parts.next, vireo__loop_part, node);
        vireo__list_remove(&part->node);
        part->free(part);
    }
}

/* --- life ------------------------------------------------------------------------------------- */

static uv_loop_t *new_uv_loop(void)
{
    uv_loop_t *uv = malloc(sizeof *uv);
    if (uv != NULL && uv_loop_init(uv) < 0) {
        free(uv);
        return NULL;
    }
    return uv;
}

static void on_handle_closed(uv_handle_t *handle)
{
    ((vireo_loop *)handle->data)->open_handles--;
}

static void adopt(vireo_loop *loop, uv_handle_t *handle)
{
    handle->data = loop;
    loop->open_handles++;
}

/* The loop's own handles must not keep uv_run from ending when nothing else is left; the timer
 * does, while a deadline stands. */
static int open_handles(vireo_loop *loop)
{
    uv_prepare_init(loop->uv, &loop->prepare);
    uv_check_init(loop->uv, &loop->check);
    uv_timer_init(loop->uv, &loop->timer);
    adopt(loop, (uv_handle_t *)&loop->prepare);
    adopt(loop, (uv_handle_t *)&loop->check);
    adopt(loop, (uv_handle_t *)&loop->timer);
    uv_prepare_start(&loop->prepare, on_prepare);
    uv_check_start(&loop->check, on_check);
    uv_unref((uv_handle_t *)&loop->prepare);
    uv_unref((uv_handle_t *)&loop->check);
    int error = uv_async_init(loop->uv, &loop->wake, on_wake);
    if (error < 0)
        return error;
    adopt(loop, (uv_handle_t *)&loop->wake);
    uv_unref((uv_handle_t *)&loop->wake);
    return 0;
}

static void close_handle(uv_handle_t *handle)
{
    if (handle->data != NULL)
        uv_close(handle, on_handle_closed);
}

void vireo__loop_end_posts(vireo_loop *loop)
{
    uv_mutex_lock(&loop->posts_lock);
    loop->posts_closed = true;
    uv_mutex_unlock(&loop->posts_lock);
    run_posts(loop);
}

void vireo__loop_free(vireo_loop *loop)
{
    if (loop == NULL)
        return;
    vireo__loop_end_posts(loop);
    vireo__timers_free(loop);
    end_turn(loop);
    free_parts(loop);
    close_handle((uv_handle_t *)&loop->prepare);
    close_handle((uv_handle_t *)&loop->check);
    close_handle((uv_handle_t *)&loop->timer);
    close_handle((uv_handle_t *)&loop->wake);
    while (loop->open_handles > 0)
        uv_run(loop->uv, UV_RUN_ONCE);
    if (loop->own != NULL)
        uv_loop_close(loop->own);
    vireo__deadlines_free(loop);
    vireo__pool_deinit(&loop->write_nodes);
    vireo__pool_deinit(&loop->write_blocks);
    vireo__buf_deinit(&loop->scratch);
    uv_mutex_destroy(&loop->posts_lock);
    free(loop->read_buffer);
    free(loop->own);
    free(loop);
}

vireo_loop *vireo__loop_new(uv_loop_t *uv)
{
    vireo_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        return NULL;
    vireo__list_init(&loop->turn);
    vireo__list_init(&loop->deadline_queues);
    vireo__list_init(&loop->timers);
    vireo__list_init(&loop->parts);
    vireo__list_init(&loop->posts);
    vireo__pool_init(&loop->write_nodes, VIREO__WRITE_NODE_SIZE, WRITE_NODES_KEPT);
    vireo__pool_init(&loop->write_blocks, VIREO__WRITE_BLOCK_SIZE, WRITE_BLOCKS_KEPT);
    vireo__buf_init(&loop->scratch, VIREO__BUF_UNLIMITED);
    loop->hash_key = vireo__hash_key_random();
    loop->timer_due = UINT64_MAX;
    loop->process = getpid();
    loop->max_backlog = SIZE_MAX;
    loop->own = uv == NULL ? new_uv_loop() : NULL;
    loop->uv = uv != NULL ? uv : loop->own;
    loop->read_buffer = malloc(VIREO__READ_BUFFER);
    if (uv_mutex_init(&loop->posts_lock) < 0) {
        free(loop->read_buffer);
        free(loop->own);
        free(loop);
        return NULL;
    }
    if (loop->uv == NULL || loop->read_buffer == NULL || open_handles(loop) < 0) {
        vireo__loop_free(loop);
        return NULL;
    }
    return loop;
}

int vireo__loop_begin(vireo_loop *loop)
{
    if (loop->own == NULL || loop->process == getpid())
        return 0;
    loop->process = getpid();
    int error = uv_loop_fork(loop->own);
    return error == 0 && loop->hooks != NULL ? loop->hooks->forked(loop) : error;
}

uint64_t vireo__loop_now(const vireo_loop *loop)
{
    return uv_now(loop->uv) + loop->clock_skew;
}

void vireo__loop_advance(vireo_loop *loop, uint64_t ms)
{
    loop->clock_skew += ms;
    loop->timer_due = UINT64_MAX; /* of the clock as it was: the timer is armed anew */
    vireo__deadlines_run(loop);
    end_turn(loop);
}

vireo__buf *vireo__loop_scratch(vireo_loop *loop)
{
    vireo__buf_reset(&loop->scratch, SCRATCH_KEPT);
    return &loop->scratch;
}

vireo__buf vireo__loop_scratch_hide(vireo_loop *loop)
{
    vireo__buf hidden = loop->scratch;
    vireo__buf_init(&loop->scratch, VIREO__BUF_UNLIMITED);
    return hidden;
}

void vireo__loop_scratch_show(vireo_loop *loop, vireo__buf hidden)
{
    vireo__buf_deinit(&loop->scratch);
    loop->scratch = hidden;
}
