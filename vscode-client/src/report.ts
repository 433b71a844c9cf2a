/** The report of an estimate: a page made by the server, in a panel of its own. */

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { WorkspaceEdit } from "vscode-languageclient/node";
import { nameOf, neededScript, neededText, openNotebook, textOf } from "./scripts.ts";
import type { Server } from "./server.ts";

/** What `estimate/schema.json` describes; the client reads no more than this. */
export interface Estimate {
  readonly what_if: readonly { readonly change: string }[];
}

interface Shown {
  readonly script: vscode.Uri;
  readonly estimate: Estimate;
  /** Of the script, as it was estimated. */
  readonly text: string;
}

type Edits = Readonly<Record<string, { readonly title: string; readonly edit: WorkspaceEdit }>>;
type FromPage = { type: "apply"; change: string } | { type: "save"; format: string };

export const REPORT = "keras-memlint.report";
/** Under which the workspace remembers whose report is open. */
const SHOWN = "report.script";

const STALE = "the script has changed since the estimate; estimate it again";

export class Reports implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  /** What the page in the panel is about. */
  private shown: Shown | undefined;
  /** How many reports have been asked for: only the page of the last is shown. */
  private asked = 0;
  private readonly memory: vscode.Memento;
  private readonly server: Server;
  private readonly subscription: vscode.Disposable;

  constructor(memory: vscode.Memento, server: Server) {
    this.memory = memory;
    this.server = server;
    this.subscription = vscode.window.registerWebviewPanelSerializer(REPORT, {
      deserializeWebviewPanel: (panel) => this.restore(panel),
    });
  }

  /** Shows an estimate of a script that had this `text`, in the panel that is open if there is one. */
  async show(script: vscode.Uri, estimate: Estimate, text: string): Promise<void> {
    if (this.panel === undefined) {
      const where = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
      this.adopt(vscode.window.createWebviewPanel(REPORT, titleOf(script), where));
    } else {
      this.panel.reveal(undefined, true);
    }
    await this.fill({ script, estimate, text });
  }

  /** Shows the last estimate of the script, by default of the one in front. */
  async open(of?: unknown): Promise<void> {
    const script = neededScript(of);
    const text = script && (await neededText(script));
    if (script === undefined || text === undefined) return;
    const last = await this.server.request<Estimate | null>("keras-memlint/lastEstimate", { uri: script.toString() });
    if (last) return this.show(script, last, text);
    if (last === null) void offerEstimate(script, `there is no estimate of ${nameOf(script)} as it is now`);
  }

  dispose(): void {
    this.subscription.dispose();
    this.panel?.dispose();
  }

  private async restore(panel: vscode.WebviewPanel): Promise<void> {
    this.adopt(panel);
    const asked = ++this.asked;
    const shown = await this.remembered().catch(() => undefined);
    if (asked !== this.asked) return;
    if (shown !== undefined) await this.fill(shown).catch(() => panel.dispose());
    // An estimate of another text would be misleading.
    else panel.dispose();
  }

  /** The report that was open when the window was closed, if its script is still the same. */
  private async remembered(): Promise<Shown | undefined> {
    const known = this.memory.get<string>(SHOWN);
    if (known === undefined) return undefined;
    const script = vscode.Uri.parse(known);
    const text = await textOf(script);
    const estimate = await this.server.request<Estimate | null>("keras-memlint/lastEstimate", { uri: script.toString() });
    return estimate ? { script, estimate, text } : undefined;
  }

  private adopt(panel: vscode.WebviewPanel): void {
    this.panel = panel;
    panel.webview.options = { enableScripts: true, localResourceRoots: [] };
    panel.onDidDispose(() => {
      if (this.panel === panel) this.panel = this.shown = undefined;
    });
    panel.webview.onDidReceiveMessage((message: FromPage | null) => {
      if (this.shown === undefined || typeof message !== "object" || message === null) return;
      if (message.type === "apply") void this.apply(this.shown, String(message.change));
      if (message.type === "save") void this.save(this.shown, message.format === "json" ? "json" : "html");
    });
  }

  private async fill(shown: Shown): Promise<void> {
    const { panel } = this;
    if (panel === undefined) return;
    const asked = ++this.asked;
    const page = await this.page(shown, randomBytes(16).toString("base64url"), panel.webview.cspSource);
    // Meanwhile it may have been closed, or another one asked for.
    if (this.panel !== panel || this.asked !== asked) return;
    if (page === undefined) {
      if (this.shown === undefined) panel.dispose();
      return;
    }
    this.shown = shown;
    panel.title = titleOf(shown.script);
    panel.webview.html = page;
    void this.memory.update(SHOWN, shown.script.toString());
  }

  private async page(shown: Shown, nonce: string, cspSource: string): Promise<string | undefined> {
    const { estimate } = shown;
    const changes = [...new Set(estimate.what_if.map(({ change }) => change))];
    const applicable = (await isStale(shown)) ? [] : Object.keys((await this.edits(shown, changes)) ?? {});
    const wanted = { estimate, format: "html", webview: { nonce, cspSource }, applicable };
    return (await this.server.request<{ text: string }>("keras-memlint/report", wanted))?.text;
  }

  /** What can be changed in the script as it is now. */
  private edits({ script }: Shown, changes: readonly string[]): Promise<Edits | undefined> {
    return this.server.request<Edits>("keras-memlint/whatIfEdits", { uri: script.toString(), changes });
  }

  private async apply(shown: Shown, change: string): Promise<void> {
    const { script } = shown;
    if (await isStale(shown)) return offerEstimate(script, STALE);
    const client = await this.server.needed();
    if (client === undefined) return;
    const edits = await this.edits(shown, [change]);
    if (edits === undefined) return;
    const found = edits[change];
    if (found === undefined) {
      void vscode.window.showInformationMessage(`${nameOf(script)} cannot be changed in this way any more; estimate it again`);
      return;
    }
    const edit = await client.protocol2CodeConverter.asWorkspaceEdit(found.edit);
    // The server and the conversion took their time.
    if (await isStale(shown)) return offerEstimate(script, STALE);
    if (!(await vscode.workspace.applyEdit(edit))) {
      void vscode.window.showErrorMessage(`${nameOf(script)} cannot be changed: ${found.title}`);
      return;
    }
    await showFile(script, edit);
    // The page is about the text as it was: its buttons go.
    void this.fill(shown);
    // It says what else the change does.
    void vscode.window.showInformationMessage(found.title);
  }

  private async save({ script, estimate }: Shown, format: "html" | "json"): Promise<void> {
    const answer = await this.server.request<{ text: string }>("keras-memlint/report", { estimate, format });
    if (answer === undefined) return;
    const defaultUri = script.with({ path: `${script.path.replace(/\.[^./]*$/, "")}.memory.${format}` });
    const filters: Record<string, string[]> = { [format.toUpperCase()]: [format] };
    const file = await vscode.window.showSaveDialog({ defaultUri, filters });
    if (file === undefined) return;
    try {
      await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(answer.text));
    } catch (error) {
      void vscode.window.showErrorMessage(`${nameOf(file)} cannot be written: ${(error as Error).message}`);
    }
  }
}

function titleOf(script: vscode.Uri): string {
  return `Memory of ${nameOf(script)}`;
}

async function isStale({ script, text }: Shown): Promise<boolean> {
  return (await textOf(script).catch(() => undefined)) !== text;
}

/** Brings the changed place into view, beside the report if the file is not shown yet. */
async function showFile(script: vscode.Uri, edit: vscode.WorkspaceEdit): Promise<void> {
  const notebook = openNotebook(script);
  if (notebook !== undefined) {
    await vscode.window.showNotebookDocument(notebook);
    return;
  }
  const shown = vscode.window.visibleTextEditors.find((one) => one.document.uri.toString() === script.toString());
  const editor = await vscode.window.showTextDocument(script, { viewColumn: shown?.viewColumn ?? vscode.ViewColumn.One });
  const first = edit.entries().flatMap(([, edits]) => edits)[0];
  if (first !== undefined) editor.revealRange(first.range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

async function offerEstimate(script: vscode.Uri, text: string): Promise<void> {
  const again = "Estimate";
  if ((await vscode.window.showInformationMessage(text, again)) === again) await vscode.commands.executeCommand("keras-memlint.estimateFile", script);
}
