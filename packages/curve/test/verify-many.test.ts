import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { formatHex, sha256 } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import { compressPoint, type EcdsaCheck, pointOf, verifyEcdsaMany } from '../src/index.ts';
import { verifyEcdsaAt } from '../src/public.ts';
import { publicKeyOf, signEcdsa } from '../src/secret.ts';
import {
  answerBlocks,
  answerRest,
  awaitHelpers,
  beginHelp,
  endHelp,
  shareChecks,
} from '../src/shared-checks.ts';
import { verifyWithWorkers, workerFile, workersFor } from '../src/verify-many.ts';

const goodCheck = (i: number): EcdsaCheck => {
  const secret = sha256(Uint8Array.of(i & 0xff, i >> 8));
  const hash = sha256(secret);
  return { hash, point: pointOf(publicKeyOf(secret))!, signature: signEcdsa(hash, secret) };
};

const changed = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.with(at, (bytes[at] as number) ^ 1);

/** Ways in which a check is not good. */
const spoilers: readonly ((check: EcdsaCheck) => EcdsaCheck)[] = [
  (check) => ({ ...check, hash: changed(check.hash, 31) }),
  (check) => ({ ...check, point: changed(check.point, 0) }),
  (check) => ({ ...check, point: changed(check.point, 64) }),
  (check) => ({ ...check, signature: changed(check.signature, 0) }),
  (check) => ({ ...check, signature: changed(check.signature, 63) }),
  (check) => ({ ...check, signature: check.signature.with(32, 0xff) }),
  (check) => ({ ...check, signature: new Uint8Array(64) }),
  (check) => ({ ...check, hash: check.hash.subarray(1) }),
  (check) => ({ ...check, hash: new Uint8Array() }),
  (check) => ({ ...check, point: Uint8Array.of(...check.point, 0) }),
  (check) => ({ ...check, point: compressPoint(check.point) }),
  (check) => ({ ...check, signature: Uint8Array.of(...check.signature, 0) }),
  (check) => ({ ...check, signature: check.signature.subarray(1) }),
];

/** Good ones and, in every third place, bad ones of all sorts. */
const checks: readonly EcdsaCheck[] = Array.from({ length: 200 }, (_, i) => {
  const check = goodCheck(i);
  return i % 3 === 2 ? spoilers[((i - 2) / 3) % spoilers.length]!(check) : check;
});
const answers = checks.map(({ hash, point, signature }) => verifyEcdsaAt(hash, point, signature));

const isWhole = ({ hash, point, signature }: EcdsaCheck): boolean =>
  hash.length === 32 && point.length === 65 && signature.length === 64;

const unasked = (): boolean => {
  throw new Error('every check was answered before');
};

describe('checks in shared memory', () => {
  it('are good only where every third is not', () => {
    expect(answers).toEqual(checks.map((_, i) => i % 3 !== 2));
  });

  it('are answered as one by one', () => {
    const memory = shareChecks(checks);
    answerBlocks(memory, verifyEcdsaAt);
    expect(answerRest(memory, unasked)).toEqual(answers);
  });

  it('that a thread took and left are answered by the next that looks for them', () => {
    const memory = shareChecks(checks);
    const dies = (): boolean => {
      throw new Error('this thread dies');
    };
    for (let thread = 0; thread < 3; thread++) {
      expect(() => answerBlocks(memory, dies)).toThrow('dies');
    }
    answerBlocks(memory, verifyEcdsaAt);
    let asked = 0;
    const rest = answerRest(memory, (...check) => {
      asked++;
      return verifyEcdsaAt(...check);
    });
    expect(rest).toEqual(answers);
    // Those of another length have their answer from the start.
    expect(asked).toBe(checks.slice(0, 3 * 16).filter(isWhole).length);
  });

  it('have no answer in a value that is none', () => {
    const whole = checks.filter(isWhole);
    const memory = shareChecks(whole);
    new Uint8Array(memory).fill(0xff, memory.byteLength - whole.length);
    expect(answerRest(memory, verifyEcdsaAt)).toEqual(
      answers.filter((_, i) => isWhole(checks[i]!)),
    );
  });

  it('may be none', () => {
    const memory = shareChecks([]);
    answerBlocks(memory, unasked);
    expect(answerRest(memory, unasked)).toEqual([]);
  });

  it('are no work for a helper that comes too late', () => {
    const memory = shareChecks(checks);
    expect(beginHelp(memory)).toBe(true);
    answerBlocks(memory, verifyEcdsaAt);
    expect(beginHelp(memory)).toBe(false);
    endHelp(memory);
    // Nobody is at work: there is nothing to wait for.
    awaitHelpers(memory, Number.POSITIVE_INFINITY);
    expect(beginHelp(shareChecks([]))).toBe(false);
  });

  it('do not wait for ever for a helper that died', () => {
    const memory = shareChecks(checks);
    expect(beginHelp(memory)).toBe(true);
    awaitHelpers(memory, 1);
    expect(answerRest(memory, verifyEcdsaAt)).toEqual(answers);
  });

  it.each(['', 'wasm'])('are all answered by the worker alone, QOIMA_CURVE=%s', async (curve) => {
    const memory = shareChecks(checks);
    const env = { ...process.env, QOIMA_CURVE: curve };
    const worker = new Worker(workerFile, { workerData: memory, execArgv: [], env });
    const code = await new Promise((resolve, reject) => {
      worker.on('error', reject).on('exit', resolve);
    });
    expect(code).toBe(0);
    expect(answerRest(memory, unasked)).toEqual(answers);
  });
});

describe('verifyEcdsaMany', () => {
  it.each([0, 1, 2, 3])('answers as verifyEcdsaAt with %i workers', (workers) => {
    expect(verifyEcdsaMany(checks, { workers })).toEqual(answers);
    expect(verifyEcdsaMany([], { workers })).toEqual([]);
    expect(verifyEcdsaMany(checks.slice(2, 3), { workers })).toEqual([false]);
  });

  it('starts no worker for a few, and never more than two or than there are cores to spare', () => {
    expect(workersFor(0)).toBe(0);
    expect(workersFor(299)).toBe(0);
    expect(workersFor(1500)).toBe(Math.min(2, availableParallelism() - 1));
    expect(workersFor(1_000_000)).toBe(workersFor(1500));
  });

  const source = (text: string): URL => new URL(`data:text/javascript,${encodeURIComponent(text)}`);
  const worker = "import { workerData as memory } from 'node:worker_threads';";
  const strange: readonly (readonly [string, URL])[] = [
    ['is not there', new URL('../dist/no-such-file.js', import.meta.url)],
    ['is no program', source('this is no program')],
    ['throws', source("throw new Error('no')")],
    ['rejects', source("Promise.reject(new Error('no'))")],
    ['ends at once', source('process.exit(3)')],
    [
      'takes blocks and dies',
      source(`${worker}
      Atomics.add(new Int32Array(memory, 0, 1), 0, 64); throw new Error('no');`),
    ],
    [
      'takes everything and does nothing',
      source(`${worker}
      Atomics.add(new Int32Array(memory, 0, 1), 0, 1 << 20);`),
    ],
    ['runs the counter over', source(`${worker} new Int32Array(memory, 0, 1)[0] = 1 << 30;`)],
  ];

  it.each(strange)('answers the same if the worker %s', (_, file) => {
    expect(verifyWithWorkers(checks, 2, file)).toEqual(answers);
  });

  // A program of its own shows what Vitest would hide: an error that nobody hears, a thread left over.
  const programWith = (file: URL, ending: string): ReturnType<typeof spawnSync> => {
    const { hash, point, signature } = goodCheck(1);
    const script = `
      import { verifyWithWorkers } from ${text(new URL('../dist/verify-many.js', import.meta.url).href)};
      const [hash, point, signature] = ${text([hash, point, signature].map(formatHex))}
        .map((hex) => new Uint8Array(Buffer.from(hex, 'hex')));
      const ended = [];
      process.on('worker', (worker) => ended.push(new Promise((end) => worker.on('exit', end))));
      const checks = Array.from({ length: 1500 }, (_, i) =>
        ({ hash: i % 2 === 0 ? hash : new Uint8Array(32), point, signature }));
      const answers = verifyWithWorkers(checks, 2, new URL(${text(file.href)}));
      console.log(answers.filter((each, i) => each === (i % 2 === 0)).length);
      ${ending}
    `;
    const args = ['--input-type=module', '--eval', script];
    return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 });
  };

  it.each([['is as it must be', workerFile] as const, ...strange])(
    'ends its threads, and quietly, if the worker %s',
    (_, file) => {
      const ending = `
        const running = setInterval(() => {}, 1000);
        await new Promise(setImmediate);
        await Promise.all(ended);
        clearInterval(running);
        console.log(ended.length);
      `;
      const { status, stdout, stderr } = programWith(file, ending);
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '1500\n2\n', stderr: '' });
    },
  );

  it.each([
    ['comes to its end', ''],
    ['exits', 'process.exit()'],
  ])('keeps no program that %s', (_, ending) => {
    const { status, stdout, stderr } = programWith(source('setInterval(() => {}, 1000)'), ending);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '1500\n', stderr: '' });
  });
});

const text = (value: unknown): string => JSON.stringify(value);
