import type { Finding } from '@qoima/primitives';
import { fieldOf, OUTPUT } from '@qoima/psbt';
import type { Evidence, OutputEvidence } from './evidence.ts';
import type { ReviewLimits } from './limits.ts';
import { judgeScriptFields } from './script-fields.ts';
import { scriptText } from './script-text.ts';

/** Bitcoin Core's dust limits at 3 sat/vB, by the kind of script that is paid. */
const dustLimit = (script: Uint8Array): bigint => {
  switch (scriptKind(script)) {
    case 'p2wpkh':
      return 294n;
    case 'p2wsh':
    case 'p2tr':
      return 330n;
    case 'p2sh':
      return 540n;
    default:
      return 546n;
  }
};

type Kind = 'p2pkh' | 'p2sh' | 'p2wpkh' | 'p2wsh' | 'p2tr' | 'op-return' | 'unknown';

/** The standard form that a scriptPubKey has. */
const scriptKind = (script: Uint8Array): Kind => {
  const starts = (...bytes: readonly number[]): boolean =>
    bytes.every((byte, at) => script[at] === byte);
  if (
    script.length === 25 &&
    starts(0x76, 0xa9, 0x14) &&
    script[23] === 0x88 &&
    script[24] === 0xac
  )
    return 'p2pkh';
  if (script.length === 23 && starts(0xa9, 0x14) && script[22] === 0x87) return 'p2sh';
  if (script.length === 22 && starts(0x00, 0x14)) return 'p2wpkh';
  if (script.length === 34 && starts(0x00, 0x20)) return 'p2wsh';
  if (script.length === 34 && starts(0x51, 0x20)) return 'p2tr';
  return starts(0x6a) ? 'op-return' : 'unknown';
};

/** Change must be proven; what is not proven is a payment, and a payment that claims to be change is a lie. */
export const judgeOutputs = (evidence: Evidence, limits: ReviewLimits): readonly Finding[] => {
  const highest = evidence.inputs.reduce((most, { own }) => Math.max(most, own?.index ?? 0), 0);
  return evidence.outputs.flatMap((output) => [
    ...ownership(output),
    ...scriptFields(output),
    ...changeIndex(output, highest + limits.changeWindow),
    ...payability(output),
  ]);
};

const ownership = (output: OutputEvidence): readonly Finding[] => {
  const at = (rule: string, severity: Finding['severity'], message: string): readonly Finding[] => [
    {
      rule,
      severity,
      where: output.where,
      message,
      facts: {
        actual: scriptText(output.script),
        ...(output.claim.state === 'place'
          ? { expected: scriptText(output.claim.script.scriptPubKey) }
          : {}),
      },
    },
  ];
  if (output.own?.branch === 'receive')
    return at('output-own-receive', 'note', 'This pays a receive address of the policy itself.');
  if (output.own !== undefined || output.claim.state === 'none') return [];
  return at(
    'change-not-proven',
    'block',
    output.claim.state === 'disagree'
      ? `This output claims to be the policy's own, but ${output.claim.reason}.`
      : "This output claims to be the policy's own, but it pays another script.",
  );
};

const scriptFields = ({ where, map, own }: OutputEvidence): readonly Finding[] =>
  judgeScriptFields(
    where,
    {
      redeemScript: fieldOf(map, OUTPUT.redeemScript),
      witnessScript: fieldOf(map, OUTPUT.witnessScript),
    },
    own,
  );

/**
 * Change at an index that no wallet will ever look at is lost, or held to ransom. A warning: a wallet
 * that has spent often may hold nothing but old coins with low indices.
 */
const changeIndex = ({ own, where }: OutputEvidence, last: number): readonly Finding[] =>
  own?.branch !== 'change' || own.index <= last
    ? []
    : [
        {
          rule: 'change-index-far',
          severity: 'warn',
          where,
          message: 'The change goes to an address number far beyond those in use.',
          facts: { expected: `at most ${last}`, actual: own.index },
        },
      ];

const payability = ({ script, amount, where }: OutputEvidence): readonly Finding[] => {
  const warn = (rule: string, message: string): readonly Finding[] => [
    {
      rule,
      severity: 'warn',
      where,
      message,
      facts: { amountSats: amount.toString(), script: scriptText(script) },
    },
  ];
  const kind = scriptKind(script);
  if (kind === 'op-return')
    return warn('output-op-return', 'This output is data; its amount is burnt.');
  if (kind === 'unknown')
    return warn('output-unknown-script', 'This output has no standard address.');
  return amount < dustLimit(script)
    ? warn('output-dust', 'This amount is dust: no node relays such a transaction.')
    : [];
};
