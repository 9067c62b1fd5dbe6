import type { MillraceMetrics } from '../metrics/metrics';
import type { FailureCounter, SkipReason } from '../task/record-failures';

/** Counts bad records in the application's metrics, by the topic that they came from. */
export class MetricsFailureCounter implements FailureCounter {
  constructor(private readonly metrics: MillraceMetrics) {}

  recordSkipped(topic: string, reason: SkipReason): void {
    this.metrics.recordsSkipped.inc({ topic, reason });
  }

  recordDeadLettered(topic: string, reason: SkipReason): void {
    this.metrics.recordsDeadLettered.inc({ topic, reason });
  }
}
