/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client_app.c: all clients of an application: who shares a connection, and the end of them. */

#include <stdlib.h>
#include <string.h>

#include "socketio/client.h"

/* --- the end ---------------------------------------------------------------------------------- */

static void disconnect_socket(vireo__client *c, const void *arg)
{
    (void)arg;
    vireo_disconnect(c->socket, false);
}

static void end_socket(vireo__client *c, const void *arg)
{
    (void)arg;
    vireo__client_end(c);
}

static void on_stop(void *owner)
{
    vireo__clients *all = owner;
    for (vireo__list *at = all->managers.next; at != &all->managers; at = at->next) {
        vireo__manager *m = vireo__container(at, vireo__manager, node);
        m->ended = true; /* users may hold its sockets as long as the application lives */
        vireo__manager_each(m, disconnect_socket, NULL); /* all hear of the connection's end */
        vireo__manager_each(m, end_socket, NULL);
    }
}

static void on_free(void *owner)
{
    vireo__clients *all = owner;
    while (!vireo__list_empty(&all->managers)) {
        vireo__manager *m = vireo__container(all->managers.next, vireo__manager, node);
        while (!vireo__list_empty(&m->sockets))
            vireo__client_free(vireo__container(m->sockets.next, vireo__client, node));
        vireo__manager_free(m);
    }
}

static void free_clients(vireo__loop_part *part)
{
    free(vireo__container(part, vireo__clients, in_loop));
}

/* --- finding ---------------------------------------------------------------------------------- */

/* Returns NULL when memory runs out. */
static vireo__clients *clients_of(vireo_app *app)
{
    vireo_loop *loop = vireo__app_loop(app);
    vireo__loop_part *part = vireo__loop_part_of(loop, free_clients);
    if (part != NULL)
        return vireo__container(part, vireo__clients, in_loop);
    vireo__clients *all = calloc(1, sizeof *all);
    if (all == NULL)
        return NULL;
    all->in_loop.free = free_clients;
    all->part.owner = all;
    all->part.on_stop = on_stop;
    all->part.on_free = on_free;
    vireo__list_init(&all->managers);
    vireo__loop_add_part(loop, &all->in_loop);
    vireo__app_add_part(app, &all->part);
    return all;
}

/* Returns new: what tells the connections to one server from those to others; NULL when memory runs
 * out. */
static char *key_of(const vireo__client_url *url, const char *path)
{
    vireo__buf key;
    const vireo__uri *uri = &url->uri;
    bool secure = vireo__uri_secure(uri);
    vireo__buf_init(&key, VIREO__BUF_UNLIMITED);
    vireo__buf_append_str(&key, secure ? "https://" : "http://");
    vireo__buf_append(&key, uri->user.at, uri->user.len);
    vireo__buf_append_byte(&key, '@');
    uint16_t port = uri->port > 0 ? uri->port : secure ? 443 : 80;
    vireo__uri_append_authority(&key, uri->host, uri->ipv6, port);
    vireo__buf_append_str(&key, path);
    if (vireo__buf_cstr(&key) == NULL)
        vireo__buf_deinit(&key);
    return (char *)key.data;
}

static bool has_namespace(const vireo__manager *m, const char *ns)
{
    for (const vireo__list *at = m->sockets.next; at != &m->sockets; at = at->next) {
        const vireo__client *c = vireo__container(at, vireo__client, node);
        if (!c->dropped && strcmp(c->socket->ns->name, ns) == 0)
            return true;
    }
    return false;
}

static vireo__manager *find_manager(const vireo__clients *all, const char *key, const char *ns,
                                    const vireo_client_options *o)
{
    for (vireo__list *at = all->managers.next; at != &all->managers; at = at->next) {
        vireo__manager *m = vireo__container(at, vireo__manager, node);
        if (m->shared && strcmp(m->key, key) == 0 && !has_namespace(m, ns) &&
            m->io.codec.parser == o->parser && m->io.codec.user == o->parser_user)
            return m;
    }
    return NULL;
}

/* --- connecting ------------------------------------------------------------------------------- */

/* |key| is taken. */
static vireo__manager *manager_for(vireo__clients *all, vireo_app *app, char *key,
                                   const vireo__client_url *url, const vireo_client_options *o)
{
    vireo__manager *m = o->force_new ? NULL : find_manager(all, key, url->ns, o);
    if (m == NULL) {
        m = vireo__manager_new(all, app, url, o, o->error);
        if (m != NULL) {
            m->key = key;
            return m;
        }
    }
    free(key);
    return m;
}

static vireo_socket *connect_to(vireo_app *app, const vireo__client_url *url,
                                const vireo_client_options *o)
{
    vireo__clients *all = clients_of(app);
    char *key = all != NULL ? key_of(url, o->path) : NULL;
    if (key == NULL) {
        vireo__error_set(o->error, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
        return NULL;
    }
    vireo__manager *m = manager_for(all, app, key, url, o);
    vireo__client *c = m != NULL ? vireo__client_new(m, url->ns, o) : NULL;
    if (c == NULL) {
        if (m != NULL && vireo__list_empty(&m->sockets))
            vireo__manager_free(m);
        return NULL;
    }
    if (!o->no_connect)
        vireo_open(c->socket);
    return c->socket;
}

vireo_socket *vireo_client_connect(vireo_app *app, const char *text,
                                   const vireo_client_options *options)
{
    vireo__client_url url;
    vireo_socket *s = NULL;
    const char *why;
    vireo_client_options o = vireo__client_defaults(app, options);
    if (o.error != NULL)
        o.error->code = 0;
    if (vireo__app_stopping(app)) {
        vireo__error_set(o.error, VIREO_ECLOSED, "the application is ending");
        return NULL;
    }
    int error = vireo__client_url_read(&url, text, &why);
    if (error == VIREO_EINVAL)
        vireo__error_set(o.error, error, "the URL is no good: %s", why);
    else if (error < 0)
        vireo__error_set(o.error, error, "%s", vireo_strerror(error));
    else if (o.data_size > VIREO__DATA_SIZE_MAX)
        vireo__error_set(o.error, VIREO_EINVAL, "data_size is too large");
    else
        s = connect_to(app, &url, &o);
    vireo__client_url_free(&url);
    return s;
}
