/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* directory.h: which worker has which session, where several loops are one server: so that a
 * request finds the loop that owns its session, whoever has accepted its connection. Ids that the
 * user makes need no hint inside. Any thread.
 *
 * In parts, each with its own lock, so that workers seldom meet; a lock is held for one look-up. */

#ifndef VIREO_ENGINEIO_DIRECTORY_H
#define VIREO_ENGINEIO_DIRECTORY_H

#include <stdint.h>

#include <vireo/app.h>

#include "base/str.h"
#include "loop/loop.h"

typedef struct vireo__directory vireo__directory;

/* vireo__directory_of returns the one that the same server of all workers shares: to be called as
 * often, and in the same order, by each worker. NULL without a group, then |*needed| is false, or
 * when memory runs out. */
vireo__directory *vireo__directory_of(vireo_app *app, bool *needed);

/* vireo__directory_add enters a session of |app|. Returns 0, VIREO_EINVAL (there is one with this
 * id), VIREO_ENOMEM. */
int vireo__directory_add(vireo__directory *d, const char *id, vireo_app *app);
void vireo__directory_remove(vireo__directory *d, const char *id);

/* vireo__directory_remove_soon does so in the next turn of |loop|, its own: until then other
 * workers still send its requests there, and what they are told comes behind the session's last
 * words, which leave at the end of this turn. */
void vireo__directory_remove_soon(vireo__directory *d, vireo_loop *loop, const char *id);

/* vireo__directory_find returns whose it is, or NULL. */
vireo_app *vireo__directory_find(vireo__directory *d, vireo__str id);

/* vireo__directory_number returns another number for each id that is made: they count up. */
uint32_t vireo__directory_number(vireo__directory *d);

/* vireo__directory_count returns how many there are. */
size_t vireo__directory_count(const vireo__directory *d);

#endif
