/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "socketio/manner.h"

#include <vireo/error.h>

#include "socketio/inside.h"

vireo__manner vireo__manner_of(const vireo_to *to, const vireo__sio_message *message)
{
    if (to->flags & VIREO_UNCOMPRESSED)
        vireo__sio_message_plain(message);
    return (vireo__manner){.volatile_ = (to->flags & VIREO_VOLATILE) != 0,
                           .newest = to->newest != NULL ? vireo__str_of(to->newest)
                                                        : (vireo__str){NULL, 0}};
}

bool vireo__manner_takes(const vireo__manner *how, const vireo_socket *s)
{
    return !how->volatile_ || vireo__eio_writable(s->conn->session);
}

int vireo__manner_send(const vireo__manner *how, vireo_socket *s, const vireo__sio_message *message)
{
    vireo__io_counts *counts = &s->ns->io->counts;
    if (!vireo__manner_takes(how, s)) {
        counts->dropped++;
        return VIREO_EFULL;
    }
    int error = how->newest.at == NULL
                    ? vireo__sio_message_send(message, s->conn->session)
                    : vireo__sio_message_send_newest(message, s->conn->session,
                                                     &(vireo__outbox_name){s->ns, how->newest});
    counts->sent += error == 0;
    return error;
}
