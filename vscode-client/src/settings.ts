/** The settings that the client itself reads; the server asks for its own. Knows nothing of VS Code. */

export const SECTION = "keras-memlint";

export type ImportStrategy = "useBundled" | "fromEnvironment";
export type WhatIf = "whenTight" | "always";
export type Notifications = "off" | "onError" | "always";

export interface Settings {
  /** The command that runs Python for the server; empty: look for one. */
  readonly interpreter: readonly string[];
  readonly importStrategy: ImportStrategy;
  /** The whole command of the server; empty: the bundle or the environment's. */
  readonly path: readonly string[];
  readonly statusBar: boolean;
  readonly showNotifications: Notifications;
  readonly estimatePython: string;
  readonly estimateArguments: readonly string[];
  readonly estimateWhatIf: WhatIf;
  readonly compilerPython: string;
}

/** What stands for `${…}` in a setting that names a program. */
export interface Places {
  /** Undefined also while the folder is not trusted: no program in it may be run. */
  readonly workspaceFolder: string | undefined;
  readonly userHome: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The settings, got by `get`. One of the wrong type counts as not set, and `complain` is told. */
export function readSettings(
  get: (key: string) => unknown,
  places: Places,
  complain: (problem: string) => void,
): Settings {
  function read<T>(key: string, fallback: T, is: (value: unknown) => value is T, what: string): T {
    const value = get(key);
    if (value === undefined || value === null) return fallback;
    if (is(value)) return value;
    complain(`setting \`${SECTION}.${key}\` must be ${what}; it counts as not set`);
    return fallback;
  }
  const text = (key: string) => read(key, "", isString, "a string");
  const texts = (key: string) => read<readonly string[]>(key, [], isStrings, "a list of strings");
  const choice = <T extends string>(key: string, ...[first, ...others]: [T, ...T[]]) => {
    const all: readonly string[] = [first, ...others];
    const is = (value: unknown): value is T => typeof value === "string" && all.includes(value);
    return read<T>(key, first, is, all.map((one) => `"${one}"`).join(" or "));
  };
  const command = (key: string, words = texts(key)) => {
    // A program whose name is half known must not be looked for, and other words may be programs too.
    if (places.workspaceFolder === undefined && words.some((word) => word.includes(FOLDER))) {
      complain(`setting \`${SECTION}.${key}\` names \`${FOLDER}\`, and there is none that is trusted; it counts as not set`);
      return [];
    }
    const [program, ...rest] = words.map((word) => replaceVariables(word, places));
    return program === undefined || program === "" ? [] : [atHome(program, places), ...rest];
  };
  const program = (key: string) => command(key, [text(key)])[0] ?? "";
  return {
    interpreter: command("interpreter"),
    importStrategy: choice<ImportStrategy>("importStrategy", "useBundled", "fromEnvironment"),
    path: command("path"),
    statusBar: read("statusBar", true, isBoolean, "true or false"),
    showNotifications: choice<Notifications>("showNotifications", "onError", "off", "always"),
    estimatePython: program("estimate.python"),
    estimateArguments: texts("estimate.arguments"),
    estimateWhatIf: choice<WhatIf>("estimate.whatIf", "whenTight", "always"),
    compilerPython: program("estimate.compilerPython"),
  };
}

const FOLDER = "${workspaceFolder}";

/** `${workspaceFolder}`, `${userHome}` and `${env:NAME}` replaced; others, and what has no value, stay. */
function replaceVariables(text: string, places: Places): string {
  return text.replace(/\$\{(workspaceFolder|userHome|env:([^}]+))\}/g, (whole, name: string, variable?: string) => {
    if (variable !== undefined) return places.environment[variable] ?? whole;
    return (name === "userHome" ? places.userHome : places.workspaceFolder) ?? whole;
  });
}

function atHome(program: string, places: Places): string {
  return /^~[/\\]/.test(program) ? places.userHome + program.slice(1) : program;
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isString);
}
