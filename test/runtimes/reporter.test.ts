import { afterEach, expect, test } from 'vitest';
import { ClosingReporter } from '../../tools/runtimes/reporter.ts';
import { closingLine, gpuLine, type ReportedModule, tally } from '../../tools/runtimes/tally.ts';

const SWIFTSHADER = 'SwiftShader/Dawn';

interface FakeTest {
  state: string;
  gpu?: string;
}

function fakeModule(tests: FakeTest[], suiteErrors = 0, moduleErrors = 0): ReportedModule {
  return {
    children: {
      allTests: () =>
        tests.map(({ state, gpu }) => ({
          result: () => ({ state }),
          meta: () => (gpu === undefined ? {} : { gpu }),
        })),
      allSuites: () => [{ errors: () => Array(suiteErrors).fill('error') }],
    },
    errors: () => Array(moduleErrors).fill('error'),
  };
}

/** What the reporter prints and the exit code it asks for, without touching those of this worker. */
function report(tests: FakeTest[], isPartial: boolean): { text: string; exitCode: typeof process.exitCode } {
  const lines: string[] = [];
  new ClosingReporter((line) => lines.push(line)).report([fakeModule(tests)], 0, isPartial);
  return { text: lines.join('\n'), exitCode: process.exitCode };
}

const exitCode = process.exitCode;
afterEach(() => {
  process.exitCode = exitCode;
});

test('a full run without a GPU test fails, and says so', () => {
  const { text, exitCode } = report([{ state: 'passed' }], false);
  expect(text).toContain('GPU tests run: 0\nNo GPU test ran, which fails the run');
  expect(exitCode).toBe(1);
});

test('GPU tests that were all skipped are none', () => {
  expect(report([{ state: 'skipped', gpu: SWIFTSHADER }], false).exitCode).toBe(1);
});

test('one GPU test is enough, and a run of chosen files needs none', () => {
  const some = report([{ state: 'passed', gpu: SWIFTSHADER }], false);
  expect(some.text).toBe(`\nGPU tests run: 1 (${SWIFTSHADER})`);
  expect(some.exitCode).toBe(exitCode);
  expect(report([{ state: 'passed' }], true)).toEqual({ text: '\nGPU tests run: 0', exitCode });
});

test('counts what failed outside the tests too', () => {
  const tests = [{ state: 'passed' }, { state: 'failed' }, { state: 'skipped' }, { state: 'pending' }];
  const { gpu, ...counts } = tally([fakeModule(tests, 1, 1)], 1);
  expect(counts).toEqual({ passed: 1, failed: 4, skipped: 2 });
  expect(gpu.size).toBe(0);
});

test('the lines read as CI and people expect them', () => {
  expect(closingLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
  expect(closingLine({ passed: 12, failed: 1, skipped: 3 })).toBe('12 passed, 1 failed, 3 skipped');
  const two = new Map([
    [SWIFTSHADER, 120],
    ['llvmpipe/wgpu', 3],
  ]);
  expect(gpuLine(two)).toBe(`GPU tests run: 123 (120 ${SWIFTSHADER}, 3 llvmpipe/wgpu)`);
});
