// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The short form of soak.mjs; `make soak` runs the long one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { problems, soak } from "./soak.mjs";

const seed = Math.floor(Math.random() * 2 ** 31);

test(`clients that come, post, vanish and come back, at random (seed ${seed})`, async () => {
  const result = await soak({ clients: 150, seconds: 12, rounds: 2, seed });
  assert.deepEqual(problems(result), []);
});
