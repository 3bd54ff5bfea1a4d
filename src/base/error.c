/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include <vireo/error.h>
#include <vireo/version.h>

#include <string.h>

const char *vireo_version(void)
{
    return VIREO_VERSION;
}

const char *vireo_strerror(int code)
{
    switch (code) {
    case 0:
        return "success";
#define TEXT(name, number, text)                                                                   \
    case name:                                                                                     \
        return text;
        VIREO_ERRORS(TEXT)
#undef TEXT
    default:
        if (code <= -30400 && code >= -30599) /* VIREO_STATUS, http.h */
            return "answered with an HTTP status";
        return code < 0 && code > -4096 ? strerror(-code) : "unknown error";
    }
}

const char *vireo_errname(int code)
{
    switch (code) {
    case 0:
        return "OK";
#define NAME(name, number, text)                                                                   \
    case name:                                                                                     \
        return #name;
        VIREO_ERRORS(NAME)
#undef NAME
    default:
        if (code <= -30400 && code >= -30599)
            return "VIREO_STATUS";
        return code < 0 && code > -4096 ? "OS" : "UNKNOWN";
    }
}
