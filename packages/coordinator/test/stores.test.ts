import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Cosigner,
  defaultLimits,
  type PolicyParts,
  policyId,
  type WalletPolicy,
  walletPolicy,
} from '@qoima/policy';
import {
  createPsbt,
  encodePsbt,
  type Psbt,
  transactionId,
  unsignedTransactionId,
} from '@qoima/psbt';
import { describe, expect, it } from 'vitest';
import { openAddressBook } from '../src/address-book.ts';
import { datePolicy, limitPolicy } from '../src/create-policy.ts';
import type { Proposal } from '../src/index.ts';
import { openPolicyStore } from '../src/policy-store.ts';
import { openProposalStore } from '../src/proposal-store.ts';
import {
  chainCoin,
  coordinatorIn,
  cosigners,
  folderOfEachTest,
  samplePolicy,
  scripts,
} from './sample.ts';

const folder = folderOfEachTest();

const code = (wanted: string): unknown => expect.objectContaining({ code: wanted });

describe('the address book', () => {
  const id = policyId(samplePolicy());

  it('begins at the first address of each branch', () => {
    expect(openAddressBook(folder.path).next(id)).toEqual({ receive: 0, change: 0 });
  });

  it('goes on for each policy by itself, and never back', () => {
    const book = openAddressBook(folder.path);
    book.advance(id, { receive: 3 });
    book.advance(id, { change: 1 });
    book.advance(id, { receive: 2 });
    book.advance('another', { receive: 9 });
    expect(openAddressBook(folder.path).next(id)).toEqual({ receive: 3, change: 1 });
  });

  it.each([
    '',
    '{}',
    '[1]',
    '{"format":"qoima-addresses/2","policies":{}}',
    '{"format":',
    '{"format":"qoima-addresses/1","policies":{"a":{"receive":9,"receive":0,"change":0}}}',
  ])('refuses a file that it did not write: %s', (text) => {
    writeFileSync(join(folder.path, 'addresses.json'), text);
    expect(() => openAddressBook(folder.path).next(id)).toThrow(code('COORDINATOR_FILE_INVALID'));
  });

  it.each([-1, 0.5, 2 ** 31, '1'])('refuses the index %s', (receive) => {
    const text = JSON.stringify({
      format: 'qoima-addresses/1',
      policies: { [id]: { receive, change: 0 } },
    });
    writeFileSync(join(folder.path, 'addresses.json'), text);
    expect(() => openAddressBook(folder.path).next(id)).toThrow(code('COORDINATOR_FILE_INVALID'));
  });
});

/** Of the same keys, and by itself of another quorum. */
const otherPolicy = (name: string, parts: Partial<PolicyParts> = {}): WalletPolicy =>
  walletPolicy({ ...samplePolicy(), quorum: { required: 3, total: 3 }, ...parts, name });

describe('the policy store', () => {
  it('finds a policy by its name, the beginning of its id, or as the only one', () => {
    const store = openPolicyStore(folder.path);
    const policy = samplePolicy();
    store.add(policy);
    const id = policyId(policy);
    for (const selector of [
      undefined,
      'Reserve',
      id,
      id.slice(0, 6),
      id.slice(0, 6).toUpperCase(),
    ]) {
      expect(policyId(store.find(selector))).toBe(id);
    }
    const path = join(folder.path, 'policies', `${id}.json`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('says when there is none, or more than one', () => {
    const store = openPolicyStore(folder.path);
    expect(() => store.find()).toThrow(code('COORDINATOR_NO_POLICY'));
    store.add(samplePolicy('First'));
    store.add(otherPolicy('Second'));
    expect(() => store.find()).toThrow(code('COORDINATOR_POLICY_AMBIGUOUS'));
    const first = policyId(samplePolicy('First')).slice(0, 8);
    expect(() => store.find()).toThrow(`First (${first})`);
    expect(() => store.find('Third')).toThrow(code('COORDINATOR_NO_POLICY'));
    expect(store.find('Second').name).toBe('Second');
  });

  it('takes no second policy of one name', () => {
    const store = openPolicyStore(folder.path);
    store.add(samplePolicy());
    expect(() => {
      store.add(samplePolicy());
    }).toThrow(code('COORDINATOR_POLICY_EXISTS'));
  });

  const id = policyId(samplePolicy());

  it('takes no policy whose name could be the id of another', () => {
    const store = openPolicyStore(folder.path);
    store.add(samplePolicy());
    for (const name of [id, id.toUpperCase(), 'a'.repeat(64)]) {
      expect(() => {
        store.add(otherPolicy(name));
      }).toThrow(code('COORDINATOR_POLICY_NAME'));
    }
    store.add(otherPolicy('a'.repeat(63)));
  });

  it('finds a policy by its whole id, whatever the name of another is', () => {
    const store = openPolicyStore(folder.path);
    store.add(samplePolicy());
    // As an earlier version took it.
    const named = otherPolicy(id);
    store.replace(named);
    expect(store.find(id).name).toBe('Reserve');
    expect(store.find(id.toUpperCase()).name).toBe('Reserve');
    expect(store.get(id).name).toBe('Reserve');
    expect(store.find(policyId(named)).name).toBe(id);
    expect(() => store.get('Reserve')).toThrow(code('COORDINATOR_NO_POLICY'));
  });

  it('takes no second policy that gives the same addresses', () => {
    const store = openPolicyStore(folder.path);
    store.add(samplePolicy());
    const [first, ...others] = cosigners;
    const turned = [...others, first as Cosigner];
    const renamed = cosigners.map((cosigner, i) => ({ ...cosigner, name: `Key ${i}` }));
    for (const same of [{}, { cosigners: turned }, { cosigners: renamed }]) {
      expect(() => {
        store.add(otherPolicy('Reserve 2', { quorum: { required: 2, total: 3 }, ...same }));
      }).toThrow(
        expect.objectContaining({
          code: 'COORDINATOR_POLICY_SAME_KEYS',
          message: expect.stringContaining('Reserve'),
          details: { policy: id },
        }),
      );
    }
    store.add(otherPolicy('Other quorum'));
    const two = { required: 2, total: 3 };
    store.add(otherPolicy('Other script', { quorum: two, scriptKind: 'sh-wsh' }));
    store.add(otherPolicy('Unsorted', { quorum: two, sorted: false }));
    store.add(otherPolicy('Turned', { quorum: two, sorted: false, cosigners: turned }));
  });

  it('says a wrong selector only so far', () => {
    const store = openPolicyStore(folder.path);
    store.add(samplePolicy());
    for (const wrong of ['x'.repeat(100_000), '\u001b[2J'.repeat(100)]) {
      try {
        store.find(wrong);
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject({ code: 'COORDINATOR_NO_POLICY' });
        expect((error as Error).message.length).toBeLessThan(300);
        expect((error as Error).message).not.toContain('\u001b');
      }
    }
  });

  it('refuses a policy file in which a byte was changed', () => {
    const store = openPolicyStore(folder.path);
    store.add(samplePolicy());
    const path = join(folder.path, 'policies', `${policyId(samplePolicy())}.json`);
    writeFileSync(path, readFileSync(path, 'utf8').replace('Reserve', 'Reverse'));
    expect(() => store.list()).toThrow(code('POLICY_ID_MISMATCH'));
  });
});

describe('a change of a stored policy', () => {
  const limits = { ...defaultLimits, changeWindow: 7 };

  it('keeps what another changed since the policy was read', async () => {
    const coordinator = coordinatorIn(folder.path);
    const read = samplePolicy();
    await limitPolicy(coordinator, read, limits);
    await datePolicy(coordinator, read, 1_600_000_000);
    expect(coordinator.policies.find('Reserve')).toMatchObject({
      birthday: 1_600_000_000,
      limits: { changeWindow: 7 },
    });
    await limitPolicy(coordinator, read, defaultLimits);
    expect(coordinator.policies.find('Reserve')).toMatchObject({
      birthday: 1_600_000_000,
      limits: { changeWindow: defaultLimits.changeWindow },
    });
  });
});

describe('the proposal store', () => {
  const { transaction, ...coin } = chainCoin(0, 1_000_000n);
  const psbt: Psbt = createPsbt({
    scripts,
    coins: [{ ...coin, branch: 'receive', index: 0, previousTransaction: transaction }],
    outputs: [{ kind: 'change', index: 0, amount: 999_000n }],
  });
  const id = unsignedTransactionId(psbt);
  const proposal: Proposal = {
    id,
    policyId: policyId(samplePolicy()),
    label: 'Consolidation',
    created: '2026-01-31T12:00:00.000Z',
    state: 'open',
    coins: [`${coin.outpoint.txid}:0`],
    payments: [],
    change: { index: 0, amountSats: 999_000n },
    feeSats: 1_000n,
    txid: null,
  };

  it('gives back what was put into it', () => {
    const store = openProposalStore(folder.path);
    expect(store.list()).toEqual([]);
    expect(store.has(id)).toBe(false);
    store.add(proposal, psbt);
    expect(store.has(id)).toBe(true);
    expect(store.list()).toEqual([proposal]);
    expect(store.find(id.slice(0, 4))).toEqual(proposal);
    expect(encodePsbt(store.readSigned(id))).toEqual(encodePsbt(psbt));
    const path = join(folder.path, 'proposals', id);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, 'proposal.json')).mode & 0o777).toBe(0o600);
    store.update({ ...proposal, state: 'final', txid: id });
    expect(store.find(id)).toMatchObject({ state: 'final', txid: id });
  });

  it('lists the oldest first', () => {
    const store = openProposalStore(folder.path);
    const others = ['b', 'a', 'c'].map((letter, i) => ({
      ...proposal,
      id: letter.repeat(64),
      created: `2026-01-0${3 - i}T00:00:00.000Z`,
    }));
    for (const other of others) store.add(other, psbt);
    expect(store.list().map((one) => one.id[0])).toEqual(['c', 'a', 'b']);
  });

  it.each(['', 'x', '..', '../', '/', `../${id}`, `${id}/..`])(
    'finds nothing under %j, which is no beginning of an id',
    (prefix) => {
      const store = openProposalStore(folder.path);
      store.add(proposal, psbt);
      expect(() => store.find(prefix)).toThrow(code('COORDINATOR_NO_PROPOSAL'));
    },
  );

  it('says a wrong id only so far', () => {
    const store = openProposalStore(folder.path);
    expect(() => store.find('x'.repeat(100_000))).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{0,200}$/) }),
    );
  });

  it('asks for more of an id when two begin so', () => {
    const store = openProposalStore(folder.path);
    const twin = `${id.slice(0, 8)}${'0'.repeat(56)}`;
    store.add(proposal, psbt);
    store.add({ ...proposal, id: twin }, psbt);
    expect(() => store.find(id.slice(0, 8))).toThrow(code('COORDINATOR_PROPOSAL_AMBIGUOUS'));
    expect(store.find(twin).id).toBe(twin);
  });

  it('passes over what a crash left of a proposal, and what is none', () => {
    const store = openProposalStore(folder.path);
    mkdirSync(join(folder.path, 'proposals', 'f'.repeat(64)), { recursive: true });
    mkdirSync(join(folder.path, 'proposals', 'lost+found'));
    writeFileSync(join(folder.path, 'proposals', 'lost+found', 'proposal.json'), '{}');
    expect(store.list()).toEqual([]);
    expect(store.has('f'.repeat(64))).toBe(false);
  });

  it('refuses a proposal in the place of another', () => {
    const store = openProposalStore(folder.path);
    store.add(proposal, psbt);
    const path = join(folder.path, 'proposals', 'f'.repeat(64));
    mkdirSync(path);
    writeFileSync(
      join(path, 'proposal.json'),
      readFileSync(join(folder.path, 'proposals', id, 'proposal.json')),
    );
    expect(() => store.find('ffff')).toThrow(code('COORDINATOR_FILE_INVALID'));
  });

  it.each([
    ['a state that there is not', { state: 'lost' }],
    ['an amount as a number', { feeSats: 1000 }],
    ['an amount below zero', { feeSats: '-1' }],
    ['a member too many', { approvedBy: 'me' }],
    ['an id that is none', { policyId: '../../etc' }],
    ['half an index', { change: { index: 1.5, amountSats: '1' } }],
    ['an index below zero', { change: { index: -1, amountSats: '1' } }],
    ['a hardened index', { change: { index: 2 ** 31, amountSats: '1' } }],
    ['more than all coins', { feeSats: '2100000000000001' }],
    ['a coin that is none', { coins: ['x:0'] }],
    ['a coin without its number', { coins: ['a'.repeat(64)] }],
  ])('refuses %s', (_what, change) => {
    const store = openProposalStore(folder.path);
    store.add(proposal, psbt);
    const path = join(folder.path, 'proposals', id, 'proposal.json');
    const file: unknown = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...(file as object), ...change }));
    expect(() => store.find(id)).toThrow(code('COORDINATOR_FILE_INVALID'));
  });

  it.each([
    ['its state', '"state"', '"state": "confirmed", "state"'],
    ['its change', '"index"', '"index": 7, "index"'],
  ])('refuses %s said twice', (_what, member, twice) => {
    const store = openProposalStore(folder.path);
    store.add(proposal, psbt);
    const path = join(folder.path, 'proposals', id, 'proposal.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(member, twice));
    expect(() => store.find(id)).toThrow(code('COORDINATOR_FILE_INVALID'));
  });

  it.each(['', 'zz', '00', 'ab'.repeat(100)])('says which transaction is damaged: %j', (text) => {
    const store = openProposalStore(folder.path);
    store.add(proposal, psbt);
    const path = join(folder.path, 'proposals', id, 'transaction.hex');
    writeFileSync(path, text);
    expect(() => store.readTransaction({ ...proposal, state: 'final', txid: id })).toThrow(
      expect.objectContaining({
        code: 'COORDINATOR_FILE_INVALID',
        details: expect.objectContaining({ path }),
      }),
    );
  });

  it('says which PSBT is damaged, or of another proposal', () => {
    const store = openProposalStore(folder.path);
    store.add(proposal, psbt);
    const path = join(folder.path, 'proposals', id, 'signed.psbt');
    const refused = expect.objectContaining({
      code: 'COORDINATOR_FILE_INVALID',
      details: expect.objectContaining({ path }),
    });
    const { transaction: previous, ...another } = chainCoin(1, 1_000_000n);
    const other = createPsbt({
      scripts,
      coins: [{ ...another, branch: 'receive', index: 1, previousTransaction: previous }],
      outputs: [{ kind: 'change', index: 0, amount: 999_000n }],
    });
    for (const bytes of [encodePsbt(psbt).subarray(0, 100), encodePsbt(other)]) {
      writeFileSync(path, bytes);
      expect(() => store.readSigned(id)).toThrow(refused);
    }
  });

  it('refuses a transaction that its file and its txid were both changed to', () => {
    const store = openProposalStore(folder.path);
    store.add(proposal, psbt);
    store.writeTransaction(id, transaction);
    const txid = transactionId(transaction);
    expect(() => store.readTransaction({ ...proposal, state: 'final', txid })).toThrow(
      code('COORDINATOR_FILE_INVALID'),
    );
  });

  it('refuses a finished transaction that is another one', () => {
    const store = openProposalStore(folder.path);
    store.add(proposal, psbt);
    store.writeTransaction(id, transaction);
    expect(() => store.readTransaction({ ...proposal, state: 'final', txid: id })).toThrow(
      code('COORDINATOR_FILE_INVALID'),
    );
    expect(existsSync(join(folder.path, 'proposals', id, 'transaction.hex'))).toBe(true);
  });
});
