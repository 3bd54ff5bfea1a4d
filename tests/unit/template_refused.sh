#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
#
# Calls whose template and arguments do not fit together must not compile. The first one is right: it shows that the others are
# refused for their own fault.
#
# usage: template_refused.sh [COMPILER...]    default: gcc and clang, those there are

root=$(cd "$(dirname "$0")/../.." && pwd)
failed=0
tried=0

compiles() # compiler, call
{
    printf '#include <vireo/value.h>\nchar *f(int i, double d, const char *s, const void *p, size_t n);\n
char *f(int i, double d, const char *s, const void *p, size_t n)\n{\n    (void)i, (void)d, (void)s, (void)p, (void)n;\n    return %s;\n}\n' "$2" |
        "$1" -std=gnu11 -Wall -Wextra -Wformat-nonliteral -Werror=format -Werror=format-nonliteral -Werror=format-extra-args -I"$root/include" -x c -fsyntax-only - 2>/dev/null
}

expect() # yes or no, compiler, call
{
    tried=$((tried + 1))
    if compiles "$2" "$3"; then answer=yes; else answer=no; fi
    if [ "$answer" != "$1" ]; then
        echo "$2: $3 compiles: $answer, expected: $1"
        failed=1
    fi
}

for compiler in ${*:-gcc clang}; do
    command -v "$compiler" >/dev/null || continue
    expect yes "$compiler" 'vireo_format(&n, "[%d, {x:%g, y:%s}, %p, %zu, %.*s, %hhd]", i, d, s, p, n, i, s, (bool)(d > 1))'
    expect yes "$compiler" 'vireo_format(NULL, "%p, %p", vireo_binary(p, n), vireo_json_text(s, n))'
    expect no "$compiler" 'vireo_format(NULL, "%d", s)'       # another type
    expect no "$compiler" 'vireo_format(NULL, "%s", i)'
    expect no "$compiler" 'vireo_format(NULL, "%g", i)'
    expect no "$compiler" 'vireo_format(NULL, "%d", n)'       # another size
    expect no "$compiler" 'vireo_format(NULL, "%p", d)'
    expect no "$compiler" 'vireo_format(NULL, "[%d, %d]", i)' # an argument is missing
    expect no "$compiler" 'vireo_format(NULL, "%d", i, i)'    # one too many
    expect no "$compiler" 'vireo_format(NULL, s)'              # a text from elsewhere as template
done
[ "$tried" -gt 0 ] || { echo "no compiler found"; exit 1; }
[ "$failed" = 0 ] && echo "$tried calls tried"
exit $failed
