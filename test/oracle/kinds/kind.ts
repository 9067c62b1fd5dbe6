import type { SeededRandom } from '../../support/seeded-random';
import type { GraphStep, Scenario } from '../scenario';
import { traffic, type Traffic } from './traffic';

/** A family of scenarios: one shape of topology. A seed chooses its parameters and what happens to it. */
export interface ScenarioKind {
  readonly name: string;
  /** Whether its topology goes on after a kill as if nothing had been. */
  readonly restartable: boolean;
  generate(random: SeededRandom): Scenario;
}

/**
 * A kind from its graph.
 *
 * @param options - what is peculiar in its traffic, see {@link Traffic}, and whether it is restartable; default true
 */
export function kind(
  name: string,
  graph: (random: SeededRandom) => readonly GraphStep[],
  options: Partial<Traffic & { readonly restartable: boolean }> = {},
): ScenarioKind {
  const { restartable = true, ...given } = options;
  return {
    name,
    restartable,
    generate(random) {
      const steps = graph(random.fork());
      return { id: name, graph: steps, steps: traffic(random.fork(), steps, given) };
    },
  };
}
