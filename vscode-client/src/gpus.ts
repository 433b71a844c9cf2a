/** Choosing the GPU that the scripts are meant for. */

import * as vscode from "vscode";
import { writeSetting } from "./configuration.ts";
import { activeScript } from "./scripts.ts";
import type { Server } from "./server.ts";

interface Gpu {
  readonly name: string;
  /** In bytes. */
  readonly memory: number;
  readonly computeCapability: readonly [number, number];
}

export async function selectTargetGpu(server: Server): Promise<void> {
  const gpus = await server.request<Gpu[]>("keras-memlint/gpus");
  if (gpus === undefined) return;
  const items: (vscode.QuickPickItem & { value?: string })[] = gpus.map(({ name, memory, computeCapability }) => ({
    label: name,
    description: `${gib(memory)} GiB, compute capability ${computeCapability.join(".")}`,
    value: name,
  }));
  const unset = { label: "Not set", description: "what `pyproject.toml` says, else the GPU of this machine" };
  const picked = await vscode.window.showQuickPick([...items, { label: "", kind: vscode.QuickPickItemKind.Separator }, unset], {
    title: "Target GPU",
    placeHolder: "The GPU that the scripts are meant for",
    matchOnDescription: true,
  });
  if (picked !== undefined) await writeSetting("targetGpu", "value" in picked ? picked.value : undefined, activeScript());
}

function gib(bytes: number): string {
  return String(Number((bytes / 2 ** 30).toFixed(1)));
}
