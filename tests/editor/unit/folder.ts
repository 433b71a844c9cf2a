/** Programs for the tests that stand for Pythons. */

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { after } from "node:test";

/** A new folder, with a blank and a letter outside ASCII in its name, that goes when the tests are over. */
export function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), "memlint é "));
  after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A program in `place` that runs these lines of shell. */
export function program(place: string, name: string, lines: string): string {
  const file = path.join(place, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${lines}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** A program that answers as a Python of that kind does. */
export function fakePython(place: string, name: string, version: number[], implementation = "cpython", suffix = ".so", freeThreaded = false, parser = false): string {
  const answer = JSON.stringify([version, implementation, suffix, freeThreaded, path.join(place, name), parser]);
  return program(place, name, `echo '<<${answer}>>'`);
}
