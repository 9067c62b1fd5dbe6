import { serdes, stores, StreamsBuilder, type KStream, type Processor, type ProcessorContext } from '../../src';
import type { KeyValueStore, StreamRecord, Topology } from '../../src';
import type { KnownSerdes } from '../../src/topology/dsl-options';
import type { SeededRandom } from '../support/seeded-random';

/* Topologies whose state says which records it has seen, whatever order they came in: each record is tallied under a key, handed on
   under another one, and tallied again behind the repartition topic. */

/** How many records a key has got, and the sum of their ids: a record that is missing or there twice shows. */
export interface Tally {
  readonly count: number;
  readonly sum: number;
}

export interface TallyTopology {
  readonly shape: string;
  readonly topology: Topology;
  readonly inputPartitions: number;
  /** The tally of each key in each store when every one of these ids was processed once. */
  expected(ids: readonly number[]): ReadonlyMap<string, ReadonlyMap<string, Tally>>;
}

type Tallied = KStream<string, string, never>;
type Stage = { readonly store: string; readonly accepts: (id: number) => boolean; readonly salt: number };

const text = { key: serdes.string, value: serdes.string };

export function parseTally(value: string): Tally {
  const [count, sum] = value.split(':').map(Number);
  return { count: count!, sum: sum! };
}

class Tallying implements Processor<string, string, string, string> {
  private context!: ProcessorContext<string, string>;
  private store!: KeyValueStore<string, string>;

  constructor(private readonly name: string) {}

  init(context: ProcessorContext<string, string>): void {
    this.context = context;
    this.store = context.store<string, string>(this.name);
  }

  async process({ key, value }: StreamRecord<string, string>): Promise<void> {
    const { count, sum } = parseTally((await this.store.get(key)) ?? '0:0');
    this.store.put(key, `${count + 1}:${sum + Number(value)}`);
    await this.context.forward(key, value);
  }
}

function keyOf(id: number, salt: number): string {
  return `k${Math.imul(id + salt, 2654435761) >>> 29}`;
}

export function tallyTopology(random: SeededRandom): TallyTopology {
  const shape = random.pick(['chain of 1', 'chain of 2', 'chain of 3', 'diamond']);
  const stages: Stage[] = [];
  const builder = new StreamsBuilder();
  const tally = <S extends KnownSerdes>(
    stream: KStream<string, string, S>,
    store: string,
    salt: number,
    accepts = all,
  ): Tallied => {
    stages.push({ store, accepts, salt });
    builder.addStore(stores.keyValue({ name: store, ...text }));
    return stream.process(() => new Tallying(store), { name: store, stores: [store] });
  };
  const through = <S extends KnownSerdes>(stream: KStream<string, string, S>, name: string, salt: number) =>
    stream
      .selectKey((_, value) => keyOf(Number(value), salt))
      .repartition({ ...text, name, partitions: random.between(1, 3) });
  const input = builder.stream('in', text).selectKey((_, value) => keyOf(Number(value), 0));
  let last = tally(input, 'tally-0', 0);
  if (shape === 'diamond') {
    const left = tally(
      through(
        last.filter((_, value) => isLeft(value)),
        'left',
        1,
      ),
      'tally-left',
      1,
      isLeft,
    );
    const right = tally(
      through(
        last.filterNot((_, value) => isLeft(value)),
        'right',
        2,
      ),
      'tally-right',
      2,
      isRight,
    );
    last = tally(through(left.merge(right), 'both', 3), 'tally-both', 3);
  } else {
    for (let stage = 1; stage <= Number(shape.at(-1)); stage++)
      last = tally(through(last, `through-${stage}`, stage), `tally-${stage}`, stage);
  }
  last.to('out', text);
  return {
    shape,
    topology: builder.build(),
    inputPartitions: random.between(1, 3),
    expected: (ids) =>
      new Map(
        stages.map(({ store, accepts, salt }) => {
          const tallies = new Map<string, Tally>();
          for (const id of ids.filter(accepts)) {
            const { count, sum } = tallies.get(keyOf(id, salt)) ?? { count: 0, sum: 0 };
            tallies.set(keyOf(id, salt), { count: count + 1, sum: sum + id });
          }
          return [store, tallies];
        }),
      ),
  };
}

function all(id: number): boolean {
  return id > 0;
}

function isLeft(id: number | string): boolean {
  return Number(id) % 3 === 0;
}

function isRight(id: number | string): boolean {
  return !isLeft(id);
}
