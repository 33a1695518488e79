import { basename } from 'node:path';
import { type ConvertProgress, convertCheckpoint, describeCheckpoint } from '../../src/weights/convert.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { planReference, referenceCheckpoint } from '../../src/weights/reference-layout.ts';
import { oneOf, parse, parsePositive } from '../arguments.ts';
import { UsageError } from '../errors.ts';
import { megabytes, thousands } from '../format.ts';
import { openFile, refuseFolder, writeAtomically, writeChunks } from '../node/files.ts';
import { Progress } from '../node/progress.ts';
import { printable, type Terminal } from '../terminal.ts';
import { CONVERT_USAGE } from '../usage.ts';

/** `sam2rad convert`: a checkpoint of any known layout to our safetensors or the reference's layout, a tensor at a time. */
export async function convert(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parse(argv, {
    output: { type: 'string', short: 'o' },
    dtype: { type: 'string', default: 'f32' },
    'image-size': { type: 'string' },
    classes: { type: 'string' },
    layout: { type: 'string', default: 'canonical' },
    base: { type: 'string' },
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
  const isReference = oneOf('layout', values.layout, ['canonical', 'reference']) === 'reference';
  if (isReference && dtype !== 'f32')
    throw new UsageError(
      `--dtype is '${dtype}', but --layout reference is f32, as the reference's own files`,
    );
  if (!isReference && values.base !== undefined)
    throw new UsageError('--base is for --layout reference: the canonical layout needs nothing of it');
  if (isReference && values.classes !== undefined)
    throw new UsageError('--classes is for the canonical layout: the reference has no place for names');
  const size = values['image-size'];
  const imageSize = size === undefined ? undefined : parsePositive('image-size', size);

  await refuseFolder(output);
  const { signal } = terminal;
  const open = async (path: string) => openCheckpoint(await openFile(path), { signal });
  const checkpoint = await open(input);
  const description = describeCheckpoint(checkpoint, imageSize);
  const { title, parameters, config, dropped } = description;
  for (const warning of checkpoint.warnings) terminal.err.write(`sam2rad: warning: ${printable(warning)}\n`);
  const base = values.base === undefined ? undefined : await open(values.base);
  const notes = isReference ? planReference(checkpoint, description, base).notes : [];
  for (const note of notes) terminal.err.write(`sam2rad: note: ${printable(note)}\n`);
  const progress = new Progress(terminal.err, false);
  let written = 0;
  try {
    const options = {
      signal,
      ...(imageSize !== undefined && { imageSize }),
      ...(values.classes !== undefined && {
        classNames: values.classes.split(',').map((name) => name.trim()),
      }),
      onProgress: ({ bytes, total }: ConvertProgress) => {
        written = bytes;
        progress.show(`converting ${basename(input)}`, bytes / total);
      },
    };
    const chunks = isReference
      ? referenceCheckpoint(checkpoint, { ...options, ...(base && { base }) })
      : convertCheckpoint(checkpoint, { ...options, dtype });
    await writeAtomically(output, (file) => writeChunks(file, chunks));
  } finally {
    progress.clear();
  }
  const remark = isReference
    ? " in the reference's layout"
    : dropped.length > 0
      ? ` (${dropped.length} tensors that still images do not need left out)`
      : '';
  terminal.out(
    `${output}: ${title}, image size ${config.imageSize}, ${thousands(parameters)} parameters as ${dtype}, ${megabytes(written)}${remark}`,
  );
  return 0;
}
