import { aggregatesForgottenByCogroup } from './aggregates-forgotten-by-cogroup';
import { initializersAsOldValues } from './initializers-as-old-values';
import type { IntendedDifference } from './intended-difference';
import { windowsForgottenBeforeTheirClose } from './windows-forgotten-before-their-close';

/** All of them. */
export const intendedDifferences: readonly IntendedDifference[] = [
  initializersAsOldValues,
  windowsForgottenBeforeTheirClose,
  aggregatesForgottenByCogroup,
];
