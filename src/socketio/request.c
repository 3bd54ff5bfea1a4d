/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "socketio/request.h"

#include <stdlib.h>

#include <vireo/error.h>

#include "base/random.h"
#include "payload/value.h"
#include "socketio/adapter.h"
#include "socketio/inside.h"

enum { DEFAULT_TIMEOUT_MS = 5000, FIRST_RESULTS = 8 };

/* --- life ------------------------------------------------------------------------------------- */

static void leave_namespace(vireo__request *r)
{
    vireo_ns *ns = r->ns;
    vireo__map_remove(&ns->requests_by_id, &r->id, sizeof r->id);
    vireo__deadline_stop(&r->deadline);
    vireo__turn_remove(&r->turn);
    vireo__list_remove(&r->node);
    if (ns->adapter != NULL)
        ns->adapter->ops->over(ns->adapter, r);
}

static void free_request(vireo__request *r)
{
    for (size_t i = 0; i < r->count; i++)
        vireo_value_free(r->results[i]);
    vireo__ns_release(r->ns);
    free(r->results);
    free(r);
}

/* The results in the shape that was asked for; |*made| is to be freed. */
static const vireo_value *shape(vireo__request *r, vireo_value **made)
{
    if (r->kind == VIREO__REQUEST_ONE)
        return r->count > 0 ? r->results[0] : NULL;
    if (r->kind == VIREO__REQUEST_IDS)
        for (size_t i = 0; i < r->count; i++) {
            vireo_value *id = vireo_copy(vireo_get(r->results[i], "id"));
            vireo_value_free(r->results[i]);
            r->results[i] = id;
        }
    *made = vireo__value_list(r->results, r->count);
    if (*made == NULL)
        r->status = VIREO_ENOMEM;
    return *made;
}

static void finish(vireo__request *r)
{
    vireo_value *made = NULL;
    leave_namespace(r);
    if (r->kind == VIREO__REQUEST_ONE && r->status == 0 && r->asked == 0)
        r->status = VIREO_ENOTFOUND;
    const vireo_value *results = shape(r, &made);
    r->fn(r->ns, r->status, results, r->user);
    vireo_value_free(made);
    free_request(r);
}

static void on_turn(vireo__turn_task *task)
{
    finish(vireo__container(task, vireo__request, turn));
}

static void on_overdue(vireo__deadline *d)
{
    vireo__request *r = vireo__container(d, vireo__request, deadline);
    r->status = VIREO_ETIMEDOUT;
    finish(r);
}

void vireo__request_drop(vireo__request *r)
{
    leave_namespace(r);
    free_request(r);
}

int vireo__request_new(vireo__request **made, vireo_ns *ns, vireo__request_kind kind,
                       uint32_t timeout_ms, vireo_results_fn fn, void *user)
{
    if (vireo__app_stopping(ns->io->app))
        return VIREO_ECLOSED;
    vireo__request *r = calloc(1, sizeof *r);
    if (r == NULL)
        return VIREO_ENOMEM;
    r->ns = ns;
    r->kind = kind;
    r->fn = fn;
    r->user = user;
    r->servers = 1;
    r->turn.run = on_turn;
    r->timeout_ms = timeout_ms > 0 ? timeout_ms : DEFAULT_TIMEOUT_MS;
    vireo__random(&r->id, sizeof r->id);
    vireo__list_append(&ns->requests, &r->node);
    vireo__ns_hold(ns);
    int error = vireo__map_put(&ns->requests_by_id, &r->id, sizeof r->id, r);
    if (error == 0)
        error = vireo__deadline_start(ns->io->loop, &r->deadline, r->timeout_ms, on_overdue);
    if (error < 0)
        vireo__request_drop(r);
    else
        *made = r;
    return error;
}

vireo__request *vireo__request_find(const vireo_ns *ns, uint64_t id)
{
    return vireo__map_get(&ns->requests_by_id, &id, sizeof id);
}

void vireo__requests_cancel(vireo_ns *ns)
{
    while (!vireo__list_empty(&ns->requests)) {
        vireo__request *r = vireo__container(ns->requests.next, vireo__request, node);
        r->status = VIREO_ECANCELLED;
        finish(r);
    }
}

/* --- what comes ------------------------------------------------------------------------------- */

static void end_if_complete(vireo__request *r)
{
    if (r->servers == 0 && r->clients == 0)
        vireo__turn_add(r->ns->io->loop, &r->turn);
}

void vireo__request_expect(vireo__request *r, size_t servers)
{
    r->servers += servers;
}

void vireo__request_server_done(vireo__request *r, size_t clients)
{
    if (r->servers == 0)
        return;
    r->servers--;
    r->clients += (int64_t)clients;
    r->asked += clients;
    end_if_complete(r);
}

void vireo__request_client_done(vireo__request *r, size_t clients)
{
    r->clients -= (int64_t)clients;
    end_if_complete(r);
}

void vireo__request_lost(vireo__request *r, size_t clients)
{
    if (clients > 0)
        r->status = VIREO_ECLOSED;
    vireo__request_client_done(r, clients);
}

static int make_room(vireo__request *r)
{
    if (r->count < r->room)
        return 0;
    size_t room = r->room > 0 ? r->room * 2 : FIRST_RESULTS;
    vireo_value **results = realloc(r->results, room * sizeof *results);
    if (results == NULL)
        return VIREO_ENOMEM;
    r->results = results;
    r->room = room;
    return 0;
}

void vireo__request_result(vireo__request *r, const vireo_value *value)
{
    static const vireo_value null = {.tag = VIREO__VALUE_MARK | VIREO_NULL, .span = 1};
    vireo_value *copy = vireo_copy(value != NULL ? value : &null);
    if (copy == NULL || make_room(r) < 0) {
        vireo_value_free(copy);
        r->status = VIREO_ENOMEM;
        return;
    }
    r->results[r->count++] = copy;
}

void vireo__request_results(vireo__request *r, const vireo_value *array)
{
    for (const vireo_value *v = NULL; (v = vireo_next(array, v)) != NULL;)
        vireo__request_result(r, v);
}
