import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { findLavapipe } from './find.ts';

const launcher = createRequire(import.meta.url).resolve('deno/bin.cjs');

/**
 * Runs a TypeScript file in Deno, whose WebGPU is wgpu, the engine of Firefox, on llvmpipe
 * (on the machine's own GPU with SAM2RAD_GPU=native). The script's last line on stdout is its
 * result as JSON, which is returned parsed; lines before it pass through, and so does stderr. It may write into the
 * folder `writable`.
 */
export async function runDeno(
  script: string,
  args: readonly string[] = [],
  { writable }: { readonly writable?: string } = {},
): Promise<unknown> {
  const permissions = [
    '--allow-read',
    '--allow-env',
    ...(writable === undefined ? [] : [`--allow-write=${writable}`]),
  ];
  const child = spawn(process.execPath, [...denoRun(permissions), script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: denoEnvironment(),
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  if (code !== 0) throw new Error(`deno run ${script} ended with exit code ${code}, see above.\n${output}`);
  const lines = output.trimEnd().split('\n');
  const result = lines.pop() ?? '';
  if (lines.length > 0) console.log(lines.join('\n'));
  try {
    return JSON.parse(result);
  } catch {
    throw new Error(`${script}: the last line on stdout should be JSON, got: ${result.slice(0, 200)}`);
  }
}

/** Node's arguments for Deno, up to the script. */
export function denoRun(permissions: readonly string[]): string[] {
  return [launcher, 'run', '--quiet', '--unstable-webgpu', '--no-lock', ...permissions];
}

export function denoEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, DENO_NO_UPDATE_CHECK: '1' };
  // Without it wgpu complains on every start, though nothing here draws to a screen.
  env['XDG_RUNTIME_DIR'] ??= tmpdir();
  if (process.platform !== 'linux' || process.env['SAM2RAD_GPU'] === 'native') return env;
  const manifest = findLavapipe();
  // Never the caller's VK_ICD_FILENAMES: Dawn sets it to SwiftShader in the very process that calls us.
  if (manifest !== undefined) env['VK_ICD_FILENAMES'] = manifest;
  return env;
}
