import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ensureRuntimes } from './runtimes/ensure.ts';
import { CLOSING_LINE_FILE } from './runtimes/reporter.ts';
import { closingLine } from './runtimes/tally.ts';

/** What `npm test` runs. Arguments go to vitest: `npm test -- test/ops -t softmax`. */
interface Step {
  readonly name: string;
  /** The exit code. */
  run(): number;
}

const scratch = mkdtempSync(join(tmpdir(), 'sam2rad-test-'));
const closingFile = join(scratch, 'closing-line');

function npmRun(script: string): Step {
  // The npm that runs us, so that Windows needs no shell for npm.cmd.
  const npm = process.env['npm_execpath'];
  const [command, args] = npm ? [process.execPath, [npm]] : ['npm', []];
  return { name: script, run: () => spawn(command, [...args, 'run', '--silent', script]) };
}

/** Colours are for a terminal; in a log that CI keeps they only bury the words. */
const plain: NodeJS.ProcessEnv = process.stdout.isTTY ? {} : { NO_COLOR: '1' };

function spawn(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): number {
  const all = { ...process.env, ...plain, ...env };
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env: all });
  if (error) console.error(error.message);
  return status ?? 1;
}

const runtimes: Step = {
  name: 'runtimes',
  run: () => {
    try {
      ensureRuntimes();
      return 0;
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      return 1;
    }
  },
};

const tests: Step = {
  name: 'tests',
  run: () => {
    const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
    const args = [vitest, 'run', ...process.argv.slice(2)];
    return spawn(process.execPath, args, { [CLOSING_LINE_FILE]: closingFile });
  },
};

/** Empty unless vitest came as far as to count; a step that failed before it counts as the one failure. */
function finalLine(code: number): string {
  try {
    return readFileSync(closingFile, 'utf8');
  } catch {
    return closingLine({ passed: 0, failed: code === 0 ? 0 : 1, skipped: 0 });
  }
}

function main(): number {
  const times: string[] = [];
  let code = 0;
  for (const step of [runtimes, npmRun('gen'), npmRun('check'), npmRun('lint'), tests]) {
    console.log(`\n== ${step.name}`);
    const start = performance.now();
    code = step.run();
    times.push(`${step.name} ${((performance.now() - start) / 1000).toFixed(1)} s`);
    if (code === 0) continue;
    console.log(`\nThe step "${step.name}" failed with exit code ${code}; nothing after it ran.`);
    break;
  }
  console.log(`\nTimes: ${times.join(', ')}`);
  console.log(finalLine(code));
  return code;
}

try {
  process.exitCode = main();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
