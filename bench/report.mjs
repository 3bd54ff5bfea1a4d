// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// report.mjs: results as tables of Markdown, for the terminal and for README.md.

import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { servers } from "./servers.mjs";
import { median, short } from "./statistics.mjs";
import { groups } from "./works.mjs";

const readme = path.join(path.dirname(fileURLToPath(import.meta.url)), "README.md");

export const valueOf = (row, name, field = "value") => row?.samples[name]?.length
  ? median(row.samples[name].map((sample) => sample[field])) : undefined;

export const ratioOf = (row, name) => row?.ratios[name]?.length ? median(row.ratios[name]) : undefined;

const spread = (ratios) => `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;

function table(head, lines) {
  if (lines.length === 0) return "";
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/* --- what was to be reached ------------------------------------------------------------------- */

const asRatio = (ratios) => ratios?.length ? [`**${median(ratios).toFixed(2)}**`, spread(ratios)] : ["", ""];

function targets({ rows }) {
  const lines = [];
  for (const { name: group, works } of groups)
    for (const work of works)
      for (const [peer, most] of Object.entries(work.peers)) {
        const row = rows[work.name];
        const ratio = ratioOf(row, peer);
        if (most === null || ratio === undefined) continue;
        lines.push([`${group} ${work.title}`, servers[peer].label, short(valueOf(row, "vireo")), short(valueOf(row, peer)),
          ...asRatio(row.ratios[peer]), most.toFixed(2), ratio <= most ? "met" : "not met"]);
      }
  return table(["work", "against", "Vireo, µs", "it, µs", "ratio", "from, to", "at most", ""], lines);
}

/* --- everybody -------------------------------------------------------------------------------- */

function cell(row, name, us) {
  const value = valueOf(row, name);
  if (value === undefined) return "";
  const ratio = name === us ? undefined : ratioOf(row, name);
  return ratio === undefined ? short(value) : `${short(value)} (${ratio.toFixed(2)})`;
}

/** A line for each work, a column for each server: its value, and the ratio of ours to it. */
function everybody({ rows }, group) {
  const measured = group.works.filter((work) => rows[work.name]);
  const us = measured[0]?.first ?? "vireo";
  const peers = [...new Set(measured.flatMap((work) => Object.keys({ ...work.peers, ...rows[work.name].ratios })))];
  return table([`${group.name}, ${group.unit}`, servers[us].label, ...peers.map((name) => servers[name].label)],
    measured.map((work) => [work.title, ...[us, ...peers].map((name) => cell(rows[work.name], name, us))]));
}

function memory({ rows }, group) {
  const names = ["vireo", ...new Set(group.works.flatMap((work) => Object.keys(work.peers)))];
  const lines = group.works.filter((work) => rows[work.name]).map((work) => {
    const row = rows[work.name];
    const ours = valueOf(row, "vireo");
    return [`${work.mode === "ws-idle" ? "WebSocket" : "Socket.IO"}, ${work.options.connections.toLocaleString("en")}`,
      ...names.map((name) => valueOf(row, name) === undefined ? "" : Math.round(valueOf(row, name)).toLocaleString("en")),
      work.most.toLocaleString("en"), ours <= work.most ? "met" : "not met"];
  });
  return table(["idle connections, bytes each", ...names.map((name) => servers[name].label), "at most", ""], lines);
}

function crowds({ rows }, group) {
  const lines = group.works.flatMap((work) => Object.keys(rows[work.name]?.samples ?? {}).map((name) => {
    const at = (field) => short(valueOf(rows[work.name], name, field));
    return [work.title, servers[name].label, at("p50_ms"), at("p99_ms"), at("max_ms"), Math.round(valueOf(rows[work.name], name, "refused"))];
  }));
  return table(["latency, ms", "", "median", "99 %", "longest", "refused"], lines);
}

const forms = { Memory: memory, Crowds: crowds };

export function asTables(results) {
  return [targets(results), ...groups.map((group) => (forms[group.name] ?? everybody)(results, group))].filter(Boolean).join("\n\n");
}

/* --- README.md -------------------------------------------------------------------------------- */

/** Replaces what stands between the two marks. */
export function fillReadme(results) {
  const { date, machine, rounds, seconds } = results;
  const said = `Measured on ${date}: ${machine.processor}; ${machine.system}; ${machine.peers}. Medians of ${rounds} rounds of A B B A, `
    + `${seconds} seconds each.${machine.busy ? " Other work ran beside it." : ""}`;
  const text = readFileSync(readme, "utf8");
  const filled = text.replace(/(<!-- results -->\n)[^]*(<!-- end of results -->)/, (all, begin, end) =>
    `${begin}\n${said}\n\n${asTables(results)}\n\n${end}`);
  if (filled === text && !text.includes("<!-- results -->")) throw new Error("README.md has no place for the results");
  writeFileSync(readme, filled);
}
