import type { LabelMaps } from '../labels/label-maps.ts';
import type { LabelEntry } from '../state/labels.ts';
import type { Picture } from '../state/library.ts';
import type { AppState } from '../state/state.ts';

/** Which classes a picture's labels hold: looked up once for each change of them, not for each drawing of the panel. */
export class ClassesSeen {
  readonly #maps: Pick<LabelMaps, 'get'>;
  readonly #seen = new WeakMap<LabelEntry, ReadonlySet<number>>();

  constructor(maps: Pick<LabelMaps, 'get'>) {
    this.#maps = maps;
  }

  /** How many of these pictures hold each class number; without the background. */
  count(pictures: readonly Picture[], { labels }: AppState): ReadonlyMap<number, number> {
    const counts = new Map<number, number>();
    for (const { id } of pictures) {
      const entry = labels[id];
      if (entry === undefined) continue;
      for (const classNumber of this.#of(id, entry))
        counts.set(classNumber, (counts.get(classNumber) ?? 0) + 1);
    }
    return counts;
  }

  #of(picture: string, entry: LabelEntry): ReadonlySet<number> {
    const known = this.#seen.get(entry);
    if (known) return known;
    const classes = new Set(this.#maps.get(picture));
    classes.delete(0);
    this.#seen.set(entry, classes);
    return classes;
  }
}
