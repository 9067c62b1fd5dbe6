import { serdes } from '../../../src/serde/serdes';
import type { StreamRecord } from '../../../src/serde/record';
import type { KeyValueStore, Processor, ProcessorContext } from '../../../src/topology/processor-api';
import { stores } from '../../../src/topology/stores';
import type { StreamsBuilder } from '../../../src/topology/streams-builder';

/** Topics of {@link counting}. */
export interface CountingTopics {
  /** Key: an account; value: words with blanks between. */
  readonly lines: string;
  /** Key: a word; value: how often it occurred until then. */
  readonly counts: string;
  /** Key: an account; value: its lines until then, a blank, and the lines of the whole partition until then. */
  readonly ledger: string;
}

/**
 * What the kill tests run: a repartition and an aggregate, and beside them a processor with a store of its own. Each record moves
 * counters by one, so its outputs show every record that is lost, doubled, or out of order.
 */
export default function counting(builder: StreamsBuilder, topics: CountingTopics): void {
  builder.addStore(stores.keyValue({ name: 'ledger', key: serdes.string, value: serdes.int64AsNumber }));
  const lines = builder.stream(topics.lines, { key: serdes.string, value: serdes.string });
  lines
    .flatMap((account, line) => line.split(' ').map((word): [string, string] => [account, word]))
    .selectKey((_account, word) => word)
    .groupByKey({ key: serdes.string, value: serdes.string })
    .count('counts')
    .toStream()
    .to(topics.counts, { value: serdes.decimalText });
  lines.processValues(() => new Ledger(), { stores: ['ledger'] }).to(topics.ledger, { value: serdes.string });
}

/** The key under which a ledger counts the lines of its partition: one that is never loaded ahead. */
export const PARTITION_TOTAL = '(partition)';

class Ledger implements Processor<string, string, string, string> {
  private context!: ProcessorContext<string, string>;
  private store!: KeyValueStore<string, number>;

  init(context: ProcessorContext<string, string>): void {
    this.context = context;
    this.store = context.store('ledger');
  }

  async process({ key }: StreamRecord<string, string>): Promise<void> {
    const ofAccount = await this.increment(key);
    const ofPartition = await this.increment(PARTITION_TOTAL);
    await this.context.forward(key, `${ofAccount} ${ofPartition}`);
  }

  private async increment(key: string): Promise<number> {
    const next = ((await this.store.get(key)) ?? 0) + 1;
    this.store.put(key, next);
    return next;
  }
}
