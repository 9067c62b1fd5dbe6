import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MillraceError } from '../errors/millrace-error';
import type { Logger } from '../logging/logger';
import { guardDirectory } from '../state/rocksdb-failure';
import { StateFormatError } from '../state/state-database-errors';
import {
  describeChanges,
  mergedShape,
  shapeChanges,
  type ShapeChange,
  type TopologyShape,
} from '../topology/topology-shape';
import { storeChanges, type StoreChanges } from './lost-stores';

/** The topology does not fit the state that an earlier version of it left. Nothing was touched. */
export class TopologyChangedError extends MillraceError {
  readonly code = 'TOPOLOGY_CHANGED';

  constructor(
    readonly directory: string,
    readonly changes: readonly ShapeChange[],
  ) {
    super(
      `The topology does not fit the state in ${directory}, which an earlier version of it wrote:${describeChanges(changes)}\n` +
        'Undo the change, or give what changed a new name, under which it begins anew. If the old state is not needed, reset the application.',
    );
  }
}

const VERSION = 1;

interface Document extends TopologyShape {
  readonly version: number;
  readonly lost?: readonly string[];
}

/** The shape of the topology that wrote the state of this instance: `topology.json` in its state directory. */
export class StoredShape {
  private readonly file: string;

  private constructor(
    private readonly directory: string,
    private stored: TopologyShape | undefined,
    /** Stores of it that the topology of the last start had lost. */
    private lost: readonly string[],
  ) {
    this.file = shapeFile(directory);
  }

  /**
   * @throws {StateFormatError} when a newer Millrace wrote it
   * @throws {StateDirectoryError}
   */
  static async read(directory: string, logger: Logger): Promise<StoredShape> {
    const file = shapeFile(directory);
    const text = await guardDirectory(directory, () =>
      readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      }),
    );
    if (text === undefined) return new StoredShape(directory, undefined, []);
    try {
      const { version, stores, repartitionTopics, lost = [] } = JSON.parse(text) as Document;
      if (version > VERSION) throw new StateFormatError(file, version, VERSION);
      if (typeof stores === 'object' && typeof repartitionTopics === 'object')
        return new StoredShape(directory, { stores, repartitionTopics }, lost);
    } catch (error) {
      if (error instanceof StateFormatError) throw error;
    }
    logger.warn(
      { event: 'topology_shape_unreadable', file },
      `${file} cannot be read: whether the topology still fits its state is not checked at this start`,
    );
    return new StoredShape(directory, undefined, []);
  }

  /** Any topology may start on the directory again. For one whose state is gone. */
  static async forget(directory: string): Promise<void> {
    await guardDirectory(directory, () => rm(shapeFile(directory), { force: true }));
  }

  /** @throws {TopologyChangedError} when that topology would misread the state */
  check(shape: TopologyShape): void {
    if (this.stored === undefined) return;
    const changes = shapeChanges(this.stored, shape);
    if (changes.length > 0) throw new TopologyChangedError(this.directory, changes);
  }

  /** What stores that topology has lost and added since the last start; nothing at the first one. */
  storeChanges(shape: TopologyShape): StoreChanges {
    return storeChanges(this.stored ?? shape, shape, this.lost);
  }

  /** From now on state is of this shape. */
  async write(shape: TopologyShape): Promise<void> {
    const merged = mergedShape(this.stored, shape);
    const lost = Object.keys(merged.stores).filter((name) => !(name in shape.stores));
    const document: Document = { version: VERSION, ...merged, lost };
    const text = `${JSON.stringify(document, undefined, 2)}\n`;
    await guardDirectory(this.directory, async () => {
      const draft = `${this.file}.new`;
      await writeFile(draft, text, { mode: 0o600 });
      await rename(draft, this.file);
    });
    this.stored = merged;
    this.lost = lost;
  }
}

function shapeFile(directory: string): string {
  return join(directory, 'topology.json');
}
