/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* chat.h: the chat itself: what clients may say, and what they are told. The events are listed in
 * README.md. */

#ifndef CHAT_CHAT_H
#define CHAT_CHAT_H

#include <vireo/vireo.h>

#include "store.h"

struct chat;

/* chat_new sets the chat up in |app|: the rooms of the store, and the events of the namespace "/".
 *
 * app, store   borrowed; the store until chat_free
 * Returns new; NULL when memory runs out or the store cannot be read, told on stderr. */
struct chat *chat_new(vireo_app *app, struct store *store);

/* chat_free frees it, after the application has ended. NULL is allowed. */
void chat_free(struct chat *chat);

#endif
