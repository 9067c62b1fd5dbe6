import { parseMetrics } from '../../../bench/demo/service-metrics';
import { createMetrics } from '../../../src/metrics/metrics';

describe('the metrics that the demo shows', () => {
  it('are read from what a service serves, added up over topics and partitions', async () => {
    const metrics = createMetrics();
    metrics.recordsIn.inc({ topic: 'sentences' }, 400);
    metrics.recordsIn.inc({ topic: 'demo-counts-repartition' }, 6000);
    metrics.commits.inc(12);
    metrics.lag.set({ topic: 'sentences', partition: 0 }, 30);
    metrics.lag.set({ topic: 'sentences', partition: 1 }, 4);
    expect(parseMetrics(await metrics.registry.metrics())).toEqual({ recordsIn: 6400, commits: 12, lag: 34 });
  });

  it('are zero before the service has counted anything', async () => {
    expect(parseMetrics(await createMetrics().registry.metrics())).toEqual({ recordsIn: 0, commits: 0, lag: 0 });
  });
});
