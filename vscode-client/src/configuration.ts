/** The client's settings as VS Code has them. */

import * as os from "node:os";
import * as vscode from "vscode";
import { SECTION, type Settings, readSettings } from "./settings.ts";

/** Problems that stand in the log already: settings are read often. */
const told = new Set<string>();

/**
 * The settings that hold for `scope`.
 *
 * Whether the workspace is trusted is not asked here: in Restricted Mode VS Code itself leaves out what the workspace
 * says about programs, and keeps what the user says.
 */
export function settingsFor(scope: vscode.Uri | undefined, log: vscode.LogOutputChannel): Settings {
  const configuration = vscode.workspace.getConfiguration(SECTION, scope ?? null);
  const folder = (scope && vscode.workspace.getWorkspaceFolder(scope)) ?? vscode.workspace.workspaceFolders?.[0];
  const places = { workspaceFolder: folder?.uri.fsPath, userHome: os.homedir(), environment: process.env };
  return readSettings((key) => configuration.get(key), places, (problem) => {
    if (!told.has(problem)) log.warn(problem);
    told.add(problem);
  });
}

/** Writes one setting where the person can see it work: for the folder of `scope`, else the workspace, else everywhere. */
export async function writeSetting(key: string, value: unknown, scope: vscode.Uri | undefined): Promise<void> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const folder = scope && vscode.workspace.getWorkspaceFolder(scope);
  const { Global, Workspace, WorkspaceFolder } = vscode.ConfigurationTarget;
  const target = folders.length === 0 ? Global : folder !== undefined && folders.length > 1 ? WorkspaceFolder : Workspace;
  await vscode.workspace.getConfiguration(SECTION, folder?.uri ?? null).update(key, value, target);
}
