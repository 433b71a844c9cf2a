import assert from "node:assert/strict";
import { test } from "node:test";
import { type Places, readSettings } from "../../../vscode-client/src/settings.ts";

const PLACES: Places = { workspaceFolder: "/projects/a b", userHome: "/home/me", environment: { VENV: "/opt/venv" } };

function read(values: Record<string, unknown>, places = PLACES) {
  const problems: string[] = [];
  return { settings: readSettings((key) => values[key], places, (problem) => problems.push(problem)), problems };
}

test("nothing set: look for a Python, use the bundle, complain of nothing", () => {
  const { settings, problems } = read({});
  assert.deepEqual(settings.interpreter, []);
  assert.equal(settings.importStrategy, "useBundled");
  assert.equal(settings.showNotifications, "onError");
  assert.equal(settings.statusBar, true);
  assert.deepEqual(problems, []);
});

test("what has the wrong type counts as not set and is named", () => {
  const { settings, problems } = read({
    interpreter: "/usr/bin/python3",
    path: ["server", 3],
    importStrategy: "bundled",
    statusBar: "no",
    showNotifications: 1,
    "estimate.python": ["python"],
    "estimate.whatIf": true,
    "estimate.arguments": { epochs: 1 },
  });
  assert.deepEqual(settings, read({}).settings);
  assert.equal(problems.length, 8);
  assert.ok(problems.includes("setting `keras-memlint.interpreter` must be a list of strings; it counts as not set"));
  assert.ok(problems.includes('setting `keras-memlint.importStrategy` must be "useBundled" or "fromEnvironment"; it counts as not set'));
});

test("variables and the home folder are replaced in programs, not in the script's arguments", () => {
  const { settings } = read({
    interpreter: ["${workspaceFolder}/.venv/bin/python", "-X", "${userHome}"],
    path: ["~/bin/keras-memlint", "server", "~/x"],
    "estimate.python": "${env:VENV}/bin/python",
    "estimate.arguments": ["${userHome}", "~/data"],
  });
  assert.deepEqual(settings.interpreter, ["/projects/a b/.venv/bin/python", "-X", "/home/me"]);
  assert.deepEqual(settings.path, ["/home/me/bin/keras-memlint", "server", "~/x"]);
  assert.equal(settings.estimatePython, "/opt/venv/bin/python");
  assert.deepEqual(settings.estimateArguments, ["${userHome}", "~/data"]);
});

test("what a variable stands for is not looked into again, and an unknown one stays", () => {
  const places: Places = { workspaceFolder: undefined, userHome: "/home/${env:VENV}", environment: PLACES.environment };
  const { settings } = read({ interpreter: ["${userHome}/p", "${env:NONE}", "${file}"] }, places);
  assert.deepEqual(settings.interpreter, ["/home/${env:VENV}/p", "${env:NONE}", "${file}"]);
});

test("without a folder that is trusted, nothing that lies in it is run", () => {
  const inside = "${workspaceFolder}/.venv/bin/python";
  const values = { interpreter: [inside], path: ["/bin/sh", inside], "estimate.python": inside, "estimate.compilerPython": inside };
  const { settings, problems } = read(values, { ...PLACES, workspaceFolder: undefined });
  assert.deepEqual(settings, read({}).settings);
  assert.equal(problems.length, 4);
  assert.equal(problems[0], "setting `keras-memlint.interpreter` names `${workspaceFolder}`, and there is none that is trusted; it counts as not set");
});

test("an empty program is none", () => {
  assert.deepEqual(read({ path: ["", "server"] }).settings.path, []);
});
