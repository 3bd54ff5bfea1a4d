// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// report.mjs RESULTS: medians and ratios of what run.sh measured, as a Markdown table. Fails if a run had errors.

import { readFileSync } from 'node:fs';

const rows = readFileSync(process.argv[2], 'utf8').trim().split('\n').map((line) => JSON.parse(line));

const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

console.log('| what | Vireo | Node | ratio (min to max) |');
console.log('|---|---|---|---|');
for (const name of new Set(rows.map((row) => row.name))) {
  const runs = rows.filter((row) => row.name === name);
  const value = (side) => runs.map((row) => row[side][row.field]);
  const ratios = runs.map((row) => row.vireo[row.field] / row.peer[row.field]);
  const cells = [
    median(value('vireo')).toFixed(2),
    median(value('peer')).toFixed(2),
    `**${median(ratios).toFixed(2)}** (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
  ];
  console.log(`| ${name} | ${cells.join(' | ')} |`);
}

const faulty = rows.filter((row) => row.vireo.errors || row.vireo.lost);
if (faulty.length) {
  console.error(`errors or losses with Vireo: ${faulty.map((row) => row.name).join('; ')}`);
  process.exitCode = 1;
}
