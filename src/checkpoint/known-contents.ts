import type { BigIntStats } from 'node:fs';

/**
 * The SHA-256 of table files of one task that were read before, so that an unchanged one is not read again for each checkpoint.
 *
 * A file's name does not tell its content: a database that was wiped and rebuilt begins with the same numbers again. So a file is
 * known by what the file system says of it. RocksDB never changes a table file once it is named in a manifest.
 */
export class KnownContents {
  private known = new Map<string, string>();

  /** @param stats - the change time is left out: linking a file changes it */
  get(stats: BigIntStats): string | undefined {
    return this.known.get(identity(stats));
  }

  /** Forgets all others: what is not in the task's last snapshot is in no later one. */
  replace(contents: Iterable<readonly [stats: BigIntStats, sha256: string]>): void {
    this.known = new Map([...contents].map(([stats, sha256]) => [identity(stats), sha256]));
  }
}

function identity({ dev, ino, size, birthtimeNs, mtimeNs }: BigIntStats): string {
  return [dev, ino, size, birthtimeNs, mtimeNs].join(':');
}
