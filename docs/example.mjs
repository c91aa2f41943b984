// node docs/example.mjs policy.json spend.psbt
import { readFileSync } from 'node:fs';
import { decodePolicyFile, encodeAddress, policyId, policyScripts } from '@qoima/policy';
import { analyzePsbt, parsePsbt } from '@qoima/psbt';

const [policyFile, psbtFile] = process.argv.slice(2);
const { policy } = decodePolicyFile(readFileSync(policyFile, 'utf8'));
const scripts = policyScripts(policy);
console.log(policyId(policy));
console.log(encodeAddress(scripts.at('receive', 0).scriptPubKey, policy.network));

const { next, feeSats, inputs } = analyzePsbt(parsePsbt(readFileSync(psbtFile)), scripts);
for (const { signedBy, missing } of inputs) console.log({ next, feeSats, signedBy, missing });
