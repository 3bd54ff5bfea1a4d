/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* moving.h: a client that comes back (recovery.h) to another worker than it has left.
 *
 *     its worker now                            the one that it has left
 *       CONNECT, and the pid is there  --ask-->   closes its old socket, if that still stands;
 *                                                 looks what it has missed, and lets go of it
 *                                     <-answer-   rooms, data, missed events; what was heard
 *       hears what was said by then
 *       adds what was heard here alone
 *       goes on: guards, missed events, CONNECT reply
 *
 * That nothing is lost and nothing comes twice follows from these:
 *
 * - What one worker has said, all others hear in that order, and each event has a stamp, which is
 *   the same for all (history.h). So what a worker has heard by a moment is told by the stamp of
 * the last that it has heard of each.
 * - The answer names what the client has missed of all that its old worker has heard. When the new
 *   one has heard everything that was said by then, all of that is behind it too: none of it can
 *   still come in the ordinary way. vireo__group_hear waits for that; it always ends, since it
 * waits for messages that are counted already, and those that are dropped are counted too.
 * - What the new worker has heard that the old one had not is in its own history, with stamps above
 *   those of the answer. The client gets what was for it behind the rest. If some of it is not kept
 *   any more the client is a new one.
 * - From then on it is a socket here, and gets what comes.
 *
 * What it gets so are its arrears: events of two histories, in an order that is that of no other
 * client. They stay while it might say that it has only some of them. The event that is marked
 * behind them makes sure that no offset it is told later stands among them.
 *
 * Only one worker has a client at a time. stays.h says which; that changes when the answer is on
 * its way, so that whoever asks then comes behind it. */

#ifndef VIREO_SOCKETIO_MOVING_H
#define VIREO_SOCKETIO_MOVING_H

#include "socketio/recovery.h"

/* vireo__move_begin fetches the client of |s|, whose |pid| is on |worker|; vireo__admission_go_on
 * follows. Returns VIREO_LATER, or at once 0 (it is a new one) or VIREO_ENOMEM. */
int vireo__move_begin(vireo_socket *s, const char *pid, const char *offset, unsigned worker);

/* vireo__moves_cancel: nobody comes back any more. Calls users. */
void vireo__moves_cancel(vireo__recovery *r);

/* vireo__move_dismiss has |worker| let go of |pid|, one who is away. */
void vireo__move_dismiss(const vireo__recovery *r, const char *pid, unsigned worker);

#endif
