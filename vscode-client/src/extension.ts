/** Entry of the extension: who listens to whom. The work is in the modules beside it. */

import * as vscode from "vscode";
import { Environments } from "./environments.ts";
import { Messages } from "./failure.ts";
import { Server } from "./server.ts";
import { SECTION } from "./settings.ts";
import { Status } from "./status.ts";

/** Settings that decide how the server is started. */
const OF_THE_START = ["interpreter", "importStrategy", "path", "estimate.compilerPython"];

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const began = performance.now();
  const log = vscode.window.createOutputChannel("keras-memlint", { log: true });
  const environments = new Environments(log);
  const status = new Status();
  const messages = new Messages(log);
  const started = new Server(context, log, environments, async () => undefined);
  server = started;
  const command = (name: string, work: (...given: unknown[]) => unknown) => vscode.commands.registerCommand(`${SECTION}.${name}`, work);
  context.subscriptions.push(
    log,
    environments,
    status,
    started,
    started.onDidChangeState((state) => {
      status.follow(state);
      messages.follow(state);
    }),
    environments.onDidChange(() => started.reconsider("another interpreter was chosen")),
    vscode.extensions.onDidChange(() => started.reconsider("extensions changed")),
    vscode.workspace.onDidGrantWorkspaceTrust(() => started.reconsider("the workspace is trusted now")),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (OF_THE_START.some((key) => event.affectsConfiguration(`${SECTION}.${key}`))) started.reconsider("settings changed");
    }),
    command("restart", () => {
      messages.forget();
      return started.restart();
    }),
    command("showOutput", () => log.show()),
  );
  void started.restart();
  log.info(`activated in ${(performance.now() - began).toFixed(1)} ms`);
}

export function deactivate(): Promise<void> | undefined {
  return server?.stop();
}
