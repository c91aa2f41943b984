import fc from 'fast-check';

/** One change to a policy file, by its members. */
export interface PolicyFileChange {
  readonly what: string;
  /** Why it may pass unnoticed: what it changes is not under the policy's id. */
  readonly harmless: string | undefined;
  readonly apply: (file: string) => string;
}

type Members = Record<string, unknown>;

const members = (file: string): Members => JSON.parse(file) as Members;
const written = (value: Members): string => `${JSON.stringify(value, undefined, 2)}\n`;

const edit = (
  what: string,
  change: (value: Members) => Members,
  harmless?: string,
): PolicyFileChange => ({ what, harmless, apply: (file) => written(change(members(file))) });

const without = (file: Members, name: string): Members =>
  Object.fromEntries(Object.entries(file).filter(([key]) => key !== name));

const names = ['format', 'id', 'name', 'network', 'template', 'keys', 'cosigners'] as const;

/** What each member may be changed to; whatever is not named here must not pass. */
export const spelling = 'another spelling of the same value';
const aside = 'names of cosigners and the birthday are for people, and not under the id';

const judged = 'limits are not under the id; they are under the digest of every report';

const list = (value: unknown): readonly string[] => value as readonly string[];

const limits = {
  warn: { feeSats: '1', feeRateSatsPerKvb: '1', feePerMille: 1 },
  block: { feeSats: '2', feeRateSatsPerKvb: '2', feePerMille: 2 },
} as const;

/** Every way in which one member can be another, and those that are known to pass. */
export const policyFileChanges: fc.Arbitrary<PolicyFileChange> = fc.oneof(
  fc.constantFrom(...names).map((name) => edit(`without ${name}`, (file) => without(file, name))),
  fc.constant(edit('without birthday', (file) => without(file, 'birthday'), aside)),
  fc
    .tuple(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 1 }))
    .map(([name, value]) =>
      edit(`${name} is ${JSON.stringify(value)}`, (file) => ({ ...file, [name]: value })),
    ),
  fc
    .nat(0xffffffff)
    .map((birthday) => edit('another birthday', (file) => ({ ...file, birthday }), aside)),
  fc
    .tuple(
      fc.constantFrom('note', '__proto__', 'constructor', 'limits2', 'Name'),
      fc.jsonValue({ maxDepth: 1 }),
    )
    .map(([name, value]) => ({
      what: `a member ${name} more`,
      harmless: undefined,
      apply: (file: string) => file.replace('{', `{"${name}": ${JSON.stringify(value)},`),
    })),
  fc.constantFrom(...names).map((name) => ({
    what: `${name} twice`,
    harmless: undefined,
    apply: (file: string) =>
      file.replace('{', `{"${name}": ${JSON.stringify(members(file)[name])},`),
  })),
  fc
    .tuple(fc.constantFrom('id', 'name', 'template', 'network'), fc.nat(), fc.nat(0x7e))
    .map(([name, at, code]) =>
      edit(`a letter of ${name}`, (file) => {
        const text = String(file[name]);
        const place = at % text.length;
        const other = `${text.slice(0, place)}${String.fromCharCode(0x20 + (code % 0x5f))}${text.slice(place + 1)}`;
        return { ...file, [name]: other };
      }),
    ),
  fc.tuple(fc.nat(4), fc.nat(), fc.nat(0x5e)).map(([which, at, code]) =>
    edit(
      'a letter of a key',
      (file) => {
        const keys = [...list(file['keys'])];
        const text = keys[which] as string;
        const place = at % text.length;
        keys[which] =
          `${text.slice(0, place)}${String.fromCharCode(0x20 + code)}${text.slice(place + 1)}`;
        return { ...file, keys };
      },
      // h for an apostrophe, or a capital in the fingerprint; whatever else must not pass as one.
      spelling,
    ),
  ),
  fc.tuple(fc.nat(4), fc.nat(4)).map(([a, b]) =>
    edit('two keys change places', (file) => {
      const keys = [...list(file['keys'])];
      [keys[a], keys[b]] = [keys[b] as string, keys[a] as string];
      return { ...file, keys };
    }),
  ),
  fc.tuple(fc.nat(4), fc.nat(4)).map(([a, b]) =>
    edit('a key for another', (file) => {
      const keys = [...list(file['keys'])];
      keys[a] = keys[b] as string;
      return { ...file, keys };
    }),
  ),
  fc
    .integer({ min: 0, max: 1000 })
    .map((changeWindow) =>
      edit('other limits', (file) => ({ ...file, limits: { ...limits, changeWindow } }), judged),
    ),
  fc.constant(edit('half of the limits', (file) => ({ ...file, limits: { warn: limits.warn } }))),
  fc.constant(edit('a key less', (file) => ({ ...file, keys: list(file['keys']).slice(1) }))),
  fc.nat(4).map((which) =>
    edit(
      'another name of a cosigner',
      (file) => ({
        ...file,
        cosigners: list(file['cosigners']).map((name, i) => (i === which ? `${name}x` : name)),
      }),
      aside,
    ),
  ),
  fc.constant(
    edit(
      'h in the place of the apostrophe',
      (file) => ({ ...file, keys: list(file['keys']).map((key) => key.replaceAll("'", 'h')) }),
      spelling,
    ),
  ),
  fc.constant(
    edit(
      '/<0;1>/* in the place of /**',
      (file) => ({ ...file, template: String(file['template']).replaceAll('/**', '/<0;1>/*') }),
      spelling,
    ),
  ),
  fc.constant({
    what: 'other white space',
    harmless: spelling,
    apply: (file: string) => JSON.stringify(members(file)),
  }),
  fc.constant(
    edit(
      'members in another order',
      (file) => Object.fromEntries(Object.entries(file).toReversed()),
      spelling,
    ),
  ),
);
