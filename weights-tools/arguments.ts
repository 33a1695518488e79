import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { Box } from '../src/index.ts';
import { UsageError } from './errors.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** Options whose values may start with a minus, which parseArgs would take for another option. */
const SIGNED = new Set(['--box', '--point']);

/**
 * `parseArgs` of Node with positionals, strict, and an option that is given twice refused unless it is `multiple`.
 * @throws UsageError
 */
export function parse<const T extends Options>(argv: readonly string[], options: T) {
  const config = {
    options,
    args: joinSigned(argv),
    allowPositionals: true,
    strict: true,
    tokens: true,
  } as const;
  const parsed = attempt(() => parseArgs(config));
  const seen = new Set<string>();
  for (const token of parsed.tokens) {
    if (token.kind !== 'option' || options[token.name]?.multiple) continue;
    if (seen.has(token.name)) throw new UsageError(`--${token.name} is given twice; give it once`);
    seen.add(token.name);
  }
  return parsed;
}

function attempt<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // Node's sentences are good; what follows the first is about `--`.
    throw new UsageError(error.message.split(/\.\s|\n/)[0] ?? error.message);
  }
}

function joinSigned(argv: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] ?? '';
    const next = argv[i + 1] ?? '';
    if (SIGNED.has(argument) && /^-[\d.]/.test(next)) {
      joined.push(`${argument}=${next}`);
      i += 1;
    } else joined.push(argument);
  }
  return joined;
}

/** The one value of `name` that is among `allowed`. */
export function oneOf<const T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new UsageError(`--${name} is '${value}', expected ${allowed.join(' or ')}`);
  return found;
}

/** `x0,y0,x1,y1`. That it is a proper box in the picture is the engine's to say. */
export function parseBox(text: string): Box {
  const [x0, y0, x1, y1, ...rest] = numbers(text);
  if (x0 === undefined || y0 === undefined || x1 === undefined || y1 === undefined || rest.length > 0)
    throw new UsageError(
      `--box is '${text}', expected four numbers x0,y0,x1,y1 in pixels of the picture, such as 220,302,571,372`,
    );
  return [x0, y0, x1, y1];
}

/** A click: where, and 1 on the object or 0 beside it. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly label: number;
}

/** `x,y,label`. */
export function parsePoint(text: string): Point {
  const [x, y, label, ...rest] = numbers(text);
  const isLabel = label === 0 || label === 1;
  if (x === undefined || y === undefined || !isLabel || rest.length > 0)
    throw new UsageError(
      `--point is '${text}', expected x,y,label: two numbers in pixels of the picture, then 1 for the object or 0 for the background, such as 372,325,1`,
    );
  return { x, y, label };
}

/** [] where any part is no finite number. */
function numbers(text: string): number[] {
  const values = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  return values.every(Number.isFinite) ? values : [];
}

const UNITS: Readonly<Record<string, number>> = { '': 1, kb: 1e3, mb: 1e6, gb: 1e9 };

/** Bytes: `500000000`, or `500MB`, `1.5GB` in powers of ten. */
export function parseBytes(name: string, text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([kmg]b)?$/i.exec(text) ?? [];
  const bytes = Number(number) * (UNITS[unit.toLowerCase()] ?? 0);
  if (!Number.isSafeInteger(bytes) || bytes === 0)
    throw new UsageError(`--${name} is '${text}', expected bytes such as 500000000, 500MB or 1.5GB`);
  return bytes;
}

/** A whole number above 0. */
export function parsePositive(name: string, text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value === 0)
    throw new UsageError(`--${name} is '${text}', expected a whole number above 0`);
  return value;
}
