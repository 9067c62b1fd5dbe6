import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { filesOf } from '../../src/checkpoint/checkpoint-files';
import { CheckpointCatalog } from '../../src/checkpoint/checkpoint-catalog';
import { DirectorySnapshotStore } from '../../src/checkpoint/directory-snapshot-store';
import { filesPrefix, numberOfFile } from '../../src/checkpoint/object-names';
import { silentLogger } from '../../src/logging/logger';
import type { CheckpointFailpoint } from '../../src/runtime/failpoints';
import { CompiledServices } from '../support/compiled-services';
import { SeededRandom } from '../support/seeded-random';
import { fromNowOn } from '../support/service-fleet';
import type { LogLine } from '../support/service-process';
import { sharedBrokers } from '../support/shared-broker';
import { CountingRun } from './counting-run';

const SEED = Number(process.env['MILLRACE_TEST_SEED'] ?? 12_001);
const SIGKILLED = { code: null, signal: 'SIGKILL' };
const INSTANCES = ['one', 'two'] as const;
type Instance = (typeof INSTANCES)[number];

/** Coordinators say it. */
const completed = ({ event }: LogLine): boolean => event === 'checkpoint_completed';

/** Moments that only the coordinator's instance comes to. */
const OF_COORDINATOR: readonly CheckpointFailpoint[] = ['after-begin', 'before-metadata', 'after-metadata'];
const OF_THREADS: readonly CheckpointFailpoint[] = ['before-cut', 'after-cut', 'during-upload', 'after-stored'];

describe(`SIGKILLs at each step of a checkpoint (seed ${SEED})`, () => {
  const random = new SeededRandom(SEED);
  let services: CompiledServices;
  let run: CountingRun;
  let directory: string;
  let store: DirectorySnapshotStore;
  let catalog: CheckpointCatalog;

  beforeAll(async () => {
    services = await CompiledServices.compile();
  });

  beforeEach(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'millrace-checkpoints-'));
    store = new DirectorySnapshotStore({ directory });
    run = await CountingRun.prepare({
      brokers: await sharedBrokers(),
      services,
      random: random.fork(),
      options: {
        checkpointStore: directory,
        checkpointTrigger: 'continuous',
        // So long the heir waits for what its predecessor left open.
        transactionTimeoutMs: 1_500,
      },
    });
    catalog = new CheckpointCatalog(store, run.fleet.applicationId, silentLogger);
    for (const instance of INSTANCES) start(instance);
    await run.startFeeding(200);
    await run.fleet.untilRunning();
  }, 60_000);

  afterEach(async () => {
    await run.dispose();
    rmSync(directory, { recursive: true });
  });

  afterAll(() => services.remove());

  function start(instance: Instance): void {
    run.fleet.start(instance, { selfSignal: 'when-told' });
  }

  function other(instance: Instance): Instance {
    return instance === 'one' ? 'two' : 'one';
  }

  /** The instance whose coordinator completes the next checkpoint. All of those that are asked must be alive. */
  async function coordinator(alive: readonly Instance[] = INSTANCES): Promise<Instance> {
    const decided = new AbortController();
    const { signal } = decided;
    try {
      return await Promise.race(
        alive.map(async (instance) => {
          const process = run.fleet.process(instance);
          await process.until(fromNowOn(process, completed), { what: 'a checkpoint', timeoutMs: 60_000, signal });
          return instance;
        }),
      );
    } finally {
      decided.abort();
    }
  }

  async function dieAt(victim: Instance, point: CheckpointFailpoint): Promise<void> {
    run.fleet.tell(victim, { point, visit: random.between(1, 3), signal: 'SIGKILL' });
    expect(await run.fleet.process(victim).end()).toEqual(SIGKILLED);
  }

  /** Files that no complete checkpoint lists, by the checkpoint they were written for. */
  async function unlisted(): Promise<{ readonly number: number; readonly object: string }[]> {
    const found: string[] = [];
    for await (const { name } of store.list(filesPrefix(run.fleet.applicationId))) found.push(name);
    const listed = new Set<string>();
    for (const { metadata } of await catalog.list())
      for (const { object } of metadata === undefined ? [] : filesOf(metadata)) listed.add(object);
    return found.flatMap((object) =>
      listed.has(object) ? [] : [{ object, number: numberOfFile(run.fleet.applicationId, object)! }],
    );
  }

  async function newestNumber(): Promise<number> {
    const entries = (await catalog.list()).filter(({ status }) => status === 'complete');
    return Math.max(0, ...entries.map(({ number }) => number!));
  }

  /** Resolves when nothing is left of checkpoints that were not completed, up to this number. */
  async function untilSwept(number: number, alive?: readonly Instance[]): Promise<void> {
    while ((await unlisted()).some((file) => file.number <= number)) await coordinator(alive);
  }

  /** Stops everything, and looks at what is left. */
  async function finish(): Promise<void> {
    expect(await run.finish()).toMatchObject({ faults: [] });
    const left = await catalog.list();
    expect(left.length).toBeGreaterThan(0);
    for (const { status, metadata } of left) {
      expect(status).toBe('complete');
      expect((await catalog.verify(metadata!, { deep: true })).problems).toEqual([]);
    }
  }

  it.each([{ points: OF_COORDINATOR }])(
    'as the coordinator ($points): another one leads, and the next is complete',
    async ({ points }) => {
      for (const point of points) {
        const victim = await coordinator();
        await dieAt(victim, point);
        const before = await newestNumber();
        const survivor = other(victim);
        const heir = run.fleet.process(survivor);
        const { id } = await heir.until(fromNowOn(heir, completed), { what: 'the next checkpoint', timeoutMs: 60_000 });
        // Not one that has the number of another that was begun.
        expect(Number(String(id).replace('checkpoint-', ''))).toBeGreaterThan(before);
        await untilSwept(before, [survivor]);
        start(victim);
        await run.fleet.untilRunning();
      }
      await coordinator();
      await finish();
    },
    120_000,
  );

  it.each([{ points: OF_THREADS }])(
    'as a stream thread ($points): what is half made is not listed, is swept, and the next is complete',
    async ({ points }) => {
      for (const point of points) {
        await coordinator();
        const victim = random.pick(INSTANCES);
        await dieAt(victim, point);
        const left = await unlisted();
        const running = (await newestNumber()) + 1;
        if (point === 'during-upload' || point === 'after-stored')
          expect(left.filter(({ number }) => number >= running)).not.toEqual([]);
        start(victim);
        await coordinator();
        await untilSwept(running);
        await run.fleet.untilRunning();
      }
      await finish();
    },
    120_000,
  );
});
