/** Loaded with `--import` before a command: writes the most memory that the process had resident to $PEAK_RSS_FILE. */
import { writeFileSync } from 'node:fs';

const file = process.env['PEAK_RSS_FILE'];
// libuv gives kilobytes.
if (file !== undefined)
  process.on('exit', () => writeFileSync(file, String(process.resourceUsage().maxRSS * 1024)));
