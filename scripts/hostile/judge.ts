import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeKeyRecord, policyId } from '@qoima/policy';
import { isLocalRule, RULES } from '@qoima/review';
import type { End } from '../../packages/rehearsal/test/programs-at-hand.ts';
import { filesOf } from './corpus.ts';
import { type Homes, propose, runCoordinator, runStation } from './homes.ts';
import type { HostileCase, Side, Step } from './hostile-case.ts';
import { CUSTODIANS, cosignerNamed, policyOf } from './reserve.ts';

/** What came of one attack. */
export interface Verdict {
  readonly one: HostileCase;
  /** Of each thing that was done on a side, how it ended. */
  readonly ends: Readonly<Record<Side, readonly string[]>>;
  /** True if both programs took the clean sibling without a finding. */
  readonly clean: boolean;
  /** Of the clean PSBT, as both programs say it. */
  readonly digest: string | undefined;
  readonly words: readonly string[];
  /** Where it was not as expected; empty if all was. */
  readonly problems: readonly string[];
}

interface Finding {
  readonly rule: string;
  readonly severity: string;
  readonly local?: boolean;
}

interface Outcome {
  readonly code: string | null;
  readonly exit: number;
  readonly findings: readonly Finding[];
  readonly refused: readonly string[];
  readonly digest: string | undefined;
  readonly words: readonly string[];
}

const severityOf = new Map(RULES.map(({ id, severity }) => [id, severity]));

/** Runs an attack and its clean sibling through both programs, in this process. */
export const judgeCase = async (one: HostileCase, homes: Homes): Promise<Verdict> => {
  const folder = homes.newFolder();
  const paths = new Map(
    [...filesOf(one)].map(([name, bytes]) => {
      const path = join(folder, name);
      writeFileSync(path, bytes);
      return [name.replace(/\..*$/, ''), path] as const;
    }),
  );
  const judge = one.kind === 'policy' ? judgePolicy : one.kind === 'key' ? judgeKey : judgePsbt;
  return judge({ one, homes, paths, problems: [], ends: { station: [], coordinator: [] } });
};

interface Trial {
  readonly one: HostileCase;
  readonly homes: Homes;
  /** Of the case's files, by their names without endings. */
  readonly paths: ReadonlyMap<string, string>;
  readonly problems: string[];
  readonly ends: Record<Side, string[]>;
}

const pathOf = ({ paths }: Trial, name: string): string => {
  const path = paths.get(name);
  if (path === undefined) throw new Error(`there is a file ${name}`);
  return path;
};

const judgePsbt = async (trial: Trial): Promise<Verdict> => {
  const { one, homes, problems } = trial;
  const { earlier = [], sent } = one.files;
  const policy = policyOf(one.policy);
  const onStation = (home: string, ...argv: readonly string[]): Promise<Outcome> =>
    outcome(runStation(home, ['--policy', policy.name, '--json', ...argv]));
  const online = (home: string, ...argv: readonly string[]): Promise<Outcome> =>
    outcome(runCoordinator(home, ['--policy', policy.name, '--json', ...argv]));

  const [clean, attack] = [pathOf(trial, 'clean'), pathOf(trial, 'attack')];
  const ours = await onStation(homes.station, 'inspect', clean);
  const theirs = await online(homes.coordinator, 'inspect', clean);
  for (const [side, { exit, findings }] of [
    ['station', ours],
    ['coordinator', theirs],
  ] as const) {
    if (exit !== 0 || findings.length > 0) {
      problems.push(`${side}, clean: exit ${exit}, ${findings.map(({ rule }) => rule).join()}`);
    }
  }
  if (
    ours.digest === undefined ||
    ours.digest !== theirs.digest ||
    ours.words.join() !== theirs.words.join()
  ) {
    problems.push('clean: the programs print different digests or words');
  }
  const sound = problems.length === 0;

  const own = earlier.length === 0 ? homes.station : homes.copyOf(homes.station);
  for (const [i] of one.kind === 'psbt' ? earlier.entries() : []) {
    const before = pathOf(trial, `earlier-${i + 1}`);
    const { digest = '' } = await onStation(own, 'inspect', before);
    const accepted = ['--accept', digest, '--accept-warning', 'history-coin-signed'];
    const signing = await onStation(own, 'sign', before, ...accepted, '--out', `${before}-signed`);
    if (signing.exit !== 0) throw new Error(`${before} was not signed: ${signing.code}`);
  }
  for (const step of one.expected.station) {
    const argv =
      step.command === 'sign'
        ? ['sign', attack, '--accept', ours.digest ?? '']
        : [step.command, attack];
    check(trial, 'station', step, await onStation(own, ...argv));
  }

  const memory = earlier.length === 0 ? homes.coordinator : homes.copyOf(homes.coordinator);
  for (const [i, psbt] of earlier.entries()) propose(memory, policyId(policy), psbt, i);
  for (const step of one.expected.coordinator) {
    if (step.command !== 'combine') {
      check(trial, 'coordinator', step, await online(memory, step.command, attack));
      continue;
    }
    const store = homes.copyOf(homes.coordinator);
    propose(store, policyId(policy), sent ?? one.files.clean, 10);
    for (const [i, psbt] of one.kind === 'returned' ? earlier.entries() : []) {
      propose(store, policyId(policy), psbt, i);
    }
    const after = one.kind === 'returned' ? homes.copyOf(store) : undefined;
    check(trial, 'coordinator', step, await online(store, 'combine', attack));
    if (after === undefined) continue;
    // What was taken before, or is taken after, changes nothing about it.
    const taken = await online(after, 'combine', clean);
    if (taken.exit !== 0) problems.push(`coordinator, combine clean: exit ${taken.exit}`);
    check(trial, 'coordinator', step, await online(after, 'combine', attack), true);
  }
  return verdict(trial, sound, ours);
};

const judgePolicy = async (trial: Trial): Promise<Verdict> => {
  const { homes, one, problems } = trial;
  const [clean, attack] = [pathOf(trial, 'clean'), pathOf(trial, 'attack')];
  const runs = {
    station: (...argv: readonly string[]) =>
      outcome(runStation(homes.station, ['--json', ...argv])),
    coordinator: (...argv: readonly string[]) =>
      outcome(runCoordinator(homes.coordinator, ['--json', ...argv])),
  };
  for (const side of ['station', 'coordinator'] as const) {
    const { exit, findings } = await runs[side]('policy', 'verify', clean);
    if (exit !== 0 || findings.length > 0) problems.push(`${side}, clean: exit ${exit}`);
  }
  const sound = problems.length === 0;
  for (const side of ['station', 'coordinator'] as const) {
    for (const step of one.expected[side]) {
      const argv =
        step.command === 'import-policy'
          ? ['policy', 'import', attack, '--accept', policyId(policyOf('wsh'))]
          : ['policy', 'verify', attack];
      check(trial, side, step, await runs[side](...argv));
    }
  }
  return verdict(trial, sound);
};

const judgeKey = async (trial: Trial): Promise<Verdict> => {
  const { homes, one, problems } = trial;
  const create = async (record: string): Promise<Outcome & { readonly id: unknown }> => {
    const folder = homes.newFolder();
    const records = CUSTODIANS.map((who) => {
      const text = encodeKeyRecord({ network: 'regtest', cosigner: cosignerNamed(who) });
      if (text === Buffer.from(one.files.clean).toString()) return record;
      const path = join(folder, `${who}.key.json`);
      writeFileSync(path, text);
      return path;
    });
    const end = await runCoordinator(join(folder, 'home'), [
      '--json',
      'policy',
      'create',
      '--name',
      'Corpus wsh',
      ...records,
    ]);
    const id = end.code === 0 ? (JSON.parse(end.stdout) as { id: unknown }).id : undefined;
    return { ...(await outcome(Promise.resolve(end))), id };
  };
  const id = policyId(policyOf('wsh'));
  const clean = await create(pathOf(trial, 'clean'));
  if (clean.id !== id) problems.push(`coordinator, clean: ${clean.code}`);
  const sound = problems.length === 0;
  for (const step of one.expected.coordinator) {
    const end = await create(pathOf(trial, 'attack'));
    check(trial, 'coordinator', step, end);
    if (end.id === id) problems.push('coordinator: the policy is that of the clean record');
  }
  for (const step of one.expected.station) {
    const argv = ['--json', 'policy', 'import', pathOf(trial, 'policy'), '--accept', id];
    check(trial, 'station', step, await outcome(runStation(homes.station, argv)));
  }
  return verdict(trial, sound);
};

const verdict = ({ one, ends, problems }: Trial, clean: boolean, said?: Outcome): Verdict => ({
  one,
  ends,
  clean,
  digest: said?.digest,
  words: said?.words ?? [],
  problems,
});

/** Holds how one step ended against what was expected of it. */
const check = (
  { one, ends, problems }: Trial,
  side: Side,
  step: Step,
  actual: Outcome,
  again = false,
): void => {
  const { command, code, exit } = step;
  if (!again) ends[side].push(`${command} ${actual.exit}`);
  const what = `${side}, ${command}`;
  if (actual.code !== code || actual.exit !== exit) {
    problems.push(`${what}: expected ${code} (${exit}), found ${actual.code} (${actual.exit})`);
  }
  const refused = [...new Set(actual.refused)].join();
  if (step.refused !== undefined && step.refused.join() !== refused) {
    problems.push(
      `${what}: expected signatures refused for ${step.refused.join()}, found ${refused}`,
    );
  }
  const expected = expectedFindings(one, step);
  const found = [...new Set(actual.findings.filter(isTold).map(({ rule }) => rule))].sort();
  if (expected !== undefined && expected.join() !== found.join()) {
    problems.push(
      `${what}: expected ${expected.join() || 'no finding'}, found ${found.join() || 'none'}`,
    );
  }
};

/** How far the signing is, is no finding against the spend. */
const isTold = ({ rule, severity }: Finding): boolean => severity !== 'note' || !isLocalRule(rule);

/** Which rules the step has to name; undefined where a program does not say which. */
const expectedFindings = (
  { kind, expected }: HostileCase,
  { command, code }: Step,
): readonly string[] | undefined => {
  if (command === 'combine' || command === 'import-policy' || command === 'create-policy')
    return undefined;
  const rules = [...(expected.rule === null ? [] : [expected.rule]), ...expected.also].sort();
  if (kind === 'policy') return code === null ? rules : undefined;
  if (code === null) return rules.filter((rule) => !rule.startsWith('signer-'));
  const wanted = code.endsWith('_REVIEW_BLOCKED')
    ? 'block'
    : code.endsWith('_WARNING_OPEN')
      ? 'warn'
      : undefined;
  return wanted && rules.filter((rule) => severityOf.get(rule) === wanted);
};

const outcome = async (run: Promise<End>): Promise<Outcome> => {
  const { code: exit, stdout, stderr } = await run;
  if (exit !== 0) {
    const { error } = JSON.parse(stderr) as {
      readonly error: {
        readonly code: string;
        readonly details?: {
          readonly findings?: readonly Finding[];
          readonly refused?: readonly { readonly code: string }[];
        };
      };
    };
    const { findings = [], refused = [] } = error.details ?? {};
    return {
      code: error.code,
      exit,
      findings,
      refused: refused.map(({ code }) => code),
      digest: undefined,
      words: [],
    };
  }
  const value = JSON.parse(stdout) as Partial<Report> & { readonly report?: Report };
  const { findings = [], digest, words = [] } = value.report ?? value;
  return { code: null, exit, findings, refused: [], digest, words };
};

interface Report {
  readonly findings?: readonly Finding[];
  readonly digest?: string;
  readonly words?: readonly string[];
}
