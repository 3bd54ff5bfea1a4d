// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// chart.mjs [RESULTS.json]: draws results as SVG, into results/: bars for each work, one below the other for each server, as parts of
// what Node's takes. Colours follow the reader's choice of light or dark.
//
//              | Vireo  ####  29 % · 5.1 µs
//     a work   | Bun    ########  54 % · 9.4 µs
//              | Node   ###############  17.5 µs

import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ratioOf, valueOf } from "./report.mjs";
import { short } from "./statistics.mjs";
import { groups } from "./works.mjs";

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), "results");

const WIDTH = 840;
const LEFT = 262; // where the bars begin
const LONGEST = 430; // a bar
const BAR = 13, GAP = 3, BETWEEN = 16;
const HEAD = 96, FOOT = 66;

const style = `
  text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #24292f }
  .title { font-size: 18px; font-weight: 600 }
  .quiet { fill: #57606a } .small { font-size: 11.5px } .value { font-size: 11.5px; fill: #57606a } .ours { font-weight: 600; fill: #24292f }
  .axis { stroke: #d0d7de }
  .vireo { fill: #2e8540 } .lws { fill: #8aa3b8 } .bun { fill: #d9a441 } .node { fill: #b4bac1 }
  @media (prefers-color-scheme: dark) {
    text, .ours { fill: #e6edf3 } .quiet, .value { fill: #9aa4af } .value.ours { fill: #e6edf3 } .axis { stroke: #3d444d }
    .vireo { fill: #57c26a } .lws { fill: #5f7c94 } .bun { fill: #c08a2b } .node { fill: #6b737c }
  }`;

const kinds = { vireo: ["vireo", "Vireo"], lws: ["lws", "libwebsockets"], bun: ["bun", "Bun"], bunsio: ["bun", "Bun"],
  ws: ["node", "Node"], sio: ["node", "Node"] };
const order = Object.keys(kinds);
const nodes = ["ws", "sio"];

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
const text = (x, y, content, name = "", more = "") => `<text x="${x}" y="${y}" class="${name}"${more}>${escaped(content)}</text>`;

/* --- what to draw ----------------------------------------------------------------------------- */

/** A work's bars: each server's part of what Node's takes, by the ratios of neighbouring runs. */
function barsOf(row, unit) {
  const node = nodes.find((name) => ratioOf(row, name) !== undefined);
  if (!node) return [];
  const ours = ratioOf(row, node);
  return order.filter((name) => name === "vireo" || ratioOf(row, name) !== undefined).map((name) => {
    const part = name === "vireo" ? ours : ours / ratioOf(row, name);
    const value = unit(valueOf(row, name));
    return { name, part, label: name === node ? value : `${Math.round(part * 100)} % · ${value}` };
  });
}

const microseconds = (us) => `${short(us)} µs`;
const bytes = (n) => n < 1024 ? `${Math.round(n)} bytes` : `${short(n / 1024)} KiB`;
const milliseconds = (ms) => ms < 1000 ? `${short(ms)} ms` : `${short(ms / 1000)} s`;

const inGroup = (name) => groups.find((group) => group.name === name).works;
const asWritten = (work) => work.title;
const withProtocol = (work) => `${work.mode === "ws-idle" ? "WebSocket" : "Socket.IO"}, ${work.options.connections.toLocaleString("en")} connections`;

const charts = [
  { file: "socketio.svg", title: "Socket.IO: what a message costs the server", group: "Socket.IO", unit: microseconds, label: asWritten,
    says: "CPU time for each message, user and kernel, in microseconds and as a part of Node's. Shorter is better." },
  { file: "websocket.svg", title: "WebSocket: what a message costs the server", group: "WebSocket", unit: microseconds, label: asWritten,
    says: "CPU time for each message, user and kernel, in microseconds and as a part of Node's. Shorter is better." },
  { file: "memory.svg", title: "What an idle connection costs", group: "Memory", unit: bytes, label: withProtocol,
    says: "Resident memory of the server's process for each connection. Shorter is better." },
  { file: "crowds.svg", title: "When many want something at once", group: "Crowds", unit: milliseconds, label: asWritten,
    says: "Until the last client has come back; and 99 % of the small room's messages arrive within. Shorter is better." },
];

/* --- drawing ---------------------------------------------------------------------------------- */

function legend(names) {
  let x = 24;
  const seen = new Set();
  return names.map((name) => {
    const [kind, label] = kinds[name];
    if (seen.has(kind)) return "";
    seen.add(kind);
    const part = `<rect x="${x}" y="68" width="12" height="12" rx="2" class="${kind}"/>${text(x + 18, 78.5, label, "small")}`;
    x += 40 + label.length * 7;
    return part;
  }).join("");
}

function drawRow({ label, bars }, top, scale) {
  const middle = top + (bars.length * (BAR + GAP) - GAP) / 2;
  const parts = [text(LEFT - 12, middle + 4.5, label, "", ' text-anchor="end"')];
  bars.forEach(({ name, part, label: value }, i) => {
    const y = top + i * (BAR + GAP);
    const width = Math.max(1.5, part * scale);
    parts.push(`<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2" class="${kinds[name][0]}"/>`,
      text((LEFT + width + 6).toFixed(1), y + BAR - 2.5, value, name === "vireo" ? "value ours" : "value"));
  });
  return parts.join("\n");
}

function draw({ title, says }, rows, { date, machine }) {
  const scale = LONGEST / Math.max(1, ...rows.flatMap((row) => row.bars.map((bar) => bar.part)));
  const used = new Set(rows.flatMap((row) => row.bars.map((bar) => bar.name)));
  const parts = [];
  let y = HEAD + 8;
  for (const row of rows) {
    parts.push(drawRow(row, y, scale));
    y += row.bars.length * (BAR + GAP) - GAP + BETWEEN;
  }
  const height = y - BETWEEN + FOOT;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>${style}
</style>
${text(24, 32, title, "title")}
${text(24, 53, says, "quiet small")}
${legend(order.filter((name) => used.has(name)))}
<line x1="${LEFT - 0.5}" x2="${LEFT - 0.5}" y1="${HEAD}" y2="${y - BETWEEN + 8}" class="axis"/>
${parts.join("\n")}
${text(24, height - 29, `${date}. ${machine.processor}; ${machine.system}.`, "quiet small")}
${text(24, height - 13, `${machine.peers}.`, "quiet small")}
</svg>
`;
}

export function drawCharts(results, into = folder) {
  for (const chart of charts) {
    const rows = inGroup(chart.group).map((work) => ({ label: chart.label(work), bars: barsOf(results.rows[work.name], chart.unit) }))
      .filter((row) => row.bars.length > 0);
    if (rows.length > 0) writeFileSync(path.join(into, chart.file), draw(chart, rows, results));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  drawCharts(JSON.parse(readFileSync(process.argv[2] ?? path.join(folder, "results.json"), "utf8")));
