/** A node that answers Bitcoin Core's JSON-RPC on loopback, embedded or real. */
export interface RunningNode {
  /** For people: `the embedded regtest node`, `Bitcoin Core v31.0`. */
  readonly name: string;
  readonly url: string;
  readonly cookiePath: string;
  stop(): Promise<void>;
}
