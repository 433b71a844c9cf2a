import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { findBundle } from "../../../vscode-client/src/bundle.ts";
import { type Circumstances, type Launch, type Nothing, chooseLaunch, isOlder } from "../../../vscode-client/src/launch.ts";
import { type Candidate, Prober } from "../../../vscode-client/src/python.ts";
import { readSettings } from "../../../vscode-client/src/settings.ts";
import { fakePython, folder, program } from "./folder.ts";

const PLACE = folder();
const SUFFIX = ".cpython-311-x86_64-linux-gnu.so";
const BUNDLE = { start: "/extension/bundled/start.py", suffixes: [SUFFIX] };
const good = fakePython(PLACE, "good", [3, 11, 2], "cpython", SUFFIX);
const old = fakePython(PLACE, "old", [3, 8, 18], "cpython", SUFFIX);
const foreign = fakePython(PLACE, "foreign", [3, 11, 2], "cpython", ".cp311-win_amd64.pyd");

interface Given {
  settings?: Record<string, unknown>;
  environments?: string[];
  trusted?: boolean;
  bundle?: Circumstances["bundle"];
}

/** The choice where the PATH has no Python at all, and what was logged. */
async function choose({ settings = {}, environments = [], trusted = true, ...rest }: Given) {
  const logged: string[] = [];
  let asked = 0;
  const before = process.env["PATH"];
  process.env["PATH"] = "/nowhere";
  try {
    const chosen = await chooseLaunch({
      settings: readSettings((key) => settings[key], { workspaceFolder: undefined, userHome: "/", environment: {} }, assert.fail),
      trusted,
      bundle: "bundle" in rest ? rest.bundle : BUNDLE,
      minimumVersion: "0.2.0",
      emptyFolder: PLACE,
      privatePython: path.join(PLACE, "private", "python"),
      prober: new Prober(),
      environments: async () => {
        asked++;
        return environments.map((file): Candidate => ({ command: [file], from: "Python extension" }));
      },
      log: (line) => logged.push(line),
    });
    return { chosen, launch: chosen as Launch, logged, asked };
  } finally {
    process.env["PATH"] = before;
  }
}

/** A Python whose environment has a keras-memlint of that version. */
function withPackage(name: string, version: string): string {
  const answer = `<<[[3,11,2],"cpython","${SUFFIX}",false,"${PLACE}/bin/${name}"]>>`;
  return program(PLACE, name, `case "$*" in *importlib.metadata*) ${version ? `echo ${version}` : "exit 1"};; *) echo '${answer}';; esac`);
}

test("the bundle runs with the first Python that it has a parser for", async () => {
  const { launch, logged } = await choose({ settings: { interpreter: [old] }, environments: [foreign, good] });
  assert.deepEqual(launch.command, [good, "-I", "-X", "utf8", BUNDLE.start, "server"]);
  assert.match(launch.compromise ?? "", /old"` \(setting .*\) does not do: it is Python 3\.8\.18, .* at .*good runs the server instead$/);
  assert.deepEqual(logged, [
    `passed over \`"${old}"\` (setting \`keras-memlint.interpreter\`): it is Python 3.8.18, not 3.10 to 3.14`,
    `passed over \`"${foreign}"\` (Python extension): this extension has no parser for it (.cp311-win_amd64.pyd)`,
  ]);
});

test("a good setting is enough: nobody else is asked", async () => {
  assert.equal((await choose({ settings: { interpreter: [good] }, environments: [old] })).asked, 0);
});

test("no Python at all, or only old ones: one sentence", async () => {
  for (const environments of [[], [old]]) {
    const { chosen } = await choose({ environments });
    assert.deepEqual(chosen, { why: "keras-memlint needs a CPython 3.10 to 3.14 on this machine, and found none that works" });
  }
});

test("in a workspace that is not trusted, only the person's own interpreter and the bundle count", async () => {
  const settings = { importStrategy: "fromEnvironment" };
  const without = await choose({ settings, environments: [withPackage("new", "9.0")], trusted: false });
  assert.equal(without.asked, 0);
  assert.ok("why" in without.chosen);
  const { launch } = await choose({ settings: { ...settings, interpreter: [good] }, trusted: false });
  assert.deepEqual(launch.command.slice(0, 2), [good, "-I"]);
  assert.equal(launch.compromise, undefined);
});

test("the environment's own server runs without the bundle", async () => {
  const python = withPackage("recent", "0.10.1");
  const { launch } = await choose({ settings: { importStrategy: "fromEnvironment" }, environments: [python] });
  assert.deepEqual(launch.command, [python, "-m", "keras_memlint", "server"]);
  assert.equal(launch.compromise, undefined);
});

test("an environment without it, or with an old one, gives way to the bundle, and that is said", async () => {
  for (const [name, version, said] of [["none", "", "is not installed in"], ["aged", "0.1.9", "keras-memlint 0.1.9 in"]] as const) {
    const python = withPackage(name, version);
    const { launch, logged } = await choose({ settings: { importStrategy: "fromEnvironment" }, environments: [python] });
    assert.deepEqual(launch.command.slice(0, 2), [python, "-I"]);
    assert.ok(launch.compromise?.includes(said), launch.compromise);
    assert.ok(launch.compromise?.endsWith("; the one of the extension runs instead"));
    assert.deepEqual(logged, [launch.compromise]);
  }
});

test("a command of one's own wins over everything", async () => {
  const server = program(PLACE, "server", "exit 0");
  const { launch, asked } = await choose({ settings: { path: [server, "server"], interpreter: [old], importStrategy: "fromEnvironment" }, bundle: undefined });
  assert.deepEqual(launch.command, [server, "server"]);
  assert.equal(asked, 0);
  const { chosen } = await choose({ settings: { path: ["no-such-server"] } });
  assert.deepEqual(chosen, { why: "there is no program `no-such-server`, which the setting `keras-memlint.path` names" });
});

test("the compiler's Python is told to the server", async () => {
  const { launch } = await choose({ settings: { interpreter: [good], "estimate.compilerPython": "/opt/jax/bin/python" } });
  assert.deepEqual(launch.environment, { KERAS_MEMLINT_COMPILER_PYTHON: "/opt/jax/bin/python" });
});

test("a bundle is read from its folder; one for all platforms takes a Python that has the parser itself", async () => {
  const libcst = path.join(PLACE, "bundled", "libs", "libcst");
  mkdirSync(libcst, { recursive: true });
  assert.equal(await findBundle(PLACE), undefined);
  writeFileSync(path.join(PLACE, "bundled", "start.py"), "");
  const universal = await findBundle(PLACE);
  assert.deepEqual(universal?.suffixes, []);
  const { chosen } = await choose({ environments: [foreign], bundle: universal });
  assert.equal((chosen as Nothing).lacksParser, true, "a private environment would do");
  const none = await choose({ environments: [old], bundle: universal });
  assert.equal((none.chosen as Nothing).lacksParser, undefined, "no Python to make one with");
  const made = fakePython(path.join(PLACE, "private"), "python", [3, 11, 2], "cpython", ".so", false, true);
  const { launch } = await choose({ environments: [foreign], bundle: universal });
  assert.equal(launch.command[0], made);
  for (const name of ["native.cpython-310-x86_64-linux-gnu.so", `native${SUFFIX}`, "native.pyi", "tool.py"]) writeFileSync(path.join(libcst, name), "");
  assert.deepEqual((await findBundle(PLACE))?.suffixes.toSorted(), [".cpython-310-x86_64-linux-gnu.so", SUFFIX]);
});

test("versions are compared by number", () => {
  assert.equal(isOlder("0.9.0", "0.10"), true);
  assert.equal(isOlder("0.10.0", "0.10"), false);
  assert.equal(isOlder("1.0.0rc1", "0.2.0"), false);
  assert.equal(isOlder("", "0.2.0"), true);
});
