import { linkSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseFile } from './database-snapshot';
import { parseCurrent } from './rocksdb-files';
import { ManifestFollower, type Manifest } from './rocksdb-manifest';
import { isLog } from './rocksdb-wal';
import { StateCorruptedError, StateSnapshotError } from './state-database-errors';

/** A flush or a compaction that ends meanwhile makes an attempt void; these are seconds apart, and an attempt takes milliseconds. */
const ATTEMPTS = 20;

/** Between the steps of an attempt. Lets tests make copies torn. */
export type SnapshotStep = 'logs listed' | 'manifest read' | 'files linked';

/**
 * Makes snapshots of a database that is open, by hard links: the `rocksdb` package has no access to RocksDB's checkpoints.
 *
 * All of it is synchronous: a link takes microseconds, where each turn through libuv's pool waits behind reads of keys, which was
 * measured at hundreds of milliseconds under load. Processing stops for a cut either way.
 */
export class RocksDbSnapshots {
  private manifest: ManifestFollower | undefined;

  constructor(
    private readonly directory: string,
    private readonly afterStep?: (step: SnapshotStep) => Promise<void>,
  ) {}

  /**
   * Links the files that make up the database now into `target`, which must be there and empty. No write may be under way, nor begin
   * before this is done; flushes and compactions may.
   *
   * What the database holds is what its manifest says: which tables, and from which write-ahead log on. So it is consistent when all
   * of these could be linked, and the manifest was not written to meanwhile. RocksDB deletes a file only after its manifest says that it
   * is not needed; and without writes it begins no log.
   *
   * @throws {StateSnapshotError} the manifest changed in every attempt
   * @throws {StateCorruptedError} a file is missing, or has another size
   */
  async cut(target: string): Promise<readonly DatabaseFile[]> {
    const linked = new Set<string>();
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const logs = listLogs(this.directory);
      await this.afterStep?.('logs listed');
      const name = readCurrentNow(this.directory);
      const manifest = unlessMissing(() => this.readManifest(name));
      await this.afterStep?.('manifest read');
      if (manifest === undefined) {
        // RocksDB begins another manifest when one has grown large.
        if (readCurrentNow(this.directory) !== name) continue;
        throw new StateCorruptedError(this.directory, `the file ${name} is missing`);
      }
      const { files, damage } = this.linkFiles(target, linked, name, manifest, logs);
      await this.afterStep?.('files linked');
      if (!this.isUnchanged(name, manifest)) continue;
      if (damage !== undefined) throw new StateCorruptedError(this.directory, damage);
      removeOthers(target, linked, files);
      return files;
    }
    throw new StateSnapshotError(this.directory, ATTEMPTS);
  }

  private readManifest(name: string): Manifest {
    if (this.manifest?.name !== name) this.manifest = new ManifestFollower(this.directory, name);
    return this.manifest.advanceNow();
  }

  /** `damage` says what is not as the manifest has it: damaged, unless the manifest changed. */
  private linkFiles(
    target: string,
    linked: Set<string>,
    manifestName: string,
    manifest: Manifest,
    logs: readonly string[],
  ): { files: readonly DatabaseFile[]; damage: string | undefined } {
    let damage: string | undefined;
    const linkFile = (name: string, expectedSize?: number): DatabaseFile => {
      const path = join(target, name);
      if (!linked.has(name))
        unlessMissing(() => {
          linkSync(join(this.directory, name), path);
          linked.add(name);
        });
      const { size } = linked.has(name) ? statSync(path) : { size: 0 };
      if (!linked.has(name)) damage ??= `the file ${name} is missing`;
      else if (expectedSize !== undefined && size !== expectedSize)
        damage ??= `the table file ${name} has ${size} bytes instead of ${expectedSize}`;
      return { name, sizeInBytes: size };
    };
    const needed = logs.filter((name) => Number.parseInt(name) >= manifest.logNumber);
    const current = `${manifestName}\n`;
    writeFileSync(join(target, 'CURRENT'), current, { mode: 0o600 });
    linkFile(manifestName);
    const files = [
      { name: 'CURRENT', sizeInBytes: current.length },
      { name: manifestName, sizeInBytes: manifest.sizeInBytes },
      ...manifest.tables.map(({ name, size }) => linkFile(name, size)),
      ...needed.map((name) => linkFile(name)),
    ];
    return { files, damage };
  }

  private isUnchanged(name: string, manifest: Manifest): boolean {
    if (readCurrentNow(this.directory) !== name) return false;
    return statSync(join(this.directory, name), { throwIfNoEntry: false })?.size === manifest.sizeInBytes;
  }
}

function readCurrentNow(directory: string): string {
  return parseCurrent(directory, readFileSync(join(directory, 'CURRENT'), 'utf8'));
}

function listLogs(directory: string): string[] {
  return readdirSync(directory).filter(isLog);
}

/** Undefined when there is no such file. */
function unlessMissing<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Links of an attempt that was void, and that the database does not need any more. */
function removeOthers(target: string, linked: ReadonlySet<string>, files: readonly DatabaseFile[]): void {
  const needed = new Set(files.map(({ name }) => name));
  for (const name of linked) if (!needed.has(name)) rmSync(join(target, name));
}
