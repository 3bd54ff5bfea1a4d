// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Compresses the client's files once, so that the server only has to choose. Writes node_modules/.encoded/NAME.{br,gz,zz}.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

const from = new URL('node_modules/socket.io-client/dist/', import.meta.url);
const to = new URL('node_modules/.encoded/', import.meta.url);

mkdirSync(to, { recursive: true });
for (const name of readdirSync(from)) {
  const bytes = readFileSync(new URL(name, from));
  writeFileSync(new URL(`${name}.br`, to), brotliCompressSync(bytes));
  writeFileSync(new URL(`${name}.gz`, to), gzipSync(bytes, { level: 9 }));
  writeFileSync(new URL(`${name}.zz`, to), deflateSync(bytes, { level: 9 }));
}
