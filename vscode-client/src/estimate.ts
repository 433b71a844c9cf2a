/** The command that estimates a script: saved, run by the server with progress and Cancel, and shown. */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { settingsFor } from "./configuration.ts";
import type { Environments } from "./environments.ts";
import { sayRefused } from "./failure.ts";
import type { Estimate, Reports } from "./report.ts";
import { nameOf, neededScript, openNotebook, textOf, wholeOf } from "./scripts.ts";
import type { Server } from "./server.ts";

export const ESTIMATE = "keras-memlint.estimate";

/** Options of the server's command, see `docs/editors/generic.md`. */
type Options = Record<string, unknown>;

/** Milliseconds after which a stage shows how long it has taken. */
const SLOW = 3_000;

export class Estimates {
  private readonly server: Server;
  private readonly reports: Reports;
  private readonly environments: Environments;
  private readonly log: vscode.LogOutputChannel;

  constructor(server: Server, reports: Reports, environments: Environments, log: vscode.LogOutputChannel) {
    this.server = server;
    this.reports = reports;
    this.environments = environments;
    this.log = log;
  }

  /** Estimates a script, by default the one in front. Resolves to the estimate; undefined when there is none. */
  async estimate(of?: unknown, options: Options = {}): Promise<Estimate | undefined> {
    if (!vscode.workspace.isTrusted) {
      void refuseUntrusted();
      return undefined;
    }
    const given = typeof of === "string" ? vscode.Uri.parse(of) : of instanceof vscode.Uri ? of : undefined;
    const script = given === undefined ? neededScript() : wholeOf(given);
    if (script === undefined) return undefined;
    const client = await this.server.needed();
    if (client === undefined) return undefined;
    const file = await saved(script);
    if (file === undefined) return undefined;
    const text = await textOf(file);
    const asked = { ...(await this.ownOptions(file)), ...options };
    const title = `Estimating the memory of ${nameOf(file)}`;
    const estimate = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      (progress, cancel) => this.run(client, file, asked, progress, cancel),
    );
    if (estimate !== undefined) await this.reports.show(file, estimate, text);
    return estimate;
  }

  private async run(
    client: LanguageClient,
    file: vscode.Uri,
    options: Options,
    progress: vscode.Progress<{ message?: string; increment?: number }>,
    cancel: vscode.CancellationToken,
  ): Promise<Estimate | undefined> {
    const { ExecuteCommandRequest, WorkDoneProgress } = await import("vscode-languageclient/node");
    const workDoneToken = `${ESTIMATE}/${Date.now()}`;
    let stage = "";
    let since = Date.now();
    let done = 0;
    // A long stage shows that it goes on.
    const clock = setInterval(() => {
      const seconds = Math.floor((Date.now() - since) / 1000);
      if (seconds * 1000 >= SLOW) progress.report({ message: `${stage} (${seconds} s)`.trim() });
    }, 1000);
    const listener = client.onProgress(WorkDoneProgress.type, workDoneToken, (news) => {
      if (news.kind !== "report") return;
      if (news.message !== undefined && news.message !== stage) {
        stage = news.message;
        since = Date.now();
      }
      const percentage = Math.max(news.percentage ?? done, done);
      progress.report({ message: stage, increment: percentage - done });
      done = percentage;
    });
    try {
      const uri = client.code2ProtocolConverter.asUri(file);
      return await client.sendRequest(ExecuteCommandRequest.type, { command: ESTIMATE, arguments: [uri, options], workDoneToken }, cancel);
    } catch (error) {
      if (!cancel.isCancellationRequested) sayRefused(error as Error, "Estimate Settings");
      return undefined;
    } finally {
      clearInterval(clock);
      listener.dispose();
    }
  }

  private async ownOptions(file: vscode.Uri): Promise<Options> {
    const settings = settingsFor(file, this.log);
    const options: Options = {};
    if (settings.estimateArguments.length > 0) options["arguments"] = settings.estimateArguments;
    if (settings.estimateWhatIf === "always") options["whatIf"] = "all";
    // The server takes one program; an interpreter that needs words behind it is left to the server's own choice.
    const chosen = settings.estimatePython ? [settings.estimatePython] : (await this.environments.chosen(file)).find(({ command }) => command.length === 1)?.command;
    if (chosen !== undefined) options["python"] = chosen[0];
    return options;
  }
}

/** The file that holds what is shown; undefined when it is not saved and nobody wants it to be. */
async function saved(script: vscode.Uri): Promise<vscode.Uri | undefined> {
  const wanted = script.toString();
  const open = openNotebook(script) ?? vscode.workspace.textDocuments.find((one) => one.uri.toString() === wanted);
  if (open === undefined || !(open.isDirty || open.isUntitled)) return script;
  return vscode.workspace.save(script);
}

async function refuseUntrusted(): Promise<void> {
  const manage = "Manage Workspace Trust";
  const text = "an estimate runs the script, and this workspace is not trusted";
  if ((await vscode.window.showWarningMessage(text, manage)) === manage) await vscode.commands.executeCommand("workbench.trust.manage");
}
