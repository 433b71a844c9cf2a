/** The command that checks files that are not open: their problems are listed until the file is opened or checked again. */

import * as vscode from "vscode";
import type { Diagnostic } from "vscode-languageclient/node";
import { withProgress } from "./progress.ts";
import { openNotebook } from "./scripts.ts";
import type { Server } from "./server.ts";
import { SECTION } from "./settings.ts";

interface Checked {
  readonly files: number;
  readonly items: readonly { readonly uri: string; readonly diagnostics: Diagnostic[] }[];
}

export class WorkspaceCheck implements vscode.Disposable {
  private readonly found = vscode.languages.createDiagnosticCollection("keras-memlint-workspace");
  private readonly server: Server;
  private readonly subscriptions: vscode.Disposable[];

  constructor(server: Server) {
    this.server = server;
    this.subscriptions = [
      this.found,
      vscode.workspace.onDidOpenTextDocument(({ uri }) => this.found.delete(uri)),
      vscode.workspace.onDidOpenNotebookDocument(({ uri }) => this.found.delete(uri)),
      vscode.workspace.onDidDeleteFiles(({ files }) => files.forEach((file) => this.forget((uri) => isWithin(uri, file)))),
      vscode.workspace.onDidRenameFiles(({ files }) => files.forEach(({ oldUri }) => this.forget((uri) => isWithin(uri, oldUri)))),
      vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration(`${SECTION}.diagnosticMode`) && this.forget(isWatched)),
    ];
  }

  async check(): Promise<void> {
    const client = await this.server.needed();
    if (client === undefined) return;
    const checked = await withProgress(client, "Checking the workspace for Keras memory problems", (workDoneToken, cancel) =>
      client.sendRequest<Checked>("keras-memlint/checkWorkspace", { workDoneToken }, cancel),
    );
    if (checked === undefined) return;
    this.found.clear();
    for (const { uri, diagnostics } of checked.items) {
      const file = vscode.Uri.parse(uri);
      const converted = await client.protocol2CodeConverter.asDiagnostics(diagnostics);
      // Those are shown by the server's own accord. It may have been opened just now.
      if (!isOpen(file) && !isWatched(file)) this.found.set(file, converted);
    }
    await tell(checked);
  }

  private forget(which: (file: vscode.Uri) => boolean): void {
    const files: vscode.Uri[] = [];
    this.found.forEach((file) => which(file) && files.push(file));
    for (const file of files) this.found.delete(file);
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }
}

async function tell({ files, items }: Checked): Promise<void> {
  const problems = items.reduce((sum, { diagnostics }) => sum + diagnostics.length, 0);
  const checked = count(files, "file");
  if (problems === 0) {
    void vscode.window.showInformationMessage(`keras-memlint: no problems in ${checked}`);
    return;
  }
  const within = items.filter(({ diagnostics }) => diagnostics.length > 0).length;
  const show = "Show Problems";
  const text = `keras-memlint: ${count(problems, "problem")} in ${within} of ${checked}`;
  if ((await vscode.window.showInformationMessage(text, show)) === show) await vscode.commands.executeCommand("workbench.actions.view.problems");
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** Whether it is that file, or lies in that folder. */
function isWithin(uri: vscode.Uri, place: vscode.Uri): boolean {
  return `${uri.toString()}/`.startsWith(`${place.toString()}/`);
}

function isOpen(file: vscode.Uri): boolean {
  const wanted = file.toString();
  return openNotebook(file) !== undefined || vscode.workspace.textDocuments.some(({ uri }) => uri.toString() === wanted);
}

/** Whether the server keeps the problems of files that are not open up to date by itself. */
function isWatched(file: vscode.Uri): boolean {
  return vscode.workspace.getConfiguration(SECTION, file).get("diagnosticMode") === "workspace";
}
