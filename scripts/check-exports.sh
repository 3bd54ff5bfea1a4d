#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
#
# check-exports.sh LIBRARY: every function that the public headers declare is there and visible, nothing else is visible, names between files
# begin with vireo__, and there is no mutable global.
set -eu
library=$1
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sed -n 's/^VIREO_API.*[ *]\(vireo_[a-z0-9_]*\)(.*/\1/p' include/vireo/*.h | sort -u >"$work/declared"

# One object per member; what is visible outside is a global symbol that is not hidden. llhttp's own are not ours to judge.
readelf -sW "$library" 2>/dev/null |
    awk '$5 == "GLOBAL" && $7 != "UND" { print $6, $8 }' | sort -u >"$work/symbols"
awk '$1 == "DEFAULT" { print $2 }' "$work/symbols" | grep -v '^\(__asan\|__odr_asan\|_*llhttp\)' | sort -u >"$work/visible" || true
awk '{ print $2 }' "$work/symbols" | grep -v '^\(vireo_\|__asan\|__odr_asan\|_*llhttp\|\.\|\.LASAN\)' >"$work/foreign" || true

bad=0
if ! diff "$work/declared" "$work/visible" >"$work/diff"; then
    echo "declared (<) and visible (>) differ:" >&2
    cat "$work/diff" >&2
    bad=1
fi
if [ -s "$work/foreign" ]; then
    echo "names that do not begin with vireo_:" >&2
    cat "$work/foreign" >&2
    bad=1
fi
# Tables of pointers stand in .data.rel.ro and show as d: only .bss and .data proper are mutable.
objdump -t "$library" 2>/dev/null | awk '$4 ~ /^\.(data|bss)$/ || $3 ~ /^\.(data|bss)$/ { print $NF }' |
    grep '^[a-z]' | grep -v '^\(llhttp\)' >"$work/mutable" || true
if [ -s "$work/mutable" ]; then
    echo "mutable globals:" >&2
    cat "$work/mutable" >&2
    bad=1
fi
[ "$bad" = 0 ] && echo "$(wc -l <"$work/visible") functions are exported, as declared"
exit "$bad"
