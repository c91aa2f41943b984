import { formatHex, isQoimaError } from '@qoima/primitives';
import { ledgerClient } from '@qoima/signer-ledger';
import { type Conversation, conversationOf, taped } from './conversation.ts';
import {
  COUNTED_VERSION,
  type EmulatedDevice,
  emulate,
  emulatedVersion,
} from './emulated-device.ts';
import { NotSent, NotUnderstood, type Play, playOf, policyOf, type Wallets } from './play.ts';
import type { Exchange, Recording } from './recordings.ts';
import { difference, failed, listed, passed, type Verdict } from './verdict.ts';

/** How far the number of exchanges may be off. */
const TOLERANCE = 0.15;

/**
 * The emulator in the place of the recorded device. What ends each command and what is yielded must be
 * the recorded bytes, the screens the recorded texts, and signing must take about as many exchanges.
 * An honest host answers its questions, made of the vector's own parameters: the recorded answers were
 * given to the app's questions, which may come in another order.
 */
export const judgeDevice = async (recording: Recording, wallets: Wallets): Promise<Verdict> => {
  const { vector, mnemonic } = recording;
  const version = emulatedVersion(vector.appVersion);
  if (version === undefined) return listed(`app version not emulated: ${vector.appVersion}`);
  const open: OpenDevice = (rejectAt) =>
    emulate({ mnemonic, network: vector.network, version, rejectAt });
  if (vector.command === 'RAW') return judgeRaw(recording, open);
  try {
    const verdict = await judgePlay(recording, wallets, open);
    if (verdict.kind !== 'failed') return verdict;
    const template = policyOf(vector, wallets)?.template;
    const reason = notEmulated(template);
    if (reason !== undefined) return listed(reason);
    if (isEmptyMessage(recording)) return await withoutScreens(recording, wallets, open);
    if (!showsRemains(vector.screens, template)) return verdict;
    // All but that must be as recorded.
    const screens = withoutTemplate(vector.screens);
    const rest = await judgePlay({ ...recording, vector: { ...vector, screens } }, wallets, open);
    return rest.kind === 'passed' ? listed(REMAINS) : rest;
  } catch (error) {
    // What our own host does not send can still be sent as it was recorded.
    if (error instanceof NotSent) return judgeRaw(recording, open);
    if (error instanceof NotUnderstood) return failed(`not understood: ${error.message}`);
    throw error;
  }
};

type OpenDevice = (rejectAt?: number) => EmulatedDevice;

/**
 * First on a device that was just switched on. Failing that, after the registrations that were recorded
 * right before on the same device: the app shows what an earlier template has left in its memory.
 */
const judgePlay = async (
  recording: Recording,
  wallets: Wallets,
  open: OpenDevice,
): Promise<Verdict> => {
  const play = playOf(recording.vector, wallets);
  const fresh = await compareAll(recording, open, play, []);
  const before = registrationsBefore(recording).map(({ vector }) => playOf(vector, wallets));
  return fresh.kind === 'failed' && before.length > 0
    ? compareAll(recording, open, play, before)
    : fresh;
};

const registrationsBefore = (recording: Recording): readonly Recording[] => {
  const before: Recording[] = [];
  const deviceOf = ({ vector, mnemonic }: Recording): string =>
    [vector.command, vector.network, vector.appVersion, mnemonic].join(' ');
  if (recording.vector.command !== 'REGISTER_WALLET') return before;
  for (let at = recording.previous; at !== undefined; at = at.previous) {
    if (deviceOf(at) !== deviceOf(recording)) break;
    before.unshift(at);
  }
  return before;
};

const compareAll = async (
  recording: Recording,
  open: OpenDevice,
  play: Play,
  before: readonly Play[],
): Promise<Verdict> => {
  const approved = await converse(open(), play, before);
  const { screens, statusWord, userDecision } = recording.vector;
  if (userDecision !== 'reject' && statusWord !== REJECTED) return compare(recording, approved);
  // Where the person turned away: the last screen before what was shown differs.
  const rejectAt = screens.findIndex((screen, i) => screen !== approved.screens[i]);
  return compare(recording, await converse(open(rejectAt), play, before));
};

const REJECTED = '6985';

interface Seen extends Conversation {
  readonly screens: readonly string[];
}

const converse = async (
  device: EmulatedDevice,
  play: Play,
  before: readonly Play[],
): Promise<Seen> => {
  for (const earlier of before) await attempt(() => earlier(ledgerClient(device.transport)));
  const shownBefore = device.screens.length;
  const { transport, tape } = taped(device.transport);
  await attempt(() => play(ledgerClient(transport)));
  return { ...conversationOf(tape), screens: device.screens.slice(shownBefore) };
};

/** A refusal is an answer like any other, and the tape has it. */
const attempt = async (call: () => Promise<unknown>): Promise<void> => {
  try {
    await call();
  } catch (error) {
    if (!isQoimaError(error)) throw error;
  }
};

const compare = ({ vector, exchanges }: Recording, actual: Seen): Verdict => {
  const expected = conversationOf(exchanges);
  const { endings, yields, screens } = actual;
  const recorded = { endings: expected.endings, yields: expected.yields, screens: vector.screens };
  const seen = vector.screens.some(showsTemplate) ? screens : withoutTemplate(screens);
  const other = difference(recorded, { endings, yields, screens: seen }, 'the device');
  if (other !== undefined) return failed(other);
  const ratio = actual.exchanges / expected.exchanges;
  if (Math.abs(ratio - 1) <= TOLERANCE || !/sign_?psbt/i.test(vector.command)) return passed;
  const counts = `${actual.exchanges} exchanges, ${expected.exchanges} recorded`;
  return vector.appVersion === COUNTED_VERSION
    ? failed(counts)
    : listed(`app ${vector.appVersion} counts its own: ${counts}`);
};

/**
 * Requests sent as recorded: those made by hand, and those that no host of ours makes. Failing that, after
 * what was recorded before it, where that has left a question open; and with a refusal where the recorded
 * screens turn away.
 */
const judgeRaw = async (recording: Recording, open: OpenDevice): Promise<Verdict> => {
  const { statusWord, screens, userDecision } = recording.vector;
  const continues = isAnswer(recording.exchanges[0]) && !endsWith(recording.exchanges[0], 'b007');
  const approving = open();
  const before = openBefore(recording);
  const verdict = await replayRaw(recording, approving, continues ? before : []);
  if (verdict.kind !== 'failed') return verdict;
  if (!continues && before.length > 0) return replayRaw(recording, open(), before);
  if (userDecision !== 'reject' && statusWord !== REJECTED) return verdict;
  const rejectAt = screens.findIndex((screen, i) => screen !== approving.screens[i]);
  return replayRaw(recording, open(rejectAt), []);
};

/** The recordings before this one, back to one that begins with a command, if the last leaves a question. */
const openBefore = ({ previous }: Recording): readonly Recording[] => {
  if (!endsWith(previous?.exchanges.at(-1), 'e000')) return [];
  const before: Recording[] = [];
  for (let at = previous; at !== undefined; at = at.previous) {
    before.unshift(at);
    if (!isAnswer(at.exchanges[0])) break;
  }
  return before;
};

/** After a question that differs, the recorded answers are to other questions. */
const replayRaw = async (
  { exchanges, vector }: Recording,
  { transport, screens }: EmulatedDevice,
  before: readonly Recording[],
): Promise<Verdict> => {
  for (const { request } of before.flatMap((each) => each.exchanges)) {
    await transport.exchange(request);
  }
  const shownBefore = screens.length;
  for (const [i, recorded] of exchanges.entries()) {
    const answer = await transport.exchange(recorded.request);
    const [expected, actual] = [formatHex(recorded.answer), formatHex(answer)];
    if (expected === actual) continue;
    if (expected.endsWith('e000') && actual.endsWith('e000')) {
      return listed(`from exchange ${i + 1} on the app asks in an order of its own`);
    }
    return failed(`answer ${i + 1} is ${actual} in place of ${expected}`);
  }
  const other = difference(vector.screens, screens.slice(shownBefore), 'the device.screens');
  return other === undefined ? passed : failed(other);
};

const isAnswer = (exchange: Exchange | undefined): boolean => exchange?.request[0] === 0xf8;

const endsWith = (exchange: Exchange | undefined, statusWord: string): boolean =>
  exchange !== undefined && formatHex(exchange.answer).endsWith(statusWord);

/** Why a policy cannot be played on the emulator, if that is so. */
const notEmulated = (template: string | undefined): string | undefined => {
  if (template === undefined) return undefined;
  if (template.startsWith('tr(')) return 'taproot policies are not emulated';
  return MULTISIG.test(template) ? undefined : 'miniscript policies are not emulated';
};

const MULTISIG = /^(?:wsh|sh|sh\(wsh)\((?:sorted)?multi\([0-9]+(?:,[^(),]+)+\)\)\)?$/;

/**
 * App 2.4 does not clear the place that a template is shown from. If more stands there than the template,
 * and what came before is not in the folder, nobody can know what it was.
 */
const showsRemains = (screens: readonly string[], template: string | undefined): boolean => {
  const shown = screens
    .filter(showsTemplate)
    .flatMap((screen) => screen.split(' | ').slice(1))
    .join('');
  return template !== undefined && shown.startsWith(template) && shown.length > template.length;
};

const REMAINS =
  'the device showed what an earlier template had left, one that is not in this folder; all else is as recorded';

/** Of an empty message the app shows memory that it has not written. */
const isEmptyMessage = ({ vector: { command, params } }: Recording): boolean =>
  /sign_?message/i.test(command) && (params['messageHex'] ?? params['message']) === '';

const withoutScreens = async (
  recording: Recording,
  wallets: Wallets,
  open: OpenDevice,
): Promise<Verdict> => {
  const play = playOf(recording.vector, wallets);
  const { screens } = await converse(open(), play, []);
  const rest = { ...recording, vector: { ...recording.vector, screens } };
  const verdict = await judgePlay(rest, wallets, open);
  return verdict.kind === 'passed'
    ? listed('the screens of an empty message are of memory that the app never wrote')
    : verdict;
};

const showsTemplate = (screen: string): boolean => screen.startsWith('Wallet policy');

const withoutTemplate = (screens: readonly string[]): readonly string[] =>
  screens.filter((screen) => !showsTemplate(screen));
