/** Which Pythons there are, and whether one can run the server. Knows nothing of VS Code. */

import { type ChildProcess, spawn } from "node:child_process";
import { access, constants, stat } from "node:fs/promises";
import * as path from "node:path";
import { SILENT, ending, heard } from "./ending.ts";

/** A command that may run Python, and where we have it from. */
export interface Candidate {
  readonly command: readonly string[];
  readonly from: string;
}

/** What a Python says of itself. */
export interface Python extends Candidate {
  /** Absolute. */
  readonly executable: string;
  readonly version: readonly [number, number, number];
  readonly implementation: string;
  /** How its native modules end, such as `.cpython-311-x86_64-linux-gnu.so`. */
  readonly suffix: string;
  readonly freeThreaded: boolean;
  /** Whether it has libcst itself, which only the extension for all platforms asks for. */
  readonly parser: boolean;
}

export interface Refused extends Candidate {
  readonly why: string;
}

export const OLDEST = 10;
export const NEWEST = 14;
export const SUPPORTED = `CPython 3.${OLDEST} to 3.${NEWEST}`;

/** Milliseconds that a Python has to answer. */
export const LIMIT = 10_000;

// Runs in any Python 3, even those we refuse. Printed between marks: a wrapper may print lines of its own.
const QUESTION =
  "import sys,sysconfig as s,json,importlib.util as u;print('<<'+json.dumps([list(sys.version_info[:3]),sys.implementation.name," +
  "s.get_config_var('EXT_SUFFIX') or '',bool(s.get_config_var('Py_GIL_DISABLED')),sys.executable,u.find_spec('libcst') is not None])+'>>')";

/** Pythons of the PATH, in the order in which they are tried. */
export function pathCandidates(platform: string = process.platform): Candidate[] {
  const commands = [["python3"], ["python"], ...(platform === "win32" ? [["py", "-3"]] : [])];
  return commands.map((command) => ({ command, from: "PATH" }));
}

/** A name of the command, as people read it. */
export function shown(command: readonly string[]): string {
  return command.map((word) => (/[\s"]/.test(word) || word === "" ? JSON.stringify(word) : word)).join(" ");
}

export function versionOf(python: Python): string {
  return python.version.join(".");
}

/** Asks Pythons about themselves, and remembers the answers as long as the programs stay the same. */
export class Prober {
  private readonly known = new Map<string, Promise<Python | Refused>>();
  private readonly limit: number;

  constructor(limit: number = LIMIT) {
    this.limit = limit;
  }

  /** What was installed since is seen again. */
  forget(): void {
    this.known.clear();
  }

  async ask(candidate: Candidate): Promise<Python | Refused> {
    const [name = "", ...rest] = candidate.command;
    const program = await which(name);
    if (program === undefined) return { ...candidate, why: "there is no such program" };
    const modified = await stat(program).then((file) => file.mtimeMs, () => 0);
    const key = JSON.stringify([program, rest, modified]);
    let answer = this.known.get(key);
    if (answer === undefined) {
      answer = this.probe({ command: [program, ...rest], from: candidate.from });
      this.known.set(key, answer);
      // One that was slow may be quicker the next time.
      void answer.then((found) => "why" in found && this.known.delete(key));
    }
    return { ...(await answer), from: candidate.from };
  }

  private async probe(candidate: Candidate): Promise<Python | Refused> {
    const said = await run([...candidate.command, "-I", "-c", QUESTION], this.limit);
    const answer = said.out.match(/<<(.*)>>/)?.[1];
    if (said.problem !== undefined || answer === undefined) {
      return { ...candidate, why: said.problem ?? "it does not answer like a Python" };
    }
    try {
      const [version, implementation, suffix, freeThreaded, executable, parser] = JSON.parse(answer);
      return { ...candidate, version, implementation, suffix, freeThreaded, executable, parser };
    } catch {
      return { ...candidate, why: "it does not answer like a Python" };
    }
  }
}

/** Why the server cannot run with `python`, or undefined when it can. */
export function unsupported(python: Python): string | undefined {
  const [major, minor] = python.version;
  if (python.implementation !== "cpython") return `it is ${python.implementation}, not CPython`;
  if (major !== 3 || minor < OLDEST || minor > NEWEST) return `it is Python ${versionOf(python)}, not 3.${OLDEST} to 3.${NEWEST}`;
  if (python.freeThreaded) return "it is a free-threaded Python, for which the parser has no build";
  return undefined;
}

export interface Said {
  readonly out: string;
  /** Why there is no usable answer; undefined when the program ended well. */
  readonly problem: string | undefined;
}

export interface Conditions {
  readonly cwd?: string;
  /** Ends the program early, and all that it has started. */
  readonly signal?: AbortSignal;
}

/** What a program prints. Never rejects; after `limit` milliseconds the program is killed, with all that it has started. */
export function run(command: readonly string[], limit: number, { cwd, signal }: Conditions = {}): Promise<Said> {
  return new Promise((resolve) => {
    const [program = "", ...rest] = command;
    let out = "";
    let complaint = SILENT;
    const child = start(program, rest, cwd);
    if (child instanceof Error) return resolve({ out, problem: reason(child) });
    const done = (problem: string | undefined) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve({ out, problem });
    };
    const giveUp = (problem: string) => {
      killAll(child);
      done(problem);
    };
    const cancel = () => giveUp("it was cancelled");
    // Not left to `spawn`'s own limit, which waits for what the program started to close its output.
    const timer = setTimeout(() => giveUp(`it did not answer within ${limit / 1000} s`), limit);
    // Without pipes when the editor has too many files open, of which the event tells.
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (out += chunk));
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (complaint = heard(complaint, chunk)));
    child.on("error", (error) => done(reason(error)));
    child.on("close", (status, by) => done(status === 0 ? undefined : ending(status, by, complaint)));
    if (signal?.aborted) cancel();
    else signal?.addEventListener("abort", cancel);
  });
}

/** The program, or why there is none: `spawn` throws some reasons, such as a path through a file, and emits others. */
function start(program: string, rest: string[], cwd: string | undefined): ChildProcess | Error {
  try {
    // In a group of its own, so that all of it can be ended.
    const detached = process.platform !== "win32";
    return spawn(program, rest, { cwd, env: cleanEnvironment(), stdio: ["ignore", "pipe", "pipe"], windowsHide: true, detached });
  } catch (error) {
    return error as Error;
  }
}

function killAll(child: ChildProcess): void {
  if (child.pid === undefined) return;
  if (process.platform === "win32") {
    const tool = path.join(process.env["SystemRoot"] ?? "C:\\Windows", "System32", "taskkill.exe");
    spawn(tool, ["/pid", String(child.pid), "/T", "/F"], { stdio: "ignore", windowsHide: true }).on("error", () => child.kill());
    return;
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function reason(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return "there is no such program";
  if (error.code === "EACCES") return "it is not a program that can be run";
  return error.message;
}

/** The environment of our own processes: nothing in it may change which modules a Python imports. */
export function cleanEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { PYTHONPATH: _path, PYTHONHOME: _home, ...others } = process.env;
  return { ...others, PYTHONUTF8: "1", ...more };
}

/**
 * The absolute path of a program, undefined when the PATH has none of that name.
 *
 * Not left to the system: Windows would look in the current folder first, which may be somebody else's. Scripts
 * that stand for a program there (`.bat`) are not found: they cannot be started without a shell.
 */
export async function which(name: string): Promise<string | undefined> {
  if (path.isAbsolute(name)) return name;
  if (name === "" || /[/\\]/.test(name)) return undefined;
  const windows = process.platform === "win32";
  const endings = windows && path.extname(name) === "" ? [".exe"] : [""];
  for (const folder of (process.env["PATH"] ?? process.env["Path"] ?? "").split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    for (const ending of endings) {
      const file = path.join(folder, name + ending);
      const can = await access(file, windows ? constants.F_OK : constants.X_OK).then(() => stat(file), () => undefined).catch(() => undefined);
      if (can?.isFile()) return file;
    }
  }
  return undefined;
}
