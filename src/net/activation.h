/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* activation.h: sockets that whoever started us (systemd) has opened for us: sd_listen_fds(3). A
 * codec of the three environment variables that tell of them:
 *
 *     LISTEN_PID=1234  LISTEN_FDS=2  LISTEN_FDNAMES=http:https      the descriptors 3 and 4
 */

#ifndef VIREO_NET_ACTIVATION_H
#define VIREO_NET_ACTIVATION_H

/* vireo__activation_find looks for the descriptor called |name|, or the first one for NULL.
 *
 * pid, fds, names   values of the variables, or NULL
 * self              our process
 * Returns the descriptor; 0 when nothing was passed to us; VIREO_ENOTFOUND when there is none of
 * this name; VIREO_EINVAL when the variables make no sense. */
int vireo__activation_find(const char *pid, const char *fds, const char *names, long self,
                           const char *name);

#endif
