/** The report of an estimate: a page made by the server, in a panel of its own. */

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { WorkspaceEdit } from "vscode-languageclient/node";
import { nameOf, neededScript, openNotebook, textOf, wholeOf } from "./scripts.ts";
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
  private shown: Shown | undefined;
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
      this.adopt(vscode.window.createWebviewPanel(REPORT, "", where));
    } else {
      this.panel.reveal(undefined, true);
    }
    await this.fill({ script, estimate, text });
  }

  /** Shows the last estimate of the script, by default of the one in front. */
  async open(of?: unknown): Promise<void> {
    const given = typeof of === "string" ? vscode.Uri.parse(of) : of instanceof vscode.Uri ? of : undefined;
    const script = given === undefined ? neededScript() : wholeOf(given);
    if (script === undefined) return;
    const last = await this.server.request<Estimate | null>("keras-memlint/lastEstimate", { uri: script.toString() });
    if (last) return this.show(script, last, await textOf(script));
    if (last === null) void offerEstimate(script, `there is no estimate of ${nameOf(script)} as it is now`);
  }

  dispose(): void {
    this.subscription.dispose();
    this.panel?.dispose();
  }

  private async restore(panel: vscode.WebviewPanel): Promise<void> {
    this.adopt(panel);
    const known = this.memory.get<string>(SHOWN);
    const script = known === undefined ? undefined : vscode.Uri.parse(known);
    const last = script && (await this.server.request<Estimate | null>("keras-memlint/lastEstimate", { uri: script.toString() }));
    if (script && last) await this.fill({ script, estimate: last, text: await textOf(script) });
    // An estimate of another text would be misleading.
    else panel.dispose();
  }

  private adopt(panel: vscode.WebviewPanel): void {
    this.panel = panel;
    panel.webview.options = { enableScripts: true, localResourceRoots: [] };
    panel.onDidDispose(() => {
      if (this.panel === panel) this.panel = this.shown = undefined;
    });
    panel.webview.onDidReceiveMessage((message: FromPage) => {
      if (this.shown === undefined || typeof message !== "object") return;
      if (message.type === "apply") void this.apply(this.shown, String(message.change));
      if (message.type === "save") void this.save(this.shown, message.format === "json" ? "json" : "html");
    });
  }

  private async fill(shown: Shown): Promise<void> {
    const { panel } = this;
    if (panel === undefined) return;
    this.shown = shown;
    panel.title = `Memory of ${nameOf(shown.script)}`;
    void this.memory.update(SHOWN, shown.script.toString());
    const page = await this.page(shown, randomBytes(16).toString("base64url"), panel.webview.cspSource);
    // Meanwhile it may have been closed, or show another one.
    if (page !== undefined && this.panel === panel && this.shown === shown) panel.webview.html = page;
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
    const found = (await this.edits(shown, [change]))?.[change];
    if (client === undefined || found === undefined) return;
    const edit = await client.protocol2CodeConverter.asWorkspaceEdit(found.edit);
    if (!(await vscode.workspace.applyEdit(edit))) {
      void vscode.window.showErrorMessage(`${nameOf(script)} cannot be changed: ${found.title}`);
      return;
    }
    await showFile(script, edit);
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
