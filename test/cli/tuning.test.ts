import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { Graph, type GraphTraits } from '../../src/graph/graph.ts';
import { type LoadOptions, loadModel } from '../../src/index.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { tunedKernels } from '../../src/tasks/tune.ts';
import { createNodeGpu } from '../../tools/runtimes/dawn.ts';
import { main } from '../../weights-tools/main.ts';
import { cacheFolder, fileTuning, parseTuning } from '../../weights-tools/node/tuning.ts';
import { gpuTest } from '../gpu-device.ts';
import { sharedDevice } from '../run-graph.ts';
import { phantomPath } from '../weights/fixtures.ts';
import { namesIn, sam2rad, scratch } from './run.ts';

const PATIENCE_MS = 300_000;

test('the cache folder is the one of the system', () => {
  const folder = (platform: NodeJS.Platform, env = {}) => cacheFolder(platform, env, '/home/ada');
  expect(folder('linux')).toBe('/home/ada/.cache/sam2rad-webgpu');
  expect(folder('linux', { XDG_CACHE_HOME: '/var/caches' })).toBe('/var/caches/sam2rad-webgpu');
  expect(folder('linux', { XDG_CACHE_HOME: 'relative' })).toBe('/home/ada/.cache/sam2rad-webgpu');
  expect(folder('darwin', { XDG_CACHE_HOME: '/x' })).toBe('/home/ada/Library/Caches/sam2rad-webgpu');
  expect(folder('win32', { LOCALAPPDATA: '/Local' })).toBe('/Local/sam2rad-webgpu');
  expect(folder('win32')).toBe('/home/ada/AppData/Local/sam2rad-webgpu');
});

test('there is a store unless it is turned off; a file that is named is wanted on software adapters, too', async () => {
  const home = scratch();
  vi.stubEnv('XDG_CACHE_HOME', home);
  vi.stubEnv('LOCALAPPDATA', home);
  expect(parseTuning({ 'no-tuning': true })).toBeUndefined();
  expect(parseTuning({ tuning: join(home, 'own.json') })?.software).toBe(true);
  const usual = parseTuning({});
  expect(usual?.software).toBe(false);
  if (process.platform === 'darwin') return;
  expect(await usual?.read()).toBeNull();
  await usual?.write('{"devices":{}}');
  expect(readFileSync(join(home, 'sam2rad-webgpu/tuned.json'), 'utf8')).toBe('{"devices":{}}');
  vi.unstubAllEnvs();
});

test.each([
  [['--tuning', 'a.json', '--no-tuning'], /--tuning names a file, --no-tuning none; give one/],
  [['--tuning', ''], /--tuning is empty, expected a file/],
])('%j is a usage error of every command that loads a model', async (options, message) => {
  for (const command of [
    ['segment', 'a.png'],
    ['eval', 'data'],
    ['train', 'data', '-m', 'b', '-o', 'c'],
  ]) {
    const { code, err } = await sam2rad(...command, ...options);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(message) });
  }
});

describe('a file', () => {
  const text = '{"devices":{"a":{}}}';

  test('is there when something was kept, whole, with nothing beside it', async () => {
    const folder = join(scratch(), 'new/one');
    const store = fileTuning(join(folder, 'tuned.json'));
    expect(await store.read()).toBeNull();
    for (const each of [text, `${text} `]) {
      await store.write(each);
      expect(await store.read()).toBe(each);
      expect(namesIn(folder)).toEqual(['tuned.json']);
    }
  });

  test('of somebody else is left as it is', async () => {
    const path = join(scratch(), 'picture.png');
    for (const own of ['\x89PNG', '{"weights":', ' '.repeat(2 ** 20 + 1)]) {
      writeFileSync(path, own);
      const store = fileTuning(path);
      const message = `${path} is no file of ours and is left as it is; name another with --tuning`;
      await expect(store.read()).rejects.toThrow(message);
      await expect(store.write(text)).rejects.toThrow(message);
      expect(readFileSync(path, 'utf8')).toBe(own);
    }
  });

  test('that cannot be read or written says why', async () => {
    const folder = scratch();
    await expect(fileTuning(folder).read()).rejects.toThrow(/cannot read .*: it is a folder; name a file/);
    const inTheWay = join(folder, 'file');
    writeFileSync(inTheWay, '');
    await expect(fileTuning(join(inTheWay, 'tuned.json')).read()).rejects.toThrow(/cannot read/);
    const closed = join(folder, 'closed');
    await fileTuning(join(closed, 'tuned.json')).write(text);
    chmodSync(closed, 0o500);
    const writing = fileTuning(join(closed, 'other.json')).write(text);
    // Root may write anywhere.
    const outcome = await writing.then(
      () => 'written',
      (error: unknown) => String(error),
    );
    expect(outcome).toMatch(process.getuid?.() === 0 ? /^written$/ : /permission denied; choose another/);
    chmodSync(closed, 0o700);
  });
});

/** `sam2rad segment` with an engine of its own. */
async function segment(...options: string[]) {
  let err = '';
  const seen: LoadOptions[] = [];
  const folder = scratch();
  const code = await main(
    ['segment', phantomPath('hip/003'), '--box', '16,244,222,270', '-o', folder, ...options],
    {
      out: () => {},
      err: {
        write: (text) => {
          if (!/ (\d+ %|\.\.\.)\n$/.test(text)) err += text;
        },
      },
      signal: new AbortController().signal,
      loadModel: (source, load = {}) => {
        seen.push(load);
        const { device: _, ...others } = load;
        return loadModel(source, { ...others, gpu: createNodeGpu() });
      },
    },
  );
  const report = JSON.parse(readFileSync(join(folder, '003.json'), 'utf8'));
  return { code, err, seen, classes: report.classes };
}

gpuTest(
  'segment tunes where it is asked to and keeps it beside what another driver left; without it nothing is timed',
  async () => {
    const path = join(scratch(), 'tuned.json');
    const plain = await segment('--no-tuning');
    expect(plain).toMatchObject({ code: 0, err: '' });
    expect(plain.seen[0]?.tuning).toBeUndefined();

    writeFileSync(path, JSON.stringify({ devices: { 'nvidia hopper 570': {} } }));
    const tuned = await segment('--tuning', path);
    expect(tuned).toMatchObject({ code: 0, err: '' });
    const kept: { devices: Record<string, object> } = JSON.parse(readFileSync(path, 'utf8'));
    const [[other] = [], [own = '', classes = {}] = []] = Object.entries(kept.devices);
    expect(other).toBe('nvidia hopper 570');
    expect(own).toMatch(/swiftshader/i);
    expect(Object.keys(classes).length).toBeGreaterThan(0);
    expect(tuned.classes[0].box).toEqual(plain.classes[0].box);
  },
  PATIENCE_MS,
);

/** A product that has variants on a GPU. */
function record(traits: GraphTraits) {
  const g = new Graph('small', traits);
  const w = g.parameter('w', [8, 64], [], () => new Float32Array());
  g.output(matmul(g, g.external('x', [64, 8]), w), 'y');
  return [g.finish()];
}

gpuTest(
  'a file is written by the first run and read by the second; what cannot be kept is one note',
  async (source) => {
    const gpu = await sharedDevice(source);
    const tune = async (path: string) => {
      const before = gpu.created.submits;
      const traits = { cpu: false, subgroups: false };
      const options = { store: fileTuning(path), budget: PATIENCE_MS };
      const result = await tunedKernels(gpu, traits, record, options);
      return { ...result, isTimed: gpu.created.submits > before };
    };
    const path = join(scratch(), 'cache/tuned.json');
    const first = await tune(path);
    expect(first).toMatchObject({ notes: [], isTimed: true });
    expect(await tune(path)).toEqual({ ...first, isTimed: false });
    expect(Object.keys(first.tuned)).toEqual(['matmul 64x8x64 f32']);

    writeFileSync(path, readFileSync(path, 'utf8').slice(0, 60));
    expect(await tune(path)).toMatchObject({
      notes: ['what was tuned before is damaged or of another version: it is timed again now'],
      isTimed: true,
    });
    expect(await tune(path)).toMatchObject({ notes: [], isTimed: false });

    // Nothing can be made below a file, by nobody.
    const blocked = await tune(join(path, 'tuned.json'));
    expect(Object.keys(blocked.tuned)).toEqual(Object.keys(first.tuned));
    expect(blocked.notes).toHaveLength(2);
    expect(blocked.notes[0]).toMatch(
      /^what was tuned could not be read \(cannot read .*: a part of the path is no folder; check the path\): it is timed again now$/,
    );
    expect(blocked.notes[1]).toMatch(/^what was tuned could not be kept \(.*it is timed again next time$/);
  },
);
