/** The trainer's stages without kernels: what a test says is what they leave in their buffers. */
import { requestDevice } from '../../src/gpu/device.ts';
import { readBuffer } from '../../src/gpu/readback.ts';
import { loadEncoder } from '../../src/tasks/encoders.ts';
import { Stages } from '../../src/tasks/stages.ts';
import type { PromptDraw, TrainingContext } from '../../src/tasks/train/recordings.ts';
import { trainedBy } from '../../src/tasks/train/trained.ts';
import { Trainer } from '../../src/tasks/train/trainer.ts';
import { describeCheckpoint } from '../../src/weights/convert.ts';
import { withPromptPredictor } from '../../src/weights/extend.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { demoFile } from '../tasks/models.ts';

/** Called in place of a stage, by its key. */
export type Script = (key: string, stages: ScriptedStages) => void;

export class ScriptedStages extends Stages {
  script: Script = () => {};
  readonly placed = new Map<string, GPUBufferBinding>();

  override async run(key: string): Promise<void> {
    this.script(key, this);
  }

  override place(name: string, binding: GPUBufferBinding): void {
    this.placed.set(name, binding);
    super.place(name, binding);
  }

  fill(name: string, values: readonly number[]): void {
    this.gpu.write(this.#at(name), Float32Array.from(values));
  }

  async read(name: string, count: number): Promise<number[]> {
    return [...new Float32Array(await readBuffer(this.gpu, this.#at(name), 4 * count))];
  }

  #at(name: string): GPUBuffer {
    return this.placed.get(name)?.buffer ?? this.buffer(name, 0);
  }
}

/** A trainer of the demo model's predictor, with LoRA where it is wanted. */
export async function scriptedTrainer(gpu: GPU, parts: 'ppn' | 'ppn+lora' = 'ppn') {
  const dataset = { name: 'discs', classes: 1, tokens: 10 };
  const lora = parts === 'ppn' ? {} : { loraRank: 8 };
  const base = withPromptPredictor(await openCheckpoint(await demoFile()), { dataset, ...lora, seed: 1 });
  const { config } = describeCheckpoint(base);
  const stages = new ScriptedStages(await requestDevice({ gpu }));
  const context: TrainingContext = {
    ...{ config, dataset, dropout: 0, trained: trainedBy(parts) },
    encoder: await loadEncoder(config),
    traits: stages.gpu.traits,
  };
  const trainer = new Trainer(stages, context);
  const close = () => {
    stages.gpu.close('the test has ended');
    trainer.dispose();
    stages.dispose();
  };
  return { trainer, stages, [Symbol.dispose]: close };
}

export const LEARNED: PromptDraw = { learned: true, box: false, mask: false };

/** A picture of nothing, as the trainer takes it. */
export const EXAMPLE = { inputs: [], labels: new Uint8Array(256 * 256) };
