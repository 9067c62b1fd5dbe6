import type { MillraceOptions } from '../../src/config/millrace-config';
import { CompiledServices } from '../support/compiled-services';
import { fleetWithTopics, type FleetWithTopics } from '../support/fleet-topics';
import { followTopic, produce } from '../support/kafka-clients';
import { metricsOf } from '../support/service-metrics';
import type { LogLine } from '../support/service-process';
import { sharedBrokers } from '../support/shared-broker';

const RECORDS = [...'abab'].map((key) => ({ key, value: 'fine' }));
const THROWS = { key: 'a', value: 'throw' };

describe('a processor that throws', () => {
  let brokers: string[];
  let services: CompiledServices;
  let application: FleetWithTopics;

  beforeAll(async () => {
    brokers = await sharedBrokers();
    services = await CompiledServices.compile();
  });

  async function prepare(failures: number, options: Partial<MillraceOptions>): Promise<void> {
    application = await fleetWithTopics({
      brokers,
      services,
      topology: 'throwing',
      partitions: 1,
      parameters: { failures: String(failures) },
      options: { httpPort: 0, restartDelayMs: 50, ...options },
    });
    await produce(brokers, application.input, [...RECORDS, THROWS, ...RECORDS]);
  }

  afterEach(() => application.fleet.dispose());

  afterAll(() => services.remove());

  const restarts = (log: readonly LogLine[]): LogLine[] => log.filter(({ event }) => event === 'thread_restarting');
  const statesIn = (log: readonly LogLine[]): unknown[] =>
    log.filter(({ event }) => event === 'state_changed').map(({ to }) => to);

  it('twice and then works is restarted twice by fixed-delay, and every record counts once', async () => {
    // Nothing is committed before the record that throws.
    await prepare(2, { restartStrategy: 'fixed-delay', restartAttempts: 2, commitIntervalMs: 3_000 });
    const service = application.fleet.start('only');
    const results = await followTopic(brokers, application.output);
    try {
      await results.until(() => results.records.at(-1)?.value?.toString() === '4', { what: 'the last result' });
    } finally {
      await results.stop();
    }
    const last = new Map(results.records.map(({ key, value }) => [key!.toString(), value!.toString()]));
    expect(Object.fromEntries(last)).toEqual({ a: '5', b: '4' });
    expect(restarts(service.log)).toMatchObject([
      { level: 'warn', restart: 1, restartAfterMs: 50, err: { code: 'PROCESSING_FAILED' } },
      { level: 'warn', restart: 2, restartAfterMs: 50 },
    ]);
    const { detectMs, catchUpMs } = await service.until(({ event }) => event === 'recovered', { what: 'the recovery' });
    const metrics = await metricsOf(service);
    expect(metrics.get('millrace_tasks')).toBe(1);
    expect(metrics.get('millrace_replayed_records_total')).toBe(2 * RECORDS.length);
    expect(metrics.get('millrace_recovery_seconds_count{phase="detect"}')).toBe(1);
    // The thread that died waited so long to come back, and caught up with its first commit.
    expect(detectMs).toBeGreaterThanOrEqual(50);
    expect(catchUpMs).toBeGreaterThan(0);
    expect(await service.terminate()).toEqual({ code: 0, signal: null });
    expect(new Set(statesIn(service.log))).toEqual(
      new Set(['REBALANCING', 'RUNNING', 'PENDING_SHUTDOWN', 'NOT_RUNNING']),
    );
  }, 60_000);

  it('more often than fixed-delay restarts ends the application, which says how often it was tried', async () => {
    await prepare(9, { restartStrategy: 'fixed-delay', restartAttempts: 1 });
    const service = application.fleet.start('only');
    expect(await service.end()).toEqual({ code: 1, signal: null });
    expect(restarts(service.log)).toHaveLength(1);
    const fatal = service.log.at(-1)!;
    expect(fatal).toMatchObject({ level: 'fatal', err: { code: 'RESTARTS_EXHAUSTED', restarts: 1 } });
    expect(fatal.msg).toMatch(
      /after 1 restart, as the restart strategy fixed-delay \(attempts: 1, delay: 50 ms\) says.*away/s,
    );
    expect(statesIn(service.log).slice(-2)).toEqual(['PENDING_ERROR', 'ERROR']);
  }, 60_000);

  it('ends the application at once without a restart strategy', async () => {
    await prepare(2, {});
    const service = application.fleet.start('only');
    expect(await service.end()).toEqual({ code: 1, signal: null });
    expect(restarts(service.log)).toEqual([]);
    expect(service.log.at(-1)).toMatchObject({ level: 'fatal', err: { code: 'PROCESSING_FAILED' } });
    expect(statesIn(service.log).slice(-2)).toEqual(['PENDING_ERROR', 'ERROR']);
  }, 60_000);

  it('can be stopped while a restart waits', async () => {
    await prepare(9, { restartStrategy: 'fixed-delay', restartDelayMs: 3_600_000 });
    const service = application.fleet.start('only');
    await service.until(({ event }) => event === 'thread_restarting', { what: 'the restart that waits' });
    expect(await service.terminate()).toEqual({ code: 0, signal: null });
    expect(statesIn(service.log).slice(-2)).toEqual(['PENDING_SHUTDOWN', 'NOT_RUNNING']);
  }, 60_000);
});
