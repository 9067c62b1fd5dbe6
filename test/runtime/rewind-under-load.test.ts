import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CatalogEntry } from '../../src/checkpoint/catalog-entries';
import { CheckpointCatalog } from '../../src/checkpoint/checkpoint-catalog';
import { DirectorySnapshotStore } from '../../src/checkpoint/directory-snapshot-store';
import { resolveConfig } from '../../src/config/millrace-config';
import { serdes } from '../../src/index';
import { silentLogger } from '../../src/logging/logger';
import { Millrace } from '../../src/runtime/millrace';
import { restoreApplication } from '../../src/runtime/rewind';
import { ConnectedClusters } from '../kafka/connected-cluster';
import { createTopics, lastValues, produce, readTopic } from '../support/kafka-clients';
import { uniqueName } from '../support/kafka-names';
import { sharedBrokers } from '../support/shared-broker';
import { build, text } from '../topology/build';
import { SmallApplication } from './small-application';

const KINDS = 50;

/** Which word, of a record. */
const word = (index: number): string => `w${(index * 7919) % KINDS}`;

it('a checkpoint that was taken under load is restored: each record counts once', async () => {
  const brokers = await sharedBrokers();
  const clusters = new ConnectedClusters();
  const cluster = await clusters.connect();
  const applicationId = uniqueName('live');
  const [input, output] = [`${applicationId}-in`, `${applicationId}-out`];
  await createTopics(brokers, { topic: input, partitions: 2 }, { topic: output, partitions: 2 });
  const checkpoints = mkdtempSync(path.join(tmpdir(), 'millrace-checkpoints-'));
  const topology = build((builder) =>
    builder
      .stream(input, text)
      .groupBy((_key, value) => value, text)
      .count('counts')
      .toStream()
      .to(output, { value: serdes.decimalText }),
  );
  const application = new SmallApplication(cluster, brokers, applicationId, topology);
  const config = resolveConfig({ ...application.config, checkpointStore: checkpoints, checkpointIntervalMs: 300 });
  const store = new DirectorySnapshotStore({ directory: checkpoints });
  const catalog = new CheckpointCatalog(store, applicationId, silentLogger);
  let written = 0;
  const instance = new Millrace(topology, config, { logger: silentLogger });
  try {
    await instance.start();
    const feed = async (): Promise<void> => {
      const records = Array.from({ length: 100 }, (_, index) => ({
        partition: (written + index) % 2,
        value: word(written + index),
      }));
      await produce(brokers, input, records);
      written += records.length;
    };
    const complete = async (): Promise<readonly CatalogEntry[]> =>
      (await catalog.list()).filter(({ status }) => status === 'complete');
    while ((await complete()).length < 2) await feed();
    await feed();
    await application.untilAllIsCommitted();
    await instance.close();
    const metadata = (await complete()).at(-1)!.metadata!;
    const { offsets } = await restoreApplication({ config, topology, metadata, store, logger: silentLogger });
    expect(offsets.some(({ topic, now, then }) => topic === input && then! < now!)).toBe(true);
    await application.runToEnd();
    const expected: Record<string, number> = {};
    for (let index = 0; index < written; index++) expected[word(index)] = (expected[word(index)] ?? 0) + 1;
    const counts = lastValues(await readTopic(brokers, output));
    expect(Object.fromEntries([...counts].map(([key, value]) => [key, Number(value)]))).toEqual(expected);
  } finally {
    await instance.close();
    await application.dispose();
    await clusters.close();
    rmSync(checkpoints, { recursive: true });
  }
}, 120_000);
