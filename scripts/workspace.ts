import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top of this workspace. */
export const workspaceRoot: string = dirname(dirname(fileURLToPath(import.meta.url)));

/** The fields of a package.json that the checks look at. */
export interface Manifest {
  readonly name: string;
  readonly version?: string;
  readonly license?: string;
  readonly type?: string;
  readonly engines?: Readonly<Record<string, string>>;
  readonly exports?: unknown;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** The fields of a tsconfig.json that the checks look at. */
export interface TsConfig {
  readonly extends?: string;
  readonly include?: readonly string[];
  readonly compilerOptions?: Readonly<Record<string, unknown>>;
  readonly references?: readonly { readonly path: string }[];
}

/** One package of the workspace. */
export interface WorkspacePackage {
  /** Its folder's name, which is its name without `@qoima/`. */
  readonly name: string;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly tsConfig: TsConfig;
}

/** The packages under `root/packages`, by name. */
export const readWorkspace = (root: string): readonly WorkspacePackage[] =>
  readdirSync(join(root, 'packages'))
    .toSorted()
    .map((name) => ({ name, folder: join(root, 'packages', name) }))
    .filter(({ folder }) => existsSync(join(folder, 'package.json')))
    .map(({ name, folder }) => ({
      name,
      folder,
      manifest: readManifest(folder),
      tsConfig: readJson(join(folder, 'tsconfig.json')) as TsConfig,
    }));

export const readManifest = (folder: string): Manifest =>
  readJson(join(folder, 'package.json')) as Manifest;

/** What an installation of this package brings in to run it; a peer that may be absent is left out. */
export const runtimeDependencies = (manifest: Manifest): readonly string[] => [
  ...new Set([
    ...Object.keys(manifest.dependencies ?? {}),
    ...Object.keys(manifest.optionalDependencies ?? {}),
    ...Object.keys(manifest.peerDependencies ?? {}).filter(
      (name) => !isOptionalPeer(manifest, name),
    ),
  ]),
];

/** Peers that may be absent, as TypeScript is to a library whose types want one. */
export const optionalPeers = (manifest: Manifest): readonly string[] =>
  Object.keys(manifest.peerDependencies ?? {}).filter((name) => isOptionalPeer(manifest, name));

const isOptionalPeer = (manifest: Manifest, name: string): boolean =>
  manifest.peerDependenciesMeta?.[name]?.optional === true;

/** The JavaScript and TypeScript files below a folder, dependencies left out; none if it is not there. */
export const sourceFiles = (folder: string): readonly string[] => {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.[cm]?[jt]sx?$/.test(path) && !/\.d\.[cm]?ts$/.test(path))
    .filter((path) => !/(^|[/\\])node_modules[/\\]/.test(path))
    .toSorted()
    .map((path) => join(folder, path));
};

export const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
