import { CheckpointError, shown } from '../errors.ts';
import { elementBytes, elementCount, shapeText } from './dtypes.ts';
import { isOpaque, type StorageRef, type Value } from './pickle-values.ts';
import { extent, type Storage, viewTensor } from './storage.ts';
import type { TorchObjects } from './torch-objects.ts';
import { findTensors, type Node, quotedPath } from './torch-tree.ts';
import type { Checkpoint, StoredTensor } from './types.ts';

const MAX_NAMED = 5;
/** What all tensors that repeat elements (stride 0) may take beyond what they repeat: each value costs a file nothing. */
const MAX_REPEATED_BYTES = 64 << 20;

/** "a, b, c and 4 more", for messages. */
function some<T>(items: readonly T[], textOf: (item: T) => string = String): string {
  const rest = items.length - MAX_NAMED;
  return items.slice(0, MAX_NAMED).map(textOf).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

/** "hyper_parameters.x: posix.system" */
const placeOf = (node: Node) =>
  `${quotedPath(node) || 'the whole file'}: ${isOpaque(node.value) ? node.value.path : ''}`;

/**
 * The checkpoint that a torch pickle describes.
 * @param objects the host that read `root`, with what it refused
 * @param storageOf finds a storage in the file, already checked to be long enough
 * @throws CheckpointError when there is no tensor at all, when one does not fit its storage, or when
 * they repeat elements so often that only an attack explains it
 */
export function torchCheckpoint(
  file: string,
  container: 'torch-zip' | 'torch-legacy',
  root: Value,
  objects: TorchObjects,
  storageOf: (ref: StorageRef, tensor: string) => Storage,
): Checkpoint {
  const tree = findTensors(root, file);
  const refused = [...objects.refused];
  const tensors = new Map<string, StoredTensor>();
  let repeated = 0;
  for (const { name, tensor } of tree.tensors) {
    const { dtype, shape, strides, offset, storage, pending } = tensor;
    if (pending !== undefined)
      throw new CheckpointError(
        `${file}: tensor "${name}" was saved with its ${pending} put off, which we do not read. Save it again after .resolve_${pending}().`,
      );
    // Old legacy files address a storage within a storage; everything else starts at 0.
    const view = { dtype, shape, strides, offset: storage.start + offset };
    // What lies behind its storage in the file is not the tensor's.
    const bytes = (storage.start + storage.elements) * elementBytes[storage.dtype ?? 'U8'];
    tensors.set(name, viewTensor(file, name, view, { ...storageOf(storage, name), bytes }));
    repeated += Math.max(0, (elementCount(shape) ?? 0) - extent(view)) * elementBytes[dtype];
    if (repeated > MAX_REPEATED_BYTES)
      throw new CheckpointError(
        `${file}: tensor "${name}" of shape ${shapeText(shape)} repeats its elements (strides ${shapeText(strides)}); all that do would take ${repeated} bytes more than the file has, at most ${MAX_REPEATED_BYTES} are read. Save it again after .contiguous().`,
      );
  }
  if (tensors.size === 0) {
    const found =
      refused.length > 0
        ? `it holds ${some(refused)} instead, which are Python objects; nothing in a file is executed`
        : `it holds none${tree.tooDeep ? ' within a reasonable depth' : ''}`;
    throw new CheckpointError(
      `${file}: a checkpoint with tensors was expected, but ${found}. Save the model's state_dict() with torch.save.`,
    );
  }
  const warnings: string[] = [];
  if (refused.length > 0) {
    const where = tree.leftOut.length > 0 ? ` (${some(tree.leftOut, placeOf)})` : '';
    warnings.push(
      `${file} also names Python objects that were left out, not executed: ${some(refused)}${where}.`,
    );
  }
  if (tree.twice.length > 0)
    warnings.push(`${file} names tensors twice; the first counts: ${some(tree.twice)}.`);
  if (tree.tooDeep) warnings.push(`${file} nests lists or dicts too deep; what lies deepest was left out.`);
  return { name: file, container, tensors, metadata: {}, warnings: warnings.map(shown) };
}
