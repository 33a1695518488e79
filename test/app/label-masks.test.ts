import sharp from 'sharp';
import { expect, test } from 'vitest';
import { importMasks } from '../../app/src/labels/import-masks.ts';
import { sortMasks } from '../../app/src/labels/mask-files.ts';
import { tellOpened } from '../../app/src/pictures/tell-opened.ts';
import { grey, levels, palettePng } from '../dataset/files.ts';
import { loadModel, type Page, paint, rowsOf, SIZE, startLabelling } from './label-start.ts';

const ROWS = ['001100', '001100', '000022', '000022'];
const file = (name: string, bytes: Uint8Array) => new File([Uint8Array.from(bytes)], name);
const decode = async () => ({ ...SIZE, close() {} }) as ImageBitmap;

/** What `openFiles` does with masks, once their pictures are in the strip. */
async function read(page: Page, ...files: readonly File[]): Promise<string> {
  const { masks } = await sortMasks(files, page.store.state.library.pictures);
  const { drafts, problems } = await importMasks(masks, {
    ...{ store: page.store, editor: page.editor, files: { decode } },
  });
  tellOpened(page.store, drafts, problems);
  return page.store.state.session.notice?.text ?? '';
}

/** A picture as a scanner makes them: no few values have most of the pixels. */
const noise = Uint8Array.from({ length: 24 }, (_, i) => i * 10);
const scan = () =>
  sharp(noise, { raw: { ...SIZE, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();

test('a mask is told from a picture by its name, and by its values where names are alike', async () => {
  const [mask, picture] = [grey(...ROWS), await scan()];
  const sorted = async (names: Readonly<Record<string, Uint8Array>>) => {
    const files = Object.entries(names).map(([name, bytes]) => file(name, bytes));
    const { masks, others } = await sortMasks(files, [{ stem: 'knee-1' }]);
    return [masks.map(({ stem }) => stem), others.map(({ name }) => name)];
  };
  expect(await sorted({ 'Knee 1_mask.png': mask, 'x.jpg': picture })).toEqual([['knee-1'], ['x.jpg']]);
  expect(await sorted({ 'knee-1.png': mask })).toEqual([['knee-1'], []]);
  expect(await sorted({ 'knee-1.png': picture })).toEqual([[], ['knee-1.png']]);
  expect(await sorted({ 'hip.jpg': picture, 'hip.png': mask })).toEqual([['hip'], ['hip.jpg']]);
  expect(await sorted({ 'hip.png': mask })).toEqual([[], ['hip.png']]);
  expect(await sorted({ 'hip_mask.png': picture })).toEqual([[], ['hip_mask.png']]);
  expect(await sorted({ 'knee-1_mask.png': picture })).toEqual([['knee-1'], []]);
});

test('masks become drafts of their pictures, the first of which opens; undo takes them away', async () => {
  const page = startLabelling();
  const text = await read(page, file('b_mask.png', grey(...ROWS)), file('C.png', grey(...ROWS)));
  expect(text).toBe('2 masks are draft labels now.');
  const { library, labels } = page.store.state;
  expect(library.open).toBe('b');
  expect([labels['b']?.status, labels['c']?.status, labels['a']]).toEqual(['draft', 'draft', undefined]);
  expect(rowsOf(page.maps.get('c'))).toEqual(ROWS);
  page.store.dispatch({ type: 'prompt/undo', picture: 'b' });
  expect(page.maps.get('b')).toBeNull();
});

test('the indices of a palette and the bits of small depths are class numbers too', async () => {
  const page = startLabelling();
  const one = palettePng(
    [
      [0, 0, 0],
      [200, 0, 0],
    ],
    ...[0, 1, 1, 0],
  );
  page.store.dispatch({ type: 'library/size', id: 'a', width: 4, height: 1 });
  await read(page, file('a_mask.png', one));
  expect([...(page.maps.get('a') ?? [])]).toEqual([0, 1, 1, 0]);
});

const smooth = levels(0, 0, 40, 90, 130, 180, 255, 255);
const colours = await sharp(Buffer.from([0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0]), {
  raw: { width: 4, height: 1, channels: 3 },
})
  .png({ palette: false })
  .toBuffer();

test.each([
  [
    'another size',
    'a_mask.png',
    grey('0110', '0110'),
    /a_mask\.png is 4 x 2 pixels, its picture a\.png is 6 x 4/,
  ],
  [
    'a number past the count',
    'a_mask.png',
    grey('003000', ...ROWS.slice(1)),
    /class number 3, expected 0 .* 1 to 2.*add the class/,
  ],
  [
    'black and white',
    'a_mask.png',
    levels(0, 255, 255, 0),
    /black and white \(0 and 255\).*save 255 as the class's number/,
  ],
  ['smoothed edges', 'a_mask.png', smooth, /looks anti-aliased or is no mask/],
  ['colours', 'a_mask.png', colours, /saved as colours \(255, 0, 0 at x 1, y 0\)/],
  ['cut short', 'a_mask.png', grey(...ROWS).subarray(0, -20), /a_mask\.png is damaged \(it is cut short\)/],
  [
    'no picture',
    'z_mask.png',
    grey(...ROWS),
    /z_mask\.png is a mask without a picture: no picture is named z/,
  ],
])('a mask with %s is refused in one sentence, and the label stays', async (_, name, bytes, words) => {
  const page = startLabelling();
  paint(page, [[0, 0]]);
  const before = rowsOf(page.maps.get('a'));
  // One row: the picture is of this size, so that it is the values that are looked at.
  const header = new DataView(Uint8Array.from(bytes).buffer);
  if (header.getUint32(20) === 1)
    page.store.dispatch({ type: 'library/size', id: 'a', width: header.getUint32(16), height: 1 });
  expect(await read(page, file(name, bytes))).toMatch(words);
  expect(page.store.state.session.notice?.tone).toBe('error');
  expect(rowsOf(page.maps.get('a'))).toEqual(before);
});

test('a name that several pictures have is not guessed at; many problems are not all told', async () => {
  const page = startLabelling();
  const [first] = page.store.state.library.pictures;
  if (first) page.store.dispatch({ type: 'library/add', pictures: [{ ...first, id: 'd' }] });
  expect(await read(page, file('a_mask.png', grey(...ROWS)))).toMatch(/fits 2 pictures that are named a/);
  const many = ['v', 'w', 'x', 'y', 'z'].map((name) => file(`${name}_mask.png`, grey(...ROWS)));
  expect(await read(page, ...many)).toMatch(/v_mask.*w_mask.*x_mask.*2 more files were left out/);
});

test("with a trained model its classes count, not the strip's", async () => {
  const page = startLabelling();
  page.store.dispatch({ type: 'class/list', group: 'user', names: ['bone'] });
  expect(await read(page, file('a_mask.png', grey(...ROWS)))).toMatch(/class number 2/);
  loadModel(page.store, true);
  expect(await read(page, file('a_mask.png', grey(...ROWS)))).toMatch(/1 mask is a draft label/);
});
