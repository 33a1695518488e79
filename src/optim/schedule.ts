/**
 * The learning rate of an epoch, from the first to the last by half a cosine (Loshchilov and Hutter 2017; PyTorch's
 * CosineAnnealingLR with T_max epochs).
 *
 * @param epoch from 0 to `epochs`
 */
export function cosineRate(epoch: number, epochs: number, first: number, last: number): number {
  return last + ((first - last) * (1 + Math.cos((Math.PI * epoch) / epochs))) / 2;
}
