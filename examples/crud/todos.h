/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* todos.h: things to do, in memory, and what makes one: a database's and a schema's work. */

#ifndef TODOS_H
#define TODOS_H

#include <stdio.h>
#include <string.h>

#include <vireo/vireo.h>

enum { MAX_TODOS = 1000, MAX_TITLE = 256 };

struct todo {
    int id;
    bool completed;
    char title[MAX_TITLE + 1];
};

/* .. as it is sent */
#define TODO "{id:%d, title:%s, completed:%hhd}"

struct todos {
    struct todo all[MAX_TODOS];
    int count, last_id;
};

static inline struct todo *todos_find(struct todos *todos, const vireo_value *id)
{
    for (struct todo *t = todos->all; t < todos->all + todos->count; t++)
        if (t->id == vireo_int(id, 0))
            return t;
    return NULL;
}

/* Returns a new one, empty but for its id; NULL when there are too many. */
static inline struct todo *todos_add(struct todos *todos)
{
    if (todos->count == MAX_TODOS)
        return NULL;
    struct todo *t = &todos->all[todos->count++];
    *t = (struct todo){.id = ++todos->last_id};
    return t;
}

/* The last one takes its place. */
static inline void todos_remove(struct todos *todos, struct todo *t)
{
    *t = todos->all[--todos->count];
}

/* Returns new: all of them, as they are sent. */
static inline vireo_list *todos_list(const struct todos *todos)
{
    vireo_list *list = vireo_list_new();
    for (const struct todo *t = todos->all; t < todos->all + todos->count; t++)
        vireo_list_add(list, TODO, t->id, t->title, t->completed);
    return list;
}

/* Returns new: all that is wrong with what a client calls a todo, [{path, message}]. */
static inline vireo_list *todo_errors(const vireo_value *v)
{
    const char *title = vireo_str_or(vireo_get(v, "title"), "");
    vireo_list *errors = vireo_list_new();
    if (title[0] == '\0' || strlen(title) > MAX_TITLE)
        vireo_list_add(errors, "{path:['title'], message:'1 to 256 bytes of text are needed'}");
    if (vireo_type_of(vireo_get(v, "completed")) != VIREO_BOOL)
        vireo_list_add(errors, "{path:['completed'], message:'true or false is needed'}");
    return errors;
}

/* Of what has no errors. */
static inline void todo_set(struct todo *t, const vireo_value *v)
{
    snprintf(t->title, sizeof t->title, "%s", vireo_str(vireo_get(v, "title")));
    t->completed = vireo_bool(vireo_get(v, "completed"), false);
}

#endif
