import { INITIAL_CHOICES } from '../state/training.ts';

/** null where a value is what it should be, else where in it something is not: `.pictures[0].name`. */
type Check = (value: unknown, at: string) => string | null;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const like =
  (one: string | number | boolean): Check =>
  (value, at) =>
    typeof value === typeof one ? null : at;
const [text, number, boolean] = [like(''), like(0), like(true)];

/** Also where it is missing: earlier versions wrote less. */
const optional =
  (check: Check): Check =>
  (value, at) =>
    value === undefined || value === null ? null : check(value, at);

const list =
  (check: Check): Check =>
  (value, at) =>
    Array.isArray(value) ? first(value.map((each, i) => check(each, `${at}[${i}]`))) : at;

const record =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value, at) =>
    isRecord(value)
      ? first(Object.entries(checks).map(([key, check]) => check(value[key], `${at}.${key}`)))
      : at;

const each =
  (check: Check): Check =>
  (value, at) =>
    isRecord(value) ? first(Object.entries(value).map(([key, inner]) => check(inner, `${at}.${key}`))) : at;

const first = (found: readonly (string | null)[]) => found.find((at) => at !== null) ?? null;

const picture = record({
  ...{ key: text, name: text, file: text, sample: boolean, group: optional(text) },
  labels: optional(
    record({
      file: text,
      status: (value, at) => (value === 'draft' || value === 'accepted' ? null : at),
    }),
  ),
});

const model = record({
  ...{ file: text, name: text, bytes: number, pictures: number, steps: number },
  ...{ classNames: list(text), dice: optional(number) },
});

const runPicture = record({ name: text, width: number, height: number, picture: text, labels: text });

const run = record({
  base: record({ file: text, name: text }),
  ...{ datasetName: text, classNames: list(text), settings: each(anything) },
  ...{ training: list(runPicture), validation: list(runPicture) },
  checkpoint: optional(record({ file: text, step: number, steps: number })),
});

/** The engine says what is wrong with a setting. */
function anything(): null {
  return null;
}

const choices = record(
  Object.fromEntries(Object.entries(INITIAL_CHOICES).map(([key, choice]) => [key, optional(like(choice))])),
);

const index = record({
  ...{ serial: optional(number), open: optional(text), inUse: optional(text), log: optional(text) },
  ...{ pictures: list(picture), models: list(model) },
  ...{ classes: optional(each(list(text))), choices: optional(choices), run: optional(run) },
});

/** Where an index is not what it should be, or null. */
export function damageOf(value: unknown): string | null {
  return index(value, '')?.replace(/^\./, '') ?? null;
}
