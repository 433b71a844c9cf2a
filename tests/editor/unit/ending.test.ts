import assert from "node:assert/strict";
import { test } from "node:test";
import { SILENT, ending, heard } from "../../../vscode-client/src/ending.ts";

const after = (...chunks: string[]) => chunks.reduce(heard, SILENT);

test("the last line is told, however the output was cut into chunks", () => {
  const text = "Traceback:\n  somewhere\nValueError: no\n";
  for (const chunks of [[text], [...text], ["Traceback:\n  some", "where\nValue", "Error: no", "\n"]]) {
    assert.equal(ending(1, null, after(...chunks)), "it ended with status 1: ValueError: no");
  }
});

test("lines of successive chunks are not glued together", () => {
  assert.equal(ending(1, null, after("first\n", "second\n", "\n \n")), "it ended with status 1: second");
  assert.equal(ending(1, null, after("first\n", "second\r\n", "not ended")), "it ended with status 1: not ended");
});

test("what has no end is not kept whole", () => {
  const complaint = after(...Array<string>(1_000).fill("x".repeat(10_000)));
  assert.ok(complaint.rest.length < 5_000);
  assert.ok(after("y".repeat(100_000) + "\n").line.length < 5_000);
});

test("one that says nothing is told by its end alone", () => {
  assert.equal(ending(3, null, SILENT), "it ended with status 3");
  assert.equal(ending(null, "SIGKILL", after("\n")), "it was ended by SIGKILL");
});
