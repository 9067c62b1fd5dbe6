import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSnapshot } from '../../src/state/database-snapshot';

/** Copies what belongs to a snapshot, and no more, into a directory of its own. */
export async function copySnapshot(snapshot: DatabaseSnapshot, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  for (const { name, sizeInBytes } of await snapshot.files()) {
    const file = await open(join(snapshot.directory, name));
    try {
      const bytes = Buffer.alloc(sizeInBytes);
      const { bytesRead } = sizeInBytes === 0 ? { bytesRead: 0 } : await file.read(bytes, 0, sizeInBytes, 0);
      if (bytesRead !== sizeInBytes) throw new Error(`${name} has ${bytesRead} bytes instead of ${sizeInBytes}`);
      await writeFile(join(target, name), bytes);
    } finally {
      await file.close();
    }
  }
}
