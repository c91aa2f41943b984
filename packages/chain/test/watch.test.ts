import { QoimaError } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import { bitcoinCore } from '../src/bitcoin-core.ts';
import type { ChainSource, WatchedDescriptor, WatchProgress } from '../src/chain-source.ts';
import type { HttpPost } from '../src/http-post.ts';
import {
  type Answer,
  type Answers,
  type ArrivedCall,
  CALL_TIMEOUT_MS,
  instantSleep,
  scriptedNode,
  signalled,
} from './scripted-node.ts';

const BIRTHDAY = 1_700_000_000;

const wanted: readonly WatchedDescriptor[] = [
  { descriptor: "wsh(multi(1,[aa/48']tpubA/0/*))#change00", range: [0, 99], internal: false },
  { descriptor: 'wsh(multi(1,[aa/48h]tpubA/1/*))#change01', range: [0, 99], internal: true },
];

/** A watch-only wallet that keeps what is done to it, as Core does. */
const watchWallet = () => {
  const imported = new Map<string, readonly [number, number]>();
  const labels = new Set<string>();
  const state = { imported, labels, scanning: 'false' };
  const answers: Answers = {
    getblockchaininfo: `{"chain":"regtest","blocks":9,"bestblockhash":"${'0'.repeat(64)}",
      "time":1,"initialblockdownload":false}`,
    listwallets: '["vault"]',
    getwalletinfo: () => `{"private_keys_enabled":false,"scanning":${state.scanning},
      "lastprocessedblock":{"hash":"${'0'.repeat(64)}","height":9}}`,
    listlabels: () => JSON.stringify([...labels]),
    listdescriptors: () =>
      JSON.stringify({ descriptors: [...imported].map(([desc, range]) => ({ desc, range })) }),
    deriveaddresses: '["bcrt1qfirst"]',
    setlabel: ({ params }) => {
      labels.add(String(params['label']));
      return 'null';
    },
    importdescriptors: ({ params }) => {
      const requests = params['requests'] as { desc: string; range: [number, number] }[];
      for (const { desc, range } of requests) {
        const normal = desc.replaceAll("'", 'h').replace(/#.*/, '#normal00');
        imported.set(normal, [range[0], Math.max(range[1], 999)]);
      }
      return JSON.stringify(requests.map(() => ({ success: true })));
    },
  };
  return { state, answers };
};

const open = (answers: Answers, wrap: (post: HttpPost) => HttpPost = (post) => post) => {
  const { post, calls } = scriptedNode(answers);
  const { sleep, slept } = instantSleep();
  const source = bitcoinCore({
    url: 'http://127.0.0.1:18443',
    auth: { user: 'u', password: 'p' },
    network: 'regtest',
    wallet: 'vault',
    timeoutMs: CALL_TIMEOUT_MS,
    post: wrap(post),
    // A turn of the event loop, so that a poll does not starve the call that it watches.
    sleep: async (milliseconds, signal) => {
      await new Promise(setImmediate);
      await sleep(milliseconds, signal);
    },
  });
  return { source, calls, slept };
};

const importsIn = (calls: readonly ArrivedCall[]): ArrivedCall[] =>
  calls.filter(({ method }) => method === 'importdescriptors');

const failure = async (call: Promise<unknown>): Promise<QoimaError> => {
  const error: unknown = await call.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof QoimaError)) throw new Error('expected a QoimaError', { cause: error });
  return error;
};

/** Watches and gives the progress that was told. */
const watch = async (source: ChainSource): Promise<readonly WatchProgress[]> => {
  const told: WatchProgress[] = [];
  await source.watch(wanted, BIRTHDAY, (progress) => told.push(progress));
  return told;
};

describe('the first watch', () => {
  it('imports both branches from the birthday and notes the end of the search', async () => {
    const { state, answers } = watchWallet();
    const { source, calls } = open(answers);
    await watch(source);
    expect(importsIn(calls)).toEqual([
      {
        method: 'importdescriptors',
        wallet: 'vault',
        params: {
          requests: wanted.map(({ descriptor, range, internal }) => ({
            desc: descriptor,
            range,
            internal,
            timestamp: BIRTHDAY,
            active: true,
          })),
        },
      },
    ]);
    expect([...state.labels]).toEqual([expect.stringMatching(/^qoima searched [0-9a-f]{16}$/)]);
    expect(calls.find(({ method }) => method === 'setlabel')?.params['address']).toBe(
      'bcrt1qfirst',
    );
    expect(calls.find(({ method }) => method === 'deriveaddresses')?.params).toEqual({
      descriptor: wanted[0]?.descriptor,
      range: [0, 0],
    });
  });

  it('tells the progress of a long search while the call is open', async () => {
    const { state, answers } = watchWallet();
    const searched = signalled();
    const steps = [
      '{"duration":1,"progress":0}',
      '{"duration":61,"progress":0.25}',
      '{"duration":99,"progress":1.0000001}',
    ];
    let isSearching = false;
    const { source, slept } = open(answers, (post) => async (request) => {
      if (request.body.includes('"importdescriptors"')) {
        isSearching = true;
        await searched.promise;
      } else if (isSearching) {
        state.scanning = steps.shift() ?? 'false';
        if (state.scanning === 'false') searched.signal();
      }
      return post(request);
    });
    await expect(watch(source)).resolves.toEqual([
      { fraction: 0, seconds: 1 },
      { fraction: 0.25, seconds: 61 },
      { fraction: 1, seconds: 99 },
    ]);
    expect(new Set(slept)).toEqual(new Set([1000]));
  });
});

describe('a second watch', () => {
  it('of the same does nothing', async () => {
    const { answers } = watchWallet();
    await watch(open(answers).source);
    const { source, calls } = open(answers);
    await watch(source);
    expect(importsIn(calls)).toEqual([]);
    expect(calls.some(({ method }) => method === 'setlabel')).toBe(false);
  });

  it('after a search that did not end, searches again with the longer range that Core has', async () => {
    const { state, answers } = watchWallet();
    await watch(open(answers).source);
    state.labels.clear();
    const { source, calls } = open(answers);
    await watch(source);
    const [again] = importsIn(calls);
    expect(again?.params['requests']).toMatchObject([{ range: [0, 999] }, { range: [0, 999] }]);
    expect(state.labels.size).toBe(1);
  });

  it('with the note of another wallet file, but without the descriptors, searches', async () => {
    const { state, answers } = watchWallet();
    await watch(open(answers).source);
    state.imported.clear();
    const { source, calls } = open(answers);
    await watch(source);
    expect(importsIn(calls)).toHaveLength(1);
  });

  it('with the note, but with descriptors that begin later, searches', async () => {
    const { state, answers } = watchWallet();
    await watch(open(answers).source);
    for (const descriptor of state.imported.keys()) state.imported.set(descriptor, [1, 999]);
    const { source, calls } = open(answers);
    await watch(source);
    expect(importsIn(calls)).toHaveLength(1);
  });

  it.each([
    ['an earlier birthday', wanted, BIRTHDAY - 1],
    ['a longer range', wanted.map((each) => ({ ...each, range: [0, 1999] as const })), BIRTHDAY],
    [
      'one branch more',
      [...wanted, { ...wanted[0], descriptor: 'wsh(multi(1,tpubB/0/*))#x' }],
      BIRTHDAY,
    ],
  ])('of %s searches again', async (_, descriptors, birthday) => {
    const { answers } = watchWallet();
    await watch(open(answers).source);
    const { source, calls } = open(answers);
    await source.watch(descriptors as readonly WatchedDescriptor[], birthday);
    expect(importsIn(calls)).toHaveLength(1);
    await source.watch(descriptors as readonly WatchedDescriptor[], birthday);
    expect(importsIn(calls)).toHaveLength(1);
  });

  it('waits for the search that another began, and tells its progress', async () => {
    const { state, answers } = watchWallet();
    let looks = 0;
    const { source, calls } = open({
      ...answers,
      getwalletinfo: (call) => {
        looks += 1;
        state.scanning = looks < 4 ? `{"duration":${looks},"progress":0.5}` : 'false';
        return (answers['getwalletinfo'] as (call: ArrivedCall) => Answer)(call);
      },
    });
    await expect(watch(source)).resolves.toEqual([
      { fraction: 0.5, seconds: 2 },
      { fraction: 0.5, seconds: 3 },
    ]);
    expect(importsIn(calls)).toHaveLength(1);
  });
});

describe('an import that fails', () => {
  it.each([
    ['Rescan failed for descriptor with timestamp 5. There was an error reading a block.'],
    ['new range must include current range = [0,999]'],
  ])('leaves no note: %s', async (message) => {
    const { state, answers } = watchWallet();
    const { source } = open({
      ...answers,
      importdescriptors: JSON.stringify([
        { success: true },
        { success: false, error: { code: -1, message } },
      ]),
    });
    const error = await failure(watch(source));
    expect(error.code).toBe('CHAIN_IMPORT_FAILED');
    expect(error.message).toContain(message);
    expect(state.labels.size).toBe(0);
  });

  it('as a whole leaves no note', async () => {
    const { state, answers } = watchWallet();
    const aborted = { code: -1, message: 'Rescan aborted by user.' };
    const { source } = open({ ...answers, importdescriptors: aborted });
    const error = await failure(watch(source));
    expect(error).toMatchObject({
      code: 'CHAIN_IMPORT_FAILED',
      details: { reason: 'Rescan aborted by user.' },
    });
    expect(state.labels.size).toBe(0);
  });

  it('with fewer answers than requests is no success', async () => {
    const { source } = open({ ...watchWallet().answers, importdescriptors: '[{"success":true}]' });
    await expect(watch(source)).rejects.toMatchObject({ code: 'CHAIN_IMPORT_FAILED' });
  });

  it('because another search is going on is tried again after it', async () => {
    const { answers } = watchWallet();
    let attempts = 0;
    const { source } = open({
      ...answers,
      importdescriptors: (call) => {
        attempts += 1;
        const message = 'Wallet is currently rescanning. Abort existing rescan or wait.';
        if (attempts < 3) return { code: -4, message };
        return (answers['importdescriptors'] as (call: ArrivedCall) => Answer)(call);
      },
    });
    await watch(source);
    expect(attempts).toBe(3);
  });

  it('because the node is gone ends after three looks without an answer', async () => {
    const { state, answers } = watchWallet();
    let isGone = false;
    const { source, slept } = open(answers, (post) => async (request) => {
      if (request.body.includes('"importdescriptors"')) {
        isGone = true;
        await new Promise((_, reject) => {
          request.signal.addEventListener('abort', () => reject(new Error('hung up')));
        });
      }
      if (isGone) throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
      return post(request);
    });
    const error = await failure(watch(source));
    expect(error).toMatchObject({
      code: 'CHAIN_UNREACHABLE',
      details: { method: 'getwalletinfo', failure: 'ECONNREFUSED' },
    });
    expect(slept).toEqual([1000, 1000, 1000]);
    expect(state.labels.size).toBe(0);
  });

  it('by a node that only now and then answers late goes on', async () => {
    const { state, answers } = watchWallet();
    const searched = signalled();
    let looks = 0;
    const { source } = open(answers, (post) => async (request) => {
      if (request.body.includes('"importdescriptors"')) {
        looks = 1;
        await searched.promise;
      } else if (looks > 0) {
        looks += 1;
        if (looks > 9) searched.signal();
        else if (looks % 3 !== 0) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
      }
      return post(request);
    });
    await watch(source);
    expect(state.labels.size).toBe(1);
  });
});
