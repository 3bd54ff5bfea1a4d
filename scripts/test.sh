#!/bin/bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
#
# test.sh: builds with gcc (sanitizers) and with clang, runs every test, those of threads with ThreadSanitizer too, and prints counts. Fails
# if anything failed or nothing ran.
set -u
cd "$(dirname "$0")/.." || exit
logs=build-test/logs
mkdir -p "$logs"
passed=0
failed=0
began=$(date +%s)

say() {
    printf '\n== %s (%ds)\n' "$1" $(($(date +%s) - began))
}

# build PRESET: quiet unless it fails.
build() {
    if ! { cmake --preset "$1" && cmake --build --preset "$1"; } >"$logs/build-$1.log" 2>&1; then
        grep -E 'error|warning|Error' -A 3 "$logs/build-$1.log" | head -60
        echo "build $1 failed, see $logs/build-$1.log"
        echo "0 passed, 1 failed"
        exit 1
    fi
}

# count NAME PASSED FAILED
count() {
    printf '%-10s %5d passed, %d failed\n' "$1" "$2" "$3"
    passed=$((passed + $2))
    failed=$((failed + $3))
}

sum() {
    awk '{ n += $1 } END { print n + 0 }'
}

say 'build: gcc with sanitizers'
build test
say 'build: gcc with ThreadSanitizer'
build tsan
say 'build: clang'
build clang

# ctests NAME ARGUMENTS..: the tests of ctest.
ctests() {
    name=$1
    shift
    say "$name tests"
    ctest --verbose -j 2 --timeout 300 "$@" >"$logs/$name.log" 2>&1
    # A cmocka program counts its own tests; any other program is one test.
    good=$(sed -n 's/.*\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$logs/$name.log" | sum)
    bad=$(sed -n 's/.*\[  FAILED  \] *\([0-9]*\) test.*/\1/p' "$logs/$name.log" | sum)
    programs=$(grep -cE '^ *[0-9]+/[0-9]+ Test +#.* (fuzz_|layers|exports|docs|template_refused).*Passed' "$logs/$name.log")
    broken=$(sed -n 's/.* \([0-9]*\) tests failed out of.*/\1/p' "$logs/$name.log" | sum)
    if [ "$broken" -gt 0 ]; then
        grep -E '\*\*\*|\[  (FAILED|ERROR)|ERROR: |SUMMARY:|Assertion|error:' "$logs/$name.log" | head -60
        [ "$bad" -gt 0 ] || bad=$broken
    fi
    count "$name" $((good + programs)) "$bad"
}

ctests unit --test-dir build-test
ctests threads --test-dir build-tsan --label-regex '^threads$'

# one_file LOGS FILE: one file of tests on Node's runner, in a process group of its own. A file that does not end is ended, with all that it
# started, and fails. Without V8's own threads: when their work is not done at the end of the process, Node.js may wait for them for ever
# (nodejs/node issue 54918).
file_limit=300
one_file() {
    log=$1/$(echo "${2#tests/}" | tr / -).log
    start=$(date +%s)
    timeout --kill-after=20 "$file_limit" node --single-threaded --import ./tests/js/deadline.mjs --test-reporter=tap "$2" >"$log" 2>&1
    status=$?
    took=$(($(date +%s) - start))
    printf '# file %s status %d seconds %d\n' "$2" "$status" "$took" >>"$log"
    [ "$status" = 0 ] || grep -qE '^# (fail|cancelled) [1-9]' "$log" || printf 'not ok - %s ended with %d\n# fail 1\n' "$2" "$status" >>"$log"
}
export -f one_file
export file_limit

# node_tests NAME FILES..: several files at once, for most of their time they wait.
at_once=$((2 * $(nproc)))
node_tests() {
    name=$1
    shift
    say "$name tests"
    rm -rf "${logs:?}/$name"
    mkdir -p "$logs/$name"
    printf '%s\0' "$@" | VIREO_BUILD="$PWD/build-test" xargs -0 -n 1 -P "$at_once" bash -c 'one_file "$0" "$1"' "$logs/$name"
    good=$(cat "$logs/$name"/*.log | sed -n 's/^# pass \([0-9]*\)/\1/p' | sum)
    bad=$(cat "$logs/$name"/*.log | sed -n 's/^# \(fail\|cancelled\) \([0-9]*\)/\2/p' | sum)
    if [ "$bad" -gt 0 ]; then
        for log in "$logs/$name"/*.log; do
            grep -qE '^# (fail|cancelled) [1-9]' "$log" || continue
            grep -E '^# file |^still open' "$log"
            grep -E '^ *not ok' -A 12 "$log" | head -60
        done
    fi
    count "$name" "$good" "$bad"
}

tests_in() {
    for folder in "$@"; do
        find "tests/$folder" -name '*.test.mjs' | sort
    done
}

# shellcheck disable=SC2046
{
    node_tests wire $(tests_in wire)
    node_tests interop $(tests_in fault interop)
    at_once=$(nproc) node_tests browser $(tests_in browser)
}

# Once more, on libuv's streams instead of the kernel's io_uring: all that moves bytes, and the interop tests, for which each server that can
# has four workers. Without those of codecs and of measuring, for which that is all the same.
export VIREO_KINDS=vireo VIREO_IO=uv
ctests uv-unit --test-dir build-test \
    -R 'unit_(net_|http_(server|streaming|upload|oom)|ws_(endpoint|flow|conn|client)|sse_server|engineio_server|socketio_(server|backpressure|callbacks))'
# shellcheck disable=SC2046
{
    node_tests uv-wire $(tests_in wire)
    VIREO_WORKERS=4 node_tests uv-workers $(tests_in interop | grep -vE '(differential|bench)\.test\.mjs$')
}

say 'result'
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
