import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What a page downloads for the whole engine, WGSL in it, minified and gzipped. */
export const BUNDLE_LIMIT = 60_000;

export interface Size {
  readonly raw: number;
  readonly gzip: number;
}
export interface Part extends Size {
  readonly name: string;
}

/** The engine as one module, as a bundler gives it to a page, and each of its parts on its own. */
export async function measureBundle(): Promise<{ total: Size; parts: Part[] }> {
  const [whole] = await bundle(false);
  const texts = new Map<string, string>();
  for (const { code, moduleIds } of await bundle(true)) {
    // Helpers of the bundler have no file.
    const path = moduleIds
      .map((id) => relative(root, id).split(sep).join('/'))
      .find((id) => id.startsWith('src/'));
    const name = path ? partOf(path) : 'bundler';
    texts.set(name, (texts.get(name) ?? '') + code);
  }
  const parts = [...texts].map(([name, code]) => ({ name, ...sizeOf(code) }));
  return { total: sizeOf(whole?.code ?? ''), parts: parts.sort((a, b) => b.gzip - a.gzip) };
}

/** `src/weights/zip.ts` counts for weights, `src/generated/kernels.ts` is the WGSL with what is known of it. */
const partOf = (path: string) => {
  const [, folder = ''] = path.split('/');
  return folder === 'generated' ? 'shaders (WGSL)' : folder.replace(/\.ts$/, '');
};

function sizeOf(code: string): Size {
  const bytes = Buffer.from(code);
  return { raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
}

async function bundle(preserveModules: boolean): Promise<Rolldown.OutputChunk[]> {
  const result = await build({
    root,
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      target: 'es2023',
      minify: true,
      modulePreload: false,
      copyPublicDir: false,
      rolldownOptions: {
        input: fileURLToPath(new URL('../src/index.ts', import.meta.url)),
        preserveEntrySignatures: 'strict',
        output: { format: 'es', ...(preserveModules ? { preserveModules } : {}) },
      },
    },
  });
  const outputs = (Array.isArray(result) ? result : [result]) as Rolldown.RolldownOutput[];
  return outputs.flatMap(({ output }) => output).filter((one) => one.type === 'chunk');
}
