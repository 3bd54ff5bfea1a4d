/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* chat.h: the chat itself: what clients may say, and what they are told. The events are listed in
 * README.md. */

#ifndef CHAT_CHAT_H
#define CHAT_CHAT_H

#include <vireo/vireo.h>

#include "store.h"

struct chat;

/* chat_new makes the chat, of all workers: the rooms of the store.
 *
 * store   borrowed until chat_free
 * Returns new; NULL when memory runs out or the store cannot be read, told on stderr. */
struct chat *chat_new(struct store *store);

/* chat_serve has |app| serve the chat: the events of the namespace "/". Returns whether it does. */
bool chat_serve(struct chat *chat, vireo_app *app);

/* chat_free frees it, after all applications have ended. NULL is allowed. */
void chat_free(struct chat *chat);

#endif
