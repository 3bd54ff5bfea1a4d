// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// The frame of the command vireo: help, errors that say what to do, completions, the manual page.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build, program, vireo } from "../js/command.mjs";

const docs = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../docs");

/** The names of all commands, as --help lists them. */
async function commands() {
  const { stdout } = await vireo(["--help"]);
  const list = /Commands\n((?: {2}.+\n)+)/.exec(stdout)[1];
  return list.match(/^ {2}[a-z]+/gm).map((name) => name.trim());
}

test("--help lists the commands, and each has a help with its options", async () => {
  const names = await commands();
  assert(names.length > 3);
  for (const name of names) {
    const { code, stdout, stderr } = await vireo([name, "--help"]);
    assert.equal(code, 0);
    assert.equal(stderr, "");
    assert.match(stdout, new RegExp(`^vireo ${name}: .+\n\n  vireo ${name} `));
    assert(!stdout.includes("\x1b"), "colours in a pipe");
    for (const line of stdout.split("\n")) assert(line.length < 80, line);
    const help = await vireo(["help", name]);
    assert.equal(help.stdout, stdout);
  }
});

test("no command, a wrong command, a wrong option: exit code 2, and what to do", async () => {
  const cases = [
    [[], /Commands/],
    [["sreve"], /^vireo: there is no command "sreve"; did you mean serve\?\nvireo --help says more\.\n$/],
    [["serve", "--prot", "1"], /there is no option --prot; did you mean --port\?\nvireo serve --help/],
    [["serve", "--port", "70000"], /--port "70000": it wants a port, 0 to 65535/],
    [["serve", "--port"], /--port wants a value/],
    [["serve", "--echo=1"], /--echo takes no value/],
    [["serve", "-pz"], /--port "z": it wants a port/],
    [["serve", "-z"], /there is no option -z/],
    [["serve", "a", "b"], /what is "b" for\? vireo serve \[FOLDER\]/],
    [["decode", "--as", "jazz", "2"], /--as "jazz": it wants auto\|engine/],
    [["completion"], /something is missing: vireo completion bash\|zsh\|fish/],
    [["completion", "ksh"], /no completion for "ksh": there are bash, zsh and fish/],
  ];
  for (const [args, text] of cases) {
    const { code, stdout, stderr } = await vireo(args);
    assert.equal(code, 2, args.join(" "));
    assert.equal(stdout, "");
    assert.match(stderr, text);
  }
});

test("--version", async () => {
  assert.match((await vireo(["--version"])).stdout, /^vireo \d+\.\d+\.\d+\n$/);
});

test("bash completes commands and options", async () => {
  const { stdout } = await vireo(["completion", "bash"]);
  const complete = (...words) => execFileSync("bash", ["-c",
    `${stdout}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _vireo; echo "\${COMPREPLY[*]}"`,
    "bash", "vireo", ...words]).toString().trim();
  assert.equal(complete("se"), "serve");
  assert.equal(complete("serve", "--po"), "--port");
  assert.equal(complete("decode", "--eio"), "--eio3");
  assert.equal(complete("decode", "x"), ""); // files
  assert.equal(complete("bench", "url", "-m", "f"), "fanout");
  assert.equal(complete("connect", "--speak", ""), "auto socketio ws");
  assert.deepEqual(complete("").split(" ").filter((w) => !w.startsWith("-")), await commands());
});

/** [[command, its options as --help lists them: {letter, name, words, what it does}]]; what stands there is what is
 *  accepted, since both come from one table. */
async function options() {
  const all = [];
  for (const name of await commands()) {
    const { stdout } = await vireo([name, "--help"]);
    const own = stdout.split("\nExamples\n")[0];
    const list = [...own.matchAll(/^ {2}(?:-(\w),| {3}) --([\w-]+)(?: ((?:[\w|]|'.*')+))?(?: {2}|\n)/gm)];
    all.push([name, list.map(([, letter, option, words]) => ({ letter, option, words }))]);
  }
  assert(all.every(([name, list]) => list.length > 0 || ["completion", "help"].includes(name)));
  return all;
}

test("the completions of bash, zsh and fish name each option of each command, and no other", async () => {
  const text = {};
  for (const shell of ["bash", "zsh", "fish"]) text[shell] = (await vireo(["completion", shell])).stdout;
  for (const [name, list] of await options()) {
    const names = list.map(({ option }) => option).sort();
    const bash = new RegExp(`^ {8}${name}\\) words="--help ?(.*)" ;;$`, "m").exec(text.bash)[1];
    assert.deepEqual(bash.split(" ").filter(Boolean).map((o) => o.slice(2)).sort(), names, `bash: ${name}`);
    const zsh = text.zsh.slice(text.zsh.indexOf(`            ${name})\n`)).split(";;")[0];
    assert.deepEqual([...zsh.matchAll(/^ {16}'\*?--([\w-]+)/gm)].map(([, o]) => o).sort(), names, `zsh: ${name}`);
    const fish = [...text.fish.matchAll(new RegExp(`_from ${name}' -l ([\\w-]+)(?: -s (\\w))?(?: -x -a '(.+?)')?`, "g"))];
    assert.deepEqual(fish.map(([, o]) => o).sort(), names, `fish: ${name}`);
    for (const [, o, letter, words] of fish) {
      const known = list.find(({ option }) => option === o);
      assert.equal(letter, known.letter, `${name} --${o}`);
      if (words) assert.equal(words.replaceAll(" ", "|"), known.words);
    }
  }
});

test("the manual page knows each command and each option, and no other; docs/command.md each command", async () => {
  const page = readFileSync(path.join(docs, "vireo.1"), "utf8");
  const guide = readFileSync(path.join(docs, "command.md"), "utf8");
  const section = (title) => new RegExp(`\\.Ss ${title}\\n([^]*?)(?=\\n\\.S[sh])`).exec(page)?.[1];
  const items = (text) => [...text.matchAll(/^\.It (.+)$/gm)].flatMap(([, item]) =>
    [...item.matchAll(/(?:Fl (\w) , )?Fl -([\w-]+)/g)].map(([, letter, name]) => `${letter ?? ""} ${name}`));
  for (const [name, list] of await options()) {
    let own = section(`vireo ${name}`);
    assert(own, `vireo.1 has no section for ${name}`);
    if (own.includes(".Sx Connection options")) own += section("Connection options");
    assert(guide.includes(`vireo ${name}`), `command.md: ${name}`);
    assert.deepEqual(items(own).sort(), list.map(({ letter, option }) => `${letter ?? ""} ${option}`).sort(), name);
  }
  // What the guide names in code is an option of some command.
  const known = new Set((await options()).flatMap(([, list]) => list.map(({ option }) => option)));
  for (const [, name] of guide.matchAll(/(?<![\w-])--([a-z][\w-]+)/g))
    assert(known.has(name) || ["help", "version", "unbuffered"].includes(name), `command.md: --${name}`);
});

test("make install: the program, its manual page, its completions", (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "vireo-install-"));
  t.after(() => rmSync(folder, { recursive: true }));
  execFileSync("cmake", ["--install", build, "--prefix", folder]);
  assert.match(execFileSync(path.join(folder, "bin/vireo"), ["--version"]).toString(), /^vireo /);
  for (const [file, text] of [["man/man1/vireo.1", ".Dt VIREO 1"], ["zsh/site-functions/_vireo", "#compdef vireo"],
    ["bash-completion/completions/vireo", "complete -o default -F _vireo vireo"],
    ["fish/vendor_completions.d/vireo.fish", "complete -c vireo"]])
    assert(readFileSync(path.join(folder, "share", file), "utf8").includes(text), file);
});

test("what a reader closes early does not upset it", () => {
  const lines = execFileSync("bash", ["-c", `"$0" --help | head -1`, program]).toString();
  assert.match(lines, /^vireo:/);
});
