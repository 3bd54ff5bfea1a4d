/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* mime.h: the type of a file, by its extension. */

#ifndef VIREO_HTTP_MIME_H
#define VIREO_HTTP_MIME_H

/* vireo__mime_type returns the Content-Type of a file of this name, with a charset where it is
 * text; "application/octet-stream" for what it does not know. Static. */
const char *vireo__mime_type(const char *path);

#endif
