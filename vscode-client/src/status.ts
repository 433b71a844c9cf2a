/** The language status item: how the server is. */

import * as vscode from "vscode";
import type { State } from "./state.ts";

export class Status implements vscode.Disposable {
  private readonly item: vscode.LanguageStatusItem;

  constructor() {
    this.item = vscode.languages.createLanguageStatusItem("keras-memlint.status", { language: "python" });
    this.item.name = "keras-memlint";
    this.follow({ kind: "starting" });
  }

  follow(state: State): void {
    const { Information, Error, Warning } = vscode.LanguageStatusSeverity;
    const output = { command: "keras-memlint.showOutput", title: "Show Output" };
    this.item.busy = state.kind === "starting";
    this.item.severity = Information;
    this.item.command = output;
    this.item.text = "keras-memlint";
    if (state.kind === "starting") this.item.detail = "starting";
    if (state.kind === "stopped") {
      this.item.detail = "stopped";
      this.item.command = { command: "keras-memlint.restart", title: "Restart Server" };
    }
    if (state.kind === "running") {
      this.item.detail = [state.version, ...(state.python === undefined ? [] : [`Python ${state.python}`]), ...(state.compromise === undefined ? [] : [state.compromise])].join(", ");
      if (state.compromise !== undefined) this.item.severity = Warning;
    }
    if (state.kind === "failed") {
      this.item.severity = Error;
      this.item.text = state.cause === "python" ? "keras-memlint: no Python" : "keras-memlint: no server";
      this.item.detail = state.why;
      if (state.cause === "python") this.item.command = { command: "keras-memlint.selectInterpreter", title: "Select Interpreter" };
    }
  }

  dispose(): void {
    this.item.dispose();
  }
}
