import type { Box } from '../../../src/index.ts';
import type { Picture } from '../state/library.ts';
import type { PictureFiles } from './files.ts';

const FOLDER = 'samples/';

/** An entry of samples/manifest.json. */
interface Sample {
  readonly file: string;
  readonly name: string;
  readonly classes: readonly string[];
  readonly boxes: readonly Box[];
}

export interface SamplePictures {
  readonly pictures: readonly Picture[];
  /** Names of their classes, by group. */
  readonly classes: ReadonlyMap<string, readonly string[]>;
}

/** Fetches all of them at once: after the page has loaded it asks the network for nothing. */
export async function fetchSamples(files: PictureFiles): Promise<SamplePictures> {
  const samples = (await (await get('manifest.json')).json()) as readonly Sample[];
  const pictures = await Promise.all(
    samples.map(async ({ file, name, classes, boxes }) => {
      const blob = await (await get(file)).blob();
      return files.add(blob, { name, group: classes.join(), removable: false, exampleBoxes: boxes });
    }),
  );
  return { pictures, classes: new Map(samples.map(({ classes }) => [classes.join(), classes])) };
}

async function get(name: string): Promise<Response> {
  const response = await fetch(`${FOLDER}${name}`);
  if (!response.ok) throw new Error(`${name} is missing on the server (${response.status})`);
  return response;
}
