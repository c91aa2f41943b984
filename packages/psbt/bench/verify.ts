import { setTimeout } from 'node:timers/promises';
import { combinePsbts, decodePsbt, encodePsbt, matchPolicy, verifySignatures } from '@qoima/psbt';
import { networks, Psbt } from 'bitcoinjs-lib';
import * as ecc from 'tiny-secp256k1';
import { median } from './calls.ts';
import { qoima } from './qoima-session.ts';
import { spendOf } from './spend.ts';

/** Wall and CPU milliseconds of verifying the same signatures, the median of each. */
export interface VerifyRow {
  readonly name: string;
  readonly wallMs: number;
  readonly cpuMs: number;
  /** How many times sooner than bitcoinjs-lib it is done: the ratio of the wall times. */
  readonly timesSooner: number;
}

const INPUTS = 1000;
const ROUNDS = 15;

/**
 * Every partial signature of a 3-of-5 spend of 1000 inputs, 3000 of them, from the PSBT in memory to the
 * verdict: sighashes, DER and the curve. bitcoinjs-lib by `validateSignaturesOfAllInputs` over
 * tiny-secp256k1, on one thread; Qoima by `verifySignatures` on one thread, and with workers beside it.
 * The contestants take turns. Workers are started and ended within each measurement; their CPU time is
 * read after they have ended.
 *
 * With threads it is the wall time that counts, and that has sense only on an idle machine with as many
 * cores.
 */
export const benchVerify = async (): Promise<readonly VerifyRow[]> => {
  const spend = spendOf(INPUTS);
  const { returned } = await qoima.session(spend);
  const psbt = combinePsbts(returned.map(decodePsbt));
  const match = matchPolicy(psbt, spend.wallet.scripts);
  const bytes = encodePsbt(psbt);
  const ours = (workers: number) => () => {
    verifySignatures(psbt, match, { workers });
  };
  const contestants: readonly (readonly [name: string, prepare: () => () => void])[] = [
    [
      'bitcoinjs-lib',
      () => {
        // A fresh one each time: it remembers hashes.
        const theirs = Psbt.fromBuffer(bytes, { network: networks.regtest });
        return () => {
          const isGood = theirs.validateSignaturesOfAllInputs((key, hash, signature) =>
            ecc.verify(hash, key, signature),
          );
          if (!isGood) throw new Error('every signature was made just now');
        };
      },
    ],
    ['Qoima, this thread alone', () => ours(0)],
    ['Qoima, and one worker', () => ours(1)],
    ['Qoima, and two workers', () => ours(2)],
  ];
  const times = contestants.map(() => ({ wall: [] as number[], cpu: [] as number[] }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, [, prepare]] of contestants.entries()) {
      const work = prepare();
      globalThis.gc?.();
      const [start, before] = [performance.now(), process.cpuUsage()];
      work();
      times[i]!.wall.push(performance.now() - start);
      await setTimeout(TO_END);
      const { user, system } = process.cpuUsage(before);
      times[i]!.cpu.push((user + system) / 1000);
    }
  }
  const theirs = median(times[0]!.wall);
  return contestants.map(([name], i) => {
    const wallMs = median(times[i]!.wall);
    return { name, wallMs, cpuMs: median(times[i]!.cpu), timesSooner: theirs / wallMs };
  });
};

/** Milliseconds, enough for a thread that was told to end. */
const TO_END = 50;
