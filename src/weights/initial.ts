/** train.py: randn / sqrt(256). */
export const QUERY_DEVIATION = 1 / 16;

/**
 * Values that a layer starts with before it is trained, as PyTorch and the reference draw them; by the tensor's name,
 * so that neither order nor company of the tensors matters.
 *
 * - queries: normal, deviation 1/16 unless told otherwise. The predictor's first block puts their mean value, through a
 *   projection, in the place of each (system.md): with 1/16 its bias outweighs it six times, all classes look alike, and
 *   learning swaps them for a long time; with 1 the queries outweigh the bias
 * - the mask head's convolutions: normal, variance 2 / fan-out, bias 0 (prompt_learning.py, `init_weights`)
 * - LoRA: the first matrix as any linear layer, the second 0 (build_decoder.py, `reset_parameters`)
 * - adapters: the second layer 0, so that training starts from the frozen encoder itself. The reference draws it.
 * - normalisation: 1 and 0; every other layer uniform within 1 / sqrt(fan-in) (torch.nn.Linear, Conv2d)
 *
 * @param shape in PyTorch's order
 */
export function initialValues(
  name: string,
  shape: readonly number[],
  weightShape: readonly number[],
  seed: number,
  queryDeviation = QUERY_DEVIATION,
): Float32Array<ArrayBuffer> {
  const count = shape.reduce((product, n) => product * n, 1);
  const random = generator(hash(name) ^ Math.imul(seed, 0x9e3779b9));
  const filled = (value: () => number) => Float32Array.from({ length: count }, value);
  const isBias = name.endsWith('.bias');
  if (/\.norm\d?\.(?:weight|bias)$/.test(name)) return filled(() => (isBias ? 0 : 1));
  if (name.startsWith('queries.')) return filled(() => normal(random) * queryDeviation);
  if (name.endsWith('.lora_b.weight') || name.includes('.adapter.lin2.')) return new Float32Array(count);
  const perOutput = weightShape.slice(1).reduce((product, n) => product * n, 1);
  if (name.includes('.mask_classifier.')) {
    const [outputs = 1, inputs = 1] = weightShape;
    const deviation = Math.sqrt(2 / (outputs * (perOutput / inputs)));
    return filled(() => (isBias ? 0 : normal(random) * deviation));
  }
  const bound = 1 / Math.sqrt(perOutput);
  return filled(() => (2 * random() - 1) * bound);
}

/** FNV-1a of a name. */
function hash(name: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}

/**
 * Uniform numbers in [0, 1): Mulberry32. The same everywhere for the same seed. Evaluation draws by another generator;
 * one for both would change every weight that a seed has begun with.
 */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A normal number, by Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
