/** The command that estimates a script: saved, run by the server with progress and Cancel, and shown. */

import * as vscode from "vscode";
import { settingsFor } from "./configuration.ts";
import type { Environments } from "./environments.ts";
import { withProgress } from "./progress.ts";
import type { Estimate, Reports } from "./report.ts";
import { nameOf, neededScript, neededText, openNotebook } from "./scripts.ts";
import type { Server } from "./server.ts";

const ESTIMATE = "keras-memlint.estimate";

/** Options of the server's command, see `docs/editors/generic.md`. */
type Options = Record<string, unknown>;

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
    const script = neededScript(of);
    if (script === undefined) return undefined;
    const client = await this.server.needed();
    if (client === undefined) return undefined;
    const file = await saved(script);
    if (file === undefined) return undefined;
    const text = await neededText(file);
    if (text === undefined) return undefined;
    const asked = { ...(await this.ownOptions(file)), ...options };
    const uri = client.code2ProtocolConverter.asUri(file);
    const estimate = await withProgress(
      client,
      `Estimating the memory of ${nameOf(file)}`,
      (workDoneToken, cancel) =>
        client.sendRequest<Estimate>("workspace/executeCommand", { command: ESTIMATE, arguments: [uri, asked], workDoneToken }, cancel),
      "Estimate Settings",
    );
    if (estimate !== undefined) await this.reports.show(file, estimate, text);
    return estimate;
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
