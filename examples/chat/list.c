/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* list.c: see list.h. */

#include "list.h"

#include <stdlib.h>
#include <string.h>

static bool reserve(struct list *l, size_t more)
{
    if (l->failed)
        return false;
    if (l->cap - l->len >= more)
        return true;
    size_t cap = l->cap * 2 + more;
    char *text = realloc(l->text, cap);
    if (text == NULL) {
        l->failed = true;
        return false;
    }
    l->text = text;
    l->cap = cap;
    return true;
}

void list_add(struct list *l, char *item)
{
    size_t n = item != NULL ? strlen(item) : 0;

    l->failed |= item == NULL;
    if (reserve(l, n + 1)) {
        l->text[l->len] = l->len == 0 ? '[' : ',';
        memcpy(l->text + l->len + 1, item, n);
        l->len += n + 1;
    }
    free(item);
}

bool list_close(struct list *l)
{
    if (!reserve(l, 2))
        return false;
    if (l->len == 0)
        l->text[l->len++] = '[';
    l->text[l->len++] = ']';
    return true;
}

void list_deinit(struct list *l)
{
    free(l->text);
    *l = (struct list){0};
}
