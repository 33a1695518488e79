/** What every SAM decoder is made of: a module of its own, so that both ways to compute it share no more. */

/** Of all attentions. */
export const HEADS = 8;
/** torch.nn.LayerNorm's default. */
export const EPS = 1e-5;
/** Between the layers of a block's MLP. */
export const HIDDEN = 2048;
/** Blocks of the two-way transformer. */
export const DEPTH = 2;
/** One mask for a single answer and three for an ambiguous one. */
export const MASKS = 4;
