/** What went wrong with kept or imported work, in words for the person whose work it is. */
export class WorkspaceError extends Error {
  override name = 'WorkspaceError';
}

/** The browser gives no more room. */
export class StorageFullError extends WorkspaceError {
  override name = 'StorageFullError';
}
