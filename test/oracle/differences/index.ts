import { aggregatesForgottenByCogroup } from './aggregates-forgotten-by-cogroup';
import { leftJoinWithGraceOfNullKeys, slidingWindowsOfOneInstant } from './failures';
import { initializersAsOldValues } from './initializers-as-old-values';
import type { IntendedDifference } from './intended-difference';
import { oldValuesAfterSuppress } from './old-values-after-suppress';
import { newSlidingWindows, sessionsThatGoOn } from './old-values-of-windows';
import { slidingWindowsBehindForgottenOnes } from './sliding-windows-behind-forgotten-ones';
import { windowsForgottenBeforeTheirClose } from './windows-forgotten-before-their-close';

/** All of them. */
export const intendedDifferences: readonly IntendedDifference[] = [
  initializersAsOldValues,
  newSlidingWindows,
  sessionsThatGoOn,
  oldValuesAfterSuppress,
  windowsForgottenBeforeTheirClose,
  aggregatesForgottenByCogroup,
  slidingWindowsBehindForgottenOnes,
  slidingWindowsOfOneInstant,
  leftJoinWithGraceOfNullKeys,
];
