/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include <vireo/env.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/dotenv.h"
#include "base/log.h"

enum { MAX_FILE = 1 << 20, READ_SIZE = 4096 };

static int read_file(const char *path, vireo__buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t n = 1;
    while (n > 0) {
        uint8_t *to = vireo__buf_reserve(out, READ_SIZE);
        n = to != NULL ? read(fd, to, READ_SIZE) : 0;
        if (n > 0)
            out->len += (size_t)n;
    }
    int error = n < 0 ? -errno : out->error;
    close(fd);
    return error == 0 && out->len > MAX_FILE ? VIREO_ETOOBIG : error;
}

static int put(const vireo__dotenv *setting)
{
    char *name = malloc(setting->name.len + setting->value.len + 2);
    if (name == NULL)
        return VIREO_ENOMEM;
    char *value = name + setting->name.len + 1;
    memcpy(name, setting->name.at, setting->name.len);
    name[setting->name.len] = '\0';
    value[vireo__dotenv_value(setting, value)] = '\0';
    int error = setenv(name, value, 0) == 0 ? 0 : -errno;
    free(name);
    return error;
}

/* From the last to the first: of two with the same name the later one counts. */
static int put_all(vireo__str rest)
{
    vireo__buf found;
    vireo__buf_init(&found, VIREO__BUF_UNLIMITED);
    for (vireo__dotenv setting; vireo__dotenv_next(&rest, &setting);)
        vireo__buf_append(&found, &setting, sizeof setting);
    int count = (int)(found.len / sizeof(vireo__dotenv)), error = found.error;
    for (int i = count - 1; i >= 0 && error == 0; i--)
        error = put((const vireo__dotenv *)(const void *)found.data + i);
    vireo__buf_deinit(&found);
    return error < 0 ? error : count;
}

int vireo_env_load(const char *path, vireo_error *error)
{
    vireo__buf text;
    path = path != NULL ? path : ".env";
    vireo__buf_init(&text, MAX_FILE + READ_SIZE);
    int result = read_file(path, &text);
    if (result == 0 && text.len > 0 && memchr(text.data, 0, text.len) != NULL)
        result = VIREO_EINVAL;
    if (result == 0)
        result = put_all((vireo__str){(const char *)text.data, text.len});
    vireo__buf_deinit(&text);
    if (result < 0)
        vireo__error_set(error, result, "%s: %s", path, vireo_strerror(result));
    return result;
}

const char *vireo_env(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : otherwise;
}

int64_t vireo_env_int(const char *name, int64_t otherwise)
{
    const char *value = vireo_env(name, "");
    char *end;
    const char *digits = value + (*value == '-');
    if (*digits < '0' || *digits > '9')
        return otherwise;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    return *end == '\0' && errno == 0 ? number : otherwise;
}

bool vireo_env_bool(const char *name, bool otherwise)
{
    static const char *const words[2][4] = {{"0", "false", "no", "off"},
                                            {"1", "true", "yes", "on"}};
    vireo__str value = vireo__str_of(vireo_env(name, ""));
    for (int truth = 0; truth < 2; truth++)
        for (int i = 0; i < 4; i++)
            if (vireo__str_equal_nocase(value, words[truth][i]))
                return truth;
    return otherwise;
}
