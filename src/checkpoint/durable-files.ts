import { mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';

const DIRECTORIES_REMEMBERED = 100;
const MOST_ATTEMPTS = 10;

/** Writes a new file that only its owner can read. Its content, though not yet its name, is durable then. */
export async function writeNewFile(file: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    // Each piece goes behind the one before.
    for await (const piece of pieces) await handle.writeFile(piece);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes what is in a directory, and what no longer is, outlive a crash of the machine. */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows opens no directories.
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems have no such call, because their directories need none.
    if (!isOneOf(error, 'EINVAL', 'ENOTSUP')) throw error;
  } finally {
    await handle.close();
  }
}

/** Makes directories under a root, durably, and moves files into them. Others may remove directories that are empty at the same time. */
export class DurableDirectories {
  /** Known to be there and durable. */
  private readonly durable = new Set<string>();

  constructor(private readonly root: string) {}

  /** Makes the directory and those above it, for its owner only. */
  async make(directory: string): Promise<void> {
    if (this.durable.has(directory)) return;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    // Whoever made one of them may not have come to this yet, so all are synced.
    for (let made = directory; made !== path.dirname(this.root); made = path.dirname(made)) {
      await syncDirectory(path.dirname(made));
      if (made === path.dirname(made)) break;
    }
    if (this.durable.size >= DIRECTORIES_REMEMBERED) this.durable.clear();
    this.durable.add(directory);
  }

  /** Gives a file its name. Durable when the promise resolves. */
  async move(from: string, to: string): Promise<void> {
    const directory = path.dirname(to);
    for (let attempt = 1; ; attempt++) {
      try {
        await this.make(directory);
        await rename(from, to);
        break;
      } catch (error) {
        // A directory that was empty until now has been removed.
        if (!isOneOf(error, 'ENOENT') || attempt === MOST_ATTEMPTS) throw error;
        this.durable.clear();
      }
    }
    await syncDirectory(directory).catch((error: unknown) => {
      // The file has been deleted since, and then its directory.
      if (!isOneOf(error, 'ENOENT')) throw error;
    });
  }

  /** To be called for a directory that may be gone. */
  forget(directory: string): void {
    this.durable.delete(directory);
  }
}

/** Whether an error of the file system has one of these codes. */
export function isOneOf(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}
