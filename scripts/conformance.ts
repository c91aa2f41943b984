import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { conformanceOf, formatReport, hasFailed } from './conformance/report.ts';

const USAGE = 'usage: npm run conformance -- FOLDER (of recordings, as test-vectors/ledger)';

const { positionals } = parseArgs({ allowPositionals: true });
const [folder] = positionals;
if (folder === undefined || positionals.length > 1) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  try {
    // npm runs this at the top of the workspace, and says where its caller stands.
    const { npm_lifecycle_event: task, INIT_CWD: caller = '.' } = process.env;
    const rows = await conformanceOf(resolve(task === 'conformance' ? caller : '.', folder));
    console.log(formatReport(rows));
    process.exitCode = hasFailed(rows) ? 3 : 0;
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 2;
  }
}
