import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CheckpointCatalog } from '../../src/checkpoint/checkpoint-catalog';
import { filesOf } from '../../src/checkpoint/checkpoint-files';
import { DirectorySnapshotStore } from '../../src/checkpoint/directory-snapshot-store';
import { resolveConfig } from '../../src/config/millrace-config';
import { silentLogger } from '../../src/logging/logger';
import { requestFromApplication } from '../../src/runtime/request-checkpoint';
import { sequenceFaults } from '../chaos/counting-check';
import { CompiledServices } from '../support/compiled-services';
import { fleetWithTopics, untilResults, type FleetWithTopics } from '../support/fleet-topics';
import { produce, readTopic } from '../support/kafka-clients';
import type { LogLine } from '../support/service-process';
import { sharedBrokers } from '../support/shared-broker';

/** More changelog records than are read without looking for a checkpoint. */
const KEYS = 11_000;
const SIGKILLED = { code: null, signal: 'SIGKILL' };

const about =
  (event: string, checkpoint?: string) =>
  (line: LogLine): boolean =>
    line['event'] === event && (checkpoint === undefined || line['checkpoint'] === checkpoint);

describe('a disk is lost, and checkpoints are damaged', () => {
  let brokers: string[];
  let services: CompiledServices;
  let store: string;
  let application: FleetWithTopics;
  let rounds = 0;

  beforeAll(async () => {
    brokers = await sharedBrokers();
    services = await CompiledServices.compile();
    store = mkdtempSync(path.join(tmpdir(), 'millrace-checkpoints-'));
    application = await fleetWithTopics({
      brokers,
      services,
      topology: 'per-key-count',
      partitions: 1,
      options: { checkpointStore: store, checkpointTrigger: 'on-demand' },
    });
  }, 60_000);

  afterAll(async () => {
    await application.fleet.dispose();
    rmSync(store, { recursive: true });
    services.remove();
  });

  /** One record for each key, and all of them counted. */
  async function countRound(): Promise<void> {
    const { input } = application;
    await produce(
      brokers,
      input,
      Array.from({ length: KEYS }, (_, key) => ({ key: `key-${key}`, value: '' })),
    );
    const results = ++rounds * KEYS;
    await untilResults(brokers, application, results);
  }

  async function checkpoint(full = false): Promise<string> {
    const config = resolveConfig({ applicationId: application.fleet.applicationId, brokers });
    const wanted = { kind: 'checkpoint' as const, id: undefined, thenStop: false, full, answerTimeoutMs: 30_000 };
    return requestFromApplication(config, wanted, silentLogger);
  }

  function catalogOf(): CheckpointCatalog {
    const snapshots = new DirectorySnapshotStore({ directory: store });
    return new CheckpointCatalog(snapshots, application.fleet.applicationId, silentLogger);
  }

  /** Flips one bit in the middle of the first file, or the one of that name, that only this checkpoint has. */
  async function damage(id: string, others: readonly string[], wanted?: string): Promise<void> {
    const catalog = catalogOf();
    const shared = new Set<string>();
    for (const other of others) for (const { object } of filesOf(await catalog.read(other))) shared.add(object);
    const own = filesOf(await catalog.read(id)).find(
      ({ name, object, sizeInBytes }) => sizeInBytes > 0 && !shared.has(object) && name === (wanted ?? name),
    );
    const file = path.join(store, own!.object);
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(file, bytes);
  }

  async function loseDisk(): Promise<void> {
    const { fleet } = application;
    if (fleet.process('only').ended === undefined) await fleet.process('only').kill();
    rmSync(fleet.stateDirectory('only'), { recursive: true });
  }

  async function faults(): Promise<string[]> {
    const expected = new Map(Array.from({ length: KEYS }, (_, key) => [`key-${key}`, rounds]));
    const results = await readTopic(brokers, application.output);
    return sequenceFaults('count', results, expected, ({ key, value }) => [key!.toString(), value!.toString()]);
  }

  it('a damaged one is said to be, and the one before is used, also after a kill while it was installed', async () => {
    const { fleet } = application;
    fleet.start('only');
    await countRound();
    const first = await checkpoint();
    await countRound();
    const second = await checkpoint();
    await damage(second, [first]);

    await loseDisk();
    const victim = fleet.start('only', { selfSignal: { point: 'during-install', visit: 1, signal: 'SIGKILL' } });
    expect(await victim.end()).toEqual(SIGKILLED);
    expect(victim.log.some(about('checkpoint_unusable', second))).toBe(true);
    expect(victim.log.some(about('checkpoint_installed'))).toBe(false);

    const again = fleet.start('only');
    await again.until(about('checkpoint_installed', first), { what: 'state of the first checkpoint' });
    expect(again.log.some(about('checkpoint_unusable', second))).toBe(true);
    await countRound();
    expect(await faults()).toEqual([]);

    await damage(first, []);
    await loseDisk();
    const last = fleet.start('only');
    const { records } = await last.until(about('restored'), { what: 'state of the changelog' });
    expect(records).toBeGreaterThanOrEqual(KEYS);
    for (const id of [first, second]) expect(last.log.some(about('checkpoint_unusable', id))).toBe(true);
    expect(last.log.some(about('checkpoint_installed'))).toBe(false);
    await countRound();

    // A database that is made anew may have files with the very content of those that were damaged.
    const third = await catalogOf().read(await checkpoint());
    for (const { object } of filesOf(third)) expect(object).toContain(`/files/${third.number}/`);
    expect((await catalogOf().verify(third, { deep: true })).problems).toEqual([]);
    await countRound();
    const fourth = await checkpoint();
    const later = filesOf(await catalogOf().read(fourth)).map(({ object }) => object);
    expect(filesOf(third).some(({ object }) => later.includes(object))).toBe(true);

    // Nobody has noticed yet: whoever verifies finds it, in the next one too, until a full one is asked for.
    await damage(fourth, [], 'CURRENT');
    const problemsOf = async (id: string): Promise<readonly string[]> =>
      (await catalogOf().verify(await catalogOf().read(id), { deep: true })).problems.map(({ object }) => object);
    const found = await problemsOf(fourth);
    expect(found).toHaveLength(1);
    expect(await problemsOf(await checkpoint())).toEqual(found);
    const whole = await checkpoint(true);
    expect(await problemsOf(whole)).toEqual([]);
    expect(await problemsOf(await checkpoint())).toEqual([]);
    expect(await last.terminate()).toEqual({ code: 0, signal: null });
    expect(await faults()).toEqual([]);
  }, 120_000);
});
