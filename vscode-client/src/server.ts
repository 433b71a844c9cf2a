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
import type { State } from "./state.ts";

/** A server that dies more often than this within `CRASH_SPAN` milliseconds stays dead. */
const CRASHES = 2;
const CRASH_SPAN = 180_000;
/** Milliseconds after which a change of settings, interpreter or trust is acted on: they come in groups. */
const SETTLE = 500;

/** What is to be started, and how long it took to find that out, in milliseconds. */
interface Choice {
  readonly launch: Launch | Nothing;
  readonly choosing: number;
}

export class Server implements vscode.Disposable {
  state: State = { kind: "stopped" };
  /** How the running server was started. */
  launch: Launch | undefined;

  private readonly changed = new vscode.EventEmitter<State>();
  readonly onDidChangeState = this.changed.event;
  private readonly created = new vscode.EventEmitter<LanguageClient>();
  /** A new client, before it has its server: the place to listen to the server's own notifications. */
  readonly onDidCreateClient = this.created.event;

  private readonly prober = new Prober();
  private running: Running | undefined;
  /** The start that goes on. */
  private starting: { givenUp: boolean } | undefined;
  private queue: Promise<void> = Promise.resolve();
  private crashes: number[] = [];
  private settling: NodeJS.Timeout | undefined;
  /** The last answer to a change, which may come after that of a later one: only the latest is acted on. */
  private deciding: Promise<void> = Promise.resolve();
  private decisions = 0;
  private wasRunning = false;
  private readonly context: vscode.ExtensionContext;
  private readonly log: vscode.LogOutputChannel;
  private readonly environments: Environments;
  private readonly command: (given: unknown[]) => Promise<unknown>;

  constructor(
    context: vscode.ExtensionContext,
    log: vscode.LogOutputChannel,
    environments: Environments,
    command: (given: unknown[]) => Promise<unknown>,
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
    const settled = this.settled();
    if (this.client === undefined) {
      const where = { location: vscode.ProgressLocation.Window, title: "keras-memlint: waiting for the server" };
      void vscode.window.withProgress(where, () => settled);
    }
    await settled;
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

  /** Stops what runs, looks at the Pythons again, and starts anew. */
  restart(): Promise<void> {
    this.decisions++;
    this.crashes = [];
    this.prober.forget();
    this.giveUpStart();
    return this.enqueue(async () => {
      await this.end();
      await this.begin();
    });
  }

  stop(): Promise<void> {
    clearTimeout(this.settling);
    this.decisions++;
    this.giveUpStart();
    return this.enqueue(async () => {
      await this.end();
      this.tell({ kind: "stopped" });
    });
  }

  /** Something changed that may call for another server: soon it is restarted, if it does. */
  reconsider(why: string): void {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      this.deciding = this.decide(why).catch((error: Error) => this.broke(error));
    }, SETTLE);
  }

  dispose(): void {
    clearTimeout(this.settling);
    this.changed.dispose();
    this.created.dispose();
  }

  /** What the choice of a Python depends on. */
  async circumstances(): Promise<Circumstances> {
    const scope = vscode.workspace.workspaceFolders?.[0]?.uri;
    return {
      settings: settingsFor(undefined, this.log),
      trusted: vscode.workspace.isTrusted,
      bundle: await findBundle(this.context.extensionPath),
      minimumVersion: this.context.extension.packageJSON.minimumServerVersion,
      emptyFolder: this.emptyFolder,
      prober: this.prober,
      privatePython: await privatePython(this.context),
      environments: () => this.environments.chosen(scope),
      log: (line) => this.log.info(line),
    };
  }

  /** The command that would start the server now. */
  private async choose(): Promise<Choice> {
    const began = Date.now();
    const launch = await chooseLaunch(await this.circumstances());
    return { launch, choosing: Date.now() - began };
  }

  private async decide(why: string): Promise<void> {
    const decision = ++this.decisions;
    const choice = await this.choose();
    if (decision !== this.decisions) return;
    const same = () => JSON.stringify(choice.launch) === JSON.stringify(this.launch);
    if (!same()) this.giveUpStart();
    await this.enqueue(async () => {
      if (decision !== this.decisions) return;
      if (this.client !== undefined && same()) {
        // The server that runs may not know yet that the workspace is trusted.
        const settings = { trusted: vscode.workspace.isTrusted };
        // One that has just died is started anew, and told then.
        return this.client.sendNotification("workspace/didChangeConfiguration", { settings }).catch(() => undefined);
      }
      this.log.info(`another start of the server: ${why}`);
      this.crashes = [];
      await this.end();
      await this.begin(choice);
    });
  }

  /** Resolves once nothing is about to start; a start may be asked for meanwhile. */
  private async settled(): Promise<void> {
    for (let seen; seen !== this.queue; ) {
      seen = this.queue;
      await seen;
      if (this.client === undefined) await this.deciding;
    }
  }

  /** Programs are started here, where no file of anybody can be taken for a module. */
  private get emptyFolder(): string {
    return path.join(this.context.extensionPath, "dist");
  }

  private async begin(choice?: Choice): Promise<void> {
    const start = { givenUp: false };
    this.starting = start;
    try {
      this.tell({ kind: "starting" });
      const { launch, choosing } = choice ?? (await this.choose());
      if (start.givenUp) return;
      if ("why" in launch) return this.tell({ kind: "failed", cause: launch.lacksParser ? "parser" : "python", why: launch.why });
      // Only now: this module and its libraries are most of the extension.
      const { Running } = await import("./client.ts");
      if (start.givenUp) return;
      this.log.info(`starting ${launch.what}`);
      const running = new Running(launch, this.emptyFolder, this.log, { gone: () => this.crashed(running), command: this.command });
      this.running = running;
      this.launch = launch;
      this.created.fire(running.client);
      await this.greet(running, launch, choosing);
    } finally {
      this.starting = undefined;
    }
  }

  private async greet(running: Running, launch: Launch, choosing: number): Promise<void> {
    const began = Date.now();
    try {
      const version = (await running.start()) ?? "of an unknown version";
      if (this.running !== running) return; // given up, or it has died already
      const took = { choosing, hello: Date.now() - began };
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

  /** A start that takes long, be it to find a Python or to say hello, must not hold up the next, and its end is no failure. */
  private giveUpStart(): void {
    if (this.starting === undefined) return;
    this.starting.givenUp = true;
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
    this.queue = this.queue.then(work).catch((error: Error) => this.broke(error));
    return this.queue;
  }

  /** What nobody thought of. */
  private broke(error: Error): void {
    this.log.error(`${error.stack ?? error}; this is a bug`);
    if (this.client === undefined) this.tell({ kind: "failed", cause: "server", why: `the server of keras-memlint cannot be started: ${error.message}` });
  }
}
