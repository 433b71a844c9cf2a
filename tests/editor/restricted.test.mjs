// A folder that is not trusted: the bundled server works, what the folder's settings name does not run, and no script is run.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { Workbench } from "./workbench.mjs";

let bench;
let page;
let trap;

before(async () => {
  bench = await Workbench.start({
    trust: true,
    // The person's own setting, of the kind that means well in a folder of one's own.
    machine: { "keras-memlint.interpreter": ["${workspaceFolder}/python"] },
    prepare: (folder, root) => {
      trap = path.join(root, "trap");
      const program = path.join(folder, "python");
      fs.writeFileSync(program, `#!/bin/sh\necho "$0 $*" >> '${trap}'\n`, { mode: 0o755 });
      const settings = {
        "keras-memlint.path": [program],
        "keras-memlint.interpreter": [program],
        "keras-memlint.importStrategy": "fromEnvironment",
        "keras-memlint.estimate.python": program,
        "keras-memlint.estimate.compilerPython": program,
      };
      fs.mkdirSync(path.join(folder, ".vscode"));
      fs.writeFileSync(path.join(folder, ".vscode/settings.json"), JSON.stringify(settings));
    },
  });
  page = bench.page;
}, { timeout: 180_000 });

after(() => bench?.stop());

test("findings come from the bundle, and no program of the folder runs", async () => {
  await page.locator(".part.banner", { hasText: "Restricted Mode" }).waitFor();
  await bench.open("train.py");
  await bench.squiggles("warning").first().waitFor({ timeout: 45_000 });
  assert.equal(fs.existsSync(trap), false);
  await bench.shot("restricted");
});

test("an estimate is refused, and says why", async () => {
  await bench.command("keras-memlint: Estimate GPU Memory");
  await page.locator(".notification-toast, .monaco-dialog-box", { hasText: /trust/i }).first().waitFor();
  assert.equal(fs.existsSync(trap), false);
});
