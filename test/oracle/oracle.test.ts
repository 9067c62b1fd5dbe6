import { SeededRandom } from '../support/seeded-random';
import { describeDifference, noCases, runKind } from './cases';
import { KafkaStreams } from './kafka-streams';
import { kinds } from './kinds';
import { aggregationKinds } from './kinds/aggregations';

const SEEDS = 50;
const base = Number(process.env['MILLRACE_TEST_SEED'] ?? 0);

let streams: KafkaStreams;
// The first run downloads Kafka Streams.
beforeAll(async () => void (streams = await KafkaStreams.start((line) => process.stderr.write(`${line}\n`))), 600_000);
afterAll(() => streams.close());

describe(`What Kafka Streams emits, Millrace emits (${SEEDS} seeds from ${base} on)`, () => {
  it.each(kinds.map((each) => [each.name, each] as const))(
    '%s',
    async (_, each) => {
      const difference = await runKind(streams, each, { base, seeds: SEEDS }, noCases());
      if (difference !== undefined) throw new Error(describeDifference(difference));
      // Takes a second, and longer only to shrink a difference.
    },
    300_000,
  );
});

describe('The comparison', () => {
  it('has kinds with names of their own, and scenarios that a seed repeats', () => {
    expect(new Set(kinds.map(({ name }) => name)).size).toBe(kinds.length);
    for (const each of kinds) {
      expect(each.generate(new SeededRandom(base))).toEqual(each.generate(new SeededRandom(base)));
    }
  });

  it('finds a difference, and shrinks it to what is needed to see it', async () => {
    const forgetful = {
      // Kafka Streams, but for records of the value that ends with 7.
      run: (scenario: Parameters<KafkaStreams['run']>[0]) =>
        streams.run({
          ...scenario,
          steps: scenario.steps.map((step) => ('topic' in step && step.value?.endsWith('7') ? { advance: 1 } : step)),
        }),
    };
    const counting = aggregationKinds.find(({ name }) => name === 'aggregation: count')!;
    const difference = await runKind(forgetful, counting, { base, seeds: SEEDS }, noCases());
    expect(difference!.scenario.steps).toHaveLength(1);
    expect(difference!.scenario.steps[0]).toMatchObject({ value: expect.stringMatching(/7$/) as string });
    expect(describeDifference(difference!)).toMatch(/seed \d+ .*--kind 'aggregation: count' --base \d+ --seeds 1/);
  });
});
