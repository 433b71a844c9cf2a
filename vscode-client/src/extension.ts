/** Entry of the extension: who listens to whom. The work is in the modules beside it. */

import * as vscode from "vscode";
import { findBundle, isUniversal } from "./bundle.ts";
import { Environments } from "./environments.ts";
import { Estimates } from "./estimate.ts";
import { Messages } from "./failure.ts";
import { fixAll, fixesOfNotebooks } from "./fixAll.ts";
import { selectTargetGpu } from "./gpus.ts";
import { selectInterpreter } from "./interpreter.ts";
import { createPrivateEnvironment } from "./privateEnvironment.ts";
import { Reports } from "./report.ts";
import { RulePages } from "./rules.ts";
import { Server } from "./server.ts";
import { SECTION } from "./settings.ts";
import { Status } from "./status.ts";
import { type Summary, SummaryItem } from "./summary.ts";
import { WorkspaceCheck } from "./workspaceCheck.ts";

/** Settings that decide how the server is started. */
const OF_THE_START = ["interpreter", "importStrategy", "path", "estimate.compilerPython"];

let running: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const began = performance.now();
  let activation = 0;
  const log = vscode.window.createOutputChannel("keras-memlint", { log: true });
  const environments = new Environments(log);
  const server = new Server(context, log, environments, estimateCommand);
  const reports = new Reports(context.workspaceState, server);
  const estimates = new Estimates(server, reports, environments, log);
  const [status, summary, messages] = [new Status(), new SummaryItem(log), new Messages(log)];
  const [rules, workspace] = [new RulePages(server), new WorkspaceCheck(server)];
  running = server;

  // The server's only command is registered by its client, while it runs; this is where it arrives.
  function estimateCommand([uri, options]: unknown[]): Promise<unknown> {
    return estimates.estimate(uri, (options ?? {}) as Record<string, unknown>);
  }

  const command = (name: string, work: (...given: unknown[]) => unknown) => vscode.commands.registerCommand(`${SECTION}.${name}`, work);
  const restart = () => {
    messages.forget();
    return server.restart();
  };
  context.subscriptions.push(
    log,
    environments,
    server,
    reports,
    status,
    summary,
    rules,
    workspace,
    server.onDidChangeState((state) => {
      status.follow(state);
      messages.follow(state);
      if (state.kind !== "running") summary.forget();
    }),
    server.onDidCreateClient((client) => client.onNotification("keras-memlint/summary", (news: Summary) => summary.take(news))),
    environments.onDidChange(() => server.reconsider("another interpreter was chosen")),
    vscode.extensions.onDidChange(() => server.reconsider("extensions changed")),
    vscode.workspace.onDidGrantWorkspaceTrust(() => server.reconsider("the workspace is trusted now")),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (OF_THE_START.some((key) => event.affectsConfiguration(`${SECTION}.${key}`))) server.reconsider("settings changed");
    }),
    fixesOfNotebooks(),
    command("restart", restart),
    command("showOutput", () => log.show()),
    command("debugInformation", async () => {
      const { showDebugInformation } = await import("./debugInformation.ts");
      await showDebugInformation(context, server, activation);
    }),
    command("fixAll", () => fixAll(server)),
    command("estimateFile", (uri) => estimates.estimate(uri)),
    command("openReport", (uri) => reports.open(uri)),
    command("openRule", (code) => rules.open(code)),
    command("createPrivateEnvironment", async () => {
      if (await createPrivateEnvironment(context, await server.circumstances(), log)) await restart();
    }),
    command("selectInterpreter", () => selectInterpreter(server, environments, log)),
    command("selectTargetGpu", () => selectTargetGpu(server)),
    command("checkWorkspace", () => workspace.check()),
  );
  void server.restart();
  // The others bring what a private environment would have.
  void findBundle(context.extensionPath).then((bundle) =>
    vscode.commands.executeCommand("setContext", `${SECTION}.universal`, bundle !== undefined && isUniversal(bundle)),
  );
  activation = performance.now() - began;
  log.info(`activated in ${activation.toFixed(1)} ms`);
}

export function deactivate(): Promise<void> | undefined {
  return running?.stop();
}
