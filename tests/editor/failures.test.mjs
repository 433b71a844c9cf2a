// What goes wrong on other people's machines: one clear message with a button that helps, and findings as soon as it is put right.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { Workbench, given } from "./workbench.mjs";

const shells = fs.mkdtempSync(path.join(os.tmpdir(), "memlint-shell-"));

let bench;
let page;

before(async () => {
  bench = await Workbench.start({ environment: withoutPython(), prepare: (_, root) => pythons(root) });
  page = bench.page;
  await bench.open("train.py");
  await bench.squiggles("warning").first().waitFor({ timeout: 45_000 });
}, { timeout: 180_000 });

after(async () => {
  await bench?.stop();
  fs.rmSync(shells, { recursive: true, force: true });
});

/** No Python in the PATH: neither in the editor's own nor in that of the login shell, which it asks. */
function withoutPython() {
  const shell = path.join(shells, "shell");
  fs.writeFileSync(shell, '#!/bin/sh\nfor last; do :; done\nexec /bin/sh -c "$last"\n', { mode: 0o755 });
  return { PATH: "/nonexistent", SHELL: shell };
}

beforeEach(async () => {
  await page.keyboard.press("Escape");
  await bench.command("Notifications: Clear All Notifications");
});

/** Programs that are no Python for us, by what they answer when they are probed. */
function pythons(root) {
  const folder = path.join(root, "pythons");
  fs.mkdirSync(folder);
  const script = (name, text) => fs.writeFileSync(path.join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  script("old", `exec ${given("PYTHON")} -I -c 'import sys, runpy; sys.version_info = (3, 8, 10, "final", 0); exec(sys.argv[3])' "$@"`);
  script("pypy", `exec ${given("PYTHON")} -I -c 'import sys, types; sys.implementation.name = "pypy"; exec(sys.argv[3])' "$@"`);
  script("broken", 'echo "No module named encodings" >&2; exit 1');
  // Answers when it is probed, and dies as a server.
  script("dies", `case "$*" in *server*) echo "dies at once" >&2; exit 3 ;; *) exec ${given("PYTHON")} "$@" ;; esac`);
}

const python = (name) => path.join(bench.root, "pythons", name);

/** Uses that program; the window then shows exactly one message, which has these words and a button. */
async function complains(interpreter, words, button) {
  await bench.setMachine({ "keras-memlint.interpreter": [interpreter] });
  const toast = page.locator(".notification-toast");
  await toast.first().waitFor();
  await page.waitForTimeout(1500); // time for a second message, which must not come
  assert.equal(await toast.count(), 1);
  assert.match(await toast.first().innerText(), words);
  assert.ok((await toast.first().locator(".monaco-button", { hasText: button }).count()) > 0, `a button "${button}"`);
}

async function recovers() {
  await bench.setMachine({ "keras-memlint.interpreter": [given("PYTHON")] });
  await bench.until(() => bench.serverProcesses().length === 1, "the server runs again");
  await bench.squiggles("warning").first().waitFor();
}

for (const [name, words] of [
  ["missing", /CPython 3\.10 to 3\.14/],
  ["old", /it is Python 3\.8/],
  ["pypy", /it is pypy/],
  ["broken", /No module named encodings|does not do/],
]) {
  test(`an interpreter that is ${name} is told once, with a way out`, async () => {
    await complains(python(name), words, "Select Interpreter");
    await bench.shot(`interpreter-${name}`);
    await recovers();
  });
}

test("a server that dies at its start is told once, and not started forever", async () => {
  await complains(python("dies"), /server/, "Show Output");
  await recovers();
});

test("settings of the wrong type count as not set", async () => {
  await bench.setFolder({ "keras-memlint.select": "KM2", "keras-memlint.codeLens": "yes", "keras-memlint.inlayHints": 3, "keras-memlint.targetGpu": 7 });
  try {
    const [before] = bench.serverProcesses();
    await bench.command("keras-memlint: Restart Server");
    await bench.until(() => bench.serverProcesses().some((pid) => pid !== before), "another server process");
    await bench.squiggles("warning").first().waitFor();
    await bench.goTo(27);
    await page.locator(".codelens-decoration a", { hasText: "on T4" }).first().waitFor();
    assert.equal(await page.locator(".notification-toast").count(), 0);
  } finally {
    await bench.setFolder({
      "keras-memlint.select": undefined, "keras-memlint.codeLens": undefined, "keras-memlint.inlayHints": undefined,
      "keras-memlint.targetGpu": undefined,
    });
  }
});

test("a notebook of 20 MB neither stops the server nor the window", async () => {
  const notebook = JSON.parse(bench.read("cells.ipynb"));
  const output = { output_type: "stream", name: "stdout", text: ["x".repeat(20 << 20)] };
  notebook.cells.at(-1).outputs = [output];
  bench.write("huge.ipynb", JSON.stringify(notebook));
  await bench.open("huge.ipynb");
  await page.locator(".monaco-button", { hasText: "Open Anyway" }).first().click();
  await page.locator(".notebookOverlay [class*=squiggly-]").first().waitFor();
  await bench.open("train.py");
  await bench.squiggles("warning").first().waitFor();
});

test("debug information can be pasted into a report", async () => {
  await bench.command("keras-memlint: Show Debug Information");
  await page.locator(".monaco-editor .view-line", { hasText: "activated in" }).first().waitFor();
  await page.locator(".monaco-editor .view-line", { hasText: "running" }).first().waitFor();
});
