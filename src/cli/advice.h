/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* advice.h: what to do next: the second half of what is told when something goes wrong. Each begins
 * with "; ", or is "" where there is nothing to say. Static. */

#ifndef VIREO_CLI_ADVICE_H
#define VIREO_CLI_ADVICE_H

#include <stdbool.h>

/* cli_advice_connect: there is no connection.
 *
 * code     a negative number
 * status   of an HTTP answer; 0: none
 * text     what the library has said
 * raw      it was to be a raw WebSocket */
const char *cli_advice_connect(int code, unsigned status, const char *text, bool raw);

/* cli_advice_refused: the server has refused a socket, saying |text|. */
const char *cli_advice_refused(const char *text);

/* cli_advice_lost: a connection of Socket.IO is over, for |reason|. */
const char *cli_advice_lost(const char *reason);

/* cli_advice_code returns what a close code of a raw WebSocket means: ", too large a message". */
const char *cli_advice_code(unsigned code);

/* cli_advice_send: a message was not sent. |code| is negative. */
const char *cli_advice_send(int code);

/* cli_advice_file: a file could not be opened, read or written. |error| is an errno. */
const char *cli_advice_file(int error);

#endif
