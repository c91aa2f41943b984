import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJournal } from '@qoima/journal';
import { defaultLimits, encodeAddress, policyId, policyScripts } from '@qoima/policy';
import { formatHex, formatOutpoint, parseOutpoint, type QoimaError } from '@qoima/primitives';
import { createPsbt, decodeTransaction, encodeTransaction, transactionId } from '@qoima/psbt';
import { describe, expect, it } from 'vitest';
import { limitPolicy } from '../src/create-policy.ts';
import {
  broadcastProposal,
  type Coordinator,
  finalizeProposal,
  listCoins,
  nextAddress,
  parsePayment,
  proposalStatus,
  proposeSpend,
  type SpendRequest,
  takeReturned,
  withdrawProposal,
} from '../src/index.ts';
import {
  chainCoin,
  coordinatorIn,
  fakeChain,
  folderOfEachTest,
  NOW,
  sampleSpend,
  scripts,
  unknownTransaction,
  unreachable,
} from './sample.ts';
import { signedBy } from './signers.ts';

const folder = folderOfEachTest();

const code = (wanted: string): unknown => expect.objectContaining({ code: wanted });

const PAYEE = encodeAddress(
  Uint8Array.of(0, 20, ...new Uint8Array(20).fill(7)),
  scripts.policy.network,
);

const request = (more: Partial<SpendRequest> = {}): SpendRequest =>
  sampleSpend(`${PAYEE}=0.01`, { label: 'Invoice 7', ...more });

const events = (coordinator: Coordinator): readonly string[] =>
  existsSync(coordinator.journalPath)
    ? readJournal(coordinator.journalPath).entries.map(({ event }) => event)
    : [];

const coins = [chainCoin(0, 2_000_000n), chainCoin(1, 1_500_000n), chainCoin(2, 900_000n)];

describe('a proposal', () => {
  it('is stored with its PSBT, recorded, and has its coins and its change address', async () => {
    const coordinator = coordinatorIn(folder.path, fakeChain(coins));
    const { proposal, report } = await proposeSpend(coordinator, scripts, request());
    expect(proposal).toMatchObject({
      policyId: policyId(scripts.policy),
      label: 'Invoice 7',
      created: '2026-01-31T12:00:00.000Z',
      state: 'open',
      coins: [formatOutpoint(coins[0]?.outpoint as (typeof coins)[0]['outpoint'])],
      payments: [{ address: PAYEE, amountSats: 1_000_000n }],
      change: { index: 0 },
    });
    expect(report.findings).toEqual([]);
    expect(coordinator.proposals.find(proposal.id)).toEqual(proposal);
    expect(events(coordinator)).toEqual(['spend.proposed']);
    expect(coordinator.addresses.next(proposal.policyId).change).toBe(1);

    const second = await proposeSpend(coordinator, scripts, request({ label: 'Invoice 8' }));
    expect(second.proposal.coins).not.toEqual(proposal.coins);
    expect(second.proposal.change?.index).toBe(1);
    const listed = await listCoins(coordinator, scripts, coordinator.chain(scripts.policy), 1);
    expect(listed.coins.map(({ lockedBy }) => lockedBy)).toEqual([
      proposal.id,
      second.proposal.id,
      undefined,
    ]);
  });

  it('is not made twice by a command that is run again', async () => {
    const coordinator = coordinatorIn(folder.path, fakeChain(coins));
    const { proposal } = await proposeSpend(coordinator, scripts, request());
    await expect(proposeSpend(coordinator, scripts, request({ feeRate: 9_000n }))).rejects.toThrow(
      expect.objectContaining({
        code: 'COORDINATOR_PROPOSAL_EXISTS',
        details: { proposal: proposal.id, created: proposal.created },
      }),
    );
    expect(events(coordinator)).toEqual(['spend.proposed']);
    // Once it is on its way, the same may be paid again.
    coordinator.proposals.update({ ...proposal, state: 'broadcast', txid: proposal.id });
    await proposeSpend(coordinator, scripts, request());
    expect(events(coordinator)).toEqual(['spend.proposed', 'spend.proposed']);
  });

  it('is reviewed under the limits that hold when it is stored', async () => {
    // While the node searches, which may take hours, somebody sets limits.
    const narrow = { ...defaultLimits, block: { ...defaultLimits.warn, feeSats: 1n } };
    const limits = { ...narrow, warn: narrow.block };
    const chain = fakeChain(coins, {
      watch: async () => {
        await limitPolicy(coordinator, scripts.policy, limits);
      },
    });
    const coordinator = coordinatorIn(folder.path, chain);
    await expect(proposeSpend(coordinator, scripts, request())).rejects.toThrow(
      code('COORDINATOR_REVIEW_BLOCKED'),
    );
    expect(events(coordinator)).toEqual(['policy.limited']);
  });

  it('spends exactly the coins that were named', async () => {
    const coordinator = coordinatorIn(folder.path, fakeChain(coins));
    const named = coins.slice(1).map(({ outpoint }) => outpoint);
    const { proposal } = await proposeSpend(coordinator, scripts, request({ coins: named }));
    expect(proposal.coins).toEqual(named.map(formatOutpoint));
  });

  it('tells where a coin went that was named', async () => {
    const known = fakeChain(coins);
    const coordinator = coordinatorIn(folder.path, known);
    const { proposal } = await proposeSpend(coordinator, scripts, request());
    const [outpoint] = proposal.coins.map(parseOutpoint);
    const again = request({ label: 'Another', coins: outpoint === undefined ? [] : [outpoint] });
    await expect(proposeSpend(coordinator, scripts, again)).rejects.toThrow(
      `is taken by proposal ${proposal.id}, which is open.`,
    );
    // Spent: the node lists it no more.
    coordinator.proposals.update({ ...proposal, state: 'broadcast', txid: proposal.id });
    const after = coordinatorIn(folder.path, fakeChain(coins.slice(1)));
    await expect(proposeSpend(after, scripts, again)).rejects.toThrow(
      `is taken by proposal ${proposal.id}, which is broadcast.`,
    );
    const unknown = { txid: 'a'.repeat(64), vout: 0 };
    await expect(
      proposeSpend(after, scripts, request({ label: 'Third', coins: [unknown] })),
    ).rejects.toThrow(
      `The node lists no unspent coin ${formatOutpoint(unknown)} of this policy with 1 or more confirmations.`,
    );
  });

  it('takes the estimate of the node, or asks for a rate', async () => {
    const estimating = fakeChain(coins, { estimateFeeRate: async () => 7_000n });
    const given = request({ feeRate: undefined });
    const coordinator = coordinatorIn(folder.path, estimating);
    const { report } = await proposeSpend(coordinator, scripts, given);
    expect(report.feeRate).toBeGreaterThanOrEqual(7_000n);
    await expect(
      proposeSpend(coordinatorIn(folder.path, fakeChain(coins)), scripts, given),
    ).rejects.toThrow(code('COORDINATOR_NO_FEE_RATE'));
  });

  it('is not made of more than can be read again', async () => {
    const ballast = { amount: 0n, script: new Uint8Array(900_000) };
    const outputs = coins.map(({ amount, scriptPubKey }) => ({ amount, script: scriptPubKey }));
    const { inputs } = decodeTransaction(chainCoin(0, 1n).transaction);
    const made = Array.from({ length: 56 }, (_, i) => outputs[i % 3] as (typeof outputs)[0]);
    const transaction = encodeTransaction({
      ...{ version: 2, lockTime: 0, inputs },
      outputs: [...made, ballast],
    });
    const txid = transactionId(transaction);
    const large = made.map(({ amount, script }, vout) => ({
      ...{ outpoint: { txid, vout }, amount, scriptPubKey: script, confirmations: 6 },
      transaction,
    }));
    const coordinator = coordinatorIn(folder.path, fakeChain(large));
    const propose = (payment: string) =>
      proposeSpend(coordinator, scripts, sampleSpend(`${PAYEE}=${payment}`));
    await expect(propose('0.82')).rejects.toThrow(code('COORDINATOR_SPEND_TOO_LARGE'));
    expect(coordinator.proposals.list()).toEqual([]);
    expect(events(coordinator)).toEqual([]);
  });

  it('is not made twice', async () => {
    const coordinator = coordinatorIn(folder.path, fakeChain([chainCoin(0, 1_000_500n)]));
    const { proposal } = await proposeSpend(coordinator, scripts, request({ feeRate: 1_000n }));
    expect(proposal.change).toBeNull();
    // As after a reorganisation: the coin is there again.
    coordinator.proposals.update({ ...proposal, state: 'confirmed' });
    await expect(proposeSpend(coordinator, scripts, request({ feeRate: 1_000n }))).rejects.toThrow(
      code('COORDINATOR_PROPOSAL_EXISTS'),
    );
    expect(events(coordinator)).toEqual(['spend.proposed']);
  });

  it('is not made of a coin that an earlier one spends, unless that is meant', async () => {
    const coordinator = coordinatorIn(folder.path, fakeChain([chainCoin(0, 3_000_000n)]));
    const { proposal } = await proposeSpend(coordinator, scripts, request());
    // As after a reorganisation: the coin is there again.
    coordinator.proposals.update({ ...proposal, state: 'confirmed' });
    const other = request({ feeRate: 9_000n });
    await expect(proposeSpend(coordinator, scripts, other)).rejects.toThrow(
      expect.objectContaining({
        code: 'COORDINATOR_WARNING_OPEN',
        message: expect.stringContaining('history-coin-signed'),
      }),
    );
    const accepted = [
      'history-coin-signed',
      'fee-over-limit',
      'foo\u001b[31m',
      'history-coin-signed',
    ];
    const meant = { ...other, acceptedWarnings: accepted };
    const { report } = await proposeSpend(coordinator, scripts, meant);
    // What was accepted and not found is not said to have been.
    const { entries } = readJournal(coordinator.journalPath);
    expect(entries.map(({ facts }) => facts['acceptedWarnings'])).toEqual([
      [],
      ['history-coin-signed'],
    ]);
    expect(report.findings).toMatchObject([
      { rule: 'history-coin-signed', facts: { earlier: [proposal.id] } },
    ]);
  });

  const dear = (share: bigint) => request({ feeRate: share });

  it.each([
    [
      'lies about an amount',
      fakeChain([{ ...chainCoin(0, 2_000_000n), amount: 3_000_000n }]),
      request(),
      'PSBT_COIN_MISMATCH',
    ],
    [
      'gives another transaction',
      fakeChain(coins, { transaction: async () => chainCoin(9, 1n).transaction }),
      request(),
      'PSBT_PREVIOUS_TX_WRONG',
    ],
    [
      'counts a coin of strangers to the policy',
      fakeChain([{ ...chainCoin(0, 2_000_000n), scriptPubKey: Uint8Array.of(0x51) }]),
      request(),
      'COORDINATOR_FUNDS_SHORT',
    ],
    [
      'has not got a coin that was named',
      fakeChain(coins),
      request({ coins: [{ txid: 'a'.repeat(64), vout: 0 }] }),
      'COORDINATOR_COIN_UNKNOWN',
    ],
    ['has too few coins', fakeChain(coins.slice(2)), request(), 'COORDINATOR_FUNDS_SHORT'],
    ['has none', fakeChain([]), request(), 'COORDINATOR_FUNDS_SHORT'],
    [
      'estimates a fee above all there is',
      fakeChain(coins),
      dear(999_999_000n),
      'COORDINATOR_FUNDS_SHORT',
    ],
  ] as const)('is not made when the node %s', async (_what, chain, asked, wanted) => {
    const coordinator = coordinatorIn(folder.path, chain);
    await expect(proposeSpend(coordinator, scripts, asked)).rejects.toThrow(code(wanted));
    expect(coordinator.proposals.list()).toEqual([]);
    expect(coordinator.addresses.next(policyId(scripts.policy)).change).toBe(0);
    expect(events(coordinator)).toEqual([]);
  });

  it('is not made of a policy whose birthday is still to come', async () => {
    const ahead = policyScripts({ ...scripts.policy, birthday: NOW.getTime() / 1000 + 1 });
    const unasked = fakeChain(coins, {
      watch: async () => {
        throw new Error('a search from there finds nothing');
      },
    });
    const coordinator = coordinatorIn(folder.path, unasked);
    await expect(proposeSpend(coordinator, ahead, request())).rejects.toThrow(
      code('COORDINATOR_BIRTHDAY_AHEAD'),
    );
    expect(events(coordinator)).toEqual([]);
  });

  it('lets nobody in between the choice of its coins and its record', async () => {
    const coordinator = coordinatorIn(folder.path, fakeChain(coins));
    const [first, second] = await Promise.allSettled([
      proposeSpend(coordinator, scripts, request()),
      proposeSpend(coordinator, scripts, request()),
    ]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'JOURNAL_LOCKED' } });
  });

  it('has the chain searched before it takes the lock', async () => {
    const waiting = fakeChain(coins, {
      watch: async (descriptors) => {
        expect(descriptors.map(({ range }) => range)).toEqual([
          [0, 999],
          [0, 999],
        ]);
        // As another process may do meanwhile.
        await nextAddress(coordinatorIn(folder.path), scripts.policy);
      },
    });
    const coordinator = coordinatorIn(folder.path, waiting);
    await proposeSpend(coordinator, scripts, request());
    expect(events(coordinator)).toEqual(['address.given', 'spend.proposed']);
  });
});

describe('a payment', () => {
  it.each([
    ['', 'COORDINATOR_PAYMENT_INVALID'],
    [PAYEE, 'COORDINATOR_PAYMENT_INVALID'],
    ['=1', 'COORDINATOR_PAYMENT_INVALID'],
    ['nowhere=1', 'POLICY_ADDRESS_INVALID'],
    [`${PAYEE}=`, 'COORDINATOR_PAYMENT_INVALID'],
    [`${PAYEE}=-1`, 'COORDINATOR_PAYMENT_INVALID'],
    [`${PAYEE}=1e3`, 'COORDINATOR_PAYMENT_INVALID'],
    [`${PAYEE}=0.123456789`, 'COORDINATOR_PAYMENT_INVALID'],
    [`${PAYEE}=0,5`, 'COORDINATOR_PAYMENT_INVALID'],
    [`${PAYEE}=21000001`, 'COORDINATOR_PAYMENT_INVALID'],
    [`1=${PAYEE}`, 'COORDINATOR_PAYMENT_INVALID'],
    ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4=1', 'POLICY_ADDRESS_NETWORK'],
  ])('%s is refused with %s', (text, wanted) => {
    expect(() => parsePayment(text, scripts)).toThrow(code(wanted));
  });

  const messageOf = (text: string, place?: string): string => {
    try {
      parsePayment(text, scripts, place);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('nothing was thrown');
  };

  it.each([
    [
      `${PAYEE}=1,5`,
      /^The amount of --pay 2 of 3 is "1,5"; expected is BTC in plain digits, with a/,
    ],
    [
      `${PAYEE}=21000001`,
      /^The amount of --pay 2 of 3 is "21000001"; expected is at most 21 million/,
    ],
    [`${PAYEE}=1 BTC`, /^The amount of --pay 2 of 3 is a text of 5 characters; expected is BTC in/],
    ['nowhere=1', /^--pay 2 of 3: The text of 7 characters is no address/],
    ['nowhere', /^--pay 2 of 3 is no payment: a text of 7 characters/],
  ])('that is mistyped is told by its place and with what is expected: %s', (text, said) => {
    expect(messageOf(text, '--pay 2 of 3')).toMatch(said);
  });

  /** A private key on a test network, of the secret 1. */
  const WIF = 'cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA';

  it.each([WIF, `${WIF}=1`, `${PAYEE}=${WIF}`, `=${WIF}`])(
    'that may be a private key is not quoted: %s',
    (text) => {
      expect(messageOf(text)).not.toMatch(/cMah/);
      try {
        parsePayment(text, scripts);
      } catch (error) {
        const { details, cause } = error as QoimaError;
        expect(JSON.stringify(details)).not.toMatch(/cMah/);
        expect(String(cause)).not.toMatch(/cMah/);
      }
    },
  );

  it('is an address and an exact amount', () => {
    expect(parsePayment(`${PAYEE}=0.00000001`, scripts)).toMatchObject({
      address: PAYEE,
      amount: 1n,
    });
  });
});

describe('what comes back', () => {
  it('is refused if it was never proposed', async () => {
    const coordinator = coordinatorIn(folder.path, fakeChain(coins));
    await proposeSpend(coordinator, scripts, request());
    const { transaction, ...coin } = chainCoin(5, 1_000_000n);
    const strange = createPsbt({
      scripts,
      coins: [{ ...coin, branch: 'receive', index: 5, previousTransaction: transaction }],
      outputs: [{ kind: 'change', index: 0, amount: 999_000n }],
    });
    await expect(
      takeReturned(coordinator, () => scripts, [{ from: 'strange.psbt', psbt: strange }]),
    ).rejects.toThrow(code('COORDINATOR_STRANGE_PSBT'));
    expect(events(coordinator)).toEqual(['spend.proposed']);
  });

  it('changes nothing without a new signature', async () => {
    const coordinator = coordinatorIn(folder.path, fakeChain(coins));
    const { psbt } = await proposeSpend(coordinator, scripts, request());
    const taken = await takeReturned(coordinator, () => scripts, [{ from: 'back.psbt', psbt }]);
    expect(taken).toMatchObject([{ from: 'back.psbt', taken: {}, refused: [], injected: [] }]);
    expect(events(coordinator)).toEqual(['spend.proposed']);
  });
});

const flagged = (signature: Uint8Array): Uint8Array => signature.with(signature.length - 1, 0x82);

describe('a finished spend', () => {
  const finished = async (coordinator: Coordinator) => {
    const { proposal, psbt } = await proposeSpend(coordinator, scripts, request());
    const signed = signedBy(psbt, 'Aigerim', 'Dana');
    await takeReturned(coordinator, () => scripts, [{ from: 'back.psbt', psbt: signed }]);
    return (await finalizeProposal(coordinator, scripts, proposal.id)).proposal;
  };
  const before = ['spend.proposed', 'signatures.taken', 'spend.finalized'];

  it('is sent once the node would take it, and may be sent again', async () => {
    const chain = fakeChain(coins);
    const coordinator = coordinatorIn(folder.path, chain);
    const { id, txid } = await finished(coordinator);
    expect(await broadcastProposal(coordinator, scripts, chain, id)).toMatchObject({
      proposal: { state: 'broadcast', txid },
      found: undefined,
    });
    expect(await broadcastProposal(coordinator, scripts, chain, id)).toMatchObject({
      proposal: { state: 'broadcast' },
    });
    expect(events(coordinator)).toEqual([...before, 'spend.broadcast']);
  });

  it('is not sent if the node would not take it', async () => {
    const chain = fakeChain(coins, {
      testAccept: async () => ({ allowed: false, reason: 'min relay fee not met' }),
      broadcast: async () => {
        throw new Error('it must not be sent');
      },
    });
    const coordinator = coordinatorIn(folder.path, chain);
    const { id } = await finished(coordinator);
    await expect(broadcastProposal(coordinator, scripts, chain, id)).rejects.toThrow(
      /COORDINATOR_NODE_REFUSES|min relay fee not met/,
    );
    expect(coordinator.proposals.find(id).state).toBe('final');
  });

  it.each<[string, (stack: Uint8Array[]) => void, string]>([
    [
      'an item in the place of the dummy',
      (stack) => stack.splice(0, 1, Uint8Array.of(1)),
      'PSBT_FINAL_SCRIPT_WRONG',
    ],
    [
      'its signatures in the other order',
      (stack) => stack.splice(1, 2, ...stack.slice(1, 3).reverse()),
      'PSBT_FINAL_SCRIPT_WRONG',
    ],
    [
      'another flag',
      (stack) => stack.splice(1, 1, flagged(stack[1] as Uint8Array)),
      'PSBT_SIGNATURE_FLAG',
    ],
  ])('is not sent with %s: its file was changed', async (_what, edit, wanted) => {
    const chain = fakeChain(coins, {
      testAccept: async () => {
        throw new Error('the node must not see it');
      },
    });
    const coordinator = coordinatorIn(folder.path, chain);
    const proposal = await finished(coordinator);
    const { inputs, ...rest } = decodeTransaction(coordinator.proposals.readTransaction(proposal));
    const changed = inputs.map((input) => {
      const witness = [...input.witness];
      edit(witness);
      return { ...input, witness };
    });
    // The same txid, so that nothing else notices.
    coordinator.proposals.writeTransaction(
      proposal.id,
      encodeTransaction({ ...rest, inputs: changed }),
    );
    await expect(broadcastProposal(coordinator, scripts, chain, proposal.id)).rejects.toThrow(
      code(wanted),
    );
    expect(events(coordinator)).toEqual(before);
  });

  const damage: readonly (readonly [string, (hex: string) => string | undefined])[] = [
    ['is cut off', (hex) => hex.slice(0, 40)],
    ['is no hex', () => 'zz'],
    ['is gone', () => undefined],
    ['has a bad signature', (hex) => hex.replace(/(3044.{20})../, '$1ff')],
  ];
  it.each(damage)('whose transaction %s is made again', async (_what, edit) => {
    const chain = fakeChain(coins);
    const coordinator = coordinatorIn(folder.path, chain);
    const { id } = await finished(coordinator);
    const path = join(folder.path, 'proposals', id, 'transaction.hex');
    const sound = readFileSync(path, 'utf8');
    const spoil = (): void => {
      const changed = edit(sound);
      expect(changed).not.toBe(sound);
      if (changed === undefined) rmSync(path);
      else writeFileSync(path, changed);
    };
    for (const state of ['final', 'broadcast', 'confirmed'] as const) {
      coordinator.proposals.update({ ...coordinator.proposals.find(id), state });
      spoil();
      // To be sent again it must be sound too.
      await expect(broadcastProposal(coordinator, scripts, chain, id)).rejects.toThrow(
        expect.objectContaining({
          code: expect.stringMatching(/^(COORDINATOR_FILE_INVALID|FILE_NOT_FOUND|PSBT_.*)$/),
        }),
      );
      const again = await finalizeProposal(coordinator, scripts, id);
      expect(again.proposal.state).toBe(state);
      expect(`${formatHex(again.transaction)}\n`).toBe(sound);
      expect(readFileSync(path, 'utf8')).toBe(sound);
    }
    await finalizeProposal(coordinator, scripts, id);
    const made = 'spend.finalized';
    expect(events(coordinator)).toEqual([...before, made, made, made]);
    await broadcastProposal(coordinator, scripts, chain, id);
  });

  it('is recorded although a crash came between sending and recording', async () => {
    const chain = fakeChain(coins, {
      testAccept: async () => ({ allowed: false, reason: 'txn-already-in-mempool' }),
    });
    const coordinator = coordinatorIn(folder.path, chain);
    const { id } = await finished(coordinator);
    expect(await broadcastProposal(coordinator, scripts, chain, id)).toMatchObject({
      proposal: { state: 'broadcast' },
    });
  });

  it.each([
    ['in a block, after a restart of the node', { confirmations: 1, inMempool: false }],
    ['in its memory pool', { confirmations: 0, inMempool: true }],
  ])('that the node has %s is recorded and not sent', async (_where, place) => {
    const chain = fakeChain(coins, {
      confirmations: async () => place,
      testAccept: async () => ({ allowed: false, reason: 'missing-inputs' }),
      broadcast: async () => {
        throw new Error('it need not be sent');
      },
    });
    const coordinator = coordinatorIn(folder.path, chain);
    const { id } = await finished(coordinator);
    expect(await broadcastProposal(coordinator, scripts, chain, id)).toMatchObject({
      proposal: { state: 'broadcast' },
      found: place,
    });
    expect(events(coordinator)).toEqual([...before, 'spend.broadcast']);
  });

  it('that comes to the node with other signatures meanwhile is recorded', async () => {
    const chain = fakeChain(coins, {
      testAccept: async () => ({
        allowed: false,
        reason: 'txn-same-nonwitness-data-in-mempool',
      }),
    });
    const coordinator = coordinatorIn(folder.path, chain);
    const { id } = await finished(coordinator);
    expect(await broadcastProposal(coordinator, scripts, chain, id)).toMatchObject({
      proposal: { state: 'broadcast' },
    });
  });

  it.each([
    ['in a block', { confirmations: 2, inMempool: false }, 'in a block, with 2 confirmations'],
    ['in its memory pool', { confirmations: 0, inMempool: true }, 'in its memory pool'],
  ])('that the node has %s cannot be withdrawn', async (_where, place, said) => {
    const chain = fakeChain(coins, { confirmations: async () => place });
    const coordinator = coordinatorIn(folder.path, chain);
    const { id } = await finished(coordinator);
    const withdrawal = withdrawProposal(coordinator, scripts, chain, id, 'It hangs');
    await expect(withdrawal).rejects.toThrow(said);
    await expect(withdrawProposal(coordinator, scripts, chain, id, 'It hangs')).rejects.toThrow(
      code('COORDINATOR_SENT'),
    );
    expect(coordinator.proposals.find(id).state).toBe('final');
    expect(events(coordinator)).toEqual(before);
  });

  it('is withdrawn with those of its coins called free that the node lists', async () => {
    const coordinator = coordinatorIn(folder.path, fakeChain(coins));
    const {
      id,
      coins: [spent],
    } = await finished(coordinator);
    const chain = fakeChain(coins.filter(({ outpoint }) => formatOutpoint(outpoint) !== spent));
    expect(await withdrawProposal(coordinator, scripts, chain, id, 'Too dear')).toMatchObject({
      coins: { asked: true, free: [], notFree: [spent] },
    });
  });

  it('is withdrawn without a node, and no coin is called free', async () => {
    const coordinator = coordinatorIn(folder.path, fakeChain(coins));
    const { id } = await finished(coordinator);
    const chain = fakeChain([], { confirmations: unreachable });
    expect(await withdrawProposal(coordinator, scripts, chain, id, 'Too dear')).toMatchObject({
      proposal: { state: 'withdrawn' },
      coins: { asked: false, error: { code: 'CHAIN_UNREACHABLE' } },
    });
  });

  it('that was sent and lost is withdrawn once the other spend is deep', async () => {
    let depth = 5;
    const sent = new Set<string>();
    const chain = fakeChain(coins, {
      confirmations: async (txid) => {
        if (!sent.has(txid)) throw unknownTransaction(txid);
        return { confirmations: -depth, inMempool: false };
      },
    });
    const coordinator = coordinatorIn(folder.path, chain);
    const { id } = await finished(coordinator);
    await broadcastProposal(coordinator, scripts, chain, id);
    sent.add(id);
    const withdraw = () => withdrawProposal(coordinator, scripts, chain, id, 'It lost');
    await expect(withdraw()).rejects.toThrow(code('COORDINATOR_SENT'));
    await expect(withdraw()).rejects.toThrow('another spend of its coins has 5 confirmations');
    depth = 6;
    expect(await withdraw()).toMatchObject({
      proposal: { state: 'withdrawn' },
      coins: { asked: true, notFree: [] },
      conflictDepth: 6,
    });
    expect(readJournal(coordinator.journalPath).entries.at(-1)).toMatchObject({
      event: 'spend.withdrawn',
      facts: { proposal: id, reason: 'It lost', conflictDepth: 6 },
    });
    const { coins: listed } = await listCoins(coordinator, scripts, chain, 1);
    expect(listed.map(({ lockedBy }) => lockedBy)).toEqual([undefined, undefined, undefined]);
  });

  it('that was confirmed, and lost in a reorganisation, can be withdrawn', async () => {
    let confirmations = 0;
    const chain = fakeChain(coins, {
      confirmations: async () => ({ confirmations, inMempool: false }),
    });
    const coordinator = coordinatorIn(folder.path, chain);
    const { id } = await finished(coordinator);
    coordinator.proposals.update({ ...coordinator.proposals.find(id), state: 'confirmed' });
    const withdraw = () => withdrawProposal(coordinator, scripts, chain, id, 'It lost');
    await expect(withdraw()).rejects.toThrow(code('COORDINATOR_SENT'));
    confirmations = -6;
    expect(await withdraw()).toMatchObject({
      proposal: { state: 'withdrawn' },
      conflictDepth: 6,
    });
  });

  it.each(['broadcast', 'confirmed'] as const)(
    'that is %s stays so while no node can be asked',
    async (state) => {
      const chain = fakeChain(coins, { confirmations: unreachable });
      const coordinator = coordinatorIn(folder.path, chain);
      const proposal = await finished(coordinator);
      coordinator.proposals.update({ ...proposal, state });
      await expect(
        withdrawProposal(coordinator, scripts, chain, proposal.id, 'It lost'),
      ).rejects.toThrow(code('COORDINATOR_SENT'));
    },
  );

  it('is confirmed once, at depth', async () => {
    let deep = 5;
    const chain = fakeChain(coins, {
      confirmations: async () => ({ confirmations: deep, inMempool: false, blockHash: 'b' }),
    });
    const coordinator = coordinatorIn(folder.path, chain);
    const { id } = await finished(coordinator);
    const look = () =>
      proposalStatus(coordinator, scripts, chain, coordinator.proposals.find(id), 6);
    expect(await look()).toMatchObject({ confirmations: undefined });
    await broadcastProposal(coordinator, scripts, chain, id);
    const earlier = coordinator.proposals.find(id);
    expect(await look()).toMatchObject({ confirmations: 5, proposal: { state: 'broadcast' } });
    deep = 6;
    expect(await look()).toMatchObject({ confirmations: 6, proposal: { state: 'confirmed' } });
    // Somebody who looked before the other wrote does not write it again.
    await proposalStatus(coordinator, scripts, chain, earlier, 6);
    expect(events(coordinator)).toEqual([...before, 'spend.broadcast', 'spend.confirmed']);
    expect(existsSync(join(folder.path, 'journal.jsonl.lock'))).toBe(false);
  });
});
