import type { Recovery } from '../checkpoint/availability';
import type { Logger } from '../logging/logger';
import type { MillraceMetrics } from '../metrics/metrics';

/** Brings the recovery of a stream thread into the metrics and the log. */
export function reportRecovery(recovery: Recovery, metrics: MillraceMetrics, logger: Logger): void {
  const [detectMs, restoreMs, catchUpMs] = [recovery.detectMs, recovery.restoreMs, recovery.catchUpMs].map(Math.round);
  metrics.recovery.observe({ phase: 'detect' }, recovery.detectMs / 1000);
  metrics.recovery.observe({ phase: 'restore' }, recovery.restoreMs / 1000);
  metrics.recovery.observe({ phase: 'catch-up' }, recovery.catchUpMs / 1000);
  logger.info(
    { event: 'recovered', detectMs, restoreMs, catchUpMs },
    `Recovered from a failure: ${detectMs} ms to detect it, ${restoreMs} ms to restore, ${catchUpMs} ms to catch up`,
  );
}
