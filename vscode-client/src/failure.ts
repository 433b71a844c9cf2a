/** Message boxes that nobody asked for: one for each failure, never a second for the same. */

import * as vscode from "vscode";
import { settingsFor } from "./configuration.ts";
import type { State } from "./state.ts";

const WALKTHROUGH = "keras-memlint.keras-memlint#start";

const BUTTONS: Readonly<Record<string, () => Thenable<unknown>>> = {
  "Select Interpreter": () => vscode.commands.executeCommand("keras-memlint.selectInterpreter"),
  "Create Private Environment": () => vscode.commands.executeCommand("keras-memlint.createPrivateEnvironment"),
  "Restart Server": () => vscode.commands.executeCommand("keras-memlint.restart"),
  "Show Output": () => vscode.commands.executeCommand("keras-memlint.showOutput"),
  "Estimate Settings": () => vscode.commands.executeCommand("workbench.action.openSettings", "keras-memlint.estimate"),
  "Learn More": () => vscode.commands.executeCommand("workbench.action.openWalkthrough", WALKTHROUGH, false),
};

const WAYS_OUT = {
  python: ["Select Interpreter", "Show Output", "Learn More"],
  parser: ["Create Private Environment", "Select Interpreter", "Show Output"],
  server: ["Restart Server", "Show Output", "Select Interpreter"],
};

export class Messages {
  private last = "";
  private readonly log: vscode.LogOutputChannel;

  constructor(log: vscode.LogOutputChannel) {
    this.log = log;
  }

  /** Says what changed for the worse. Nothing waits for an answer. */
  follow(state: State): void {
    const wanted = settingsFor(undefined, this.log).showNotifications;
    if (state.kind === "failed") {
      this.log.error(state.why);
      if (wanted !== "off") this.once(state.why, (text) => ask(vscode.window.showErrorMessage(text, ...WAYS_OUT[state.cause])));
    }
    if (state.kind !== "running") return;
    if (state.compromise === undefined) this.last = "";
    else if (wanted !== "off") this.once(state.compromise, (text) => ask(vscode.window.showWarningMessage(text, "Select Interpreter", "Show Output")));
    if (state.again && wanted === "always") void vscode.window.showInformationMessage(`keras-memlint ${state.version} has been restarted`);
  }

  /** The person asked for another try, so the same answer may be said again. */
  forget(): void {
    this.last = "";
  }

  private once(text: string, show: (text: string) => void): void {
    if (text === this.last) return;
    this.last = text;
    show(text);
  }
}

/** For a command that needs the server while there is none. */
export function sayNotRunning(state: State): void {
  if (state.kind === "failed") ask(vscode.window.showErrorMessage(state.why, ...WAYS_OUT[state.cause]));
  else ask(vscode.window.showInformationMessage("keras-memlint is not running", "Restart Server"));
}

/** For a request that has no answer. */
export function sayRefused(error: Error, ...buttons: string[]): void {
  ask(vscode.window.showErrorMessage(`keras-memlint: ${reasonOf(error)}`, ...buttons, "Show Output"));
}

/** Of JSON-RPC: nothing can be written or read, or the connection went away before the answer. */
const NO_CONNECTION = [-32099, -32098, -32097, -32096];

/** Why a request failed, in one sentence for people. That is what the server's own errors are. */
export function reasonOf(error: Error & { code?: number | string }): string {
  // An older server, of the environment or of the setting `path`.
  if (error.code === -32601) return "the server that runs is older than this extension and cannot do that";
  // A code of the connection itself is a positive number, one of the system such as `EPIPE` a string.
  const ended = typeof error.code === "string" || (error.code !== undefined && (error.code > 0 || NO_CONNECTION.includes(error.code)));
  return ended ? "the server ended meanwhile; try again" : error.message;
}

/** Does what the button says that is pressed, if one is ever pressed. */
export function ask(answer: Thenable<string | undefined>): void {
  void answer.then((button) => button !== undefined && BUTTONS[button]?.());
}
