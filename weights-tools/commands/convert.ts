import { basename } from 'node:path';
import { convertCheckpoint, describeCheckpoint } from '../../src/weights/convert.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { oneOf, parse, parsePositive } from '../arguments.ts';
import { UsageError } from '../errors.ts';
import { megabytes, thousands } from '../format.ts';
import { openFile, writeAtomically, writeChunks } from '../node/files.ts';
import { Progress } from '../node/progress.ts';
import type { Terminal } from '../terminal.ts';
import { CONVERT_USAGE } from '../usage.ts';

/** `sam2rad convert`: a checkpoint of any known layout to our safetensors, a tensor at a time. */
export async function convert(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parse(argv, {
    output: { type: 'string', short: 'o' },
    dtype: { type: 'string', default: 'f32' },
    'image-size': { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) {
    terminal.out(CONVERT_USAGE);
    return 0;
  }
  const [input, ...others] = positionals;
  if (input === undefined || others.length > 0)
    throw new UsageError(`convert needs one input file, got ${positionals.length}`);
  const { output } = values;
  if (output === undefined) throw new UsageError('convert needs -o OUT.safetensors');
  if (!output.endsWith('.safetensors'))
    throw new UsageError(`-o is '${output}', expected a name that ends in .safetensors`);
  const dtype = oneOf('dtype', values.dtype, ['f32', 'f16', 'q8']);
  const size = values['image-size'];
  const imageSize = size === undefined ? undefined : parsePositive('image-size', size);

  const { signal } = terminal;
  const checkpoint = await openCheckpoint(await openFile(input), { signal });
  const { title, parameters, config, dropped } = describeCheckpoint(checkpoint, imageSize);
  for (const warning of checkpoint.warnings) terminal.err.write(`sam2rad: warning: ${warning}\n`);
  const progress = new Progress(terminal.err, false);
  let written = 0;
  try {
    const chunks = convertCheckpoint(checkpoint, {
      dtype,
      signal,
      ...(imageSize !== undefined && { imageSize }),
      onProgress: ({ bytes, total }) => {
        written = bytes;
        progress.show(`converting ${basename(input)}`, bytes / total);
      },
    });
    await writeAtomically(output, (file) => writeChunks(file, chunks));
  } finally {
    progress.clear();
  }
  terminal.out(
    `${output}: ${title}, image size ${config.imageSize}, ${thousands(parameters)} parameters as ${dtype}, ${megabytes(written)}` +
      (dropped.length > 0 ? ` (${dropped.length} tensors that still images do not need left out)` : ''),
  );
  return 0;
}
