# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
#
#   make run     install what is missing, build a release, serve the chat at http://localhost:3000
#   make test    install what the tests need besides, build with sanitizers, run everything
#   make build   the release build, in build/
#   make install the command vireo below /usr/local, or PREFIX

PORT ?= 3000

run: build
	./build/chat --port $(PORT)

build: setup
	cmake --preset release >/dev/null
	cmake --build --preset release

setup:
	@scripts/setup.sh build

test:
	@scripts/setup.sh test
	@scripts/test.sh

# The command, its manual page and its completions: make install PREFIX=~/.local
PREFIX ?= /usr/local
install: build
	cmake --install build --prefix $(PREFIX)

# Fuzz every target for a while: make fuzz SECONDS=60
SECONDS ?= 60
fuzz:
	@scripts/setup.sh test
	@scripts/fuzz.sh $(SECONDS)

# Two thousand clients that come and go for ten minutes: make soak SOAK="--clients 500 --seconds 60 --seed 7"
SOAK ?=
soak:
	@scripts/setup.sh test
	cmake --preset test >/dev/null
	cmake --build --preset test --target soak-server
	cd tests && VIREO_BUILD=../build-test node fault/soak.mjs $(SOAK)

# Measure beside other servers: make bench ONLY=echo ROUNDS=3 SECS=2; see bench/README.md
export ONLY AGAINST ROUNDS SECS STORE
bench: build-bench
	@node bench/run.mjs

# .. and what an attack costs somebody else
bystander: build-bench
	@node bench/bystander.mjs

# .. and very many idle connections: make many CONNECTIONS=200000; see bench/many.sh
export CONNECTIONS EACH HOLD
many: build-bench
	@bench/many.sh

build-bench:
	@scripts/setup.sh bench
	cmake --preset release >/dev/null
	cmake --build --preset release

clean:
	rm -rf build build-test build-tsan build-clang build-fuzz

.PHONY: run build install setup test fuzz soak bench bystander many build-bench clean
