/** The client's settings as VS Code has them. */

import * as os from "node:os";
import * as vscode from "vscode";
import { SECTION, type Settings, readSettings } from "./settings.ts";

/** Problems that stand in the log already: settings are read often. */
const told = new Set<string>();

/**
 * The settings that hold for `scope`.
 *
 * In Restricted Mode VS Code itself leaves out what the workspace says about programs, and keeps what the user says:
 * that must not name the workspace's folder then.
 */
export function settingsFor(scope: vscode.Uri | undefined, log: vscode.LogOutputChannel): Settings {
  const configuration = vscode.workspace.getConfiguration(SECTION, scope ?? null);
  const folder = (scope && vscode.workspace.getWorkspaceFolder(scope)) ?? vscode.workspace.workspaceFolders?.[0];
  const workspaceFolder = vscode.workspace.isTrusted ? folder?.uri.fsPath : undefined;
  const places = { workspaceFolder, userHome: os.homedir(), environment: process.env };
  return readSettings((key) => configuration.get(key), places, (problem) => {
    if (!told.has(problem)) log.warn(problem);
    told.add(problem);
  });
}

/**
 * Writes one setting where the person can see it work: in a window with several folders for that of `scope`, else for the
 * workspace, which may be just one folder, and everywhere when no folder is open.
 */
export async function writeSetting(key: string, value: unknown, scope: vscode.Uri | undefined): Promise<void> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const folder = scope && vscode.workspace.getWorkspaceFolder(scope);
  const { Global, Workspace, WorkspaceFolder } = vscode.ConfigurationTarget;
  const target = folders.length === 0 ? Global : folder !== undefined && folders.length > 1 ? WorkspaceFolder : Workspace;
  await vscode.workspace.getConfiguration(SECTION, folder?.uri ?? null).update(key, value, target);
}
