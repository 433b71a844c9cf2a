/** One run of the server: its process and the language client that talks with it. */

import { type ChildProcess, spawn } from "node:child_process";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as delay } from "node:timers/promises";
import * as vscode from "vscode";
import { CloseAction, ErrorAction, LanguageClient, type LanguageClientOptions, RevealOutputChannelOn } from "vscode-languageclient/node";
import { SILENT, ending, heard } from "./ending.ts";
import type { Launch } from "./launch.ts";
import { cleanEnvironment } from "./python.ts";
import { SECTION } from "./settings.ts";

/** Milliseconds that a server has to say hello: the first start on a slow disk compiles all of it. */
const START_LIMIT = 60_000;
const LATE = `it did not answer within ${START_LIMIT / 1000} s`;
/** Milliseconds that a server has to end by itself. */
const END_LIMIT = 2_000;

export interface Handlers {
  /** The server went away although nobody asked it to. */
  readonly gone: () => void;
  /** The command of the server was chosen, in a code lens say. */
  readonly command: (given: unknown[]) => Promise<unknown>;
}

/** Errors go to the log alone: which message box appears, `failure.ts` decides. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
  override warn(message: string, data?: unknown): void {
    super.warn(message, data, false);
  }
  override info(message: string, data?: unknown): void {
    super.info(message, data, false);
  }
}

export class Running {
  readonly client: LanguageClient;
  private readonly launch: Launch;
  private readonly cwd: string;
  private process: ChildProcess | undefined;
  /** How it ended, once it has. */
  private ended: Promise<string> | undefined;
  private started = false;

  constructor(launch: Launch, cwd: string, log: vscode.LogOutputChannel, handlers: Handlers) {
    this.launch = launch;
    this.cwd = cwd;
    const options: LanguageClientOptions = {
      documentSelector: [
        { scheme: "file", language: "python" },
        { scheme: "untitled", language: "python" },
        { scheme: "vscode-notebook-cell", language: "python" },
        // For hovers on rules that are named there.
        { scheme: "file", pattern: "**/pyproject.toml" },
      ],
      outputChannel: log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: () => ({
        trusted: vscode.workspace.isTrusted,
        settings: vscode.workspace.getConfiguration().get(SECTION),
        extensions: true,
      }),
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          if (this.started) handlers.gone();
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
      middleware: { executeCommand: (_, given) => handlers.command(given) },
    };
    this.client = new QuietClient(SECTION, "keras-memlint", () => this.spawn(), options);
  }

  /** The server's version. Rejects with a sentence when it cannot be started, after ending what is left of it. */
  async start(): Promise<string | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(LATE)), START_LIMIT);
    });
    try {
      await Promise.race([this.client.start(), late]);
      this.started = true;
      return this.client.initializeResult?.serverInfo?.version;
    } catch (error) {
      // A server that complains and ends needs no help to do so, and its own words say more than ours.
      const late = (error as Error).message === LATE;
      const end = late ? undefined : await Promise.race([this.ended, delay(END_LIMIT, undefined)]);
      this.kill();
      throw new Error(end ?? (error as Error).message);
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    this.started = false;
    const { process } = this;
    if (this.client.isRunning()) await this.client.stop(END_LIMIT).catch(() => undefined);
    const timer = setTimeout(() => process?.kill("SIGKILL"), END_LIMIT);
    process?.once("exit", () => clearTimeout(timer));
    if (process === undefined || process.exitCode !== null) clearTimeout(timer);
  }

  /** Ends the process at once, such as one that never says hello. */
  kill(): void {
    this.process?.kill("SIGKILL");
  }

  private spawn(): Promise<ChildProcess> {
    const [program = "", ...rest] = this.launch.command;
    return new Promise((resolve, reject) => {
      const { environment, isolated } = this.launch;
      const env = isolated ? { ...process.env, ...environment } : cleanEnvironment(environment);
      const child = spawn(program, rest, { cwd: this.cwd, env, windowsHide: true });
      this.process = child;
      child.once("spawn", () => resolve(child));
      child.once("error", reject);
      this.ended = howItEnds(child);
      // A server that dies leaves a pipe that cannot be written to; the client hears of its end.
      child.stdin.on("error", () => undefined);
    });
  }
}

/** In words, with the last line of what it complained; never rejects. */
function howItEnds(child: ChildProcess): Promise<string> {
  const decoder = new StringDecoder("utf8");
  let complaint = SILENT;
  child.stderr?.on("data", (chunk: Buffer) => (complaint = heard(complaint, decoder.write(chunk))));
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (status, signal) => resolve(ending(status, signal, complaint)));
  });
}
