import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { resolveConfig } from '../../src/config/millrace-config';
import { silentLogger } from '../../src/logging/logger';
import { requestFromApplication } from '../../src/runtime/request-checkpoint';
import { CountingRun } from '../chaos/counting-run';
import { CompiledCli } from '../cli/compiled-cli';
import { CompiledServices } from '../support/compiled-services';
import { SeededRandom } from '../support/seeded-random';
import { assigned, fromNowOn, running } from '../support/service-fleet';
import { metricsOf } from '../support/service-metrics';
import type { LogLine, ServiceProcess } from '../support/service-process';
import { sharedBrokers } from '../support/shared-broker';

const SEED = Number(process.env['MILLRACE_TEST_SEED'] ?? 5_101);
const SESSION_TIMEOUT_MS = 2_000;
const ALL_TASKS = 8;

const recovered = ({ event }: LogLine): boolean => event === 'recovered';
const timeOf = ({ time }: LogLine): number => Date.parse(String(time));

interface ShownAvailability {
  readonly failures: number;
  readonly replayedRecords: number;
  readonly timeBetweenFailuresMs: number | null;
  readonly lastRecovery?: { readonly detectMs: number; readonly restoreMs: number; readonly catchUpMs: number };
}

describe(`the figures of availability (seed ${SEED})`, () => {
  let brokers: string[];
  let services: CompiledServices;
  let cli: CompiledCli;
  let store: string;
  let run: CountingRun;

  beforeAll(async () => {
    brokers = await sharedBrokers();
    services = await CompiledServices.compile();
    cli = await CompiledCli.compile();
    store = mkdtempSync(path.join(tmpdir(), 'millrace-availability-'));
    run = await CountingRun.prepare({
      brokers,
      services,
      random: new SeededRandom(SEED),
      options: {
        checkpointStore: store,
        checkpointTrigger: 'on-demand',
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
        httpPort: 0,
      },
    });
  });

  afterAll(async () => {
    await run.dispose();
    rmSync(store, { recursive: true });
    cli.remove();
    services.remove();
  });

  /** Takes a checkpoint. Resolves to its id. */
  function checkpoint(): Promise<string> {
    const config = resolveConfig({ applicationId: run.fleet.applicationId, brokers });
    const wanted = { kind: 'checkpoint' as const, id: undefined, thenStop: false, answerTimeoutMs: 60_000 };
    return requestFromApplication(config, wanted, silentLogger);
  }

  /** What the command line shows of a checkpoint. */
  async function show(id: string, ...flags: string[]): Promise<string> {
    const env = { MILLRACE_APPLICATION_ID: run.fleet.applicationId, MILLRACE_CHECKPOINT_STORE: store };
    return (await cli.run(['checkpoints', 'show', id, ...flags], { env })).stdout;
  }

  async function shown(id: string): Promise<ShownAvailability> {
    return (JSON.parse(await show(id, '--json')) as { availability: ShownAvailability }).availability;
  }

  /** Until it has tasks. */
  const share = (service: ServiceProcess): Promise<LogLine> => service.until(assigned(1), { what: 'tasks' });

  it('tell how long a killed instance was missed, and count it once', async () => {
    const { fleet } = run;
    const victim = fleet.start('victim');
    const survivor = fleet.start('survivor');
    await run.startFeeding(200);
    await Promise.all([share(victim), share(survivor)]);
    expect(await shown(await checkpoint())).toMatchObject({ failures: 0, timeBetweenFailuresMs: null });

    const allAssigned = fromNowOn(survivor, assigned(ALL_TASKS));
    const revoking = fromNowOn(survivor, ({ event }) => event === 'group.revoking');
    const killedAt = Date.now();
    await victim.kill();
    const revokedAt = timeOf(await survivor.until(revoking, { what: 'the rebalance' }));
    const assignedAt = timeOf(await survivor.until(allAssigned, { what: 'all tasks' }));
    const { detectMs, restoreMs, catchUpMs } = (await survivor.until(recovered, {
      what: 'the recovery',
      timeoutMs: 60_000,
    })) as unknown as NonNullable<ShownAvailability['lastRecovery']>;
    // The victim was in the group when it was killed, so its last heartbeat was no older than the session time-out.
    expect(detectMs).toBeLessThanOrEqual(assignedAt - killedAt + SESSION_TIMEOUT_MS);
    expect(detectMs).toBeGreaterThanOrEqual(SESSION_TIMEOUT_MS);
    expect(detectMs).toBeLessThanOrEqual(assignedAt - revokedAt + SESSION_TIMEOUT_MS + 1);
    expect(catchUpMs).toBeGreaterThan(0);

    const metrics = await metricsOf(survivor);
    for (const phase of ['detect', 'restore', 'catch-up'])
      expect(metrics.get(`millrace_recovery_seconds_count{phase="${phase}"}`)).toBe(1);
    expect(metrics.get('millrace_time_between_failures_seconds')).toBeLessThan(Infinity);
    const after = await checkpoint();
    expect(await shown(after)).toMatchObject({ failures: 1, lastRecovery: { detectMs, restoreMs, catchUpMs } });
    const text = await show(after);
    expect(text).toMatch(/^failures +1 since .* UTC, .* between them$/m);
    expect(text).toMatch(/^last recovery +detected in .*, restored in .*, caught up in /m);

    // It tells of its end itself when it is back.
    const back = fleet.start('victim');
    await share(back);
    expect((await shown(await checkpoint())).failures).toBe(1);
    expect(back.log.filter(recovered)).toEqual([]);
  }, 180_000);

  it('count no instance that is stopped, and go on when all are started again', async () => {
    const { fleet } = run;
    const survivor = fleet.process('survivor');
    const allAssigned = fromNowOn(survivor, assigned(ALL_TASKS));
    const isRunning = fromNowOn(survivor, running);
    expect(await fleet.process('victim').terminate()).toEqual({ code: 0, signal: null });
    await survivor.until(allAssigned, { what: 'all tasks' });
    await survivor.until(isRunning, { what: 'the running state' });
    expect((await shown(await checkpoint())).failures).toBe(1);
    expect(survivor.log.filter(recovered)).toHaveLength(1);

    expect(await survivor.terminate()).toEqual({ code: 0, signal: null });
    fleet.start('survivor');
    await fleet.untilRunning();
    expect((await shown(await checkpoint())).failures).toBe(1);
    expect(await run.finish()).toMatchObject({ faults: [] });
  }, 120_000);
});
