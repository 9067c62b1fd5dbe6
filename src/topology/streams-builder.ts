import type { GlobalKTable, KStream, KTable } from './dsl';
import type { StreamOptions } from './dsl-options';
import type { SourceNode, StoreDefinition, TimestampExtractor, Topology } from './graph';
import { GlobalTableOperators } from './global-table';
import { streamAt } from './stream-operators';
import { tableOfRecords } from './table-operators';
import type { GlobalTableOptions, TableOptions } from './table-options';
import { externalTopic } from './topics';
import { TopologyDraft } from './topology-draft';

/** How strict a builder is. */
export interface StreamsBuilderOptions {
  /**
   * Has `build()` refuse stores, changelogs and repartition topics that were not given a name, and list all of them. A generated
   * name counts operators, so another one before it changes it, and the state would not be found again. In production give names.
   * In Kafka Streams: `ensure.explicit.internal.resource.naming`.
   *
   * @default false
   */
  readonly ensureExplicitNames?: boolean | undefined;
}

/**
 * Where a topology begins.
 *
 * @example
 * const builder = new StreamsBuilder();
 * builder
 *   .stream('sentences', { key: serdes.string, value: serdes.string })
 *   .flatMapValues((sentence) => sentence.toLowerCase().split(' '))
 *   .groupBy((_key, word) => word, { key: serdes.string, value: serdes.string })
 *   .count('counts')
 *   .toStream()
 *   .to('word-counts', { value: serdes.decimalText });
 * const topology = builder.build();
 */
export class StreamsBuilder {
  private readonly draft: TopologyDraft;

  constructor(options: StreamsBuilderOptions = {}) {
    this.draft = new TopologyDraft(options.ensureExplicitNames);
  }

  /**
   * Reads one topic, or several as one stream. The topics must exist. A topic that is read twice with the same serdes is one
   * source; with others it is an error at `build()`.
   */
  stream<K, V>(topics: string | readonly string[], options: StreamOptions<K, V>): KStream<K, V> {
    // Without types it can be missing, which is told with all other problems.
    options ??= {} as StreamOptions<K, V>;
    const names = typeof topics === 'string' ? [topics] : topics;
    const node = this.draft.addSource(
      {
        name: this.draft.nextName('source', options.name),
        topics: names.map(externalTopic),
        keySerde: options.key,
        valueSerde: options.value,
        timestampExtractor: options.timestampExtractor as SourceNode['timestampExtractor'],
        onInvalidTimestamp: options.onInvalidTimestamp,
      },
      options.name !== undefined,
    );
    return streamAt(this.draft, {
      node,
      keySerde: options.key,
      valueSerde: options.value,
      keyChanged: false,
    }) as KStream<K, V>;
  }

  /**
   * Reads a topic as a table: each record sets the value of its key, and a null value deletes it. Records without a key are
   * dropped. The table has a store if the options name one, and is otherwise given one, `<name>-store`, once something needs to
   * look values up.
   *
   * @example
   * const customers = builder.table('customers', { key: serdes.string, value: serdes.json<Customer>(), store: 'customers' });
   */
  table<K, V>(topic: string, options: TableOptions<K, V>): KTable<K, V> {
    const { key, value, timestampExtractor } = options;
    const node = this.draft.nextName('table', options.name);
    const source = this.draft.addSource(
      {
        name: this.draft.nextName('source', options.name === undefined ? undefined : `${options.name}-source`),
        topics: [externalTopic(topic)],
        keySerde: key,
        valueSerde: value,
        timestampExtractor: timestampExtractor as TimestampExtractor<unknown, unknown> | undefined,
        onInvalidTimestamp: options.onInvalidTimestamp,
      },
      options.name !== undefined,
    );
    const from = { node: source, keySerde: key, valueSerde: value, keyChanged: false };
    return tableOfRecords(this.draft, node, from, options, streamAt) as unknown as KTable<K, V>;
  }

  /**
   * Reads a topic as a table that every instance holds all of, so that a stream can be joined with it under any key. The topic is
   * read to its end before the first record is processed, and followed from then on. It has no changelog: the topic is one.
   *
   * @example
   * const countries = builder.globalTable('countries', { key: serdes.string, value: serdes.json<Country>() });
   */
  globalTable<K, V>(topic: string, options: GlobalTableOptions<K, V>): GlobalKTable<K, V> {
    const name = options.store ?? `${this.draft.nextName('globalTable', options.name)}-store`;
    this.draft.addGlobalTable({
      name,
      topic: externalTopic(topic),
      keySerde: options.key,
      valueSerde: options.value,
      backend: options.backend ?? 'rocksdb',
    });
    return new GlobalTableOperators(this.draft, name);
  }

  /**
   * Adds a store for processors, which name it in `process(supplier, { stores: [name] })`.
   *
   * @example
   * builder.addStore(stores.keyValue({ name: 'balances', key: serdes.string, value: serdes.float64 }));
   */
  addStore(store: StoreDefinition): this {
    this.draft.addStore(store);
    return this;
  }

  /**
   * The finished topology: checked, split into subtopologies, frozen.
   *
   * @throws InvalidTopologyError with all problems that were found.
   */
  build(): Topology {
    return this.draft.build();
  }
}
