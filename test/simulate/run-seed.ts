import { ChannelCut } from '../../src/checkpoint/channel-cut';
import type { CheckpointMetadata } from '../../src/checkpoint/checkpoint-metadata';
import { partitionKey, RecordBatchBuilder, type RecordBatchReader } from '../../src/kafka';
import { topicName } from '../../src/runtime/topic-plan';
import { barrierOf } from '../../src/task/barrier';
import { TaskId } from '../../src/task/task-id';
import { SeededRandom } from '../support/seeded-random';
import { tallyTopology, type Tally } from './tallies';
import { World, type Mutation } from './world';

export interface SeedResult {
  readonly title: string;
  readonly checkpoints: number;
  readonly inFlight: number;
  readonly faults: readonly string[];
}

const MAX_STEPS = 20_000;
const STEPS_WITH_FAULTS = 3_000;
const MAX_RECORDS = 200;

/**
 * A random topology on random instances, random records, checkpoints at random moments, members that die; then a rewind to one of
 * the checkpoints, and a run without failures to the end. The state must be as if every record had been processed once.
 */
export async function runSeed(seed: number, mutation?: Mutation): Promise<SeedResult> {
  const random = new SeededRandom(seed);
  const tallies = tallyTopology(random.fork());
  const world = new World(tallies, random.fork(), mutation);
  const instances = random.between(1, 3);
  const title = `seed ${seed}: ${tallies.shape}, ${instances} instances`;
  await world.rebalance(instances);
  const wanted = random.between(1, 3);
  let requests = 0;
  for (let step = 0; world.catalog.length < wanted && step < MAX_STEPS; step++) {
    if (world.ids.length < MAX_RECORDS && random.chance(0.04)) world.feed(random.between(1, 5));
    // One that a rebalance swallowed is asked for again, now and then.
    if (random.chance(world.ended < requests ? 0.0005 : 0.01)) world.request(++requests);
    if (step < STEPS_WITH_FAULTS) {
      if (random.chance(0.002)) await world.rebalance(random.between(1, 3));
      if (random.chance(0.002)) await world.kill(random.pick(world.members));
      if (random.chance(0.003)) random.pick(world.members).producer.abort();
    }
    await world.step();
  }
  if (world.catalog.length === 0)
    return { title, checkpoints: 0, inFlight: 0, faults: ['no checkpoint was completed'] };
  for (let step = random.between(0, 300); step > 0; step--) await world.step();
  const drains = random.chance(0.4);
  const drained = drains ? await drain(world, random) : undefined;
  if (drains && drained === undefined)
    return { title, checkpoints: world.catalog.length, inFlight: 0, faults: ['it could not be drained'] };
  const metadata = drained ?? random.pick(world.catalog);

  const rewound = new World(tallies, random.fork());
  const inFlight = await rewind(world, metadata, rewound);
  await rewound.rebalance(random.between(1, 3));
  let steps = 0;
  for (; !rewound.isDrained && steps < MAX_STEPS; steps++) await rewound.step();
  const faults = steps === MAX_STEPS ? ['it did not come to an end'] : [];
  if (drained !== undefined) faults.push(...faultsOfDrain(world, drained, inFlight));
  faults.push(...differences(tallies.expected(rewound.ids), await rewound.tallied()));
  return { title, checkpoints: world.catalog.length, inFlight, faults };
}

/** Stops the application with a savepoint when nothing is on its way any more, while records come and producers fail. */
async function drain(world: World, random: SeededRandom): Promise<CheckpointMetadata | undefined> {
  const before = world.catalog.length;
  for (let step = 0, asked = 0; step < MAX_STEPS; step++) {
    if (step % 1_000 === 0) world.requestDrain(++asked);
    if (random.chance(0.02)) world.feed(1);
    if (step < STEPS_WITH_FAULTS && random.chance(0.002)) random.pick(world.members).producer.abort();
    await world.step();
    const found = world.catalog.slice(before).find(({ kind }) => kind === 'savepoint');
    if (found !== undefined) return found;
  }
  return undefined;
}

function faultsOfDrain(world: World, { tasks }: CheckpointMetadata, inFlight: number): string[] {
  const faults = inFlight === 0 ? [] : [`${inFlight} records were on their way in a drained application`];
  for (const { topic, partition, offset } of tasks.flatMap(({ inputs }) => inputs)) {
    const committed = world.broker.offsetOf(topicName(world.layout.applicationId, topic), partition);
    if (committed !== offset) faults.push(`${topic.name}-${partition} is committed to ${committed}, not to ${offset}`);
  }
  return faults;
}

/** @returns how many records were on their way at the cut */
async function rewind(from: World, metadata: CheckpointMetadata, to: World): Promise<number> {
  to.ids = [...from.ids];
  const { applicationId } = to.layout;
  const copy = (topic: string, partition: number, records: Iterable<RecordBatchReader>): number => {
    const builder = new RecordBatchBuilder(topic, 1024 * 1024);
    for (const { bytes, keyStart, keyEnd, valueStart, valueEnd, timestamp } of records)
      builder.append(timestamp, bytes.subarray(keyStart, keyEnd), bytes.subarray(valueStart, valueEnd), []);
    if (builder.recordCount > 0)
      to.broker.partition(topic, partition).append({ topic, partition, builder }, -1, undefined);
    return builder.recordCount;
  };
  for (const { partition } of from.broker.partitions('in'))
    copy('in', partition, recordsOf(from.broker.partition('in', partition).read(0).batches));
  let inFlight = 0;
  for (const { topic: reference, partition, from: start, barriers } of metadata.channels) {
    const topic = topicName(applicationId, reference);
    const cut = new ChannelCut(barriers);
    const { batches } = from.broker.partition(topic, partition).read(start);
    const counted = function* (): Iterable<RecordBatchReader> {
      for (const record of recordsOf(batches))
        if (barrierOf(record) === undefined && cut.includes(String(record.producerId), record.offset)) yield record;
    };
    inFlight += copy(topic, partition, counted());
  }
  for (const { task, inputs, files } of metadata.tasks) {
    const database = to.databases(TaskId.parse(task)!);
    const write = database.write();
    for (const [store, entries] of from.snapshots.get(files[0]!.object)!)
      for (const [key, value] of entries) write.put(database.store(store), key, value);
    await write.commit();
    for (const { topic, partition, offset, metadata: time } of inputs)
      to.broker.offsets.set(partitionKey(topicName(applicationId, topic), partition), {
        offset: topic.internal ? 0 : offset,
        metadata: time,
      });
  }
  return inFlight;
}

function* recordsOf(batches: readonly RecordBatchReader[]): Iterable<RecordBatchReader> {
  for (const batch of batches) while (batch.next()) yield batch;
}

type Tallies = ReadonlyMap<string, ReadonlyMap<string, Tally>>;

function differences(expected: Tallies, found: Tallies): string[] {
  const faults: string[] = [];
  for (const [store, tallies] of expected) {
    const inStore = found.get(store) ?? new Map<string, Tally>();
    for (const key of new Set([...tallies.keys(), ...inStore.keys()])) {
      const want = tallies.get(key);
      const have = inStore.get(key);
      if (want?.count !== have?.count || want?.sum !== have?.sum)
        faults.push(`${store}, ${key}: ${show(have)} instead of ${show(want)}`);
    }
  }
  return faults;
}

function show(tally: Tally | undefined): string {
  return tally === undefined ? 'nothing' : `${tally.count} records, ids ${tally.sum}`;
}
