#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
#
# check-docs.sh: every C example of the README and of docs/ compiles with the public headers, every link between them leads somewhere,
# and no file of the examples but those of the chat has 100 lines or more: who reads them should see all at once.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0
bad=0

for page in README.md docs/*.md bench/README.md examples/chat/README.md; do
    [ -f "$page" ] || continue
    awk -v out="$work/$(echo "$page" | tr / _)" '
        /^```c$/ { n++; inside = 1; next }
        /^```$/ { inside = 0 }
        inside { print > (out "-" n ".c") }' "$page"
    for link in $(grep -o '](\([^)#:]*\))' "$page" | sed 's/](\(.*\))/\1/'); do
        [ -e "$(dirname "$page")/$link" ] || { echo "$page: no such file: $link" >&2; bad=1; }
    done
done
for example in "$work"/*.c; do
    count=$((count + 1))
    "${CC:-cc}" -std=gnu11 -Wall -Wextra -Werror -Iinclude -fsyntax-only "$example" || { echo "in ${example##*/}" >&2; bad=1; }
done
for file in examples/*/*.[ch]; do
    case "$file" in examples/chat/*) continue ;; esac
    [ "$(wc -l <"$file")" -lt 100 ] || { echo "$file: an example has fewer than 100 lines" >&2; bad=1; }
done
[ "$count" -gt 0 ] || bad=1
[ "$bad" = 0 ] && echo "$count examples compile, the links lead somewhere"
exit "$bad"
