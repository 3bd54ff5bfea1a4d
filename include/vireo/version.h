/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* version.h: which Vireo this is, and the attributes that the other headers use. */

#ifndef VIREO_VERSION_H
#define VIREO_VERSION_H

#define VIREO_VERSION_MAJOR 0
#define VIREO_VERSION_MINOR 1
#define VIREO_VERSION_PATCH 0
#define VIREO_VERSION       "0.1.0"

/* VIREO_API marks what the library exports; all else is hidden. */
#define VIREO_API __attribute__((visibility("default")))

/* VIREO_PRINTF lets the compiler check a template against its arguments, as it checks printf's. */
#define VIREO_PRINTF(tmpl, first) __attribute__((format(printf, tmpl, first)))

/* VIREO_SENTINEL lets it check that a list of arguments ends with NULL. */
#define VIREO_SENTINEL __attribute__((sentinel))

#ifdef __cplusplus
extern "C" {
#endif

/* vireo_version returns the version of the library that is linked, e.g. "0.1.0". Static. */
VIREO_API const char *vireo_version(void);

#ifdef __cplusplus
}
#endif
#endif
