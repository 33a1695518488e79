#!/usr/bin/env node
import { CANCELLED, main } from './main.ts';

/** What cannot be stopped, a pipeline that compiles, is not waited for longer. */
let graceMs = 500;

const cancel = new AbortController();
let hasEnded = false;
/** 128 and the number of the signal that ended us, as shells have it. */
let endedBy = CANCELLED;
/** The terminal was closed, of which kernel and shell may both tell us. Node takes it even where `nohup` had it ignored. */
const HANGUP = 129;

/** The second Ctrl-C does not wait at all; unfinished files are removed on exit. */
const onSignal = (code: number) => () => {
  if (cancel.signal.aborted) {
    if (code !== HANGUP) process.exit(code);
    return;
  }
  endedBy = code;
  cancel.abort();
  const giveUp = () => {
    if (!hasEnded) process.stderr.write('\nsam2rad: cancelled\n');
    process.exit(code);
  };
  setTimeout(giveUp, graceMs).unref();
};
process.on('SIGINT', onSignal(130));
process.on('SIGTERM', onSignal(143));
process.on('SIGHUP', onSignal(HANGUP));

// `sam2rad info FILE | head` closes our output early, which is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  if (!cancel.signal.aborted) throw error;
});
// A terminal that was closed takes no words, which must not end what is being saved.
process.stderr.on('error', () => {});

// A Node 20 may call File experimental; other warnings stay.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (!/buffer\.File/.test(warning.message)) process.stderr.write(`${warning.name}: ${warning.message}\n`);
});

const code = await main(process.argv.slice(2), {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: process.stderr,
  signal: cancel.signal,
  waitAfterCancel: (milliseconds) => {
    graceMs = milliseconds;
  },
});
hasEnded = true;
process.exitCode = code === CANCELLED ? endedBy : code;
