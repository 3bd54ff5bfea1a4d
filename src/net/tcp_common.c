/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* tcp_common.c: what streams of all kinds do with their descriptor in the same way. */

#include <errno.h>
#ifdef __linux__
#include <sys/sendfile.h>
#endif
#include <sys/socket.h>

#include "net/streams.h"

#ifdef __linux__
ptrdiff_t vireo__fd_send_file(int to, int fd, uint64_t at, size_t n)
{
    off_t offset = (off_t)at;
    ssize_t sent = sendfile(to, fd, &offset, n);
    if (sent < 0)
        return errno == EAGAIN || errno == EINVAL ? 0 : -errno; /* EINVAL: not this kind of file */
    return sent;
}
#endif

void vireo__fd_peer_address(int fd, char *out, size_t size)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    out[0] = '\0';
    if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0)
        return;
    if (peer.ss_family == AF_INET6)
        uv_ip6_name((const struct sockaddr_in6 *)&peer, out, size);
    else if (peer.ss_family == AF_INET)
        uv_ip4_name((const struct sockaddr_in *)&peer, out, size);
}
