import type { CallName, Calls, Reply, Request } from './protocol.ts';

/** An error that the engine threw in the worker, by its name there: `CheckpointError`, `DeviceLostError`... */
export class EngineError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

export interface CallOptions<Name extends CallName> {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Calls[Name]['progress']) => void;
  readonly transfer?: Transferable[];
}

interface Waiting {
  resolve(output: unknown): void;
  reject(error: Error): void;
  progress(progress: unknown): void;
}

/** What the client needs of a Worker, so that a test can be one. */
export interface WorkerLike {
  postMessage(message: Request, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<Reply>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

/** Calls the worker: each call one promise, cancelled by its signal, reported by `onProgress`. */
export class EngineClient {
  /** Told when the device is lost, also while no call waits. */
  onLost: (error: EngineError) => void = () => undefined;

  readonly #worker: WorkerLike;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  constructor(worker: WorkerLike) {
    this.#worker = worker;
    worker.onmessage = ({ data }) => this.#receive(data);
    worker.onerror = (event) => {
      const error = new EngineError('WorkerError', event.message || 'the engine could not be started');
      for (const waiting of this.#waiting.values()) waiting.reject(error);
      this.#waiting.clear();
    };
  }

  call<Name extends CallName>(
    call: Name,
    input: Calls[Name]['in'],
    { signal, onProgress, transfer = [] }: CallOptions<Name> = {},
  ): Promise<Calls[Name]['out']> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const id = this.#nextId++;
      const cancel = () => {
        this.#waiting.delete(id);
        this.#worker.postMessage({ id, call: 'cancel' }, []);
        reject(signal?.reason);
      };
      const settled = () => signal?.removeEventListener('abort', cancel);
      signal?.addEventListener('abort', cancel, { once: true });
      this.#waiting.set(id, {
        resolve: (output) => {
          settled();
          resolve(output as Calls[Name]['out']);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
        progress: (progress) => onProgress?.(progress as Calls[Name]['progress']),
      });
      this.#worker.postMessage({ id, call, input } as Request, transfer);
    });
  }

  #receive(reply: Reply): void {
    if (reply.kind === 'lost') {
      this.onLost(new EngineError('DeviceLostError', reply.message));
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    if (waiting === undefined) return;
    if (reply.kind === 'progress') {
      waiting.progress(reply.progress);
      return;
    }
    this.#waiting.delete(reply.id);
    if (reply.kind === 'done') waiting.resolve(reply.output);
    else waiting.reject(new EngineError(reply.name, reply.message));
  }
}
