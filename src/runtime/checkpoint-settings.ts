import { AdaptiveInterval } from '../checkpoint/adaptive-interval';
import {
  adaptively,
  continuously,
  everyInterval,
  everyRecords,
  type CheckpointSchedule,
} from '../checkpoint/checkpoint-schedule';
import type { CoordinatorSettings } from '../checkpoint/coordinator';
import type { MillraceConfig } from '../config/millrace-config';

/** What a configuration says of when checkpoints are taken, and what is measured for that. */
export interface CheckpointSettings extends CoordinatorSettings {
  readonly measured: AdaptiveInterval;
}

/** @param now - milliseconds since 1970 */
export function checkpointSettings(config: MillraceConfig, now: number): CheckpointSettings {
  const measured = new AdaptiveInterval(
    { minMs: config.checkpointMinIntervalMs, maxMs: config.checkpointMaxIntervalMs },
    now,
  );
  return {
    schedule: scheduleOf(config, measured),
    timeoutMs: config.checkpointTimeoutMs,
    minPauseMs: config.checkpointMinPauseMs,
    toleratedFailures: config.checkpointToleratedFailures,
    measured,
  };
}

function scheduleOf(config: MillraceConfig, measured: AdaptiveInterval): CheckpointSchedule | undefined {
  switch (config.checkpointTrigger) {
    case 'interval':
      return everyInterval(config.checkpointIntervalMs);
    case 'records':
      return everyRecords(config.checkpointRecords);
    case 'continuous':
      return continuously();
    case 'adaptive':
      return adaptively((now) => measured.at(now));
    case 'on-demand':
      return undefined;
  }
}
