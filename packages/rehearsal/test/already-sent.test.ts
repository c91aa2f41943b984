import { formatHex } from '@qoima/primitives';
import {
  extractTransaction,
  finalizePsbt,
  matchPolicy,
  type Psbt,
  signPsbt,
  verifySignatures,
} from '@qoima/psbt';
import { generateMnemonic, softwareSigner } from '@qoima/signer-software';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { askNode } from '../src/node-rpc.ts';
import { seededBytes } from '../src/seed.ts';
import { type Custodian, done, json, openReserve, propose, type Reserve } from './reserve.ts';

/* Spends that reach the network in another way than the program's. */

let reserve: Reserve;
beforeEach(async () => {
  reserve = await openReserve({ coins: 2 });
});
afterEach(() => reserve.close());

/** Signs without stations, which may remember the coin. */
const signAside = async (psbt: Psbt, ...who: readonly Custodian[]): Promise<Psbt> => {
  let signed = psbt;
  for (const each of who) {
    const mnemonic = generateMnemonic(seededBytes('a test', each));
    const signer = softwareSigner({ mnemonic, network: 'regtest' });
    signed = (await signPsbt(signed, reserve.scripts, signer)).psbt;
    signer.close();
  }
  return signed;
};

const finished = (psbt: Psbt): string =>
  formatHex(
    extractTransaction(finalizePsbt(verifySignatures(psbt, matchPolicy(psbt, reserve.scripts)))),
  );

const finalize = async (name: string, id: string): Promise<Psbt> => {
  const signed = await signAside(reserve.read(name), 'Aigerim', 'Bolat', 'Dana');
  await done(reserve.qoima('combine', reserve.put(`${name} signed`, signed)));
  await done(reserve.qoima('finalize', id));
  return signed;
};

it('a spend that was mined behind the program is found, and not withdrawn', async () => {
  const { id } = await propose(reserve, 'spend.psbt');
  const signed = await finalize('spend.psbt', id);
  await askNode(reserve.node, 'sendrawtransaction', [finished(signed)]);
  await reserve.mine(1);

  const refused = await reserve.qoima('withdraw', id, '--reason', 'It hangs');
  expect(refused).toMatchObject({ code: 3 });
  expect(refused.stderr).toContain('error COORDINATOR_SENT: ');
  expect(refused.stderr).toContain('in a block, with 1 confirmation.');

  const sent = await done(reserve.qoima('broadcast', id));
  expect(sent.stdout).toContain('The node has it already, in a block, with 1 confirmation');
  await reserve.mine(5);
  expect(await json(reserve.qoima('--json', 'status', id))).toMatchObject({
    proposal: { state: 'confirmed' },
    confirmations: 6,
  });
  await done(reserve.qoima('journal', 'verify'));
});

it('a spend that waits with other signatures is found', async () => {
  const { id } = await propose(reserve, 'spend.psbt');
  await finalize('spend.psbt', id);
  const others = await signAside(reserve.read('spend.psbt'), 'Dana', 'Erlan', 'Fatima');
  await askNode(reserve.node, 'sendrawtransaction', [finished(others)]);
  expect((await reserve.qoima('withdraw', id, '--reason', 'It hangs')).stderr).toContain(
    'the node has its transaction in its memory pool',
  );
  expect((await done(reserve.qoima('broadcast', id))).stdout).toContain(
    'The node has it already, in its memory pool; its signatures may be others.',
  );
});

it('a spend that lost against a withdrawn one gives its other coin back', async () => {
  const { coins } = (await json(reserve.qoima('--json', 'coins'))) as {
    coins: readonly { outpoint: string }[];
  };
  const [one, other] = coins.map(({ outpoint }) => outpoint) as [string, string];
  const first = await propose(reserve, 'first.psbt', '--coin', one);
  const winner = finished(await finalize('first.psbt', first.id));
  await done(reserve.qoima('withdraw', first.id, '--reason', 'Together with another'));
  const second = await propose(
    reserve,
    'second.psbt',
    ...['--coin', one, '--coin', other, '--label', 'Both'],
  );
  await finalize('second.psbt', second.id);
  await done(reserve.qoima('broadcast', second.id));

  await askNode(reserve.node, 'generateblock', [reserve.faucet.address, [winner]]);
  const early = await reserve.qoima('withdraw', second.id, '--reason', 'It lost');
  expect(early.stderr).toContain('another spend of its coins has 1 confirmation');
  expect((await done(reserve.qoima('status', second.id))).stdout).toContain(
    'another spend of its coins has 1 confirmation',
  );
  await reserve.mine(5);
  const withdrawn = await done(reserve.qoima('withdraw', second.id, '--reason', 'It lost'));
  expect(withdrawn.stdout).toContain('Its coins that are free: 1.');
  expect(withdrawn.stdout).toContain(`the node does not list ${one} as unspent`);
  expect(withdrawn.stdout).toContain('if a reorganisation undoes that spend');
  const after = (await json(reserve.qoima('--json', 'coins'))) as { coins: readonly object[] };
  expect(after.coins).toContainEqual(expect.objectContaining({ outpoint: other, lockedBy: null }));
  await propose(reserve, 'third.psbt', '--label', 'Again', '--coin', other);
  await done(reserve.qoima('journal', 'verify'));
});
