import { rmSync } from 'node:fs';
import { CompiledServices } from '../support/compiled-services';
import { fleetWithTopics, untilResults, type FleetWithTopics } from '../support/fleet-topics';
import { lastValues, produce, readTopic } from '../support/kafka-clients';
import { running, selfSignalled } from '../support/service-fleet';
import { sharedBrokers } from '../support/shared-broker';
import type { ServiceProcess } from '../support/service-process';

/** More than Node's ten listeners. */
const PARTITIONS = 12;
const KEYS = 20_000;
const EPOCH_RECORDS = 10;

/** Changelog records that a service replayed since its start. */
function restoredRecords({ log }: ServiceProcess): number {
  return log.filter((line) => line['event'] === 'restored').reduce((sum, line) => sum + (line['records'] as number), 0);
}

describe('recovery of local state', () => {
  let brokers: string[];
  let services: CompiledServices;
  let application: FleetWithTopics;

  beforeAll(async () => {
    brokers = await sharedBrokers();
    services = await CompiledServices.compile();
    application = await fleetWithTopics({ brokers, services, topology: 'per-key-count', partitions: PARTITIONS });
    await produce(
      brokers,
      application.input,
      Array.from({ length: KEYS }, (_, key) => ({ key: `key-${key}`, value: '' })),
    );
    application.fleet.start('only');
    await untilResults(brokers, application, KEYS);
    await application.fleet.terminateAll();
  }, 120_000);

  afterAll(async () => {
    await application.fleet.dispose();
    services.remove();
  });

  it('replays nothing after a clean stop', async () => {
    const service = application.fleet.start('only');
    await service.until(running, { what: 'the running state' });
    expect(restoredRecords(service)).toBe(0);
    await service.kill();
  }, 60_000);

  it('replays the one epoch that the state misses after a SIGKILL, whatever the size of the state', async () => {
    await produce(
      brokers,
      application.input,
      Array.from({ length: EPOCH_RECORDS }, (_, key) => ({ key: `key-${key}`, value: '' })),
    );
    const victim = application.fleet.start('only', {
      options: { commitIntervalMs: 1_000 },
      selfSignal: { point: 'after-transaction-before-state-write', visit: 1, signal: 'SIGKILL' },
    });
    expect(await victim.end()).toMatchObject({ signal: 'SIGKILL' });
    const deadAt = Date.now();

    const service = application.fleet.start('only');
    await service.until(running, { what: 'the running state' });
    expect(restoredRecords(service)).toBeGreaterThan(0);
    expect(restoredRecords(service)).toBeLessThanOrEqual(EPOCH_RECORDS);
    await untilResults(brokers, application, KEYS + EPOCH_RECORDS);
    const recovered = await service.until(({ event }) => event === 'recovered', { what: 'the recovery' });
    // It counts from the last sign of life, and the process was dead from `deadAt` until it had its tasks again.
    const assigned = service.log.find(({ event }) => event === 'group.assigned')!;
    expect(recovered['detectMs']).toBeGreaterThanOrEqual(Date.parse(String(assigned.time)) - deadAt - 1);
    await service.kill();
  }, 60_000);

  it('stops on SIGTERM in the middle of a restore, and the next start goes on', async () => {
    rmSync(application.fleet.stateDirectory('only'), { recursive: true });
    const stopped = application.fleet.start('only', {
      selfSignal: { point: 'during-restore', visit: 1, signal: 'SIGSTOP' },
    });
    await stopped.until(selfSignalled, { what: 'the restore' });
    await stopped.frozen();
    const exit = stopped.terminate();
    stopped.thaw();
    expect(await exit).toEqual({ code: 0, signal: null });
    expect(stopped.log.some(running)).toBe(false);
    const service = application.fleet.start('only');
    await service.until(running, { what: 'the running state', timeoutMs: 60_000 });
    expect(await service.terminate()).toEqual({ code: 0, signal: null });
  }, 60_000);

  it('rebuilds all of it when the disk is lost', async () => {
    rmSync(application.fleet.stateDirectory('only'), { recursive: true });
    const service = application.fleet.start('only');
    await service.until(running, { what: 'the running state', timeoutMs: 60_000 });
    expect(restoredRecords(service)).toBeGreaterThanOrEqual(KEYS);
    expect(JSON.stringify(service.log)).not.toContain('MaxListenersExceededWarning');

    await produce(brokers, application.input, [{ key: 'key-0', value: '' }]);
    await untilResults(brokers, application, KEYS + EPOCH_RECORDS + 1);
    const counts = lastValues(await readTopic(brokers, application.output));
    expect(counts.get('key-0')).toBe('3');
    expect(counts.get(`key-${EPOCH_RECORDS}`)).toBe('1');
    await service.terminate();
  }, 120_000);
});
