import { parseArgs } from 'node:util';
import { benchAddresses } from '../packages/policy/bench/addresses.ts';
import { benchGrowth, growthSizes } from '../packages/psbt/bench/growth.ts';
import { benchSession } from '../packages/psbt/bench/session.ts';
import { benchVerify } from '../packages/psbt/bench/verify.ts';
import { benchReview } from '../packages/review/bench/review.ts';
import { benchSigning } from '../packages/signer-ledger/bench/signing.ts';
import { formatTable } from './text-table.ts';

/** CPU milliseconds of the same work by Qoima and by bitcoinjs-lib, taken in one run. */
interface BenchRow {
  readonly name: string;
  readonly oursMs: number;
  readonly theirsMs: number;
  readonly ratio: number;
}

const formatRows = (rows: readonly BenchRow[]): string =>
  formatTable(
    ['CPU time', 'Qoima, ms', 'bitcoinjs, ms', 'times faster'],
    rows.map(({ name, oursMs, theirsMs, ratio }) => [
      name,
      oursMs.toFixed(1),
      theirsMs.toFixed(1),
      ratio.toFixed(1),
    ]),
  );

/** Each bench prints itself; they run one after another, in this process. */
const benches: Readonly<Record<string, () => Promise<string>>> = {
  addresses: async () => formatRows(benchAddresses()),
  session: async () => {
    const { rows, memory } = await benchSession();
    return [
      formatRows(rows),
      formatTable(
        ['peak memory, one session of 1000 inputs', 'MiB'],
        memory.map(({ contestant, peakMib }) => [contestant, String(peakMib)]),
      ),
    ].join('\n\n');
  },
  growth: async () => {
    const growth = benchGrowth();
    // Where all of a session fits, the collector does not copy the large spends' records again and again.
    const roomy = benchGrowth('--max-semi-space-size=64');
    return formatTable(
      ['µs for each of so many inputs', ...growthSizes.map(String), 'exponent', 'with 64 MB young'],
      growth.map(({ step, perInput, exponent }, i) => [
        step,
        ...perInput.map((each) => each.toFixed(1)),
        exponent.toFixed(2),
        roomy[i]!.exponent.toFixed(2),
      ]),
    );
  },
  verify: async () =>
    formatTable(
      ['verify 3000 partial signatures', 'wall, ms', 'CPU, ms', 'times sooner'],
      (await benchVerify()).map(({ name, wallMs, cpuMs, timesSooner }) => [
        name,
        wallMs.toFixed(1),
        cpuMs.toFixed(1),
        timesSooner.toFixed(1),
      ]),
    ),
  review: async () => {
    const { rows, exponent } = benchReview();
    return [
      formatTable(
        ['full review, CPU time', 'review, ms', 'its keys alone, ms', 'times as long'],
        rows.map(({ name, reviewMs, keysMs, ratio }) => [
          name,
          reviewMs.toFixed(1),
          keysMs.toFixed(1),
          ratio.toFixed(2),
        ]),
      ),
      `growth from 128 to 2000 inputs: exponent ${exponent.toFixed(2)}`,
    ].join('\n\n');
  },
  ledger: async () => {
    const { rows, growth } = await benchSigning();
    return [
      formatTable(
        [
          '3-of-5 on a Ledger, inputs',
          'exchanges',
          '350 + 203·(n−1)',
          'kB out',
          'kB in',
          'host, CPU ms',
        ],
        rows.map(({ inputs, exchanges, rule, kilobytesToDevice, kilobytesFromDevice, hostMs }) => [
          String(inputs),
          String(exchanges),
          String(rule),
          kilobytesToDevice.toFixed(0),
          kilobytesFromDevice.toFixed(0),
          hostMs.toFixed(1),
        ]),
      ),
      `512 inputs take ${growth.toFixed(1)} times the host's CPU of 100.`,
    ].join('\n\n');
  },
};

const { positionals } = parseArgs({ allowPositionals: true });
const unknown = positionals.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join()}: ${Object.keys(benches).join(', ')}`);
  process.exitCode = 2;
} else {
  console.log(`Node ${process.version}, ${process.platform} ${process.arch}\n`);
  for (const [name, bench] of Object.entries(benches)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    console.error(`qoima: bench ${name} …`);
    console.log(`${await bench()}\n`);
  }
}
