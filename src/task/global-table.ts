import { describeLocation } from '../errors/millrace-error';
import type { Logger } from '../logging/logger';
import { EpochStore } from '../state/epoch-store';
import type { RecordTime } from '../state/record-time';
import type { StateDatabase, StateWrite } from '../state/state-database';
import type { GlobalTableDefinition, StoreDefinition } from '../topology/graph';
import { DeserializationFailedError } from './record-errors';
import type { FailureCounter, FailureHandling } from './record-failures';
import type { RecordCursor } from './task-io';

export interface GlobalTableParts {
  readonly definition: GlobalTableDefinition;
  readonly database: StateDatabase;
  readonly cacheBytes: number;
  /** What an unreadable record leads to. There is no epoch that a dead letter could be part of: it is skipped and counted instead. */
  readonly handling: FailureHandling;
  readonly counter: FailureCounter;
  readonly logger: Logger;
}

/** The store in which a global table is kept. */
export function globalStore({ name, keySerde, valueSerde, backend }: GlobalTableDefinition): StoreDefinition {
  return { kind: 'timestamped-key-value', name, keySerde, valueSerde, changelog: false, backend };
}

/** All rows of a topic, for every task of an instance. It follows the topic on its own; no commit is needed for it. */
export class GlobalTable implements RecordTime {
  /** Of the record that is being applied. */
  timestamp = 0;
  /** What tasks look rows up in. */
  readonly store: EpochStore<unknown, unknown>;

  constructor(private readonly parts: GlobalTableParts) {
    const { definition, database, cacheBytes } = parts;
    const isEmpty = database.isNew && database.approximateEntries() === 0;
    this.store = new EpochStore(globalStore(definition), database, this, cacheBytes, isEmpty);
  }

  get name(): string {
    return this.parts.definition.name;
  }

  /** The next offset to read of a partition; undefined where nothing was read. */
  position(topic: string, partition: number): number | undefined {
    return this.parts.database.inputOffset(topic, partition);
  }

  /**
   * Applies what was fetched of a partition, in one write with the position. Calls must not overlap.
   *
   * @throws DeserializationFailedError
   */
  async apply(topic: string, partition: number, batches: readonly RecordCursor[], nextOffset: number): Promise<void> {
    for (const batch of batches) while (batch.next()) this.applyRecord(topic, partition, batch);
    const write: StateWrite = this.parts.database.write();
    this.store.seal(write);
    write.setInputOffset(topic, partition, nextOffset);
    await write.commit();
    this.store.sealedWritten();
  }

  private applyRecord(topic: string, partition: number, batch: RecordCursor): void {
    const { keySerde, valueSerde } = this.parts.definition;
    const { bytes, keyStart, keyEnd, valueStart, valueEnd } = batch;
    if (keyStart < 0) {
      this.parts.counter.recordSkipped(topic, 'null-key');
      return;
    }
    let key: unknown;
    let value: unknown;
    try {
      // Copies: what a serde keeps must not keep the whole fetch.
      key = keySerde.deserialize(Buffer.from(bytes.subarray(keyStart, keyEnd)));
      if (valueStart >= 0) value = valueSerde.deserialize(Buffer.from(bytes.subarray(valueStart, valueEnd)));
    } catch (error) {
      this.unreadable(error, topic, partition, batch.offset);
      return;
    }
    this.timestamp = batch.timestamp;
    this.store.put(key, value ?? undefined);
  }

  private unreadable(error: unknown, topic: string, partition: number, offset: number): void {
    const location = { topic, partition, offset, store: this.name };
    const { handling, counter, logger } = this.parts;
    if (handling === 'fail') throw new DeserializationFailedError(error, location);
    counter.recordSkipped(topic, 'deserialization');
    logger.warn(
      { event: 'bad_record', handling: 'continue', reason: 'deserialization', err: error, ...location },
      `Bad record at ${describeLocation(location)}: left out of the global table`,
    );
  }
}
