// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// bystander.mjs RESULTS: what bystander.sh measured, as a Markdown table.

import { readFileSync } from 'node:fs';

const attacks = { calm: 'nobody attacks', bomb: 'bombs', slow: 'slow readers', flood: 'handshakes', tls: 'TLS handshakes' };
const rows = readFileSync(process.argv[2], 'utf8').trim().split('\n').map((line) => JSON.parse(line));
const ms = (value) => value.toFixed(value < 10 ? 1 : 0);

console.log('| server | attack | attacks a second | p50, ms | p99, ms | longest, ms | peak memory, MB |');
console.log('|---|---|---|---|---|---|---|');
for (const { server, runs } of rows) {
  const [run, { peak_kb: peak }] = runs;
  const figures =
    run.attack === undefined
      ? ['', 'the bystander got no answer in 30 s', '', '', '']
      : [attacks[run.attack], Math.round(run.per_s), ms(run.p50_ms), ms(run.p99_ms), ms(run.max_ms)];
  console.log(`| ${[server, ...figures, Math.round(peak / 1024)].join(' | ')} |`);
}
