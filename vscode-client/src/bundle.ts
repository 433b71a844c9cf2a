/** The server that comes with the extension: where it lies, and which Pythons it has native modules for. */

import { readdir } from "node:fs/promises";
import * as path from "node:path";
import type { Python } from "./python.ts";

export interface Bundle {
  readonly start: string;
  /** How the names of its native modules end; empty for the bundle of all platforms, which has none. */
  readonly suffixes: readonly string[];
}

/** The bundle in the extension's folder; undefined in a checkout where none has been built. */
export async function findBundle(extension: string): Promise<Bundle | undefined> {
  const folder = path.join(extension, "bundled");
  const start = "start.py";
  const files = await readdir(folder).catch(() => [] as string[]);
  if (!files.includes(start)) return undefined;
  const native = await readdir(path.join(folder, "libs", "libcst")).catch(() => [] as string[]);
  const suffixes = native.flatMap((name) => /^native(\..+\.(?:so|pyd))$/.exec(name)?.[1] ?? []);
  return { start: path.join(folder, start), suffixes };
}

/** Whether it is the one for all platforms, which needs a Python that has libcst. */
export function isUniversal(bundle: Bundle): boolean {
  return bundle.suffixes.length === 0;
}

/** Why the bundle has nothing for `python`, such as one for another processor; undefined when it has. */
export function unsuited(bundle: Bundle, python: Python): string | undefined {
  if (isUniversal(bundle)) return python.parser ? undefined : "it has no libcst, and the extension for all platforms brings none";
  if (bundle.suffixes.includes(python.suffix)) return undefined;
  return `this extension has no parser for it (${python.suffix || "a Python without native modules"})`;
}

/** The arguments behind the command that runs Python. `-I` makes it deaf to the environment, so UTF-8 is asked for here. */
export function bundleArguments(bundle: Bundle): string[] {
  return ["-I", "-X", "utf8", bundle.start, "server"];
}
