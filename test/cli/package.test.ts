import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import type { BootstrapOptions, MetricOptions } from '../../src/evaluation.ts';
import type {
  describeModel,
  LoadOptions,
  MaskColours,
  PredictOptions,
  TuningStore,
} from '../../src/index.ts';
import type { TrainingJob, TrainingRun, TrainSettings } from '../../src/training.ts';
import { demoModel, packageRoot } from '../../weights-tools/node/package.ts';
import { phantomPath } from '../weights/fixtures.ts';
import { namesIn, scratch } from './run.ts';

/** The package as a user gets it who installs nothing beside it: no node_modules anywhere near. */
let installed = '';
const cli = () => join(installed, manifest.bin.sam2rad);

beforeAll(() => {
  installed = mkdtempSync(join(tmpdir(), 'sam2rad-package-'));
  copyFileSync(join(packageRoot(), 'package.json'), join(installed, 'package.json'));
  const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
  const tsc = join(typescript, 'bin/tsc');
  const build = ['-p', join(packageRoot(), 'tsconfig.build.json'), '--outDir', join(installed, 'dist')];
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...build], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the build failed:\n${stdout}`);
});
afterAll(() => rmSync(installed, { recursive: true, force: true }));

function run(...argv: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli(), ...argv], {
    encoding: 'utf8',
    cwd: installed,
  });
  return { status, stdout, stderr };
}

test('no dependency, two optional peers, types first, and every path of package.json is built', () => {
  expect(Object.keys(manifest)).not.toContain('dependencies');
  expect(manifest.peerDependenciesMeta).toEqual({ sharp: { optional: true }, webgpu: { optional: true } });
  expect(Object.keys(manifest.peerDependencies)).toEqual(['sharp', 'webgpu']);
  expect(manifest).toMatchObject({ type: 'module', sideEffects: false, license: 'Apache-2.0' });
  expect(Object.keys(manifest.exports['.'])[0]).toBe('types');
  for (const path of [...Object.values(manifest.exports['.']), manifest.bin.sam2rad])
    expect(existsSync(join(installed, path)), path).toBe(true);
});

/** Optional fields that do not take undefined, which is what a program has that passes its own options on. */
type Closed<T> = {
  [K in keyof T]-?: object extends Pick<T, K> ? (undefined extends Required<T>[K] ? never : K) : never;
}[keyof T];

test('every optional field of an option takes undefined, under exactOptionalPropertyTypes too', () => {
  expectTypeOf<Closed<{ a?: 1; b?: 2 | undefined; c: 3 }>>().toEqualTypeOf<'a'>();
  expectTypeOf<Closed<LoadOptions>>().toEqualTypeOf<never>();
  expectTypeOf<Closed<TuningStore>>().toEqualTypeOf<never>();
  expectTypeOf<Closed<PredictOptions>>().toEqualTypeOf<never>();
  expectTypeOf<Closed<MaskColours>>().toEqualTypeOf<never>();
  expectTypeOf<Closed<NonNullable<Parameters<typeof describeModel>[1]>>>().toEqualTypeOf<never>();
  expectTypeOf<Closed<TrainingJob>>().toEqualTypeOf<never>();
  expectTypeOf<Closed<TrainSettings>>().toEqualTypeOf<never>();
  expectTypeOf<Closed<NonNullable<Parameters<TrainingRun['events']>[0]>>>().toEqualTypeOf<never>();
  expectTypeOf<Closed<BootstrapOptions>>().toEqualTypeOf<never>();
  expectTypeOf<Closed<MetricOptions>>().toEqualTypeOf<never>();
});

test('the package holds the model that its command loads, and no other; packing prints JSON alone', () => {
  const argv = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const { stdout } = spawnSync('npm', argv, { encoding: 'utf8', cwd: packageRoot() });
  const packed: readonly { readonly files: readonly { readonly path: string }[] }[] = JSON.parse(stdout);
  const paths = packed.flatMap(({ files }) => files.map(({ path }) => path));
  expect(paths.filter((path) => path.endsWith('.safetensors'))).toEqual([
    relative(packageRoot(), demoModel()),
  ]);
  // What `prepare` runs, which would rewrite the kernels that other tests are reading.
  const generator = join(packageRoot(), 'tools/kernels/generate.ts');
  expect(readFileSync(generator, 'utf8')).not.toContain('console.log');
});

test('the command runs on plain Node, starts with a shebang and prints nothing but its answer', () => {
  expect(readFileSync(cli(), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  expect(run('--version')).toEqual({ status: 0, stdout: `${manifest.version}\n`, stderr: '' });
  expect(run('--help')).toMatchObject({ status: 0, stderr: '' });
  const { status, stdout, stderr } = run('info', demoModel(), '--json');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ model: { size: 'nano' } });
});

test('without the optional peers one message names the one command that brings them', () => {
  const demo = join(installed, 'app/public/demo');
  mkdirSync(demo, { recursive: true });
  cpSync(demoModel(), join(demo, 'sam2-nano-shapes.safetensors'));
  const { status, stdout, stderr } = run('segment', phantomPath('hip/003'), '--point', '1,2,1');
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^sam2rad: [^\n]*webgpu[^\n]*sharp[^\n]* Run: npm install webgpu sharp\n$/);
});

test('an error is one line without a stack', () => {
  const { status, stdout, stderr } = run('info', 'no-such-file.pt');
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toBe(
    'sam2rad: cannot read no-such-file.pt: there is no such file or folder; check the path\n',
  );
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s removes the unfinished file and exits with %d', async (signal, expected) => {
  const folder = scratch();
  const output = join(folder, 'out.safetensors');
  const child = spawn(process.execPath, [cli(), 'convert', demoModel(), '-o', output]);
  const code = await new Promise((resolve) => {
    child.on('exit', (status, by) => resolve(status ?? by));
    const watch = setInterval(() => {
      if (namesIn(folder).length === 0) return;
      clearInterval(watch);
      child.kill(signal);
    }, 1);
  });
  expect(code).toBe(expected);
  expect(namesIn(folder)).toEqual([]);
});
