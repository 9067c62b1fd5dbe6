import type { Operators } from '../graph';
import { aggregations } from './aggregations';
import { cogroups } from './cogroup';
import { joins } from './joins';
import { processors } from './process';
import { stateless } from './stateless';
import { streamJoins } from './stream-joins';
import { suppressions } from './suppress';
import { tables } from './tables';
import { windowed } from './windows';

/** Every operator that scenarios may use. */
export const operators: Operators = {
  ...stateless,
  ...processors,
  ...aggregations,
  ...tables,
  ...joins,
  ...windowed,
  ...cogroups,
  ...suppressions,
  ...streamJoins,
};
