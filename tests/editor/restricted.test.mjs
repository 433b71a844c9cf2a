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
    prepare: (folder, root) => {
      trap = path.join(root, "trap");
      const touch = ["touch", trap];
      fs.mkdirSync(path.join(folder, ".vscode"));
      fs.writeFileSync(
        path.join(folder, ".vscode/settings.json"),
        JSON.stringify({
          "keras-memlint.path": touch,
          "keras-memlint.interpreter": touch,
          "keras-memlint.importStrategy": "fromEnvironment",
          "keras-memlint.estimate.python": "touch",
          "keras-memlint.estimate.compilerPython": "touch",
        }),
      );
    },
  });
  page = bench.page;
}, { timeout: 180_000 });

after(() => bench?.stop());

test("findings come from the bundle, and no program of the folder's settings runs", async () => {
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
