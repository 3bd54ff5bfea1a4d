// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors

// What other people wrote, made fit to be shown. Everything here makes text nodes, never markup:
// a message of "<img onerror=...>" is seen as those letters and does nothing.

const LINK = /\bhttps?:\/\/[^\s<>"']+/gi;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const fullTime = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const longDay = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  day: "numeric",
  month: "long",
});
const yearDay = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });

// el("p", "hint", "text") makes an element with a class and a text.
export function el(name, className = "", text = null) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== null) node.textContent = text;
  return node;
}

// A sentence's end does not belong to the address before it; a bracket does when it was opened inside.
function trimLink(url) {
  let end = url.length;
  for (;;) {
    const last = url[end - 1];
    if (/[.,;:!?…*_~]/.test(last)) end--;
    else if (last === ")" && !url.slice(0, end).includes("(")) end--;
    else if (last === "]" && !url.slice(0, end).includes("[")) end--;
    else return url.slice(0, end);
  }
}

function link(url) {
  let parsed;
  try {
    parsed = new URL(url);
  } catch {
    return null;
  }
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") return null;
  const a = el("a", "", url);
  a.href = parsed.href;
  a.target = "_blank";
  a.rel = "noopener noreferrer nofollow ugc";
  return a;
}

// richText returns a fragment: the text, with its http and https addresses as links.
export function richText(text) {
  const out = document.createDocumentFragment();
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    const url = trimLink(match[0]);
    const a = link(url);
    if (!a) continue;
    out.append(text.slice(at, match.index), a);
    at = match.index + url.length;
  }
  out.append(text.slice(at));
  return out;
}

// One to three emoji and nothing else are shown large.
export function onlyEmoji(text) {
  if (text.length > 40) return false;
  const parts = [...graphemes.segment(text.replace(/\s+/g, ""))].map((s) => s.segment);
  return (
    parts.length > 0 &&
    parts.length <= 3 &&
    parts.every((p) => /\p{Extended_Pictographic}|\p{Regional_Indicator}{2}/u.test(p))
  );
}

export function initial(name) {
  const first = graphemes.segment(name)[Symbol.iterator]().next().value;
  return first ? first.segment.toLocaleUpperCase() : "?";
}

// hue gives a name the same colour in every browser.
export function hue(name) {
  let h = 2166136261;
  for (const c of name.toLowerCase()) h = Math.imul(h ^ c.codePointAt(0), 16777619) >>> 0;
  return h % 360;
}

export function avatar(name, node = el("span", "avatar")) {
  node.textContent = initial(name);
  node.setAttribute("aria-hidden", "true");
  node.style.setProperty("--hue", hue(name));
  return node;
}

export const timeOf = (ms) => clock.format(ms);
export const fullTimeOf = (ms) => fullTime.format(ms);
export const dayOf = (ms) => new Date(ms).toDateString();

export function dayName(ms) {
  const day = new Date(ms);
  const now = new Date();
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (dayOf(day) === dayOf(now)) return "Today";
  if (dayOf(day) === dayOf(yesterday)) return "Yesterday";
  return day.getFullYear() === now.getFullYear() ? longDay.format(day) : yearDay.format(day);
}

export function count(n, one, many) {
  return n === 1 ? `1 ${one}` : `${n} ${many}`;
}

// "Ada is typing", "Ada and Bo are typing", "Ada, Bo and 3 others are typing".
export function typingText(names) {
  if (names.length === 0) return "";
  if (names.length === 1) return `${names[0]} is typing`;
  if (names.length === 2) return `${names[0]} and ${names[1]} are typing`;
  return `${names[0]}, ${names[1]} and ${count(names.length - 2, "other", "others")} are typing`;
}
