import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of our package.json, from the sources as from dist. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('package.json of sam2rad-webgpu is missing; install it again');
    folder = parent;
  }
  return folder;
}

export function packageVersion(): string {
  return versionIn(join(packageRoot(), 'package.json'));
}

/** Of a package's package.json. */
export function versionIn(path: string): string {
  const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest && manifest.version;
  return typeof version === 'string' ? version : 'unknown';
}

/** The model that travels with the package: SAM2 nano, trained on synthetic shapes. */
export function demoModel(): string {
  return join(packageRoot(), 'app/public/demo/sam2-nano-shapes.safetensors');
}
