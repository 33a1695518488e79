import { expect, test } from 'vitest';
import { commandFor, KEY_HELP, type Key } from '../../app/src/keys.ts';
import { parseCoordinates } from '../../app/src/state/coordinates.ts';

const key = (name: string, held: Partial<Key> = {}): Key => ({
  ...{ key: name, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false },
  ...held,
});

test('undo and redo in both spellings, on a Mac too', () => {
  expect(commandFor(key('z', { ctrlKey: true }))).toEqual({ do: 'undo' });
  expect(commandFor(key('z', { metaKey: true }))).toEqual({ do: 'undo' });
  expect(commandFor(key('y', { ctrlKey: true }))).toEqual({ do: 'redo' });
  expect(commandFor(key('Z', { ctrlKey: true, shiftKey: true }))).toEqual({ do: 'redo' });
});

test('the browser keeps its own shortcuts', () => {
  for (const name of ['c', 'f', '1', '+', '0', 'h'])
    expect(commandFor(key(name, { ctrlKey: true }))).toBeNull();
});

test('digits choose classes; letters do what the list says', () => {
  expect(commandFor(key('7'))).toEqual({ do: 'class', classNumber: 7 });
  expect(commandFor(key('H'))).toEqual({ do: 'hold-hide' });
  expect(commandFor(key('?', { shiftKey: true }))).toEqual({ do: 'help' });
  expect(commandFor(key('x'))).toBeNull();
});

test('the cursor moves by one pixel, with Shift by ten; Enter sets a point, with Shift a negative one', () => {
  expect(commandFor(key('ArrowUp'))).toEqual({ do: 'move', x: 0, y: -1 });
  expect(commandFor(key('ArrowRight', { shiftKey: true }))).toEqual({ do: 'move', x: 10, y: 0 });
  expect(commandFor(key('Enter'))).toEqual({ do: 'point', label: 1 });
  expect(commandFor(key('Enter', { shiftKey: true }))).toEqual({ do: 'point', label: 0 });
});

test('labels have keys of their own, each of which the list names', () => {
  for (const [name, command] of [
    ['p', 'brush'],
    ['e', 'eraser'],
    ['v', 'prompt-tool'],
    ['[', 'smaller-brush'],
    ['k', 'keep'],
    ['a', 'accept'],
    ['r', 'reject'],
    ['n', 'next-to-accept'],
  ] as const) {
    expect(commandFor(key(name))).toEqual({ do: command });
    const letter = new RegExp(`(^|[ ,])${name === '[' ? '\\[' : name.toUpperCase()}($|[ ,])`);
    expect(KEY_HELP.filter(([keys]) => letter.test(keys)).length, name).toBeGreaterThan(0);
  }
  expect(commandFor(key('K', { shiftKey: true }))).toEqual({ do: 'add' });
});

test('single letters and digits can be switched off; the others stay', () => {
  for (const name of ['h', '3', ' ', '?']) expect(commandFor(key(name), false)).toBeNull();
  expect(commandFor(key('Escape'), false)).toEqual({ do: 'clear' });
  expect(commandFor(key('z', { ctrlKey: true }), false)).toEqual({ do: 'undo' });
});

test("typed coordinates are boxes and points in the command line's words", () => {
  expect(parseCoordinates('220, 302, 571, 372')).toEqual({ kind: 'box', box: [220, 302, 571, 372] });
  expect(parseCoordinates(' 372 325 ')).toEqual({ kind: 'point', point: { x: 372, y: 325, label: 1 } });
  expect(parseCoordinates('372,325,0')).toEqual({ kind: 'point', point: { x: 372, y: 325, label: 0 } });
});

test.each(['', '5', 'a,b', '1,2,3', '1,2,3,4,5', '9,9,1,1', 'NaN,2', '1,2,1e999,4'])(
  'typed coordinates: %j is refused with what is expected',
  (text) => {
    expect(parseCoordinates(text)).toMatchObject({ kind: 'error', message: expect.stringMatching(/\w/) });
  },
);
