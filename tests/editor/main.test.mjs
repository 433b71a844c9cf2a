// What people do in the editor all day, in one window: findings, fixes, notebooks, hints. The folder's name is an unkind one.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { Workbench } from "./workbench.mjs";

const FOLDERS = { small: "T4", "rather large": "A100 80GB" };

let bench;
let page;

before(async () => {
  bench = await Workbench.start({ folder: `it's "my" wörk`, prepare: twoFolders });
  page = bench.page;
}, { timeout: 180_000 });

after(() => bench?.stop());

beforeEach(() => bench.fresh());

const FIX_ON_SAVE = { "[python]": { "editor.codeActionsOnSave": { "source.fixAll.keras-memlint": "explicit" } } };

/** Whether each safe fix of cells.ipynb was made, and once. */
function fixedOnce(notebook) {
  const count = (text) => notebook.split(text).length - 1;
  return count("num_parallel_calls=tf.data.AUTOTUNE") === 1 && count(".prefetch(tf.data.AUTOTUNE)") === 1;
}

const line = (text) => page.locator(".monaco-editor .view-line", { hasText: text }).first();

test("findings are underlined, and listed with the places that led to them", async () => {
  await bench.open("train.py");
  await bench.squiggles("warning").first().waitFor();
  const row = await bench.problems("the shuffle buffer holds up to 10,000 decoded elements");
  await row.first().waitFor();
  assert.match(await row.first().innerText(), /keras-memlint\s*KM202/);
  const link = row.first().locator("a", { hasText: "KM202" }).first();
  assert.match(await link.getAttribute("href"), /shuffle_after_decode\.md$/, "the code leads to the rule's page");
  await page.locator(".markers-panel .monaco-list-row", { hasText: "read from here" }).first().waitFor();
  await bench.shot("problems");
});

test("a safe fix comes first, an unsafe one says so, the comment that suppresses comes last", async () => {
  await bench.open("train.py");
  await bench.squiggles("info").first().waitFor();
  const rows = await bench.fixes(13, 16);
  const titles = await rows.allInnerTexts();
  await bench.shot("quick-fix");
  assert.match(titles[0], /^KM209: /);
  assert.doesNotMatch(titles[0], /unsafe/);
  assert.match(titles.at(-1), /suppress on this line/);
  await rows.first().click();
  await bench.save();
  await bench.until(() => bench.read("train.py").includes("train.map(decode, num_parallel_calls=tf.data.AUTOTUNE)"), "the fix is on disk");
  await page.keyboard.press("Escape");
  const unsafe = await (await bench.fixes(27, 8)).allInnerTexts();
  assert.ok(unsafe.some((title) => /^KM301: .*unsafe/.test(title)), unsafe.join("\n"));
  await page.keyboard.press("Escape");
});

test("a suppression takes the finding away and keeps the text", async () => {
  await bench.open("train.py");
  await bench.squiggles("warning").first().waitFor();
  const rows = await bench.fixes(14, 16);
  await rows.filter({ hasText: "KM202: suppress on this line" }).click();
  await bench.save();
  await bench.until(() => /shuffle\(10_000\) {2}# .*KM202/.test(bench.read("train.py")), "the comment is on disk");
  const left = await bench.problems("KM202");
  await bench.until(async () => (await left.count()) === 0, "the finding is gone");
});

test("a hover explains the finding, with bytes and the measured effect", async () => {
  await bench.open("train.py");
  await bench.squiggles("warning").first().waitFor();
  await bench.goTo(14, 16);
  await bench.command("Show or Focus Hover");
  const hover = page.locator(".monaco-hover:not(.hidden)", { hasText: "KM202" }).first();
  await hover.waitFor();
  assert.match(await hover.innerText(), /5\.6 GiB/);
  await bench.shot("hover");
});

test("all safe fixes are made when a file is saved, and unsafe ones are not", async () => {
  await bench.setFolder(FIX_ON_SAVE);
  try {
    await bench.open("train.py");
    await bench.squiggles("warning").first().waitFor();
    await bench.goTo(1);
    await page.keyboard.type("# typed\n");
    // VS Code saves without the fixes when they take long, as on a machine that is busy.
    const text = await bench.until(async () => {
      await bench.save();
      await page.waitForTimeout(1_000);
      const now = bench.read("train.py");
      return now.includes("prefetch(tf.data.AUTOTUNE)") && now;
    }, "fixed on save");
    assert.match(text, /# typed/);
    assert.match(text, /num_parallel_calls=tf\.data\.AUTOTUNE/);
    assert.doesNotMatch(text, /mixed_float16|mixed_bfloat16/);
  } finally {
    await bench.setFolder({ "[python]": undefined });
  }
});

test("the command makes all safe fixes", async () => {
  await bench.open("train.py");
  await bench.squiggles("warning").first().waitFor();
  await bench.command("keras-memlint: Fix All Safe Problems");
  await line(".prefetch(tf.data.AUTOTUNE)").waitFor();
});

test("a notebook's cells are checked together, and fixed across cells by the command", async () => {
  await bench.open("cells.ipynb");
  await page.locator(".notebookOverlay [class*=squiggly-]").first().waitFor();
  await bench.shot("notebook");
  await bench.command("keras-memlint: Fix All Safe Problems");
  await page.locator(".notebookOverlay .view-line", { hasText: "num_parallel_calls" }).first().waitFor();
  await bench.save();
  await bench.until(() => fixedOnce(bench.read("cells.ipynb")), "the notebook is fixed on disk");
});

test("saving a notebook fixes it once, by the notebook's own action and by no other", async () => {
  await bench.setFolder({ ...FIX_ON_SAVE, "notebook.codeActionsOnSave": { "source.fixAll": "explicit" } });
  try {
    await bench.open("cells.ipynb");
    await page.locator(".notebookOverlay [class*=squiggly-]").first().waitFor();
    await page.locator(".notebookOverlay .view-line", { hasText: "tensorflow" }).first().click();
    await page.keyboard.press("End");
    await page.keyboard.type("  # plain");
    await bench.save();
    await bench.until(() => bench.read("cells.ipynb").includes("# plain"), "saved");
    assert.doesNotMatch(bench.read("cells.ipynb"), /num_parallel_calls/, "plain source actions leave cells alone");

    await bench.setFolder({ "notebook.codeActionsOnSave": { "notebook.source.fixAll": "explicit" } });
    await page.keyboard.type(" and whole");
    await bench.save();
    await bench.until(() => fixedOnce(bench.read("cells.ipynb")), "fixed on save");
  } finally {
    await bench.setFolder({ "[python]": undefined, "notebook.codeActionsOnSave": undefined });
  }
});

test("sizes stand in the text, and above the training what it needs", async () => {
  await bench.open("train.py");
  await bench.goTo(27);
  const lens = page.locator(".codelens-decoration a", { hasText: "GiB on T4" }).first();
  await lens.waitFor();
  assert.match(await lens.innerText(), /about \d+(\.\d+)? GiB on T4/);
  const hint = page.locator(".monaco-editor .view-line", { hasText: "Conv2D(32" }).first();
  await bench.until(async () => /896/.test(await hint.innerText()), "the first convolution's parameters");
  await page.locator(".statusbar-item", { hasText: "T4" }).first().waitFor();
  await bench.picture("findings");
});

test("a mistake in pyproject.toml is shown in that file", async () => {
  bench.write("pyproject.toml", '[tool.keras-memlint]\ntarget-gpu = "T44"\n');
  await bench.open("train.py");
  await bench.open("pyproject.toml");
  await bench.squiggles("error").first().waitFor();
  await (await bench.problems("T44")).first().waitFor();
});

test("the target GPU is chosen from a list", async () => {
  await bench.open("train.py");
  await page.locator(".statusbar-item", { hasText: "T4" }).first().waitFor();
  await bench.command("keras-memlint: Select Target GPU");
  await bench.pick("A100 80GB", "target");
  await bench.goTo(27);
  await page.locator(".codelens-decoration a", { hasText: "A100 80GB" }).first().waitFor();
});

test("the page of a rule opens without a network", async () => {
  await bench.open("train.py");
  await bench.command("keras-memlint: Open Rule Page");
  await bench.pick("KM202");
  await bench.webview().locator("h1, h2", { hasText: "KM202" }).first().waitFor();
});

test("the whole workspace is checked on request", async () => {
  await bench.open("clean.py");
  await bench.command("keras-memlint: Check Workspace");
  await (await bench.problems("train.py")).first().waitFor();
});

test("a long script is typed in without waiting", async () => {
  const body = Array.from({ length: 1_000 }, (_, i) => `def part_${i}(x):\n    y = x * ${i}\n    return y\n\n`).join("\n");
  bench.write("long.py", `import tensorflow as tf\n\n${body}\nds = tf.data.Dataset.range(10)\n`);
  await bench.open("long.py");
  await bench.goTo(5004, 1000);
  const typed = 'files = tf.data.Dataset.list_files("*.jpg").map(lambda p: tf.io.decode_jpeg(tf.io.read_file(p)))';
  await page.keyboard.type(`\n${typed}`, { delay: 15 });
  await bench.save();
  await bench.until(() => bench.read("long.py").includes(typed), "every key arrived, in order");
  await bench.squiggles().first().waitFor();
});

test("a file that vanishes leaves no finding and no message", async () => {
  bench.write("gone.py", bench.read("train.py"));
  await bench.open("gone.py");
  await bench.squiggles("warning").first().waitFor();
  bench.remove("gone.py");
  await bench.closeAll();
  const left = await bench.problems("gone.py");
  await bench.until(async () => (await left.count()) === 0, "its findings are gone");
  assert.equal(await page.locator(".notification-toast").count(), 0);
});

test("after a restart the findings are back", async () => {
  await bench.open("train.py");
  await bench.squiggles("warning").first().waitFor();
  const [before] = bench.serverProcesses();
  await bench.command("keras-memlint: Restart Server");
  await bench.until(() => bench.serverProcesses().length === 1 && bench.serverProcesses()[0] !== before, "another server process");
  await bench.squiggles("warning").first().waitFor();
  assert.equal(await page.locator(".notification-toast").count(), 0, "a restart is quiet");
});

test("a server that is killed comes back, and one that keeps dying is left alone with one message", async () => {
  await bench.open("train.py");
  await bench.squiggles("warning").first().waitFor();
  const killed = [];
  for (let i = 0; i < 6; i++) {
    const alive = await bench.until(() => {
      const found = bench.serverProcesses().filter((pid) => !killed.includes(pid));
      return found.length ? found : page.locator(".notification-toast").count();
    }, "a server, or a message", 20_000);
    if (!Array.isArray(alive)) break;
    if (i === 1) await bench.squiggles("warning").first().waitFor(); // it did come back
    killed.push(...alive);
    for (const pid of alive) process.kill(pid, "SIGKILL");
  }
  assert.equal(killed.length, 3, "it comes back twice");
  assert.equal(await page.locator(".notification-toast").count(), 1);
  await bench.shot("gave-up-on-server");
  await page.locator(".notification-toast .monaco-button", { hasText: "Restart" }).first().click();
  await bench.until(() => bench.serverProcesses().length === 1, "restarted by hand");
});

test("in a window with two folders each has its own settings, and both have one server", async () => {
  await bench.load(path.join(bench.root, "both.code-workspace"));
  for (const gpu of Object.values(FOLDERS)) {
    await bench.open(`${gpu.replace(" ", "_")}.py`);
    await bench.goTo(27);
    await page.locator(".codelens-decoration a", { hasText: `on ${gpu}` }).first().waitFor();
  }
  assert.equal(bench.serverProcesses().length, 1);
});

/** Two folders outside the first one, each with another GPU and a script that is named after it. */
function twoFolders(folder, root) {
  for (const [name, gpu] of Object.entries(FOLDERS)) {
    const settings = path.join(root, name, ".vscode/settings.json");
    fs.mkdirSync(path.dirname(settings), { recursive: true });
    fs.writeFileSync(settings, JSON.stringify({ "keras-memlint.targetGpu": gpu }));
    fs.copyFileSync(path.join(folder, "train.py"), path.join(root, name, `${gpu.replace(" ", "_")}.py`));
  }
  const folders = Object.keys(FOLDERS).map((name) => ({ path: name }));
  fs.writeFileSync(path.join(root, "both.code-workspace"), JSON.stringify({ folders }));
}
