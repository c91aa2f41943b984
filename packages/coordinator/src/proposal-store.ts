import { join } from 'node:path';
import {
  ensureFolder,
  isThere,
  listFolder,
  readFileBounded,
  writeFileAtomically,
} from '@qoima/journal';
import {
  excerpt,
  formatHex,
  formatUtf8,
  isQoimaError,
  parseHex,
  parseUtf8,
  type Txid,
} from '@qoima/primitives';
import {
  decodePsbt,
  decodeTransaction,
  encodePsbt,
  encodeTransaction,
  MAX_PSBT_BYTES,
  type Psbt,
  transactionId,
  unsignedTransactionId,
} from '@qoima/psbt';
import { coordinatorError } from './errors.ts';
import { decodeProposal, encodeProposal, type Proposal } from './proposal.ts';

/**
 * The proposals of one network, a folder each, named by id: `proposal.json`, `unsigned.psbt` as it was
 * sent round, `signed.psbt` with the signatures taken so far, `transaction.hex` once it is final.
 */
export interface ProposalStore {
  /** All proposals that can be read, oldest first. What must know of every one asks `damaged` too. */
  list(): readonly Proposal[];
  /** Those whose `proposal.json` is damaged. Their PSBT may be sound. */
  damaged(): readonly DamagedProposal[];
  /** The one whose id begins with `prefix`. @throws `COORDINATOR_NO_PROPOSAL`, `COORDINATOR_PROPOSAL_AMBIGUOUS` */
  find(prefix: string): Proposal;
  has(id: Txid): boolean;
  /** Stores a new proposal with its unsigned PSBT. */
  add(proposal: Proposal, unsigned: Psbt): void;
  update(proposal: Proposal): void;
  /**
   * The PSBT with the signatures taken so far.
   * @throws `COORDINATOR_FILE_INVALID` if the file is damaged, or of another proposal
   */
  readSigned(id: Txid): Psbt;
  writeSigned(id: Txid, psbt: Psbt): void;
  /**
   * The finished transaction of a proposal that is not open any more.
   * @throws `COORDINATOR_FILE_INVALID` if the file is damaged, or holds another one
   */
  readTransaction(proposal: Proposal): Uint8Array;
  writeTransaction(id: Txid, transaction: Uint8Array): void;
}

/** A proposal of which little more is known than that it was made: its folder has its id for a name. */
export interface DamagedProposal {
  readonly id: Txid;
  /** Of the damaged file. */
  readonly path: string;
}

const isId = (name: string): boolean => /^[0-9a-f]{64}$/.test(name);

const MAX_PROPOSAL_BYTES = 1 << 24;
/** Hex of the largest transaction that a block can hold, with room. */
const MAX_TRANSACTION_BYTES = 1 << 23;

export const openProposalStore = (network: string): ProposalStore => {
  const folder = join(network, 'proposals');
  const fileOf = (id: Txid, name: string): string => join(folder, id, name);
  const read = (id: Txid): Proposal => {
    const path = fileOf(id, 'proposal.json');
    const proposal = decodeProposal(readFileBounded(path, MAX_PROPOSAL_BYTES), path);
    if (proposal.id === id) return proposal;
    throw coordinatorError('COORDINATOR_FILE_INVALID', `${path} is of another proposal.`, {
      path,
      expected: id,
      actual: proposal.id,
    });
  };
  const update = (proposal: Proposal): void =>
    writeFileAtomically(fileOf(proposal.id, 'proposal.json'), encodeProposal(proposal));
  const has = (id: Txid): boolean => isThere(fileOf(id, 'proposal.json'));
  // A folder without proposal.json is what a crash left of `add`; it holds nothing that was announced.
  const ids = (): readonly Txid[] => listFolder(folder).filter((name) => isId(name) && has(name));
  // What cannot be looked at is not damaged.
  const readSound = (id: Txid): Proposal | undefined => {
    try {
      return read(id);
    } catch (error) {
      if (isQoimaError(error, 'COORDINATOR_FILE_INVALID')) return undefined;
      throw error;
    }
  };
  return {
    list: () =>
      ids()
        .flatMap((id) => readSound(id) ?? [])
        .sort((a, b) => (`${a.created}${a.id}` < `${b.created}${b.id}` ? -1 : 1)),
    damaged: () =>
      ids()
        .filter((id) => readSound(id) === undefined)
        .map((id) => ({ id, path: fileOf(id, 'proposal.json') })),
    find: (prefix) => {
      const found = ids().filter((id) => id.startsWith(prefix.toLowerCase()));
      const [id] = found;
      if (id === undefined || prefix === '') {
        throw coordinatorError('COORDINATOR_NO_PROPOSAL', `No proposal ${excerpt(prefix, 70)}.`);
      }
      if (found.length > 1) {
        throw coordinatorError(
          'COORDINATOR_PROPOSAL_AMBIGUOUS',
          `${found.length} proposals begin with ${prefix}.`,
        );
      }
      return read(id);
    },
    has,
    add: (proposal, unsigned) => {
      ensureFolder(join(folder, proposal.id));
      const bytes = encodePsbt(unsigned);
      writeFileAtomically(fileOf(proposal.id, 'unsigned.psbt'), bytes);
      writeFileAtomically(fileOf(proposal.id, 'signed.psbt'), bytes);
      update(proposal);
    },
    update,
    readSigned: (id) => {
      const path = fileOf(id, 'signed.psbt');
      const bytes = readFileBounded(path, MAX_PSBT_BYTES);
      const psbt = ownFile(path, () => decodePsbt(bytes));
      refuseOther(path, id, unsignedTransactionId(psbt));
      return psbt;
    },
    writeSigned: (id, psbt) => writeFileAtomically(fileOf(id, 'signed.psbt'), encodePsbt(psbt)),
    readTransaction: ({ id, txid }) => {
      const path = fileOf(id, 'transaction.hex');
      const text = formatUtf8(readFileBounded(path, MAX_TRANSACTION_BYTES));
      const cure = ' "qoima finalize" makes it again.';
      const transaction = ownFile(
        path,
        () => {
          const bytes = parseHex(text.trim());
          return { bytes, txid: transactionId(bytes), proposal: proposalIdOf(bytes) };
        },
        cure,
      );
      refuseOther(path, txid, transaction.txid, cure);
      refuseOther(path, id, transaction.proposal, cure);
      return transaction.bytes;
    },
    writeTransaction: (id, transaction) =>
      writeFileAtomically(fileOf(id, 'transaction.hex'), parseUtf8(`${formatHex(transaction)}\n`)),
  };
};

/** What this program wrote itself cannot be fetched again from where a PSBT comes from. */
const ownFile = <Result>(path: string, read: () => Result, cure = ''): Result => {
  try {
    return read();
  } catch (error) {
    if (!isQoimaError(error)) throw error;
    throw coordinatorError(
      'COORDINATOR_FILE_INVALID',
      `${path} is damaged: ${error.code}.${cure}`,
      { path, problem: error.code },
      error,
    );
  }
};

/** @throws `COORDINATOR_FILE_INVALID` */
const refuseOther = (path: string, expected: Txid | null, actual: Txid, cure = ''): void => {
  if (actual === expected) return;
  throw coordinatorError('COORDINATOR_FILE_INVALID', `${path} holds another transaction.${cure}`, {
    path,
    expected,
    actual,
  });
};

/** The id of a proposal is that of its transaction without scripts and witnesses. */
const proposalIdOf = (transaction: Uint8Array): Txid => {
  const { inputs, ...rest } = decodeTransaction(transaction);
  const bare = inputs.map((input) => ({ ...input, scriptSig: new Uint8Array(), witness: [] }));
  return transactionId(encodeTransaction({ ...rest, inputs: bare }));
};
