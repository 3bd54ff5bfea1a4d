/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* tls_info.h: what a connection has agreed on, in words. */

#ifndef VIREO_NET_TLS_INFO_H
#define VIREO_NET_TLS_INFO_H

#include <openssl/ssl.h>
#include <vireo/tls.h>

/* vireo__tls_info_new returns new: one piece of memory; free() it. NULL when memory runs out. */
vireo_tls_info *vireo__tls_info_new(const SSL *ssl);

/* vireo__tls_info_copy returns new: a copy of |info|; free() it. NULL when memory runs out or
 * |info| is NULL. */
vireo_tls_info *vireo__tls_info_copy(const vireo_tls_info *info);

#endif
