import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CheckpointCatalog } from '../../src/checkpoint/checkpoint-catalog';
import { DirectorySnapshotStore } from '../../src/checkpoint/directory-snapshot-store';
import { resolveConfig } from '../../src/config/millrace-config';
import { serdes } from '../../src/index';
import { LogWriter, type ClusterClient } from '../../src/kafka';
import { silentLogger } from '../../src/logging/logger';
import { Millrace } from '../../src/runtime/millrace';
import { ConnectedClusters } from '../kafka/connected-cluster';
import { SmallApplication } from '../runtime/small-application';
import { CompiledServices } from '../support/compiled-services';
import { createTopics, produce, readTopic } from '../support/kafka-clients';
import { uniqueName } from '../support/kafka-names';
import { ServiceProcess } from '../support/service-process';
import { sharedBrokers } from '../support/shared-broker';
import { build, text } from '../topology/build';

const PARTITIONS = 2;
const SIGKILLED = { code: null, signal: 'SIGKILL' };

/** A word count that ran to its end, with a checkpoint in the middle, and the command line. */
class Scene {
  readonly applicationId = uniqueName('killed');
  readonly input = `${this.applicationId}-in`;
  readonly output = `${this.applicationId}-out`;
  readonly directory = mkdtempSync(path.join(tmpdir(), 'millrace-killed-'));
  readonly checkpoints = path.join(this.directory, 'checkpoints');
  readonly topology = build((builder) =>
    builder
      .stream(this.input, text)
      .groupBy((_key, word) => word, text)
      .count('counts')
      .toStream()
      .to(this.output, { value: serdes.decimalText }),
  );
  private readonly applications: SmallApplication[] = [];

  constructor(
    readonly brokers: string[],
    private readonly cluster: ClusterClient,
    private readonly services: CompiledServices,
  ) {}

  application(id = this.applicationId): SmallApplication {
    const application = new SmallApplication(this.cluster, this.brokers, id, this.topology);
    this.applications.push(application);
    return application;
  }

  async write(words: string): Promise<void> {
    const records = words.split(' ').map((value, index) => ({ partition: index % PARTITIONS, value }));
    await produce(this.brokers, this.input, records);
  }

  /** As if a sender had sent it, and nobody had read it yet. */
  async sendOnItsWay(word: string): Promise<void> {
    const writer = await LogWriter.open(this.cluster);
    const [key, value] = [Buffer.from(word), Buffer.from(word)];
    const topic = `${this.applicationId}-counts-repartition`;
    await writer.write({ topic, partition: 0 }, [{ timestamp: Date.now(), key, value, headers: [] }]);
    writer.close();
  }

  async checkpoint(application: SmallApplication): Promise<void> {
    const store = new DirectorySnapshotStore({ directory: this.checkpoints });
    const catalog = new CheckpointCatalog(store, this.applicationId, silentLogger);
    await catalog.write(await application.checkpoint(store, 1));
  }

  /** Everything that ever came out, by where it is. */
  async outputs(): Promise<ReadonlyMap<string, string>> {
    const records = await readTopic(this.brokers, this.output);
    return new Map(
      records.map(({ partition, offset, key, value }) => [`${partition}-${offset}`, `${String(key)} ${String(value)}`]),
    );
  }

  /** Runs `millrace`, which dies before the first change that is not one of these. */
  command(survived: readonly string[], application: SmallApplication, args: readonly string[]): ServiceProcess {
    const module = path.join(this.directory, 'word-count.cjs');
    const sources = path.resolve(path.dirname(this.services.program('')), '../../../src');
    writeFileSync(
      module,
      `const { serdes } = require('${sources}/index.js');
       const text = { key: serdes.string, value: serdes.string };
       module.exports = (builder) => builder.stream('${this.input}', text).groupBy((_key, word) => word, text)
         .count('counts').toStream().to('${this.output}', { value: serdes.decimalText });`,
    );
    const settings = [
      ...['--application-id', this.applicationId, '--brokers', this.brokers.join(',')],
      ...['--state-dir', application.stateDir, '--checkpoint-store', this.checkpoints],
      ...['--transaction-timeout-ms', '5000'],
    ];
    const [name, ...rest] = args;
    return ServiceProcess.start({
      program: this.services.program('dying-command'),
      args: [JSON.stringify(survived), name!, module, ...settings, ...rest],
    });
  }

  /** The code of the error with which an instance does not start; undefined where it starts. */
  async refusal(application: SmallApplication): Promise<string | undefined> {
    const config = resolveConfig({ ...application.config, checkpointStore: this.checkpoints });
    const instance = new Millrace(this.topology, config, { logger: silentLogger });
    const refused = await instance.start().then(
      () => undefined,
      ({ code }: { readonly code: string }) => code,
    );
    await instance.close().catch(() => undefined);
    return refused;
  }

  async dispose(): Promise<void> {
    await Promise.all(this.applications.map((application) => application.dispose()));
    rmSync(this.directory, { recursive: true });
  }
}

describe('a command that is killed before each change that it makes', () => {
  const clusters = new ConnectedClusters();
  let services: CompiledServices;
  let scene: Scene;

  beforeAll(async () => {
    services = await CompiledServices.compile();
  });
  beforeEach(async () => {
    scene = new Scene(await sharedBrokers(), await clusters.connect(), services);
    const topics = [scene.input, scene.output];
    await createTopics(scene.brokers, ...topics.map((topic) => ({ topic, partitions: PARTITIONS })));
  });
  afterEach(() => scene.dispose());
  afterAll(async () => {
    await clusters.close();
    services.remove();
  });

  /**
   * Kills the command before its first change, and runs it again, to die before the next one that it did not die before; until it comes
   * to its end.
   *
   * @param afterDeath - gets the changes that this try had made
   * @returns all changes before which it died, each with its number among those of its kind
   */
  async function killAtEach(
    application: SmallApplication,
    args: readonly string[],
    afterDeath: (made: readonly string[]) => Promise<void>,
  ): Promise<string[]> {
    const changes: string[] = [];
    for (;;) {
      const command = scene.command(changes, application, args);
      const exit = await command.end();
      const death = command.log.find(({ event }) => event === 'dies_before');
      if (death === undefined) {
        expect([exit, command.log]).toEqual([{ code: 0, signal: null }, command.log]);
        return changes;
      }
      expect(exit).toEqual(SIGKILLED);
      await afterDeath(death['made'] as string[]);
      changes.push(String(death['change']));
    }
  }

  it.each([
    { how: 'the application itself', as: undefined },
    { how: 'a fork', as: uniqueName('killed-fork') },
  ])(
    'restore, of $how: no instance starts until it came to its end, and the results are those of a run without failures',
    async ({ as }) => {
      const application = scene.application();
      await scene.write('a b c a d e f');
      await application.runToEnd();
      await scene.sendOnItsWay('x');
      await scene.checkpoint(application);
      const before = await scene.outputs();
      await scene.write('a b new words a');
      await application.runToEnd();
      const once = await scene.outputs();

      const restored = as === undefined ? application : scene.application(as);
      const flags = ['restore', '--from', 'checkpoint-1', ...(as === undefined ? [] : ['--as', as])];
      const changes = await killAtEach(restored, flags, async (made) => {
        if (made.includes('mark 1'))
          expect([made, await scene.refusal(restored)]).toEqual([made, 'RESTORE_UNFINISHED']);
      });
      // Two changelog partitions are emptied and written, and one repartition partition.
      const needed = ['mark 1', 'DeleteRecords 1', 'Produce 5', 'OffsetCommit 1', 'unmark 1'];
      expect(changes).toEqual(expect.arrayContaining(needed));
      expect([changes[0], changes.at(-1)]).toEqual(['mark 1', 'unmark 1']);
      await restored.runToEnd();
      expect(without(await scene.outputs(), once)).toEqual(without(once, before));
    },
    240_000,
  );

  it.each([
    { how: 'that empties topics', flags: [], offsets: 'OffsetCommit 1', opening: 'IncrementalAlterConfigs 2' },
    {
      how: 'that deletes topics',
      flags: ['--delete-internal-topics'],
      offsets: 'OffsetDelete 1',
      opening: 'DeleteTopics 1',
    },
  ])(
    'reset $how: no instance starts on what is half emptied, and everything is counted once more',
    async ({ flags, offsets, opening }) => {
      const application = scene.application();
      await scene.write('a b c a d e f');
      await application.runToEnd();
      const once = await scene.outputs();
      const changes = await killAtEach(application, ['reset', ...flags], async (made) => {
        const isHalfDone = made.length > 0 && !made.includes(opening);
        if (isHalfDone) expect([made, await scene.refusal(application)]).toEqual([made, 'INTERNAL_TOPIC_MISMATCH']);
      });
      expect(changes).toEqual(expect.arrayContaining(['wipe 1', 'wipe 2', offsets]));
      // What lets instances start again comes when everything else is done.
      expect(changes.slice(-2)).toEqual([opening, 'unmark 1']);
      await application.runToEnd();
      expect(without(await scene.outputs(), once)).toEqual(without(once, new Map()));
    },
    240_000,
  );
});

/** What came out behind what was there already. */
function without(outputs: ReadonlyMap<string, string>, before: ReadonlyMap<string, string>): string[] {
  return [...outputs].flatMap(([place, output]) => (before.has(place) ? [] : [output])).sort();
}
