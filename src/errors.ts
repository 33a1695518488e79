/**
 * Every error that this package throws on purpose. Each message says who speaks, which tensor, file or
 * argument is meant, what was got, what was expected and what to do.
 * A cancelled call rejects with its signal's own reason (a `DOMException` named AbortError), as fetch does.
 */
export class Sam2RadError extends Error {
  override name = 'Sam2RadError';
}

/** A weights file that cannot be read, or that holds no model we know. What its message quotes is escaped and cut. */
export class CheckpointError extends Sam2RadError {
  override name = 'CheckpointError';
  constructor(message: string, options?: ErrorOptions) {
    super(shown(message), options);
  }
}

/**
 * A sentence with names in it that a stranger chose. What a terminal obeys, what turns a text's direction and what
 * nobody sees is escaped as in an address; where a name, or all, is longer than any is, it is cut.
 */
export const shown = (text: string): string => {
  let short = '';
  // As far as it is shown: a pattern over all of it takes half a minute where a file repeats a name of megabytes.
  for (const [run] of text.matchAll(/\S+|\s+/g)) {
    short += run.length > 200 ? `${run.slice(0, 200)}...` : run;
    if (short.length > 2000) break;
  }
  return short
    .slice(0, 2000)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => encodeURIComponent(character));
};

/** A picture that cannot be decoded or that has a size we refuse. */
export class PictureError extends Sam2RadError {
  override name = 'PictureError';
}

/** A box, point, mask or mode that the model cannot be prompted with. */
export class PromptError extends Sam2RadError {
  override name = 'PromptError';
}

/** No WebGPU, or an adapter that lacks what the model needs. */
export class UnsupportedError extends Sam2RadError {
  override name = 'UnsupportedError';
}

/** The GPU device was lost, or the object was used after `dispose()`. `loadModel` makes a new one. */
export class DeviceLostError extends Sam2RadError {
  override name = 'DeviceLostError';
}

/** The GPU refused a command: out of memory or a validation error, with the label of what was being done. */
export class GpuError extends Sam2RadError {
  override name = 'GpuError';
}

/** What code without types may have handed over, by its tag: `Uint8Array`, `Undefined`. Never what is in it. */
export const kindOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

/** A chunk of the engine that did not come, which only a bundled page can meet. */
export const notLoaded = (what: string, cause: unknown) =>
  new UnsupportedError(
    `the engine's part for ${what} could not be loaded (${String(cause)}): check the connection and load this program again`,
    { cause },
  );

/** Operands whose shapes do not fit together: an error of the code that records a graph. */
export class ShapeError extends Sam2RadError {
  override name = 'ShapeError';
}
