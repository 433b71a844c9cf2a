/** All safe fixes of a script or a whole notebook: by a command, and for the text cell a notebook may begin with. */

import * as vscode from "vscode";
import { neededScript, openNotebook, wholeOf } from "./scripts.ts";
import type { Server } from "./server.ts";

const SCRIPT = "source.fixAll.keras-memlint";
const NOTEBOOK = vscode.CodeActionKind.Empty.append("notebook").append(SCRIPT);

export async function fixAll(server: Server): Promise<void> {
  const script = neededScript();
  if (script === undefined || (await server.needed()) === undefined) return;
  const notebook = openNotebook(script);
  const action = notebook === undefined ? await offered(script, SCRIPT) : await ofNotebook(notebook);
  if (action?.edit === undefined || action.edit.size === 0) {
    void vscode.window.setStatusBarMessage("keras-memlint: there is nothing to fix safely", 5_000);
    return;
  }
  if (!(await vscode.workspace.applyEdit(action.edit))) {
    void vscode.window.showErrorMessage("keras-memlint: the fixes cannot be applied; the file may be read-only");
    return;
  }
  const edits = action.edit.entries().reduce((count, [, changes]) => count + changes.length, 0);
  void vscode.window.setStatusBarMessage(`keras-memlint: made all safe fixes (${edits} ${edits === 1 ? "edit" : "edits"})`, 5_000);
}

/** When a notebook is saved, VS Code asks its first cell alone. Where that one holds text, the first with code answers for it. */
export function fixesOfNotebooks(): vscode.Disposable {
  const provider: vscode.CodeActionProvider = {
    async provideCodeActions(document, _range, context) {
      if (!context.only?.contains(NOTEBOOK)) return [];
      const notebook = openNotebook(wholeOf(document.uri));
      const action = notebook && (await ofNotebook(notebook));
      return action ? [action] : [];
    },
  };
  const text = { notebookType: "jupyter-notebook", language: "markdown" };
  return vscode.languages.registerCodeActionsProvider(text, provider, { providedCodeActionKinds: [NOTEBOOK] });
}

async function ofNotebook(notebook: vscode.NotebookDocument): Promise<vscode.CodeAction | undefined> {
  const cell = notebook.getCells().find(({ document }) => document.languageId === "python");
  return cell && offered(cell.document.uri, NOTEBOOK.value);
}

/** The server's action of that kind, with its edit. */
async function offered(document: vscode.Uri, kind: string): Promise<vscode.CodeAction | undefined> {
  const range = new vscode.Range(0, 0, 0, 0);
  const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>("vscode.executeCodeActionProvider", document, range, kind, 1);
  return actions?.find((action) => action.edit !== undefined);
}
