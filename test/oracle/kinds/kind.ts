import type { SeededRandom } from '../../support/seeded-random';
import type { GraphStep, Scenario } from '../scenario';
import { traffic, type Traffic } from './traffic';

/** A family of scenarios: one shape of topology. A seed chooses its parameters and what happens to it. */
export interface ScenarioKind {
  readonly name: string;
  generate(random: SeededRandom): Scenario;
}

/**
 * A kind from its graph.
 *
 * @param given - what is peculiar in its traffic; see {@link Traffic}
 */
export function kind(
  name: string,
  graph: (random: SeededRandom) => readonly GraphStep[],
  given: Partial<Traffic> = {},
): ScenarioKind {
  return {
    name,
    generate(random) {
      const steps = graph(random.fork());
      return { id: name, graph: steps, steps: traffic(random.fork(), steps, given) };
    },
  };
}
