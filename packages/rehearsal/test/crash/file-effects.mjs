// Plain JavaScript, because a program that is to be killed loads it with nothing that compiles.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { resolve, sep } from 'node:path';

/** Calls whose first argument is a path, or a file that `openSync` gave. */
const looks = [
  'accessSync',
  'closeSync',
  'existsSync',
  'fstatSync',
  'lstatSync',
  'readdirSync',
  'readFileSync',
  'readlinkSync',
  'readSync',
  'realpathSync',
  'statSync',
];
const changes = [
  'appendFileSync',
  'chmodSync',
  'copyFileSync',
  'fsyncSync',
  'ftruncateSync',
  'linkSync',
  'mkdirSync',
  'renameSync',
  'rmdirSync',
  'rmSync',
  'symlinkSync',
  'truncateSync',
  'unlinkSync',
  'writeFileSync',
  'writeSync',
];
/** Those that name what they make in their second argument. */
const pairs = ['copyFileSync', 'linkSync', 'renameSync', 'symlinkSync'];

const { O_CREAT, O_RDWR, O_WRONLY } = fs.constants;
const opensForWriting = (flags = 'r') =>
  typeof flags === 'number' ? (flags & (O_CREAT | O_RDWR | O_WRONLY)) !== 0 : !/^rs?$/.test(flags);

const isChange = (name, args) =>
  name === 'openSync' ? opensForWriting(args[1]) : changes.includes(name);

export const watchFileEffects = (root, around) => {
  const originals = new Map();
  const files = new Map();
  // What Node's own functions call on their way is part of one call.
  let isInside = false;

  const partOf = (name, [file, bytes, start = 0]) => {
    if (name !== 'writeSync') return undefined;
    const end = start + Math.floor((bytes.length - start) / 2);
    return () => originals.get(name)(file, bytes.subarray(start, end));
  };

  const watched = (name) => {
    const original = fs[name];
    originals.set(name, original);
    return (...args) => {
      const place = (arg) => (typeof arg === 'number' ? files.get(arg) : resolve(String(arg)));
      const isPair = pairs.includes(name);
      const path = place(args[isPair ? 1 : 0]);
      const run = () => {
        const result = original(...args);
        if (name === 'openSync') files.set(result, path);
        if (name === 'closeSync') files.delete(args[0]);
        return result;
      };
      if (isInside || path === undefined || !`${path}${sep}`.startsWith(`${root}${sep}`)) {
        return run();
      }
      isInside = true;
      try {
        const half = partOf(name, args);
        const effect = {
          name: name.slice(0, -'Sync'.length),
          path,
          changes: isChange(name, args),
          ...(isPair ? { from: place(args[0]) } : {}),
          ...(half === undefined ? {} : { half }),
        };
        return around(effect, run);
      } finally {
        isInside = false;
      }
    };
  };

  for (const name of ['openSync', ...looks, ...changes]) fs[name] = watched(name);
  syncBuiltinESMExports();
  return () => {
    for (const [name, original] of originals) fs[name] = original;
    syncBuiltinESMExports();
  };
};
