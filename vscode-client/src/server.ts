/** The server over the time of a session: started, stopped and restarted, one after the other. */

import * as path from "node:path";
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { findBundle } from "./bundle.ts";
import type { Running } from "./client.ts";
import { settingsFor } from "./configuration.ts";
import type { Environments } from "./environments.ts";
import { sayNotRunning, sayRefused } from "./failure.ts";
import { type Circumstances, type Launch, type Nothing, chooseLaunch } from "./launch.ts";
import { privatePython } from "./privateEnvironment.ts";
import { Prober, versionOf } from "./python.ts";

export type State =
  | { readonly kind: "starting" | "stopped" }
  | Runs
  | { readonly kind: "failed"; readonly cause: "python" | "parser" | "server"; readonly why: string };

export interface Runs {
  readonly kind: "running";
  readonly version: string;
  readonly python: string | undefined;
  readonly compromise: string | undefined;
  /** It is not the first of this session. */
  readonly again: boolean;
  /** From the decision to start it until it could be used, in milliseconds: finding a Python, and saying hello. */
  readonly took: { readonly choosing: number; readonly hello: number };
}

/** A server that dies more often than this within `CRASH_SPAN` milliseconds stays dead. */
const CRASHES = 2;
const CRASH_SPAN = 180_000;
/** Milliseconds after which a change of settings, interpreter or trust is acted on: they come in groups. */
const SETTLE = 500;

export class Server implements vscode.Disposable {
  state: State = { kind: "stopped" };
  /** How the running server was started. */
  launch: Launch | undefined;
  readonly prober = new Prober();

  private readonly changed = new vscode.EventEmitter<State>();
  readonly onDidChangeState = this.changed.event;
  private readonly created = new vscode.EventEmitter<LanguageClient>();
  /** A new client, before it has its server: the place to listen to the server's own notifications. */
  readonly onDidCreateClient = this.created.event;

  private running: Running | undefined;
  private queue: Promise<void> = Promise.resolve();
  private crashes: number[] = [];
  private settling: NodeJS.Timeout | undefined;
  private wasRunning = false;
  private readonly context: vscode.ExtensionContext;
  private readonly log: vscode.LogOutputChannel;
  private readonly environments: Environments;
  private readonly command: (id: string, given: unknown[]) => Promise<unknown>;

  constructor(
    context: vscode.ExtensionContext,
    log: vscode.LogOutputChannel,
    environments: Environments,
    command: (id: string, given: unknown[]) => Promise<unknown>,
  ) {
    this.context = context;
    this.log = log;
    this.environments = environments;
    this.command = command;
  }

  /** The client, while its server runs. */
  get client(): LanguageClient | undefined {
    return this.state.kind === "running" ? this.running?.client : undefined;
  }

  /** The client, once a start that goes on is over; without one the person is told, with a button that helps. */
  async needed(): Promise<LanguageClient | undefined> {
    // A start may have been asked for while we waited.
    for (let seen; seen !== this.queue; ) {
      seen = this.queue;
      await seen;
    }
    if (this.client === undefined) sayNotRunning(this.state);
    return this.client;
  }

  /** The server's answer; undefined when there is none, of which the person has been told, or when it was cancelled. */
  async request<R>(method: string, params: object = {}, cancel?: vscode.CancellationToken): Promise<R | undefined> {
    const client = await this.needed();
    if (client === undefined) return undefined;
    try {
      // A cancellation token that is undefined would be taken for a second parameter.
      return await (cancel === undefined ? client.sendRequest<R>(method, params) : client.sendRequest<R>(method, params, cancel));
    } catch (error) {
      if (!cancel?.isCancellationRequested) sayRefused(error as Error);
      return undefined;
    }
  }

  /** Stops what runs, and starts anew. */
  restart(): Promise<void> {
    this.crashes = [];
    this.giveUpStart();
    return this.enqueue(async () => {
      await this.end();
      await this.begin();
    });
  }

  stop(): Promise<void> {
    clearTimeout(this.settling);
    this.giveUpStart();
    return this.enqueue(async () => {
      await this.end();
      this.tell({ kind: "stopped" });
    });
  }

  /** Something changed that may call for another server: soon it is restarted, if it does. */
  reconsider(why: string): void {
    clearTimeout(this.settling);
    this.settling = setTimeout(async () => {
      const chosen = await this.choose();
      const same = () => JSON.stringify(chosen) === JSON.stringify(this.launch);
      if (!same()) this.giveUpStart();
      await this.enqueue(async () => {
        if (this.client !== undefined && same()) {
          // The server that runs may not know yet that the workspace is trusted.
          const settings = { trusted: vscode.workspace.isTrusted };
          return this.client.sendNotification("workspace/didChangeConfiguration", { settings });
        }
        this.log.info(`another start of the server: ${why}`);
        this.crashes = [];
        await this.end();
        await this.begin(chosen);
      });
    }, SETTLE);
  }

  dispose(): void {
    clearTimeout(this.settling);
    this.changed.dispose();
    this.created.dispose();
  }

  /** What the choice of a Python depends on. */
  get circumstances(): Pick<Circumstances, "settings" | "trusted" | "environments" | "prober"> {
    const scope = vscode.workspace.workspaceFolders?.[0]?.uri;
    return {
      settings: settingsFor(undefined, this.log),
      trusted: vscode.workspace.isTrusted,
      environments: () => this.environments.chosen(scope),
      prober: this.prober,
    };
  }

  /** The command that would start the server now. */
  async choose(): Promise<Launch | Nothing> {
    return chooseLaunch({
      ...this.circumstances,
      bundle: await findBundle(this.context.extensionPath),
      minimumVersion: this.context.extension.packageJSON.minimumServerVersion,
      emptyFolder: this.emptyFolder,
      privatePython: privatePython(this.context),
      log: (line) => this.log.info(line),
    });
  }

  /** Programs are started here, where no file of anybody can be taken for a module. */
  private get emptyFolder(): string {
    return path.join(this.context.extensionPath, "dist");
  }

  private async begin(chosen?: Launch | Nothing): Promise<void> {
    this.tell({ kind: "starting" });
    const began = Date.now();
    const launch = chosen ?? (await this.choose());
    const chose = Date.now();
    if ("why" in launch) return this.tell({ kind: "failed", cause: launch.lacksParser ? "parser" : "python", why: launch.why });
    this.log.info(`starting ${launch.what}`);
    // Only now: this module and its libraries are most of the extension.
    const { Running } = await import("./client.ts");
    const running = new Running(launch, this.emptyFolder, this.log, { gone: () => this.crashed(running), command: this.command });
    this.running = running;
    this.launch = launch;
    this.created.fire(running.client);
    try {
      const version = (await running.start()) ?? "of an unknown version";
      const took = { choosing: chose - began, hello: Date.now() - chose };
      this.log.info(`the server ${version} runs; a Python was found in ${took.choosing} ms, and it answered after ${took.hello} ms`);
      this.tell({
        kind: "running",
        version,
        python: launch.python && versionOf(launch.python),
        compromise: launch.compromise,
        again: this.wasRunning,
        took,
      });
      this.wasRunning = true;
    } catch (error) {
      if (this.running !== running) return; // given up
      this.running = undefined;
      this.tell({ kind: "failed", cause: "server", why: `the server of keras-memlint cannot be started: ${(error as Error).message}` });
    }
  }

  /** A server that never says hello must not hold up the next, and its end is no failure. */
  private giveUpStart(): void {
    if (this.state.kind !== "starting") return;
    this.running?.kill();
    this.running = undefined;
  }

  private async end(): Promise<void> {
    const { running } = this;
    this.running = undefined;
    await running?.stop();
  }

  private crashed(running: Running): void {
    if (running !== this.running) return;
    this.running = undefined;
    const now = Date.now();
    this.crashes = [...this.crashes.filter((time) => now - time < CRASH_SPAN), now];
    if (this.crashes.length > CRASHES) {
      this.tell({ kind: "failed", cause: "server", why: `the server of keras-memlint ended ${this.crashes.length} times within a few minutes` });
      return;
    }
    this.log.warn("the server ended by itself and is started again");
    void this.enqueue(() => this.begin());
  }

  private tell(state: State): void {
    this.state = state;
    this.changed.fire(state);
  }

  private enqueue(work: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(work).catch((error: Error) => this.log.error(`${error.stack ?? error}; this is a bug`));
    return this.queue;
  }
}
