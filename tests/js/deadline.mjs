// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Loaded before a file of tests: when the file is told to end because it takes too long, its runner still tells which tests had not ended,
// and this what kept the process alive. When the tests are over the process ends: what Node.js does between its last event and its end, to
// close handles that are left, need not come to an end where connections were reset.

process.once("SIGTERM", () => {
  process.stderr.write(`still open: ${process.getActiveResourcesInfo().join(", ")}\n`);
  process.emit("beforeExit", 1); // for node:test: what is pending will not come
  setTimeout(() => process.exit(1), 1000);
});

process.once("beforeExit", () => { // behind all others who listen for the end
  process.on("exit", (code) => process.exit(code));
});
