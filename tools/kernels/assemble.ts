import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A kernel's module text: each `//!import name` line is replaced by `lib/name.wgsl`, once, in order of first use.
 * The marker is a WGSL comment, so that editors and formatters accept the source file as it is.
 */
export function assemble(shaderDir: string, file: string): string {
  const imported = new Set<string>();
  const include = (path: string): string =>
    readFileSync(join(shaderDir, path), 'utf8').replace(/^\/\/!import (\w+)$/gm, (_, name: string) => {
      if (imported.has(name)) return '';
      imported.add(name);
      return include(`lib/${name}.wgsl`);
    });
  const body = include(file);
  // Directives must come before every declaration, wherever the import stood.
  const directives = body.match(/^(enable|requires|diagnostic)\b.*;$/gm) ?? [];
  return [...directives, body.replace(/^(enable|requires|diagnostic)\b.*;$/gm, '')].join('\n');
}

/** Drops comments and the white space that WGSL does not need: the text ships to users inside the bundle. */
export function minify(wgsl: string): string {
  return wgsl
    .replace(/\/\/.*$/gm, '')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([{}()[\],;:=+*/<>!&|?%^]) ?/g, '$1')
    .replace(/ ?- ?/g, '-')
    .trim();
}
