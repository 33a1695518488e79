/**
 * Settles as `work` does, or rejects with the signal's reason as soon as it aborts. `work` is not stopped by this:
 * it looks at the signal itself, between two steps.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
}
