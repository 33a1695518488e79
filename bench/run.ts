/** npm run bench: what can be measured, and how it is printed. */
import { ensureRuntimes } from '../tools/runtimes/ensure.ts';
import { climb } from './commands/ladder.ts';
import { measure } from './commands/measure.ts';
import { type Command, parseCommand, USAGE } from './commands/options.ts';
import { view } from './commands/view.ts';

function run(command: Command): Promise<number> {
  switch (command.name) {
    case 'measure':
      return measure(command.parts, command.options);
    case 'ladder':
      return climb(command.options);
    case 'view':
      return view(command.files);
    case 'help':
      console.log(USAGE);
      return Promise.resolve(0);
  }
}

let command: Command;
try {
  command = parseCommand(process.argv.slice(2));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exit(1);
}
try {
  // Whoever brings a GPU of his own needs no software adapters.
  if (process.env['SAM2RAD_GPU'] !== 'native') ensureRuntimes();
  // Dawn keeps a process alive that asked it once.
  process.exit(await run(command));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
