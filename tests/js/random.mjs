// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Randomness that can be had again: the same seed, the same decisions (mulberry32).

/** A function that answers numbers in [0, 1). */
export function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The same, with what is made of it: a whole number below `n`, an element of a list. */
export function choicesFrom(seed) {
  const random = randomFrom(seed);
  const below = (n) => Math.floor(random() * n);
  return { random, below, pick: (list) => list[below(list.length)] };
}
