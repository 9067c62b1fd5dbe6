import { serdes, stores, StreamsBuilder, type KStream, type Processor, type ProcessorContext } from '../../src';
import type { KeyValueStore, StreamRecord, Topology } from '../../src';
import { splitIntoSubtopologies } from '../../src/topology/subtopologies';
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
/** A store, and the keys under which it tallies a record. */
type Stage = { readonly store: string; readonly keys: (id: number) => readonly string[] };

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
    this.store.put(key, `${count + 1}:${sum + idOf(value)}`);
    await this.context.forward(key, value);
  }
}

function keyOf(id: number, salt: number): string {
  return `k${Math.imul(id + salt, 2654435761) >>> 29}`;
}

export function tallyTopology(random: SeededRandom): TallyTopology {
  const shape = random.pick(['chain of 1', 'chain of 2', 'chain of 3', 'diamond', 'self-loop']);
  const stages: Stage[] = [];
  const builder = new StreamsBuilder();
  const tally = <S extends KnownSerdes>(
    stream: KStream<string, string, S>,
    store: string,
    salt: number,
    accepts = all,
  ): Tallied => {
    stages.push({ store, keys: (id) => (accepts(id) ? [keyOf(id, salt)] : []) });
    builder.addStore(stores.keyValue({ name: store, ...text }));
    return stream.process(() => new Tallying(store), { name: store, stores: [store] });
  };
  const through = <S extends KnownSerdes>(stream: KStream<string, string, S>, name: string, salt: number) =>
    stream
      .selectKey((_, value) => keyOf(idOf(value), salt))
      .repartition({ ...text, name, partitions: random.between(1, 3) });
  const input = builder.stream('in', text).selectKey((_, value) => keyOf(idOf(value), 0));
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
  } else if (shape === 'self-loop') {
    builder.addStore(stores.keyValue({ name: 'tally-loop', ...text }));
    stages.push({
      store: 'tally-loop',
      keys: (id) => Array.from({ length: 1 + roundsOf(id) }, (_, round) => keyOf(id, 1 + round)),
    });
    last = through(last, 'loop', 1).process(() => new Tallying('tally-loop'), { stores: ['tally-loop'] });
    last
      .filter((_, value) => roundOf(value) < roundsOf(idOf(value)))
      .mapValues((value) => `${idOf(value)}/${roundOf(value) + 1}`)
      .selectKey((_, value) => keyOf(idOf(value), 1 + roundOf(value)))
      .repartition({ ...text, name: 'again' });
  } else {
    for (let stage = 1; stage <= Number(shape.at(-1)); stage++)
      last = tally(through(last, `through-${stage}`, stage), `tally-${stage}`, stage);
  }
  last.to('out', text);
  return {
    shape,
    topology: shape === 'self-loop' ? looped(builder.build()) : builder.build(),
    inputPartitions: random.between(1, 3),
    expected: (ids) =>
      new Map(
        stages.map(({ store, keys }) => {
          const tallies = new Map<string, Tally>();
          for (const id of ids)
            for (const key of keys(id)) {
              const { count, sum } = tallies.get(key) ?? { count: 0, sum: 0 };
              tallies.set(key, { count: count + 1, sum: sum + id });
            }
          return [store, tallies];
        }),
      ),
  };
}

/** Lets what goes to `again` go to `loop`, out of which it came. */
function looped(topology: Topology): Topology {
  const again = 'again-repartition';
  const loop = { name: 'loop-repartition', internal: true };
  const nodes = [...topology.nodes.values()]
    .filter(({ name }) => name !== `${again}-source`)
    .map((node) => (node.kind === 'sink' && node.name === `${again}-sink` ? { ...node, topic: loop } : node));
  const repartitionTopics = new Map([...topology.repartitionTopics].filter(([name]) => name !== again));
  return {
    ...topology,
    nodes: new Map(nodes.map((node) => [node.name, node])),
    repartitionTopics,
    subtopologies: splitIntoSubtopologies(nodes, topology.stores),
  };
}

/** A record's value is its id and, in a loop, how often it has been around. */
function idOf(value: string): number {
  return Number(value.split('/')[0]);
}

function roundOf(value: string): number {
  return Number(value.split('/')[1] ?? 0);
}

function roundsOf(id: number): number {
  return id % 4;
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
