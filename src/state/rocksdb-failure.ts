import { MillraceError } from '../errors/millrace-error';
import { StateCorruptedError } from './state-database-errors';
import { StateDirectoryError, StateDirectoryLockedError } from './state-directory-errors';

/** What an error of RocksDB means. All that it tells is a text that begins with the status, as `Corruption: ...`. */
export function stateFailure(directory: string, error: Error, store?: string): MillraceError {
  // RocksDB leaves the separator out between what the system said and what it was doing.
  const reason = error.message.replace(
    /(No space left on device|No such file or directory|Stale file handle)(?=[A-Z])/,
    '$1: ',
  );
  if (!reason.startsWith('IO error: ')) return new StateCorruptedError(directory, reason, { cause: error, store });
  if (/lock hold by current process|While lock file/.test(reason))
    return new StateDirectoryLockedError(directory, undefined, { cause: error });
  // RocksDB opens only files that its manifest names.
  if (reason.includes('No such file or directory'))
    return new StateCorruptedError(directory, reason, { cause: error, store });
  return new StateDirectoryError(directory, reason, { cause: error });
}

/** Does work on files below a directory; what is thrown then is a Millrace error. */
export async function guardDirectory<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw new StateDirectoryError(directory, error instanceof Error ? error.message : String(error), { cause: error });
  }
}
