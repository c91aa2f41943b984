import { openJournal } from '../src/index.ts';

/** Appends one entry to the journal named on the command line and dies without closing it. */
const journal = openJournal(process.argv[2] as string, { clock: () => new Date(0) });
journal.append('test.event', { n: 1 });
process.kill(process.pid, 'SIGKILL');
