import { randomUUID } from 'node:crypto';
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * The place for files that are being written. Its name is none that an object can have.
 *
 * Files whose writer died stay behind. A file that has not grown for long enough is taken for one of these, by whichever process
 * writes next: process ids say nothing here, as the writer may have run on another machine. Were the writer alive after all, it would
 * find its file gone, and its write would fail.
 */
export class UnfinishedFiles {
  readonly directory: string;
  private sweptAt = Number.NEGATIVE_INFINITY;

  constructor(
    root: string,
    /** Milliseconds. */
    private readonly abandonedAfter: number,
  ) {
    this.directory = path.join(root, '~unfinished');
  }

  /** A new name. */
  next(): string {
    return path.join(this.directory, randomUUID());
  }

  /** Removes leftovers, unless it did so not long ago. The directory must be there. */
  async sweepNowAndThen(): Promise<void> {
    if (performance.now() - this.sweptAt < this.abandonedAfter) return;
    this.sweptAt = performance.now();
    const now = await this.clockOfTheStore();
    for (const name of await readdir(this.directory)) {
      const file = path.join(this.directory, name);
      try {
        if (now - (await stat(file)).mtimeMs >= this.abandonedAfter) await rm(file);
      } catch {
        // Finished meanwhile, swept by another, or not ours to remove: no reason for a write to fail.
      }
    }
  }

  /** On a network file system times are those of the server, whose clock may differ. */
  private async clockOfTheStore(): Promise<number> {
    const probe = this.next();
    try {
      await writeFile(probe, '', { flag: 'wx', mode: 0o600 });
      return (await stat(probe)).mtimeMs;
    } finally {
      await rm(probe, { force: true });
    }
  }
}
