import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What a page downloads before it knows which model it will load, WGSL in it, minified and gzipped. */
export const BUNDLE_LIMIT = 60_000;

export interface Size {
  readonly raw: number;
  readonly gzip: number;
}
export interface Part extends Size {
  readonly name: string;
}
/** Files that come together, each gzipped on its own as a server sends it. */
export interface Chunk extends Part {
  /** Paths in the repository of what is in them. */
  readonly modules: readonly string[];
}

export interface Bundle {
  /** The entry and what it imports at once. */
  readonly core: Chunk;
  /** What each dynamic import brings beside the core: an encoder's family, the readers of torch files. */
  readonly late: readonly Chunk[];
  /** All of it, folder by folder. */
  readonly parts: readonly Part[];
}

/** The engine as a bundler gives it to a page, chunk by chunk. */
export async function measureBundle(): Promise<Bundle> {
  const chunks = new Map((await bundle(false)).map((chunk) => [chunk.fileName, chunk]));
  const entry = [...chunks.values()].filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName);
  const core = closure(chunks, entry);
  const late = new Set([...core].flatMap((name) => chunks.get(name)?.dynamicImports ?? []));
  const describe = (name: string, files: Iterable<string>): Chunk => {
    const own = [...files].flatMap((file) => chunks.get(file) ?? []);
    const sizes = own.map(({ code }) => sizeOf(code));
    const sum = (key: keyof Size) => sizes.reduce((total, size) => total + size[key], 0);
    const modules = own.flatMap(({ moduleIds }) => moduleIds.map(pathOf));
    return { name, raw: sum('raw'), gzip: sum('gzip'), modules };
  };
  return {
    core: describe('core', core),
    late: [...late]
      .map((file) =>
        describe(
          nameOf(chunks.get(file)),
          [...closure(chunks, [file])].filter((each) => !core.has(each)),
        ),
      )
      .sort((a, b) => a.name.localeCompare(b.name)),
    parts: await measureParts(),
  };
}

/** These files and all that they import at once. */
function closure(chunks: ReadonlyMap<string, Rolldown.OutputChunk>, files: readonly string[]): Set<string> {
  const found = new Set(files);
  for (const file of found) for (const next of chunks.get(file)?.imports ?? []) found.add(next);
  return found;
}

const pathOf = (id: string) => relative(root, id).split(sep).join('/');

/** `src/models/hiera/encoder.ts` is `hiera`, `src/weights/torch.ts` is `torch`. */
function nameOf(chunk: Rolldown.OutputChunk | undefined): string {
  const path = pathOf(chunk?.facadeModuleId ?? '');
  return /models\/(\w+)\//.exec(path)?.[1] ?? path.replace(/^.*\/|\.ts$/g, '');
}

async function measureParts(): Promise<Part[]> {
  const texts = new Map<string, string>();
  for (const { code, moduleIds } of await bundle(true)) {
    // Helpers of the bundler have no file.
    const path = moduleIds.map(pathOf).find((id) => id.startsWith('src/'));
    const name = path ? partOf(path) : 'bundler';
    texts.set(name, (texts.get(name) ?? '') + code);
  }
  return [...texts].map(([name, code]) => ({ name, ...sizeOf(code) })).sort((a, b) => b.gzip - a.gzip);
}

/** `src/weights/zip.ts` counts for weights, `src/generated/` is the WGSL with what is known of it. */
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
