import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/weights/open.ts';
import type { Checkpoint } from '../../src/weights/types.ts';
import { writeSafetensors } from '../../src/weights/write-safetensors.ts';
import { openFile } from '../../weights-tools/node/files.ts';
import { demoModel } from '../../weights-tools/node/package.ts';
import type { PictureReport } from '../../weights-tools/segment-report.ts';
import { relativeError } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { goldenError, readGolden } from '../models/golden.ts';
import { goldenModelFile } from '../models/golden-run.ts';
import { fixturePath, phantomPath } from '../weights/fixtures.ts';
import { generateImage } from '../weights/generated-weights.ts';
import { makePng } from './png.ts';
import { namesIn, sam2rad, scratch } from './run.ts';

const WRIST = phantomPath('wrist/000');
const HIP = phantomPath('hip/003');

/** A second model to compile, on a machine that may have little left. */
const PATIENCE_MS = 300_000;

/** What the decoder of auto mode sees. */
const AUTO_INPUTS = [
  ...['image_embedding', 'high_res_features.0', 'high_res_features.1'],
  ...['sparse_embeddings', 'dense_embeddings', 'interim_mask', 'pred_boxes'],
];

/** What the reference computes for a picture: see shared/goldens/README.md, `demo-on-phantoms`. */
interface Prompts {
  readonly box: readonly number[];
  readonly points: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

const open = async (path: string): Promise<Checkpoint> => openCheckpoint(await openFile(path));

async function values(checkpoint: Checkpoint, name: string): Promise<Float32Array> {
  const tensor = checkpoint.tensors.get(name);
  if (!tensor) throw new Error(`${checkpoint.name} has no ${name}, only ${[...checkpoint.tensors.keys()]}`);
  return tensor.dtype === 'U8' ? Float32Array.from(await tensor.read()) : tensor.readF32();
}

async function greyPixels(path: string) {
  const { data, info } = await sharp(path).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}

const readReport = (path: string): PictureReport => JSON.parse(readFileSync(path, 'utf8'));

function maskIou(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let both = 0;
  let either = 0;
  for (let i = 0; i < b.length; i++) {
    both += Number(a[i] !== 0 && b[i] !== 0);
    either += Number(a[i] !== 0 || b[i] !== 0);
  }
  return a.length === b.length ? both / either : 0;
}

describe('the demo on phantoms: from a picture file to the logits and the mask of PyTorch', () => {
  for (const phantom of ['wrist/000', 'hip/003', 'shoulder/007']) {
    gpuTest(phantom, async () => {
      const golden = await open(fixturePath('goldens/demo-on-phantoms.safetensors'));
      const prompts: Record<string, Prompts> = JSON.parse(golden.metadata['prompts'] ?? '{}');
      const { box, points, labels } = prompts[phantom] ?? { box: [], points: [], labels: [] };
      const folder = scratch();
      const dump = join(folder, 'dump.safetensors');
      const clicks = points.flatMap((point, i) => ['--point', [...point, labels[i]].join()]);
      const { code, out, err } = await sam2rad(
        'segment',
        phantomPath(phantom),
        ...['-o', folder, '--mode', 'manual', '--box', box.join(), ...clicks, '--dump', dump],
      );
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/class 1 .*: IoU/);

      const stem = basename(phantom);
      const dumped = await open(dump);
      const errors: Record<string, number> = {};
      for (const name of ['low_res_masks', 'iou_predictions', 'object_score_logits', 'image_embedding'])
        errors[name] = relativeError(await values(dumped, name), await values(golden, `${phantom}.${name}`));
      const mask = await greyPixels(join(folder, `${stem}_mask.png`));
      const iou = maskIou(mask.data, await values(golden, `${phantom}.mask`));
      console.log(`${phantom}: mask IoU ${iou.toFixed(5)}, ${JSON.stringify(errors)}`);
      for (const [name, error] of Object.entries(errors)) expect(error, name).toBeLessThan(1e-3);
      expect(iou).toBeGreaterThanOrEqual(0.995);

      const report = readReport(join(folder, `${stem}.json`));
      const [height, width] = golden.tensors.get(`${phantom}.mask`)?.shape ?? [];
      expect(mask).toMatchObject({ width, height, channels: 1 });
      expect(report).toMatchObject({ width, height, mode: 'manual', prompts: { box, maskInput: null } });
      expect(report.classes).toHaveLength(1);
      const [first] = report.classes;
      expect(first?.area).toBe(mask.data.reduce((sum, value) => sum + value, 0));
      expect(first?.iou).toBeCloseTo(
        (await values(golden, `${phantom}.iou_predictions`))[0] ?? Number.NaN,
        3,
      );
      const times = Object.values(report.milliseconds);
      expect(times.every((ms) => ms >= 0)).toBe(true);
      expect(report.adapter.description + report.adapter.architecture).not.toBe('');
      const overlay = await sharp(join(folder, `${stem}_overlay.png`)).metadata();
      expect(overlay).toMatchObject({ width, height, channels: 3 });
    });
  }
});

describe('a model with a prompt predictor', () => {
  gpuTest(
    'is in auto mode without a prompt: its tensors are the golden ones, its classes in one mask',
    async () => {
      const folder = scratch();
      const model = join(folder, 'nano-sam2rad.safetensors');
      writeFileSync(model, Buffer.from(await (await goldenModelFile('nano-sam2rad')).arrayBuffer()));
      const picture = join(folder, 'scene.png');
      const raw = { width: 256, height: 256, channels: 3 } as const;
      await sharp(generateImage(256, 256, 7), { raw })
        .png()
        .toFile(picture);
      const dump = join(folder, 'dump.safetensors');
      const run = await sam2rad('segment', picture, '-m', model, '-o', folder, '--dump', dump);
      expect(run).toMatchObject({ code: 0, err: '' });

      const golden = await readGolden('nano-sam2rad');
      const dumped = await open(dump);
      const results = ['low_res_masks', 'iou_predictions', 'object_score_logits'];
      expect([...dumped.tensors.keys()].sort()).toEqual([...AUTO_INPUTS, ...results].sort());
      for (const name of dumped.tensors.keys()) {
        const key = results.includes(name) ? `auto.${name}` : name;
        expect(goldenError(golden, key, await values(dumped, name)), name).toBeLessThan(1e-4);
      }

      const report = readReport(join(folder, 'scene.json'));
      expect(report).toMatchObject({ mode: 'auto', prompts: { box: null, points: [], maskInput: null } });
      expect(report.classes.map((row) => row.class)).toEqual([1, 2]);
      const scores = golden.tensors.get('auto.object_score_logits') ?? [];
      for (const [index, { objectScore, area, box, predictedBox }] of report.classes.entries()) {
        expect(objectScore).toBeCloseTo(scores[index] ?? Number.NaN, 2);
        expect(predictedBox).toHaveLength(4);
        expect(box === null).toBe(area === 0);
      }
      const mask = await greyPixels(join(folder, 'scene_mask.png'));
      const isPresent = new Set(mask.data);
      isPresent.delete(0);
      for (const number of isPresent) expect([1, 2]).toContain(number);
    },
    PATIENCE_MS,
  );
});

describe('several pictures', () => {
  gpuTest('share one model; a bad one is reported, the others are done, the exit code is 1', async () => {
    const folder = scratch();
    const bad = join(folder, 'bad.png');
    writeFileSync(bad, 'no picture');
    const dump = join(folder, 'dump.safetensors');
    const { code, out, err } = await sam2rad(
      'segment',
      ...[WRIST, bad, HIP],
      ...['-o', folder, '--point', '127,255,1', '--dump', dump, '--json'],
    );
    expect(code).toBe(1);
    expect(err).toMatch(/^sam2rad: [^\n]*bad\.png[^\n]*expected a PNG, JPEG or WebP[^\n]*\n$/);
    const printed: { pictures: PictureReport[]; errors: { picture: string }[] } = JSON.parse(out);
    expect(printed.pictures.map(({ picture }) => picture)).toEqual([WRIST, HIP]);
    expect(printed.errors).toMatchObject([{ picture: bad, message: expect.stringMatching(/bad\.png/) }]);
    expect(readReport(join(folder, '003.json'))).toEqual(printed.pictures[1]);
    const endings = ['.json', '_mask.png', '_overlay.png'];
    const expected = ['000', '003'].flatMap((stem) => endings.map((ending) => stem + ending));
    expect(namesIn(folder)).toEqual([...expected, 'bad.png', 'dump.safetensors'].sort());
    const names = [...(await open(dump)).tensors.keys()];
    for (const name of ['image_embedding', 'high_res_features.0', 'high_res_features.1', 'low_res_masks'])
      expect(names).toEqual(expect.arrayContaining([`000.${name}`, `003.${name}`]));
    expect(names.every((name) => /^(000|003)\./.test(name))).toBe(true);
  });
});

describe('prompts', () => {
  gpuTest('a mask input of an earlier dump, and three masks', async () => {
    const folder = scratch();
    const dump = join(folder, 'dump.safetensors');
    const first = await sam2rad('segment', HIP, '-o', folder, '--box', '16,244,222,270', '--dump', dump);
    expect(first).toMatchObject({ code: 0, err: '' });
    const logits = await (await open(dump)).tensors.get('low_res_masks')?.read();
    if (!logits) throw new Error('the dump has no low_res_masks');
    const input = join(folder, 'input.safetensors');
    const source = {
      name: 'mask_input',
      dtype: 'F32',
      shape: [1, 1, 64, 64],
      bytes: async () => logits,
    } as const;
    const chunks: Uint8Array[] = [];
    for await (const chunk of writeSafetensors([source])) chunks.push(chunk);
    writeFileSync(input, Buffer.concat(chunks));

    const second = await sam2rad(
      'segment',
      ...[HIP, '-o', join(folder, 'new/sub'), '--mask-input', input, '--point', '127,255,1', '--multimask'],
    );
    expect(second).toMatchObject({ code: 0, err: '' });
    expect(second.out).toMatch(/mask 1: IoU.*mask 2: IoU.*mask 3: IoU/s);
    const report = readReport(join(folder, 'new/sub/003.json'));
    expect(report.prompts).toEqual({ box: null, points: [{ x: 127, y: 255, label: 1 }], maskInput: input });
    const ious = report.classes.map(({ iou }) => iou);
    expect(report.best).toBe(ious.indexOf(Math.max(...ious)));
    const files = [1, 2, 3].map((number) => `003_mask_${number}.png`);
    expect(namesIn(join(folder, 'new/sub'))).toEqual([
      '003.json',
      '003_mask.png',
      ...files,
      '003_overlay.png',
    ]);
    const best = await greyPixels(join(folder, 'new/sub', files[report.best ?? 0] ?? ''));
    expect(best.data).toEqual((await greyPixels(join(folder, 'new/sub/003_mask.png'))).data);
  });

  gpuTest('boxes that are inverted or outside are errors of one line, and nothing is written', async () => {
    const folder = scratch();
    for (const box of ['300,200,100,400', '5000,5000,6000,6000']) {
      const { code, out, err } = await sam2rad('segment', HIP, '-o', folder, '--box', box);
      expect({ box, code, out }).toEqual({ box, code: 1, out: '' });
      expect(err).toMatch(/^sam2rad: [^\n]*box[^\n]*\n$/);
      expect(err).not.toMatch(/unexpected/);
    }
    expect(namesIn(folder)).toEqual([]);
  });

  gpuTest('one pixel is segmented, 20,000 x 20,000 refused', async () => {
    const folder = scratch();
    const one = join(folder, 'one.png');
    const huge = join(folder, 'huge.png');
    writeFileSync(one, makePng({ width: 1, height: 1 }, [0, 77]));
    writeFileSync(huge, makePng({ width: 20000, height: 20000 }));
    const { code, err } = await sam2rad('segment', one, huge, '-o', folder, '--point', '0,0,1');
    expect(code).toBe(1);
    expect(err).toMatch(/^sam2rad: [^\n]*huge\.png is 20000 x 20000[^\n]*\n$/);
    expect(await greyPixels(join(folder, 'one_mask.png'))).toMatchObject({
      width: 1,
      height: 1,
      channels: 1,
    });
  });

  gpuTest(
    'names as long as a file system takes are written; one too long is reported, the others are done',
    async () => {
      const folder = scratch();
      const [long, longer] = [236, 250].map((letters) => join(folder, `${'n'.repeat(letters)}.png`));
      for (const path of [long, longer]) copyFileSync(WRIST, path ?? '');
      const output = join(folder, 'out');
      const pictures = [longer ?? '', long ?? '', HIP];
      const { code, err } = await sam2rad('segment', ...pictures, '-o', output, '--point', '300,200,1');
      expect(code).toBe(1);
      expect(err).toMatch(/^sam2rad: cannot write [^\n]*n{250}[^\n]*: its name is longer than [^\n]*\n$/);
      expect(namesIn(output).filter((name) => /^(n{236}|003)[._]/.test(name))).toHaveLength(6);
      expect(namesIn(output).some((name) => name.endsWith('.tmp'))).toBe(false);
    },
  );

  test('what --dump cannot replace is refused before any work, an output folder that cannot be too', async () => {
    const folder = scratch();
    const output = join(folder, 'new');
    const prompts = ['--point', '9,9,1'];
    const dump = await sam2rad('segment', WRIST, '-o', output, ...prompts, '--dump', folder);
    expect(dump).toMatchObject({
      code: 1,
      out: '',
      err: `sam2rad: cannot write ${folder}: it is a folder; name a file\n`,
    });
    expect(dump.cpuMs).toBeLessThan(1000);
    writeFileSync(output, '');
    const taken = await sam2rad('segment', WRIST, '-o', join(output, 'a', 'b'), ...prompts);
    expect(taken).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/new\/a\/b: a part of the path is no folder/),
    });
    expect(namesIn(folder)).toEqual(['new']);
    // A folder that takes no other: Node's own recursion never came back from it.
    if (process.platform !== 'linux') return;
    const proc = await sam2rad('segment', WRIST, '-o', '/proc/sam2rad/out', ...prompts);
    expect(proc).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/cannot write \/proc\/sam2rad\/out: /),
    });
  });

  test('auto mode on a model without a prompt predictor is refused before any work', async () => {
    const folder = scratch();
    const { code, out, err, cpuMs } = await sam2rad(
      'segment',
      WRIST,
      '-o',
      join(folder, 'new'),
      '--mode',
      'auto',
    );
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(
      /^sam2rad: sam2-nano-shapes\.safetensors \(.*\) has no prompt predictor[^\n]*--mode manual[^\n]*\n$/,
    );
    expect(cpuMs).toBeLessThan(1000);
    expect(namesIn(folder)).toEqual([]);
  });

  test('a mask input without the tensor or of another shape is refused before any work', async () => {
    const folder = scratch();
    const none = await sam2rad('segment', WRIST, '-o', join(folder, 'new'), '--mask-input', demoModel());
    expect(none).toMatchObject({ code: 1, out: '' });
    expect(none.err).toMatch(/sam2-nano-shapes\.safetensors has no tensor mask_input; it has /);
    const input = join(folder, 'input.safetensors');
    const source = {
      name: 'mask_input',
      dtype: 'F32',
      shape: [8, 8],
      bytes: async () => new Uint8Array(256),
    } as const;
    const chunks: Uint8Array[] = [];
    for await (const chunk of writeSafetensors([source])) chunks.push(chunk);
    writeFileSync(input, Buffer.concat(chunks));
    const other = await sam2rad('segment', WRIST, '-o', join(folder, 'new'), '--mask-input', input);
    expect(other).toMatchObject({ code: 1, out: '' });
    expect(other.err).toMatch(/has shape \[8, 8\], this model expects \[1, 1, 64, 64\] or \[64, 64\]/);
    expect(namesIn(folder)).toEqual(['input.safetensors']);
  });

  test('two stems that would meet in one folder are refused, in two runs they are not', async () => {
    const folder = scratch();
    const copy = join(folder, '000.png');
    copyFileSync(HIP, copy);
    const { code, err } = await sam2rad('segment', WRIST, copy, '-o', folder, '--point', '9,9,1');
    expect(code).toBe(2);
    expect(err).toMatch(
      /would write .*000_mask\.png, which is also written for .*wrist\/Test\/imgs\/000\.png/,
    );
    expect(namesIn(folder)).toEqual(['000.png']);
  });
});
