// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The page of an example in Chromium: windows of different people, each in a profile of its own.
//
//   VIREO_SHOTS   a folder for what `shot` takes; without it nothing is taken

import assert from "node:assert/strict";
import path from "node:path";
import { launch } from "../browser/chat.mjs";

/** `count` windows at the example's page. They are closed before the example ends; nothing may have
 *  gone wrong in them. */
export async function pagesOf(t, example, count, options = {}) {
  const browser = await launch();
  t.after(() => browser.close());
  const wrong = [];
  example.guests.push(async () => {
    await browser.close();
    assert.deepEqual(wrong.map(String), []);
  });
  return Promise.all(Array.from({ length: count }, async () => {
    const context = await browser.newContext({ viewport: { width: 900, height: 600 }, ...options });
    context.setDefaultTimeout(10000);
    return visit(await context.newPage(), example, wrong);
  }));
}

async function visit(page, example, wrong) {
  page.on("pageerror", (err) => wrong.push(err));
  page.on("console", (message) => {
    if (message.type() === "error" && !/favicon/.test(message.location().url)) wrong.push(message.text());
  });
  await page.goto(`${example.url}/`);
  return page;
}

/** Waits until something that `selector` finds has this text in it. */
export const shows = (page, selector, text) =>
  page.locator(selector).filter({ hasText: text }).first().waitFor();

/** Keeps a picture of the page for who wants to look at it. */
export async function shot(page, name) {
  const folder = process.env.VIREO_SHOTS;
  if (folder) await page.screenshot({ path: path.join(folder, `${name}.png`) });
}
