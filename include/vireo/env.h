/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* env.h: settings from the environment and a .env file, for the start of a program.
 *
 *     vireo_env_load(".env", NULL);
 *     int64_t port = vireo_env_int("PORT", 3000);
 *     const char *secret = vireo_env("SESSION_SECRET", NULL);
 *
 * The file is that of npm's dotenv:
 *
 *     # a comment
 *     PORT=3000                       spaces around name and value do not count
 *     export NAME='as it stands $X'   export may stand before a name
 *     TEXT="two\nlines"               \n and \r mean a line's end here, and only here
 *     KEY="-----BEGIN KEY-----
 *     MII..."                         a text in '', "" or `` may go over several lines
 *     URL=http://a/#b                 a # outside of quotes begins a comment: the value is
 * http://a/
 *
 * A line that is none of these is skipped. Of two with the same name the later one counts.
 */

#ifndef VIREO_ENV_H
#define VIREO_ENV_H

#include <stdbool.h>
#include <stdint.h>

#include <vireo/error.h>
#include <vireo/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* vireo_env_load puts the settings of a file into the environment of the process. What is there
 * already wins, so that a file holds defaults.
 *
 * path    NULL: ".env"
 * error   may be NULL; says what went wrong
 * Returns how many settings the file has (0 or more); -ENOENT and the like; VIREO_ETOOBIG for more
 * than 1 MiB; VIREO_EINVAL for a NUL in it; VIREO_ENOMEM. As setenv, not while other threads use
 * the environment. */
VIREO_API int vireo_env_load(const char *path, vireo_error *error);

/* vireo_env returns a setting, or |otherwise| when it is not set or empty. Borrowed from the
 * environment, valid until it is changed. */
VIREO_API const char *vireo_env(const char *name, const char *otherwise);

/* vireo_env_int returns a setting that is a whole decimal number within int64_t, else |otherwise|.
 */
VIREO_API int64_t vireo_env_int(const char *name, int64_t otherwise);

/* vireo_env_bool knows 1, true, yes, on and 0, false, no, off, in any case; else |otherwise|. */
VIREO_API bool vireo_env_bool(const char *name, bool otherwise);

#ifdef __cplusplus
}
#endif
#endif
