/**
 * `npm run wgpu -- COMMAND ...`: the command line in Deno, whose WebGPU is wgpu. On a machine without a GPU llvmpipe
 * computes there, in a fifth of the time that SwiftShader takes in Node.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { denoEnvironment, denoRun } from './runtimes/deno.ts';

// Pictures are read by a native library, which asks the system what it is.
const permissions = ['--allow-read', '--allow-write', '--allow-env', '--allow-ffi', '--allow-sys'];
const script = fileURLToPath(new URL('../weights-tools/cli.ts', import.meta.url));
const child = spawn(process.execPath, [...denoRun(permissions), script, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: denoEnvironment(),
});
// Ctrl-C reaches the child by itself, and it decides what to keep.
process.on('SIGINT', () => undefined);
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
});
