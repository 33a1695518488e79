import type { Candidate } from './canonical.ts';
import type { Parts } from './parts.ts';

const NAMES = { sam2: 'SAM2', sam: 'SAM', mobile_sam: 'MobileSAM' } as const;

/** Whose features a prompt predictor was made for, by the channels that its second adapter takes. */
const PREDICTORS: ReadonlyMap<number, string> = new Map([
  [64, 'SAM2'],
  [768, 'SAM ViT-B'],
  [1024, 'SAM ViT-L'],
  [1280, 'SAM ViT-H'],
  [320, 'MobileSAM'],
]);

/**
 * A sentence for a checkpoint that does not fit, where parts of different families lie in it: "It mixes families: ...".
 * Empty where none is seen.
 * @param candidates by canonical name, whatever their shapes
 */
export function mixture(candidates: ReadonlyMap<string, Candidate>, parts: Parts): string {
  const has = (pattern: RegExp) => [...candidates.keys()].some((name) => pattern.test(name));
  const others: string[] = [];
  const isSam2 = parts.family === 'sam2';
  if (isSam2 && has(/^image_encoder\.(blocks|layers)\./)) others.push("a second image encoder is SAM's");
  const isSam2Decoder = has(/^mask_decoder\.conv_s[01]\./);
  if (has(/^mask_decoder\./) && isSam2 !== isSam2Decoder)
    others.push(`the mask decoder is ${isSam2Decoder ? 'SAM2' : 'SAM'}'s`);
  const channels = candidates.get('prompt_predictor.channel_adapters.1.weight')?.shape[1];
  const expected = parts.ppn?.channels[1];
  if (channels !== undefined && channels !== expected)
    others.push(`the prompt predictor is for ${PREDICTORS.get(channels) ?? `maps of ${channels} channels`}`);
  return others.length > 0
    ? ` It mixes families: the image encoder is ${NAMES[parts.family]}'s, ${others.join(', ')}.`
    : '';
}
