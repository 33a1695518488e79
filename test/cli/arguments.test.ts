import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { demoModel, packageVersion } from '../../weights-tools/node/package.ts';
import { namesIn, sam2rad, scratch } from './run.ts';

test('help and version', async () => {
  for (const flag of ['--help', '-h', 'help']) {
    const { code, out } = await sam2rad(flag);
    expect(code).toBe(0);
    expect(out).toMatch(/sam2rad segment IMAGE\.\.\..*sam2rad convert IN -o OUT.*sam2rad info FILE/s);
  }
  for (const command of ['segment', 'convert', 'info'])
    expect(await sam2rad(command, '--help')).toMatchObject({ code: 0, err: '' });
  expect((await sam2rad('--version')).out).toBe(`${packageVersion()}\n`);
  expect(packageVersion()).toMatch(/^\d+\.\d+\.\d+/);
});

test("the synopsis has the options of each command's own help, and no others", async () => {
  const optionsIn = (text: string) => text.match(/(?<=^|[\s[])--?[a-z][\w-]*/g) ?? [];
  const [, ...synopses] = (await sam2rad('--help')).out.split(/^ {2}sam2rad /m);
  for (const synopsis of synopses.slice(0, -1)) {
    const [command = ''] = synopsis.split(' ');
    const { out } = await sam2rad(command, '--help');
    const [first = ''] = out.split('\n');
    const own = out.match(/^ {2,6}--?[a-z][\w-]*/gm) ?? [];
    const expected = new Set([...optionsIn(first), ...own.map((option) => option.trim())]);
    expect(new Set(optionsIn(synopsis.split('\n\n')[0] ?? '')), command).toEqual(expected);
  }
  expect(synopses).toHaveLength(6);
});

test.each<[argv: string[], message: RegExp]>([
  [[], /no command is given; expected segment, convert, info, train, eval/],
  [['sgement'], /'sgement' is no command/],
  [['constructor'], /'constructor' is no command/],
  [['info'], /info needs one FILE, got 0/],
  [['info', 'a', 'b'], /info needs one FILE, got 2/],
  [['info', '--wide', 'a'], /Unknown option '--wide'/],
  [['convert', 'a.pt'], /convert needs -o OUT\.safetensors/],
  [['convert', '-o', 'b.safetensors'], /convert needs one input file, got 0/],
  [['convert', 'a.pt', '-o', 'b.pt'], /-o is 'b\.pt', expected a name that ends in \.safetensors/],
  [
    ['convert', 'a.pt', '-o', 'b.safetensors', '--dtype', 'int8'],
    /--dtype is 'int8', expected f32 or f16 or q8/,
  ],
  [['convert', 'a.pt', '-o', 'b.safetensors', '--image-size', '-1'], /--image-size/],
  [
    ['convert', 'a.pt', '-o', 'b.safetensors', '--image-size', '1e3'],
    /--image-size is '1e3', expected a whole number/,
  ],
  [['segment'], /at least one IMAGE/],
  [['segment', 'a.png', '--mode', 'both'], /--mode is 'both', expected auto or manual/],
  [['segment', 'a.png', '--storage', 'f64'], /--storage is 'f64', expected f32 or f16 or q8/],
  [['segment', 'a.png', '--compute', 'q8'], /--compute is 'q8', expected f32 or f16/],
  [['segment', 'a.png', '--image-size', 'big'], /--image-size is 'big', expected a whole number above 0/],
  [['segment', 'a.png', '--memory-limit', '0'], /--memory-limit is '0', expected bytes such as .* 500MB/],
  [['segment', 'a.png', '--memory-limit', '500 MiB'], /--memory-limit is '500 MiB', expected bytes/],
  [['info', 'a.pt', '--image-size', '1.5'], /--image-size is '1\.5', expected a whole number above 0/],
  [['segment', 'a.png', '--mode', 'manual'], /manual mode needs a prompt; add --box.*--point.*--mask-input/],
  [['segment', 'a.png'], /has no prompt predictor, so the mode is manual: it needs a prompt/],
  [['segment', 'a.png', '--mode', 'auto', '--multimask'], /--multimask belongs to manual mode/],
  [['segment', 'a.png', '--box', '1,2,3'], /--box is '1,2,3', expected four numbers/],
  [['segment', 'a.png', '--box', '1,2,3,4,5'], /--box is '1,2,3,4,5'/],
  [['segment', 'a.png', '--box', '1,2,NaN,4'], /--box is '1,2,NaN,4', expected four numbers/],
  [['segment', 'a.png', '--box', '1,2,,4'], /--box is '1,2,,4'/],
  [['segment', 'a.png', '--box', '1,2,1e999,4'], /--box is/],
  [['segment', 'a.png', '--box', '1,2,3,4', '--box', '1,2,3,4'], /--box is given twice/],
  [['segment', 'a.png', '--point', '1,2'], /--point is '1,2', expected x,y,label/],
  [
    ['train', 'data', '-m', 'a', '-o', 'b', '--tokens', '1'],
    /--tokens is '1', expected a whole number from 3 to 512/,
  ],
  [['train', 'data', '-m', 'a', '-o', 'b', '--tokens', '513'], /--tokens is '513', expected a whole number/],
  [['segment', 'a.png', '--point', 'NaN,2,1'], /--point is 'NaN,2,1'/],
  [['segment', 'a.png', '--point', '1,2,3'], /--point is '1,2,3'.*1 for the object or 0/],
  [
    ['segment', 'x/a.png', 'y/a.jpg', '--point', '1,2,1'],
    /y\/a\.jpg would write .*a_mask\.png, which is also .*x\/a\.png/,
  ],
  [['segment', 'x/a.png', 'y/A.png', '--point', '1,2,1'], /would write/],
  [['segment', 'a.png', 'a.png', '--point', '1,2,1'], /would write/],
  [
    ['segment', 'a.png', 'a_mask.png', '--point', '1,2,1'],
    /a\.png would write a_mask\.png, which is also the input/,
  ],
  [['segment', 'a.png', '--point', '1,2,1', '--dump', 'a.json'], /--dump would write a\.json/],
  [['segment', 'a.png', '--point', '1,2,1', '-m', 'm.st', '--dump', 'm.st'], /--dump would write m\.st/],
])('%j is a usage error: exit code 2, one line, nothing done', async (argv, message) => {
  const { code, out, err } = await sam2rad(...argv);
  expect(err).toMatch(message);
  expect(err.trimEnd().split('\n')).toHaveLength(1);
  expect(err).toMatch(/^sam2rad: /);
  expect({ code, out }).toEqual({ code: 2, out: '' });
});

test('a name that a terminal would obey is shown escaped, on either stream', async () => {
  const name = '\u001b[2Jevil\u202e';
  const { err } = await sam2rad('info', name);
  expect(err).toBe(
    'sam2rad: cannot read \\u001b[2Jevil\\u202e: there is no such file or folder; check the path\n',
  );
  const copy = join(scratch(), `${name}.safetensors`);
  copyFileSync(demoModel(), copy);
  expect((await sam2rad('info', copy)).out).toContain('/%1B[2Jevil%E2%80%AE.safetensors, ');
  expect(JSON.parse((await sam2rad('info', copy, '--json')).out)).toMatchObject({ file: copy });
});

test('a negative coordinate needs no equals sign', async () => {
  const folder = scratch();
  const prompts = ['--point', '-5,-3.5,1', '--box', '-1,-2,30,40'];
  // It gets as far as the model file, which is not there.
  const { code, err } = await sam2rad('segment', 'a.png', '-m', `${folder}/no.pt`, '-o', folder, ...prompts);
  expect(err).toMatch(/cannot read .*no\.pt: there is no such file/);
  expect(code).toBe(1);
  expect(namesIn(folder)).toEqual([]);
});
