#!/bin/bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
#
# fuzz.sh [SECONDS]: runs each fuzz target for so long, starting from its corpus. What is found stays in build-fuzz/found.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz
mkdir -p build-fuzz/found
for target in build-fuzz/fuzz/fuzz_*; do
    name=${target##*/fuzz_}
    work=$(mktemp -d)
    echo "== $name"
    "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build-fuzz/found/$name-" "$work" "fuzz/corpus/$name" 2>&1 | tail -n 12
    rm -rf "$work"
done
