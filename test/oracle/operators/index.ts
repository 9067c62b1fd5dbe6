import type { Operators } from '../graph';
import { aggregations } from './aggregations';
import { processors } from './process';
import { stateless } from './stateless';

/** Every operator that scenarios may use. */
export const operators: Operators = { ...stateless, ...processors, ...aggregations };
