/** Long requests: the server's progress and Cancel in a notification. */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { sayRefused } from "./failure.ts";

/** Milliseconds after which a stage shows how long it has taken. */
const SLOW = 3_000;

let asked = 0;

/** The answer of `send`; undefined when the request was cancelled, or refused, of which the person is told with these `buttons`. */
export function withProgress<R>(
  client: LanguageClient,
  title: string,
  send: (workDoneToken: string, cancel: vscode.CancellationToken) => Promise<R>,
  ...buttons: string[]
): Thenable<R | undefined> {
  const where = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(where, async (progress, cancel) => {
    const { WorkDoneProgress } = await import("vscode-languageclient/node");
    const token = `keras-memlint/${++asked}`;
    let stage = "";
    let since = Date.now();
    let done = 0;
    // A long stage shows that it goes on.
    const clock = setInterval(() => {
      const seconds = Math.floor((Date.now() - since) / 1000);
      if (seconds * 1000 >= SLOW) progress.report({ message: `${stage} (${seconds} s)`.trim() });
    }, 1000);
    const listener = client.onProgress(WorkDoneProgress.type, token, (news) => {
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
      return await send(token, cancel);
    } catch (error) {
      if (!cancel.isCancellationRequested) sayRefused(error as Error, ...buttons);
      return undefined;
    } finally {
      clearInterval(clock);
      listener.dispose();
    }
  });
}
