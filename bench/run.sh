#!/bin/bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
#
# run.sh [ROUNDS]: measures build/bench-server against Node's socket.io and ws in alternation, and prints the ratios of server CPU time
# per message (below 1: Vireo is cheaper). See README.md for what is measured and how to read it.
#
#   VIREO_BENCH   folder with load.c and peers/ (default: ../shared/bench beside the checkout)
#   SECS          seconds per measurement (4)
set -eu
cd "$(dirname "$0")/.."
rounds=${1:-3}
secs=${SECS:-4}
source=${VIREO_BENCH:-../shared/bench}
work=build/bench
port=9001

mkdir -p "$work/peers"
[ -x "$work/load" ] || cc -O2 -std=gnu11 -o "$work/load" "$source/load.c"
if [ ! -d "$work/peers/node_modules" ]; then
    cp "$source"/peers/*.js "$source"/peers/package*.json "$work/peers/"
    (cd "$work/peers" && npm install --silent --no-audit --no-fund)
fi

# The limit on open files bounds the connections of either side.
files=$(ulimit -Hn)
ulimit -n "$files"
many=10000
[ "$files" -gt 11000 ] || many=$((files - 500))

# measure SERVER MODE.. : one run, the JSON line of load
measure() {
    server=$1
    shift
    # shellcheck disable=SC2086
    PORT=$port taskset -c 0 $server >/dev/null &
    pid=$!
    for _ in $(seq 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
        sleep 0.05
    done
    taskset -c 1 "$work/load" "$@" -d "$secs" --port $port --pid $pid --json 2>/dev/null | tail -n 1
    kill $pid
    wait $pid 2>/dev/null || true
}

vireo="build/bench-server --port $port --host 127.0.0.1"
results=$work/results.ndjson
: >"$results"

# compare NAME PEER FIELD MODE..
compare() {
    name=$1
    peer=$2
    field=$3
    shift 3
    for _ in $(seq "$rounds"); do
        a=$(measure "$vireo" "$@")
        b=$(measure "$peer" "$@")
        echo "{\"name\":\"$name\",\"field\":\"$field\",\"vireo\":$a,\"peer\":$b}" >>"$results"
        printf '.' >&2
    done
}

sio="node $work/peers/sio.js"
ws="node $work/peers/ws.js"
compare 'Socket.IO echo, 500 connections' "$sio" cpu_s_per_million sio-echo -c 500
compare 'Socket.IO ack, 500 connections' "$sio" cpu_s_per_million sio-ack -c 500
compare 'Socket.IO broadcast to 1,000' "$sio" cpu_s_per_million sio-bcast -c 1000
compare 'Socket.IO broadcast to 1,000, 8 in flight' "$sio" cpu_s_per_million sio-bcast -c 1000 --window 8
compare 'Socket.IO connect' "$sio" cpu_s_per_million sio-connect -c 50
compare 'Socket.IO polling echo, 200 sessions' "$sio" cpu_s_per_million poll-echo -c 200
compare "Socket.IO idle, $many connections, KB each" "$sio" rss_kb_per_conn sio-idle -c "$many"
compare 'WebSocket echo, 500 connections' "$ws" cpu_s_per_million ws-echo -c 500
compare 'WebSocket broadcast to 1,000' "$ws" cpu_s_per_million ws-bcast -c 1000
compare 'WebSocket broadcast to 1,000, 8 in flight' "$ws" cpu_s_per_million ws-bcast -c 1000 --window 8
compare 'WebSocket connect' "$ws" cpu_s_per_million ws-connect -c 50
echo >&2
node bench/report.mjs "$results"
