import { join } from 'node:path';
import type { CeremonyRequest } from './ceremony.ts';
import { expectResult } from './program-run.ts';

/** The two programs, each custodian's station in a folder of its own. */
export interface Programs {
  /** Runs `qoima --json …` beside the node; any exit code but `code` (0) ends the rehearsal. */
  coordinator(args: readonly string[], code?: number): Promise<unknown>;
  /**
   * Runs `qoima-station --json …` of one custodian, who is told nothing of the node. With Ledgers it is
   * the program with the custodian's emulated one at its side.
   */
  station(
    custodian: string,
    args: readonly string[],
    around?: { readonly input?: string; readonly mishap?: string },
  ): Promise<unknown>;
}

export const openPrograms = ({ node, folder, record }: CeremonyRequest): Programs => {
  const { clock, signers, program } = record;
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
          who: 'the coordinator',
          folder,
          onStart: program,
          arguments: [...homeOf('coordinator'), ...args],
          env: { ...env, QOIMA_NODE_URL: node.url, QOIMA_NODE_COOKIE: node.cookiePath },
        },
        code,
      ),
    station: (custodian, args, { input = '', mishap = '' } = {}) => {
      const run = {
        who: `the station of ${custodian}`,
        folder,
        onStart: program,
        arguments: [...homeOf(join('stations', custodian)), ...args],
        env: {
          ...env,
          QOIMA_REHEARSAL_LEDGER: join(folder, 'devices', `${custodian}.json`),
          QOIMA_REHEARSAL_MISHAP: mishap,
        },
        input,
      };
      return expectResult(signers === 'ledger' ? 'ledgerStation' : 'station', run);
    },
  };
};
