import { mkdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';

/** Makes a directory, and those above it, for this user alone. One that is there is fine. */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // Node says so too when the file system is read-only; asked for one directory only, it gives the reason.
    await mkdir(path, { mode: 0o700 });
  }
}

/** The same, without letting anything else run meanwhile. */
export function makeDirectoryNow(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}
