import { readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import pino from 'pino';
import { CheckpointCatalog } from '../../src/checkpoint/checkpoint-catalog';
import { filesOf } from '../../src/checkpoint/checkpoint-files';
import { createSnapshotStore } from '../../src/checkpoint/create-snapshot-store';
import type { Verification } from '../../src/checkpoint/verify-checkpoint';
import { resolveConfig, type MillraceConfig, type MillraceOptions } from '../../src/config/millrace-config';
import { silentLogger } from '../../src/logging/logger';
import { Millrace } from '../../src/runtime/millrace';
import { requestFromApplication } from '../../src/runtime/request-checkpoint';
import { StreamsBuilder } from '../../src/topology/streams-builder';
import { sequenceFaults } from '../chaos/counting-check';
import { required, s3OrReason, useTestCredentials } from '../checkpoint/s3-for-tests';
import { ConnectedClusters } from '../kafka/connected-cluster';
import { SmallApplication } from '../runtime/small-application';
import { toxiproxyProgram } from '../support/go-program';
import { failing, HttpFaults } from '../support/http-faults';
import { createTopics, produce, readTopic } from '../support/kafka-clients';
import { uniqueName } from '../support/kafka-names';
import { S3Server } from '../support/s3-server';
import perKeyCount from '../support/services/per-key-count';
import { sharedBrokers } from '../support/shared-broker';
import { SmallDisk } from '../support/small-disk';
import { FaultyNetwork } from '../support/toxiproxy';

/** More changelog records than are read without looking for a checkpoint. */
const KEYS = 11_000;
const TIMEOUT_MS = 5_000;
const keyOf = (id: string): string => `${id}:${id.repeat(64)}`;

const s3 = s3OrReason();
const toxiproxy = required(toxiproxyProgram(), 'Toxiproxy');
const command = 'command' in s3 ? s3.command : '';
const withS3 = 'command' in s3 ? describe : describe.skip;
const withNetwork = 'command' in s3 && 'command' in toxiproxy ? describe : describe.skip;
const disk = command === '' ? undefined : SmallDisk.mount(12);

interface Logged {
  readonly event: string;
  readonly reason?: string;
  readonly checkpoint?: string;
  readonly records?: number;
}

const clusters = new ConnectedClusters();
let brokers: string[];
let server: S3Server;
let bucket: string;
let application: SmallApplication | undefined;
let config: MillraceConfig;
let instance: Millrace;
let logged: Logged[];
let topics: { readonly input: string; readonly output: string };
let rounds: number;
let heal: () => unknown;

beforeAll(async () => {
  if (command === '') return;
  useTestCredentials();
  brokers = await sharedBrokers();
  server = await S3Server.start(command);
});

afterAll(async () => {
  await clusters.close();
  await server?.stop();
  disk?.unmount();
});

beforeEach(() => {
  application = undefined;
  heal = () => undefined;
});

afterEach(async () => {
  await heal();
  if (application === undefined) return;
  await instance.close();
  await application.dispose();
});

/** A new application, whose checkpoints go to a new bucket, by way of `endpoint`. */
async function run(from: S3Server, endpoint: string, options: Partial<MillraceOptions> = {}): Promise<void> {
  bucket = await from.newBucket();
  const applicationId = uniqueName('s3');
  topics = { input: `${applicationId}-in`, output: `${applicationId}-out` };
  rounds = 0;
  await createTopics(brokers, ...Object.values(topics).map((topic) => ({ topic, partitions: 1 })));
  const builder = new StreamsBuilder();
  perKeyCount(builder, topics);
  application = new SmallApplication(await clusters.connect(), brokers, applicationId, builder.build());
  config = resolveConfig({
    ...application.config,
    checkpointStore: `s3://${bucket}/checkpoints`,
    checkpointS3Endpoint: endpoint,
    checkpointS3ForcePathStyle: true,
    checkpointTrigger: 'on-demand',
    checkpointTimeoutMs: TIMEOUT_MS,
    ...options,
  });
  await start();
}

async function start(options: Partial<MillraceConfig> = {}): Promise<void> {
  config = { ...config, ...options };
  logged = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void logged.push(JSON.parse(line) as Logged) });
  instance = new Millrace(application!.topology, config, { logger });
  await instance.start();
  const running = new Promise<void>((resolve) => {
    const look = (): void => void (instance.state === 'RUNNING' && resolve());
    instance.onStateChange(look);
    look();
  });
  await Promise.race([running, instance.closed]);
}

/** The process goes, and with it its disk. */
async function loseDisk(): Promise<void> {
  await instance.close();
  rmSync(application!.stateDir, { recursive: true });
}

/** One record for each key, and all of them counted. */
async function countRound(): Promise<void> {
  rounds++;
  await produce(
    brokers,
    topics.input,
    Array.from({ length: KEYS }, (_, key) => ({ key: `key-${key}`, value: '' })),
  );
  await Promise.race([application!.untilAllIsCommitted(), instance.closed]);
}

function checkpoint(): Promise<string> {
  const wanted = { kind: 'checkpoint' as const, id: undefined, thenStop: false, answerTimeoutMs: 30_000 };
  return requestFromApplication(config, wanted, silentLogger);
}

/** Reads a checkpoint past all faults. */
async function inspect(
  from: S3Server,
  id: string,
  options: Partial<MillraceConfig> = {},
): Promise<{ readonly objects: readonly string[]; readonly problems: Verification['problems'] }> {
  const store = await createSnapshotStore({ ...config, checkpointS3Endpoint: from.endpoint, ...options });
  try {
    const catalog = new CheckpointCatalog(store!, config.applicationId, silentLogger);
    const metadata = await catalog.read(id);
    const { problems } = await catalog.verify(metadata, { deep: true });
    return { objects: filesOf(metadata).map(({ object }) => object), problems };
  } finally {
    store!.close();
  }
}

const problemsOf = async (from: S3Server, id: string): Promise<Verification['problems']> =>
  (await inspect(from, id)).problems;

/** The outputs are those of a run without faults. */
async function expectExactCounts(): Promise<void> {
  const expected = new Map(Array.from({ length: KEYS }, (_, key) => [`key-${key}`, rounds]));
  const results = await readTopic(brokers, topics.output);
  const entry = ({ key, value }: (typeof results)[number]): [string, string] => [key!.toString(), value!.toString()];
  expect(sequenceFaults('count', results, expected, entry)).toEqual([]);
}

const eventsOf = (...wanted: readonly string[]): string[] =>
  logged.map(({ event }) => event).filter((event) => wanted.includes(event));

async function outcomes(outcome: string): Promise<number> {
  const { values } = await instance.metrics.checkpoints.get();
  return values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;
}

/** Checkpoints fail while the fault lasts, for that reason; all else goes on; the first one after it is whole. */
async function expectSurvival(from: S3Server, inject: () => unknown, reason: RegExp, times = 1): Promise<void> {
  await countRound();
  await checkpoint();
  await countRound();
  await inject();
  for (let failure = 0; failure < times; failure++) {
    const failed = expect(checkpoint()).rejects.toMatchObject({
      code: 'CHECKPOINT_FAILED',
      reason: expect.stringMatching(reason) as string,
    });
    await countRound();
    await failed;
  }
  expect(logged.filter(({ event }) => event === 'checkpoint_aborted').map((line) => line.reason)).toEqual(
    Array.from({ length: times }, () => expect.stringMatching(reason) as string),
  );
  expect({ failed: await outcomes('failed'), completed: await outcomes('completed') }).toEqual({
    failed: times,
    completed: 1,
  });
  await heal();
  const next = await checkpoint();
  expect(await problemsOf(from, next)).toEqual([]);
  await countRound();
  expect(instance.state).toBe('RUNNING');
  await expectExactCounts();
}

withNetwork('an application with encrypted checkpoints in S3, behind a network', () => {
  let network: FaultyNetwork;
  const encrypted = { checkpointEncryptionKey: keyOf('a') };

  beforeAll(async () => {
    network = await FaultyNetwork.before(server.port, 'command' in toxiproxy ? toxiproxy.command : '');
  });
  afterAll(() => network.stop());
  beforeEach(() => {
    heal = () => network.heal();
  });

  it.each([
    [
      'is too slow for the time-out',
      () => network.slow(10, 'upstream'),
      /^it took longer than 5000 ms; missing: 0_0$/,
      1,
    ],
    [
      'cuts every upload in the middle',
      () => network.cutAfter(50_000, 'upstream'),
      /of task 0_0 could not be stored: Writing '.*' in s3:/,
      1,
    ],
    ['is down for some checkpoints', () => network.disconnect(), /of task 0_0 could not be stored: .*ECONNREFUSED/, 3],
  ] as const)(
    'that %s: checkpoints fail, all is processed, and the next one is whole',
    async (_, inject, reason, times) => {
      await run(server, `http://127.0.0.1:${network.port}`, encrypted);
      await expectSurvival(server, inject, reason, times);
    },
    120_000,
  );

  it('that is slow, but not too slow: a checkpoint completes, a lost disk is recovered from it', async () => {
    await run(server, `http://127.0.0.1:${network.port}`, encrypted);
    await countRound();
    await network.delay(50);
    await network.slow(1_000, 'upstream');
    await network.slow(1_000, 'downstream');
    const id = await checkpoint();
    await loseDisk();
    await start();
    await countRound();
    expect(logged.find(({ event }) => event === 'checkpoint_installed')?.checkpoint).toBe(id);
    expect(eventsOf('download_repeated', 'checkpoint_unusable')).toEqual([]);
    await expectExactCounts();
  }, 120_000);

  it('that cuts every download in the middle: a lost disk is recovered from the changelog, and that is said', async () => {
    await run(server, `http://127.0.0.1:${network.port}`, encrypted);
    await countRound();
    await checkpoint();
    await loseDisk();
    await network.cutAfter(50_000, 'downstream');
    await start();
    await countRound();
    const events = eventsOf('download_repeated', 'checkpoint_unusable', 'checkpoint_installed');
    expect([...new Set(events)]).toEqual(['download_repeated', 'checkpoint_unusable']);
    expect(logged.find(({ event }) => event === 'restored')?.records).toBeGreaterThanOrEqual(KEYS);
    await heal();
    expect(await problemsOf(server, await checkpoint())).toEqual([]);
    await expectExactCounts();
  }, 120_000);
});

withS3('an application with checkpoints in S3', () => {
  let faults: HttpFaults;

  beforeAll(async () => {
    faults = await HttpFaults.before(server.port);
  });
  afterAll(() => faults.stop());
  beforeEach(() => {
    heal = () => faults.heal();
  });

  const isUpload = ({ method, url = '' }: IncomingMessage): boolean => method === 'PUT' && url.includes('/files/');

  it('that answers 500: checkpoints fail, all is processed, and the next one is whole', async () => {
    await run(server, faults.endpoint);
    const inject = (): void => faults.set(failing(Infinity, 500, isUpload));
    await expectSurvival(server, inject, /of task 0_0 could not be stored: Writing '.*' in s3:.* failed: not now/);
  }, 120_000);

  it('that answers 500 now and then: the checkpoint completes', async () => {
    await run(server, faults.endpoint);
    await countRound();
    faults.set(failing(2, 500, isUpload));
    expect(await problemsOf(server, await checkpoint())).toEqual([]);
    expect(await outcomes('failed')).toBe(0);
    await expectExactCounts();
  }, 120_000);

  it('of which one download breaks off: it is repeated, and the disk is recovered from the same checkpoint', async () => {
    await run(server, faults.endpoint);
    await countRound();
    const id = await checkpoint();
    await loseDisk();
    faults.set(cutOnce());
    await start();
    await countRound();
    expect(eventsOf('download_repeated', 'checkpoint_unusable', 'checkpoint_installed')).toEqual([
      'download_repeated',
      'checkpoint_installed',
    ]);
    expect(logged.find(({ event }) => event === 'checkpoint_installed')?.checkpoint).toBe(id);
    await expectExactCounts();
  }, 120_000);

  it('whose key was rotated: the next checkpoint is whole without the old key', async () => {
    await run(server, server.endpoint, { checkpointEncryptionKey: keyOf('a') });
    await countRound();
    // What the log has becomes a table, which does not change any more.
    await instance.close();
    await start();
    const first = await checkpoint();
    await instance.close();
    await start({ checkpointEncryptionKey: [keyOf('b'), keyOf('a')].join() });
    const second = await checkpoint();
    const third = await checkpoint();
    await instance.close();
    await start({ checkpointEncryptionKey: keyOf('b') });
    const fourth = await checkpoint();

    await expect(inspect(server, first)).rejects.toThrow('encrypted with the key "a"');
    const found = [await inspect(server, second), await inspect(server, third), await inspect(server, fourth)];
    expect(found.map(({ problems }) => problems)).toEqual([[], [], []]);
    // And files are shared again.
    const [{ objects: anew }, { objects: later }] = found as [(typeof found)[0], (typeof found)[0]];
    expect(later.some((object) => anew.includes(object))).toBe(true);
  }, 120_000);
});

/** The first download of more than 10 kB ends after half of it. */
function cutOnce(): (asked: IncomingMessage, answer: ServerResponse) => boolean {
  let done = false;
  return ({ method, url = '' }, answer) => {
    if (done || method !== 'GET' || !url.includes('/files/')) return false;
    const content = readFileSync(
      server.fileOf(bucket, new URL(url, server.endpoint).pathname.split('/').slice(2).join('/')),
    );
    if (content.length < 10_000) return false;
    done = true;
    answer.writeHead(200, { 'content-length': content.length });
    answer.write(content.subarray(0, content.length / 2), () => answer.destroy());
    return true;
  };
}

// Needs the right to mount a small file system; elsewhere this is reported as skipped.
(disk === undefined ? describe.skip : describe)('an application with checkpoints in a bucket that gets full', () => {
  let full: S3Server;

  beforeAll(async () => {
    full = await S3Server.start(command, disk?.folder);
  });
  afterAll(() => full.stop());

  it('fails checkpoints while it is, processes all, and the next one is whole', async () => {
    heal = () => disk?.makeRoom();
    await run(full, full.endpoint);
    await expectSurvival(full, () => disk?.fill(), /could not be (stored|completed): Writing '.*' in s3:/);
  }, 120_000);
});
