#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
#
# check-layers.sh: a source file includes only its own floor and those below; a codec includes no connection and no loop; no file has
# mutable globals. Looks at #include lines only, so what it says holds for what is compiled.
set -eu
cd "$(dirname "$0")/../src"

floors='base payload loop net http ws sse engineio socketio cluster cli'

# The codecs: bytes in, values out (docs/architecture.md). What they may include: base, payload and each other.
codecs='
base/dotenv
cli/histogram
cluster/mail
cluster/message
engineio/id
engineio/jsonp
engineio/lines
engineio/packet
engineio/v3
http/accept
http/advice
http/answer
http/coding
http/conditions
http/cookies
http/exposition
http/form
http/forwarded
http/h2_reply
http/h2_request
http/mime
http/multipart
http/parse
http/range
http/reply
http/router
net/activation
net/proxy_protocol
net/tunnel
payload/page_compile
payload/page_eval
payload/page_expr
payload/page_render
socketio/history
socketio/packet
sse/format
sse/history
sse/parse
ws/deflate
ws/extension
ws/frame
ws/handshake
ws/mask
ws/message
ws/offer
'

rank() {
    n=0
    for floor in $floors; do
        n=$((n + 1))
        [ "$floor" = "$1" ] && echo "$n" && return
    done
    echo 0
}

bad=0
complain() {
    echo "$1" >&2
    bad=1
}

includes() {
    sed -n 's/^#include "\([^"]*\)".*/\1/p' "$1"
}

for file in */*.c */*.h; do
    own=$(rank "${file%%/*}")
    for include in $(includes "$file"); do
        case "$include" in
        client_bundle.h) continue ;; # made by cmake
        esac
        theirs=$(rank "${include%%/*}")
        [ "$theirs" -gt 0 ] || complain "src/$file includes $include, which is on no floor"
        [ "$theirs" -le "$own" ] || complain "src/$file includes $include, which is a floor above"
    done
done

for codec in $codecs; do
    for file in "$codec.c" "$codec.h"; do
        [ -f "$file" ] || continue
        for include in $(includes "$file"); do
            name=${include%.h}
            case "$include" in
            base/* | payload/*) continue ;;
            esac
            echo "$codecs" | tr ' ' '\n' | grep -qx "$name" || complain "the codec src/$file includes $include, which is none"
        done
        if grep -n '#include <uv.h>' "$file"; then
            complain "the codec src/$file includes libuv"
        fi
    done
done

if [ "$bad" = 0 ]; then
    echo "the floors stand"
fi
exit "$bad"
