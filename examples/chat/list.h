/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* list.h: a JSON array that grows, for answers with as many elements as there happen to be.
 *
 *     struct list l = {0};
 *     list_add(&l, vireo_format(NULL, "{id:%d}", 1));
 *     vireo_ack(m, "{list:%p}", list_json(&l));
 *     list_deinit(&l);
 */

#ifndef CHAT_LIST_H
#define CHAT_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include <vireo/vireo.h>

/* Begins as {0}. */
struct list {
    char *text; /* "[a,b", the last bracket is written when it is asked for */
    size_t len, cap;
    bool failed; /* memory ran out */
};

/* list_add puts one JSON text at the end. |item| takes: it is freed here; NULL counts as memory
 * that ran out. */
void list_add(struct list *l, char *item);

/* list_close ends the array. Returns false when memory had run out; then there is nothing to
 * send. */
bool list_close(struct list *l);

void list_deinit(struct list *l);

/* list_json(l) is a closed list as an argument for %p; borrows it for the call it stands in. */
#define list_json(l) vireo_json_text((l)->text, (l)->len)

#endif
