/** The project's own files, and what the compiler sees in them: tests of absences read trees, not lines. */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'vite';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Written by machines, or no source of ours. */
const NOT_OURS = /(^|\/)(node_modules|dist|public|results)\/|^src\/generated\//;

export const readSource = (path: string): string => readFileSync(root + path, 'utf8');

/** Paths from the project's root, sorted. @param ending what names end with, `.ts` unless given */
export function filesIn(folders: readonly string[], ending = /\.ts$/): string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(root + folder, { recursive: true, encoding: 'utf8' }).map((name) =>
        posix.join(folder, name.replaceAll('\\', '/')),
      ),
    )
    .filter((path) => ending.test(path) && !NOT_OURS.test(path))
    .sort();
}

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

/** Calls `visit` with every node and the key under which it hangs on its parent. */
function walk(node: Node, visit: (node: Node, key: string, parent: Node) => void): void {
  for (const [key, value] of Object.entries(node))
    for (const child of Array.isArray(value) ? value : [value])
      if (isNode(child)) {
        visit(child, key, node);
        walk(child, visit);
      }
}

/** `specifier` as it is written; `typeOnly` where nothing of it is left when the code runs. */
export interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** What a file says, without comments. */
export interface Facts {
  readonly imports: readonly Import[];
  /** Identifiers that stand for a variable or a type, not for a property. */
  readonly names: ReadonlySet<string>;
  /** `owner.property` for each member access; the owner is the last name before the dot; `?` where there is no name. */
  readonly members: ReadonlySet<string>;
  /** Texts of string literals and templates. */
  readonly texts: readonly string[];
  /** `import(...)`s, and `new Function`. */
  readonly dynamic: readonly string[];
}

const known = new Map<string, Facts>();

export function factsOf(path: string): Facts {
  const facts = known.get(path) ?? readFacts(path);
  known.set(path, facts);
  return facts;
}

function readFacts(path: string): Facts {
  const { program, errors } = parseSync(path, readSource(path));
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const facts = {
    imports: [] as Import[],
    names: new Set<string>(),
    members: new Set<string>(),
    texts: [] as string[],
    dynamic: [] as string[],
  };
  walk(program as unknown as Node, (node, key, parent) => {
    if (/^(Import|ExportNamed|ExportAll)Declaration$/.test(node.type) && isNode(node['source']))
      facts.imports.push({ specifier: String(node['source']['value']), typeOnly: isTypeOnly(node) });
    if (node.type === 'ImportExpression') facts.dynamic.push(textOf(node['source']));
    if (node.type === 'NewExpression' && nameOf(node['callee']) === 'Function')
      facts.dynamic.push('new Function');
    if (node.type === 'MemberExpression')
      facts.members.add(`${nameOf(node['object'])}.${node['computed'] ? '?' : nameOf(node['property'])}`);
    if (node.type === 'Identifier' && !(/^(property|key)$/.test(key) && parent['computed'] === false))
      facts.names.add(String(node['name']));
    if (node.type === 'Literal' && typeof node['value'] === 'string') facts.texts.push(node['value']);
    if (node.type === 'TemplateElement') facts.texts.push(textOf(node));
  });
  return facts;
}

function isTypeOnly(node: Node): boolean {
  if (node['importKind'] === 'type' || node['exportKind'] === 'type') return true;
  const { specifiers } = node;
  return (
    Array.isArray(specifiers) &&
    specifiers.length > 0 &&
    specifiers.every((one: Node) => one['importKind'] === 'type' || one['exportKind'] === 'type')
  );
}

/** The last name of an expression: `b` of `a.b`, `a` of `a`, `c` of `b().c`. */
function nameOf(node: unknown): string {
  if (!isNode(node)) return '?';
  if (node.type === 'Identifier') return String(node['name']);
  if (node.type === 'PrivateIdentifier') return `#${node['name']}`;
  if (node.type === 'MemberExpression') return node['computed'] ? '?' : nameOf(node['property']);
  return '?';
}

function textOf(node: unknown): string {
  if (!isNode(node)) return '?';
  const { value } = node;
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null && 'raw' in value ? String(value.raw) : '?';
}

/** The path that a relative import of `from` means. */
export const resolved = (from: string, specifier: string): string =>
  posix.join(posix.dirname(from), specifier);
