import { expect, test } from 'vitest';
import { EngineClient } from '../../app/src/engine/client.ts';
import { Lane } from '../../app/src/engine/lane.ts';
import { Recovery } from '../../app/src/engine/recovery.ts';
import { FakeWorker } from './fake-worker.ts';

function connect() {
  const worker = new FakeWorker();
  return { worker, client: new EngineClient(worker) };
}

test('a call gets its own answer and its own progress', async () => {
  const { worker, client } = connect();
  const told: unknown[] = [];
  const load = client.call(
    'load',
    { source: 'x', name: 'x', storage: 'auto' },
    { onProgress: (progress) => told.push(progress) },
  );
  const forget = client.call('forget', { picture: 'p' });
  worker.reply({ id: 2, kind: 'done', output: null });
  worker.reply({ id: 1, kind: 'progress', progress: 0.5 });
  worker.reply({ id: 1, kind: 'failed', name: 'CheckpointError', message: 'no' });
  await expect(forget).resolves.toBeNull();
  await expect(load).rejects.toMatchObject({ name: 'CheckpointError', message: 'no' });
  expect(told).toEqual([0.5]);
});

test('an aborted call rejects at once, tells the worker, and hears no more', async () => {
  const { worker, client } = connect();
  const controller = new AbortController();
  const told: unknown[] = [];
  const call = client.call(
    'load',
    { source: 'x', name: 'x', storage: 'auto' },
    { signal: controller.signal, onProgress: (p) => told.push(p) },
  );
  controller.abort();
  await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  worker.reply({ id: 1, kind: 'progress', progress: 1 });
  expect(told).toEqual([]);
  expect(worker.sent.at(-1)).toEqual({ id: 1, call: 'cancel' });
});

test('a call with an aborted signal never reaches the worker', async () => {
  const { worker, client } = connect();
  await expect(client.call('forget', { picture: 'p' }, { signal: AbortSignal.abort() })).rejects.toThrow();
  expect(worker.sent).toEqual([]);
});

test('a worker that dies fails every call that waits', async () => {
  const { worker, client } = connect();
  const call = client.call('forget', { picture: 'p' });
  worker.onerror?.({ message: 'boom' } as ErrorEvent);
  await expect(call).rejects.toMatchObject({ name: 'WorkerError', message: 'boom' });
});

test('a lost device is told without a call', () => {
  const { worker, client } = connect();
  let name = '';
  client.onLost = (error) => {
    name = error.name;
  };
  worker.reply({ kind: 'lost', message: 'gone' });
  expect(name).toBe('DeviceLostError');
});

test('a lane runs one task after the other, past failures, and skips what was cancelled in the meantime', async () => {
  const lane = new Lane();
  const log: string[] = [];
  const task =
    (name: string, fails = false) =>
    async () => {
      log.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      log.push(`${name} ends`);
      if (fails) throw new Error(name);
    };
  const controller = new AbortController();
  const first = lane.run(task('a', true));
  const second = lane.run(task('b'), controller.signal);
  const third = lane.run(task('c'));
  controller.abort();
  const outcomes = await Promise.allSettled([first, second, third]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  expect(log).toEqual(['a begins', 'a ends', 'c begins', 'c ends']);
});

test('a device that is lost again and again is not asked for for ever', () => {
  const recovery = new Recovery();
  expect([0, 1, 2, 3].map((second) => recovery.mayTry(second * 1000))).toEqual([true, true, true, false]);
  expect(recovery.mayTry(200_000)).toBe(true);
});
