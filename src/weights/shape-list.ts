/** Names and shapes of a part of a model, in canonical order: what a file must hold, no more and no less. */
export class ShapeList {
  readonly shapes = new Map<string, readonly number[]>();

  put(name: string, ...shape: number[]): void {
    this.shapes.set(name, shape);
  }
  /** weight [outputs, inputs], bias [outputs] */
  linear(prefix: string, outputs: number, inputs: number): void {
    this.put(`${prefix}.weight`, outputs, inputs);
    this.put(`${prefix}.bias`, outputs);
  }
  /** weight [outputs, inputs, side, side], bias [outputs]; `inputs` is 1 for a depthwise convolution */
  conv(prefix: string, outputs: number, inputs: number, side: number): void {
    this.put(`${prefix}.weight`, outputs, inputs, side, side);
    this.put(`${prefix}.bias`, outputs);
  }
  /** weight [channels], bias [channels] */
  norm(prefix: string, channels: number): void {
    this.put(`${prefix}.weight`, channels);
    this.put(`${prefix}.bias`, channels);
  }
}
