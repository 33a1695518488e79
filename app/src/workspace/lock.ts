/** Two tabs of this page share its storage and its GPU: one keeps the work, and one trains. */
export type LockName = 'sam2rad workspace' | 'sam2rad training';

/** What holds a lock until it is called, or null where another tab has it. */
export type Release = (() => void) | null;

/**
 * Takes the lock if no other tab has it.
 * @param patience milliseconds; when a page is loaded again, its old self lets go a moment later
 */
export async function takeLock(name: LockName, patience = 0): Promise<Release> {
  // Without locks nobody can be asked; the last writer wins.
  if (!('locks' in navigator)) return () => undefined;
  const deadline = performance.now() + patience;
  for (;;) {
    const release = await tryLock(name);
    if (release !== null || performance.now() >= deadline) return release;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function tryLock(name: LockName): Promise<Release> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(name, { ifAvailable: true }, (lock) => {
        if (lock === null) return resolve(null);
        return new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
  });
}
