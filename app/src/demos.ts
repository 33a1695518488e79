/** A model that comes with the page. */
export interface Demo {
  /** Behind `?model=` in the page's address. */
  readonly word: string;
  readonly file: string;
  readonly title: string;
  readonly hint: string;
}

/** The first is loaded unless the address asks for another. */
export const DEMOS: readonly [Demo, ...Demo[]] = [
  {
    word: 'trained',
    file: 'sam2rad-nano-phantoms.safetensors',
    title: 'Trained demo',
    hint: 'Finds the bone surface on the phantoms by itself',
  },
  {
    word: 'plain',
    file: 'sam2-nano-shapes.safetensors',
    title: 'Plain SAM2',
    hint: 'Has learned no classes: to label and train your own',
  },
];

/** What the address asks for. */
export function demoAsked(address: URL): Demo {
  const word = address.searchParams.get('model');
  return DEMOS.find((demo) => demo.word === word) ?? DEMOS[0];
}
