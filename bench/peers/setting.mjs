// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// setting.mjs: what the environment tells a peer: PORT; DEFLATE=1, to compress messages of 1,024 bytes and more; CERT and KEY, names
// of files, to speak TLS.

import { readFileSync } from "node:fs";

const { PORT, DEFLATE, CERT, KEY } = process.env;

export const port = Number(PORT ?? 9001);
export const host = "127.0.0.1";
export const backlog = 4096; // as Vireo's
export const deflate = DEFLATE === "1";
export const threshold = 1024;
export const tls = CERT ? { cert: readFileSync(CERT), key: readFileSync(KEY) } : undefined;
