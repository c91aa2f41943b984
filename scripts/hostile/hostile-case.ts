import { encodePsbt, type Psbt } from '@qoima/psbt';

export type Kind = 'psbt' | 'policy' | 'key' | 'returned';
export type Side = 'station' | 'coordinator';
export type ScriptKind = 'wsh' | 'sh-wsh' | 'sh';

/** What is done with the attack, in words that every wallet has something for. */
export type Command =
  | 'inspect'
  | 'sign'
  | 'combine'
  | 'import-policy'
  | 'verify-policy'
  | 'create-policy';

/** One thing done on one side, and how it has to end. */
export interface Step {
  readonly command: Command;
  /** The error's code; null if the program goes on, having shown what it found. */
  readonly code: string | null;
  readonly exit: number;
  /** Of `combine`: why signatures of the file were refused, each code once. */
  readonly refused?: readonly string[];
}

/** What is expected of an attack. */
export interface Expected {
  /** The rule of the review that has to find it, or null where something else refuses it first. */
  readonly rule: string | null;
  /** Other rules that it cannot but break as well. */
  readonly also: readonly string[];
  readonly station: readonly Step[];
  readonly coordinator: readonly Step[];
}

/** One attack: `case.json` and the bytes of the files it names. */
export interface HostileCase {
  readonly id: string;
  readonly title: string;
  /** What the attacker does, and what for. */
  readonly attack: string;
  /** The BIP, the CVE or the incident. */
  readonly source: string;
  readonly kind: Kind;
  /** Of which of the three policies in `setup/` it is. */
  readonly policy: ScriptKind;
  readonly expected: Expected;
  readonly files: CaseFiles;
}

export interface CaseFiles {
  readonly clean: Uint8Array;
  readonly attack: Uint8Array;
  /** Of `returned`: what the coordinator sent round. */
  readonly sent?: Uint8Array;
  /** What was signed by the station, and proposed by the coordinator, before: in this order. */
  readonly earlier?: readonly Uint8Array[];
  /** Of `key`: the policy that a careless coordinator would make of it. */
  readonly policy?: Uint8Array;
}

/** What every attack says of itself. */
export type Story = Pick<HostileCase, 'id' | 'title' | 'attack' | 'source'>;

export interface PsbtAttack extends Story {
  readonly clean: Psbt;
  readonly psbt: Psbt | Uint8Array;
  readonly policy?: ScriptKind;
  /** Why `combine` refuses it as well, if it came back; a stranger's transaction, usually. */
  readonly combine?: string | null;
  readonly also?: readonly string[];
  readonly earlier?: readonly Psbt[];
}

const BLOCKED: Omit<Expected, 'rule' | 'also'> = {
  station: [
    { command: 'inspect', code: 'STATION_REVIEW_BLOCKED', exit: 3 },
    { command: 'sign', code: 'STATION_REVIEW_BLOCKED', exit: 3 },
  ],
  coordinator: [{ command: 'inspect', code: 'COORDINATOR_REVIEW_BLOCKED', exit: 3 }],
};

const shown = (code: string): Omit<Expected, 'rule' | 'also'> => ({
  station: [
    { command: 'inspect', code: null, exit: 0 },
    { command: 'sign', code, exit: 3 },
  ],
  coordinator: [{ command: 'inspect', code: null, exit: 0 }],
});

/** Found by a rule that no word waves through. */
export const blocked = (rule: string, attack: PsbtAttack): HostileCase =>
  psbtCase(attack, rule, BLOCKED);

/** Found by a rule that a person would have to accept by its name. */
export const warned = (rule: string, attack: PsbtAttack): HostileCase =>
  psbtCase(attack, rule, shown('STATION_WARNING_OPEN'));

/** Told by a note, or by no rule: what stops it is that another digest was approved. */
export const noted = (rule: string | null, attack: PsbtAttack): HostileCase =>
  psbtCase(attack, rule, shown('STATION_ID_MISMATCH'));

/** Refused before any rule is asked: it is no PSBT. */
export const unreadable = (code: string, attack: PsbtAttack): HostileCase => {
  const step = (command: Command): Step => ({ command, code, exit: 3 });
  const sides = {
    station: [step('inspect'), step('sign')],
    coordinator: [step('inspect')],
  };
  return psbtCase({ ...attack, combine: code }, null, sides);
};

const psbtCase = (
  attack: PsbtAttack,
  rule: string | null,
  { station, coordinator }: Omit<Expected, 'rule' | 'also'>,
): HostileCase => {
  const { id, title, source, clean, psbt, combine = 'COORDINATOR_STRANGE_PSBT' } = attack;
  const back: Step = { command: 'combine', code: combine, exit: combine === null ? 0 : 3 };
  return {
    id,
    title,
    attack: attack.attack,
    source,
    kind: 'psbt',
    policy: attack.policy ?? 'wsh',
    expected: {
      rule,
      also: attack.also ?? [],
      station,
      coordinator: [...coordinator, back],
    },
    files: {
      clean: encodePsbt(clean),
      attack: bytesOf(psbt),
      ...(attack.earlier === undefined ? {} : { earlier: attack.earlier.map(encodePsbt) }),
    },
  };
};

const bytesOf = (psbt: Psbt | Uint8Array): Uint8Array =>
  psbt instanceof Uint8Array ? psbt : encodePsbt(psbt);
