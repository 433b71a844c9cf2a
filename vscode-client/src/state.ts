/** How the server is: what the status item shows and messages tell of. */

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
