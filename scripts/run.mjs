// The one door to every command of this workspace: `node scripts/run.mjs TASK [arguments]`.
// Plain JavaScript over Node alone, because it runs before anything is installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PNPM = 'pnpm@12.21.0';
const OLDEST_NODE = [20, 19];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.qoima-installed');
// `--package` by name, because an npx around us would leave its own in the environment.
const npxPnpm = ['--yes', '--prefer-offline', `--package=${PNPM}`, '--', 'pnpm'];
// npm's own waits between tries add up to more than a minute before it says that there is no network.
const patience = {
  npm_config_fetch_retry_mintimeout: '1000',
  npm_config_fetch_retry_maxtimeout: '5000',
};
const script = (name) => ['--conditions=qoima-source', '--import=tsx', `scripts/${name}`];
const biome = 'node_modules/@biomejs/biome/bin/biome';

/**
 * What each task is for, what must be ready before it, and what Node is then given to run. The
 * programs run where their caller stands, everything else at the top of the workspace.
 */
const tasks = {
  test: {
    what: 'every test',
    needs: 'build',
    run: ['node_modules/vitest/vitest.mjs', 'run', '--config=scripts/vitest.config.ts'],
  },
  rehearse: {
    what: 'a whole ceremony, with no hardware and no node',
    needs: 'build',
    run: [join(root, 'packages/rehearsal/dist/main.js')],
    isForCaller: true,
  },
  verify: { what: 'every check that CI makes', needs: 'install', run: script('verify.ts') },
  crash: {
    what: 'kill the programs at every change that they make to the disk, and count what came of it',
    needs: 'build',
    run: [
      '--conditions=qoima-source',
      '--import=tsx',
      'packages/rehearsal/test/crash/crash-main.ts',
    ],
  },
  bench: {
    what: 'the benchmarks, against bitcoinjs-lib in the same run',
    needs: 'build',
    // Without the condition: what is measured are the built packages, as their users have them. And a
    // benchmark may want to collect garbage before its clock starts.
    run: ['--expose-gc', '--import=tsx', 'scripts/bench.ts'],
  },
  conformance: {
    what: 'the Ledger packages against recordings of the real app: give their folder',
    needs: 'install',
    run: script('conformance.ts'),
  },
  fuzz: {
    what: 'the properties, with their long budgets',
    needs: 'build',
    run: script('fuzz.ts'),
  },
  hostile: {
    what: 'every attack of the hostile corpus on both programs, or on --target COMMAND',
    needs: 'install',
    run: script('hostile.ts'),
  },
  format: {
    what: 'write every file as Biome would',
    needs: 'install',
    run: [biome, 'check', '--write'],
  },
  'errors-doc': {
    what: 'write docs/errors.md from the error tables',
    needs: 'install',
    run: [...script('errors-doc.ts'), '--write'],
  },
  'rules-doc': {
    what: 'write docs/review-rules.md from the rules of the review',
    needs: 'install',
    run: [...script('rules-doc.ts'), '--write'],
  },
  qoima: {
    what: 'the coordinator',
    needs: 'build',
    run: [join(root, 'packages/coordinator/dist/main.js')],
    isForCaller: true,
    isQuiet: true,
  },
  'qoima-station': {
    what: 'the station',
    needs: 'build',
    run: [join(root, 'packages/station/dist/main.js')],
    isForCaller: true,
    isQuiet: true,
  },
  build: { what: 'install and compile, and no more', needs: 'build' },
  pnpm: { what: `the pinned ${PNPM}, to change dependencies with` },
};

process.exitCode = await main(process.argv.slice(2));

async function main([name = '', ...rest]) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    say(`Node ${OLDEST_NODE.join('.')} or later is needed, and this is ${process.versions.node}.`);
    return 1;
  }
  if (!Object.hasOwn(tasks, name)) {
    const list = Object.entries(tasks).map(([key, { what }]) => `  ${key.padEnd(14)} ${what}`);
    process.stderr.write(['usage: node scripts/run.mjs TASK [arguments]', ...list, ''].join('\n'));
    return 2;
  }
  if (name === 'pnpm') return (await start('npx', [...npxPnpm, ...rest])).code;

  const task = tasks[name];
  const code = (await install()) || (task.needs === 'build' ? await build(task) : 0);
  if (code !== 0 || task.run === undefined) return code;
  // npm moves to the top of the workspace and leaves the caller's folder in INIT_CWD.
  const here = process.env.npm_lifecycle_event === name ? process.env.INIT_CWD : undefined;
  const cwd = task.isForCaller ? (here ?? process.cwd()) : root;
  return (await start(process.execPath, [...task.run, ...rest], { cwd })).code;
}

/** Installs what the lockfile names, unless the last installation was of exactly these files. */
async function install() {
  const wanted = inputsDigest();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return 0;
  say(`installing with ${PNPM}, as the lockfile says (the first time takes a minute)`);
  const { code, output } = await start(
    'npx',
    [
      ...npxPnpm,
      'install',
      '--frozen-lockfile',
      '--prefer-offline',
      // Without a terminal, pnpm would stop to ask whether it may replace an old node_modules.
      '--config.confirm-modules-purge=false',
      '--config.fetch-retry-mintimeout=1000',
      '--config.fetch-retry-maxtimeout=5000',
    ],
    { isQuiet: true, env: { ...process.env, ...patience } },
  );
  if (code === 0) {
    writeFileSync(stamp, wanted);
    return 0;
  }
  const unreachable =
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|dns error/.exec(
      output,
    );
  if (unreachable === null) process.stderr.write(output);
  say(
    unreachable === null
      ? `the installation failed with exit code ${code}.`
      : `the package registry cannot be reached (${unreachable[0]}): go online once and run this again.`,
  );
  return code;
}

/** What an installation depends on, in one digest: manifests, lockfile, settings and the platform. */
function inputsDigest() {
  const hash = createHash('sha256').update(`${PNPM} ${process.platform} ${process.arch}`);
  const manifests = packages().map((path) => `${path}/package.json`);
  for (const path of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests]) {
    hash.update(path).update(readFileSync(join(root, path)));
  }
  return hash.digest('hex');
}

function packages() {
  return readdirSync(join(root, 'packages'))
    .sort()
    .map((name) => `packages/${name}`)
    .filter((path) => existsSync(join(root, path, 'package.json')));
}

/** Compiles the packages and not their tests: `verify` looks at the types of those. */
async function build({ isQuiet }) {
  if (!isQuiet) say('compiling (tsc -b; only what has changed)');
  return (await start(process.execPath, ['node_modules/typescript/bin/tsc', '-b', ...packages()]))
    .code;
}

/**
 * Runs a program to its end. Quiet: without a terminal, its output kept; otherwise it has ours. A
 * signal that ends us is passed on first; the exit code of a program that a signal ended is 128 + n.
 */
function start(command, args, { cwd = root, env = process.env, isQuiet = false } = {}) {
  return new Promise((resolve) => {
    const stdio = isQuiet ? ['ignore', 'pipe', 'pipe'] : 'inherit';
    const child = spawn(command, args, { cwd, env, stdio });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    // The terminal sends its interrupt to the whole group: the child has it already.
    const passOn = (signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, passOn);
    const finish = (code) => {
      for (const signal of signals) process.off(signal, passOn);
      resolve({ code, output });
    };
    child.on('error', (error) => {
      say(`${command} could not be started: ${error.message}`);
      finish(1);
    });
    child.on('close', (code, signal) => finish(code ?? 128 + constants.signals[signal]));
  });
}

function say(line) {
  process.stderr.write(`qoima: ${line}\n`);
}
