/** Our engine and onnxruntime-web on the same pictures and prompts, in turns, in one page. */
import type { AdapterSummary } from '../../src/index.ts';
import type { Host } from '../lab/host.ts';
import { type Contestant, interleave, type Timing } from '../measure.ts';
import { type Agreement, agreementOf, type Pair } from './agreement.ts';
import { goldenPicture, goldenTensor } from './golden-image.ts';
import { loadOrt, NANO, type OrtModel, type Provider, TINY } from './ort.ts';
import { loadOurDecoder } from './our-decoder.ts';
import { loadOurs, type OurModel } from './ours.ts';

/** A graph that both run. */
export type GraphName = 'nano encode' | 'nano click' | 'tiny encode' | 'tiny click';

export interface SideBySideOptions {
  readonly rounds: number;
  readonly providers: readonly Provider[];
  /** tiny's encoder, too: on a software adapter the others take tens of minutes for it. */
  readonly large: boolean;
  /** After so long no further round of a model begins. */
  readonly budgetMs: number;
}

/** What the comparison with onnxruntime-web found. */
export interface SideBySide extends Agreement {
  readonly adapter: AdapterSummary;
  readonly ortVersion: string;
  readonly threads: number;
  /** Until everything was loaded and compiled, by `<engine> <model>`. */
  readonly loadMs: Readonly<Record<string, number>>;
  /** By `<engine> <graph>`. */
  readonly times: Readonly<Record<string, Timing>>;
  readonly remarks: readonly string[];
}

/** All of it, but for what disturbed the measuring. */
type Figures = Omit<SideBySide, 'remarks'>;

/** The goldens' box, at S = 256. */
const BOX = [37.5, 50, 175, 160] as const;
const LABELS = [2, 3];
/** A click of ours is a hundredth of a turn of theirs: it has several of its own. */
const TURN_MS = 2000;

const boxAt = (size: number) =>
  BOX.map((side) => (side * size) / NANO.size) as [number, number, number, number];
const cornersAt = (size: number) => {
  const [x0, y0, x1, y1] = boxAt(size);
  return [
    [x0, y0],
    [x1, y1],
  ] as const;
};

interface Others {
  readonly provider: Provider;
  readonly ort: OrtModel;
}

/** Tensors are compared where the weights are equal: nano's. */
export async function sideBySide(options: SideBySideOptions, host: Host): Promise<Figures> {
  const nano = await compareNano(options, host);
  const tiny = await compareTiny(options, host);
  return {
    ...nano,
    loadMs: { ...nano.loadMs, ...tiny.loadMs },
    times: { ...nano.times, ...tiny.times },
  };
}

async function compareNano({ rounds, providers, budgetMs }: SideBySideOptions, host: Host): Promise<Figures> {
  const ours = await loadOurs('nano-sam2', goldenPicture(NANO.size), boxAt(NANO.size));
  const others: Others[] = [];
  for (const provider of providers)
    others.push({ provider, ort: await loadOrt(NANO, provider, goldenTensor(NANO.size)) });
  host.say('side by side: nano is loaded');
  const times = await interleave(contestants('nano', NANO.size, ours, others), {
    ...{ rounds, budgetMs, turnMs: TURN_MS },
    onTurn: (name, round) => host.say(`side by side: ${name}, ${roundName(round, rounds)}`),
  });
  const pairs: Pair[] = [];
  for (const other of others) pairs.push(...(await pairsOf(ours, other)));
  const { adapter } = ours.model;
  ours.model.dispose();
  return {
    adapter,
    ortVersion: others[0]?.ort.version ?? '',
    threads: navigator.hardwareConcurrency,
    loadMs: loadsOf('nano', ours.loadMs, others),
    times,
    ...agreementOf(pairs),
  };
}

/** tiny's decoder at S = 1024, on features that are made up; with `large` what its encoder gives. */
async function compareTiny(
  { rounds, providers, large, budgetMs }: SideBySideOptions,
  host: Host,
): Promise<Pick<SideBySide, 'loadMs' | 'times'>> {
  const { size } = TINY;
  const ours = large
    ? await loadOurs('sam2.1-hiera-t', goldenPicture(size), boxAt(size))
    : await loadOurDecoder('sam2.1-hiera-t', size, boxAt(size));
  const others: Others[] = [];
  for (const provider of providers)
    others.push({ provider, ort: await loadOrt(TINY, provider, large ? goldenTensor(size) : undefined) });
  host.say('side by side: tiny is loaded');
  const all = contestants('tiny', size, ours, others);
  const entries = Object.entries(all).filter(([name]) => large || name.endsWith('click'));
  const times = await interleave(Object.fromEntries(entries), {
    ...{ rounds, budgetMs, turnMs: TURN_MS },
    onTurn: (name, round) => host.say(`side by side: ${name}, ${roundName(round, rounds)}`),
  });
  return { times, loadMs: loadsOf('tiny', ours.loadMs, others) };
}

const roundName = (round: number, rounds: number) =>
  round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`;

function contestants(
  model: string,
  size: number,
  ours: Pick<OurModel, 'encode' | 'click'>,
  others: readonly Others[],
): Record<string, Contestant> {
  const all: Record<string, Contestant> = {
    [`sam2rad ${model} encode`]: () => ours.encode(),
    [`sam2rad ${model} click`]: () => ours.click(),
  };
  for (const { provider, ort } of others) {
    all[`ort ${provider} ${model} encode`] = () => ort.encode();
    all[`ort ${provider} ${model} click`] = () => ort.click(cornersAt(size), LABELS);
  }
  return all;
}

const loadsOf = (model: string, own: number, others: readonly Others[]) =>
  Object.fromEntries([
    [`sam2rad ${model}`, own],
    ...others.map(({ provider, ort }) => [`ort ${provider} ${model}`, ort.loadMs] as const),
  ]);

async function pairsOf(ours: OurModel, { provider, ort }: Others): Promise<Pair[]> {
  const features = await ort.features();
  const masks = await ort.click(cornersAt(NANO.size), LABELS);
  const prediction = await ours.click({ multimaskOutput: true, returnTensors: true });
  const tensor = (name: string) => prediction.tensors?.get(name)?.data ?? new Float32Array();
  const maskSize = (NANO.size / 4) ** 2;
  const pairs: readonly (readonly [string, string, ArrayLike<number>])[] = [
    ['embedding', 'image_embedding', features['emb'] ?? []],
    ['high_res_features.0', 'high_res_features.0', features['h0'] ?? []],
    ['high_res_features.1', 'high_res_features.1', features['h1'] ?? []],
    // Theirs come with the single mask first.
    ['masks', 'low_res_masks', masks.masks.subarray(maskSize)],
    ['iou', 'iou_predictions', masks.iou.subarray(1)],
    ['object score', 'object_score_logits', masks.obj],
  ];
  return pairs.map(([name, own, theirs]) => ({ name: `${provider} ${name}`, ours: tensor(own), theirs }));
}
