import { asError } from '../errors/as-error';
import {
  Fetcher,
  OffsetOutOfRangeError,
  partitionKey,
  readCommitted,
  type ClusterClient,
  type FetchedBatches,
  type TopicAdmin,
  type TopicPartition,
} from '../kafka';
import type { Logger } from '../logging/logger';
import type { EpochStore } from '../state/epoch-store';
import { openMemoryState } from '../state/memory-state';
import { openRocksDbState, type RocksDbOptions } from '../state/rocksdb-state';
import type { StateDatabase } from '../state/state-database';
import { StateCorruptedError } from '../state/state-database-errors';
import type { StateDirectory } from '../state/state-directory';
import { GlobalTable, globalStore } from '../task/global-table';
import type { FailureCounter, FailureHandling } from '../task/record-failures';
import type { GlobalTableDefinition, Topology } from '../topology/graph';

export interface GlobalTablesParts {
  readonly topology: Topology;
  readonly cluster: ClusterClient;
  readonly admin: TopicAdmin;
  readonly directory: StateDirectory;
  readonly cacheBytesPerTable: number;
  readonly rocksdb: RocksDbOptions;
  /** What an unreadable record leads to. */
  readonly handling: FailureHandling;
  readonly counter: FailureCounter;
  readonly logger: Logger;
  /** A table cannot follow its topic any more. */
  readonly onFailure: (error: Error) => void;
}

interface OpenTable {
  readonly table: GlobalTable;
  readonly definition: GlobalTableDefinition;
  readonly database: StateDatabase;
  readonly partitions: readonly TopicPartition[];
}

const MAX_BYTES_PER_FETCH = 16 * 1024 * 1024;
const MAX_BYTES_PER_PARTITION = 1024 * 1024;
const MAX_WAIT_MS = 500;

/**
 * The global tables of an instance. Each reads all partitions of its topic to the end before any task runs, and follows them from
 * then on, on its own: what a task sees of it is not part of any commit.
 *
 * What is on the local disk is kept, with the position up to which the topic was read, so that a restart reads the rest only.
 */
export class GlobalTables {
  private readonly open: OpenTable[] = [];
  private readonly ending = new AbortController();
  private fetcher: Fetcher | undefined;
  private starting: Promise<void> | undefined;
  /** For each table: its last write, which the next one waits for. */
  private readonly writing = new Map<GlobalTable, Promise<void>>();

  constructor(private readonly parts: GlobalTablesParts) {}

  /** By name. */
  get stores(): ReadonlyMap<string, EpochStore<unknown, unknown>> {
    return new Map(this.open.map(({ table }) => [table.name, table.store]));
  }

  /** Opens all tables and reads their topics to the end. Ends early, without an error, when `close` is called meanwhile. */
  async start(): Promise<void> {
    if (this.parts.topology.globalTables.size === 0) return;
    const starting = this.openAndRead();
    this.starting = starting.catch(() => undefined);
    await starting;
  }

  private async openAndRead(): Promise<void> {
    const { topology, logger } = this.parts;
    try {
      for (const definition of topology.globalTables.values()) {
        this.open.push(await this.openTable(definition));
        if (this.ending.signal.aborted) return;
      }
      const records = await this.readToEnd();
      logger.info(
        { event: 'global_tables_read', tables: this.open.map(({ table }) => table.name), records },
        `Read the topics of ${this.open.length} global tables to the end`,
      );
    } catch (error) {
      if (this.ending.signal.aborted) return;
      throw error;
    }
    if (!this.ending.signal.aborted) this.follow();
  }

  async close(): Promise<void> {
    this.ending.abort(new Error('The application is closing.'));
    await this.starting;
    await this.fetcher?.close();
    await Promise.allSettled(this.writing.values());
    for (const { database } of this.open) await database.close();
  }

  private async openTable(definition: GlobalTableDefinition): Promise<OpenTable> {
    const { admin, cacheBytesPerTable, handling, counter, logger } = this.parts;
    const topic = definition.topic.name;
    const { partitions: count } = (await admin.describeTopics([topic])).get(topic)!;
    const partitions = Array.from({ length: count }, (_, partition) => ({ topic, partition }));
    const database = await this.usableDatabase(definition, partitions);
    const table = new GlobalTable({
      definition,
      database,
      cacheBytes: cacheBytesPerTable,
      handling,
      counter,
      logger,
    });
    return { table, definition, database, partitions };
  }

  /** What is on the disk, unless it is damaged or the topic is not the one that it was read from. */
  private async usableDatabase(
    definition: GlobalTableDefinition,
    partitions: readonly TopicPartition[],
  ): Promise<StateDatabase> {
    const { admin, directory, logger } = this.parts;
    const [starts, ends] = await Promise.all([
      admin.listOffsets(partitions, 'earliest'),
      admin.listOffsets(partitions, 'latest'),
    ]);
    let reason: unknown;
    try {
      const database = await this.openDatabase(definition);
      const outside = partitions.find(({ topic, partition }) => {
        const position = database.inputOffset(topic, partition);
        const key = partitionKey(topic, partition);
        return position !== undefined && (position < starts.get(key)! || position > ends.get(key)!);
      });
      if (outside === undefined) return database;
      reason = `its position in partition ${outside.partition} is outside of the topic`;
      await database.close();
    } catch (error) {
      if (!(error instanceof StateCorruptedError)) throw error;
      reason = error;
    }
    logger.warn(
      { event: 'global_state_wiped', table: definition.name, err: reason },
      `The local state of global table ${definition.name} cannot be used: reading its topic again`,
    );
    await directory.wipeGlobalTable(definition.name);
    return this.openDatabase(definition);
  }

  private async openDatabase(definition: GlobalTableDefinition): Promise<StateDatabase> {
    const stores = [globalStore(definition)];
    if (definition.backend === 'memory') return openMemoryState(`global table ${definition.name}`, stores);
    return openRocksDbState(this.parts.directory.globalTablePath(definition.name), stores, this.parts.rocksdb);
  }

  private async readToEnd(): Promise<number> {
    const { admin, cluster } = this.parts;
    const partitions = this.open.flatMap((table) => table.partitions);
    const [starts, ends] = await Promise.all([
      admin.listOffsets(partitions, 'earliest'),
      admin.listOffsets(partitions, 'latest'),
    ]);
    let records = 0;
    const ranges = this.open.flatMap(({ table, partitions: own }) =>
      own.map(({ topic, partition }) => {
        const key = partitionKey(topic, partition);
        return {
          topic,
          partition,
          from: table.position(topic, partition) ?? starts.get(key)!,
          to: ends.get(key)!,
          onBatch: (batch: FetchedBatches['batches'][number]) => {
            records += batch.recordCount;
            return this.inTurn(table, () => table.apply(topic, partition, [batch], batch.nextOffset));
          },
        };
      }),
    );
    const positions = await readCommitted(cluster, ranges, { signal: this.ending.signal });
    for (const { table, partitions: own } of this.open) {
      for (const { topic, partition } of own) {
        const position = positions.get(partitionKey(topic, partition))!;
        await this.inTurn(table, () => table.apply(topic, partition, [], position));
      }
    }
    return records;
  }

  private follow(): void {
    const { cluster, onFailure } = this.parts;
    const fetcher = new Fetcher(cluster, {
      isolation: 'read_committed',
      maxWaitMs: MAX_WAIT_MS,
      maxBytesPerFetch: MAX_BYTES_PER_FETCH,
      maxBytesPerPartition: MAX_BYTES_PER_PARTITION,
      onBatches: (topic, partition, { batches, nextOffset }) => {
        const { table } = this.open.find(({ definition }) => definition.topic.name === topic)!;
        fetcher.pause({ topic, partition });
        this.inTurn(table, () => table.apply(topic, partition, batches, nextOffset)).then(
          () => fetcher.resume({ topic, partition }),
          (error: unknown) => onFailure(asError(error)),
        );
      },
      onOutOfRange: (topic, partition, offset) => onFailure(new OffsetOutOfRangeError(topic, partition, offset)),
      onError: (error) => onFailure(asError(error)),
    });
    this.fetcher = fetcher;
    fetcher.assign(
      this.open.flatMap(({ table, partitions }) =>
        partitions.map(({ topic, partition }) => ({ topic, partition, offset: table.position(topic, partition)! })),
      ),
    );
  }

  /** Writes of one table follow one another. */
  private inTurn(table: GlobalTable, apply: () => Promise<void>): Promise<void> {
    const before = this.writing.get(table) ?? Promise.resolve();
    const write = before.then(apply);
    this.writing.set(table, write);
    return write;
  }
}
