import { CheckpointError } from '../errors.ts';

/**
 * JSON for headers that a stranger wrote: duplicate keys are refused (two readers would disagree on which
 * counts), objects become Maps (a key such as `__proto__` is a key like any other), depth and number are bounded.
 */
export type Json = null | boolean | number | string | Json[] | Map<string, Json>;

const MAX_DEPTH = 16;
/** Keys and items, some ten a tensor: a few bytes of a text become a hundred in memory, and more as a tensor. */
const MAX_VALUES = 1_000_000;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /null|true|false/y;
const SPACE = /[ \t\n\r]*/y;

/**
 * Parses `text` strictly.
 * @throws CheckpointError that starts with `where` and says what stands at which character
 */
export function parseJson(text: string, where: string): Json {
  let at = 0;
  let values = 0;

  const fail = (what: string): never => {
    throw new CheckpointError(`${where} ${what} at character ${at}. The file is damaged; download it again.`);
  };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const skipSpace = () => void match(SPACE);
  const take = (char: string): boolean => {
    skipSpace();
    if (text[at] !== char) return false;
    at++;
    skipSpace();
    return true;
  };

  // Not a pattern: a repeated alternative overflows the matcher's stack on a string of some megabytes.
  const readString = (): string => {
    const start = at;
    if (text[at] !== '"') fail('has no string where one is due');
    let escaped = false;
    for (at++; text[at] !== '"'; at++) {
      const code = text.charCodeAt(at);
      if (!(code >= 0x20)) fail('has a string that does not end');
      if (code !== 0x5c) continue;
      escaped = true;
      at++;
    }
    at++;
    if (!escaped) return text.slice(start + 1, at - 1);
    try {
      return String(JSON.parse(text.slice(start, at)));
    } catch {
      return fail('has a bad escape in the string that ends');
    }
  };

  const readObject = (depth: number): Map<string, Json> => {
    const object = new Map<string, Json>();
    if (take('}')) return object;
    do {
      skipSpace();
      const key = readString();
      if (object.has(key)) fail(`has the key "${key}" twice, the second`);
      if (!take(':')) fail('lacks a colon');
      object.set(key, readValue(depth));
    } while (take(','));
    if (!take('}')) fail('lacks a closing brace');
    return object;
  };

  const readArray = (depth: number): Json[] => {
    const array: Json[] = [];
    if (take(']')) return array;
    do array.push(readValue(depth));
    while (take(','));
    if (!take(']')) fail('lacks a closing bracket');
    return array;
  };

  const readValue = (depth: number): Json => {
    if (++values > MAX_VALUES) fail(`has more than ${MAX_VALUES} values`);
    if (depth > MAX_DEPTH) fail(`is nested deeper than ${MAX_DEPTH}`);
    skipSpace();
    if (text[at] === '"') return readString();
    if (take('{')) return readObject(depth + 1);
    if (take('[')) return readArray(depth + 1);
    const number = match(NUMBER);
    if (number !== undefined) return Number(number);
    const word = match(WORD) ?? fail('is no JSON');
    return word === 'null' ? null : word === 'true';
  };

  const value = readValue(0);
  skipSpace();
  if (at !== text.length) fail('goes on after its end');
  return value;
}
