// The extension for all platforms brings no parser: it makes an environment of its own when it is told to.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Workbench, given } from "./workbench.mjs";

let bench;

before(async () => {
  bench = await Workbench.start({ vsix: given("UNIVERSAL"), machine: { "keras-memlint.interpreter": undefined } });
}, { timeout: 180_000 });

after(() => bench?.stop());

test("without a parser there is one message, and its button makes a private environment", { timeout: 180_000 }, async () => {
  await bench.open("train.py");
  const toast = bench.page.locator(".notification-toast");
  await toast.first().waitFor();
  assert.match(await toast.first().innerText(), /libcst/);
  assert.equal(bench.serverProcesses().length, 0);
  await toast.first().locator(".monaco-button", { hasText: "Create Private Environment" }).click();
  await bench.squiggles("warning").first().waitFor({ timeout: 150_000 });
  assert.equal(bench.serverProcesses().length, 1);
});
