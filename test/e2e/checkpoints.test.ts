import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sequenceFaults } from '../chaos/counting-check';
import { CompiledServices } from '../support/compiled-services';
import { fleetWithTopics, type FleetWithTopics } from '../support/fleet-topics';
import { followTopic, produce, readTopic } from '../support/kafka-clients';
import { sharedBrokers } from '../support/shared-broker';
import type { LogLine } from '../support/service-process';

/** More changelog records than are read without looking for a checkpoint. */
const KEYS = 15_000;
const completed = ({ event }: LogLine): boolean => event === 'checkpoint_completed';
const installed = ({ event }: LogLine): boolean => event === 'checkpoint_installed';

describe('the checkpoints of a service', () => {
  let brokers: string[];
  let services: CompiledServices;
  let application: FleetWithTopics;
  let store: string;

  beforeAll(async () => {
    brokers = await sharedBrokers();
    services = await CompiledServices.compile();
  });

  beforeEach(() => {
    store = mkdtempSync(path.join(tmpdir(), 'millrace-checkpoints-'));
  });

  afterEach(async () => {
    await application.fleet.dispose();
    rmSync(store, { recursive: true });
  });

  afterAll(() => services.remove());

  async function untilResults(count: number): Promise<void> {
    const follower = await followTopic(brokers, application.output);
    try {
      await follower.until(() => follower.records.length >= count, { what: `${count} results`, timeoutMs: 60_000 });
    } catch (error) {
      application.fleet.throwIfEnded();
      throw error;
    } finally {
      await follower.stop();
    }
  }

  /** One record for each key. */
  async function writeRound(): Promise<void> {
    const records = Array.from({ length: KEYS }, (_, key) => ({ key: `key-${key}`, value: '' }));
    await produce(brokers, application.input, records);
  }

  async function faultsAfter(rounds: number): Promise<string[]> {
    const expected = new Map(Array.from({ length: KEYS }, (_, key) => [`key-${key}`, rounds]));
    return sequenceFaults('count', await readTopic(brokers, application.output), expected, ({ key, value }) => [
      key!.toString(),
      value!.toString(),
    ]);
  }

  it('replace a disk that was lost: only what came after is read from the changelog, and the counts go on', async () => {
    application = await fleetWithTopics({
      brokers,
      services,
      topology: 'per-key-count',
      partitions: 1,
      options: { checkpointStore: store, checkpointTrigger: 'continuous' },
    });
    const { fleet } = application;
    await writeRound();
    const service = fleet.start('only');
    await untilResults(KEYS);
    const { id: already } = await service.until(completed, { what: 'a checkpoint' });
    await service.until((line) => completed(line) && line['id'] !== already, { what: 'another checkpoint' });
    await service.kill();
    rmSync(fleet.stateDirectory('only'), { recursive: true });

    const again = fleet.start('only');
    await again.until(installed, { what: 'state from a checkpoint' });
    await writeRound();
    await untilResults(2 * KEYS);
    expect(await again.terminate()).toEqual({ code: 0, signal: null });
    expect(await faultsAfter(2)).toEqual([]);
  }, 120_000);
});
