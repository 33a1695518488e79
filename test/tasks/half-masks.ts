/** How far the demo model's masks move when it computes in f16: on wgpu, whose llvmpipe has shader-f16. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { DEMO_PATH } from './models.ts';
import type { Agreement, Grey, PromptedPicture } from './phantom-masks.ts';
import { type Phantom, readPhantoms } from './storage-masks.ts';

/** As JSON carries it: base64. */
export type PackedPicture = Omit<PromptedPicture, 'picture'> & {
  readonly picture: Omit<Grey, 'data'> & { readonly data: string };
};

export async function compareHalf(
  phantoms: readonly Phantom[],
): Promise<Agreement & { readonly adapter: string }> {
  const pictures = (await readPhantoms(phantoms)).map(({ picture, ...each }): PackedPicture => {
    const data = Buffer.from(picture.data).toString('base64');
    return { ...each, picture: { ...picture, data } };
  });
  const folder = mkdtempSync(join(tmpdir(), 'sam2rad-half-'));
  try {
    const path = join(folder, 'pictures.json');
    writeFileSync(path, JSON.stringify(pictures));
    const script = fileURLToPath(new URL('half-masks.deno.ts', import.meta.url));
    return (await runDeno(script, [path, DEMO_PATH])) as Awaited<ReturnType<typeof compareHalf>>;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
