/** An environment of the extension's own, for the build that brings no libcst: made when the person asks for it, never else. */

import { readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import { type Circumstances, candidates, judged } from "./launch.ts";
import { type Python, SUPPORTED, run } from "./python.ts";

/** Milliseconds that making it may take: pip may have to wait for a slow network. */
const LIMIT = 600_000;

/** Its Python, undefined when none has been made. */
export async function privatePython(context: vscode.ExtensionContext): Promise<string | undefined> {
  return (await readFile(noteOf(context), "utf8").catch(() => "")) || undefined;
}

/** Makes it with the first Python that will do; when that does not work, one message says why. Cancelling it says nothing. */
export async function createPrivateEnvironment(context: vscode.ExtensionContext, given: Circumstances, log: vscode.LogOutputChannel): Promise<boolean> {
  const python = await firstSupported(given);
  if (python === undefined) {
    void vscode.window.showErrorMessage(`a private environment needs a ${SUPPORTED} on this machine, and there is none`);
    return false;
  }
  await vscode.workspace.fs.createDirectory(context.globalStorageUri);
  const script = path.join(context.extensionPath, "bundled", "environment.py");
  const command = [...python.command, "-I", script, path.join(context.globalStorageUri.fsPath, "environment")];
  const where = { location: vscode.ProgressLocation.Notification, title: "keras-memlint: making a private environment", cancellable: true };
  const cancelled = new AbortController();
  const said = await vscode.window.withProgress(where, (_, cancel) => {
    cancel.onCancellationRequested(() => cancelled.abort());
    return run(command, LIMIT, { signal: cancelled.signal });
  });
  if (said.problem === undefined) {
    await writeFile(noteOf(context), said.out.trim());
    return true;
  }
  if (cancelled.signal.aborted) return false;
  log.error(said.problem);
  void vscode.window.showErrorMessage(`keras-memlint has no private environment: ${said.problem}`);
  return false;
}

/** The environment that is there already is made anew, so it cannot be what makes it. */
async function firstSupported(given: Circumstances): Promise<Python | undefined> {
  for await (const candidate of candidates({ ...given, privatePython: undefined })) {
    const answer = await given.prober.ask(candidate);
    if (judged(answer) === undefined) return answer as Python;
  }
  return undefined;
}

/** Holds the path of its Python, as `environment.py` has printed it. */
function noteOf(context: vscode.ExtensionContext): string {
  return path.join(context.globalStorageUri.fsPath, "environment.txt");
}
