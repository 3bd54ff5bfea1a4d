// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Waiting in tests: always for an event, never for a while, and with a deadline that says what did
// not come.

export const DEADLINE = Number(process.env.VIREO_DEADLINE ?? 20000);

/** `promise`, or a failure that names `what` when it takes longer than `ms`. */
export function within(promise, what, ms = DEADLINE) {
  let timer;
  const deadline = new Promise((resolve, reject) => {
    const err = new Error(`waited ${ms} ms in vain for ${what}`);
    timer = setTimeout(() => reject(err), ms);
  });
  return Promise.race([promise, deadline]).finally(() => clearTimeout(timer));
}

/** Asks again and again, until the answer is true. */
export async function until(ask, what, ms = DEADLINE) {
  const end = Date.now() + ms;
  while (!await ask()) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain for ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The arguments of the emitter's next `event`. */
export function next(emitter, event, ms) {
  let listener;
  const come = new Promise((resolve) => emitter.on(event, listener = (...args) => resolve(args)));
  return within(come, `the event "${String(event)}"`, ms)
    .finally(() => emitter.off(event, listener));
}

/** The arguments of the emitter's next `n` events of that name, in order. */
export function nextN(emitter, event, n, ms) {
  const got = [];
  let listener;
  const come = new Promise((resolve) => emitter.on(event, listener = (...args) => {
    got.push(args);
    if (got.length === n) resolve(got);
  }));
  return within(come, `${n} events "${event}"`, ms).catch((err) => {
    throw new Error(`${err.message}; ${got.length} came`);
  }).finally(() => emitter.off(event, listener));
}

/** Collects everything under `event` from now on. */
export function collect(emitter, event) {
  const got = [];
  emitter.on(event, (...args) => got.push(args.length === 1 ? args[0] : args));
  return got;
}

export function deferred() {
  const out = {};
  out.promise = new Promise((resolve, reject) => Object.assign(out, { resolve, reject }));
  return out;
}
