/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "payload/list.h"

#include <stdlib.h>

#include <vireo/error.h>

#include "payload/template.h"

/* What stands for a list when there is no memory for one: nothing ever writes to a list with an
 * error. */
static const vireo_list no_memory = {.tag = VIREO__LIST_TAG, .error = VIREO_ENOMEM};

vireo_list *vireo_list_new(void)
{
    vireo_list *list = calloc(1, sizeof *list);
    if (list == NULL)
        return (vireo_list *)(uintptr_t)&no_memory;
    list->tag = VIREO__LIST_TAG;
    vireo__buf_init(&list->text, VIREO__BUF_UNLIMITED);
    return list;
}

int vireo_list_add(vireo_list *list, const char *tmpl, ...)
{
    va_list args;
    if (list->error < 0)
        return list->error;
    list->error = vireo__buf_append_byte(&list->text, list->count == 0 ? '[' : ',');
    if (list->error < 0)
        return list->error;
    va_start(args, tmpl);
    int result = vireo__template_write_one(&list->text, NULL, tmpl, args);
    va_end(args);
    if (result < 0)
        return list->error = result;
    list->count++;
    return 0;
}

size_t vireo_list_count(const vireo_list *list)
{
    return list->count;
}

void vireo_list_free(vireo_list *list)
{
    if (list == NULL || list == &no_memory)
        return;
    vireo__buf_deinit(&list->text);
    free(list);
}

int vireo__list_write(vireo__buf *out, const vireo_list *list)
{
    if (list->error < 0)
        return list->error;
    if (out == &list->text)
        return VIREO_EINVAL;
    if (list->count == 0)
        return vireo__buf_append(out, "[]", 2);
    vireo__buf_append(out, list->text.data, list->text.len);
    return vireo__buf_append_byte(out, ']');
}
