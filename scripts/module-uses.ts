import { builtinModules } from 'node:module';
import { parseSync } from 'oxc-parser';

/** What a source file takes from outside itself. */
export interface ModuleUses {
  readonly imports: readonly ModuleImport[];
  /** Names of `globalThis` that it refers to, among those asked for; `globalThis.fetch` and so on. */
  readonly globals: readonly { readonly name: string; readonly line: number }[];
  /** Ways of importing whose target cannot be read off the source. */
  readonly unreadable: readonly { readonly what: string; readonly line: number }[];
}

export interface ModuleImport {
  /** As written, but a Node module always begins with `node:`. */
  readonly specifier: string;
  /** The names taken from it; `*` for all of them. */
  readonly names: readonly string[];
  readonly line: number;
}

/**
 * Reads one TypeScript or JavaScript file: `import`, `export … from`, `import()`, `import('…').Type`,
 * `import x = require()`, `require()`, `import.meta.resolve()`, and references to `globals`. A global's name counts even where
 * the file declares a variable of the same name: call the variable something else.
 * @throws when the file does not parse
 */
export const readModuleUses = (
  path: string,
  text: string,
  globals: ReadonlySet<string>,
): ModuleUses => {
  const program = parse(path, text);

  const lineAt = lineFinder(text);
  const uses = { imports: [] as ModuleImport[], globals: [] as Named[], unreadable: [] as What[] };
  const visit = (node: SyntaxNode): void => {
    const line = lineAt(node.start);
    const target = importTarget(node);
    if (target === unreadable) {
      uses.unreadable.push({
        what: text.slice(node.start, Math.min(node.end, node.start + 60)),
        line,
      });
    } else if (target !== undefined) {
      uses.imports.push({ specifier: withNodePrefix(target), names: importedNames(node), line });
    }
    const name = globalName(node);
    if (name !== undefined && globals.has(name)) {
      uses.globals.push({ name: `globalThis.${name}`, line });
    }
    for (const child of children(node)) visit(child);
  };
  visit(program as SyntaxNode);
  return uses;
};

/** As a module and, failing that, as CommonJS, in which a file may return and use names a module may not. */
const parse = (path: string, text: string): unknown => {
  let first: string | undefined;
  for (const sourceType of [undefined, 'commonjs'] as const) {
    const { program, errors } = parseSync(path, text, { sourceType });
    const error = errors.find(({ severity }) => (severity as string) === 'Error');
    if (error === undefined) return program;
    first ??= error.message;
  }
  throw new Error(`${path} does not parse: ${first}`);
};

interface What {
  readonly what: string;
  readonly line: number;
}

interface Named {
  readonly name: string;
  readonly line: number;
}

/** An ESTree node, as far as this file looks at one. */
interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** Without those that exist only with the prefix: newer Node versions list them with it. */
const builtins = new Set(builtinModules.filter((name) => !name.startsWith('node:')));

const withNodePrefix = (specifier: string): string =>
  builtins.has(specifier) ? `node:${specifier}` : specifier;

/** Stands for the target of an import that is worked out at run time. */
const unreadable = Symbol('unreadable');
type Target = string | typeof unreadable;

const importTarget = (node: SyntaxNode): Target | undefined => {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return isNode(node['source']) ? literal(node['source']) : undefined;
    case 'TSExternalModuleReference':
      return literal(node['expression']);
    case 'CallExpression':
      return isRequire(node['callee']) || isResolve(node['callee'])
        ? literal((node['arguments'] as SyntaxNode[])[0])
        : undefined;
    case 'MemberExpression':
      return propertyName(node) === 'getBuiltinModule' ? unreadable : undefined;
    default:
      return undefined;
  }
};

const isRequire = (callee: unknown): boolean =>
  isNode(callee) && callee.type === 'Identifier' && callee['name'] === 'require';

/** `import.meta.resolve`: finding a module's file is as good as importing it. */
const isResolve = (callee: unknown): boolean =>
  isNode(callee) &&
  callee.type === 'MemberExpression' &&
  propertyName(callee) === 'resolve' &&
  isNode(callee['object']) &&
  callee['object'].type === 'MetaProperty';

/** The text of a string literal or of a template without holes. */
const literal = (node: unknown): Target => {
  if (!isNode(node)) return unreadable;
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node.type === 'TemplateLiteral') {
    const [only, ...more] = node['quasis'] as { value: { cooked: string } }[];
    if (only !== undefined && more.length === 0) return only.value.cooked;
  }
  return unreadable;
};

const importedNames = (node: SyntaxNode): readonly string[] => {
  if (node.type === 'TSImportType') return [leftmostName(node['qualifier']) ?? '*'];
  const specifiers = node['specifiers'];
  if (!Array.isArray(specifiers)) return ['*'];
  return (specifiers as SyntaxNode[]).map((specifier) => {
    const name = specifier['imported'] ?? specifier['local'];
    if (specifier.type === 'ImportDefaultSpecifier') return 'default';
    if (specifier.type === 'ImportNamespaceSpecifier' || !isNode(name)) return '*';
    return String(name['name'] ?? name['value']);
  });
};

const leftmostName = (qualifier: unknown): string | undefined => {
  if (!isNode(qualifier)) return undefined;
  return qualifier.type === 'Identifier'
    ? String(qualifier['name'])
    : leftmostName(qualifier['left']);
};

/** The name of a global that this node may be: `fetch`, `globalThis.fetch`, `globalThis['fetch']`. */
const globalName = (node: SyntaxNode): string | undefined => {
  if (node.type === 'Identifier') return String(node['name']);
  const object = node['object'];
  if (node.type !== 'MemberExpression' || !isNode(object) || object.type !== 'Identifier') {
    return undefined;
  }
  return ['globalThis', 'global', 'self', 'window'].includes(String(object['name']))
    ? propertyName(node)
    : undefined;
};

const propertyName = (member: SyntaxNode): string | undefined => {
  const property = member['property'];
  if (!isNode(property)) return undefined;
  if (member['computed'] !== true) return String(property['name']);
  const name = literal(property);
  return name === unreadable ? undefined : name;
};

/** The nodes below, but for names that refer to nothing: keys, plain properties, labels, re-exports. */
function* children(node: SyntaxNode): Generator<SyntaxNode> {
  if (node.type === 'ExportNamedDeclaration' && isNode(node['source'])) return;
  for (const [field, value] of Object.entries(node)) {
    const isPlainName =
      (field === 'property' && node.type === 'MemberExpression') ||
      (field === 'key' && node['shorthand'] !== true) ||
      ['label', 'imported', 'exported', 'parameterName'].includes(field);
    if (isPlainName && node['computed'] !== true) continue;
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isNode(child)) yield child;
    }
  }
}

const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

const lineFinder = (text: string): ((offset: number) => number) => {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
};
