/** The command that makes all safe fixes of a script or a whole notebook, the same that runs on saving. */

import * as vscode from "vscode";
import { neededScript, openNotebook } from "./scripts.ts";
import type { Server } from "./server.ts";

export async function fixAll(server: Server): Promise<void> {
  const script = neededScript();
  if (script === undefined || (await server.needed()) === undefined) return;
  const notebook = openNotebook(script);
  const cell = notebook?.getCells().find(({ document }) => document.languageId === "python");
  const document = notebook === undefined ? script : cell?.document.uri;
  const kind = `${notebook === undefined ? "" : "notebook."}source.fixAll.keras-memlint`;
  const range = new vscode.Range(0, 0, 0, 0);
  const actions = document && (await vscode.commands.executeCommand<vscode.CodeAction[]>("vscode.executeCodeActionProvider", document, range, kind, 1));
  const edit = actions?.find((action) => action.edit !== undefined)?.edit;
  if (edit === undefined || edit.size === 0) {
    void vscode.window.setStatusBarMessage("keras-memlint: there is nothing to fix safely", 5_000);
    return;
  }
  if (!(await vscode.workspace.applyEdit(edit))) void vscode.window.showErrorMessage("keras-memlint: the fixes cannot be applied; the file may be read-only");
}
