import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ResetPlan } from '../../src/runtime/reset';
import { CheckpointCatalog } from '../../src/checkpoint/checkpoint-catalog';
import { DirectorySnapshotStore } from '../../src/checkpoint/directory-snapshot-store';
import { restoreReport } from '../../src/cli/rewind-report';
import { silentLogger } from '../../src/logging/logger';
import type { StreamsBuilder } from '../../src/topology/streams-builder';
import { ConnectedClusters } from '../kafka/connected-cluster';
import { SmallApplication } from '../runtime/small-application';
import { createTopics, lastValues, produce, readTopic } from '../support/kafka-clients';
import { build, text } from '../topology/build';
import { uniqueName } from '../support/kafka-names';
import { sharedBrokers } from '../support/shared-broker';
import { CompiledCli } from './compiled-cli';

let cli: CompiledCli;
let directory: string;
let brokers: string[];

beforeAll(async () => {
  cli = await CompiledCli.compile();
  directory = mkdtempSync(path.join(tmpdir(), 'millrace-rewind-cli-'));
  brokers = await sharedBrokers();
});
afterAll(() => {
  cli.remove();
  rmSync(directory, { recursive: true });
});

/** Not so old that retention would take the records. */
const TIME = Date.now() - 60_000;

/** An application that copies a topic, with three records in it. */
async function copier(): Promise<{ input: string; args: string[] }> {
  const applicationId = uniqueName('copier');
  const input = `${applicationId}-in`;
  await createTopics(brokers, { topic: input, partitions: 1 }, { topic: `${input}-copy`, partitions: 1 });
  await produce(
    brokers,
    input,
    [-1_000, 0, 1_000].map((later) => ({ value: 'v', timestamp: TIME + later })),
  );
  const serde = "{ name: 'any', serialize: Buffer.from, deserialize: String }";
  const module = path.join(directory, `${applicationId}.cjs`);
  writeFileSync(
    module,
    `module.exports = (builder) => { builder.stream('${input}', { key: ${serde}, value: ${serde} }).to('${input}-copy'); };`,
  );
  const stateDir = path.join(directory, 'state');
  return {
    input,
    args: [module, '--application-id', applicationId, '--brokers', brokers.join(','), '--state-dir', stateDir],
  };
}

describe('millrace reset', () => {
  it('says what it did, from where to where', async () => {
    const { input, args } = await copier();
    const outcome = await cli.run(['reset', ...args, '--to-latest']);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toContain('was put back to its beginning.');
    expect(outcome.stdout).toMatch(new RegExp(`0_0 +${input} +0 +- +3\n`));
    const back = await cli.run(['reset', ...args]);
    expect(back.stdout).toMatch(new RegExp(`0_0 +${input} +0 +3 +0\n`));
  });

  it('with --dry-run says what it would do, as JSON too', async () => {
    const { input, args } = await copier();
    const at = ['--to-datetime', new Date(TIME).toISOString(), '--dry-run'];
    const outcome = await cli.run(['reset', ...args, ...at]);
    expect(outcome.stdout).toContain('would be put back');
    expect(outcome.stdout).toContain('Nothing was changed.');
    const { stdout } = await cli.run(['reset', ...args, ...at, '--json']);
    expect((JSON.parse(stdout) as ResetPlan).offsets).toEqual([{ task: '0_0', topic: input, partition: 0, then: 1 }]);
  });

  it('exits with 1 and says why when it cannot be done', async () => {
    const { args } = await copier();
    const module = path.join(directory, 'elsewhere.cjs');
    writeFileSync(
      module,
      "module.exports = (builder) => { builder.stream('no-such-topic', { key: { name: 'a', serialize: Buffer.from, deserialize: String }, value: { name: 'a', serialize: Buffer.from, deserialize: String } }).forEach(() => {}); };",
    );
    const outcome = await cli.run(['reset', module, ...args.slice(1)]);
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toMatch(/^The source topic 'no-such-topic' cannot be found\./);
  });

  it.each([
    [['--to-earliest', '--to-latest'], 'cannot be used with'],
    [['--to-latest', '--to-datetime', '2026-01-01'], 'cannot be used with'],
    [['--to-datetime', 'yesterday'], 'Give a time in ISO 8601'],
  ])('refuses %j with 2', async (flags, message) => {
    const { args } = await copier();
    const outcome = await cli.run(['reset', ...args, ...flags]);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toContain(message);
  });
});

describe('millrace restore', () => {
  it('needs to be told what to restore', async () => {
    const outcome = await cli.run(['restore', 'module.cjs']);
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining('--from <id>') as string });
  });

  it('needs a snapshot store', async () => {
    const { args } = await copier();
    const outcome = await cli.run(['restore', ...args, '--from', 'before-the-deploy']);
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining('checkpointStore') as string });
  });

  it('puts an application back, and says from where to where', async () => {
    const applicationId = uniqueName('words');
    const input = `${applicationId}-in`;
    await createTopics(brokers, { topic: input, partitions: 1 });
    const describe = (builder: StreamsBuilder): void => {
      builder.stream(input, text).groupByKey().count('counts');
    };
    const module = path.join(directory, `${applicationId}.cjs`);
    const sources = path.dirname(path.dirname(cli.program));
    writeFileSync(
      module,
      `const { serdes } = require('${sources}/index.js');
       module.exports = (builder) => {
         builder.stream('${input}', { key: serdes.string, value: serdes.string }).groupByKey().count('counts');
       };`,
    );
    const clusters = new ConnectedClusters();
    const cluster = await clusters.connect();
    const application = new SmallApplication(cluster, brokers, applicationId, build(describe));
    try {
      await produce(
        brokers,
        input,
        ['a', 'b', 'a'].map((key) => ({ key, value: '', timestamp: TIME })),
      );
      await application.runToEnd();
      const checkpoints = path.join(directory, 'checkpoints');
      const store = new DirectorySnapshotStore({ directory: checkpoints });
      const catalog = new CheckpointCatalog(store, applicationId, silentLogger);
      await catalog.write(await application.checkpoint(store, 1));
      await produce(brokers, input, [{ key: 'new', value: '', timestamp: TIME }]);
      await application.runToEnd();

      const args = [module, '--application-id', applicationId, '--brokers', brokers.join(',')];
      args.push('--state-dir', application.stateDir, '--checkpoint-store', checkpoints, '--from', 'checkpoint-1');
      const dry = await cli.run(['restore', ...args, '--dry-run']);
      expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing was changed.') as string });
      const outcome = await cli.run(['restore', ...args]);
      expect(outcome.code).toBe(0);
      expect(outcome.stdout).toMatch(new RegExp(`0_0 +${input} +0 +4 +3\n`));
      expect(outcome.stdout).toMatch(/0_0 +counts +2 /);
      const missing = await cli.run(['restore', ...args.slice(0, -1), 'checkpoint-7']);
      expect(missing).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^There is no checkpoint or savepoint 'checkpoint-7'/) as string,
      });
      await application.runToEnd();
      expect([...lastValues(await readTopic(brokers, `${applicationId}-counts-changelog`)).keys()]).toEqual([
        'a',
        'b',
        'new',
      ]);
    } finally {
      await application.dispose();
      await clusters.close();
    }
  });

  it('says what it did, for people', () => {
    const report = restoreReport(
      {
        applicationId: 'copy',
        from: { applicationId: 'app', id: 'friday', kind: 'savepoint', beganAt: 1_700_000_000_000 },
        offsets: [
          { task: '0_0', topic: 'in', partition: 0, now: 12, then: 7 },
          { task: '1_0', topic: 'copy-words-repartition', partition: 0, now: undefined, then: 3 },
        ],
        stores: [{ task: '1_0', store: 'counts', entries: 1_000, bytes: 20_480 }],
        channels: [
          { topic: 'copy-words-repartition', partition: 0, records: 2 },
          { topic: 'copy-words-repartition', partition: 1, records: 0 },
        ],
        lost: [{ what: "store 'old'", why: 'the topology has no such store' }],
      },
      false,
    );
    expect(report).toBe(
      [
        "Application 'copy' was made of 'friday' of application 'app', begun 2023-11-14 22:13:20 UTC.",
        '',
        'TASK  TOPIC                   PARTITION  OFFSET BEFORE  AFTER',
        '0_0   in                      0          12             7',
        '1_0   copy-words-repartition  0          -              3',
        '',
        'TASK  STORE   ENTRIES  SIZE',
        '1_0   counts  1000     20.0 KiB',
        '',
        'REPARTITION TOPIC       PARTITION  RECORDS ON THEIR WAY',
        'copy-words-repartition  0          2',
        '',
        'Not restored:',
        "  store 'old': the topology has no such store",
        '',
      ].join('\n'),
    );
  });
});
