// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// patient.cjs: for bystander.sh: a peer that listens to no "error" events of its sockets outlives them all the same.

process.on('uncaughtException', () => {});
