/** One row of the tables, the smallest, from its keys and shapes to a mask; `npm run tables-check` does all of them. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Info } from '../../weights-tools/commands/info.ts';
import { generateCheckpoint } from '../../weights-tools/generate/checkpoint.ts';
import { gpuTest } from '../gpu-device.ts';
import { fixturePath, phantomPath } from '../weights/fixtures.ts';
import { namesIn, sam2rad, scratch } from './run.ts';

gpuTest('MobileSAM: generated, described, converted and segmented', async () => {
  const folder = scratch();
  const [torch, ours] = [join(folder, 'mobile_sam.pt'), join(folder, 'ours.safetensors')];
  const bytes = await generateCheckpoint(fixturePath('tables/mobile_sam.json'), torch);
  expect(statSync(torch).size).toBe(bytes);
  const infoOf = async (path: string): Promise<Info> =>
    JSON.parse((await sam2rad('info', path, '--image-size', '256', '--json')).out);
  const before = await infoOf(torch);
  expect(before.model).toMatchObject({ title: 'MobileSAM', layout: 'meta-sam', imageSize: 256 });
  expect(await sam2rad('convert', torch, '-o', ours, '--dtype', 'f16')).toMatchObject({ code: 0, err: '' });
  const after = await infoOf(ours);
  expect(after.model?.parameters).toBe(before.model?.parameters);
  expect(after.model?.cost?.encode.flops).toBe(before.model?.cost?.encode.flops);

  const argv = ['segment', phantomPath('wrist/000'), '-m', ours, '-o', folder, '--json'];
  const result = await sam2rad(...argv, '--box', '220,302,571,372', '--image-size', '256');
  expect(result).toMatchObject({ code: 0, err: '' });
  const [report] = JSON.parse(result.out).pictures;
  expect(report).toMatchObject({ width: 636, height: 533, model: { title: 'MobileSAM', storage: 'f16' } });
  expect(Number.isFinite(report.classes[0].iou)).toBe(true);
  expect(namesIn(folder)).toContain('000_mask.png');
  expect(readFileSync(join(folder, '000.json'), 'utf8')).toContain('MobileSAM');
});
