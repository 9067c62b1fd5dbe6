import type { BenchContext } from './context';
import { fillTopic } from './input';
import type { KeySequence } from './key-sequence';

/** Java's largest int: seeds are parsed there too. */
const SEEDS = 2 ** 31 - 1;

/** A topic that is filled piece by piece, and what engines must make of all of it. */
export class GrowingInput {
  /** How often each key was written. */
  readonly expected: Int32Array;
  records = 0;
  private pieces = 0;

  private constructor(
    private readonly context: BenchContext,
    readonly topic: string,
    private readonly keys: number,
  ) {
    this.expected = new Int32Array(keys);
  }

  static async create(context: BenchContext, name: string, keys: number): Promise<GrowingInput> {
    const topic = `bench-${context.session}-${name}`;
    await context.cluster.createTopic(topic);
    return new GrowingInput(context, topic, keys);
  }

  /** Each piece has keys of its own seed, which follows from that of the benchmark. */
  async add(piece: Pick<KeySequence, 'records' | 'distinct'>): Promise<void> {
    const { context, topic, keys } = this;
    context.log(`writing ${piece.records.toLocaleString('en')} records of ${keys.toLocaleString('en')} keys`);
    const seed = (context.seed + this.pieces++) % SEEDS;
    const { expected } = await fillTopic(context, topic, { ...piece, keys, seed });
    expected.forEach((count, key) => (this.expected[key] = (this.expected[key] ?? 0) + count));
    this.records += piece.records;
  }
}
