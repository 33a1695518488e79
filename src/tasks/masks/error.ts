import { Sam2RadError } from '../../errors.ts';

/** Pictures and masks that cannot be learned from or measured on. Names the file and what to do. */
export class DatasetError extends Sam2RadError {
  override name = 'DatasetError';
}

/** `a, b, c and 4 more`, so that a message stays a line. */
export function listed(names: readonly string[], most = 5): string {
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(', ')} and ${rest} more` : names.join(', ');
}
