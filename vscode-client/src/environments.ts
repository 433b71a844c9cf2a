/** The interpreter that was chosen in one of the Python extensions. Neither is needed. */

import * as vscode from "vscode";
import type { Candidate } from "./python.ts";

/** What we use of `ms-python.vscode-python-envs`. */
interface PythonEnvironments {
  getEnvironment(scope: vscode.Uri | undefined): Promise<{ execInfo?: { run?: { executable?: string; args?: string[] } } } | undefined>;
  readonly onDidChangeEnvironment?: vscode.Event<unknown>;
}

/** What we use of `ms-python.python`. */
interface PythonExtension {
  readonly environments?: {
    getActiveEnvironmentPath(scope?: vscode.Uri): { path: string };
    resolveEnvironment(environment: { path: string }): Promise<{ executable?: { uri?: vscode.Uri } } | undefined>;
    readonly onDidChangeActiveEnvironmentPath?: vscode.Event<unknown>;
    readonly known?: readonly { executable?: { uri?: vscode.Uri } }[];
  };
}

// Another extension's start must not keep ours waiting for long, in milliseconds.
const PATIENCE = 5_000;

export class Environments implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly listened = new Set<string>();
  private readonly subscriptions: vscode.Disposable[] = [this.changed];
  private readonly log: vscode.LogOutputChannel;

  constructor(log: vscode.LogOutputChannel) {
    this.log = log;
  }

  /** The interpreters chosen for `scope`, best first. Empty in a workspace that is not trusted. */
  async chosen(scope: vscode.Uri | undefined): Promise<Candidate[]> {
    if (!vscode.workspace.isTrusted) return [];
    const found: Candidate[] = [];
    const environments = await this.ask<PythonEnvironments, Candidate | undefined>("ms-python.vscode-python-envs", async (api) => {
      this.listen("ms-python.vscode-python-envs", api.onDidChangeEnvironment);
      const run = (await api.getEnvironment(scope))?.execInfo?.run;
      return run?.executable ? { command: [run.executable, ...(run.args ?? [])], from: "Python Environments extension" } : undefined;
    });
    if (environments) found.push(environments);
    const python = await this.ask<PythonExtension, Candidate | undefined>("ms-python.python", async ({ environments: api }) => {
      if (api === undefined) return undefined;
      this.listen("ms-python.python", api.onDidChangeActiveEnvironmentPath);
      const environment = await api.resolveEnvironment(api.getActiveEnvironmentPath(scope));
      const file = environment?.executable?.uri?.fsPath;
      return file ? { command: [file], from: "Python extension" } : undefined;
    });
    if (python) found.push(python);
    return found;
  }

  /** All interpreters that the Python extension has found on this machine. */
  async known(): Promise<Candidate[]> {
    if (!vscode.workspace.isTrusted) return [];
    const files = await this.ask<PythonExtension, string[]>("ms-python.python", async ({ environments: api }) =>
      (api?.known ?? []).flatMap((one) => one.executable?.uri?.fsPath ?? []),
    );
    return (files ?? []).map((file) => ({ command: [file], from: "Python extension" }));
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private listen(id: string, event: vscode.Event<unknown> | undefined): void {
    if (event === undefined || this.listened.has(id)) return;
    this.listened.add(id);
    this.subscriptions.push(event(() => this.changed.fire()));
  }

  /** What `question` gets from another extension; undefined when it is not there, fails or takes too long. */
  private async ask<Api, T>(id: string, question: (api: Api) => Promise<T>): Promise<T | undefined> {
    const extension = vscode.extensions.getExtension<Api>(id);
    if (extension === undefined) return undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE / 1000} s`)), PATIENCE);
      });
      return await Promise.race([(async () => question(await extension.activate()))(), late]);
    } catch (error) {
      this.log.warn(`\`${id}\` does not tell its interpreter: ${(error as Error).message}`);
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}
