// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// A strict reader of Prometheus' text format 0.0.4: what a server must not write is an error.

import assert from "node:assert/strict";

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** The labels of `{a="1",b="2"}`, as an object. */
function labelsOf(text, line) {
  const labels = {};
  let rest = text;
  while (rest !== "") {
    const m = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,(?=.)|$)/.exec(rest);
    assert.ok(m, `labels: ${line}`);
    assert.ok(!(m[1] in labels) && !m[1].startsWith("__"), `label ${m[1]}: ${line}`);
    labels[m[1]] = m[2].replace(/\\(.)/g, (_, c) => c === "n" ? "\n" : c);
    rest = rest.slice(m[0].length);
  }
  return labels;
}

/** All samples of a text: [{name, type, labels, value}]. */
export function readMetrics(text) {
  assert.ok(text.endsWith("\n"), "the text ends with a line's end");
  const families = new Map(), samples = [], known = new Set();
  let current;
  for (const line of text.slice(0, -1).split("\n")) {
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (comment) {
      const [, kind, name, rest] = comment;
      assert.match(name, NAME);
      if (kind === "HELP") {
        assert.ok(!families.has(name), `${name} stands in one place`);
        families.set(name, current = { name, help: rest, samples: 0 });
        continue;
      }
      assert.equal(current?.name, name, `TYPE behind HELP: ${line}`);
      assert.ok(current.type === undefined && current.samples === 0, `one TYPE, before the samples: ${line}`);
      assert.match(rest, /^(counter|gauge|histogram|summary|untyped)$/);
      assert.equal(rest === "counter", name.endsWith("_total"), `counters end with _total: ${line}`);
      current.type = rest;
      continue;
    }
    const sample = /^([^\s{]+)(?:\{(.*)\})? (\d+(?:\.\d+)?)$/.exec(line);
    assert.ok(sample, `a line that is none: ${line}`);
    assert.equal(sample[1], current?.name, `a sample in its family: ${line}`);
    const key = `${sample[1]}{${sample[2] ?? ""}}`;
    assert.ok(!known.has(key), `twice: ${line}`);
    known.add(key);
    current.samples++;
    samples.push({ name: sample[1], type: current.type, labels: labelsOf(sample[2] ?? "", line), value: Number(sample[3]) });
  }
  for (const family of families.values()) assert.ok(family.type && family.samples > 0, `${family.name} has samples`);
  return samples;
}

/** The values of all samples with this name and these labels. */
export function valuesOf(samples, name, labels = {}) {
  return samples.filter((s) => s.name === name && Object.entries(labels).every(([k, v]) => s.labels[k] === v)).map((s) => s.value);
}

/** The value of the one sample with this name and these labels; 0 if there is none. */
export function valueOf(samples, name, labels = {}) {
  const found = valuesOf(samples, name, labels);
  assert.ok(found.length <= 1, `${found.length} samples ${name} ${JSON.stringify(labels)}`);
  return found.length === 0 ? 0 : found[0];
}
