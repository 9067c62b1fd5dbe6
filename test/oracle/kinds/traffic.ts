import type { SeededRandom } from '../../support/seeded-random';
import type { GraphStep, ScenarioStep } from '../scenario';

/** What happens to a topology. Few keys, so that they collide; times that go back, a little and far; nulls. */
export interface Traffic {
  readonly records: readonly [low: number, high: number];
  readonly keys: readonly string[];
  readonly value: (random: SeededRandom, topic: string) => string;
  /** How much later the next record is on the average, in milliseconds. */
  readonly paceMs: number;
  /** The part of records with timestamps before those of earlier records. */
  readonly outOfOrder: number;
  readonly nullValues: number;
  /** In the topics of tables: tombstones. */
  readonly tombstones: number;
  readonly nullKeys: number;
  /** The part of steps that move the wall clock. */
  readonly advances: number;
}

const USUAL: Traffic = {
  records: [15, 45],
  keys: ['a', 'b', 'c'],
  value: word,
  paceMs: 4,
  outOfOrder: 0.25,
  nullValues: 0.05,
  tombstones: 0.2,
  nullKeys: 0.03,
  advances: 0.05,
};

/** A word that says where it comes from, for results that show what they are made of. */
export function word(random: SeededRandom, topic: string): string {
  return `${random.pick(['x', 'y', 'z'])}${topic}${random.between(1, 9)}`;
}

export function decimal(random: SeededRandom): string {
  return String(random.between(-9, 9));
}

export function traffic(random: SeededRandom, graph: readonly GraphStep[], given: Partial<Traffic>): ScenarioStep[] {
  const { records, keys, value, paceMs, outOfOrder, nullValues, tombstones, nullKeys, advances } = {
    ...USUAL,
    ...given,
  };
  const sources = graph.filter(({ op }) => op === 'stream' || op === 'table' || op === 'globalTable');
  const steps: ScenarioStep[] = [];
  let latest = random.between(0, 50);
  for (let count = random.between(...records); count > 0; count--) {
    if (random.chance(advances)) steps.push({ advance: random.between(1, 10 * paceMs) });
    const { op, topic } = random.pick(sources);
    latest += random.chance(0.04) ? random.between(10, 40) * paceMs : random.between(0, 2 * paceMs);
    const back = random.chance(outOfOrder) ? random.between(1, (random.chance(0.2) ? 40 : 6) * paceMs) : 0;
    steps.push({
      topic: topic!,
      key: random.chance(nullKeys) ? null : random.pick(keys),
      value: random.chance(op === 'stream' ? nullValues : tombstones) ? null : value(random, topic!),
      timestamp: Math.max(0, latest - back),
    });
  }
  return steps;
}
