/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* A digit for the size, and the value of a Range header. */

#include <stdlib.h>

#include "http/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t sizes[] = {0, 1, 10, 1000, 1u << 31, UINT64_MAX};
    vireo__ranges ranges;
    if (size == 0)
        return 0;
    uint64_t whole = sizes[data[0] % (sizeof sizes / sizeof sizes[0])], sum = 0;
    if (vireo__range_read((vireo__str){(const char *)data + 1, size - 1}, whole, &ranges) !=
        VIREO__RANGE_PARTS)
        return 0;
    for (size_t i = 0; i < ranges.count; i++) {
        vireo__range r = ranges.at[i];
        if (r.length == 0 || r.first >= whole || r.length > whole - r.first)
            abort();
        sum += r.length;
        for (size_t k = 0; k < i; k++) /* none touches another */
            if (r.first <= ranges.at[k].first + ranges.at[k].length &&
                ranges.at[k].first <= r.first + r.length)
                abort();
    }
    if (ranges.count == 0 || sum > whole)
        abort();
    return 0;
}
