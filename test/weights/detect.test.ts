import { expect, test } from 'vitest';
import { CheckpointError } from '../../src/errors.ts';
import { type DetectOptions, detectModel } from '../../src/weights/detect.ts';
import type { TensorInfo } from '../../src/weights/types.ts';
import { cpuMillis, fixtureJson, fixtureNames } from './fixtures.ts';
import { generatedCheckpoint, type WeightsJson } from './generated-weights.ts';

type Infos = ReadonlyMap<string, TensorInfo>;
const load = (path: string): Infos => generatedCheckpoint(fixtureJson<WeightsJson>(path)).tensors;
const golden = (name: string) => load(`goldens/${name}.weights.json`);

/** [file, title, layout, preprocess, image size, tensors kept, object score] */
const known: [string, string, string, string, number, number, string][] = [
  ['tables/mobile_sam.json', 'MobileSAM', 'meta-sam', 'sam', 1024, 327, 'none'],
  ['tables/sam2.1_hiera_b+.json', 'SAM2.1 Hiera base+', 'meta-sam2', 'sam2', 1024, 455, 'mlp'],
  ['tables/sam2.1_hiera_l.json', 'SAM2.1 Hiera large', 'meta-sam2', 'sam2', 1024, 743, 'mlp'],
  ['tables/sam2.1_hiera_s.json', 'SAM2.1 Hiera small', 'meta-sam2', 'sam2', 1024, 359, 'mlp'],
  ['tables/sam2.1_hiera_t.json', 'SAM2.1 Hiera tiny', 'meta-sam2', 'sam2', 1024, 311, 'mlp'],
  ['tables/sam2_hiera_b+.json', 'SAM2 Hiera base+', 'meta-sam2', 'sam2', 1024, 455, 'mlp'],
  ['tables/sam2_hiera_l.json', 'SAM2 Hiera large', 'meta-sam2', 'sam2', 1024, 743, 'mlp'],
  ['tables/sam2_hiera_s.json', 'SAM2 Hiera small', 'meta-sam2', 'sam2', 1024, 359, 'mlp'],
  ['tables/sam2_hiera_t.json', 'SAM2 Hiera tiny', 'meta-sam2', 'sam2', 1024, 311, 'mlp'],
  [
    'tables/sam2rad-sam2_small_hiera.json',
    'Sam2Rad on SAM2 Hiera small',
    'sam2rad',
    'sam2rad',
    1024,
    483,
    'mlp',
  ],
  ['tables/sam_vit_b.json', 'SAM ViT-B', 'meta-sam', 'sam', 1024, 314, 'none'],
  ['tables/sam_vit_h.json', 'SAM ViT-H', 'meta-sam', 'sam', 1024, 594, 'none'],
  ['tables/sam_vit_l.json', 'SAM ViT-L', 'meta-sam', 'sam', 1024, 482, 'none'],
  ['goldens/nano-sam2.weights.json', 'SAM2.1 Hiera nano', 'meta-sam2', 'sam2', 256, 263, 'mlp'],
  ['goldens/nano-sam2rad.weights.json', 'Sam2Rad on SAM2 Hiera nano', 'sam2rad', 'sam2rad', 256, 387, 'mlp'],
  [
    'goldens/nano-sam2rad-adapter-lora.weights.json',
    'Sam2Rad on SAM2 Hiera nano (adapters, LoRA 8)',
    'sam2rad',
    'sam2rad',
    256,
    447,
    'mlp',
  ],
  [
    'goldens/train-nano-ppn.weights.json',
    'Sam2Rad on SAM2 Hiera nano',
    'sam2rad',
    'sam2rad',
    256,
    387,
    'mlp',
  ],
  [
    'goldens/train-nano-ppn-box.weights.json',
    'Sam2Rad on SAM2 Hiera nano',
    'sam2rad',
    'sam2rad',
    256,
    387,
    'mlp',
  ],
  [
    'goldens/train-nano-adapter-lora.weights.json',
    'Sam2Rad on SAM2 Hiera nano (adapters, LoRA 8)',
    'sam2rad',
    'sam2rad',
    256,
    447,
    'mlp',
  ],
  ['goldens/sam2.1-hiera-t.weights.json', 'SAM2.1 Hiera tiny', 'meta-sam2', 'sam2', 1024, 311, 'mlp'],
  [
    'goldens/sam2rad-hiera-t.weights.json',
    'Sam2Rad on SAM2 Hiera tiny',
    'sam2rad',
    'sam2rad',
    1024,
    435,
    'mlp',
  ],
  ['goldens/sam2rad-vit-b.weights.json', 'Sam2Rad on SAM ViT-B', 'sam2rad', 'sam2rad', 1024, 441, 'linear'],
  [
    'goldens/sam2rad-vit-tiny.weights.json',
    'Sam2Rad on MobileSAM',
    'sam2rad',
    'sam2rad',
    1024,
    454,
    'linear',
  ],
];

test.each(known)('%s is %s', (path, title, layout, preprocess, imageSize, tensors, objectScore) => {
  const found = detectModel(load(path));
  expect(found).toMatchObject({ title, layout, config: { imageSize, preprocess, decoder: { objectScore } } });
  expect(found.tensors.size).toBe(tensors);
});

test('every table and golden among the fixtures is tried', () => {
  const paths = ['tables', 'goldens'].flatMap((folder) =>
    fixtureNames(folder).map((name) => `${folder}/${name}`),
  );
  expect(known.map(([path]) => path).sort()).toEqual(paths.filter((path) => path.endsWith('.json')).sort());
});

const renamed = (tensors: Infos, rename: (key: string) => string | undefined): Infos =>
  new Map(
    [...tensors].flatMap(([key, info]) => {
      const name = rename(key);
      return name === undefined ? [] : [[name, info] as const];
    }),
  );

test.each(['model.', 'module.', 'state_dict.', 'state_dict.module.'])(
  'a prefix %s changes nothing',
  (prefix) => {
    const plain = detectModel(golden('nano-sam2'));
    const wrapped = detectModel(renamed(golden('nano-sam2'), (key) => prefix + key));
    expect(wrapped.config).toEqual(plain.config);
    expect([...wrapped.tensors.keys()]).toEqual([...plain.tensors.keys()]);
  },
);

test('optimizer states and an average of the weights beside them are left aside', () => {
  const tensors = new Map(renamed(golden('nano-sam2rad'), (key) => `state_dict.${key}`));
  for (const [key, info] of golden('nano-sam2rad')) tensors.set(`ema_state_dict.${key}`, info);
  tensors.set('optimizer_states.0.state.0.exp_avg', { dtype: 'F32', shape: [4] });
  const found = detectModel(tensors);
  expect(found.tensors.size).toBe(387);
  const recipe = found.tensors.get('no_mem_embed')?.recipe;
  expect(recipe).toEqual({ kind: 'copy', from: 'state_dict.model.model.no_mem_embed' });
  expect(found.config.datasets).toEqual([{ name: 'phantom', classes: 2, tokens: 10 }]);
});

test('a model under two names is refused with both: whichever were taken, the other may be meant', () => {
  const two = new Map(renamed(golden('nano-sam2'), (key) => `averaged_model.${key}`));
  for (const [key, info] of golden('nano-sam2')) two.set(`module.${key}`, info);
  expect(messageOf(two)).toContain(
    'odd.pt holds two models, averaged_model.image_encoder.* and module.image_encoder.*. Save one alone.',
  );
  // Lightning's average of the weights, and the raw ones that it trains on with.
  const lightning = new Map(renamed(golden('nano-sam2'), (key) => `current_model_state.model.${key}`));
  for (const [key, info] of golden('nano-sam2')) lightning.set(`state_dict.model.${key}`, info);
  expect(detectModel(lightning).tensors.get('no_mem_embed')?.recipe).toEqual({
    kind: 'copy',
    from: 'state_dict.model.no_mem_embed',
  });
});

test('a tensor under two names is refused with both, in either order', () => {
  const [one, other] = ['sam_mask_decoder.iou_token.weight', 'mask_decoder.iou_token.weight'];
  const info: TensorInfo = { dtype: 'F32', shape: [1, 256] };
  expect(messageOf(new Map([...golden('nano-sam2'), [other, info]]))).toContain(
    `Extra (1): ${other}, which is ${one}.`,
  );
  expect(messageOf(new Map([[other, info], ...golden('nano-sam2')]))).toContain(
    `Extra (1): ${one}, which is ${other}.`,
  );
});

test('a folded convolution beside the one that would be folded, or an adapter where one is, is extra', () => {
  const conv = 'model.model.image_encoder.net.layers.1.downsample.conv2';
  const folded = new Map(golden('sam2rad-vit-tiny'));
  folded.set(`${conv}.bias`, { dtype: 'F32', shape: [160] });
  expect(messageOf(folded)).toContain(`Extra (5): ${conv}.`);
  const adapted = new Map(golden('nano-sam2rad-adapter-lora'));
  const adapter = 'model.model.image_encoder.adapters.0.adapters.0.bias';
  const [block] = detectModel(adapted).config.adapters?.blocks ?? [];
  adapted.set(`model.model.${block}.adapter.lin1.bias`, { dtype: 'F32', shape: [64] });
  expect(messageOf(adapted)).toContain(`Extra (1): ${adapter}.`);
});

test('adapters stand beside their blocks: the last five of a ViT, all but layer 0 of a TinyViT', () => {
  const adapter = (index: number, width: number): [string, TensorInfo][] => {
    const root = `model.model.image_encoder.adapters.${index}.adapters`;
    const put = (name: string, ...shape: number[]): [string, TensorInfo] => [
      `${root}.${name}`,
      { dtype: 'F32', shape },
    ];
    return [put('0.weight', 64, width), put('0.bias', 64), put('2.weight', width, 64), put('2.bias', width)];
  };
  const wrap = (key: string) => key.replace('model.image_encoder.blocks', 'model.image_encoder.net.blocks');
  const vit = new Map(renamed(golden('sam2rad-vit-b'), wrap));
  for (let i = 0; i < 5; i++) for (const [name, info] of adapter(i, 768)) vit.set(name, info);
  const { tensors, config } = detectModel(vit);
  expect(config.adapters).toEqual({
    hidden: 64,
    blocks: [7, 8, 9, 10, 11].map((i) => `image_encoder.blocks.${i}`),
  });
  expect(tensors.get('image_encoder.blocks.7.adapter.lin2.weight')?.recipe).toEqual({
    kind: 'copy',
    from: 'model.model.image_encoder.adapters.0.adapters.2.weight',
  });

  const tiny = new Map(golden('sam2rad-vit-tiny'));
  const widths = [128, 128, 160, 160, 160, 160, 160, 160, 320, 320];
  for (const [i, width] of widths.entries())
    for (const [name, info] of adapter(i, width)) tiny.set(name, info);
  const blocks = detectModel(tiny).config.adapters?.blocks;
  expect(blocks).toHaveLength(10);
  expect(blocks?.[2]).toBe('image_encoder.layers.2.blocks.0');
});

test('the linear predictor is one block and upsamples its mask by 4', () => {
  const learner = 'model.model.prompt_sampler.prompt_learner.';
  const linear = renamed(golden('nano-sam2rad'), (key) => {
    if (!key.startsWith(learner)) return key;
    const name = key.slice(learner.length);
    if (/^(?:channel_adapters|layers\.[12])\./.test(name)) return undefined;
    return learner + name.replace(/^layers\.0\./, '').replace('pos_encoding1d', 'pos_encoding_1d');
  });
  const { config, tensors } = detectModel(linear);
  expect(config.ppn).toEqual({ kind: 'linear', channels: [256], maskScale: 4 });
  expect(tensors.has('prompt_predictor.layers.0.cross_attn_image_to_token.out_proj.bias')).toBe(true);
  expect(tensors.has('prompt_predictor.pos_encoding1d.inv_freq')).toBe(true);
});

test('the frequencies of the position encoding are computed where the file lacks them', () => {
  const { tensors } = detectModel(
    renamed(golden('nano-sam2rad'), (key) => (key.endsWith('inv_freq') ? undefined : key)),
  );
  expect(tensors.get('prompt_predictor.pos_encoding1d.inv_freq')?.recipe).toEqual({
    kind: 'sine-frequencies',
  });
});

test('a ViT trained at another size brings its own tables and its own image size', () => {
  const tensors = new Map(load('tables/sam_vit_b.json'));
  for (const [key, info] of tensors) {
    if (key.endsWith('.pos_embed')) tensors.set(key, { ...info, shape: [1, 32, 32, 768] });
    if (info.shape[0] === 127) tensors.set(key, { ...info, shape: [63, 64] });
  }
  expect(detectModel(tensors).config).toMatchObject({ imageSize: 512, encoder: { tableSize: 32 } });
});

const messageOf = (tensors: Infos, options: DetectOptions = {}): string => {
  try {
    detectModel(tensors, { name: 'odd.pt', ...options });
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    return String(error);
  }
  return 'no error';
};

test('what is missing, extra and of wrong shape stands in one error', () => {
  const tensors = new Map(golden('nano-sam2'));
  for (const i of [0, 1, 2]) {
    tensors.delete(`image_encoder.trunk.blocks.5.mlp.layers.${i}.weight`);
    tensors.delete(`image_encoder.trunk.blocks.5.norm${i}.bias`);
  }
  tensors.set('sam_mask_decoder.surprise', { dtype: 'F32', shape: [1] });
  tensors.set('no_mem_embed', { dtype: 'F32', shape: [1, 256] });
  tensors.set('sam_mask_decoder.iou_token.weight', { dtype: 'I64', shape: [1, 256] });
  const message = messageOf(tensors);
  expect(message).toContain('odd.pt is nearest to SAM2.1 Hiera nano (263 tensors), but does not fit it.');
  expect(message).toContain('Missing (4): image_encoder.trunk.blocks.5.norm1.bias; ');
  expect(message).toContain('Extra (1): sam_mask_decoder.surprise.');
  expect(message).toContain('Wrong (2): no_mem_embed is [1, 256], expected [1, 1, 256]; ');
  expect(message).toContain('sam_mask_decoder.iou_token.weight is I64, expected a float type.');
});

test('blocks without end are refused in time that grows with their number', () => {
  const blocks = Array.from({ length: 50_000 }, (_, i): [string, TensorInfo] => [
    `image_encoder.trunk.blocks.${i}.a`,
    { dtype: 'F32', shape: [0] },
  ]);
  blocks.push(['image_encoder.adapters.0.adapters.0.bias', { dtype: 'F32', shape: [64] }]);
  const start = cpuMillis();
  expect(messageOf(new Map(blocks))).toContain('does not fit it');
  expect(cpuMillis() - start).toBeLessThan(3000);
});

test('more classes than a byte numbers, or tokens without end, are refused', () => {
  const withQueries = (...shape: number[]) =>
    new Map([
      ...golden('nano-sam2rad'),
      ['model.learnable_prompts.phantom', { dtype: 'F32', shape }] as [string, TensorInfo],
    ]);
  expect(messageOf(withQueries(256, 10, 256))).toContain(
    'phantom is [256, 10, 256], expected [255, 10, 256]',
  );
  expect(messageOf(withQueries(2, 513, 256))).toContain('phantom is [2, 513, 256], expected [2, 512, 256]');
  const most = detectModel(withQueries(255, 512, 256)).config.datasets;
  expect(most).toEqual([{ name: 'phantom', classes: 255, tokens: 512 }]);
});

test('LoRA and adapters of sizes that no kernel takes are refused by their key; LoRA of any rank to 256 is merged', () => {
  /** The golden's LoRA is of rank 8, its adapters are 64 wide. */
  const sized = (pattern: RegExp, from: number, to: number) =>
    new Map(
      Array.from(golden('nano-sam2rad-adapter-lora'), ([key, info]): [string, TensorInfo] => [
        key,
        pattern.test(key) ? { ...info, shape: info.shape.map((side) => (side === from ? to : side)) } : info,
      ]),
    );
  const lora = (rank: number) => sized(/w_[ab]\.weight$/, 8, rank);
  const adapters = (width: number) => sized(/\.adapters\.\d+\.adapters\.(?:0\..*|2\.weight)$/, 64, width);
  for (const rank of [1, 3, 256]) expect(detectModel(lora(rank)).config.lora).toEqual({ rank });
  expect(messageOf(lora(0))).toMatch(/w_a\.weight is \[0, 256\], expected \[1, 256\]/);
  expect(messageOf(lora(60_000))).toMatch(/w_a\.weight is \[60000, 256\], expected \[256, 256\]/);
  for (const [width, nearest] of [
    [0, 4],
    [5, 8],
    [4096, 2048],
  ] as const) {
    expect(messageOf(adapters(width))).toMatch(
      new RegExp(
        `image_encoder\\.adapters\\.0\\.adapters\\.0\\.bias is \\[${width}\\], expected \\[${nearest}\\]`,
      ),
    );
  }
});

test('files of other models are told what is known', () => {
  expect(messageOf(new Map([['0.weight', { dtype: 'F32', shape: [3, 4] }]]))).toContain(
    'odd.pt holds no image encoder. It has 1 tensors such as "0.weight". Known are',
  );
  expect(messageOf(new Map([['vision_encoder.pos_embed', { dtype: 'F32', shape: [1] }]]))).toContain(
    'Hugging Face',
  );
  expect(messageOf(new Map([['image_encoder.stem.weight', { dtype: 'F32', shape: [1] }]]))).toContain(
    'do not know',
  );
});

test.each([0, 100, 192, 2112, 1024.5, Number.NaN])('image size %s is refused', (imageSize) => {
  expect(messageOf(golden('nano-sam2'), { imageSize })).toContain('expected a multiple of 64 in 256..2048');
});

test.each([256, 512, 2048])('image size %s is taken', (imageSize) => {
  expect(detectModel(golden('nano-sam2'), { imageSize }).config.imageSize).toBe(imageSize);
});
