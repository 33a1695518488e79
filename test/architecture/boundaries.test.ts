import { expect, test } from 'vitest';
import { factsOf, filesIn } from './source.ts';

/** `file: name` for each file outside of `except` whose facts show one of these. */
function found(
  folders: readonly string[],
  except: RegExp,
  look: (facts: ReturnType<typeof factsOf>) => Iterable<string>,
): string[] {
  return filesIn(folders)
    .filter((path) => !except.test(path))
    .flatMap((path) => [...look(factsOf(path))].map((name) => `${path}: ${name}`));
}

const NONE = /^$/;
/** What a GPUDevice makes, but for buffers: `Gpu.createBuffer` is what the other layers call. */
const MAKES =
  /\.(create(ShaderModule|ComputePipeline(Async)?|RenderPipeline(Async)?|BindGroup(Layout)?|PipelineLayout|CommandEncoder|Texture|Sampler|QuerySet|RenderBundleEncoder)|importExternalTexture|beginComputePass|copyBufferToBuffer|writeBuffer|onSubmittedWorkDone|mapAsync|getMappedRange)$/;
/** Through the device itself: its queue, its buffers, its end. */
const HANDLES = /^(device|queue)\.(create\w+|queue|destroy|submit|pushErrorScope|popErrorScope)$|\.queue$/;

test('invariant 3: only src/gpu makes GPU objects and uses the queue', () => {
  const wrong = found(['src'], /^src\/gpu\//, ({ members }) =>
    [...members].filter((member) => MAKES.test(member) || HANDLES.test(member)),
  );
  expect(wrong).toEqual([]);
  // The test can see: gpu itself does all of it.
  const own = found(['src/gpu'], NONE, ({ members }) => [...members].filter((member) => MAKES.test(member)));
  expect(own.length).toBeGreaterThan(8);
});

test('invariant 3: page and command line may wait for the device that they brought, and no more', () => {
  const waits = /queue\.onSubmittedWorkDone$|device\.queue$|\.destroy$/;
  const wrong = found(['app', 'weights-tools'], NONE, ({ members }) =>
    [...members].filter((member) => (MAKES.test(member) || HANDLES.test(member)) && !waits.test(member)),
  );
  expect(wrong).toEqual([]);
});

const DOM =
  /^(document|self|location|history|localStorage|sessionStorage|alert|customElements|requestAnimationFrame|createImageBitmap|ImageData|ImageBitmap|OffscreenCanvas|Image|Path2D|VideoFrame|Element|Event|MouseEvent|PointerEvent|Worker|FileReader|DOMParser|(HTML|SVG)\w*Element|\w*CanvasRenderingContext2D\w*)$/;

test('invariant 3: only src/web and app touch the DOM, in types too', () => {
  // Attention has windows too: only a property of `window` tells a page's.
  const wrong = found(['src', 'weights-tools'], /^src\/web\//, ({ names, members }) => [
    ...[...names].filter((name) => DOM.test(name)),
    ...[...members].filter((member) => /^window\.\w/.test(member)),
  ]);
  expect(wrong).toEqual([]);
  expect(found(['src/web'], NONE, ({ names }) => [...names].filter((name) => DOM.test(name)))).not.toEqual(
    [],
  );
});

test('invariant 3: navigator is asked for WebGPU alone, in one place', () => {
  const asked = found(['src'], NONE, ({ names, members }) => [
    ...[...names].filter((name) => name === 'navigator'),
    ...[...members].filter((member) => /\.navigator$|^navigator\./.test(member)),
  ]);
  expect(asked.sort()).toEqual([
    'src/gpu/device.ts: globalThis.navigator',
    'src/gpu/device.ts: navigator.gpu',
  ]);
});

test('invariant 11: nothing is evaluated, no data is imported, no text becomes markup', () => {
  const folders = ['src', 'app', 'weights-tools'];
  const wrong = found(folders, NONE, ({ names, members, dynamic, imports }) => [
    ...[...names].filter((name) => /^(eval|Function|unsafeHTML|unsafeSVG|importScripts)$/.test(name)),
    ...[...members].filter((member) =>
      /\.(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|srcdoc|setHTMLUnsafe)$/.test(member),
    ),
    // The command line's optional peers and its own commands are named in the source; data never is.
    ...dynamic.filter((what) => what === '?' || what === 'new Function'),
    ...imports
      .map(({ specifier }) => specifier)
      .filter((specifier) => /^(data|blob|https?):|unsafe-/.test(specifier)),
  ]);
  expect(wrong).toEqual([]);
});

/**
 * The exception: parts of the engine itself that a bundler makes chunks of, so that a page carries one family of
 * encoders and reads torch files only where it has one. Each is a text in the source, beginning with a dot: nothing
 * that a file holds, and no word of a caller, can become an address.
 */
const CHUNKS = [
  'src/tasks/decoders.ts: ../models/mask-decoder/fused.ts',
  'src/tasks/encoders.ts: ../models/hiera/encoder.ts',
  'src/tasks/encoders.ts: ../models/vit/encoder.ts',
  'src/tasks/encoders.ts: ../models/tinyvit/encoder.ts',
  'src/tasks/tuned-for.ts: ./tune.ts',
  'src/weights/open.ts: ./torch.ts',
];

test('invariant 11: src imports its own chunks by name, and nothing else dynamically', () => {
  expect(found(['src'], NONE, ({ dynamic }) => dynamic)).toEqual(CHUNKS);
});
