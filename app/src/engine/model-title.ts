import type { LoadedModel } from './protocol.ts';

/** "SAM 2.1 nano": family and size as people write them. */
export function modelTitle({ config }: Pick<LoadedModel, 'config'>): string {
  return `${familyName(config)} ${config.size}`;
}

function familyName({ family, version, ppn }: LoadedModel['config']): string {
  if (ppn !== undefined) return 'Sam2Rad';
  if (family === 'mobile_sam') return 'MobileSAM';
  if (family === 'sam') return 'SAM';
  return version === 'sam2.1' ? 'SAM 2.1' : 'SAM 2';
}
