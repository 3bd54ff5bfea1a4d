#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
#
# setup.sh build|test|bench: installs what is missing to build Vireo, to build and test it, or to measure it beside others: Debian
# packages (with sudo when not root) and npm packages. Does nothing, quickly, when all is there.
set -eu
cd "$(dirname "$0")/.."

build_packages='gcc cmake ninja-build pkg-config libuv1-dev liburing-dev libssl-dev zlib1g-dev libbrotli-dev libsqlite3-dev libhiredis-dev libmsgpack-dev libnghttp2-dev libedit-dev node-llhttp'
test_packages='clang libclang-rt-14-dev libcmocka-dev chromium curl openssl procps redis-server tmux'
bench_packages='libwebsockets-dev openssl util-linux'

installed() {
    dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "setup: run this as root: $*" >&2
        exit 1
    fi
}

install_debian() {
    missing=
    for package in "$@"; do
        installed "$package" || missing="$missing $package"
    done
    # A Node.js that did not come as a package serves as well.
    command -v node >/dev/null || missing="$missing nodejs"
    command -v npm >/dev/null || missing="$missing npm"
    [ -n "$missing" ] || return 0
    echo "setup: installing$missing"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# npm_install FOLDER installs what FOLDER/package-lock.json names, unless that is there already.
npm_install() {
    if ! cmp -s "$1/package-lock.json" "$1/node_modules/.vireo-lock"; then
        echo "setup: npm packages of $1"
        (cd "$1" && npm ci --silent --no-audit --no-fund)
        cp "$1/package-lock.json" "$1/node_modules/.vireo-lock"
    fi
}

# The browser's client, and its compressed forms.
install_client() {
    npm_install cmake/client
    [ -f cmake/client/node_modules/.encoded/socket.io.js.br ] || node cmake/client/encode.mjs
}

case "${1:-}" in
build)
    # shellcheck disable=SC2086
    install_debian $build_packages
    install_client
    ;;
test)
    # shellcheck disable=SC2086
    install_debian $build_packages $test_packages
    install_client
    npm_install tests
    ;;
bench)
    # shellcheck disable=SC2086
    install_debian $build_packages $bench_packages
    install_client
    npm_install bench/peers
    ;;
*)
    echo "usage: $0 build|test|bench" >&2
    exit 2
    ;;
esac
