import type { KStream } from './dsl';
import type { StreamOptions } from './dsl-options';
import type { StoreDefinition, TimestampExtractor, Topology } from './graph';
import { streamAt } from './stream-operators';
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
        timestampExtractor: options.timestampExtractor as TimestampExtractor<unknown, unknown> | undefined,
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
