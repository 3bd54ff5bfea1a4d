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
#include "todos.h"

static struct todos todos;

static struct todo *find(const vireo_msg *m, const vireo_value *id)
{
    struct todo *t = todos_find(&todos, id);
    if (t == NULL)
        vireo_ack(m, "{error:'entity not found'}");
    return t;
}

static bool check(const vireo_msg *m)
{
    vireo_list *errors = todo_errors(vireo_arg(m, 0));
    bool valid = vireo_list_count(errors) == 0;
    if (!valid)
        vireo_ack(m, "{error:'invalid payload', errorDetails:%p}", errors);
    vireo_list_free(errors);
    return valid;
}

static void store(vireo_socket *s, const vireo_msg *m, struct todo *t, const char *event)
{
    todo_set(t, vireo_arg(m, 0));
    vireo_ack(m, "{data:%d}", t->id);
    vireo_broadcast(vireo_others(s), event, TODO, t->id, t->title, t->completed);
}

static void on_create(vireo_socket *s, const vireo_msg *m)
{
    struct todo *t = check(m) ? todos_add(&todos) : NULL;
    if (t != NULL)
        store(s, m, t, "todo:created");
    else
        vireo_ack(m, "{error:'too many entities'}"); /* unless check has answered */
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
    todos_remove(&todos, t);
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
    vireo_list *list = todos_list(&todos);
    (void)s;
    vireo_ack(m, "{data:%p}", list);
    vireo_list_free(list);
}

int main(int argc, char **argv)
{
    static const vireo_event_handler events[] = {
        {"todo:list", on_list},     {"todo:read", on_read},     {"todo:create", on_create},
        {"todo:update", on_update}, {"todo:delete", on_delete}, {0},
    };
    struct cli cli = cli_parse(argc, argv, 3000);
    vireo_app *app = vireo_app_new();
    vireo_static(app, "/", PUBLIC_FOLDER);
    vireo_namespace(app, "/", .events = events);
    return vireo_run(app, .host = cli.host, .port = cli.port, .name = "crud");
}
