import { Sam2RadError } from '../src/errors.ts';
import { UsageError } from './errors.ts';
import { packageVersion } from './node/package.ts';
import { printable, type Terminal } from './terminal.ts';
import { USAGE } from './usage.ts';

type Command = (argv: readonly string[], terminal: Terminal) => Promise<number>;

/** Loaded when asked for: `info` needs neither a GPU nor a picture codec. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  segment: async () => (await import('./commands/segment.ts')).segment,
  convert: async () => (await import('./commands/convert.ts')).convert,
  info: async () => (await import('./commands/info.ts')).info,
  train: async () => (await import('./commands/train.ts')).train,
  eval: async () => (await import('./commands/eval.ts')).evaluate,
};

/** 128 + SIGINT, as shells have it. */
export const CANCELLED = 130;

/**
 * Runs one command line.
 * @returns the exit code: 0, 1 for an error, 2 for a command line that makes no sense, 130 when cancelled
 */
export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(argv, { ...terminal, out: (text) => terminal.out(printable(text)) });
  } catch (error) {
    if (terminal.signal.aborted && error === terminal.signal.reason) {
      terminal.err.write('sam2rad: cancelled\n');
      return CANCELLED;
    }
    terminal.err.write(`sam2rad: ${printable(describe(error))}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function dispatch(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [first, ...rest] = argv;
  if (first === '--version' || first === '-V') {
    terminal.out(packageVersion());
    return 0;
  }
  if (first === '--help' || first === '-h' || first === 'help') {
    terminal.out(USAGE);
    return 0;
  }
  const load = first !== undefined && Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
  if (!load) {
    const got = first === undefined ? 'no command is given' : `'${first}' is no command`;
    throw new UsageError(`${got}; expected ${Object.keys(COMMANDS).join(', ')} (sam2rad --help)`);
  }
  const command = await load();
  return await command(rest, terminal);
}

/** An error that we did not throw is a fault of ours: its stack is one variable away. */
function describe(error: unknown): string {
  if (error instanceof Sam2RadError) return error.message;
  if (process.env['SAM2RAD_DEBUG'] && error instanceof Error) return error.stack ?? error.message;
  return `unexpected error: ${error instanceof Error ? error.message : String(error)} (SAM2RAD_DEBUG=1 shows where)`;
}
