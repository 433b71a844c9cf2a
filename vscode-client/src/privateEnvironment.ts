/** An environment of the extension's own, for the build that brings no libcst: made when the person asks for it, never else. */

import * as path from "node:path";
import * as vscode from "vscode";
import type { Circumstances } from "./launch.ts";
import { candidates, judged } from "./launch.ts";
import { type Python, SUPPORTED, run } from "./python.ts";

/** Milliseconds that making it may take: pip may have to wait for a slow network. */
const LIMIT = 600_000;

/** Where its Python is, or would be. */
export function privatePython(context: vscode.ExtensionContext): string {
  const inside = process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"];
  return path.join(folderOf(context), ...inside);
}

/** Makes it with the first Python that will do, and says in one message how that ended. */
export async function createPrivateEnvironment(
  context: vscode.ExtensionContext,
  given: Pick<Circumstances, "settings" | "trusted" | "environments" | "prober">,
  log: vscode.LogOutputChannel,
): Promise<boolean> {
  const python = await firstSupported(given);
  if (python === undefined) {
    void vscode.window.showErrorMessage(`a private environment needs a ${SUPPORTED} on this machine, and there is none`);
    return false;
  }
  const script = path.join(context.extensionPath, "bundled", "environment.py");
  const where = { location: vscode.ProgressLocation.Notification, title: "keras-memlint: making a private environment" };
  await vscode.workspace.fs.createDirectory(context.globalStorageUri);
  const said = await vscode.window.withProgress(where, () => run([...python.command, "-I", script, folderOf(context)], LIMIT));
  given.prober.forget();
  if (said.problem === undefined) return true;
  log.error(said.problem);
  void vscode.window.showErrorMessage(`keras-memlint has no private environment: ${said.problem}`);
  return false;
}

async function firstSupported(given: Pick<Circumstances, "settings" | "trusted" | "environments" | "prober">): Promise<Python | undefined> {
  for await (const candidate of candidates(given)) {
    const answer = await given.prober.ask(candidate);
    if (judged(answer) === undefined) return answer as Python;
  }
  return undefined;
}

function folderOf(context: vscode.ExtensionContext): string {
  return path.join(context.globalStorageUri.fsPath, "environment");
}
