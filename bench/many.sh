#!/bin/bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
#
# many.sh: very many idle Socket.IO connections, in as many server processes as the limit of descriptors asks for, each with a client
# process of its own. Prints what they hold in the servers and in the kernel, and what their heartbeats cost; and from that, on paper,
# what a million would need.
#
#   CONNECTIONS   in all (200000)
#   EACH          for one process (19500, or what `ulimit -n` allows)
#   HOLD          seconds for which all of them are held and measured; at least one heartbeat (30)
#   PORT          the first server's; the others follow (9200)
set -eu
cd "$(dirname "$0")/.."
connections=${CONNECTIONS:-200000}
hold=${HOLD:-30}
port=${PORT:-9200}
limit=$(($(ulimit -Hn) - 200))
each=${EACH:-19500}
ulimit -n "$(ulimit -Hn)"
[ "$each" -le "$limit" ] || each=$limit
processes=$(((connections + each - 1) / each))
each=$(((connections + processes - 1) / processes))

# Both ends of a connection in the kernel, the server's and the client's memory: 12 KiB are more than enough.
field() { sed -n "s/^$1:[[:space:]]*\([0-9]*\) kB/\1/p" "${2:-/proc/meminfo}"; }
available=$(field MemAvailable)
if [ $((connections * 12)) -gt $((available * 9 / 10)) ]; then
    echo "$connections connections may need $((connections * 12 / 1024)) MiB, of which $((available / 1024)) are available: CONNECTIONS=$((available * 9 / 120))" >&2
    exit 1
fi

servers=()
clients=()
finish() {
    kill "${servers[@]}" "${clients[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
}
trap finish EXIT

resident_kb() {
    sum=0
    for pid in "${servers[@]}"; do sum=$((sum + $(field VmRSS "/proc/$pid/status"))); done
    echo $sum
}
# What the kernel holds in its caches of objects, and in the buffers of TCP.
kernel_kb() { echo $(($(field Slab) + $(sed -n 's/^TCP: .* mem //p' /proc/net/sockstat) * 4)); }
sockets() { sed -n 's/^TCP: inuse \([0-9]*\).*/\1/p' /proc/net/sockstat; }
# Nanoseconds that the servers have run.
run_ns() {
    sum=0
    for pid in "${servers[@]}"; do
        for task in /proc/"$pid"/task/*/schedstat; do read -r ns _ <"$task" && sum=$((sum + ns)); done
    done
    echo $sum
}

for i in $(seq 0 $((processes - 1))); do
    build/bench-server --host 127.0.0.1 --port $((port + i)) >/dev/null &
    servers+=($!)
done
for i in $(seq 0 $((processes - 1))); do
    for _ in $(seq 200); do
        (exec 3<>"/dev/tcp/127.0.0.1/$((port + i))") 2>/dev/null && break
        sleep 0.05
    done
done
sleep 1

resident=$(resident_kb)
kernel=$(kernel_kb)
before=$(sockets)
started=$(date +%s)
for i in $(seq 0 $((processes - 1))); do
    build/bench-load sio-idle --connections "$each" --port $((port + i)) --warm-up 1 --seconds 86400 >/dev/null &
    clients+=($!)
done
opened=$((processes * each))
# One that is being opened counts as well: two sockets each, and then a moment for the last to join.
while [ $(($(sockets) - before)) -lt $((2 * opened)) ]; do
    for pid in "${clients[@]}"; do kill -0 "$pid" 2>/dev/null || { echo "a client has given up" >&2; exit 1; }; done
    [ $(($(date +%s) - started)) -lt 600 ] || { echo "not all have connected after ten minutes" >&2; exit 1; }
    sleep 0.5
done
sleep 5
took=$(($(date +%s) - started - 5))

ns=$(run_ns)
from=$(date +%s%N)
sleep "$hold"
ns=$(($(run_ns) - ns))
span=$(($(date +%s%N) - from))
for pid in "${clients[@]}"; do kill -0 "$pid" 2>/dev/null || { echo "a client has lost its connections" >&2; exit 1; }; done
resident=$(($(resident_kb) - resident))
kernel=$(($(kernel_kb) - kernel))

awk -v n="$opened" -v processes="$processes" -v took="$took" -v resident="$resident" -v kernel="$kernel" -v ns="$ns" \
    -v span="$span" 'BEGIN {
    printf "connections          %d, %d server processes, opened in %d s\n", n, processes, took
    printf "resident             %.0f MiB, %.0f bytes each\n", resident / 1024, resident * 1024 / n
    printf "kernel, both ends    %.0f MiB, %.0f bytes each; half of it is the server'"'"'s\n", kernel / 1024, kernel * 1024 / n
    printf "heartbeats           %.2f %% of one core, %.2f us for each ping and pong\n", 100 * ns / span, ns / 1000 / (n * span / 25e9)
    k = 1e6 / n
    printf "a million, on paper  %.1f GiB resident, %.1f GiB in the kernel for one end, %.0f %% of one core, %d processes\n", \
        k * resident / 1048576, k * kernel / 2 / 1048576, 100 * ns / span * k, int(k * processes + 0.999)
}'
