import { join } from 'node:path';
import type { CeremonyRequest } from './ceremony.ts';
import { expectResult } from './program-run.ts';

/** The two programs, each custodian's station in a folder of its own. */
export interface Programs {
  /** Runs `qoima --json …` beside the node; any exit code but `code` (0) ends the rehearsal. */
  coordinator(args: readonly string[], code?: number): Promise<unknown>;
  /** Runs `qoima-station --json …` of one custodian, who is told nothing of the node. */
  station(custodian: string, args: readonly string[], input?: string): Promise<unknown>;
}

export const openPrograms = ({ node, folder, clock }: CeremonyRequest): Programs => {
  const homeOf = (name: string): readonly string[] => [
    '--home',
    join(folder, name),
    '--network',
    'regtest',
  ];
  const env = { QOIMA_CLOCK: clock };
  return {
    coordinator: (args, code = 0) =>
      expectResult(
        'coordinator',
        {
          arguments: [...homeOf('coordinator'), ...args],
          env: { ...env, QOIMA_NODE_URL: node.url, QOIMA_NODE_COOKIE: node.cookiePath },
        },
        code,
      ),
    station: (custodian, args, input = '') =>
      expectResult(
        'station',
        { arguments: [...homeOf(join('stations', custodian)), ...args], env, input },
        0,
      ),
  };
};
