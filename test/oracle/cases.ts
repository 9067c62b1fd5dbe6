import { SeededRandom } from '../support/seeded-random';
import { compare, type Verdict } from './compare';
import type { ScenarioKind } from './kinds/kind';
import { runOnMillrace, type Restarts } from './millrace';
import type { Scenario, ScenarioResult } from './scenario';
import { show } from './show';
import { shrink } from './shrink';

/** The side that is right: Kafka Streams. */
export interface ScenarioRunner {
  run(scenario: Scenario): Promise<ScenarioResult>;
}

/** A scenario with which the two sides differ, as small as it could be made. */
export interface Difference {
  readonly kind: string;
  readonly seed: number;
  readonly scenario: Scenario;
  /** Millrace gives the right result where nothing is killed. */
  readonly onlyWithRestarts: boolean;
  readonly kafka: ScenarioResult;
  readonly millrace: ScenarioResult;
}

export interface CaseCounts {
  cases: number;
  different: number;
  /** How many cases differ on purpose, by the names of the differences. */
  readonly intended: Map<string, number>;
}

export function noCases(): CaseCounts {
  return { cases: 0, different: 0, intended: new Map() };
}

/** One in so many seeds also has Millrace killed in the middle. */
const RESTARTS_EVERY = 5;
/**
 * Kafka Streams' in-memory stores are ten times as fast as RocksDB and nearly always lead to the same; where they seem to differ from
 * Millrace, RocksDB has the last word. One in so many seeds asks RocksDB alone.
 */
const ROCKSDB_EVERY = 10;

/**
 * Runs `seeds` scenarios of a kind on both sides.
 *
 * @returns the first difference, if there is one, shrunk
 */
export async function runKind(
  streams: ScenarioRunner,
  kind: ScenarioKind,
  { base, seeds }: { readonly base: number; readonly seeds: number },
  counts: CaseCounts,
): Promise<Difference | undefined> {
  const all = Array.from({ length: seeds }, (_, index) => base + index).map((seed) => {
    const random = new SeededRandom(seed ^ hash(kind.name));
    const generated = kind.generate(random);
    const stores = seed % ROCKSDB_EVERY === 0 || needsRocksdb(generated) ? 'rocksdb' : 'memory';
    const scenario: Scenario = { ...generated, stores };
    return {
      seed,
      scenario,
      restarts: kind.restartable && seed % RESTARTS_EVERY === 1 ? restartsIn(scenario, random) : undefined,
    };
  });
  const answers = all.map(({ scenario }) => streams.run(scenario));
  // One that fails while another is awaited is reported when its turn comes.
  for (const answer of answers) answer.catch(() => undefined);
  let first: Difference | undefined;
  for (const [index, { seed, scenario, restarts }] of all.entries()) {
    counts.cases++;
    const kafka = await answers[index]!;
    const onRocksdb: Scenario = { ...scenario, stores: 'rocksdb' };
    const verdictWith = async (killed: Restarts | undefined): Promise<Verdict> => {
      const millrace = await runOnMillrace(scenario, killed);
      const verdict = compare(scenario, kafka, millrace);
      if (verdict !== 'different' || scenario.stores === 'rocksdb') return verdict;
      return compare(scenario, await streams.run(onRocksdb), millrace);
    };
    let verdict = await verdictWith(undefined);
    const onlyWithRestarts = verdict !== 'different' && restarts !== undefined;
    if (onlyWithRestarts) verdict = await verdictWith(restarts);
    if (verdict === 'different') {
      counts.different++;
      first ??= await shrunk(streams, { kind: kind.name, seed, scenario: onRocksdb, onlyWithRestarts });
    } else if (verdict !== 'same') {
      for (const { name } of verdict.intended) counts.intended.set(name, (counts.intended.get(name) ?? 0) + 1);
    }
  }
  return first;
}

/** A difference for people: its seed, the smallest case, and what each side gave. */
export function describeDifference({ kind, seed, scenario, onlyWithRestarts, kafka, millrace }: Difference): string {
  const again = `npm run oracle -- --kind '${kind}' --base ${seed} --seeds 1`;
  const restarted = onlyWithRestarts ? ', with Millrace killed before every step' : '';
  return `${kind}, seed ${seed}${restarted} (${again}):\n${show(scenario, { kafka, millrace })}`;
}

type Found = Pick<Difference, 'kind' | 'seed' | 'scenario' | 'onlyWithRestarts'>;

async function shrunk(streams: ScenarioRunner, found: Found): Promise<Difference> {
  const both = async (scenario: Scenario) => {
    const restarts: Restarts | undefined = found.onlyWithRestarts
      ? new Map(scenario.steps.map((_, index) => [index, 'lost']))
      : undefined;
    const [kafka, millrace] = await Promise.all([streams.run(scenario), runOnMillrace(scenario, restarts)]);
    return { kafka, millrace };
  };
  const steps = await shrink(found.scenario.steps, async (shorter) => {
    const scenario = { ...found.scenario, steps: shorter };
    const { kafka, millrace } = await both(scenario);
    return compare(scenario, kafka, millrace) === 'different';
  });
  const scenario = { ...found.scenario, steps };
  return { ...found, scenario, ...(await both(scenario)) };
}

function restartsIn({ steps }: Scenario, random: SeededRandom): Restarts {
  const moments = Array.from({ length: 3 }, () => random.between(0, steps.length - 1));
  return new Map(moments.map((step) => [step, random.pick(['kept', 'lost'] as const)]));
}

/** Kafka Streams' in-memory stores forget windows before they are emitted on close, and sessions are never emitted. */
function needsRocksdb({ graph }: Scenario): boolean {
  return graph.some(({ emit }) => emit === 'on-close');
}

/** Kinds draw different numbers from one seed. */
function hash(text: string): number {
  let sum = 0;
  for (const character of text) sum = (Math.imul(sum, 31) + character.charCodeAt(0)) | 0;
  return sum;
}
