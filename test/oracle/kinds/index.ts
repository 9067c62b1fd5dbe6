import { aggregationKinds } from './aggregations';
import { cogroupKinds } from './cogroup';
import { joinKinds } from './joins';
import type { ScenarioKind } from './kind';
import { punctuationKinds } from './punctuation';
import { statelessKinds } from './stateless';
import { streamJoinKinds } from './stream-joins';
import { suppressKinds } from './suppress';
import { tableKinds } from './tables';
import { versionedKinds } from './versioned';
import { windowKinds } from './windows';

/** All kinds of scenarios. */
export const kinds: readonly ScenarioKind[] = [
  ...statelessKinds,
  ...aggregationKinds,
  ...punctuationKinds,
  ...tableKinds,
  ...joinKinds,
  ...versionedKinds,
  ...windowKinds,
  ...cogroupKinds,
  ...suppressKinds,
  ...streamJoinKinds,
];
