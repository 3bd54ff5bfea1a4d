/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* namespace.c: namespaces: how they are made, found, and cleaned up. How clients join one stands in
 * admission.c; namespaces that clients bring to life, in dynamic.c. */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "http/group.h"
#include "socketio/adapter.h"
#include "socketio/inside.h"
#include "socketio/local.h"

/* --- making ----------------------------------------------------------------------------------- */

static char *full_name(const char *name)
{
    size_t len = strlen(name);
    size_t slash = name[0] != '/';
    if (len + slash > VIREO__NAMESPACE_NAME_MAX || strchr(name, ',') != NULL)
        return NULL;
    char *full = malloc(len + slash + 1);
    if (full == NULL)
        return NULL;
    full[0] = '/';
    memcpy(full + slash, name, len + 1);
    return full;
}

/* The first row for an event counts. */
static int index_handlers(vireo_ns *ns)
{
    for (const vireo_event_handler *h = ns->options.events; h != NULL && h->event != NULL; h++) {
        size_t len = strlen(h->event);
        if (vireo__map_get(&ns->own_handlers, h->event, len) == NULL &&
            vireo__map_put(&ns->own_handlers, h->event, len, (void *)(uintptr_t)h) < 0)
            return VIREO_ENOMEM;
    }
    return 0;
}

/* A child without options of its own is handled as its parent is. */
static int take_options(vireo_ns *ns, const vireo_ns_options *options)
{
    if (options == NULL) {
        ns->options = ns->parent->ns->options;
        ns->handlers = &ns->parent->ns->own_handlers;
        ns->limits = &ns->parent->ns->own_limits;
        ns->limit_count = ns->parent->ns->limit_count;
        return 0;
    }
    size_t known = sizeof ns->options;
    memcpy(&ns->options, options, options->size < known ? options->size : known);
    ns->handlers = &ns->own_handlers;
    ns->limits = &ns->own_limits;
    int error = index_handlers(ns);
    return error < 0 ? error : vireo__limits_index(ns);
}

static int take_adapter(vireo_ns *ns, vireo_adapter_fn make, void *user)
{
    ns->adapter = make(ns, user);
    return ns->adapter != NULL ? 0 : VIREO_ENOMEM;
}

/* Where nothing was said, workers of one process know each other. */
int vireo__ns_join_workers(vireo_ns *ns)
{
    const vireo__group *g = vireo__app_group(ns->io->app);
    bool own = ns->options.adapter != NULL || ns->io->options.adapter != NULL;
    if (g == NULL || g->adapter == NULL || own)
        return 0;
    ns->of_workers = true;
    if (ns->common != NULL && vireo__recovery_share(ns) < 0)
        return VIREO_ENOMEM;
    return take_adapter(ns, g->adapter, g->adapter_user);
}

static int make_adapter(vireo_ns *ns)
{
    const vireo_io_options *io = &ns->io->options;
    if (ns->options.adapter != NULL)
        return take_adapter(ns, ns->options.adapter, ns->options.adapter_user);
    if (io->adapter != NULL)
        return take_adapter(ns, io->adapter, io->adapter_user);
    return vireo__ns_join_workers(ns);
}

vireo_ns *vireo__ns_new(vireo_io *io, char *name, vireo__parent *parent,
                        const vireo_ns_options *options)
{
    vireo_ns *ns = calloc(1, sizeof *ns);
    if (ns == NULL) {
        free(name);
        return NULL;
    }
    ns->io = io;
    ns->name = name;
    ns->parent = parent;
    vireo__list_init(&ns->list);
    vireo__list_init(&ns->in_parent);
    vireo__map_init(&ns->own_handlers, io->loop->hash_key);
    vireo__map_init(&ns->own_limits, io->loop->hash_key);
    vireo__sockets_init(ns);
    vireo__map_init(&ns->acks, io->loop->hash_key);
    vireo__map_init(&ns->requests_by_id, io->loop->hash_key);
    vireo__list_init(&ns->requests);
    vireo__local_init(ns);
    if (take_options(ns, options) < 0 || vireo__recovery_open(ns) < 0) {
        vireo__ns_free(ns);
        return NULL;
    }
    return ns;
}

/* What clients have brought to life has entered already. */
static int enter_common(vireo_ns *ns)
{
    if (ns->io->common == NULL || ns->common != NULL)
        return 0;
    ns->common = vireo__common_enter(
        ns->io->common, &(vireo__common_entry){.name = ns->name, .parent = UINT32_MAX});
    return ns->common != NULL ? 0 : VIREO_ENOMEM;
}

/* A child of which it was not heard yet that it is over stands in the way of the next of its
 * name. */
static void forget_former(const vireo_io *io, const char *name)
{
    vireo_ns *ns = vireo__map_get(&io->namespaces, name, strlen(name));
    if (ns != NULL)
        vireo__ns_forget(ns);
}

int vireo__ns_announce(vireo_ns *ns)
{
    vireo_io *io = ns->io;
    forget_former(io, ns->name);
    if (enter_common(ns) < 0 || make_adapter(ns) < 0 ||
        vireo__map_put(&io->namespaces, ns->name, strlen(ns->name), ns) < 0)
        return VIREO_ENOMEM;
    if (ns->parent != NULL)
        vireo__list_append(&ns->parent->children, &ns->in_parent);
    io->children += ns->dynamic;
    if (io->options.on_new_namespace != NULL && strcmp(ns->name, "/") != 0)
        io->options.on_new_namespace(ns);
    return 0;
}

vireo_ns *vireo_io_ns_create(vireo_io *io, const char *name, const vireo_ns_options *options)
{
    char *full = io ? full_name(name) : NULL;
    if (full == NULL || options->data_size > VIREO__DATA_SIZE_MAX ||
        vireo__ns_find(io, vireo__str_of(full)) != NULL) {
        free(full);
        return NULL;
    }
    vireo_ns *ns = vireo__ns_new(io, full, vireo__parent_of_static(io, full), options);
    if (ns == NULL || vireo__ns_announce(ns) == 0)
        return ns;
    vireo__ns_free(ns);
    return NULL;
}

vireo_ns *vireo_ns_create(vireo_app *app, const char *name, const vireo_ns_options *options)
{
    return vireo_io_ns_create(vireo__io_of(app), name, options);
}

/* --- the end ---------------------------------------------------------------------------------- */

void vireo__ns_free(vireo_ns *ns)
{
    ns->users++; /* whatever ends here */
    vireo__recovery_free(ns);
    vireo__requests_cancel(ns);
    if (ns->adapter != NULL)
        ns->adapter->ops->free(ns->adapter);
    vireo__guests_free(ns->guests);
    vireo__local_deinit(ns);
    vireo__map_deinit(&ns->requests_by_id);
    vireo__parent_free(ns->as_parent);
    vireo__list_remove(&ns->in_parent);
    vireo__map_deinit(&ns->own_handlers);
    vireo__map_deinit(&ns->own_limits);
    vireo__table_deinit(&ns->sockets);
    vireo__map_deinit(&ns->acks);
    vireo__common_unref(ns->common);
    free(ns->name);
    free(ns);
}

static bool may_end(const vireo_ns *ns)
{
    return ns->dynamic && ns->io->options.cleanup_empty_child_namespaces;
}

void vireo__ns_hold(vireo_ns *ns)
{
    if (ns->users++ == 0 && ns->common != NULL && may_end(ns))
        ns->counted = vireo__common_use(ns->common);
}

static void bury_soon(vireo_ns *ns)
{
    vireo__list_remove(&ns->in_parent);
    vireo__list_append(&ns->io->empty_namespaces, &ns->in_parent);
    vireo__turn_add(ns->io->loop, &ns->io->bury);
}

void vireo__ns_forget(vireo_ns *ns)
{
    ns->dynamic = false;
    ns->forgotten = true;
    ns->io->children--;
    vireo__map_remove(&ns->io->namespaces, ns->name, strlen(ns->name));
    vireo__list_remove(&ns->in_parent); /* of its parent */
    if (ns->users == 0)
        bury_soon(ns);
}

/* Returns whether it has ended with that, on all workers. */
static bool disuse(vireo_ns *ns)
{
    if (ns->common == NULL)
        return true;
    bool was_counted = ns->counted;
    ns->counted = false;
    if (!was_counted || !vireo__common_disuse(ns->common))
        return vireo__common_over(ns->common);
    vireo__common_tell(ns->io->app, ns->common, vireo__child_news);
    return true;
}

void vireo__ns_release(vireo_ns *ns)
{
    if (--ns->users > 0)
        return;
    if (ns->forgotten)
        bury_soon(ns);
    else if (may_end(ns) && disuse(ns))
        vireo__ns_forget(ns);
}

void vireo__ns_bury(vireo_ns *ns)
{
    if (ns->io->options.on_namespace_gone != NULL && strcmp(ns->name, "/") != 0)
        ns->io->options.on_namespace_gone(ns);
    vireo__ns_free(ns);
}

/* --- what users ask --------------------------------------------------------------------------- */

static bool is_over(const vireo_ns *ns)
{
    return ns->dynamic && vireo__common_over(ns->common);
}

vireo_ns *vireo__ns_find(const vireo_io *io, vireo__str name)
{
    vireo_ns *ns = vireo__map_get(&io->namespaces, name.at, name.len);
    return ns != NULL && !is_over(ns) ? ns : NULL;
}

vireo_ns *vireo__ns_take(vireo_io *io, vireo__str name)
{
    vireo_ns *ns = vireo__ns_find(io, name);
    if (ns == NULL)
        return NULL;
    vireo__ns_hold(ns);
    if (!is_over(ns))
        return ns;
    vireo__ns_release(ns); /* another worker was faster */
    return NULL;
}

vireo_ns *vireo_io_of(const vireo_io *io, const char *name)
{
    char *full = io ? full_name(name) : NULL;
    vireo_ns *ns = full ? vireo__ns_find(io, vireo__str_of(full)) : NULL;
    free(full);
    return ns;
}

vireo_ns *vireo_of(vireo_app *app, const char *name)
{
    return vireo_io_of(*vireo__app_extension(app), name);
}

const char *vireo_ns_name(const vireo_ns *ns)
{
    return ns->name;
}

vireo_app *vireo_ns_app(const vireo_ns *ns)
{
    return ns->io->app;
}

vireo_io *vireo_ns_io(const vireo_ns *ns)
{
    return ns->io;
}

void *vireo_ns_user(const vireo_ns *ns)
{
    return ns->options.user;
}

void vireo_ns_set_user(vireo_ns *ns, void *user)
{
    ns->options.user = user;
}

vireo_ns *vireo_ns_parent(const vireo_ns *ns)
{
    return ns->parent != NULL ? ns->parent->ns : NULL;
}

vireo_ns *vireo__ns_next_child(const vireo_ns *parent, const vireo_ns *last)
{
    const vireo__list *all = &parent->as_parent->children;
    const vireo__list *next = last != NULL ? last->in_parent.next : all->next;
    return next != all ? vireo__container(next, vireo_ns, in_parent) : NULL;
}

vireo_ns *vireo__ns_go_on(const vireo_ns *parent, vireo_ns *last)
{
    vireo_ns *next = vireo__ns_next_child(parent, last);
    if (next != NULL)
        vireo__ns_hold(next);
    if (last != NULL)
        vireo__ns_release(last);
    return next;
}

size_t vireo_ns_count(const vireo_ns *ns)
{
    size_t count = ns->sockets.len;
    const vireo_ns *child = NULL;
    while (ns->as_parent != NULL && (child = vireo__ns_next_child(ns, child)) != NULL)
        count += child->sockets.len;
    return count;
}

static vireo_socket *find_in_children(const vireo_ns *parent, const char *id)
{
    vireo_socket *s = NULL;
    vireo_ns *child = NULL;
    while (s == NULL && (child = vireo__ns_next_child(parent, child)) != NULL)
        s = vireo_find(child, id);
    return s;
}

vireo_socket *vireo_find(vireo_ns *ns, const char *id)
{
    if (id == NULL)
        return NULL;
    return ns->as_parent != NULL ? find_in_children(ns, id) : vireo__socket_find(ns, id);
}
