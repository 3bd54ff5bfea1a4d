/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* crud: a list of things to do, shared by all who look at it. The acknowledgement of a request
 * carries {data} or {error, errorDetails: [{path, message}]}; the others are told of the change.
 *
 * page to server                              server to the other pages
 * todo:list(ack)
 * todo:read(id, ack)
 * todo:create({title, completed}, ack)        todo:created({id, title, completed})
 * todo:update({id, title, completed}, ack)    todo:updated({id, title, completed})
 * todo:delete(id, ack)                        todo:deleted(id) */

#include <vireo/vireo.h>

#include "cli.h"

enum { MAX_TODOS = 1000, MAX_TITLE = 256 };

#define TODO "{id:%d, title:%s, completed:%hhd}"

static struct {
    struct todo {
        int id;
        bool completed;
        char title[MAX_TITLE + 1];
    } all[MAX_TODOS];
    int count, last_id;
} todos;

static struct todo *find(const vireo_msg *m, const vireo_value *id)
{
    for (struct todo *t = todos.all; t < todos.all + todos.count; t++)
        if (t->id == vireo_int(id, 0))
            return t;
    vireo_ack(m, "{error:'entity not found'}");
    return NULL;
}

/* Is it a todo that the client has sent? If not, it is told all that is wrong. */
static bool check(const vireo_msg *m)
{
    const vireo_value *todo = vireo_arg(m, 0);
    const char *title = vireo_str_or(vireo_get(todo, "title"), "");
    vireo_list *errors = vireo_list_new();
    if (title[0] == '\0' || strlen(title) > MAX_TITLE)
        vireo_list_add(errors, "{path:['title'], message:'1 to 256 bytes of text are needed'}");
    if (vireo_type_of(vireo_get(todo, "completed")) != VIREO_BOOL)
        vireo_list_add(errors, "{path:['completed'], message:'true or false is needed'}");
    bool valid = vireo_list_count(errors) == 0;
    if (!valid)
        vireo_ack(m, "{error:'invalid payload', errorDetails:%p}", errors);
    vireo_list_free(errors);
    return valid;
}

static void store(vireo_socket *s, const vireo_msg *m, struct todo *t, const char *event)
{
    snprintf(t->title, sizeof t->title, "%s", vireo_str(vireo_get(vireo_arg(m, 0), "title")));
    t->completed = vireo_bool(vireo_get(vireo_arg(m, 0), "completed"), false);
    vireo_ack(m, "{data:%d}", t->id);
    vireo_broadcast(vireo_others(s), event, TODO, t->id, t->title, t->completed);
}

static void on_create(vireo_socket *s, const vireo_msg *m)
{
    struct todo *t = &todos.all[todos.count];
    if (todos.count == MAX_TODOS) {
        vireo_ack(m, "{error:'too many entities'}");
    } else if (check(m)) {
        todos.count++;
        t->id = ++todos.last_id;
        store(s, m, t, "todo:created");
    }
}

static void on_update(vireo_socket *s, const vireo_msg *m)
{
    struct todo *t = find(m, vireo_get(vireo_arg(m, 0), "id"));
    if (t != NULL && check(m))
        store(s, m, t, "todo:updated");
}

static void on_delete(vireo_socket *s, const vireo_msg *m)
{
    struct todo *t = find(m, vireo_arg(m, 0));
    if (t == NULL)
        return;
    vireo_ack(m, "{data:%d}", t->id);
    vireo_broadcast(vireo_others(s), "todo:deleted", "%d", t->id);
    *t = todos.all[--todos.count];
}

static void on_read(vireo_socket *s, const vireo_msg *m)
{
    struct todo *t = find(m, vireo_arg(m, 0));
    (void)s;
    if (t != NULL)
        vireo_ack(m, "{data:" TODO "}", t->id, t->title, t->completed);
}

static void on_list(vireo_socket *s, const vireo_msg *m)
{
    vireo_list *list = vireo_list_new();
    (void)s;
    for (int i = 0; i < todos.count; i++)
        vireo_list_add(list, TODO, todos.all[i].id, todos.all[i].title, todos.all[i].completed);
    vireo_ack(m, "{data:%p}", list);
    vireo_list_free(list);
}

static const vireo_event_handler events[] = {
    {"todo:list", on_list},     {"todo:read", on_read},     {"todo:create", on_create},
    {"todo:update", on_update}, {"todo:delete", on_delete}, {0},
};

int main(int argc, char **argv)
{
    struct cli cli = cli_parse(argc, argv, 3000);
    vireo_app *app = vireo_app_new();
    vireo_static(app, "/", PUBLIC_FOLDER);
    vireo_namespace(app, "/", .events = events);
    return vireo_run(app, .host = cli.host, .port = cli.port, .name = "crud");
}
