// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors
//
// Certificates for tests, made by the command `openssl` in a folder of their own.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export class Certs {
  constructor() {
    this.folder = mkdtempSync(path.join(tmpdir(), "vireo-certs-"));
    this.openssl("req", "-x509", ...this.#key("ca"), "-subj", "/CN=Test CA", "-days", "2",
      "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", this.file("ca.pem"));
  }

  file(name) {
    return path.join(this.folder, name);
  }

  text(name) {
    return readFileSync(this.file(name));
  }

  get ca() {
    return this.text("ca.pem");
  }

  openssl(...args) {
    return execFileSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] }).toString();
  }

  #key(name) {
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
      "-keyout", this.file(`${name}.key`)];
  }

  /** `name`.pem and `name`.key, signed by the CA; `names`: "DNS:a.example,IP:127.0.0.1"; `days`: -1 makes one that
   *  was valid yesterday. */
  make(name, names, subject = `/CN=${name}`, days = 2) {
    this.openssl("req", ...this.#key(name), "-subj", subject, "-out", this.file(`${name}.csr`));
    writeFileSync(this.file(`${name}.ext`), `subjectAltName=${names}\nbasicConstraints=CA:FALSE\n`);
    this.openssl("x509", "-req", "-in", this.file(`${name}.csr`), "-CA", this.file("ca.pem"),
      "-CAkey", this.file("ca.key"), "-CAcreateserial", "-days", String(days),
      "-extfile", this.file(`${name}.ext`), "-out", this.file(`${name}.pem`));
    return { cert: this.file(`${name}.pem`), key: this.file(`${name}.key`) };
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
