import { GpuError } from '../errors.ts';

/**
 * What the device thinks of the commands it was given. WebGPU goes on with zeros after a refused command, and says so
 * only to those who ask: here each command is asked about as it is given, so that the call that gave it fails, and
 * no other, be it of the same page, of another model on the same device, or the next one.
 */
export class Verdicts {
  readonly #device: GPUDevice;
  readonly #pending: Promise<GpuError | undefined>[] = [];

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Gives commands, all of them before it returns: error scopes are a stack that others use, too. */
  over<T>(label: string, give: () => T): T {
    const device = this.#device;
    device.pushErrorScope('out-of-memory');
    device.pushErrorScope('validation');
    try {
      return give();
    } finally {
      // Of a lost device nothing is asked: its loss is told elsewhere.
      const pop = () => device.popErrorScope().catch(() => null);
      const [invalid, memory] = [pop(), pop()];
      this.#pending.push(judge(label, invalid, memory));
    }
  }

  /** An error that came outside of every scope. */
  add(error: GpuError): void {
    this.#pending.push(Promise.resolve(error));
  }

  /** The first error of the commands given since the last call. */
  async first(): Promise<GpuError | undefined> {
    const verdicts = await Promise.all(this.#pending.splice(0));
    return verdicts.find((verdict) => verdict !== undefined);
  }
}

async function judge(
  label: string,
  invalid: Promise<GPUError | null>,
  memory: Promise<GPUError | null>,
): Promise<GpuError | undefined> {
  const [refusal, shortage] = await Promise.all([invalid, memory]);
  if (shortage) return outOfMemory(label, shortage.message);
  return refusal ? new GpuError(`${label}: the GPU refused it (${refusal.message})`) : undefined;
}

export function outOfMemory(label: string, reason: string): GpuError {
  return new GpuError(
    `${label}: the GPU has not enough memory (${reason}); use a smaller image size or model, or dispose what is no longer needed`,
  );
}
