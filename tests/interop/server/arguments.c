/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "server.h"

#define ARG(i)  ((const void *)vireo_arg(m, first + (i)))
#define ARGS_1  ARG(0)
#define ARGS_2  ARGS_1, ARG(1)
#define ARGS_3  ARGS_2, ARG(2)
#define ARGS_4  ARGS_3, ARG(3)
#define ARGS_5  ARGS_4, ARG(4)
#define ARGS_6  ARGS_5, ARG(5)
#define ARGS_7  ARGS_6, ARG(6)
#define ARGS_8  ARGS_7, ARG(7)
#define ARGS_9  ARGS_8, ARG(8)
#define ARGS_10 ARGS_9, ARG(9)

/* Calls DO(template, arguments..) with as many as there are. */
#define WITH_ARGS(count, DO)                                                                       \
    switch (count) {                                                                               \
    case 0:                                                                                        \
        DO(NULL);                                                                                  \
        break;                                                                                     \
    case 1:                                                                                        \
        DO("%p", ARGS_1);                                                                          \
        break;                                                                                     \
    case 2:                                                                                        \
        DO("%p,%p", ARGS_2);                                                                       \
        break;                                                                                     \
    case 3:                                                                                        \
        DO("%p,%p,%p", ARGS_3);                                                                    \
        break;                                                                                     \
    case 4:                                                                                        \
        DO("%p,%p,%p,%p", ARGS_4);                                                                 \
        break;                                                                                     \
    case 5:                                                                                        \
        DO("%p,%p,%p,%p,%p", ARGS_5);                                                              \
        break;                                                                                     \
    case 6:                                                                                        \
        DO("%p,%p,%p,%p,%p,%p", ARGS_6);                                                           \
        break;                                                                                     \
    case 7:                                                                                        \
        DO("%p,%p,%p,%p,%p,%p,%p", ARGS_7);                                                        \
        break;                                                                                     \
    case 8:                                                                                        \
        DO("%p,%p,%p,%p,%p,%p,%p,%p", ARGS_8);                                                     \
        break;                                                                                     \
    case 9:                                                                                        \
        DO("%p,%p,%p,%p,%p,%p,%p,%p,%p", ARGS_9);                                                  \
        break;                                                                                     \
    default:                                                                                       \
        DO("%p,%p,%p,%p,%p,%p,%p,%p,%p,%p", ARGS_10);                                              \
        break;                                                                                     \
    }

static size_t count_from(const vireo_msg *m, size_t first)
{
    size_t count = vireo_arg_count(m);
    return count > first ? count - first : 0;
}

void ack_args(const vireo_msg *m)
{
    const size_t first = 0;
#define DO(...) vireo_ack(m, __VA_ARGS__)
    WITH_ARGS(count_from(m, first), DO)
#undef DO
}

void broadcast_args(vireo_to to, const char *event, const vireo_msg *m, size_t first)
{
#define DO(...) vireo_broadcast(to, event, __VA_ARGS__)
    WITH_ARGS(count_from(m, first), DO)
#undef DO
}

static void on_answer(vireo_socket *s, int status, const vireo_value *args, void *user)
{
    (void)user;
    if (status == 0)
        vireo_emit_value(s, "answered", args);
    else if (status == VIREO_ETIMEDOUT)
        vireo_emit(s, "unanswered", NULL);
}

void ask(vireo_socket *s, const vireo_msg *m, size_t first, uint32_t timeout_ms)
{
#define DO(...) vireo_emit_ack(s, timeout_ms, on_answer, NULL, "question", __VA_ARGS__)
    WITH_ARGS(count_from(m, first), DO)
#undef DO
}
