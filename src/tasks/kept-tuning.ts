/** What a class was tuned to. */
export interface Kept {
  readonly variant: string;
  /** The contest's: another version of the engine times again. */
  readonly kernels: string;
}

/** By class of sizes. */
export type KeptClasses = Readonly<Record<string, Kept>>;

/** Devices whose results are kept: a laptop's two adapters, and what a driver was called before. */
const MOST_DEVICES = 4;

/** What a text keeps, by device, the one written last at the end; nothing where it is damaged, which `note` says. */
export function readKept(text: string | null): {
  readonly devices: ReadonlyMap<string, KeptClasses>;
  readonly note?: string;
} {
  if (text === null) return { devices: new Map() };
  const value = parsed(text);
  if (!isRecord(value) || !isRecord(value['devices']))
    return {
      devices: new Map(),
      note: 'what was tuned before is damaged or of another version: it is timed again now',
    };
  const devices = Object.entries(value['devices']).map(([device, classes]): [string, KeptClasses] => [
    device,
    isRecord(classes) ? soundOf(classes) : {},
  ]);
  return { devices: new Map(devices) };
}

/** The text with this device's classes in place of what it had; beyond a handful of devices the oldest is dropped. */
export function keptText(
  devices: ReadonlyMap<string, KeptClasses>,
  device: string,
  classes: KeptClasses,
): string {
  const others = [...devices].filter(([name]) => name !== device);
  const kept = [...others, [device, classes] as const].slice(-MOST_DEVICES);
  return JSON.stringify({ devices: Object.fromEntries(kept) });
}

function soundOf(classes: Record<string, unknown>): KeptClasses {
  const entries = Object.entries(classes).flatMap(([sizeClass, kept]): [string, Kept][] => {
    if (!isRecord(kept)) return [];
    const { variant, kernels } = kept;
    return typeof variant === 'string' && typeof kernels === 'string'
      ? [[sizeClass, { variant, kernels }]]
      : [];
  });
  return Object.fromEntries(entries);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
