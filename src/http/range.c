/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/range.h"

/* Takes digits off the front; what is too large for a uint64_t is as large as one can be. False if
 * there are none. */
static bool take_number(vireo__str *s, uint64_t *out)
{
    uint64_t n = 0;
    const char *begin = s->at;
    for (; s->len > 0 && s->at[0] >= '0' && s->at[0] <= '9'; s->at++, s->len--) {
        unsigned digit = (unsigned)(s->at[0] - '0');
        n = n > (UINT64_MAX - digit) / 10 ? UINT64_MAX : n * 10 + digit;
    }
    *out = n;
    return s->at != begin;
}

/* Reads "5-", "5-9" or "-5". Returns -1 when it is none, 0 when it lies outside, 1 when it is
 * filled in. */
static int read_one(vireo__str spec, uint64_t size, vireo__range *out)
{
    uint64_t first, last = UINT64_MAX;
    bool has_first = take_number(&spec, &first);
    if (spec.len == 0 || spec.at[0] != '-')
        return -1;
    spec = (vireo__str){spec.at + 1, spec.len - 1};
    bool has_last = take_number(&spec, &last);
    if (spec.len > 0 || (!has_first && !has_last))
        return -1;
    if (!has_first) { /* the last so many bytes */
        *out = (vireo__range){last < size ? size - last : 0, last < size ? last : size};
        return out->length > 0;
    }
    if (has_last && last < first)
        return -1;
    if (first >= size)
        return 0;
    uint64_t most = size - first;
    *out = (vireo__range){first, has_last && last - first < most ? last - first + 1 : most};
    return 1;
}

/* Makes one of the parts that overlap or touch |range|, in the place of the first of them. */
static void merge(vireo__ranges *ranges, vireo__range range)
{
    size_t place = ranges->count, kept = 0;
    for (size_t i = 0; i < ranges->count; i++) {
        vireo__range r = ranges->at[i];
        if (r.first > range.first + range.length || range.first > r.first + r.length) {
            ranges->at[kept++] = r;
            continue;
        }
        uint64_t end = r.first + r.length, other = range.first + range.length;
        range.first = r.first < range.first ? r.first : range.first;
        range.length = (end > other ? end : other) - range.first;
        if (place == ranges->count)
            place = kept++;
    }
    if (place == ranges->count)
        place = kept++;
    ranges->at[place] = range;
    ranges->count = kept;
}

vireo__range_result vireo__range_read(vireo__str text, uint64_t size, vireo__ranges *out)
{
    size_t named = 0;
    const char *equals = text.len > 0 ? memchr(text.at, '=', text.len) : NULL;
    out->count = 0;
    if (equals == NULL)
        return VIREO__RANGE_WHOLE;
    vireo__str unit = {text.at, (size_t)(equals - text.at)};
    vireo__str rest = {equals + 1, text.len - unit.len - 1}, spec;
    if (!vireo__str_equal_nocase(unit, "bytes"))
        return VIREO__RANGE_WHOLE;
    while (vireo__str_next_item(&rest, ',', &spec)) {
        vireo__range range;
        if (spec.len == 0)
            continue; /* section 5.6.1.2: empty elements do not count */
        int result = read_one(spec, size, &range);
        if (result < 0 || ++named > VIREO__MAX_RANGES) {
            out->count = 0;
            return VIREO__RANGE_WHOLE;
        }
        if (result > 0)
            merge(out, range);
    }
    if (out->count > 0)
        return VIREO__RANGE_PARTS;
    /* Of an empty file no range can be had; the whole of it is what was asked for. */
    return named > 0 && size > 0 ? VIREO__RANGE_NONE : VIREO__RANGE_WHOLE;
}

void vireo__range_write(vireo__buf *out, const vireo__range *range, uint64_t size)
{
    vireo__buf_append_str(out, "bytes ");
    if (range != NULL) {
        vireo__buf_append_u64(out, range->first);
        vireo__buf_append_byte(out, '-');
        vireo__buf_append_u64(out, range->first + range->length - 1);
    } else {
        vireo__buf_append_byte(out, '*');
    }
    vireo__buf_append_byte(out, '/');
    vireo__buf_append_u64(out, size);
}

void vireo__range_part(vireo__buf *out, const char *boundary, const char *type,
                       const vireo__range *range, uint64_t size)
{
    vireo__buf_append_str(out, "\r\n--");
    vireo__buf_append_str(out, boundary);
    if (type != NULL) {
        vireo__buf_append_str(out, "\r\nContent-Type: ");
        vireo__buf_append_str(out, type);
    }
    vireo__buf_append_str(out, "\r\nContent-Range: ");
    vireo__range_write(out, range, size);
    vireo__buf_append_str(out, "\r\n\r\n");
}

void vireo__range_end(vireo__buf *out, const char *boundary)
{
    vireo__buf_append_str(out, "\r\n--");
    vireo__buf_append_str(out, boundary);
    vireo__buf_append_str(out, "--\r\n");
}
