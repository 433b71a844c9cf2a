import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Prober, type Python, cleanEnvironment, pathCandidates, run, shown, unsupported, which } from "../../../vscode-client/src/python.ts";
import { fakePython, folder, program } from "./folder.ts";

const PLACE = folder();
const prober = new Prober(1_000);
const ask = (...command: string[]) => prober.ask({ command, from: "test" });

async function why(...command: string[]): Promise<string | undefined> {
  const answer = await ask(...command);
  return "why" in answer ? answer.why : unsupported(answer);
}

/** Pythons that pyenv has built here, and the system's own. */
function realPythons(): string[] {
  const versions = path.join(process.env["PYENV_ROOT"] ?? path.join(homedir(), ".pyenv"), "versions");
  const built = existsSync(versions) ? readdirSync(versions).map((one) => path.join(versions, one, "bin", "python")) : [];
  return ["/usr/bin/python3", ...built].filter((file) => existsSync(file));
}

test("real Pythons are taken from 3.10 on, and older ones refused with their version", async () => {
  const slow = new Prober();
  const pythons = realPythons();
  assert.ok(pythons.length > 0, "there is no Python on this machine to try");
  for (const file of pythons) {
    const said = await run([file, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], 10_000);
    const [major, minor] = said.out.trim().split(".").map(Number) as [number, number];
    const answer = await slow.ask({ command: [file], from: "test" });
    if (major === 3 && minor >= 10) {
      assert.ok("version" in answer, `${file}: ${"why" in answer ? answer.why : ""}`);
      assert.deepEqual(answer.version.slice(0, 2), [major, minor]);
      assert.match(answer.suffix, /^\..*\.so$/);
      assert.equal(unsupported(answer), undefined);
    } else {
      const refused = "why" in answer ? answer.why : unsupported(answer);
      assert.match(refused ?? "", major === 3 ? new RegExp(`^it is Python 3\\.${minor}\\.\\d+, not 3\\.10 to 3\\.14$`) : /status 2/, file);
    }
  }
});

test("others are refused with the reason", async () => {
  assert.equal(await why(fakePython(PLACE, "3.8", [3, 8, 18])), "it is Python 3.8.18, not 3.10 to 3.14");
  assert.equal(await why(fakePython(PLACE, "3.15", [3, 15, 0])), "it is Python 3.15.0, not 3.10 to 3.14");
  assert.equal(await why(fakePython(PLACE, "pypy", [3, 10, 14], "pypy")), "it is pypy, not CPython");
  assert.match((await why(fakePython(PLACE, "3.14t", [3, 14, 0], "cpython", ".so", true))) ?? "", /free-threaded/);
  assert.equal(await why(fakePython(PLACE, "3.12", [3, 12, 1])), undefined);
});

test("what is no Python, or a broken one, is refused with its own words", async () => {
  assert.equal(await why("/bin/echo"), "it does not answer like a Python");
  assert.equal(await why(program(PLACE, "liar", "echo '<<nonsense>>'")), "it does not answer like a Python");
  assert.equal(await why(program(PLACE, "broken", "echo one >&2; echo 'No module named encodings' >&2; exit 1")), "it ended with status 1: No module named encodings");
  assert.equal(await why(program(PLACE, "killed", "kill -9 $$")), "it was ended by SIGKILL");
  assert.equal(await why(path.join(PLACE, "absent")), "there is no such program");
  const text = path.join(PLACE, "text");
  writeFileSync(text, "not a program");
  assert.equal(await why(text), "it is not a program that can be run");
  assert.equal(await why(""), "there is no such program");
});

test("what cannot even be started is refused too", async () => {
  assert.equal(await why("/usr/bin/env/x"), "there is no such program");
  assert.match((await run(["/bin/echo", "a\0b"], 1_000)).problem ?? "", /null bytes/);
});

test("one that is cancelled ends with all that it has started", async () => {
  const stop = new AbortController();
  const left = path.join(PLACE, "left");
  const ran = run([program(PLACE, "starts", `sleep 30 & echo $! > '${left}'\nwait`)], 20_000, { signal: stop.signal });
  while (!existsSync(left) || readFileSync(left, "utf8") === "") await delay(10);
  stop.abort();
  assert.equal((await ran).problem, "it was cancelled");
  const status = `/proc/${readFileSync(left, "utf8").trim()}/stat`;
  const goesOn = () => existsSync(status) && !/\) Z /.test(readFileSync(status, "utf8"));
  for (let i = 0; i < 100 && goesOn(); i++) await delay(10);
  assert.ok(!goesOn());
  assert.equal((await run(["/bin/sleep", "5"], 20_000, { signal: stop.signal })).problem, "it was cancelled");
});

test("one that hangs is given up in time, even when what it started goes on", async () => {
  const began = Date.now();
  assert.equal(await why(program(PLACE, "hangs", "trap '' TERM; sleep 30; echo late")), "it did not answer within 1 s");
  assert.ok(Date.now() - began < 3_000);
});

test("a program is asked once, until it changes", async () => {
  const calls = path.join(PLACE, "calls");
  const file = program(PLACE, "counted", `echo call >> '${calls}'\necho '<<[[3,11,2],"cpython",".so",false,"/x"]>>'`);
  const count = () => readFileSync(calls, "utf8").split("\n").length - 1;
  await Promise.all([ask(file), ask(file)]);
  await ask(file);
  assert.equal(count(), 1);
  utimesSync(file, new Date(), new Date(Date.now() - 60_000));
  await ask(file);
  assert.equal(count(), 2);
});

test("the words behind the program belong to it", async () => {
  const file = program(PLACE, "py", `[ "$1" = "-3" ] || exit 9\necho '<<[[3,13,0],"cpython",".so",false,"/x"]>>'`);
  assert.equal(await why(file, "-3"), undefined);
  assert.equal(await why(file), "it ended with status 9");
});

test("programs are found in the PATH, but never in a folder that is named relatively", async () => {
  const before = process.env["PATH"];
  const file = fakePython(path.join(PLACE, "bin"), "memlint-python", [3, 11, 0]);
  try {
    process.env["PATH"] = `.${path.delimiter}${path.dirname(file)}`;
    assert.equal(await which("memlint-python"), file);
    process.env["PATH"] = path.relative(process.cwd(), path.dirname(file));
    assert.equal(await which("memlint-python"), undefined);
  } finally {
    process.env["PATH"] = before;
  }
  assert.equal(await which("bin/memlint-python"), undefined);
});

test("what the person's shell says about Python is kept from ours", async () => {
  process.env["PYTHONPATH"] = "/elsewhere";
  process.env["PYTHONHOME"] = "/nowhere";
  try {
    const environment = cleanEnvironment({ MORE: "1" });
    assert.deepEqual([environment["PYTHONPATH"], environment["PYTHONHOME"], environment["PYTHONUTF8"], environment["MORE"]], [undefined, undefined, "1", "1"]);
    const answer = (await new Prober().ask({ command: [realPythons()[0] as string], from: "test" })) as Python;
    assert.ok("version" in answer);
  } finally {
    delete process.env["PYTHONPATH"];
    delete process.env["PYTHONHOME"];
  }
});

test("`py -3` is for Windows alone, and commands are shown so that they can be read", () => {
  assert.deepEqual(pathCandidates("linux").map(({ command }) => command), [["python3"], ["python"]]);
  assert.deepEqual(pathCandidates("win32").at(-1)?.command, ["py", "-3"]);
  assert.equal(shown(["/a b/python", "-X", ""]), '"/a b/python" -X ""');
});
