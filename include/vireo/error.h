/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* error.h: one table of errors.
 *
 * A function that can fail returns 0 or a positive result when it succeeds, and a negative number
 * when it fails: one of the codes below, or -errno where the operating system refused.
 */

#ifndef VIREO_ERROR_H
#define VIREO_ERROR_H

#include <vireo/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The table: name, number, text. */
#define VIREO_ERRORS(X)                                                                            \
    X(VIREO_EINVAL, -20001, "invalid argument")                                                    \
    X(VIREO_ENOMEM, -20002, "out of memory")                                                       \
    X(VIREO_ETOOBIG, -20003, "larger than its limit")                                              \
    X(VIREO_ECLOSED, -20004, "the connection is closed")                                           \
    X(VIREO_ETIMEDOUT, -20005, "operation has timed out")                                          \
    X(VIREO_ECANCELLED, -20006, "cancelled")                                                       \
    X(VIREO_EPROTO, -20007, "the peer broke the protocol")                                         \
    X(VIREO_EJSON, -20008, "not valid JSON")                                                       \
    X(VIREO_EUTF8, -20009, "not valid UTF-8")                                                      \
    X(VIREO_EDEPTH, -20010, "nested too deeply")                                                   \
    X(VIREO_ETEMPLATE, -20011, "malformed template")                                               \
    X(VIREO_ERESERVED, -20012, "reserved event name")                                              \
    X(VIREO_EEXIST, -20013, "exists already")                                                      \
    X(VIREO_ENOTFOUND, -20014, "not found")                                                        \
    X(VIREO_EFULL, -20015, "the write queue is full")                                              \
    X(VIREO_EREFUSED, -20016, "refused")                                                           \
    X(VIREO_EANSWERED, -20017, "answered already")                                                 \
    X(VIREO_ETLS, -20018, "TLS failed")                                                            \
    X(VIREO_ETRUNCATED, -20019, "cut off without a goodbye of TLS")

enum vireo_error_code {
#define VIREO_ERROR_ENUM(name, number, text) name = (number),
    VIREO_ERRORS(VIREO_ERROR_ENUM)
#undef VIREO_ERROR_ENUM
};

/* VIREO_LATER is what a callback returns that will decide later; which callbacks may, and with which
 * function they do, their comments say. */
#define VIREO_LATER 1

/* vireo_strerror returns the text of |code| ("larger than its limit"; for -errno the system's
 * text). Static for our own codes; for -errno valid until the thread's next call. Any thread. */
VIREO_API const char *vireo_strerror(int code);

/* vireo_errname returns the name of |code| ("VIREO_ETOOBIG"), "OS" for -errno. Static. Any
 * thread. */
VIREO_API const char *vireo_errname(int code);

/* A vireo_error belongs to the caller; set-up calls fill it with a text that says what to do. */
typedef struct vireo_error {
    int code;
    char text[256];
} vireo_error;

#ifdef __cplusplus
}
#endif
#endif
