import {
  exponentialDelay,
  failureRate,
  fixedDelay,
  noRestart,
  type RestartStrategy,
} from '../checkpoint/restart-strategy';
import type { MillraceConfig } from '../config/millrace-config';

/** The restart strategy that a configuration names. */
export function configuredRestarts(config: MillraceConfig, random: () => number = Math.random): RestartStrategy {
  switch (config.restartStrategy) {
    case 'none':
      return noRestart();
    case 'fixed-delay':
      return fixedDelay({ attempts: config.restartAttempts, delayMs: config.restartDelayMs });
    case 'failure-rate':
      return failureRate({
        maxFailures: config.restartMaxFailures,
        intervalMs: config.restartFailureIntervalMs,
        delayMs: config.restartDelayMs,
      });
    case 'exponential-delay':
      return exponentialDelay(
        {
          initialMs: config.restartInitialDelayMs,
          maxMs: config.restartMaxDelayMs,
          multiplier: config.restartDelayMultiplier,
          resetAfterMs: config.restartResetAfterMs,
          jitter: config.restartJitter,
        },
        random,
      );
  }
}
