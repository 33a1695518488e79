/** `npm run budget`: how large the engine is for a page, part by part. Fails above the limit. */
import { BUNDLE_LIMIT, measureBundle, type Part } from './budget-bundle.ts';

const { total, parts } = await measureBundle();
const column = (value: number | string) => String(value).padStart(9);
const line = ({ name, raw, gzip }: Part) => `${name.padEnd(16)}${column(raw)}${column(gzip)}`;
console.log(`${'part'.padEnd(16)}${column('raw')}${column('gzip')}`);
for (const part of parts) console.log(line(part));
console.log(line({ name: 'src/index.ts', ...total }));
const kb = (bytes: number) => `${(bytes / 1000).toFixed(1)} KB`;
console.log(`Core bundle: ${kb(total.raw)}, gzipped ${kb(total.gzip)} of ${kb(BUNDLE_LIMIT)}`);
if (total.gzip > BUNDLE_LIMIT) process.exitCode = 1;
