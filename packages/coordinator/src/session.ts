import type { ChainSource } from '@qoima/chain';
import { bitcoinCore } from '@qoima/chain';
import { type Clock, readFileBounded, stateFolder } from '@qoima/journal';
import { type PolicyScripts, policyId, policyScripts, type WalletPolicy } from '@qoima/policy';
import { parseNetwork, withPlace } from '@qoima/primitives';
import { MAX_PSBT_BYTES, type Psbt, parsePsbt } from '@qoima/psbt';
import type { Terminal } from '@qoima/terminal';
import type { Command } from 'commander';
import { type Coordinator, openCoordinator } from './coordinator.ts';
import { nodeOptions } from './node-options.ts';

/** What one command works with. */
export interface Session {
  readonly coordinator: Coordinator;
  readonly terminal: Terminal;
  /** The policy that `--policy` names, or the only one. */
  readonly scripts: () => PolicyScripts;
  /** By the whole id, as our own files have it. */
  readonly scriptsOf: (policyId: string) => PolicyScripts;
  readonly chain: (scripts: PolicyScripts) => ChainSource;
}

/** The options that every command takes. */
export interface GlobalOptions {
  readonly home?: string;
  readonly network: string;
  readonly policy?: string;
  readonly node?: string;
  readonly cookie?: string;
}

export type Env = Readonly<Record<string, string | undefined>>;

/** Makes the session of a command from the options around it. */
export type OpenSession = (command: Command) => Session;

export const sessions =
  (terminal: Terminal, env: Env, clock: Clock): OpenSession =>
  (command) => {
    const options = command.optsWithGlobals<GlobalOptions>();
    const network = parseNetwork(options.network);
    const coordinator = openCoordinator({
      folder: stateFolder({ program: 'qoima', network, home: options.home, env }),
      network,
      clock,
      chain: (policy) => bitcoinCore(nodeOptions(policy, options, env)),
    });
    // Kept, so that a policy's keys are derived once for all the files of a command.
    const opened = new Map<string, PolicyScripts>();
    const scriptsFor = (policy: WalletPolicy): PolicyScripts => {
      const scripts = opened.get(policyId(policy)) ?? policyScripts(policy);
      opened.set(policyId(policy), scripts);
      return scripts;
    };
    return {
      coordinator,
      terminal,
      scripts: () => scriptsFor(coordinator.policies.find(options.policy)),
      scriptsOf: (id) => scriptsFor(coordinator.policies.get(id)),
      chain: ({ policy }) => coordinator.chain(policy),
    };
  };

/** Reads a PSBT from a file of bounded size. @throws `FILE_…`, `PSBT_…`, which name the file */
export const readPsbtFile = (path: string): Psbt => {
  const bytes = readFileBounded(path, MAX_PSBT_BYTES);
  return withPlace(path, () => parsePsbt(bytes), { file: path });
};
