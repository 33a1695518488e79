#!/usr/bin/env node
import { main } from './main.ts';

const cancel = new AbortController();
// The second Ctrl-C does not wait; unfinished files are removed on exit.
const onSignal = (code: number) => () => {
  if (cancel.signal.aborted) process.exit(code);
  cancel.abort();
};
process.on('SIGINT', onSignal(130));
process.on('SIGTERM', onSignal(143));

// `sam2rad info FILE | head` closes our output early, which is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

// Node 20 calls fs.openAsBlob experimental on every use; other warnings stay.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (!/openAsBlob|buffer\.File/.test(warning.message))
    process.stderr.write(`${warning.name}: ${warning.message}\n`);
});

process.exitCode = await main(process.argv.slice(2), {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: process.stderr,
  signal: cancel.signal,
});
