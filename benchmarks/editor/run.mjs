// How fast the extension is in a real editor. Takes the same environment as the tests of the editor (tests/editor/workbench.mjs).
//
//   node benchmarks/editor/run.mjs [rounds]
import fs from "node:fs";
import path from "node:path";
import { Workbench } from "../../tests/editor/workbench.mjs";

const ROUNDS = Number(process.argv[2] ?? 30);
const LINES = 1_000;

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

function tell(what, milliseconds) {
  console.log(`${what}: ${Math.round(milliseconds)} ms`);
}

/** A script of LINES lines whose last ones build a pipeline that has findings. */
function script(train) {
  const part = (i) => `def part_${i}(images, factor=${i}):\n    shifted = images - factor\n    return shifted / 255.0\n\n`;
  const head = "import tensorflow as tf\n\n";
  const body = Array.from({ length: Math.ceil((LINES - 20) / 5) }, (_, i) => part(i)).join("\n");
  return `${head}${body}\n${train}`;
}

/** Milliseconds from the key to the moment when the number of underlined places is another one. */
async function untilOtherMarks(page, key) {
  await page.evaluate(() => {
    const marks = () => document.querySelectorAll(".monaco-editor .squiggly-warning, .monaco-editor .squiggly-info").length;
    const before = marks();
    let pressed;
    document.addEventListener("keydown", () => { pressed = performance.now(); }, { capture: true, once: true });
    window.otherMarks = new Promise((resolve) => {
      const look = () => (pressed !== undefined && marks() !== before ? resolve(performance.now() - pressed) : requestAnimationFrame(look));
      requestAnimationFrame(look);
    });
  });
  await page.keyboard.press(key);
  const milliseconds = await page.evaluate(() => window.otherMarks);
  await page.waitForTimeout(500); // a hand is no faster, and nothing moves any more
  return milliseconds;
}

const bench = await Workbench.start({
  prepare: (folder) => fs.writeFileSync(path.join(folder, "thousand.py"), script(fs.readFileSync(path.join(folder, "train.py"), "utf8"))),
});
try {
  const { page } = bench;
  const first = async (name) => {
    await page.waitForTimeout(5_000); // the window itself has started
    await bench.open(name);
    const start = performance.now(); // the tab is there, the text appears
    await bench.squiggles("warning").first().waitFor();
    return performance.now() - start;
  };
  tell("first squiggle, byte code not yet compiled", await first("train.py"));
  await bench.load(bench.folder);
  await bench.closeAll();
  await bench.load(bench.folder);
  tell("first squiggle, byte code compiled", await first("train.py"));

  await bench.open("thousand.py");
  const lines = bench.read("thousand.py").split("\n");
  await bench.goTo(lines.findIndex((text) => text.includes("train.shuffle(")) + 1);
  await bench.squiggles("warning").first().waitFor();
  await page.waitForTimeout(2_000);
  const taken = [];
  for (let i = 0; i < ROUNDS; i++) {
    taken.push(await untilOtherMarks(page, "#")); // comments the line out
    taken.push(await untilOtherMarks(page, "Backspace"));
  }
  tell(`key to new findings in ${lines.length} lines, median of ${taken.length}`, median(taken));
  tell("the slowest of them", Math.max(...taken));

  await bench.command("keras-memlint: Show Debug Information");
  const facts = page.locator(".monaco-editor .view-line", { hasText: "activated in" }).first();
  const [, activation] = /activated in (\d+(?:\.\d+)?)/.exec((await facts.innerText()).replace(/\s/g, " "));
  tell("activation", Number(activation));
} finally {
  await bench.stop();
}
console.log(`size of the package: ${(fs.statSync(process.env.VSIX).size / 1e6).toFixed(2)} MB`);
