import type { MillraceError } from '../errors/millrace-error';
import { StateCorruptedError } from './state-database-errors';
import { StateDirectoryError, StateDirectoryLockedError } from './state-directory-errors';

/** What an error of RocksDB means. All that it tells is a text that begins with the status, as `Corruption: ...`. */
export function stateFailure(directory: string, error: Error, store?: string): MillraceError {
  const reason = error.message;
  if (!reason.startsWith('IO error: ')) return new StateCorruptedError(directory, reason, { cause: error, store });
  if (/lock hold by current process|While lock file/.test(reason))
    return new StateDirectoryLockedError(directory, undefined, { cause: error });
  // RocksDB opens only files that its manifest names.
  if (reason.includes('No such file or directory'))
    return new StateCorruptedError(directory, reason, { cause: error, store });
  return new StateDirectoryError(directory, reason, { cause: error });
}

/** What an error of the file system means. */
export function directoryFailure(directory: string, error: unknown): StateDirectoryError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new StateDirectoryError(directory, message ?? code ?? String(error), { cause: error });
}
