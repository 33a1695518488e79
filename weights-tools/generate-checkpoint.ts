/**
 * `npm run generate -- TABLE.json -o FILE [--salt N]`: a checkpoint with every key and shape of a table, its values
 * made by the rule of the goldens (generate/rule.ts), in the layout of those who published it. FILE ends in .pt, .pth
 * or .ckpt for what torch.save writes, or in .safetensors. One tensor at a time: the largest takes 30 MB.
 */
import { parse } from './arguments.ts';
import { UsageError } from './errors.ts';
import { megabytes } from './format.ts';
import { generateCheckpoint } from './generate/checkpoint.ts';

async function run(argv: readonly string[]): Promise<void> {
  const { values, positionals } = parse(argv, {
    output: { type: 'string', short: 'o' },
    salt: { type: 'string', default: '0' },
  });
  const [table, ...others] = positionals;
  if (table === undefined || others.length > 0 || values.output === undefined)
    throw new UsageError('expected TABLE.json -o FILE [--salt N]');
  if (!/^\d+$/.test(values.salt))
    throw new UsageError(`--salt is '${values.salt}', expected a whole number of 0 or more`);
  const bytes = await generateCheckpoint(table, values.output, Number(values.salt));
  console.log(`${values.output}: ${megabytes(bytes)}`);
}

run(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
