/** The pixels of the pictures' labels: width * height class numbers, 0 = background. The state says that they are there. */
export class LabelMaps {
  readonly #maps = new Map<string, Uint8Array>();

  get(id: string): Uint8Array | null {
    return this.#maps.get(id) ?? null;
  }

  set(id: string, map: Uint8Array): void {
    this.#maps.set(id, map);
  }

  remove(id: string): void {
    this.#maps.delete(id);
  }
}
