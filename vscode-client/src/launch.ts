/** How the server is started: from settings and the Pythons there are to one command. Knows nothing of VS Code. */

import * as path from "node:path";
import { type Bundle, bundleArguments, isUniversal, unsuited } from "./bundle.ts";
import { type Candidate, LIMIT, type Prober, type Python, type Refused, SUPPORTED, pathCandidates, run, shown, unsupported, versionOf, which } from "./python.ts";
import type { Settings } from "./settings.ts";

/** A server that can be started. */
export interface Launch {
  readonly command: readonly string[];
  /** For people: what is started, and with which Python. */
  readonly what: string;
  readonly python: Python | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /**
   * The server's Python is deaf to the environment, which is left as it is: scripts that are estimated run with it.
   * Else what could change the server's own modules is taken out.
   */
  readonly isolated: boolean;
  /** What was asked for and is not there; the person should learn it once. */
  readonly compromise: string | undefined;
}

/** Nothing can be started; `why` is one sentence. */
export interface Nothing {
  readonly why: string;
  /** A Python is there, and lacks only what a private environment would have. */
  readonly lacksParser?: boolean;
}

export interface Circumstances {
  readonly settings: Settings;
  readonly trusted: boolean;
  readonly bundle: Bundle | undefined;
  readonly minimumVersion: string;
  /** A folder without any Python module, to start programs in. */
  readonly emptyFolder: string;
  readonly prober: Prober;
  /** The Python of the private environment, if one has been made. */
  readonly privatePython: string | undefined;
  /** What the Python extensions know; asked only when it is needed. */
  readonly environments: () => Promise<Candidate[]>;
  readonly log: (line: string) => void;
}

/** The command to start, or why there is none. Each Python that is passed over is logged with the reason. */
export async function chooseLaunch(given: Circumstances): Promise<Launch | Nothing> {
  const { settings } = given;
  const environment: Record<string, string> = settings.compilerPython === "" ? {} : { KERAS_MEMLINT_COMPILER_PYTHON: settings.compilerPython };
  if (settings.path.length > 0) return ownCommand(settings.path, environment);
  let compromise: string | undefined;
  if (settings.importStrategy === "fromEnvironment" && given.trusted) {
    const found = await choosePython(given, unsupported);
    const installed = found === undefined ? undefined : await installedVersion(found, given);
    if (found !== undefined && installed !== undefined && !isOlder(installed, given.minimumVersion)) {
      return {
        command: [...found.command, "-m", "keras_memlint", "server"],
        what: `keras-memlint ${installed} of the environment, Python ${versionOf(found)} at ${found.executable}`,
        python: found,
        environment,
        isolated: false,
        compromise: undefined,
      };
    }
    compromise = `${lacking(found, installed, given.minimumVersion)}; the one of the extension runs instead`;
    given.log(compromise);
  }
  const bundle = given.bundle;
  if (bundle === undefined) return { why: "this extension was built without its server; name one in the setting `keras-memlint.path`" };
  let chosen: string | undefined;
  const python = await choosePython(given, (one) => unsuitable(bundle, one), (why) => (chosen = why));
  if (python === undefined) {
    if (isUniversal(bundle) && (await choosePython(given, unsupported)) !== undefined) {
      return { why: "the extension for all platforms needs a Python that has libcst, and found none", lacksParser: true };
    }
    const found = chosen === undefined ? "found none that works" : `found no other that works; ${chosen}`;
    return { why: `keras-memlint needs a ${SUPPORTED} on this machine, and ${found}` };
  }
  if (chosen !== undefined) compromise ??= `${chosen}; Python ${versionOf(python)} at ${python.executable} runs the server instead`;
  return {
    command: [...python.command, ...bundleArguments(bundle)],
    what: `the server of the extension, Python ${versionOf(python)} at ${python.executable}`,
    python,
    environment,
    isolated: true,
    compromise,
  };
}

/** The Pythons to try, best first. What is costly to learn is only asked for when those before do not do. */
export async function* candidates(
  given: Pick<Circumstances, "settings" | "trusted" | "environments" | "bundle" | "privatePython">,
): AsyncGenerator<Candidate> {
  if (given.settings.interpreter.length > 0) yield { command: given.settings.interpreter, from: "setting `keras-memlint.interpreter`" };
  if (given.bundle && isUniversal(given.bundle) && given.privatePython) yield { command: [given.privatePython], from: "private environment" };
  if (given.trusted) yield* await given.environments();
  yield* pathCandidates();
}

/** Why a Python cannot run the server that these circumstances ask for; undefined when it can. */
export function refusal({ settings, trusted, bundle }: Circumstances): (python: Python) => string | undefined {
  return settings.importStrategy === "fromEnvironment" && trusted ? unsupported : (python) => unsuitable(bundle, python);
}

function unsuitable(bundle: Bundle | undefined, python: Python): string | undefined {
  return unsupported(python) ?? (bundle && unsuited(bundle, python));
}

/** `tell` hears why the interpreter that the settings name does not do: of the others nobody asked for one. */
async function choosePython(
  given: Circumstances,
  refuse: (python: Python) => string | undefined,
  tell: (why: string) => void = () => undefined,
): Promise<Python | undefined> {
  for await (const candidate of candidates(given)) {
    const answer = await given.prober.ask(candidate);
    const why = judged(answer, refuse);
    if (why === undefined) return answer as Python;
    given.log(`passed over \`${shown(candidate.command)}\` (${candidate.from}): ${why}`);
    if (candidate.command === given.settings.interpreter) tell(`\`${shown(candidate.command)}\` (${candidate.from}) does not do: ${why}`);
  }
  return undefined;
}

/** Why a Python does not do, undefined when it does. */
export function judged(answer: Python | Refused, refuse: (python: Python) => string | undefined = unsupported): string | undefined {
  return "why" in answer ? answer.why : refuse(answer);
}

async function ownCommand(command: readonly string[], environment: Record<string, string>): Promise<Launch | Nothing> {
  const [name = "", ...rest] = command;
  const program = await which(name);
  if (program === undefined) return { why: `there is no program \`${name}\`, which the setting \`keras-memlint.path\` names` };
  return { command: [program, ...rest], what: `\`${shown(command)}\` (setting \`keras-memlint.path\`)`, python: undefined, environment, isolated: false, compromise: undefined };
}

async function installedVersion(python: Python, given: Circumstances): Promise<string | undefined> {
  const question = "import importlib.metadata as m; print(m.version('keras-memlint'))";
  const said = await run([...python.command, "-c", question], LIMIT, { cwd: given.emptyFolder });
  return said.problem === undefined ? said.out.trim().split("\n").pop() || undefined : undefined;
}

function lacking(python: Python | undefined, installed: string | undefined, minimum: string): string {
  if (python === undefined) return `the environment has no ${SUPPORTED}`;
  const place = path.dirname(path.dirname(python.executable));
  if (installed === undefined) return `keras-memlint is not installed in ${place}`;
  return `keras-memlint ${installed} in ${place} is older than ${minimum}`;
}

/** Whether version `a` comes before `b`; what follows the numbers is not looked at. */
export function isOlder(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => (/^[\d.]+/.exec(text)?.[0] ?? "0").split(".").map(Number)) as [number[], number[]];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
