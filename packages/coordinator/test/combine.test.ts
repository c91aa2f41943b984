import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJournal } from '@qoima/journal';
import { encodeAddress } from '@qoima/policy';
import { concatBytes, formatHex, parseHex } from '@qoima/primitives';
import {
  convertPsbt,
  decodePsbt,
  encodePsbt,
  fieldOf,
  finalizePsbt,
  GLOBAL,
  INPUT,
  matchPolicy,
  OUTPUT,
  type Psbt,
  type PsbtMap,
  partialSignaturesOf,
  record,
  verifySignatures,
  withRecords,
} from '@qoima/psbt';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Coordinator, listCoins, proposeSpend } from '../src/index.ts';
import {
  chainCoin,
  coordinatorIn,
  fakeChain,
  folderOfEachTest,
  qoima,
  sampleSpend,
  scripts,
  writeKeyRecords,
} from './sample.ts';
import { holding, type Name, signaturesBy, signedBy } from './signers.ts';

/* What may come back in a file, handed to the program as an operator would. */

const folder = folderOfEachTest();
let home: string;
let coordinator: Coordinator;
/** Spends two coins. */
let sent: Psbt;
let id: string;

const coins = [
  chainCoin(0, 600_000n),
  chainCoin(1, 500_000n),
  chainCoin(2, 400_000n),
  chainCoin(3, 300_000n),
];
const PAYEE = encodeAddress(
  Uint8Array.of(0, 20, ...new Uint8Array(20).fill(7)),
  scripts.policy.network,
);

const propose = async (chosen: readonly number[], btc = '0.003') => {
  const request = sampleSpend(`${PAYEE}=${btc}`, {
    // The same payments under one label are one spend.
    label: `Of ${chosen.join()}`,
    feeRate: 2_000n,
    coins: chosen.map((i) => coins[i]!.outpoint),
  });
  const { psbt, proposal } = await proposeSpend(coordinator, scripts, request);
  return { psbt, id: proposal.id };
};

beforeEach(async () => {
  home = join(folder.path, 'home');
  mkdirSync(join(folder.path, 'media'));
  const records = writeKeyRecords(folder.path);
  await run('policy', 'create', '--name', 'Reserve', '--required', '2', ...records);
  coordinator = coordinatorIn(join(home, 'regtest'), fakeChain(coins));
  ({ psbt: sent, id } = await propose([0, 1]));
});

const run = (...argv: readonly string[]) => qoima(['--home', home, ...argv]);

const put = (name: string, psbt: Psbt): string => {
  const path = join(folder.path, 'media', name);
  writeFileSync(path, encodePsbt(psbt));
  return path;
};

/** Everything that the program keeps. */
const state = (): readonly (readonly [string, string])[] =>
  readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => [path, readFileSync(path, 'hex')]);

const events = (): readonly string[] =>
  readJournal(coordinator.journalPath).entries.map(({ event }) => event);

interface FileResult {
  readonly file: string;
  readonly [key: string]: unknown;
}

/** What `combine` says, with whichever exit code. */
const combine = async (...files: readonly string[]) => {
  const { code, stdout, stderr } = await run('--json', 'combine', ...files);
  const parsed = JSON.parse(code === 0 ? stdout : stderr) as unknown;
  if (code === 0) return { code, error: undefined, files: parsed as readonly FileResult[] };
  const { error } = parsed as {
    error: { code: string; message: string; details: { results?: readonly FileResult[] } };
  };
  return { code, error, files: error.details.results ?? [] };
};

/** The same as text; nothing is taken a second time. */
const lines = async (...files: readonly string[]): Promise<string> => {
  const { stdout, stderr } = await run('combine', ...files);
  expect(stderr.split('\n')).toHaveLength(stderr === '' ? 1 : 2);
  return stdout;
};

const inFirst = (psbt: Psbt, edit: (map: PsbtMap) => PsbtMap): Psbt => ({
  ...psbt,
  inputs: psbt.inputs.map((map, i) => (i === 0 ? edit(map) : map)),
});
const held = (proposal = id): Psbt => coordinator.proposals.readSigned(proposal);
const broken = (name: Name, psbt = sent) =>
  signaturesBy(psbt, name).map((each) => ({
    ...each,
    signature: each.signature.with(20, (each.signature[20] as number) ^ 1),
  }));

describe('two signatures of one key', () => {
  it('a bad one beside a good one in another file is refused, and the two are held up together', async () => {
    const good = put('good.psbt', signedBy(sent, 'Dana'));
    const bad = put('bad.psbt', holding(sent, broken('Dana')));
    for (const files of [
      [good, bad],
      [bad, good],
    ]) {
      const { code, error, files: results } = await combine(...files);
      expect({ code, error }).toMatchObject({
        code: 3,
        error: { code: 'COORDINATOR_SIGNATURE_REFUSED' },
      });
      expect(error?.message).toContain(bad);
      const byFile = Object.fromEntries(results.map((each) => [each.file, each]));
      expect(byFile[bad]).toMatchObject({
        senders: [],
        taken: {},
        refused: [
          { code: 'PSBT_SIGNATURE_INVALID', input: 0, cosigner: 'Dana', fits: null },
          { code: 'PSBT_SIGNATURE_INVALID', input: 1, cosigner: 'Dana', fits: null },
        ],
        conflicts: [0, 1].map((input) => ({
          input,
          cosigner: 'Dana',
          good: false,
          others: [{ file: good, good: true }],
        })),
      });
      expect(byFile[good]).toMatchObject({
        senders: ['Dana'],
        conflicts: [{ good: true, others: [{ file: bad, good: false }] }, {}],
      });
    }
    expect(held()).toStrictEqual(signedBy(sent, 'Dana'));
    expect(events().filter((event) => event === 'signatures.taken')).toHaveLength(1);
  });

  it('a bad one beside a good one that was stored before', async () => {
    await combine(put('good.psbt', signedBy(sent, 'Dana')));
    const before = state();
    const bad = put('bad.psbt', holding(sent, broken('Dana')));
    const { files } = await combine(bad);
    expect(files).toMatchObject([
      { conflicts: [{ good: false, others: [{ file: null, good: true }] }, {}] },
    ]);
    const text = await lines(bad);
    expect(text).toContain(
      'conflict: a bad signature of Dana at input 0, 1; against a good one stored before',
    );
    expect(state()).toEqual(before);
  });

  it('two bad ones', async () => {
    const bad = put('bad.psbt', holding(sent, broken('Dana')));
    const flagged = put('flagged.psbt', holding(sent, signaturesBy(sent, 'Dana', { flag: 0x82 })));
    const before = state();
    const { files } = await combine(bad, flagged);
    expect(files).toMatchObject([
      { conflicts: [{ others: [{ file: flagged, good: false }] }, {}] },
      { conflicts: [{ others: [{ file: bad, good: false }] }, {}] },
    ]);
    expect(state()).toEqual(before);
  });

  it('a second good one is a note, and the first stays', async () => {
    const first = put('first.psbt', signedBy(sent, 'Dana'));
    const second = put('second.psbt', holding(sent, signaturesBy(sent, 'Dana', { nonce: 77n })));
    await combine(first);
    const before = state();
    const { code, files } = await combine(second);
    expect(code).toBe(0);
    expect(files).toMatchObject([
      {
        senders: ['Dana'],
        taken: {},
        refused: [],
        second: [
          { input: 0, cosigner: 'Dana' },
          { input: 1, cosigner: 'Dana' },
        ],
        conflicts: [{ good: true, others: [{ file: null, good: true }] }, {}],
      },
    ]);
    expect(await lines(second)).toContain(
      'note: another good signature of Dana at input 0, 1; the first stays',
    );
    expect(state()).toEqual(before);
  });

  it('in one file is no PSBT, and the file is named', async () => {
    const [a, b] = [signaturesBy(sent, 'Dana')[0]!, signaturesBy(sent, 'Dana', { nonce: 7n })[0]!];
    const twice = inFirst(sent, (map) => [
      ...map,
      record(INPUT.partialSignature, a.signature, a.publicKey),
      record(INPUT.partialSignature, b.signature, b.publicKey),
    ]);
    const file = put('twice.psbt', twice);
    const before = state();
    const { code, error } = await combine(put('good.psbt', signedBy(sent, 'Bolat')), file);
    expect({ code, error }).toMatchObject({ code: 3, error: { code: 'PSBT_DUPLICATE_KEY' } });
    expect(error?.message).toContain(`${file}: `);
    expect(state()).toEqual(before);
  });
});

describe('a stranger', () => {
  it('is refused by its key, and the rest of the file is taken', async () => {
    const stranger = parseHex('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');
    const [signature] = signaturesBy(sent, 'Dana');
    const file = put(
      'stranger.psbt',
      inFirst(signedBy(sent, 'Bolat'), (map) =>
        withRecords(map, [record(INPUT.partialSignature, signature!.signature, stranger)]),
      ),
    );
    const { code, error, files } = await combine(file);
    expect({ code, error }).toMatchObject({
      code: 3,
      error: { code: 'COORDINATOR_SIGNATURE_REFUSED' },
    });
    expect(files).toMatchObject([
      {
        senders: ['Bolat'],
        taken: { Bolat: 2 },
        refused: [{ code: 'PSBT_SIGNATURE_STRANGER', cosigner: null, input: 0 }],
        conflicts: [],
      },
    ]);
    expect(held()).toStrictEqual(signedBy(sent, 'Bolat'));
  });
});

describe('a file with everything wrong but one signature', () => {
  it('gives the one', async () => {
    const [good] = signaturesBy(sent, 'Aigerim');
    const file = put(
      'one.psbt',
      inFirst(
        holding(sent, [good!, ...broken('Bolat'), ...signaturesBy(sent, 'Dana', { flag: 3 })]),
        (map) => withRecords(map, [record(INPUT.sighashType, 3)]),
      ),
    );
    const text = await lines(file);
    expect(text).toContain('1 by Aigerim');
    expect(text).toContain('refused: Input 0, signature of Bolat');
    expect(text).toContain('(and 1 more like it)');
    expect(text).toContain(
      'refused: PSBT_IN_SIGHASH_TYPE at input 0 asks for another type than ALL',
    );
    expect(held()).toStrictEqual(holding(sent, [good!]));
    expect(events().slice(2)).toEqual(['signatures.taken']);
  });
});

describe('fields that were not sent', () => {
  const unknown = { type: 0xf1, keyData: new Uint8Array(), value: Uint8Array.of(1) };
  const key = parseHex('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');
  const path = { fingerprint: new Uint8Array(4), path: [0] };

  it.each<[string, (psbt: Psbt) => Psbt, object]>([
    [
      'a swapped witness_utxo',
      (psbt) =>
        inFirst(psbt, (map) => {
          const honest = fieldOf(map, INPUT.witnessUtxo)!;
          return withRecords(map, [record(INPUT.witnessUtxo, { ...honest, amount: 1n })]);
        }),
      { field: 'PSBT_IN_WITNESS_UTXO', how: 'altered', map: 'input', indices: [0] },
    ],
    [
      'a swapped non_witness_utxo',
      (psbt) =>
        inFirst(psbt, (map) =>
          withRecords(map, [record(INPUT.nonWitnessUtxo, coins[3]!.transaction)]),
        ),
      { field: 'PSBT_IN_NON_WITNESS_UTXO', how: 'altered' },
    ],
    [
      'a changed derivation',
      (psbt) =>
        inFirst(psbt, (map) =>
          map.map((each) =>
            each.type === INPUT.derivation.type
              ? record(INPUT.derivation, path, each.keyData)
              : each,
          ),
        ),
      { field: 'PSBT_IN_BIP32_DERIVATION', how: 'altered' },
    ],
    [
      'another sighash type',
      (psbt) => ({
        ...psbt,
        inputs: psbt.inputs.map((map) => withRecords(map, [record(INPUT.sighashType, 0x83)])),
      }),
      { field: 'PSBT_IN_SIGHASH_TYPE', how: 'sighash', indices: [0, 1] },
    ],
    [
      'a final witness',
      (psbt) =>
        inFirst(psbt, (map) =>
          withRecords(map, [record(INPUT.finalScriptWitness, [Uint8Array.of(1)])]),
        ),
      { field: 'PSBT_IN_FINAL_SCRIPTWITNESS', how: 'final' },
    ],
  ])('%s: refused by name, and the signatures beside it are taken', async (_what, edit, field) => {
    const file = put('back.psbt', edit(signedBy(sent, 'Dana')));
    const { code, error, files } = await combine(file);
    expect({ code, error }).toMatchObject({
      code: 3,
      error: { code: 'COORDINATOR_FIELDS_REFUSED' },
    });
    expect(error?.message).toContain(`${file} (with good signatures of Dana): PSBT_`);
    expect(files).toMatchObject([
      { senders: ['Dana'], taken: { Dana: 2 }, refused: [], injected: [field] },
    ]);
    expect(held()).toStrictEqual(signedBy(sent, 'Dana'));
    // Without a signature it changes nothing, and is reported all the same.
    const before = state();
    const bare = await combine(put('bare.psbt', edit(sent)));
    expect(bare).toMatchObject({ code: 3, files: [{ senders: [], injected: [field] }] });
    expect(state()).toEqual(before);
  });

  it.each<[string, (psbt: Psbt) => Psbt, object]>([
    [
      'an extended key',
      (psbt) => ({
        ...psbt,
        global: withRecords(psbt.global, [
          record(
            GLOBAL.extendedKey,
            { fingerprint: new Uint8Array(4), path: [1] },
            concatBytes(
              parseHex('043587cf01000000000000000'.padEnd(26, '0')),
              new Uint8Array(32).fill(1),
              key,
            ),
          ),
        ]),
      }),
      { field: 'PSBT_GLOBAL_XPUB', how: 'added', map: 'global' },
    ],
    [
      'a path on the payment',
      (psbt) => ({
        ...psbt,
        outputs: psbt.outputs.map((map, i) =>
          i === 0 ? withRecords(map, [record(OUTPUT.derivation, path, key)]) : map,
        ),
      }),
      { field: 'PSBT_OUT_BIP32_DERIVATION', how: 'added', map: 'output', indices: [0] },
    ],
    [
      'an unknown field',
      (psbt) => ({ ...psbt, global: withRecords(psbt.global, [unknown]) }),
      { field: '0xf1', how: 'added', map: 'global' },
    ],
    [
      'a proprietary field',
      (psbt) =>
        inFirst(psbt, (map) =>
          withRecords(map, [record(INPUT.proprietary, Uint8Array.of(1), parseHex('0361626300'))]),
        ),
      { field: 'PSBT_IN_PROPRIETARY', how: 'added', map: 'input' },
    ],
  ])('%s: named, and left aside', async (_what, edit, field) => {
    const file = put('back.psbt', edit(signedBy(sent, 'Dana')));
    expect(await combine(file)).toMatchObject({
      code: 0,
      files: [{ taken: { Dana: 2 }, injected: [field] }],
    });
    expect(held()).toStrictEqual(signedBy(sent, 'Dana'));
    expect(await lines(file)).toContain('left aside: ');
  });

  it('a PSBT that another program finalised gives nothing, and says why', async () => {
    const signed = signedBy(sent, 'Dana', 'Bolat');
    const final = finalizePsbt(verifySignatures(signed, matchPolicy(signed, scripts)));
    const before = state();
    const file = put('final.psbt', final);
    expect(await combine(file)).toMatchObject({
      code: 3,
      error: { code: 'COORDINATOR_FIELDS_REFUSED' },
      files: [{ senders: [], injected: [{ how: 'final', indices: [0, 1] }] }],
    });
    expect(await lines(file)).toContain('makes it final; signatures alone are taken');
    expect(state()).toEqual(before);
  });

  it('a thousand of them are told in few lines', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => ({ ...unknown, type: 0x100 + i }));
    const noisy = { ...sent, global: withRecords(sent.global, many) };
    const text = await lines(put('noisy.psbt', noisy));
    expect(text).toContain('… and 980 more fields, with --json');
    expect(text.split('\n').length).toBeLessThan(30);
  });
});

describe('nonces used twice', () => {
  it('are named when they come in, and stop what they are in for good', async () => {
    const nonce = 99n;
    const [a] = signaturesBy(sent, 'Aigerim', { nonce });
    const [, b] = signaturesBy(sent, 'Dana', { nonce: nonce - 1n });
    const rest = [signaturesBy(sent, 'Aigerim')[1]!, signaturesBy(sent, 'Dana')[0]!];
    const one = put('a.psbt', holding(sent, [a!, rest[0]!]));
    const two = put('b.psbt', holding(sent, [b!, rest[1]!]));
    expect(await combine(one)).toMatchObject({ code: 0 });
    const { code, error, files } = await combine(two);
    expect({ code, error }).toMatchObject({
      code: 3,
      error: {
        code: 'COORDINATOR_NONCE_SHARED',
        details: {
          signatures: [
            { proposal: id, input: 0, cosigner: 'Aigerim' },
            { proposal: id, input: 1, cosigner: 'Dana' },
          ],
        },
      },
    });
    expect(error?.message).toContain('Aigerim (input 0), Dana (input 1)');
    expect(files).toMatchObject([{ taken: { Dana: 2 }, sharedNonces: [[{}, {}]] }]);
    // A third that would do in their place does not make the files of the two unseen.
    await combine(put('c.psbt', signedBy(sent, 'Bolat')));
    const before = state();
    const end = await run('finalize', id);
    expect(end).toMatchObject({ code: 3 });
    expect(end.stderr).toContain('error COORDINATOR_NONCE_SHARED: ');
    expect(state()).toEqual(before);
  });

  it('are found between one proposal and another, even a withdrawn one', async () => {
    const { psbt, id: other } = await propose([2]);
    await combine(put('a.psbt', holding(sent, signaturesBy(sent, 'Dana', { nonce: 50n }))));
    await run('withdraw', id, '--reason', 'Another fee');
    await combine(put('b.psbt', holding(psbt, signaturesBy(psbt, 'Dana', { nonce: 51n }))));
    expect(await combine(put('c.psbt', signedBy(psbt, 'Bolat')))).toMatchObject({ code: 0 });
    const end = await run('finalize', other);
    expect(end.code).toBe(3);
    expect(end.stderr).toContain(
      `COORDINATOR_NONCE_SHARED: Signatures share their nonce: Dana (input 0), Dana (input 1 of proposal ${id.slice(0, 8)}).`,
    );
  });
});

describe('another proposal that cannot be read', () => {
  const damage = async (proposal: string): Promise<string> => {
    const path = join(home, 'regtest', 'proposals', proposal, 'proposal.json');
    writeFileSync(path, readFileSync(path).subarray(0, 40));
    return path;
  };
  const warning = (): RegExp =>
    new RegExp(`^Warning: proposal ${id.slice(0, 8)} .*proposal.json is damaged`);

  it('stops nothing of a sound one, and each command says so', async () => {
    const { psbt, id: other } = await propose([2]);
    await damage(id);
    const bad = put('bad.psbt', holding(signedBy(psbt, 'Bolat'), broken('Dana', psbt)));
    const good = put('good.psbt', signedBy(psbt, 'Dana'));
    const combined = await run('combine', good, bad);
    expect(combined.code).toBe(3);
    expect(combined.stdout).toMatch(warning());
    expect(combined.stdout).toContain('1 by Dana');
    expect(combined.stderr).toContain('COORDINATOR_SIGNATURE_REFUSED');
    for (const argv of [
      ['status'],
      ['status', other],
      ['inspect', good],
      ['finalize', other],
      ['withdraw', other, '--reason', 'Enough'],
    ]) {
      const { code, stdout } = await run(...argv);
      expect({ argv, code }).toEqual({ argv, code: 0 });
      expect(stdout).toMatch(warning());
    }
    const list: unknown = JSON.parse((await run('--json', 'status')).stdout);
    expect(list).toMatchObject([{ id: other }, { id, state: 'damaged' }]);
  });

  it('keeps its coins, and nothing is proposed', async () => {
    const path = await damage(id);
    const chain = coordinator.chain(scripts.policy);
    const { coins: listed } = await listCoins(coordinator, scripts, chain, 1);
    expect(listed.map(({ lockedBy }) => lockedBy)).toEqual([id, id, undefined, undefined]);
    const before = state();
    await expect(propose([3])).rejects.toThrow(
      expect.objectContaining({
        code: 'COORDINATOR_FILE_INVALID',
        details: { path, proposal: id },
      }),
    );
    expect(state()).toEqual(before);
    const own = await run('finalize', id);
    expect(own.code).toBe(1);
    expect(own.stderr).toContain(path);
  });

  it('has its nonces looked at all the same', async () => {
    const { psbt, id: other } = await propose([2]);
    await combine(put('a.psbt', holding(sent, signaturesBy(sent, 'Dana', { nonce: 50n }))));
    await combine(put('b.psbt', holding(psbt, signaturesBy(psbt, 'Dana', { nonce: 51n }))));
    await combine(put('c.psbt', signedBy(psbt, 'Bolat')));
    await damage(id);
    expect((await run('finalize', other)).stderr).toContain('COORDINATOR_NONCE_SHARED');
  });
});

describe('another proposal whose file is damaged', () => {
  it('stops neither the report nor the finished transaction', async () => {
    const { psbt, id: other } = await propose([2]);
    const path = join(home, 'regtest', 'proposals', id, 'signed.psbt');
    writeFileSync(path, readFileSync(path).subarray(0, -1));
    const file = put('bad.psbt', holding(signedBy(psbt, 'Bolat'), broken('Dana', psbt)));
    expect(await combine(file)).toMatchObject({
      error: { code: 'COORDINATOR_SIGNATURE_REFUSED' },
      files: [{ taken: { Bolat: 1 }, refused: [{ fits: null }] }],
    });
    await combine(put('good.psbt', signedBy(psbt, 'Dana')));
    expect(await run('finalize', other)).toMatchObject({ code: 0 });
    expect(await combine(put('own.psbt', sent))).toMatchObject({
      code: 1,
      error: { code: 'COORDINATOR_FILE_INVALID', details: { path } },
    });
  });

  it('that of another one is taken for neither', async () => {
    await combine(put('both.psbt', signedBy(sent, 'Bolat', 'Dana')));
    await run('withdraw', id, '--reason', 'Wrong payee');
    const { id: other } = await propose([0, 1], '0.002');
    const fileOf = (name: string, proposal: string): string =>
      join(home, 'regtest', 'proposals', proposal, name);
    writeFileSync(fileOf('signed.psbt', other), readFileSync(fileOf('signed.psbt', id)));
    const end = await run('finalize', other);
    expect(end.code).toBe(1);
    expect(end.stderr).toContain('error COORDINATOR_FILE_INVALID: ');
    expect(end.stderr).toContain(fileOf('signed.psbt', other));
    expect(coordinator.proposals.find(other).state).toBe('open');
  });
});

describe('a proposal that was withdrawn', () => {
  const withdraw = (reason = 'The payee asked for another address') =>
    run('--json', 'withdraw', id, '--reason', reason);

  it('sets its coins free, is recorded with its reason, and goes no further', async () => {
    const end = await withdraw();
    expect(JSON.parse(end.stdout)).toMatchObject({
      proposal: {
        state: 'withdrawn',
        withdrawn: {
          time: '2026-01-31T12:00:00.000Z',
          reason: 'The payee asked for another address',
        },
      },
      remains: { complete: false, rivals: [] },
    });
    expect(events()).toEqual(['policy.created', 'spend.proposed', 'spend.withdrawn']);
    expect(readJournal(coordinator.journalPath).entries.at(-1)).toMatchObject({
      facts: { proposal: id, reason: 'The payee asked for another address', complete: false },
    });
    const before = state();
    for (const argv of [
      ['finalize', id],
      ['broadcast', id],
      ['export', id, '--out', join(folder.path, 'out.psbt')],
      ['withdraw', id, '--reason', 'Again'],
    ]) {
      const { code, stderr } = await run(...argv);
      expect({ argv, code }).toEqual({ argv, code: 3 });
      expect(stderr).toContain('error COORDINATOR_WITHDRAWN: ');
    }
    expect(state()).toEqual(before);
    // The same coins, for another spend.
    const again = await propose([0, 1], '0.002');
    expect(coordinator.proposals.find(again.id).coins).toEqual(
      coordinator.proposals.find(id).coins,
    );
    const status = await run('status', id);
    expect(status.stdout).toContain('The payee asked for another address');
    expect(status.stdout).toContain(`proposal ${again.id.slice(0, 8)} would`);
    coordinator.proposals.update({ ...coordinator.proposals.find(again.id), state: 'confirmed' });
    expect((await run('status', id)).stdout).toContain('It can never be sent');
  });

  it('wants a reason, and says when it is as good as signed', async () => {
    expect(await run('withdraw', id)).toMatchObject({ code: 2 });
    expect(await run('withdraw', id, '--reason', '')).toMatchObject({ code: 2 });
    await combine(put('both.psbt', signedBy(sent, 'Bolat', 'Dana')));
    await run('finalize', id);
    const { code, stdout } = await run('withdraw', id, '--reason', 'Too late?');
    expect(code).toBe(0);
    expect(stdout).toContain('Warning: enough cosigners have signed it');
    expect(stdout).toContain('Only spending one of its coins ends that');
    expect(await run('broadcast', id)).toMatchObject({ code: 3 });
    expect(coordinator.proposals.find(id)).toMatchObject({ state: 'withdrawn', txid: id });
  });

  it('cannot be one that was sent', async () => {
    coordinator.proposals.update({
      ...coordinator.proposals.find(id),
      state: 'broadcast',
      txid: id,
    });
    const before = state();
    const { code, stderr } = await run('withdraw', id, '--reason', 'Oh no');
    expect({ code, stderr }).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('COORDINATOR_SENT'),
    });
    expect(state()).toEqual(before);
  });

  it('is named when its signatures return, and they are kept as evidence', async () => {
    await withdraw();
    const one = put('late.psbt', signedBy(sent, 'Dana'));
    const { code, error, files } = await combine(one);
    expect({ code, error }).toMatchObject({ code: 3, error: { code: 'COORDINATOR_WITHDRAWN' } });
    expect(error?.message).toContain(`${one} has signatures of Dana`);
    expect(error?.message).toContain('The payee asked for another address');
    expect(error?.message).not.toContain('can still send it');
    expect(files).toMatchObject([{ state: 'withdrawn', taken: { Dana: 2 } }]);
    expect(readJournal(coordinator.journalPath).entries.at(-1)).toMatchObject({
      event: 'signatures.taken',
      facts: { proposal: id, signatures: { Dana: 2 }, withdrawn: true },
    });
    const two = await combine(put('later.psbt', signedBy(sent, 'Bolat')));
    expect(two.error?.message).toContain('whoever holds their signatures can still send it');
    expect((await run('status', id)).stdout).toContain('Warning: enough cosigners have signed it');
  });

  it('is named when its signatures are put into its successor', async () => {
    await withdraw('A lower fee');
    const { psbt, id: successor } = await propose([0, 1], '0.002');
    const replayed = put(
      'replay.psbt',
      holding(signedBy(psbt, 'Bolat'), signaturesBy(sent, 'Dana')),
    );
    const { code, error, files } = await combine(replayed);
    expect({ code, error }).toMatchObject({
      code: 3,
      error: { code: 'COORDINATOR_SIGNATURE_REFUSED' },
    });
    expect(files).toMatchObject([
      {
        proposal: successor,
        taken: { Bolat: 2 },
        refused: [
          { code: 'PSBT_SIGNATURE_INVALID', cosigner: 'Dana', input: 0, fits: id },
          { code: 'PSBT_SIGNATURE_INVALID', cosigner: 'Dana', input: 1, fits: id },
        ],
      },
    ]);
    expect(await lines(replayed)).toContain(
      `It was made for proposal ${id.slice(0, 8)} (withdrawn).`,
    );
    expect(held(successor)).toStrictEqual(signedBy(psbt, 'Bolat'));
  });

  it('is no matter to a signature of nothing that is known', async () => {
    const { psbt } = await propose([2]);
    const file = put('bad.psbt', holding(psbt, broken('Dana', psbt)));
    expect(await combine(file)).toMatchObject({ files: [{ refused: [{ fits: null }] }] });
  });

  it('a strange spend of its coins is told from one that nobody knows', async () => {
    const two = convertPsbt(sent, 2);
    const global = withRecords(two.global, [record(GLOBAL.fallbackLockTime, 5)]);
    const bumped = decodePsbt(encodePsbt({ ...two, global }));
    const file = put('sibling.psbt', bumped);
    const before = state();
    const { error } = await combine(file);
    expect(error).toMatchObject({
      code: 'COORDINATOR_STRANGE_PSBT',
      details: { file, coinsOf: [id] },
    });
    expect(error?.message).toContain(`spends coins of proposal ${id.slice(0, 8)}`);
    expect(state()).toEqual(before);
  });
});

describe('files in any order', () => {
  it('end in the same stored PSBT, however they are given', async () => {
    const files = [
      put('a.psbt', signedBy(sent, 'Aigerim')),
      put('d.psbt', convertPsbt(signedBy(sent, 'Dana'), 2)),
      put('bad.psbt', holding(sent, broken('Bolat'))),
      put('both.psbt', signedBy(sent, 'Bolat', 'Dana')),
    ];
    const stored = () => readFileSync(join(home, 'regtest', 'proposals', id, 'signed.psbt'), 'hex');
    const unsigned = stored();
    const ends = new Set<string>();
    for (const order of [files, files.toReversed(), [...files, ...files]]) {
      coordinator.proposals.writeSigned(id, sent);
      expect(stored()).toBe(unsigned);
      await combine(...order);
      ends.add(stored());
      coordinator.proposals.writeSigned(id, sent);
      for (const file of order) await combine(file);
      ends.add(stored());
    }
    expect([...ends]).toEqual([formatHex(encodePsbt(signedBy(sent, 'Aigerim', 'Bolat', 'Dana')))]);
    expect(held().inputs.map((map, i) => partialSignaturesOf(map, i).length)).toEqual([3, 3]);
  });
});

describe('what is next for a finished proposal', () => {
  it.each([
    ['final', 'Final', /Send it with "qoima broadcast [0-9a-f]{8}"\.$/],
    ['broadcast', 'Sent', /Watch it with "qoima status [0-9a-f]{8}"\.$/],
    ['confirmed', 'Confirmed', /Nothing is left to do\.$/],
  ] as const)('is true of one that is %s', async (reached, word, next) => {
    const file = put('two.psbt', signedBy(sent, 'Aigerim', 'Dana'));
    await run('combine', file);
    await run('finalize', id);
    coordinator.proposals.update({ ...coordinator.proposals.find(id), state: reached });
    const again = (await run('finalize', id)).stdout.trimEnd();
    expect(again).toContain(`${word}: ${id}, `);
    expect(again).toMatch(next);
    // Signatures that come late change nothing about it.
    const late = (await lines(file)).trimEnd();
    expect(late).toContain(`${word}: ${id}. `);
    expect(late).toMatch(next);
  });
});
