/** Choosing the Python that runs the server. */

import * as vscode from "vscode";
import type { Environments } from "./environments.ts";
import { candidates, judged, refusal } from "./launch.ts";
import { type Python, SUPPORTED, shown, versionOf } from "./python.ts";
import type { Server } from "./server.ts";
import { SECTION } from "./settings.ts";

type Item = vscode.QuickPickItem & { readonly choose?: () => Promise<readonly string[] | undefined> };

export async function selectInterpreter(server: Server, environments: Environments, log: vscode.LogOutputChannel): Promise<void> {
  const picker = vscode.window.createQuickPick<Item>();
  picker.title = "Python for the Server of keras-memlint";
  picker.placeholder = `Any ${SUPPORTED}; it need not be your project's`;
  picker.busy = true;
  const always: Item[] = [
    { label: "$(folder-opened) Browse…", choose: () => browse(server) },
    { label: "$(refresh) Look for One", description: "no setting; the Python extension's, else one of the PATH", choose: async () => [] },
  ];
  picker.items = always;
  picker.show();
  const picked = new Promise<Item | undefined>((resolve) => {
    picker.onDidAccept(() => resolve(picker.selectedItems[0]));
    picker.onDidHide(() => resolve(undefined));
  });
  void found(server, environments)
    .then((pythons) => (picker.items = [...pythons, { label: "", kind: vscode.QuickPickItemKind.Separator }, ...always]))
    .catch((error: Error) => log.error(`the Pythons of this machine cannot be listed: ${error.message}`))
    .finally(() => (picker.busy = false));
  const item = await picked;
  picker.dispose();
  const command = await item?.choose?.();
  if (command === undefined) return;
  const configuration = vscode.workspace.getConfiguration(SECTION);
  // What a workspace says would win over the person's own settings.
  const { Global, Workspace } = vscode.ConfigurationTarget;
  const target = configuration.inspect("interpreter")?.workspaceValue === undefined ? Global : Workspace;
  await configuration.update("interpreter", command.length === 0 ? undefined : command, target);
  // Also when the setting was this already: the Python itself may have become another one.
  if (server.state.kind === "failed") await vscode.commands.executeCommand("keras-memlint.restart");
}

/** The Pythons of this machine that do, each once. */
async function found(server: Server, environments: Environments): Promise<Item[]> {
  const given = await server.circumstances();
  const asked = [];
  for await (const candidate of candidates(given)) asked.push(given.prober.ask(candidate));
  for (const candidate of await environments.known()) asked.push(given.prober.ask(candidate));
  const items = new Map<string, Item>();
  for (const answer of await Promise.all(asked)) {
    if (judged(answer, refusal(given)) !== undefined) continue;
    const python = answer as Python;
    if (items.has(python.executable)) continue;
    items.set(python.executable, {
      label: `Python ${versionOf(python)}`,
      description: python.executable,
      detail: python.from,
      choose: async () => (python.command.length === 1 ? [python.executable] : python.command),
    });
  }
  return [...items.values()];
}

async function browse(server: Server): Promise<readonly string[] | undefined> {
  const files = await vscode.window.showOpenDialog({ title: "A Python Program", openLabel: "Select", canSelectMany: false });
  const file = files?.[0]?.fsPath;
  if (file === undefined) return undefined;
  const given = await server.circumstances();
  const why = judged(await given.prober.ask({ command: [file], from: "file dialog" }), refusal(given));
  if (why === undefined) return [file];
  void vscode.window.showErrorMessage(`the server cannot run with \`${shown([file])}\`: ${why}`);
  return undefined;
}
