import type { Graph } from '../../src/graph/graph.ts';

/** Records one op on inputs that it declares. */
export type Recorder = (g: Graph) => void;
