import type { AdapterSummary, Box, LoadProgress, MemoryReport, Model } from '../../../src/index.ts';
import type { Mode, Refine, StorageChoice } from '../state/options.ts';
import type { ClassPrompts } from '../state/prompts.ts';
import type { TrainingCalls, TrainReport } from '../training/protocol.ts';

/** What the page knows of a model: plain data that crosses from the worker. */
export interface LoadedModel {
  /** The file's name. */
  readonly name: string;
  readonly config: Model['config'];
  readonly adapter: AdapterSummary;
  /** Names of learned classes; empty without a prompt predictor. */
  readonly classes: readonly string[];
  readonly hasPredictor: boolean;
  /** How its matrices lie on the GPU. */
  readonly storage: Model['storage'];
  readonly memory: MemoryReport;
  readonly warnings: readonly string[];
}

/** All prompts of a picture and how to use them: what is to be on show. The worker finds out what is new. */
export interface Scene {
  readonly mode: Mode;
  readonly refine: Refine;
  readonly multimask: boolean;
  /** How many classes there are. */
  readonly classes: number;
  readonly prompts: readonly (ClassPrompts & { readonly classNumber: number })[];
}

/** One class's mask, in numbers. */
export interface ClassResult {
  readonly classNumber: number;
  readonly area: number;
  readonly box: Box | null;
  readonly predictedBox: Box | null;
  readonly iou: number;
  readonly objectScore: number | null;
  /** Multimask: the three results' numbers, and which of them is the mask. */
  readonly choices: readonly { readonly iou: number; readonly area: number }[];
  readonly chosen: number;
}

export interface SceneResult {
  readonly width: number;
  readonly height: number;
  /** width * height class numbers, 0 = background. */
  readonly classMap: Uint8Array;
  /** SVG path data in pixels of the picture, by class number. */
  readonly outlines: Readonly<Record<number, string>>;
  readonly results: readonly ClassResult[];
  /** Of the predictions that these masks came from. */
  readonly milliseconds: number;
  readonly memory: MemoryReport;
}

export interface EncodeResult {
  /** Of the encoding, also where its features were still there. */
  readonly milliseconds: number;
  readonly memory: MemoryReport;
}

/** Every call of the worker: what goes in, what comes back, what is reported on the way. */
export interface Calls extends TrainingCalls {
  /** `source` is a whole address: a worker from a blob has no place of its own. */
  load: {
    in: { source: string | Blob; name: string; storage: StorageChoice };
    out: LoadedModel;
    progress: LoadProgress;
  };
  open: { in: { picture: string; bitmap: ImageBitmap }; out: EncodeResult; progress: number };
  predict: { in: { picture: string; scene: Scene }; out: SceneResult; progress: never };
  /** The file that an address was loaded from. */
  file: { in: { address: string }; out: File; progress: never };
  /** Frees a picture's features. */
  forget: { in: { picture: string }; out: null; progress: never };
}

export type CallName = keyof Calls;

export type Request =
  | {
      [Name in CallName]: { readonly id: number; readonly call: Name; readonly input: Calls[Name]['in'] };
    }[CallName]
  | { readonly id: number; readonly call: 'cancel' };

export type Reply =
  /** The device is gone, whoever was using it. */
  | { readonly kind: 'lost'; readonly message: string }
  | { readonly id: number; readonly kind: 'done'; readonly output: Calls[CallName]['out'] }
  | { readonly id: number; readonly kind: 'progress'; readonly progress: LoadProgress | TrainReport | number }
  | { readonly id: number; readonly kind: 'failed'; readonly name: string; readonly message: string };
