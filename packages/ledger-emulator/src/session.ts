import { concatBytes, parseUtf8 } from '@qoima/primitives';
import {
  CLA,
  type CommandApdu,
  INS_APP_AND_VERSION,
  INS_CONTINUE,
  PROTOCOL_VERSION,
  parseApdu,
} from './apdu.ts';
import type { App } from './app.ts';
import { Refusal } from './app-error.ts';
import { type Approval, decide } from './approval.ts';
import { COMMANDS, INS_REGISTER_WALLET } from './command-table.ts';
import type { Device } from './device.ts';
import type { Dialogue, Reply } from './dialogue.ts';
import { STATUS, type StatusName } from './status-word.ts';

/** The app's side of a connection: at most one command waits for the host. */
export interface Session {
  exchange(bytes: Uint8Array): Promise<Uint8Array>;
}

/** `shown` is called with each screen in turn. */
export const openSession = (
  device: Device,
  approval: Approval,
  shown: (text: string) => void,
): Session => {
  let pending: Running | undefined;

  /** Carries a command on until it asks the host or ends. */
  const advance = async (running: Running, reply?: Reply): Promise<Uint8Array> => {
    const show = (texts: readonly string[]): void => {
      for (const text of texts) shown(text);
      running.screens += texts.length;
    };
    let next = reply;
    try {
      for (;;) {
        const { dialogue } = running;
        const step = next === undefined ? dialogue.next(STARTING) : dialogue.next(next);
        if (step.done === true) return answered(step.value);
        if (step.value.kind === 'ask') {
          pending = running;
          return answered(step.value.request, 'interrupted');
        }
        if (step.value.kind === 'show') {
          show(step.value.screens);
          next = { kind: 'shown' };
          continue;
        }
        const { review } = step.value;
        const approved = await decide(approval, review, running.screens);
        show(approved ? [...review.screens, ...review.approved] : (review.refused ?? []));
        next = { kind: 'decision', approved };
      }
    } catch (error) {
      if (error instanceof Refusal) return refusal(device.app, error);
      throw error;
    }
  };

  return {
    exchange: async (bytes) => {
      const apdu = parseApdu(bytes, device.app.version);
      // The operating system answers for itself, and a command goes on waiting.
      if (bytes[0] === CLA.system) return systemAnswer(device.app, bytes);
      const waiting = pending;
      pending = undefined;
      if (apdu === undefined) return answered(NOTHING, 'wrongLength');
      if (waiting !== undefined) {
        return isContinue(apdu)
          ? advance(waiting, { kind: 'answer', bytes: apdu.data })
          : answered(NOTHING, 'incorrectData');
      }
      const fault = dispatchFault(apdu);
      if (fault !== undefined) return answered(NOTHING, fault);
      if (apdu.ins !== INS_REGISTER_WALLET) device.templateMemory.clear();
      const command = COMMANDS.get(apdu.ins);
      if (command === undefined) throw new Error('dispatchFault has found the command');
      return advance({ dialogue: command(device, apdu.data, apdu.p2), screens: 0 });
    },
  };
};

interface Running {
  readonly dialogue: Dialogue<Uint8Array>;
  /** Screens of this command so far. */
  screens: number;
}

/** What a dialogue's first step is given, and nobody looks at. */
const STARTING: Reply = { kind: 'shown' };

const NOTHING = new Uint8Array();

const isContinue = ({ cla, ins }: CommandApdu): boolean =>
  cla === CLA.framework && ins === INS_CONTINUE;

/** In the app's order: protocol version, a CONTINUE of nothing, class, instruction. */
const dispatchFault = (apdu: CommandApdu): StatusName | undefined => {
  if (apdu.p2 > PROTOCOL_VERSION) return 'wrongP1P2';
  if (isContinue(apdu)) return 'badState';
  if (apdu.cla !== CLA.app) return 'unknownClass';
  return COMMANDS.has(apdu.ins) ? undefined : 'unknownInstruction';
};

/** `b0 01`: format 1, name, version, one byte of flags. The other system commands are not emulated. */
const systemAnswer = (app: App, [, ins, p1, p2]: Uint8Array): Uint8Array => {
  if (ins !== INS_APP_AND_VERSION || p1 !== 0 || p2 !== 0) return answered(NOTHING, 'unknownClass');
  const name = parseUtf8(app.name);
  const version = parseUtf8(app.version);
  return answered(
    concatBytes(
      Uint8Array.of(1, name.length),
      name,
      Uint8Array.of(version.length),
      version,
      Uint8Array.of(1, 0),
    ),
  );
};

const refusal = ({ errorCodes }: App, { status, code }: Refusal): Uint8Array =>
  answered(
    code === undefined || !errorCodes ? NOTHING : Uint8Array.of(code >> 8, code & 0xff),
    status,
  );

const answered = (data: Uint8Array, status: StatusName = 'ok'): Uint8Array =>
  concatBytes(data, Uint8Array.of(STATUS[status] >> 8, STATUS[status] & 0xff));
