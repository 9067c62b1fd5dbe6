import { type Counter, type Gauge, type Histogram, Registry } from 'prom-client';
import { addProcessMetrics, createMetrics } from '../../src/metrics/metrics';

type Metric = Counter | Gauge | Histogram;

describe('createMetrics', () => {
  it('counts apart for each application', async () => {
    const one = createMetrics();
    const other = createMetrics();
    one.commits.inc(2);
    expect((await one.commits.get()).values).toMatchObject([{ value: 2 }]);
    expect((await other.commits.get()).values).toMatchObject([{ value: 0 }]);
  });

  it('follows the naming rules of Prometheus', async () => {
    const { registry } = createMetrics();
    const all = await registry.getMetricsAsJSON();
    for (const { name, type, help } of all) {
      expect(name).toMatch(/^millrace_[a-z]+(_[a-z]+)*$/);
      expect(help).toMatch(/^[A-Z0-9].*\.$/);
      expect(name.endsWith('_total')).toBe(String(type) === 'counter');
      expect(name).not.toMatch(/_(ms|millis|kb|mb)(_|$)/);
    }
  });

  it('has every field in its registry', () => {
    const { registry, ...fields } = createMetrics();
    const registered = registry.getMetricsAsArray() as unknown as Metric[];
    expect(new Set(registered)).toEqual(new Set(Object.values<unknown>(fields)));
  });

  it('prints labelled values for Prometheus', async () => {
    const metrics = createMetrics();
    metrics.recordsIn.labels('sentences').inc(10);
    metrics.lag.set({ topic: 'sentences', partition: 3 }, 7);
    metrics.recordsSkipped.inc({ topic: 'sentences', reason: 'deserialization' });
    metrics.commitLatency.observe(0.02);
    const text = await metrics.registry.metrics();
    expect(text).toContain('millrace_records_in_total{topic="sentences"} 10');
    expect(text).toContain('millrace_lag_records{topic="sentences",partition="3"} 7');
    expect(text).toContain('millrace_records_skipped_total{topic="sentences",reason="deserialization"} 1');
    expect(text).toContain('millrace_commit_latency_seconds_bucket{le="0.025"} 1');
  });
});

describe('addProcessMetrics', () => {
  it("adds memory, CPU and event loop of Node's process", async () => {
    const registry = new Registry();
    addProcessMetrics(registry);
    const text = await registry.metrics();
    for (const name of ['process_resident_memory_bytes', 'process_cpu_seconds_total', 'nodejs_eventloop_lag_seconds']) {
      expect(text).toContain(`# HELP ${name} `);
    }
  });
});
