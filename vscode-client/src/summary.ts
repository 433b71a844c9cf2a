/** The entry in the status bar: what the script in front needs, and on which GPU. */

import * as vscode from "vscode";
import { settingsFor } from "./configuration.ts";
import { activeScript } from "./scripts.ts";

/** Content of the notification `keras-memlint/summary`. */
export interface Summary {
  readonly uri: string;
  readonly targetGpu: string | null;
  readonly text: string | null;
  readonly fits: "yes" | "no" | "borderline" | null;
  readonly how: "static" | "measured" | "compiler" | "liveness" | "bound" | null;
  readonly trainings: number;
}

const HOW: Readonly<Record<string, string>> = {
  static: "read from the script; run an estimate for a better figure",
  measured: "measured on this machine's GPU",
  compiler: "predicted by the GPU compiler in the last estimate",
  liveness: "predicted from the graph in the last estimate",
  bound: "a lower bound from the last estimate: parameters, optimizer and inputs alone",
};

/** As the server says it elsewhere. */
const VERDICTS = { yes: "fits", no: "does not fit", borderline: "may not fit" };

export class SummaryItem implements vscode.Disposable {
  private readonly known = new Map<string, Summary>();
  private readonly log: vscode.LogOutputChannel;
  private readonly item: vscode.StatusBarItem;
  private readonly subscriptions: vscode.Disposable[];

  constructor(log: vscode.LogOutputChannel) {
    this.log = log;
    this.item = vscode.window.createStatusBarItem("keras-memlint.summary", vscode.StatusBarAlignment.Right, 90);
    this.item.name = "keras-memlint: memory";
    this.item.command = { command: "keras-memlint.selectTargetGpu", title: "Select Target GPU" };
    const refresh = () => this.refresh();
    this.subscriptions = [
      this.item,
      vscode.window.onDidChangeActiveTextEditor(refresh),
      vscode.window.onDidChangeActiveNotebookEditor(refresh),
      vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration("keras-memlint.statusBar") && refresh()),
    ];
  }

  /** Takes what the server says of one script. */
  take(summary: Summary): void {
    // Servers write some characters of a URI in another way than VS Code does.
    this.known.set(vscode.Uri.parse(summary.uri).toString(), summary);
    this.refresh();
  }

  /** The server is gone, and with it what it said. */
  forget(): void {
    this.known.clear();
    this.refresh();
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private refresh(): void {
    const script = activeScript();
    const summary = script && this.known.get(script.toString());
    if (!summary || summary.trainings === 0 || !settingsFor(script, this.log).statusBar) return this.item.hide();
    const text = summary.text ?? summary.targetGpu;
    if (text === null) return this.item.hide();
    this.item.text = `$(chip) ${text}`;
    this.item.tooltip = tooltip(summary);
    this.item.backgroundColor = summary.fits === "no" ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
    const verdict = summary.fits === null ? "" : `, ${VERDICTS[summary.fits]}`;
    this.item.accessibilityInformation = { label: `memory of the script: ${text}${verdict}`, role: "button" };
    this.item.show();
  }
}

function tooltip({ text, targetGpu, fits, how }: Summary): string {
  const lines = text === null ? ["The memory of the training is not known."] : [`The training needs about ${text}.`];
  if (fits !== null) lines.push(`It ${VERDICTS[fits]}.`);
  if (how !== null) lines.push(`How it is known: ${HOW[how] ?? how}.`);
  lines.push(targetGpu === null ? "Click to choose a target GPU." : `Target GPU: ${targetGpu}; click to choose another one.`);
  return lines.join("\n");
}
