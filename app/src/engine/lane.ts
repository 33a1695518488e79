/** Runs tasks one after the other: one device, one thing at a time. */
export class Lane {
  #tail: Promise<unknown> = Promise.resolve();

  /** A task whose signal is aborted before its turn never begins. */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const turn = this.#tail.then(() => {
      signal?.throwIfAborted();
      return task();
    });
    this.#tail = turn.catch(() => undefined);
    return turn;
  }
}
