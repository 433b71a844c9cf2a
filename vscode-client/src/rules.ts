/** The pages of the rules, from the server that runs: no network is needed. */

import * as vscode from "vscode";
import type { Server } from "./server.ts";

const SCHEME = "keras-memlint-rule";

interface Rule {
  readonly code: string;
  readonly name: string;
  readonly family: string;
}

export class RulePages implements vscode.Disposable {
  private readonly server: Server;
  private readonly subscription: vscode.Disposable;

  constructor(server: Server) {
    this.server = server;
    this.subscription = vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      provideTextDocumentContent: async ({ path }) => {
        const code = path.replace(/\.md$/, "");
        return (await server.request<{ markdown: string }>("keras-memlint/rulePage", { code }))?.markdown;
      },
    });
  }

  /** Opens the page of a rule; without its code the person chooses one. */
  async open(code?: unknown): Promise<void> {
    const wanted = typeof code === "string" ? code : await this.pick();
    if (wanted === undefined) return;
    await vscode.commands.executeCommand("markdown.showPreview", vscode.Uri.from({ scheme: SCHEME, path: `${wanted}.md` }));
  }

  dispose(): void {
    this.subscription.dispose();
  }

  private async pick(): Promise<string | undefined> {
    const rules = await this.server.request<Rule[]>("keras-memlint/rules");
    if (rules === undefined) return undefined;
    const here = codesAtCursor();
    // Rules of the findings under the cursor come first; the others keep their order.
    const ordered = [...rules.filter(({ code }) => here.has(code)), ...rules.filter(({ code }) => !here.has(code))];
    const items = ordered.map(({ code, name, family }) => ({ label: code, description: name, detail: here.has(code) ? "found in this line" : family }));
    const options = { title: "Rule Page", placeHolder: "A code, a name or a family", matchOnDescription: true, matchOnDetail: true };
    return (await vscode.window.showQuickPick(items, options))?.label;
  }
}

function codesAtCursor(): Set<string> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) return new Set();
  const { line } = editor.selection.active;
  const here = vscode.languages.getDiagnostics(editor.document.uri).filter(({ range }) => range.start.line <= line && line <= range.end.line);
  return new Set(here.flatMap(({ code }) => (typeof code === "object" ? String(code.value) : code === undefined ? [] : String(code))));
}
