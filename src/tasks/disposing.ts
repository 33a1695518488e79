/**
 * What `using` calls: where a browser has no `Symbol.dispose` yet, the symbol that bundlers' lowered `using` looks for
 * there. A cast, for `using` is typed by the one alone.
 */
export const DISPOSE: typeof Symbol.dispose =
  Symbol.dispose ?? (Symbol.for('Symbol.dispose') as typeof Symbol.dispose);
