#!/usr/bin/env node
import { main } from './main.ts';

/** What cannot be stopped, a pipeline that compiles, is not waited for longer. */
let graceMs = 500;

const cancel = new AbortController();
let hasEnded = false;

/** The second Ctrl-C does not wait at all; unfinished files are removed on exit. */
const onSignal = (code: number) => () => {
  if (cancel.signal.aborted) process.exit(code);
  cancel.abort();
  const giveUp = () => {
    if (!hasEnded) process.stderr.write('\nsam2rad: cancelled\n');
    process.exit(code);
  };
  setTimeout(giveUp, graceMs).unref();
};
process.on('SIGINT', onSignal(130));
process.on('SIGTERM', onSignal(143));

// `sam2rad info FILE | head` closes our output early, which is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

// A Node 20 may call File experimental; other warnings stay.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (!/buffer\.File/.test(warning.message)) process.stderr.write(`${warning.name}: ${warning.message}\n`);
});

process.exitCode = await main(process.argv.slice(2), {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: process.stderr,
  signal: cancel.signal,
  waitAfterCancel: (milliseconds) => {
    graceMs = milliseconds;
  },
});
hasEnded = true;
