import { INPUT, type Psbt, partialSignaturesOf, record, signPsbt, withRecords } from '@qoima/psbt';
import { generateMnemonic, softwareSigner } from '@qoima/signer-software';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askNode } from '../src/node-rpc.ts';
import { seededBytes } from '../src/seed.ts';
import { type Custodian, done, json, openReserve, propose, type Reserve, sign } from './reserve.ts';

/*
 * A spend that was called back when it was half signed, the spend that took its place, and signatures
 * of the one that turn up in the file of the other.
 */

let reserve: Reserve;
beforeAll(async () => {
  reserve = await openReserve({ coins: 1 });
});
afterAll(() => reserve.close());

/** Signs without a station: one may remember the coin, and that is another story. */
const signAside = async (who: Custodian, psbt: Psbt): Promise<Psbt> => {
  const mnemonic = generateMnemonic(seededBytes('a test', who));
  const signer = softwareSigner({ mnemonic, network: 'regtest' });
  const signed = await signPsbt(psbt, reserve.scripts, signer);
  signer.close();
  return signed.psbt;
};

const inMempool = () => askNode(reserve.node, 'getrawmempool', []);

it('goes from a withdrawn spend to a confirmed one, and nothing of the first gets in', async () => {
  const first = await propose(reserve, 'first.psbt');
  const firstFile = reserve.medium('first.psbt');
  const aigerim = await sign(reserve, 'Aigerim', firstFile, first.digest);
  const bolat = await sign(reserve, 'Bolat', firstFile, first.digest);
  const dana = await sign(reserve, 'Dana', firstFile, first.digest);
  await done(reserve.qoima('combine', aigerim));

  // Its coin is the only one, and free once the proposal is withdrawn.
  const taken = await reserve.qoima(
    ...['propose', '--pay', `${reserve.faucet.address}=0.1`, '--fee-rate', '9'],
  );
  expect(taken.stderr).toContain('COORDINATOR_FUNDS_SHORT');
  const withdrawn = await done(reserve.qoima('withdraw', first.id, '--reason', 'Fee too low'));
  expect(withdrawn.stdout).toContain('It can still be sent by others');
  const second = await propose(reserve, 'second.psbt', '--label', 'Higher fee');
  const psbt = reserve.read('second.psbt');

  // Bolat's device signed the first; somebody put that signature into the file of the second.
  const old = partialSignaturesOf(reserve.read('first.psbt signed by Bolat').inputs[0] ?? [], 0);
  const replayed: Psbt = {
    ...psbt,
    inputs: (await signAside('Fatima', psbt)).inputs.map((map) =>
      withRecords(
        map,
        old.map(({ publicKey, signature }) => record(INPUT.partialSignature, signature, publicKey)),
      ),
    ),
  };
  const replay = await reserve.qoima('combine', reserve.put('replayed.psbt', replayed));
  expect(replay.code).toBe(3);
  expect(replay.stderr).toMatch(/^error COORDINATOR_SIGNATURE_REFUSED: .*Bolat.*\n$/);
  expect(replay.stdout).toContain('1 by Fatima');
  expect(replay.stdout).toContain(`made for proposal ${first.id.slice(0, 8)} (withdrawn)`);

  // The files of the first come late: each is named, and with the third it could be sent.
  const late = await reserve.qoima('combine', bolat);
  expect(late).toMatchObject({ code: 3 });
  expect(late.stderr).toContain('error COORDINATOR_WITHDRAWN: ');
  expect(late.stderr).not.toContain('can still send it');
  const last = await reserve.qoima('combine', dana);
  expect(last.stderr).toContain('whoever holds their signatures can still send it');
  const before = reserve.digest();
  for (const command of ['finalize', 'broadcast']) {
    const end = await reserve.qoima(command, first.id);
    expect(end.code).toBe(3);
    expect(end.stderr).toContain('error COORDINATOR_WITHDRAWN: ');
  }
  expect(reserve.digest()).toBe(before);
  expect(await inMempool()).toEqual([]);

  // The second goes its way, and that is the end of the first.
  for (const who of ['Bolat', 'Erlan'] as const) {
    await done(reserve.qoima('combine', reserve.put(`${who}.psbt`, await signAside(who, psbt))));
  }
  await done(reserve.qoima('finalize', second.id));
  await done(reserve.qoima('broadcast', second.id));
  expect(await inMempool()).toEqual([second.id]);
  await reserve.mine(6);
  await done(reserve.qoima('status', second.id));
  expect(await json(reserve.qoima('--json', 'status', first.id))).toMatchObject({
    proposal: { state: 'withdrawn', withdrawn: { reason: 'Fee too low' } },
    remains: { complete: true, rivals: [{ proposal: second.id, state: 'confirmed' }] },
  });
  expect((await done(reserve.qoima('status', first.id))).stdout).toContain('can never be sent');
  await done(reserve.qoima('journal', 'verify'));
});
