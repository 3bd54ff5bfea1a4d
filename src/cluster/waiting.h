/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* waiting.h: which servers a request (socketio/request.h) still waits for. A server that leaves is
 * waited for no longer; one that answers though nobody knew of it counts as well; each counts
 * once. */

#ifndef VIREO_CLUSTER_WAITING_H
#define VIREO_CLUSTER_WAITING_H

#include "cluster/nodes.h"
#include "socketio/request.h"

/* vireo__waiting_begin lets |r| wait for all |nodes|.
 *
 * for_clients  for the answers of their clients, too
 * Returns 0 or VIREO_ENOMEM. */
int vireo__waiting_begin(vireo__request *r, const vireo__nodes *nodes, bool for_clients);
void vireo__waiting_end(vireo__request *r);

/* vireo__waiting_server: the server |uid| has answered, and has asked |clients| of its clients.
 * False when it had done so before, or was given up: then its answer does not count. */
bool vireo__waiting_server(vireo__request *r, const char *uid, uint32_t clients);

/* vireo__waiting_client: one of the clients of |uid| has answered. */
void vireo__waiting_client(vireo__request *r, const char *uid, const vireo_value *value);

/* vireo__waiting_gone: the server has left. What its clients have not answered is lost. */
void vireo__waiting_gone(vireo__request *r, const char *uid);

#endif
