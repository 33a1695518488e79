/** What measuring needs of the program that it runs in: a page, Node or Deno. */
export interface Host {
  /** `navigator.gpu` unless given. */
  readonly gpu?: GPU;
  /** Of the machine: a software adapter computes on all of them. */
  readonly cores: number;
  /** CPU milliseconds so far of the process in which a software adapter computes, where they can be had. */
  readonly cpuMs?: () => Promise<number>;
  /** A line for whoever waits. */
  say(line: string): void;
}
