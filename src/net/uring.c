/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "net/uring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vireo/error.h>

/* Newer than the liburing that we build with. */
#define PBUF_RING_INC    2         /* io_uring_buf_reg.flags: a buffer is filled piece by piece */
#define CQE_F_BUF_MORE   (1U << 4) /* and is not full yet */
#define PBUF_FLAGS(reg)  (reg)->pad
#define BUFFERS_IN_PAGE  4096 /* bytes for the ring of buffers, whose alignment is a page's */
#define KIND_MASK        7U
#define COMPLETIONS_EACH 20 /* about as many the kernel hands out with one call */

enum {
    ROUNDS = 64,     /* of a flush: more only when the kernel refuses to do anything */
    WAKE_ROUNDS = 8, /* of handing out what is ready */
};

static const unsigned setup = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                              IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE |
                              IORING_SETUP_TASKRUN_FLAG;

_Static_assert(BUFFERS_IN_PAGE >= VIREO__URING_BUFFERS * sizeof(struct io_uring_buf), "one page");

/* --- requests --------------------------------------------------------------------------------- */

/* The thread that the ring belongs to has ended, and the kernel with it all that was pending. */
static void die(vireo__uring *u)
{
    u->dead = true;
    while (!vireo__list_empty(&u->ending)) {
        vireo__list *first = u->ending.next;
        vireo__list_remove(first);
        vireo__list_append(&u->unsettled, first);
    }
}

/* A ring belongs to the thread that uses it first, and a loop may be made on another. */
static bool enable(vireo__uring *u)
{
    if (u->enabled)
        return true;
    u->enabled = syscall(__NR_io_uring_register, u->ring.ring_fd, IORING_REGISTER_ENABLE_RINGS,
                         NULL, 0) == 0;
    return u->enabled;
}

static void submit(vireo__uring *u)
{
    if (u->dead || io_uring_sq_ready(&u->ring) == 0 || !enable(u))
        return;
    if (io_uring_submit(&u->ring) == -EEXIST)
        die(u);
    if (io_uring_sq_ready(&u->ring) == 0)
        u->vector_count = u->head_count = 0;
}

struct io_uring_sqe *vireo__uring_request(vireo__uring *u)
{
    struct io_uring_sqe *request = io_uring_get_sqe(&u->ring);
    if (request != NULL)
        return request;
    submit(u);
    return io_uring_get_sqe(&u->ring);
}

bool vireo__uring_room(vireo__uring *u, unsigned vectors)
{
    if (u->vector_count + vectors > VIREO__URING_VECTORS || u->head_count == VIREO__URING_ENTRIES)
        submit(u);
    return u->vector_count + vectors <= VIREO__URING_VECTORS &&
           u->head_count < VIREO__URING_ENTRIES;
}

/* The kernel has read head and vectors when the request is submitted. */
void vireo__uring_pieces(vireo__uring *u, struct io_uring_sqe *request, int fd,
                         const uv_buf_t *bufs, unsigned count, unsigned flags)
{
    struct iovec *vectors = u->vectors + u->vector_count;
    struct msghdr *head = &u->heads[u->head_count++];
    for (unsigned i = 0; i < count; i++)
        vectors[i] = (struct iovec){bufs[i].base, bufs[i].len};
    *head = (struct msghdr){.msg_iov = vectors, .msg_iovlen = count};
    u->vector_count += count;
    io_uring_prep_sendmsg(request, fd, head, flags);
}

static bool finish_cancel(struct io_uring_sqe *request)
{
    request->flags |= IOSQE_CQE_SKIP_SUCCESS;
    vireo__uring_mark(request, NULL, VIREO__URING_NOTHING);
    return true;
}

bool vireo__uring_cancel(vireo__uring *u, void *who, unsigned kind)
{
    struct io_uring_sqe *request = vireo__uring_request(u);
    if (request == NULL)
        return false;
    io_uring_prep_cancel64(request, (uint64_t)(uintptr_t)who | kind, 0);
    return finish_cancel(request);
}

bool vireo__uring_cancel_all(vireo__uring *u, int fd)
{
    struct io_uring_sqe *request = vireo__uring_request(u);
    if (request == NULL)
        return false;
    io_uring_prep_cancel_fd(request, fd, IORING_ASYNC_CANCEL_ALL);
    return finish_cancel(request);
}

void vireo__uring_count(vireo__uring *u, int change)
{
    u->open += (unsigned)change;
    if (u->open == 0)
        uv_unref((uv_handle_t *)&u->poll);
    else
        uv_ref((uv_handle_t *)&u->poll);
}

/* --- completions ------------------------------------------------------------------------------ */

static void hand_out(struct io_uring_buf_ring *ring, uint8_t *memory, unsigned id)
{
    io_uring_buf_ring_add(ring, memory + (size_t)id * VIREO__URING_BUFFER, VIREO__URING_BUFFER,
                          (unsigned short)id, VIREO__URING_BUFFERS - 1, 0);
    io_uring_buf_ring_advance(ring, 1);
}

/* All that stands before these bytes in their buffer was delivered before them. */
static void on_received(vireo__uring *u, vireo__uring_stream *s, const struct io_uring_cqe *c)
{
    bool more = (c->flags & IORING_CQE_F_MORE) != 0;
    if ((c->flags & IORING_CQE_F_BUFFER) == 0) {
        vireo__uring_received(s, c->res, NULL, more);
        return;
    }
    unsigned id = c->flags >> IORING_CQE_BUFFER_SHIFT;
    uint8_t *bytes = u->memory + (size_t)id * VIREO__URING_BUFFER + u->used[id];
    u->used[id] += c->res > 0 ? (size_t)c->res : 0;
    vireo__uring_received(s, c->res, bytes, more);
    if ((c->flags & CQE_F_BUF_MORE) != 0)
        return;
    u->used[id] = 0;
    hand_out(u->buffers, u->memory, id);
}

static void handle(vireo__uring *u, const struct io_uring_cqe *c)
{
    void *who = (void *)(uintptr_t)(c->user_data & ~(uint64_t)KIND_MASK);
    switch (c->user_data & KIND_MASK) {
    case VIREO__URING_RECEIVE:
        on_received(u, who, c);
        break;
    case VIREO__URING_OFFER:
        vireo__uring_offered(who, c->res);
        break;
    case VIREO__URING_WRITE:
        vireo__uring_wrote(who, c->res);
        break;
    case VIREO__URING_DIAL:
        vireo__uring_dialled(who, c->res);
        break;
    default: /* a cancellation that came too late */
        break;
    }
}

/* Handles what is there now. Returns how much that was. */
static unsigned handle_ready(vireo__uring *u)
{
    struct io_uring_cq *cq = &u->ring.cq;
    unsigned head = *cq->khead, n = io_uring_smp_load_acquire(cq->ktail) - head;
    for (unsigned i = 0; i < n; i++) {
        struct io_uring_cqe c = cq->cqes[(head + i) & cq->ring_mask];
        io_uring_cq_advance(&u->ring, 1);
        handle(u, &c);
    }
    return n;
}

/* A send that may not wait is over when it is submitted. What else has completed by then stays
 * where it is until the next turn: else the loop might never get out of this one. */
static void handle_offers(vireo__uring *u)
{
    struct io_uring_cq *cq = &u->ring.cq;
    unsigned head = *cq->khead;
    for (unsigned at = head; at != io_uring_smp_load_acquire(cq->ktail); at++) {
        struct io_uring_cqe *c = &cq->cqes[at & cq->ring_mask];
        struct io_uring_cqe copy = *c;
        if ((copy.user_data & KIND_MASK) == VIREO__URING_OFFER) {
            c->user_data = VIREO__URING_NOTHING;
            handle(u, &copy);
        }
        if (at == head && c->user_data == VIREO__URING_NOTHING) {
            io_uring_cq_advance(&u->ring, 1);
            head++;
        }
    }
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

static bool is_pending(const vireo__uring *u)
{
    unsigned flags = IO_URING_READ_ONCE(*u->ring.sq.kflags);
    return u->more || io_uring_cq_ready(&u->ring) > 0 ||
           (flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

static void wake(vireo_loop *loop)
{
    vireo__uring *u = loop->uring;
    if (u->dead)
        return;
    io_uring_cq_eventfd_toggle(&u->ring, false);
    for (int i = 0; i < WAKE_ROUNDS && is_pending(u); i++) {
        if (enable(u) && io_uring_get_events(&u->ring) == -EEXIST) {
            die(u);
            return;
        }
        u->more = handle_ready(u) >= COMPLETIONS_EACH;
    }
}

/* Work that came before the eventfd was switched on has not signalled it. */
static void go_to_sleep(vireo_loop *loop)
{
    vireo__uring *u = loop->uring;
    if (u->dead) {
        uv_idle_stop(&u->idle);
        return;
    }
    io_uring_cq_eventfd_toggle(&u->ring, true);
    atomic_thread_fence(memory_order_seq_cst);
    if (is_pending(u))
        uv_idle_start(&u->idle, on_idle);
    else
        uv_idle_stop(&u->idle);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    uint64_t count;
    (void)status;
    (void)events;
    (void)!read(((vireo__uring *)poll->data)->event, &count, sizeof count);
}

/* --- the end of a turn ------------------------------------------------------------------------ */

static void settle_streams(vireo__list *list)
{
    vireo__list now;
    vireo__list_move(&now, list);
    while (!vireo__list_empty(&now)) {
        vireo__uring_stream *s = vireo__container(now.next, vireo__uring_stream, link);
        vireo__list_remove(&s->link);
        vireo__uring_settle(s);
    }
}

static bool has_work(const vireo__uring *u)
{
    return !vireo__list_empty(&u->starved) || !vireo__list_empty(&u->unsettled) ||
           (!u->dead && io_uring_sq_ready(&u->ring) > 0);
}

static void flush(vireo_loop *loop)
{
    vireo__uring *u = loop->uring;
    for (int i = 0; i < ROUNDS && has_work(u); i++) {
        settle_streams(&u->starved);
        settle_streams(&u->unsettled);
        submit(u);
        handle_offers(u);
    }
}

/* --- does it work here? ----------------------------------------------------------------------- */

static int register_buffers(struct io_uring *ring, void *at)
{
    struct io_uring_buf_reg reg = {.ring_addr = (uint64_t)(uintptr_t)at,
                                   .ring_entries = VIREO__URING_BUFFERS};
    PBUF_FLAGS(&reg) = PBUF_RING_INC;
    return io_uring_register_buf_ring(ring, &reg, 0);
}

static bool next_is(struct io_uring *ring, uint64_t user_data, int result, unsigned flags)
{
    struct io_uring_cqe *c;
    if (io_uring_peek_cqe(ring, &c) != 0)
        return false;
    bool good = c->user_data == user_data && c->res == result && c->flags == flags;
    io_uring_cqe_seen(ring, c);
    return good;
}

/* A send that is over at once; a receiver that takes what comes after it was submitted, puts it
 * behind what came before, and ends where its limit says. */
static bool carries(struct io_uring *ring, struct io_uring_buf_ring *buffers, const int fds[2])
{
    uint8_t *memory = (uint8_t *)buffers + BUFFERS_IN_PAGE;
    struct io_uring_sqe *request = io_uring_get_sqe(ring);
    io_uring_prep_recv_multishot(request, fds[0], NULL, VIREO__URING_BUFFER, 0);
    request->flags |= IOSQE_BUFFER_SELECT;
    request->file_index = 4;
    request->user_data = 1;
    request = io_uring_get_sqe(ring);
    io_uring_prep_send(request, fds[1], "abc", 3, MSG_DONTWAIT | MSG_NOSIGNAL);
    request->user_data = 2;
    if (io_uring_submit(ring) != 2 || !next_is(ring, 2, 3, 0) || io_uring_get_events(ring) < 0 ||
        !next_is(ring, 1, 3, IORING_CQE_F_MORE | IORING_CQE_F_BUFFER | CQE_F_BUF_MORE) ||
        send(fds[1], "de", 2, MSG_NOSIGNAL) != 2 || io_uring_get_events(ring) < 0 ||
        !next_is(ring, 1, 2, IORING_CQE_F_BUFFER | CQE_F_BUF_MORE))
        return false;
    return memcmp(memory, "abcde", 5) == 0;
}

static bool works(void)
{
    struct io_uring_params params = {.flags = setup, .cq_entries = 16};
    struct io_uring ring;
    void *memory;
    int fds[2];
    if (posix_memalign(&memory, BUFFERS_IN_PAGE, BUFFERS_IN_PAGE + VIREO__URING_BUFFER) != 0)
        return false;
    memset(memory, 0, BUFFERS_IN_PAGE);
    bool good = io_uring_queue_init_params(8, &ring, &params) == 0;
    if (good) {
        good = register_buffers(&ring, memory) == 0 &&
               socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0;
        if (good) {
            hand_out(memory, (uint8_t *)memory + BUFFERS_IN_PAGE, 0);
            good = carries(&ring, memory, fds);
            close(fds[0]);
            close(fds[1]);
        }
        io_uring_queue_exit(&ring);
    }
    free(memory);
    return good;
}

/* --- life ------------------------------------------------------------------------------------- */

static void free_ring(vireo__uring *u)
{
    if (u->event >= 0)
        close(u->event);
    free(u->buffers);
    free(u);
}

static void on_handle_closed(uv_handle_t *handle)
{
    vireo__uring *u = handle->data;
    if (--u->open_handles > 0)
        return;
    u->loop->open_handles--;
    io_uring_queue_exit(&u->ring);
    free_ring(u);
}

/* Streams that were closed, and still wait for the kernel to say that it has let go of them. */
static void close_streams(vireo__uring *u)
{
    flush(u->loop);
    while (!u->dead && !vireo__list_empty(&u->ending)) {
        if (io_uring_submit_and_wait(&u->ring, 1) == -EEXIST)
            die(u);
        handle_ready(u);
        flush(u->loop);
    }
    flush(u->loop);
}

static void close_ring(vireo__loop_part *part)
{
    vireo__uring *u = vireo__container(part, vireo__uring, part);
    close_streams(u);
    u->loop->hooks = NULL;
    u->loop->uring = NULL;
    u->loop->open_handles++;
    uv_close((uv_handle_t *)&u->poll, on_handle_closed);
    uv_close((uv_handle_t *)&u->idle, on_handle_closed);
}

/* After a fork it takes the number of the parent's, which libuv watches. */
static int register_event(vireo__uring *u)
{
    int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (event < 0)
        return -errno;
    if (u->event < 0) {
        u->event = event;
    } else {
        dup3(event, u->event, O_CLOEXEC);
        close(event);
    }
    return io_uring_register_eventfd(&u->ring, u->event);
}

static bool open_ring(vireo__uring *u)
{
    struct io_uring_params params = {.flags = setup | IORING_SETUP_R_DISABLED,
                                     .cq_entries = VIREO__URING_COMPLETIONS};
    if (io_uring_queue_init_params(VIREO__URING_ENTRIES, &u->ring, &params) < 0)
        return false;
    memset(u->buffers, 0, BUFFERS_IN_PAGE);
    if (register_buffers(&u->ring, u->buffers) == 0 && register_event(u) == 0) {
        for (unsigned id = 0; id < VIREO__URING_BUFFERS; id++)
            hand_out(u->buffers, u->memory, id);
        u->process = getpid();
        return true;
    }
    io_uring_queue_exit(&u->ring);
    return false;
}

static bool open_all(vireo__uring *u)
{
    void *memory;
    size_t bytes = (size_t)VIREO__URING_BUFFERS * VIREO__URING_BUFFER;
    if (posix_memalign(&memory, BUFFERS_IN_PAGE, BUFFERS_IN_PAGE + bytes) != 0)
        return false;
    u->buffers = memory;
    u->memory = (uint8_t *)memory + BUFFERS_IN_PAGE;
    if (!open_ring(u))
        return false;
    if (uv_poll_init(u->loop->uv, &u->poll, u->event) == 0)
        return true;
    io_uring_queue_exit(&u->ring);
    return false;
}

/* The child may get no ring where its parent got one. As long as nothing is connected, its streams
 * can be of another kind. */
static int choose_again(vireo_loop *loop)
{
    vireo__uring *u = loop->uring;
    if (u->open > 0)
        return VIREO_ENOMEM;
    vireo__list_remove(&u->part.node);
    close_ring(&u->part);
    loop->streams = NULL;
    return vireo__streams_of(loop) != NULL ? 0 : VIREO_ENOMEM;
}

/* A ring of the parent's that has never run was not asked for anything, and another one takes its
 * place. One that has run is the parent's alone. */
static int on_forked(vireo_loop *loop)
{
    vireo__uring *u = loop->uring;
    struct io_uring parents = u->ring;
    if (u->process == getpid())
        return 0;
    if (!u->enabled && works() && open_ring(u)) {
        io_uring_queue_exit(&parents);
        return 0;
    }
    u->ring = parents;
    die(u);
    return u->enabled ? VIREO_EINVAL : choose_again(loop);
}

static void init(vireo__uring *u, vireo_loop *loop)
{
    u->loop = loop;
    u->event = -1;
    vireo__list_init(&u->starved);
    vireo__list_init(&u->unsettled);
    vireo__list_init(&u->ending);
}

int vireo__streams_uring(const vireo__streams **out, vireo_loop *loop)
{
    static const vireo__streams streams = {
        .new_stream = vireo__uring_new_stream,
        .open_stream = vireo__uring_open_stream,
        .dial = vireo__uring_dial,
    };
    static const vireo__loop_hooks hooks = {
        .flush = flush, .sleep = go_to_sleep, .wake = wake, .forked = on_forked};
    vireo__uring *u = calloc(1, sizeof *u);
    *out = NULL;
    if (u == NULL)
        return VIREO_ENOMEM;
    init(u, loop);
    if (!works() || !open_all(u)) {
        free_ring(u);
        return 0;
    }
    uv_idle_init(loop->uv, &u->idle);
    u->poll.data = u->idle.data = u;
    u->open_handles = 2;
    uv_poll_start(&u->poll, UV_READABLE, on_event);
    uv_unref((uv_handle_t *)&u->poll);
    uv_unref((uv_handle_t *)&u->idle);
    u->part.free = close_ring;
    vireo__loop_add_part(loop, &u->part);
    loop->uring = u;
    loop->hooks = &hooks;
    *out = &streams;
    return 0;
}
