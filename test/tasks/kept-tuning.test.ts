import { expect, test } from 'vitest';
import { keptText, readKept } from '../../src/tasks/kept-tuning.ts';

const plain = { 'matmul 64x8x16 f32': { variant: 'plain', kernels: '1a' } };
const tile = { 'matmul 64x8x16 f32': { variant: 'tile 32', kernels: '1a' } };

test('two devices in turn keep what each was tuned to; beyond four the one written longest ago is dropped', () => {
  let text: string | null = null;
  const write = (device: string, classes: typeof plain) => {
    text = keptText(readKept(text).devices, device, classes);
  };
  for (const device of ['a', 'b', 'a']) write(device, device === 'a' ? plain : tile);
  expect([...readKept(text).devices]).toEqual([
    ['b', tile],
    ['a', plain],
  ]);
  for (const device of ['c', 'd', 'e']) write(device, tile);
  expect([...readKept(text).devices.keys()]).toEqual(['a', 'c', 'd', 'e']);
});

test('what is no class of ours is left out, with nothing else', () => {
  const text = JSON.stringify({ devices: { a: { ...plain, odd: { variant: 3 }, none: null }, b: 7 } });
  expect(Object.fromEntries(readKept(text).devices)).toEqual({ a: plain, b: {} });
});
