/** `npm run budget`: how large the engine is for a page, chunk by chunk and part by part. Fails above the limit. */
import { BUNDLE_LIMIT, measureBundle, type Part } from './budget-bundle.ts';

const { core, late, parts } = await measureBundle();
const column = (value: number | string) => String(value).padStart(9);
const line = ({ name, raw, gzip }: Part) => `${name.padEnd(16)}${column(raw)}${column(gzip)}`;
const head = (title: string) => console.log(`${title.padEnd(16)}${column('raw')}${column('gzip')}`);
head('folder');
for (const part of parts) console.log(line(part));
head('\nchunk');
console.log(line(core));
for (const chunk of late) console.log(line({ ...chunk, name: `+ ${chunk.name}` }));
const kb = (bytes: number) => `${(bytes / 1000).toFixed(1)} KB`;
console.log(
  `\nCore bundle: ${kb(core.raw)}, gzipped ${kb(core.gzip)} of ${kb(BUNDLE_LIMIT)}; late chunks come with the model that needs them`,
);
if (core.gzip > BUNDLE_LIMIT) process.exitCode = 1;
