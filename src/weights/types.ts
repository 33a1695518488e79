/** Element types of stored tensors, by their safetensors names. */
export type DType =
  | 'F64'
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'I64'
  | 'I32'
  | 'I16'
  | 'I8'
  | 'U64'
  | 'U32'
  | 'U16'
  | 'U8'
  | 'BOOL';

/** What is known of a tensor without reading its values. */
export interface TensorInfo {
  readonly dtype: DType;
  /** PyTorch order, outermost first; [] is a scalar. */
  readonly shape: readonly number[];
}

/** A tensor that lies in a file and is read on demand; nothing of it is kept between two reads. */
export interface StoredTensor extends TensorInfo {
  /** Its key in the checkpoint, or its canonical name after `canonicalTensors`. */
  readonly name: string;
  /**
   * The values as contiguous little-endian bytes in row-major order, strides resolved.
   * @throws CheckpointError when the file is damaged there; the signal's reason when cancelled.
   */
  read(signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * The values as f32, from F64 (rounded), F32, F16 or BF16. The array is the caller's own, who may give it back.
   * @throws CheckpointError for an integer or boolean tensor, and as `read` does.
   */
  readF32(signal?: AbortSignal): Promise<Float32Array>;
}

/** A weights file that has been opened: its directory is in memory, its values are not. */
export interface Checkpoint {
  /** The file's name, for messages. */
  readonly name: string;
  readonly container: 'safetensors' | 'torch-zip' | 'torch-legacy';
  /** By key, in the file's order. Keys of nested dicts are joined with dots. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** safetensors `__metadata__`; empty for torch files. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What was left out or looked odd, one sentence each, to be shown to a person. */
  readonly warnings: readonly string[];
}
