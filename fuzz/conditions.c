/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* conditions.c: bits, the number of a state, and lines: If-Match, If-None-Match, If-Modified-Since,
 * If-Unmodified-Since, If-Range; an empty line is a header that is not there. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/conditions.h"
#include "http/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int truth)
{
    if (!truth)
        abort();
}

static const char *take_line(char **rest)
{
    char *line = *rest, *end = strchr(line, '\n');
    *rest = end != NULL ? end + 1 : line + strlen(line);
    if (end != NULL)
        *end = '\0';
    return line[0] != '\0' ? line : NULL;
}

/* RFC 9110 section 13.2.2: which answers are possible, and which header is not looked at. */
static void check(const vireo__conditions *c, const vireo__validators *now)
{
    int status = vireo__conditions_check(c, now);
    expect(status == 0 || status == 304 || status == 412);
    expect(status != 304 || c->reads);
    vireo__conditions less = *c;
    if (c->if_match != NULL)
        less.if_unmodified_since = NULL;
    if (c->if_none_match != NULL || !c->reads)
        less.if_modified_since = NULL;
    expect(vireo__conditions_check(&less, now) == status);
    less.if_match = less.if_unmodified_since = NULL; /* preconditions can only add a 412 */
    if (status != 412)
        expect(vireo__conditions_check(&less, now) == status);
    expect(vireo__conditions_check(&(vireo__conditions){.reads = c->reads}, now) == 0);
}

/* What is the same strongly is so weakly. */
static void check_tags(const char *list, const vireo__validators *now)
{
    vireo__conditions strong = {.if_match = list, .reads = true};
    vireo__conditions weak = {.if_none_match = list, .reads = true};
    if (vireo__conditions_check(&strong, now) == 0)
        expect(vireo__conditions_check(&weak, now) == 304);
}

static void check_date(const char *text)
{
    char written[VIREO__HTTP_DATE_SIZE];
    int64_t seconds, again;
    if (text == NULL || !vireo__http_date_read(text, &seconds))
        return;
    expect(seconds >= 0 && seconds < 253402300799 + 86400);
    if (seconds > 253402300799)
        return;
    vireo__http_date_write(written, seconds);
    expect(vireo__http_date_read(written, &again) && again == seconds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const etags[] = {"\"a\"", "W/\"a\"", "\"a,b\"", NULL};
    if (size == 0)
        return 0;
    char *text = strndup((const char *)data + 1, size - 1), *rest = text;
    expect(text != NULL);
    vireo__validators now = {etags[data[0] & 3], 784111777, data[0] & 4, data[0] & 8};
    vireo__conditions c = {.reads = data[0] & 16};
    c.if_match = take_line(&rest);
    c.if_none_match = take_line(&rest);
    c.if_modified_since = take_line(&rest);
    c.if_unmodified_since = take_line(&rest);
    check(&c, &now);
    if (c.if_match != NULL)
        check_tags(c.if_match, &now);
    check_date(c.if_modified_since);
    vireo__if_range(take_line(&rest), &now);
    free(text);
    return 0;
}
