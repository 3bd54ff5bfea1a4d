#!/bin/bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
#
# bystander.sh: what an attack costs somebody else, with Vireo and with Node's ws: see bystander.c. The server has one core, attackers and
# bystander the other. Prints a table of milliseconds.
#
#   VIREO_BENCH   folder with peers/ (default: ../shared/bench beside the checkout)
#   SECS          seconds per measurement (4)
set -eu
cd "$(dirname "$0")/.."
secs=${SECS:-4}
source=${VIREO_BENCH:-../shared/bench}
work=build/bench
port=9002

mkdir -p "$work/peers"
if [ ! -d "$work/peers/node_modules" ]; then
    cp "$source"/peers/*.js "$source"/peers/package*.json "$work/peers/"
    (cd "$work/peers" && npm install --silent --no-audit --no-fund)
fi
if [ ! -f "$work/cert.pem" ]; then
    openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 30 -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
fi

# under SERVER ATTACK ..: starts it anew, so that no attack is paid for by the next one
under() {
    server=$1
    shift
    # shellcheck disable=SC2086
    PORT=$port DEFLATE=1 taskset -c 0 $server >/dev/null &
    pid=$!
    for _ in $(seq 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
        sleep 0.05
    done
    taskset -c 1 build/bench-bystander "$@" --port $port --secs "$secs" || echo '{}'
    sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/{"peak_kb":\1}/p' "/proc/$pid/status"
    kill $pid
    wait $pid 2>/dev/null || true
}

vireo="build/bench-server --port $port --host 127.0.0.1 --deflate 1024"
results=$work/bystander.ndjson
: >"$results"

# row NAME SERVER ATTACK ..
row() {
    name=$1
    shift
    under "$@" | tr '\n' ' ' | sed "s/^/{\"server\":\"$name\",\"runs\":[/;s/} {/},{/;s/ *$/]}/" >>"$results"
    echo >>"$results"
    printf '.' >&2
}

for attack in calm bomb slow flood; do
    row Vireo "$vireo" $attack
    row 'Node ws' "node --require ./bench/patient.cjs $work/peers/ws.js" $attack
done
for attack in calm tls; do
    row 'Vireo, TLS' "$vireo --cert $work/cert.pem --key $work/key.pem" $attack --tls
done
echo >&2
node bench/bystander.mjs "$results"
