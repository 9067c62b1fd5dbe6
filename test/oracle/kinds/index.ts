import { aggregationKinds } from './aggregations';
import type { ScenarioKind } from './kind';
import { statelessKinds } from './stateless';

/** All kinds of scenarios. */
export const kinds: readonly ScenarioKind[] = [...statelessKinds, ...aggregationKinds];
