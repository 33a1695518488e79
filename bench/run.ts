/** npm run bench -- <command>: what can be measured, and how it is printed. */
import { parseArgs } from 'node:util';
import { withPage } from './host/serve.ts';
import type { Bench } from './page/main.ts';
import type { Provider } from './page/ort.ts';
import { provenance, save, table } from './results.ts';

const USAGE = `npm run bench -- ort [--rounds 5] [--providers webgpu,wasm]
    nano in headless Chromium, our engine and onnxruntime-web in turns`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
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

const commands: Readonly<Record<string, () => Promise<void>>> = { ort };
const command = commands[positionals[0] ?? ''];
if (!command) {
  console.log(USAGE);
  process.exitCode = 1;
} else await command();
