/** The script or notebook that a command is about. */

import * as vscode from "vscode";

/** The file that is open in front, undefined when it is neither a Python script nor a notebook. */
export function activeScript(): vscode.Uri | undefined {
  // With a notebook in front, the active text editor is one of its cells.
  const notebook = vscode.window.activeNotebookEditor?.notebook;
  if (notebook !== undefined) return notebook.uri;
  const document = vscode.window.activeTextEditor?.document;
  if (document === undefined) return undefined;
  return document.languageId === "python" ? wholeOf(document.uri) : undefined;
}

/** The notebook of a cell; any other document is itself. */
export function wholeOf(uri: vscode.Uri): vscode.Uri {
  if (uri.scheme !== "vscode-notebook-cell") return uri;
  const wanted = uri.toString();
  const holds = (notebook: vscode.NotebookDocument) => notebook.getCells().some((cell) => cell.document.uri.toString() === wanted);
  return vscode.workspace.notebookDocuments.find(holds)?.uri ?? uri;
}

export function openNotebook(uri: vscode.Uri): vscode.NotebookDocument | undefined {
  return vscode.workspace.notebookDocuments.find((one) => one.uri.toString() === uri.toString());
}

/** The text of a script, or of the cells of a notebook. Rejects when it cannot be read. */
export async function textOf(script: vscode.Uri): Promise<string> {
  if (script.path.endsWith(".ipynb")) {
    const notebook = await vscode.workspace.openNotebookDocument(script);
    return JSON.stringify(notebook.getCells().map(({ document }) => document.getText()));
  }
  return (await vscode.workspace.openTextDocument(script)).getText();
}

/** `textOf`, or undefined after one sentence for the person. */
export async function neededText(script: vscode.Uri): Promise<string | undefined> {
  try {
    return await textOf(script);
  } catch {
    void vscode.window.showErrorMessage(`${nameOf(script)} cannot be read; it may be gone`);
    return undefined;
  }
}

/** The script that a command was given, by default the one in front; a hint for the person when there is none. */
export function neededScript(given?: unknown): vscode.Uri | undefined {
  if (typeof given === "string") return wholeOf(vscode.Uri.parse(given));
  if (given instanceof vscode.Uri) return wholeOf(given);
  const script = activeScript();
  if (script === undefined) void vscode.window.showInformationMessage("open a Python script or a notebook first");
  return script;
}

export function nameOf(uri: vscode.Uri): string {
  return uri.path.split("/").pop() || uri.path;
}
