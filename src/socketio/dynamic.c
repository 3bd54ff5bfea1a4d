/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* dynamic.c: namespaces that clients bring to life by asking for them.
 *
 * A parent is a namespace whose name is a pattern, or a function that decides. On the first CONNECT
 * to an unknown name the parents are asked in the order of their registration; the first that says
 * yes gets a child of this name, with its own options. What is sent to a parent reaches all its
 * children (emit.c).
 */

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "payload/value.h"
#include "socketio/inside.h"

struct vireo__pattern {
    regex_t regex;
};

/* A client's question whether a namespace may exist. */
struct vireo_ns_request {
    vireo__later later;
    vireo_io *io;
    vireo__sio_conn *conn; /* NULL once that is gone */
    vireo__list in_conn;   /* conn->requests */
    vireo__parent *parent; /* that is being asked */
    vireo_value *auth;     /* a copy; NULL for none */
    bool answered_early;   /* before the function has returned */
    bool early_answer;
    char name[];
};

static const char invalid[] = "Invalid namespace";

/* --- parents ---------------------------------------------------------------------------------- */

static char *parent_name(const vireo_io *io)
{
    char name[16];
    snprintf(name, sizeof name, "/_%u", io->parents_made);
    return strdup(name);
}

static struct vireo__pattern *compile(const vireo_io *io, const char *text)
{
    char why[128];
    struct vireo__pattern *pattern = malloc(sizeof *pattern);
    if (pattern == NULL)
        return NULL;
    int error = regcomp(&pattern->regex, text, REG_EXTENDED | REG_NOSUB);
    if (error == 0)
        return pattern;
    regerror(error, &pattern->regex, why, sizeof why);
    vireo__log_line(&io->loop->log, VIREO_ERROR, "socket.io", "namespace pattern \"%s\": %s", text,
                    why);
    free(pattern);
    return NULL;
}

void vireo__parent_free(vireo__parent *parent)
{
    if (parent == NULL)
        return;
    if (parent->pattern != NULL)
        regfree(&parent->pattern->regex);
    free(parent->pattern);
    free(parent);
}

/* new_parent makes a parent that decides nothing yet. */
static vireo__parent *new_parent(vireo_io *io, const vireo_ns_options *options)
{
    if (options->data_size > VIREO__DATA_SIZE_MAX)
        return NULL;
    char *name = parent_name(io);
    vireo__parent *parent = calloc(1, sizeof *parent);
    vireo_ns *ns = name && parent ? vireo__ns_new(io, name, NULL, options) : NULL;
    if (ns != NULL && vireo__ns_join_workers(ns) < 0) {
        vireo__ns_free(ns);
        free(parent);
        return NULL;
    }
    if (ns == NULL) {
        if (parent == NULL)
            free(name);
        free(parent);
        return NULL;
    }
    parent->ns = ns;
    ns->as_parent = parent;
    parent->number = io->parents_made++;
    vireo__list_init(&parent->children);
    vireo__list_append(&io->parents, &parent->node);
    return parent;
}

vireo_ns *vireo_io_ns_create_matching(vireo_io *io, const char *pattern,
                                      const vireo_ns_options *options)
{
    struct vireo__pattern *compiled = io ? compile(io, pattern) : NULL;
    vireo__parent *parent = compiled ? new_parent(io, options) : NULL;
    if (parent == NULL) {
        if (compiled != NULL)
            regfree(&compiled->regex);
        free(compiled);
        return NULL;
    }
    parent->pattern = compiled;
    return parent->ns;
}

vireo_ns *vireo_io_ns_create_dynamic(vireo_io *io, vireo_ns_decide_fn decide,
                                     const vireo_ns_options *options)
{
    vireo__parent *parent = io ? new_parent(io, options) : NULL;
    if (parent == NULL)
        return NULL;
    parent->decide = decide;
    return parent->ns;
}

vireo_ns *vireo_ns_create_matching(vireo_app *app, const char *pattern,
                                   const vireo_ns_options *options)
{
    return vireo_io_ns_create_matching(vireo__io_of(app), pattern, options);
}

vireo_ns *vireo_ns_create_dynamic(vireo_app *app, vireo_ns_decide_fn decide,
                                  const vireo_ns_options *options)
{
    return vireo_io_ns_create_dynamic(vireo__io_of(app), decide, options);
}

static vireo__parent *parent_after(const vireo_io *io, const vireo__parent *last)
{
    const vireo__list *next = last != NULL ? last->node.next : io->parents.next;
    return next != &io->parents ? vireo__container(next, vireo__parent, node) : NULL;
}

static bool matches(const vireo__parent *parent, const char *name)
{
    return parent->pattern != NULL && regexec(&parent->pattern->regex, name, 0, NULL, 0) == 0;
}

vireo__parent *vireo__parent_of_static(const vireo_io *io, const char *name)
{
    vireo__parent *parent = NULL;
    while ((parent = parent_after(io, parent)) != NULL)
        if (matches(parent, name))
            return parent;
    return NULL;
}

/* --- children --------------------------------------------------------------------------------- */

/* |common| is taken, also when it fails. */
static vireo_ns *new_child(vireo__parent *parent, const char *name, vireo__ns_common *common)
{
    vireo_io *io = parent->ns->io;
    char *copy = strdup(name);
    vireo_ns *ns = copy ? vireo__ns_new(io, copy, parent, NULL) : NULL;
    if (ns == NULL) {
        vireo__common_unref(common);
        return NULL;
    }
    ns->common = common;
    ns->dynamic = true;
    if (vireo__ns_announce(ns) == 0)
        return ns;
    vireo__ns_free(ns);
    return NULL;
}

static vireo__parent *parent_of_common(const vireo_io *io, const vireo__ns_common *common)
{
    vireo__parent *parent = NULL;
    while ((parent = parent_after(io, parent)) != NULL && parent->number != common->parent)
        ;
    return parent;
}

/* appear makes this worker's own of a child that exists; takes |common|. */
static vireo_ns *appear(const vireo_io *io, vireo__ns_common *common)
{
    vireo__parent *parent = parent_of_common(io, common);
    if (parent != NULL)
        return new_child(parent, common->name, common);
    vireo__common_unref(common);
    return NULL;
}

static vireo_io *io_of_common(vireo_app *app, const vireo__ns_common *common)
{
    vireo_io *io = *vireo__app_extension(app);
    while (io != NULL && io->common != common->of)
        io = io->next;
    return io;
}

vireo_ns *vireo__ns_of_common(vireo_app *app, const vireo__ns_common *common)
{
    const vireo_io *io = io_of_common(app, common);
    vireo_ns *ns = io ? vireo__map_get(&io->namespaces, common->name, strlen(common->name)) : NULL;
    return ns != NULL && ns->common == common ? ns : NULL;
}

void vireo__child_news(vireo_app *app, void *common_)
{
    vireo__ns_common *common = common_;
    const vireo_io *io = io_of_common(app, common);
    vireo_ns *ns = vireo__ns_of_common(app, common);
    bool over = vireo__common_over(common);
    if (ns != NULL && over)
        vireo__ns_forget(ns);
    if (io == NULL || over || vireo__app_stopping(app) ||
        vireo__ns_find(io, vireo__str_of(common->name)) != NULL)
        vireo__common_unref(common);
    else
        appear(io, common);
}

/* bring_to_life returns a new child. NULL when memory runs out, or if there are too |*many|. */
static vireo_ns *bring_to_life(vireo__parent *parent, const char *name, bool *many)
{
    vireo_io *io = parent->ns->io;
    uint32_t most = io->options.max_child_namespaces;
    vireo__common_entry entry = {.name = name, .parent = parent->number, .most = most};
    if (io->common == NULL) {
        *many = io->children >= most;
        return *many ? NULL : new_child(parent, name, NULL);
    }
    vireo__ns_common *common = vireo__common_enter(io->common, &entry);
    *many = entry.full;
    if (common == NULL)
        return NULL;
    if (entry.made)
        vireo__common_tell(io->app, common, vireo__child_news);
    return appear(io, common);
}

/* take_child returns the child, held; another client may have brought it to life meanwhile, and
 * another worker may end it as soon as it is here. */
static vireo_ns *take_child(vireo__parent *parent, const char *name, bool *many)
{
    vireo_ns *ns;
    *many = false;
    while ((ns = vireo__ns_take(parent->ns->io, vireo__str_of(name))) == NULL)
        if (bring_to_life(parent, name, many) == NULL)
            return NULL;
    return ns;
}

/* connect_child lets the client in. */
static void connect_child(vireo__parent *parent, vireo__sio_conn *conn, const char *name,
                          const vireo_value *auth)
{
    bool many;
    vireo_ns *ns = take_child(parent, name, &many); /* held: its hook may do anything */
    if (many) {
        vireo__sio_conn_refuse(conn, vireo__str_of(name), "Too many namespaces");
        return;
    }
    if (ns == NULL) {
        vireo__sio_conn_close(conn);
        return;
    }
    if (!conn->closed)
        vireo__ns_connect(ns, conn, auth);
    vireo__ns_release(ns);
}

/* --- asking ----------------------------------------------------------------------------------- */

static void free_request(vireo_ns_request *q)
{
    if (q->conn != NULL) {
        vireo__list_remove(&q->in_conn);
        q->conn->joining--;
        q->conn->auth_bytes -= (uint32_t)vireo__value_size(q->auth);
    }
    vireo_value_free(q->auth);
    free(q);
}

static vireo_ns_request *new_request(vireo__sio_conn *conn, vireo__str name,
                                     const vireo_value *auth)
{
    vireo_ns_request *q = calloc(1, sizeof *q + name.len + 1);
    if (q == NULL)
        return NULL;
    memcpy(q->name, name.at, name.len);
    q->io = conn->io;
    q->auth = auth != NULL ? vireo_copy(auth) : NULL;
    if (auth != NULL && q->auth == NULL) {
        free(q);
        return NULL;
    }
    q->conn = conn;
    vireo__list_append(&conn->requests, &q->in_conn);
    conn->joining++;
    conn->auth_bytes += (uint32_t)vireo__value_size(q->auth);
    return q;
}

static int ask(vireo_ns_request *q)
{
    if (q->parent->decide == NULL)
        return matches(q->parent, q->name) ? 0 : VIREO_EREFUSED;
    q->answered_early = false;
    int verdict = q->parent->decide(q, q->name, vireo_ns_request_auth(q));
    if (verdict == VIREO_LATER && q->answered_early)
        return q->early_answer ? 0 : VIREO_EREFUSED;
    return verdict;
}

static void expire(vireo__later *l)
{
    vireo_ns_request *q = vireo__container(l, vireo_ns_request, later);
    vireo__sio_conn_refuse(q->conn, vireo__str_of(q->name), invalid);
}

static void ask_on(vireo_ns_request *q);

static void conclude(vireo_ns_request *q, bool allowed)
{
    vireo__sio_conn *conn = q->conn;
    if (allowed && !conn->closed)
        connect_child(q->parent, conn, q->name, q->auth);
    else
        vireo__sio_conn_refuse(conn, vireo__str_of(q->name), invalid);
    free_request(q);
}

static void settle(vireo__later *l, int verdict)
{
    vireo_ns_request *q = vireo__container(l, vireo_ns_request, later);
    if (l->moot || q->conn->closed) {
        free_request(q);
        return;
    }
    q->later = (vireo__later){0};
    if (verdict == 0)
        conclude(q, true);
    else
        ask_on(q);
}

static const vireo__later_ops request_ops = {.expire = expire, .settle = settle};

/* ask_on asks the parents behind the one that was asked last. */
static void ask_on(vireo_ns_request *q)
{
    while ((q->parent = parent_after(q->io, q->parent)) != NULL) {
        int verdict = ask(q);
        if (verdict == VIREO_LATER) {
            vireo__later_start(q->io, &q->later, q->parent->ns->options.guard_timeout_ms,
                               &request_ops);
            return;
        }
        if (verdict == 0) {
            conclude(q, true);
            return;
        }
    }
    conclude(q, false);
}

void vireo__dynamic_connect(vireo__sio_conn *conn, vireo__str name, const vireo_value *auth)
{
    if (vireo__list_empty(&conn->io->parents) || name.len > VIREO__NAMESPACE_NAME_MAX) {
        vireo__sio_conn_refuse(conn, name, invalid);
        return;
    }
    vireo_ns_request *q = new_request(conn, name, auth);
    if (q == NULL)
        vireo__sio_conn_close(conn);
    else
        ask_on(q);
}

void vireo__dynamic_abandon(vireo__sio_conn *conn, const vireo__str *name)
{
    for (vireo__list *at = conn->requests.next, *next; at != &conn->requests; at = next) {
        vireo_ns_request *q = vireo__container(at, vireo_ns_request, in_conn);
        next = at->next;
        if (name != NULL && !vireo__str_equal(*name, q->name))
            continue;
        vireo__later_drop(&q->later);
        if (name != NULL)
            continue;
        vireo__list_remove(&q->in_conn);
        q->conn = NULL;
    }
}

/* --- what users ask --------------------------------------------------------------------------- */

int vireo_ns_answer(vireo_ns_request *q, bool allow)
{
    if (q->later.ops != NULL)
        return vireo__later_give(&q->later, allow ? 0 : VIREO_EREFUSED);
    q->answered_early = true;
    q->early_answer = allow;
    return 0;
}

const char *vireo_ns_request_name(const vireo_ns_request *q)
{
    return q->name;
}

const vireo_value *vireo_ns_request_auth(const vireo_ns_request *q)
{
    return vireo__auth_or_empty(q->auth);
}

vireo_ns *vireo_ns_request_parent(const vireo_ns_request *q)
{
    return q->parent->ns;
}
