/** npm run bench -- <command>: what can be measured, and how it is printed. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createNodeGpu } from '../tools/runtimes/dawn.ts';
import { runDeno } from '../tools/runtimes/deno.ts';
import { withPage } from './host/serve.ts';
import { readLadder } from './kernels/ladder.ts';
import { type KernelOptions, type KernelReport, measureKernels } from './kernels/measure.ts';
import type { Bench } from './page/main.ts';
import type { Provider } from './page/ort.ts';
import { provenance, save, table } from './results.ts';

const USAGE = `npm run bench -- ort [--rounds 5] [--providers webgpu,wasm]
    nano in headless Chromium, our engine and onnxruntime-web in turns
npm run bench -- kernels [--runtime chromium|node|deno] [--rounds 5] [--only TEXT] [--large]
    the device's roofs, then every kernel at the models' shapes, against version 0`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    runtime: { type: 'string', default: 'chromium' },
    only: { type: 'string', default: '' },
    large: { type: 'boolean', default: false },
    providers: { type: 'string', default: 'webgpu,wasm' },
  },
});

const ms = (value: number) => value.toFixed(value < 100 ? 1 : 0);

async function ort(): Promise<void> {
  const rounds = Number(values.rounds);
  const providers = values.providers.split(',') as Provider[];
  const { result, browser } = await withPage(async (page, browser) => ({
    browser,
    result: await page.evaluate(
      (options) => (window as unknown as { bench: Bench }).bench.sideBySide(options),
      { rounds, providers },
    ),
  }));
  const where = provenance(result.adapter, browser);
  console.log(
    `${where.adapter}, ${browser}, onnxruntime-web ${result.ortVersion}, medians of ${rounds} rounds`,
  );
  const rows = [['', 'encode ms', 'x', 'click ms', 'x', 'load ms']];
  const median = (name: string) => result.times[name]?.median ?? Number.NaN;
  for (const name of ['sam2rad', ...providers.map((provider) => `ort ${provider}`)]) {
    const [encode, click] = [median(`${name} encode`), median(`${name} click`)];
    rows.push([
      name,
      ms(encode),
      (encode / median('sam2rad encode')).toFixed(1),
      ms(click),
      (click / median('sam2rad click')).toFixed(1),
      ms(result.loadMs[name] ?? Number.NaN),
    ]);
  }
  console.log(table(rows));
  console.log(table(Object.entries(result.errors).map(([name, error]) => [name, error.toExponential(1)])));
  console.log(save('ort', where, result));
}

/** The report of one runtime, and what that runtime calls itself. */
async function kernelReport(): Promise<{ report: KernelReport; runtime: string }> {
  const options: KernelOptions = {
    rounds: Number(values.rounds),
    cores: cpus().length,
    only: values.only,
    large: values.large,
  };
  const ladder = readLadder();
  if (values.runtime === 'chromium')
    return withPage(async (page, browser) => ({
      runtime: browser,
      report: await page.evaluate(
        (...args) => (window as unknown as { bench: Bench }).bench.kernels(...args),
        ladder,
        options,
      ),
    }));
  if (values.runtime === 'node')
    return {
      runtime: `Dawn, Node ${process.version}`,
      report: await measureKernels(createNodeGpu(), ladder, options),
    };
  const file = join(mkdtempSync(join(tmpdir(), 'sam2rad-bench-')), 'ladder.json');
  writeFileSync(file, JSON.stringify(ladder));
  const script = fileURLToPath(new URL('kernels/deno.ts', import.meta.url));
  return {
    runtime: 'wgpu, Deno',
    report: (await runDeno(script, [file, JSON.stringify(options)])) as KernelReport,
  };
}

async function kernels(): Promise<void> {
  const { report, runtime } = await kernelReport();
  const where = provenance(report.adapter, runtime);
  const { gflops, gbps } = report.roofs;
  console.log(
    `${where.adapter}, ${runtime}: roofs ${gflops.toFixed(1)} GFLOP/s, ${gbps.toFixed(2)} GB/s; times by ${report.clock}`,
  );
  const rows = report.rows.map((row) => [
    `${row.op} ${row.name}`,
    row.kernel,
    row.ms.toFixed(2),
    row.gflops.toFixed(2),
    row.gbps.toFixed(2),
    `${(100 * row.ofRoof).toFixed(0)} %`,
    row.gain === null ? '' : `${row.gain.toFixed(1)}x`,
    ms(row.compileMs),
  ]);
  console.log(table([['', 'kernel', 'ms', 'GFLOP/s', 'GB/s', 'of roof', 'of v0', 'compile ms'], ...rows]));
  console.log(save(`kernels-${values.runtime}`, where, report));
}

const commands: Readonly<Record<string, () => Promise<void>>> = { ort, kernels };
const command = commands[positionals[0] ?? ''];
if (!command) {
  console.log(USAGE);
  process.exitCode = 1;
} else {
  await command();
  // Dawn keeps a process alive that asked it once.
  process.exit(0);
}
