// The estimate in the editor: progress, cancel, report, apply, save. It runs real Keras: ESTIMATE_PYTHON is a Python that has it.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { Workbench, given } from "./workbench.mjs";

const ESTIMATE = 180_000; // milliseconds: TensorFlow's import and one compile, on a busy machine

let bench;
let page;

before(async () => {
  bench = await Workbench.start({
    user: { "keras-memlint.estimate.whatIf": "always" },
    machine: { "keras-memlint.estimate.python": given("ESTIMATE_PYTHON") },
  });
  page = bench.page;
}, { timeout: 180_000 });

after(() => bench?.stop());

beforeEach(() => bench.fresh());

const progress = () => bench.toast("small.py");

/** Processes that run the script. */
const running = () =>
  fs.readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(path.join(bench.folder, "small.py"));
    } catch {
      return false; // ended meanwhile
    }
  });

test("an estimate can be cancelled, and leaves no process behind", { timeout: 90_000 }, async () => {
  await bench.open("small.py");
  await bench.command("keras-memlint: Estimate GPU Memory");
  await progress().waitFor();
  await bench.until(() => running().length > 0, "the script runs");
  await bench.shot("estimate-progress");
  await progress().locator(".monaco-button", { hasText: "Cancel" }).click();
  await progress().waitFor({ state: "detached" });
  await bench.until(() => running().length === 0, "its processes are gone");
  assert.equal(await page.locator("iframe.webview").count(), 0, "no report");
});

test("a lens starts the estimate; its report can be applied and saved, and the lens shows the outcome", { timeout: 2 * ESTIMATE }, async () => {
  await bench.open("small.py");
  const lens = page.locator(".codelens-decoration a", { hasText: "estimate" }).first();
  await lens.click();
  await progress().waitFor();
  await page.locator("iframe.webview.ready").waitFor({ timeout: ESTIMATE });
  const report = bench.webview();
  await report.locator("#verdict").waitFor();
  assert.match(await report.locator("#verdict").innerText(), /T4/);
  assert.ok((await report.locator("table").count()) > 0, "a table for those who cannot see the charts");
  await bench.picture("report");

  for (const [format, marks] of [["json", '"schema_version"'], ["html", "<!doctype html>"]]) {
    await report.locator(`#save-${format}`).click();
    const box = page.locator(".quick-input-widget input.input");
    const name = `small.memory.${format}`;
    await bench.until(async () => (await box.inputValue()).endsWith(name), "the dialog proposes a name");
    await page.keyboard.press("Enter");
    await bench.until(() => bench.has(name) && bench.read(name).includes(marks), `the report as ${format}`);
    await box.waitFor({ state: "hidden" }); // a command typed while the dialog closes is lost
  }

  await bench.command("View: Focus First Editor Group");
  await bench.goTo(16);
  await page.locator(".codelens-decoration a", { hasText: /on T4 .*predicted/ }).first().waitFor();
  await bench.shot("lens-after-estimate");

  const apply = report.locator('[data-change="mixed_bfloat16"] button, [data-change="mixed_float16"] button').first();
  await apply.click();
  await bench.command("View: Focus First Editor Group").catch(() => {});
  await page.locator(".monaco-editor .view-line", { hasText: "mixed_" }).first().waitFor();
  await bench.shot("report-applied");
});

test("the last report opens again as long as the text is the same", { timeout: ESTIMATE }, async () => {
  await bench.open("small.py");
  await bench.command("keras-memlint: Open Last Estimate");
  await bench.webview().locator("#verdict").waitFor();
  await bench.closeAll();
  await bench.open("small.py");
  await bench.goTo(1);
  await page.keyboard.type("batch = 8\n");
  await bench.command("keras-memlint: Open Last Estimate");
  await bench.toast("no estimate of small.py as it is now").waitFor();
});

test("a script that fails is told in one message, with its own words in the log", { timeout: ESTIMATE }, async () => {
  bench.write("broken.py", 'import keras\n\nraise RuntimeError("no data here")\n');
  await bench.open("broken.py");
  await bench.command("keras-memlint: Estimate GPU Memory");
  const toast = page.locator(".notification-toast", { hasText: "no data here" });
  await toast.waitFor({ timeout: ESTIMATE });
  assert.equal(await page.locator(".notification-toast").count(), 1);
});
