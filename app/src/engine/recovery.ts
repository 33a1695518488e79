/** So many devices may be lost within the window before a person has to ask for the next one. */
const ATTEMPTS = 3;
const WINDOW_MS = 60_000;

/** Says whether it makes sense to try once more, so that a broken driver is not reloaded for ever. */
export class Recovery {
  #lost: number[] = [];

  mayTry(now: number): boolean {
    this.#lost = [...this.#lost.filter((time) => now - time < WINDOW_MS), now];
    return this.#lost.length <= ATTEMPTS;
  }
}
